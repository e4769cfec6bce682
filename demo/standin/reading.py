"""Gmail's methods that read: profile, labels, messages, attachments, history, threads."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

from demo.standin import query
from demo.standin.call import Call, Json
from demo.standin.mailbox import HIDDEN, Mailbox, Record
from demo.standin.messages import Message
from demo.standin.refusals import invalid_argument, not_found, refusal
from demo.standin.resources import (
    brief,
    encoded,
    label_counts,
    label_json,
    message_json,
    message_of,
    record_json,
    thread_of,
)

_MOST = 500
_USUAL = 100
_BEFORE_ALL = -(1 << 140)  # a place in front of every message
_TYPES = ("messageAdded", "messageDeleted", "labelAdded", "labelRemoved")


def get_profile(call: Call) -> Json:
    """users.getProfile."""
    box = call.mailbox
    with box.lock:
        history_id = box.history_id
        if rule := call.struck("history_backwards"):
            history_id = max(1, history_id - int(rule.param("by", 1000)))
        return {
            "emailAddress": box.address,
            "messagesTotal": len(box.messages),
            "threadsTotal": len(box.threads),
            "historyId": str(history_id),
        }


def list_labels(call: Call) -> Json:
    """labels.list."""
    return {"labels": [label_json(*pair) for pair in list(call.mailbox.labels.items())]}


def get_label(call: Call) -> Json:
    """labels.get."""
    label_id = call.args["id"]
    if label_id not in call.mailbox.labels:
        raise not_found()
    return label_json(label_id, call.mailbox.labels[label_id]) | label_counts(call.mailbox, label_id)


def list_messages(call: Call) -> Json:
    """messages.list."""
    found, token = _page(call, call.mailbox.page)
    answer: Json = {}
    shown = [brief(message) for message in found]
    if rule := call.struck("list_missing"):
        shown = shown[int(rule.param("count", 1)) :]
    if call.struck("list_duplicate"):
        shown += shown[:3]
    if shown:
        answer["messages"] = shown
    if token:
        answer["nextPageToken"] = token
    answer["resultSizeEstimate"] = 201 if token else len(found) + len(found) // 7
    return answer


def list_threads(call: Call) -> Json:
    """threads.list; a thread stands where its first listed message stands."""
    seen: set[int] = set()

    def page(match: Callable[[Message], bool], after: int | None, limit: int) -> tuple[list[Message], bool]:
        def fresh(message: Message) -> bool:
            if message.thread in seen or not match(message):
                return False
            seen.add(message.thread)
            return True

        return call.mailbox.page(fresh, after, limit)

    found, token = _page(call, page)
    answer: Json = {"resultSizeEstimate": 201 if token else len(found)}
    if found:
        answer["threads"] = [
            {
                "id": message.thread_hex,
                "snippet": call.mailbox.words_of(message.raw).snippet,
                "historyId": str(message.history),
            }
            for message in found
        ]
    if token:
        answer["nextPageToken"] = token
    return answer


def get_message(call: Call) -> Json:
    """messages.get."""
    message = message_of(call, call.args["id"])
    if call.struck("vanish"):
        call.mailbox.delete(message)
        raise not_found()
    if (rule := call.struck("late_404")) and _age(call, message) < float(rule.param("age_s", 3)):
        raise not_found()
    if rule := call.struck("label_change"):
        call.mailbox.relabel(message, rule.param("add", ["STARRED"]), rule.param("remove", []))
    return message_json(call, message, call.args.get("format", "full"))


def get_attachment(call: Call) -> Json:
    """messages.attachments.get; the answer has no attachmentId."""
    message = message_of(call, call.args["messageId"])
    index = call.seal.attached(call.args["id"], message.id, call.mailbox.clock.now())
    parts = list(call.mailbox.parts_of(message.raw).walk())
    if index >= len(parts):
        raise not_found()
    data = parts[index].data
    return {"size": len(data)} | ({"data": encoded(call, data)} if data else {})


def list_history(call: Call) -> Json:
    """history.list: what changed after `startHistoryId`, oldest first."""
    args, box = call.args, call.mailbox
    if "startHistoryId" not in args:
        raise invalid_argument("Missing startHistoryId")
    if call.struck("history_404"):
        raise not_found()
    asked = json.dumps(["history", args["startHistoryId"], args.get("labelId"), sorted(args.get("historyTypes", ()))])
    start = args["startHistoryId"]
    after = call.seal.place(_token(call), asked) if "pageToken" in args else start
    with box.lock:
        records = box.since(start)
        if records is None:
            raise not_found()
        chosen = [record for record in records if record.id > after and _chosen(record, call)]
        limit = _limit(call)
        page, more = chosen[:limit], len(chosen) > limit
        answer: Json = {"historyId": str(box.history_id)}
    if rule := call.struck("history_backwards"):
        answer["historyId"] = str(max(1, int(answer["historyId"]) - int(rule.param("by", 1000))))
    if call.struck("history_empty_page"):
        return answer | {"nextPageToken": call.seal.page(after, asked)}
    if page:
        answer["history"] = [record_json(record) for record in page]
    if more:
        answer["nextPageToken"] = call.seal.page(page[-1].id, asked)
    return answer


def get_thread(call: Call) -> Json:
    """threads.get: the whole conversation, oldest first; there is no raw format."""
    form = call.args.get("format", "full")
    thread = thread_of(call, call.args["id"])
    with call.mailbox.lock:
        found = [message for message in call.mailbox.messages.values() if message.thread == thread]
    found.sort(key=lambda message: message.received_ms)
    inner = call.mask.get("messages") if call.mask else None
    whole, call.mask = call.mask, inner
    messages = [message_json(call, message, form) for message in found]
    call.mask = whole
    return {
        "id": found[0].thread_hex,
        "historyId": str(max(message.history for message in found)),
        "messages": messages,
    }


def get_draft(call: Call) -> Json:
    """drafts.get."""
    draft_id = call.args["id"]
    message = call.mailbox.messages.get(call.mailbox.drafts.get(draft_id, 0))
    if message is None:
        raise not_found()
    whole, call.mask = call.mask, (call.mask or {}).get("message")
    answer = {"id": draft_id, "message": message_json(call, message, call.args.get("format", "full"))}
    call.mask = whole
    return answer


def list_drafts(call: Call) -> Json:
    """drafts.list."""
    ids = {message_id: draft_id for draft_id, message_id in call.mailbox.drafts.items()}

    def page(match: Callable[[Message], bool], after: int | None, limit: int) -> tuple[list[Message], bool]:
        return call.mailbox.page(lambda message: message.id in ids and match(message), after, limit)

    found, token = _page(call, page)
    answer: Json = {"resultSizeEstimate": len(found)}
    if found:
        answer["drafts"] = [{"id": ids[message.id], "message": brief(message)} for message in found]
    if token:
        answer["nextPageToken"] = token
    return answer


_Pager = Callable[[Callable[[Message], bool], int | None, int], tuple[list[Message], bool]]


def _page(call: Call, pager: _Pager) -> tuple[list[Message], str]:
    """One page of a listing and the token of the next, or an empty string."""
    args, box = call.args, call.mailbox
    text = args.get("q", "")
    if text and call.metadata_only:
        raise refusal(403, "Metadata scope does not support 'q' parameter", "forbidden")
    labels = frozenset(args.get("labelIds", ()))
    unknown = labels - set(box.labels)
    if unknown:
        raise invalid_argument(f"Invalid label: {sorted(unknown)[0]}")
    everywhere = bool(args.get("includeSpamTrash"))
    asked = json.dumps([call.method.name, text, sorted(labels), everywhere])
    after = call.seal.place(_token(call), asked) if "pageToken" in args else None
    world = query.World(box.clock.now(), {name.lower(): label for label, name in box.labels.items()})
    parsed = query.parse(text, world) if text.strip() else None
    hidden = frozenset() if everywhere or (parsed and parsed.anywhere) else HIDDEN - labels

    def match(message: Message) -> bool:
        if message.labels & hidden or not labels <= message.labels:
            return False
        return parsed is None or parsed.test(_subject(box, message))

    if call.struck("list_empty_page"):
        return [], call.seal.page(_BEFORE_ALL if after is None else after, asked)
    found, more = pager(match, after, _limit(call))
    if not more:
        return found, ""
    last = found[-4] if call.struck("list_overlap") and len(found) > 3 else found[-1]
    return found, call.seal.page(last.order, asked)


def _subject(box: Mailbox, message: Message) -> query.Subject:
    return query.Subject(message.received_ms, message.labels, message.size, partial(box.words_of, message.raw))


def _token(call: Call) -> str:
    if call.struck("page_token_rejected"):
        raise invalid_argument("Invalid pageToken")
    return str(call.args["pageToken"])


def _limit(call: Call) -> int:
    return min(int(call.args.get("maxResults", _USUAL)) or _USUAL, _MOST)


def _age(call: Call, message: Message) -> float:
    return call.mailbox.clock.now() - message.born


def _chosen(record: Record, call: Call) -> bool:
    if record.kind not in call.args.get("historyTypes", _TYPES):
        return False
    label = call.args.get("labelId")
    return label is None or label in record.labels or label in record.changed
