"""Calls: listed, seen live, noted on, settled, their recordings played; messages that filed receipts."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

import bottle

import clock
import models
from calls import tokens
from errors import Tellable
from models import PhoneCall, Recording, TextMessage
from store import call_list, calls, contacts, phone
from web import answers, files, shapes, values
from web.routing import allows, route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web.call import Call

_TICKET_S = 60
_THROUGH_A_PROXY = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST")
_WATCH_S = 3600  # after so long a browser asks for another ticket
_RECORDING = shapes.obj(
    id=shapes.WHOLE, kind=shapes.TEXT, state=shapes.TEXT, seconds=shapes.either({"type": "number"}),
    waveform=shapes.many(shapes.WHOLE), transcript=shapes.OPT_TEXT, heard=shapes.BOOL, created_at=shapes.TIME,
    error=shapes.either(shapes.NOTE),
)  # fmt: skip
_CONTACT = shapes.either(shapes.obj(id=shapes.WHOLE, name=shapes.TEXT))
_CALL = {
    "type": "object",
    "properties": {
        "id": shapes.WHOLE, "sid": shapes.TEXT, "direction": shapes.TEXT, "from": shapes.OPT_TEXT, "to": shapes.TEXT,
        "caller_name": shapes.TEXT, "status": shapes.TEXT, "outcome": shapes.OPT_TEXT, "choice": shapes.OPT_TEXT,
        "forwarded_to": shapes.OPT_TEXT, "duration_s": shapes.OPT_WHOLE, "talk_s": shapes.OPT_WHOLE,
        "started_at": shapes.TIME, "ended_at": shapes.OPT_TIME, "done_at": shapes.OPT_TIME, "note": shapes.TEXT,
        "version": shapes.WHOLE, "health": shapes.FREE, "contact_id": shapes.OPT_WHOLE, "contact": _CONTACT,
        "recordings": shapes.many(_RECORDING), "blocked": shapes.BOOL,
    },
    "required": ["id", "sid", "from", "to", "status", "outcome", "started_at", "recordings", "contact", "blocked"],
}  # fmt: skip
_LIVE = {
    "type": "object",
    "properties": {"sid": shapes.TEXT, "from": shapes.TEXT, "to": shapes.TEXT, "status": shapes.TEXT,
                   "doing": shapes.TEXT, "seconds": shapes.WHOLE, "level": shapes.OPT_WHOLE},
    "required": ["sid", "from", "to", "status", "seconds"],
}  # fmt: skip
_MESSAGE = {
    "type": "object",
    "properties": {
        "id": shapes.WHOLE, "from": shapes.TEXT, "body": shapes.TEXT, "files": shapes.WHOLE, "state": shapes.TEXT,
        "answer": shapes.TEXT, "receipt_id": shapes.OPT_WHOLE, "created_at": shapes.TIME,
        "answered_at": shapes.OPT_TIME,
    },
    "required": ["id", "from", "body", "files", "state", "answer", "receipt_id", "created_at"],
}  # fmt: skip


@route(
    "GET",
    "/api/calls",
    role="member",
    summary="Calls, the newest first",
    query={
        "outcome": values.several(*calls.OUTCOMES),
        "open": values.yes_no(default=False, about="1: missed ones and messages that nobody has settled"),
        "q": values.text(100, about="part of a number, a name or a note"),
        "contact": values.row_id(),
        "limit": values.whole(1, 200, default=50),
        "cursor": values.whole(1, 2**53),
    },
    answers={200: {"allOf": [shapes.listed(_CALL), shapes.obj(open=shapes.WHOLE)]}},
)
def listing(call: Call) -> dict[str, Any]:
    """Each with its recordings; `open` is how many wait for somebody."""
    query = call.query
    rows, cursor = call_list.page(
        call.business_id,
        outcomes=query["outcome"],
        q=(query["q"] or "").strip(),
        open_only=query["open"],
        contact=query["contact"],
        limit=query["limit"],
        before=query["cursor"],
    )
    items = _told(call, rows)
    return {**answers.listing(items, cursor), "open": call_list.open_count(call.business_id)}


@route(
    "GET", "/api/calls/live", role="member", summary="What rings or runs, for a screen without a socket",
    answers={200: shapes.obj(calls=shapes.many(_LIVE), open=shapes.WHOLE)},
)  # fmt: skip
def live(call: Call) -> bytes:
    """As the rows know it: without the level of the sound, which only /ws/live has."""
    return answers.polled({"calls": call_list.live(call.business_id), "open": call_list.open_count(call.business_id)})


@route("GET", "/api/calls/<id:int>", role="member", summary="One call", answers={200: _CALL})
def one(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """As in the list."""
    return _told(call, [call_list.one(call.business_id, id)])[0]


@route(
    "PATCH",
    "/api/calls/<id:int>",
    role="member",
    summary="Write a note on a call, or settle it",
    body={
        "note": values.text(5000),
        "version": values.whole(1, 2**31, about="of the note that was seen; 409 where it moved meanwhile"),
        "done": values.yes_no(about="somebody has seen to it"),
    },
    answers={200: _CALL},
)
def change(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """Only what is given."""
    body = call.body
    row = call_list.edit(
        call.business_id, id, body.get("version"), note=body.get("note"), done=body.get("done"), who=call.actor
    )
    return _told(call, [row])[0]


@route(
    "POST", "/api/calls/<id:int>/block", role="owner", summary="Turn its caller away from now on, or no longer",
    body={"blocked": values.yes_no().needed()}, answers={200: _CALL},
)  # fmt: skip
def block(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """By the caller's number; a withheld one cannot be."""
    row = call_list.one(call.business_id, id)
    if not row.caller.startswith("+"):
        raise Tellable("bad_number", "This caller's number is withheld, so it cannot be blocked.")
    phone.block(call.business_id, row.caller, blocked=call.body["blocked"])
    return _told(call, [row])[0]


@route(
    "GET", "/api/recordings/<id:int>/sound", role="member", summary="A recording, whole or in ranges",
    query={"form": values.choice("mp3", "wav", default="mp3", about="mp3 where it is made already, else WAV")},
    media="audio/mpeg",
)  # fmt: skip
def sound(call: Call, id: int) -> Any:  # noqa: A002
    """Counts as heard."""
    row = call_list.sound(call.business_id, id)
    call_list.heard(row)
    key, media_type = (row.sha256, "audio/wav")
    if call.query["form"] == "mp3" and row.mp3_sha256 is not None:
        key, media_type = row.mp3_sha256, "audio/mpeg"
    ending = "mp3" if media_type == "audio/mpeg" else "wav"
    answer = files.send(call.site.blobs.open(str(key)), media_type=media_type, etag=str(key)[:32])
    name = files.disposition(f"recording-{row.id}.{ending}").replace("attachment", "inline", 1)
    bottle.response.set_header("Content-Disposition", name)
    return answer


@route("DELETE", "/api/recordings/<id:int>", role="owner", summary="Erase a recording for good", answers={204: None})
def erase(call: Call, id: int) -> None:  # noqa: A002
    """Its sound, its copy and its transcript; the call stays."""
    calls.remove_recording(call.business_id, id)


@route(
    "POST", "/api/live/ticket", role="member", summary="A ticket for the live view's socket", body={}, quiet=True,
    answers={
        200: shapes.obj(
            ticket=shapes.TEXT, path=shapes.TEXT, here=shapes.BOOL, listen=shapes.BOOL, expires_in_s=shapes.WHOLE
        )
    },
)  # fmt: skip
def ticket(call: Call) -> dict[str, Any]:
    """Opens /ws/live once within a minute; an owner's ticket may listen in.

    here: whether that path leads to the calls process at the address that was asked, as it does behind nginx.
    """
    listen = call.person is not None and allows("owner", call.business.role)
    issued = {"business": call.business_id, "listen": listen, "once": secrets.token_hex(8), "for_s": _WATCH_S}
    token = tokens.issue(models.derive("calls")[0], "live", issued, expires_at=time.time() + _TICKET_S)
    here = any(name in bottle.request.environ for name in _THROUGH_A_PROXY)
    return {"ticket": token, "path": "/ws/live", "here": here, "listen": listen, "expires_in_s": _TICKET_S}


@route(
    "GET", "/api/messages", role="member", summary="Messages that filed receipts, the newest first",
    query={"limit": values.whole(1, 200, default=50), "cursor": values.whole(1, 2**53)},
    answers={200: shapes.listed(_MESSAGE)},
)  # fmt: skip
def messages(call: Call) -> dict[str, Any]:
    """With what each was answered."""
    limit = call.query["limit"]
    rows = call_list.messages(call.business_id, limit + 1, call.query["cursor"])
    return answers.listing(
        [_message(row) for row in rows[:limit]], str(rows[limit - 1].id) if len(rows) > limit else None
    )


def _message(row: TextMessage) -> dict[str, Any]:
    return {
        "id": row.id,
        "from": row.person,
        "body": row.body,
        "files": len(row.media),
        "state": row.state,
        "answer": row.answer,
        "receipt_id": row.receipt_id,
        "created_at": clock.iso(row.created_at),
        "answered_at": clock.iso(row.answered_at),
    }


def _told(call: Call, rows: Sequence[PhoneCall]) -> list[dict[str, Any]]:
    """Calls with their recordings and whose number it is."""
    sounds = call_list.recordings(rows)
    whose = call_list.whose(call.business_id, rows)
    known = contacts.by_ids(call.business_id, set(whose.values()))
    blocked = set(phone.settings(call.business_id).blocked)
    out = []
    for row in rows:
        contact = known.get(whose.get(row.id, 0))
        out.append(
            {
                **calls.facts(row),
                "contact_id": contact and contact["id"],
                "contact": contact and {"id": contact["id"], "name": contact["name"]},
                "recordings": [_recording(one) for one in sounds[row.id]],
                "blocked": bool(row.caller) and row.caller in blocked,
            }
        )
    return out


def _recording(row: Recording) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "seconds": row.seconds,
        "waveform": row.waveform,
        "transcript": row.transcript,
        "heard": row.heard_at is not None,
        "created_at": clock.iso(row.created_at),
        "error": None if row.error_code is None else {"code": row.error_code, "text": row.error_text},
    }
