"""Calls as a person sees them: pages, counts, one with its recordings, notes, done and not done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import clock
from errors import Tellable
from models import PhoneCall, Recording, TextMessage, write
from store import audit, sql
from store.calls import OPEN, RUNNING, facts

SHOWN_LIVE = timedelta(hours=4)


def page(
    business_id: int,
    *,
    outcomes: Sequence[str] = (),
    q: str = "",
    open_only: bool = False,
    contact: int | None = None,
    limit: int = 50,
    before: int | None = None,
) -> tuple[list[PhoneCall], str | None]:
    """Calls, newest first, and the next cursor; `q` looks in numbers, names and notes."""
    query = _of(business_id)
    if outcomes:
        query = query.where(PhoneCall.outcome << list(outcomes))
    if open_only:
        query = query.where(_open())
    if contact is not None:
        query = query.where((PhoneCall.contact_id == contact) | (PhoneCall.caller << _numbers_of(business_id, contact)))
    if q:
        digits = "".join(one for one in q if one.isdigit()).lstrip("0")
        wanted = PhoneCall.caller_name.contains(q) | PhoneCall.note.contains(q)
        if digits:
            wanted |= PhoneCall.caller.contains(digits)
        query = query.where(wanted)
    if before is not None:
        query = query.where(PhoneCall.id < before)
    rows = list(query.order_by(PhoneCall.id.desc()).limit(limit + 1))
    return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None


def _numbers_of(business_id: int, contact_id: int) -> list[str]:
    rows = sql.fetch(
        "select value from contact_key where business_id = ? and contact_id = ? and kind = 'phone'",
        [business_id, contact_id],
    )
    return [row[0] for row in rows]


def whose(business_id: int, rows: Sequence[PhoneCall]) -> dict[int, int]:
    """The contact of each call: the one that was known when it came, else whoever has that number now."""
    found = {row.id: row.contact_id for row in rows if row.contact_id}
    numbers = sorted({row.caller for row in rows if row.caller and not row.contact_id})
    if numbers:
        known: dict[str, int] = {}
        for number, contact_id in sql.fetch(
            "select k.value, c.id from contact_key k join contact c on c.id = k.contact_id where k.business_id = ? "
            f"and k.kind = 'phone' and c.deleted_at is null and k.value in ({sql.marks(numbers)}) order by c.id desc",
            [business_id, *numbers],
        ):
            known[number] = contact_id
        found |= {row.id: known[row.caller] for row in rows if row.id not in found and row.caller in known}
    return found


def _of(business_id: int) -> Any:
    return PhoneCall.select().where(PhoneCall.business == business_id, PhoneCall.parent_sid.is_null())


def _open() -> Any:
    return (PhoneCall.outcome << OPEN) & PhoneCall.done_at.is_null()


def open_count(business_id: int) -> int:
    """How many calls wait for somebody to see to them."""
    return int(_of(business_id).where(_open()).count())


def live(business_id: int) -> list[dict[str, Any]]:
    """What rings or runs, as far as the rows know: for a screen without a socket."""
    now = clock.now()
    rows = _of(business_id).where(PhoneCall.status << RUNNING, PhoneCall.heard_at > now - SHOWN_LIVE)
    return [
        {
            "sid": row.sid,
            "from": row.caller,
            "to": row.number,
            "status": row.status,
            "doing": "",
            "seconds": max(0, round((now - row.started_at).total_seconds())),
            "level": None,
        }
        for row in rows.order_by(PhoneCall.id)
    ]


def recordings(calls: Iterable[PhoneCall]) -> dict[int, list[Recording]]:
    """Each call's recordings, in the order in which they came; those of a forwarded leg with its call."""
    found: dict[int, list[Recording]] = {row.id: [] for row in calls}
    for one in Recording.select().where(Recording.call << list(found)).order_by(Recording.id):
        found[one.call_id].append(one)
    return found


def one(business_id: int, id_: object) -> PhoneCall:
    """One call; Tellable `not_found`."""
    return PhoneCall.find(business_id, id_)


def edit(business_id: int, id_: object, version: int | None, *, note: str | None, done: bool | None, who: str) -> Any:
    """Write a note, or settle the call; Tellable `not_found`, `version_conflict` where the note moved meanwhile."""
    with write():
        row = PhoneCall.find(business_id, id_)
        before = {"note": row.note, "done_at": clock.iso(row.done_at)}
        if note is not None and note != row.note:
            if version is not None and version != row.version:
                raise Tellable("version_conflict", "Somebody else wrote here meanwhile.", theirs=facts(row))
            row.note, row.version = note, row.version + 1
        if done is not None and done != (row.done_at is not None):
            row.done_at, row.done_by = (clock.now(), who) if done else (None, "")
        after = {"note": row.note, "done_at": clock.iso(row.done_at)}
        row.save(only=[PhoneCall.note, PhoneCall.version, PhoneCall.done_at, PhoneCall.done_by])
        changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
        if changes:
            audit.note(business_id, "call.changed", "call", row.id, changes=changes)
    return row


def sound(business_id: int, id_: object) -> Recording:
    """A recording whose bytes are here; Tellable `not_found`, `no_recording`."""
    row = Recording.find(business_id, id_)
    if row.sha256 is None:
        raise Tellable("no_recording", "This recording is not here: it is still being fetched, or was erased.")
    return row


def heard(row: Recording) -> None:
    """A person played it."""
    if row.heard_at is None:
        with write():
            Recording.update(heard_at=clock.now()).where(Recording.id == row.id).execute()


def blobs_of(business_id: int) -> set[str]:
    """Keys of the blobs that recordings of the business stand on."""
    rows = Recording.select(Recording.sha256, Recording.mp3_sha256).where(Recording.business == business_id)
    return {key for row in rows for key in (row.sha256, row.mp3_sha256) if key}


def messages(business_id: int, limit: int, before: int | None = None) -> list[TextMessage]:
    """Messages of known people, newest first."""
    query = TextMessage.select().where(TextMessage.business == business_id)
    if before is not None:
        query = query.where(TextMessage.id < before)
    return list(query.order_by(TextMessage.id.desc()).limit(limit))
