"""Gmail's resources as JSON: messages in their four formats, labels, history records."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any

from demo.standin.call import Call, Json
from demo.standin.fields import wants
from demo.standin.mailbox import SYSTEM_LABELS, Mailbox, Record
from demo.standin.messages import Message
from demo.standin.parts import Part
from demo.standin.refusals import invalid_argument, not_found, refusal

_ID = re.compile(r"[0-9a-fA-F]{1,16}")


def message_of(call: Call, text: str) -> Message:
    """The message of an id as the caller wrote it; 400 when it is none, 404 when there is none."""
    if not _ID.fullmatch(text) or int(text, 16) >= 2**63:
        raise invalid_argument("Invalid id value")
    message = call.mailbox.messages.get(int(text, 16))
    if message is None:
        raise not_found()
    return message


def thread_of(call: Call, text: str) -> int:
    """The thread of an id as the caller wrote it; 400 when it is none, 404 when there is none."""
    if not _ID.fullmatch(text):
        raise invalid_argument("Invalid id value")
    if int(text, 16) not in call.mailbox.threads:
        raise not_found()
    return int(text, 16)


def encoded(call: Call, data: bytes) -> str:
    """base64url, with its padding or without."""
    text = base64.urlsafe_b64encode(data).decode()
    return text.rstrip("=") if call.mailbox.random.random() < call.habits.unpadded else text


def brief(message: Message) -> Json:
    """A message as lists name it."""
    return {"id": message.hex, "threadId": message.thread_hex}


def labelled(message: Message) -> Json:
    """A message as changes answer with it."""
    return brief(message) | _labels(message.labels)


def message_json(call: Call, message: Message, form: str) -> Json:
    """A message in one of the four formats; only the fields that the mask asks for are worked out."""
    if call.metadata_only and form in {"full", "raw"}:
        raise refusal(403, f"Metadata scope doesn't allow format {form.upper()}", "forbidden")
    with call.mailbox.lock:
        labels, history_id = message.labels, message.history
    answer = brief(message) | _labels(labels)
    if wants(call.mask, "snippet"):
        answer["snippet"] = call.mailbox.words_of(message.raw).snippet
    if form == "raw":
        if wants(call.mask, "raw"):
            data = b"" if call.struck("empty_raw") else message.raw.read()
            answer["raw"] = encoded(call, data)
    elif form != "minimal" and wants(call.mask, "payload"):
        root = call.mailbox.parts_of(message.raw)
        if form == "full":
            answer["payload"] = _Payload(call, message, root).part(root)
        else:
            answer["payload"] = _heads_only(root, call.args.get("metadataHeaders"))
    answer["sizeEstimate"] = message.size
    answer["historyId"] = str(history_id)
    answer["internalDate"] = str(message.received_ms)
    return answer


def label_json(label_id: str, name: str) -> Json:
    """A label as the list names it."""
    if label_id in SYSTEM_LABELS:
        shown = {"CHAT", "SENT", "INBOX", "UNREAD", "STARRED", "DRAFT"}
        answer: Json = {"id": label_id, "name": name, "type": "system"}
        if label_id not in shown:
            answer |= {"messageListVisibility": "hide", "labelListVisibility": "labelHide"}
        return answer
    return {"id": label_id, "name": name, "type": "user"}


def label_counts(mailbox: Mailbox, label_id: str) -> Json:
    """How many messages and threads hold a label."""
    with mailbox.lock:
        held = [message for message in mailbox.messages.values() if label_id in message.labels]
    unread = [message for message in held if "UNREAD" in message.labels]
    return {
        "messagesTotal": len(held),
        "messagesUnread": len(unread),
        "threadsTotal": len({message.thread for message in held}),
        "threadsUnread": len({message.thread for message in unread}),
    }


def record_json(record: Record) -> Json:
    """A history record; `messages` repeats what the typed list says."""
    one: Json = {"id": f"{record.message:016x}", "threadId": f"{record.thread:016x}"}
    full = one | _labels(record.labels)
    answer: Json = {"id": str(record.id), "messages": [one]}
    if record.kind in {"messageAdded", "messageDeleted"}:
        answer["messagesAdded" if record.kind == "messageAdded" else "messagesDeleted"] = [{"message": full}]
    else:
        name = "labelsAdded" if record.kind == "labelAdded" else "labelsRemoved"
        answer[name] = [{"message": full, "labelIds": list(record.changed)}]
    return answer


class _Payload:
    """The tree of parts as `format=full` shows it, with a fresh key for every attachment."""

    def __init__(self, call: Call, message: Message, root: Part) -> None:
        self.call = call
        self.message = message
        self.index = {id(part): number for number, part in enumerate(root.walk())}
        self.until_s = call.mailbox.clock.now() + call.habits.attachment_s

    def part(self, part: Part) -> Json:
        answer = _bare(part) | _headers(part.headers)
        body: Json = {"size": len(part.data)}
        if part.inline:
            if part.data:
                body["data"] = encoded(self.call, part.data)
        elif part.data or (part.filename and not part.children):
            body = {
                "attachmentId": self.call.seal.attachment(self.message.id, self.index[id(part)], self.until_s),
                "size": len(part.data),
            }
        answer["body"] = body
        if part.children:
            answer["parts"] = [self.part(child) for child in part.children]
        return answer


def _heads_only(root: Part, wanted: list[str] | None) -> Json:
    names = {name.lower() for name in wanted or ()}
    chosen = _headers((name, value) for name, value in root.headers if not names or name.lower() in names)
    return _bare(root) | chosen


def _bare(part: Part) -> Json:
    return {"partId": part.part_id, "mimeType": part.mime, "filename": part.filename}


def _headers(headers: Iterable[tuple[str, str]]) -> Json:
    told = [{"name": name, "value": value} for name, value in headers]
    return {"headers": told} if told else {}


def _labels(labels: Iterable[str]) -> dict[str, Any]:
    names = sorted(labels)
    return {"labelIds": names} if names else {}
