"""Calls as rows: put together from events that come twice and in any order, listed, noted on, settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import peewee

import clock
from errors import Tellable, Temporary
from models import PhoneCall, PhoneNumber, Recording, write
from store import audit, events, sql, work

# Kinds of background work, see jobs/kinds.py.
FETCH, COPY, ANSWER, RETAIN = "call_recording", "call_sound", "text_message", "call_retention"
# How far a call has got; a later word never goes back behind an earlier one.
RANK = {
    "queued": 0, "initiated": 1, "ringing": 2, "in-progress": 3, "interrupted": 4,
    "completed": 5, "busy": 5, "no-answer": 5, "canceled": 5, "failed": 5,
}  # fmt: skip
FINAL = 5
RUNNING = ("queued", "initiated", "ringing", "in-progress")
OPEN = ("missed", "voicemail", "interrupted")  # outcomes that somebody should see to
OUTCOMES = ("answered", "voicemail", "interrupted", "missed", "blocked", "hidden")
SILENT_FOR = timedelta(hours=4)  # a call that nothing was heard of for so long is over
AWAY: tuple[type[Exception], ...] = (peewee.OperationalError, peewee.InterfaceError, Temporary)  # an event waits
_TEXTS = {"caller": 100, "number": 100, "caller_name": 100, "direction": 40, "choice": 4, "forwarded_to": 300}


def note(event: Mapping[str, Any]) -> PhoneCall | None:
    """Take an event of a call into its row; None where it is of another account than the call."""
    at = _moment(event.get("at"))
    with write():
        row = _row(event, at)
        if row is None:
            return None
        for name, longest in _TEXTS.items():
            value = event.get(name)
            if value and not getattr(row, name):
                setattr(row, name, str(value)[:longest])
        for name in ("choice", "forwarded_to", "direction"):
            if event.get(name):
                setattr(row, name, str(event[name])[: _TEXTS[name]])
        for name in ("duration_s", "talk_s"):
            if event.get(name) is not None:
                setattr(row, name, int(event[name]))
        if event.get("parent"):
            row.parent_sid = str(event["parent"])
        if event.get("stream_error"):
            row.health = {**row.health, "error": str(event["stream_error"])[:300]}
        _advance(row, str(event.get("status") or ""), event.get("sequence"), at)
        if event.get("outcome") in {"answered", "blocked", "hidden"}:
            row.outcome = str(event["outcome"])
        row.heard_at = max(row.heard_at, at)
        if event.get("take"):  # a message is on its way to the blob store
            row.save()
            _recording(row, f"stream-{event['take']}", kind="stream", created_at=at)
        _settle(row)
    return row


def _row(event: Mapping[str, Any], at: datetime) -> PhoneCall | None:
    """The call's row, made where it is new and given to its business where that was not known before."""
    sid, account = str(event["call_sid"]), str(event.get("account_sid") or "")
    row: PhoneCall | None = PhoneCall.get_or_none(PhoneCall.sid == sid)
    if row is None:
        row = PhoneCall(sid=sid, account_sid=account, started_at=at, heard_at=at)
    elif account and row.account_sid and account != row.account_sid:
        return None  # somebody else's account speaks of this call
    row.started_at = min(row.started_at, at)
    if row.business_id is None:
        row.business_id = event.get("business_id") or _business_of(event)
        if row.id and row.business_id is not None:
            Recording.update(business=row.business_id).where(Recording.call == row).execute()
    return row


def _business_of(event: Mapping[str, Any]) -> int | None:
    found: int | None = None
    if event.get("parent"):
        found = PhoneCall.select(PhoneCall.business).where(PhoneCall.sid == event["parent"]).scalar()
    if found is None and event.get("number"):
        found = PhoneNumber.select(PhoneNumber.business).where(PhoneNumber.number == event["number"]).scalar()
    return found


def _moment(text: object) -> datetime:
    try:
        return datetime.fromisoformat(str(text)) if text else clock.now()
    except ValueError:
        return clock.now()


def _advance(row: PhoneCall, status: str, sequence: object, at: datetime) -> None:
    rank = RANK.get(status)
    if rank is None:
        return
    known = RANK.get(row.status, 0)
    number = sequence if isinstance(sequence, int) else -1
    newer = number > (-1 if row.sequence is None else row.sequence)
    if rank > known or (rank == known == FINAL and newer):
        row.status = status
        if rank >= RANK["interrupted"] and row.ended_at is None:
            row.ended_at = at
    if newer:
        row.sequence = number


def _settle(row: PhoneCall) -> None:
    """The outcome follows from what is known; the end is told to the outside world once."""
    over = RANK.get(row.status, 0) >= RANK["interrupted"]
    if row.outcome not in {"answered", "blocked", "hidden"} and row.direction == "inbound":
        row.outcome = _outcome(row, over=over)
    if over and row.duration_s is None and row.ended_at is not None:
        row.duration_s = max(0, round((row.ended_at - row.started_at).total_seconds()))
    row.save()
    if over and row.told_at is None and row.parent_sid is None and row.business_id is not None:
        row.told_at = clock.now()
        row.save(only=[PhoneCall.told_at])
        events.emit(row.business_id, "call.completed", {"call": facts(row)})


def _outcome(row: PhoneCall, *, over: bool) -> str:
    states = [one.state for one in Recording.select(Recording.state).where(Recording.call == row)] if row.id else []
    if "whole" in states or "fetching" in states:
        return "voicemail"
    if "interrupted" in states:
        return "interrupted"
    return "missed" if over else ""


# -- recordings


def keep_take(
    event: Mapping[str, Any], *, sha256: str | None, seconds: float, waveform: Sequence[int]
) -> tuple[PhoneCall, Recording] | None:
    """A recording of a stream, safe in the blob store; once for each take, however often it is told.

    Where nobody said a word (`spoken` is false in the event) it is kept as empty, and the call was missed.
    """
    at = _moment(event.get("at"))
    state = str(event["state"])
    if event.get("spoken") is False and state == "whole":
        state = "empty"
    with write():
        call = _row(event, at)
        if call is None:
            return None
        for name in ("caller", "number"):
            if event.get(name) and not getattr(call, name):
                setattr(call, name, str(event[name])[:100])
        health = {name: event[name] for name in ("frames", "gaps", "bad") if name in event}
        call.health = {**call.health, **health}
        call.save()
        row, _ = _recording(call, f"stream-{event['take']}", kind="stream", created_at=at)
        if row.state == "fetching":
            row.state, row.sha256, row.seconds, row.waveform = state, sha256, seconds, list(waveform)
            row.save()
        if "ended" not in event:  # nobody was left to say how it ended: the process died over it
            _advance(call, "interrupted", None, at)
        _settle(call)
    return call, row


def _recording(call: PhoneCall, sid: str, **values: Any) -> tuple[Recording, bool]:
    """The row of a recording, and whether it is new."""
    known: Recording | None = Recording.get_or_none(Recording.sid == sid)
    if known is not None:
        return known, False
    row: Recording = Recording.create(sid=sid, call=call, business=call.business_id, **values)
    return row, True


def expect(event: Mapping[str, Any]) -> tuple[Recording, bool] | None:
    """A recording that Twilio made, and whether it is to be fetched; None where it is of another account."""
    at = _moment(event.get("at"))
    absent = event.get("status") in {"absent", "failed"}
    with write():
        call = _row(event, at)
        if call is None:
            return None
        for name in ("caller", "number"):
            if event.get(name) and not getattr(call, name):
                setattr(call, name, str(event[name])[:100])
        call.save()
        kind = "call" if str(event.get("source", "")).startswith("Dial") else "record"
        row, new = _recording(
            call, str(event["recording_sid"]), kind=kind, created_at=at, seconds=event.get("duration_s")
        )
        if absent and row.state == "fetching":
            row.state = "empty"
            row.save()
        if row.kind == "call" and not call.outcome:
            call.outcome = "answered"
        _settle(call)
    return row, row.state == "fetching" and (new or not absent)


def fetched(recording_id: int, *, sha256: str, seconds: float, waveform: Sequence[int]) -> None:
    """Its bytes are safe; inside the write transaction of the work that fetched them."""
    Recording.update(state="whole", sha256=sha256, seconds=seconds, waveform=list(waveform)).where(
        Recording.id == recording_id, Recording.state == "fetching"
    ).execute()
    _settle(Recording.get_by_id(recording_id).call)


def not_fetched(recording_id: int, error: Tellable) -> None:
    """It cannot be had; the sentence says why."""
    with write():
        Recording.update(state="failed", error_code=error.code, error_text=error.sentence).where(
            Recording.id == recording_id, Recording.state == "fetching"
        ).execute()


def set_contact(call_id: int, contact_id: int) -> None:
    """Whose number the caller's is."""
    with write():
        PhoneCall.update(contact_id=contact_id).where(PhoneCall.id == call_id).execute()


# -- sweeping


def end_silent() -> int:
    """Calls whose end nobody told of are over after some hours; how many."""
    with write():
        rows = list(
            PhoneCall.select()
            .where(PhoneCall.status << RUNNING, PhoneCall.heard_at < clock.now() - SILENT_FOR)
            .limit(200)
        )
        for row in rows:
            _advance(row, "completed", None, row.heard_at)
            _settle(row)
    return len(rows)


def adopt() -> int:
    """Calls that came while nobody knew whose they are go to the business that has their number; how many."""
    found = sql.fetch(
        "select c.id, n.business_id from phone_call c join phone_number n on n.number = c.number "
        "where c.business_id is null limit 200"
    )
    if found:
        with write():
            for call_id, business_id in found:
                PhoneCall.update(business=business_id).where(PhoneCall.id == call_id).execute()
                Recording.update(business=business_id).where(Recording.call == call_id).execute()
    return len(found)


def facts(row: PhoneCall) -> dict[str, Any]:
    """A call as the API and events tell of it."""
    return {
        "id": row.id,
        "sid": row.sid,
        "direction": "inbound" if row.direction == "inbound" else "outbound",
        "from": row.caller or None,
        "to": row.number,
        "caller_name": row.caller_name,
        "contact_id": row.contact_id,
        "status": row.status,
        "outcome": row.outcome or None,
        "choice": row.choice or None,
        "forwarded_to": row.forwarded_to or None,
        "duration_s": row.duration_s,
        "talk_s": row.talk_s,
        "started_at": clock.iso(row.started_at),
        "ended_at": clock.iso(row.ended_at),
        "done_at": clock.iso(row.done_at),
        "note": row.note,
        "version": row.version,
        "health": row.health,
    }


def remove_recording(business_id: int, id_: object) -> None:
    """Erase a recording, its copy and its transcript for good; Tellable `not_found`."""
    with write():
        row = Recording.find(business_id, id_)
        _erase([row])
        audit.note(business_id, "call.recording_erased", "recording", row.id)


def _erase(rows: Sequence[Recording]) -> None:
    keys = sorted({key for row in rows for key in (row.sha256, row.mp3_sha256) if key})
    Recording.update(state="erased", sha256=None, mp3_sha256=None, waveform=[], transcript=None).where(
        Recording.id << [row.id for row in rows]
    ).execute()
    if keys:
        work.ask("erase_files", None, {"keys": keys}, priority="low")


def erase_old(business_id: int, before: datetime) -> int:
    """Recordings whose time is over, some of them at once; how many."""
    over = (Recording.business == business_id) & (Recording.created_at < before) & (Recording.state != "erased")
    rows = list(Recording.select().where(over).limit(200))
    if rows:
        with write():
            _erase(rows)
    return len(rows)
