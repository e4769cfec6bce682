"""Gmail's methods that write: insert, import, labels, trash, deletion, drafts, watch and stop."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from email import message_from_bytes

from demo.standin.call import Call, Json
from demo.standin.messages import BytesRaw
from demo.standin.parts import heads
from demo.standin.refusals import bad_request, invalid_argument, not_found
from demo.standin.resources import label_json, labelled, message_of, thread_of

_WATCH_MS = 7 * 86400 * 1000
_GAP = re.compile(rb"\r?\n\r?\n")
_TOPIC = re.compile(r"projects/[^/]+/topics/[^/]+")
_MOST_AT_ONCE = 1000
_NO_RAW = "'raw' RFC822 payload message string or uploading message via /upload/* URL required"


def insert_message(call: Call) -> Json:
    """messages.insert: like IMAP APPEND; the date is now unless the header's is asked for."""
    return _arrival(call, by_header=call.args.get("internalDateSource") == "dateHeader")


def import_message(call: Call) -> Json:
    """messages.import: as if it came by mail; the date is the header's unless asked otherwise."""
    return _arrival(call, by_header=call.args.get("internalDateSource", "dateHeader") == "dateHeader")


def modify_message(call: Call) -> Json:
    """messages.modify."""
    message = message_of(call, call.args["id"])
    wanted = _body(call, {"addLabelIds", "removeLabelIds"})
    call.mailbox.relabel(message, _labels(call, wanted, "addLabelIds"), _labels(call, wanted, "removeLabelIds"))
    return labelled(message)


def batch_modify(call: Call) -> None:
    """messages.batchModify: up to a thousand messages; unknown ones are passed over."""
    wanted = _body(call, {"ids", "addLabelIds", "removeLabelIds"})
    add, remove = _labels(call, wanted, "addLabelIds"), _labels(call, wanted, "removeLabelIds")
    for text in _ids(wanted):
        message = call.mailbox.messages.get(int(text, 16))
        if message is not None:
            call.mailbox.relabel(message, add, remove)


def batch_delete(call: Call) -> None:
    """messages.batchDelete: no guarantee that the messages were there."""
    for text in _ids(_body(call, {"ids"})):
        message = call.mailbox.messages.get(int(text, 16))
        if message is not None:
            call.mailbox.delete(message)


def trash_message(call: Call) -> Json:
    """messages.trash."""
    message = message_of(call, call.args["id"])
    call.mailbox.trash(message)
    return labelled(message)


def untrash_message(call: Call) -> Json:
    """messages.untrash."""
    message = message_of(call, call.args["id"])
    call.mailbox.untrash(message)
    return labelled(message)


def delete_message(call: Call) -> None:
    """messages.delete."""
    call.mailbox.delete(message_of(call, call.args["id"]))


def create_label(call: Call) -> Json:
    """labels.create."""
    wanted = _body(call, {"name", "labelListVisibility", "messageListVisibility", "color", "type", "id"})
    name = str(wanted.get("name", "")).strip()
    if not name or name.lower() in {known.lower() for known in call.mailbox.labels.values()}:
        raise invalid_argument("Invalid label name" if not name else "Label name exists or conflicts")
    return label_json(call.mailbox.label_id(name), name)


def create_draft(call: Call) -> Json:
    """drafts.create."""
    _, raw = _given(call, {"id", "message"}, _draft_of)
    draft_id, message = call.mailbox.save_draft(BytesRaw(raw))
    return {"id": draft_id, "message": labelled(message)}


def update_draft(call: Call) -> Json:
    """drafts.update: the message gets a new id."""
    if call.args["id"] not in call.mailbox.drafts:
        raise not_found()
    _, raw = _given(call, {"id", "message"}, _draft_of)
    draft_id, message = call.mailbox.save_draft(BytesRaw(raw), call.args["id"])
    return {"id": draft_id, "message": labelled(message)}


def delete_draft(call: Call) -> None:
    """drafts.delete."""
    if call.args["id"] not in call.mailbox.drafts:
        raise not_found()
    call.mailbox.delete_draft(call.args["id"])


def watch(call: Call) -> Json:
    """users.watch: takes the topic and says until when; nothing is pushed."""
    wanted = _body(call, {"topicName", "labelIds", "labelFilterAction", "labelFilterBehavior"})
    if not _TOPIC.fullmatch(str(wanted.get("topicName", ""))):
        raise invalid_argument("Invalid topicName does not match projects/<project>/topics/<topic>")
    expiration = call.mailbox.clock.now_ms() + _WATCH_MS
    return {"historyId": str(call.mailbox.history_id), "expiration": str(expiration)}


def stop(call: Call) -> None:
    """users.stop."""
    _body(call, set())


def _arrival(call: Call, *, by_header: bool) -> Json:
    wanted, raw = _given(call, _MESSAGE_FIELDS, lambda value: value)
    received = heads(raw).date_ms if by_header else None
    thread = thread_of(call, str(wanted["threadId"])) if "threadId" in wanted else None
    message = call.mailbox.deliver(BytesRaw(raw), _labels(call, wanted, "labelIds"), received, thread)
    return labelled(message)


_MESSAGE_FIELDS = {
    "raw", "labelIds", "threadId", "id", "snippet", "historyId", "internalDate", "payload", "sizeEstimate",
}  # fmt: skip


def _draft_of(wanted: Json) -> Json:
    message = wanted.get("message", {})
    if not isinstance(message, dict):
        raise invalid_argument("Invalid draft: no message")
    return message


def _given(call: Call, known: set[str], pick: Callable[[Json], Json]) -> tuple[Json, bytes]:
    """The message's JSON and its bytes: in `raw`, or uploaded beside it."""
    if not call.upload:
        message = pick(_checked(call.request.body, known))
        return message, _raw(message)
    if call.args.get("uploadType") != "multipart":
        return {}, call.request.body
    first, media = _related(call)
    return pick(_checked(first, known)), media


def _raw(message: Json) -> bytes:
    try:
        text = str(message["raw"])
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except KeyError:
        raise invalid_argument(_NO_RAW) from None
    except ValueError:
        raise bad_request("Invalid value at 'raw' (TYPE_BYTES), Base64 decoding failed") from None
    if not raw:
        raise invalid_argument(_NO_RAW)
    return raw


def _related(call: Call) -> tuple[bytes, bytes]:
    """The two parts of multipart/related, byte for byte: the JSON and the media."""
    kind = call.request.headers.get("content-type", "")
    boundary = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n").get_boundary() or ""
    pieces = (b"\n" + call.request.body).split(f"\n--{boundary}".encode())
    if not boundary or len(pieces) != 4:
        raise bad_request("Invalid multipart request.")
    first, media = (_GAP.split(piece.removeprefix(b"\r").removeprefix(b"\n"), maxsplit=1)[-1] for piece in pieces[1:3])
    return first, media.removesuffix(b"\r")


def _body(call: Call, known: set[str]) -> Json:
    return _checked(call.request.body, known)


def _checked(body: bytes, known: set[str]) -> Json:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        raise bad_request("Invalid JSON payload received. Unexpected token.") from None
    if not isinstance(value, dict):
        raise bad_request("Invalid JSON payload received. Root element must be a message.")
    for name in value:
        if name not in known:
            raise bad_request(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
    return value


def _labels(call: Call, wanted: Json, name: str) -> list[str]:
    labels = [str(label) for label in wanted.get(name) or ()]
    for label in labels:
        if label not in call.mailbox.labels:
            raise invalid_argument(f"Invalid label: {label}")
    return labels


def _ids(wanted: Json) -> list[str]:
    ids = [str(text) for text in wanted.get("ids") or ()]
    if not ids:
        raise invalid_argument("No message ids specified")
    if len(ids) > _MOST_AT_ONCE or not all(re.fullmatch(r"[0-9a-fA-F]{1,16}", text) for text in ids):
        raise invalid_argument("Invalid ids value")
    return ids
