"""Background work as rows: asking, claiming with a lease and a fence, writes under that fence, retrying, ending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import peewee

import clock
from errors import Tellable
from models import Business, Work, write

LEASE = timedelta(seconds=15)
RING_AGAIN = timedelta(seconds=5)
ACTIVE = ("queued", "running")
BACK_OFF = (2, 10, 30, 120, 600, 1800, 3600, 7200, 14_400, 14_400)  # seconds after each try in a row that failed
CRASHES = 3  # tries that may end with a traceback
KEPT = timedelta(days=45)  # longer than any planned slot is asked for
_PRUNE = 2000


class LostLease(Exception):
    """Another worker has the work, or a person cancelled it: nothing more may be written for it here."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for a piece of work, until the fence in its row moves on."""

    work_id: int
    fence: int


def ask(
    kind: str,
    business: Business | int | None = None,
    args: Mapping[str, Any] | None = None,
    *,
    unique: str | None = None,
    slot: str | None = None,
    at: datetime | None = None,
    priority: str = "default",
    requested_by: str = "",
) -> tuple[Work, bool]:
    """The row of this work and whether it is new; the caller rings (tasks.ring_work), or the sweeper does.

    Args:
        kind: a name of jobs/kinds.py.
        business: whose work it is; None for the whole installation.
        args: plain JSON values that never change.
        unique: at most one that is not over has this text (within its kind and business); else that one is given.
        slot: like unique, but for good: a planned slot is done once, whoever asks and how often.
        at: not before this moment.
        priority: high, default or low.
        requested_by: user:<id>, token:<id>, schedule or cli.
    """
    business_id = business.id if isinstance(business, Business) else business
    text = unique if slot is None else slot
    key = None if text is None else f"{kind}:{business_id or 0}:{'slot:' if slot is not None else ''}{text}"
    if key is not None and (known := Work.get_or_none(Work.key == key)) is not None:
        return known, False
    try:
        with write():
            row = Work.create(
                kind=kind,
                business=business_id,
                args=dict(args or {}),
                key=key,
                keeps_key=slot is not None,
                next_try_at=at or clock.now(),
                priority=priority,
                requested_by=requested_by,
            )
    except peewee.IntegrityError:
        if key is None or (known := Work.get_or_none(Work.key == key)) is None:
            raise
        return known, False
    return row, True


def get(work_id: int) -> Work | None:
    """The row, for its progress and its end."""
    row: Work | None = Work.get_or_none(Work.id == work_id)
    return row


def waiting(kind: str) -> list[Work]:
    """Work of a kind that may be claimed now, the oldest first."""
    return list(Work.select().where(Work.kind == kind, _ready(clock.now())).order_by(Work.id))


def failed_since(kind: str, moment: datetime) -> list[Work]:
    """Work of a kind that failed since a moment."""
    return list(Work.select().where(Work.kind == kind, Work.status == "failed", Work.finished_at > moment))


# -- the worker's side


def to_ring() -> list[tuple[int, str]]:
    """(id, priority) of work whose bell is due, each marked as rung now: any number of sweepers may ask."""
    now = clock.now()
    silent = (Work.rung_at.is_null()) | (Work.rung_at < now - RING_AGAIN)
    due = Work.select(Work.id, Work.priority).where(_ready(now), silent).order_by(Work.next_try_at)
    rung = []
    for row in due:
        with write():
            if Work.update(rung_at=now).where(Work.id == row.id, Work.status << ACTIVE, silent).execute():
                rung.append((row.id, row.priority))
    return rung


def _ready(now: datetime) -> Any:
    free = (Work.lease_until.is_null()) | (Work.lease_until < now)
    return (Work.status << ACTIVE) & (Work.next_try_at <= now) & free


def ring_again(work_id: int) -> None:
    """Nobody had time for it: the next sweep rings once more."""
    with write():
        Work.update(rung_at=None).where(Work.id == work_id).execute()


def claim(work_id: int) -> tuple[Work, Lease] | None:
    """Take the work for one step: the fence moves on, so whoever had it can write no more.

    None where there is nothing to do. The try is counted before it begins, so that a worker that dies over it leaves
    its trace; after too many the work has failed.
    """
    now = clock.now()
    with write():
        taken = (
            Work.update(
                status="running",
                fence=Work.fence + 1,
                tries=Work.tries + 1,
                lease_until=now + LEASE,
            )
            .where(Work.id == work_id, _ready(now))
            .execute()
        )
        if not taken:
            return None
        row = Work.get_by_id(work_id)
        lease = Lease(row.id, row.fence)
        if row.started_at is None:
            row.started_at = now
            row.save(only=[Work.started_at])
        if row.cancel_requested:
            _end(lease, "cancelled")
            return None
        if row.tries > len(BACK_OFF):
            _end(lease, "failed", Tellable("work_interrupted", "The work was stopped too often; please ask again."))
            return None
    return row, lease


def hold(lease: Lease, **changes: Any) -> None:
    """Inside a write transaction: prove the lease, renew it and change the row's columns.

    Raises LostLease, which rolls the transaction back.
    """
    changed = (
        Work.update(lease_until=clock.now() + LEASE, **changes)
        .where(
            Work.id == lease.work_id,
            Work.fence == lease.fence,
            Work.status == "running",
            ~Work.cancel_requested,
        )
        .execute()
    )
    if changed != 1:
        raise LostLease


def save(lease: Lease, **changes: Any) -> None:
    """Write columns (state, progress, total) in the middle of a step and renew the lease; raises LostLease."""
    with write():
        hold(lease, **changes)


def park(lease: Lease, *, at: datetime | None = None, tries: int | None = 0, **changes: Any) -> None:
    """End a step: the work waits for its next one, not before `at`; tries None leaves the failures counted."""
    with write():
        hold(lease, **changes)
        counted = {} if tries is None else {"tries": tries}
        Work.update(lease_until=None, rung_at=None, next_try_at=at or clock.now(), **counted).where(
            Work.id == lease.work_id
        ).execute()


def finish(lease: Lease, result: Mapping[str, Any]) -> None:
    """The work is done; raises LostLease."""
    with write():
        hold(lease)
        _end(lease, "done", result=dict(result))


def fail(lease: Lease, error: Tellable) -> None:
    """The work ends with a sentence; raises LostLease."""
    with write():
        hold(lease)
        _end(lease, "failed", error)


def retry(lease: Lease, row: Work, error: Tellable, wait_s: float | None, most: int) -> bool:
    """Wait and try again, keeping why; after `most` tries in a row it has failed instead (False). Raises LostLease."""
    if row.tries >= most:
        fail(lease, error)
        return False
    pause = timedelta(seconds=max(wait_s or 0, BACK_OFF[min(row.tries, len(BACK_OFF)) - 1]))
    park(lease, at=clock.now() + pause, tries=None, error_code=error.code, error_text=error.sentence)
    return True


def give_way(lease: Lease) -> None:
    """The lease was lost: if a person cancelled the work, it ends here."""
    with write():
        mine = (Work.id == lease.work_id) & (Work.fence == lease.fence) & (Work.status == "running")
        if Work.select().where(mine, Work.cancel_requested).exists():
            _end(lease, "cancelled")


def cancel(work_id: int) -> None:
    """Ask the work to stop; what nobody works on is cancelled here. Tellable `not_running` when it is over."""
    now = clock.now()
    with write():
        asked = Work.update(cancel_requested=True).where(Work.id == work_id, Work.status << ACTIVE).execute()
        if not asked:
            raise Tellable("not_running", "This is over already.")
        row = Work.get_by_id(work_id)
        if row.lease_until is None or row.lease_until < now:
            Work.update(fence=Work.fence + 1).where(Work.id == work_id).execute()
            _end(Lease(work_id, row.fence + 1), "cancelled")


def _end(lease: Lease, status: str, error: Tellable | None = None, result: Mapping[str, Any] | None = None) -> None:
    row = Work.get_by_id(lease.work_id)
    row.status = status
    row.finished_at = clock.now()
    row.lease_until = None
    row.key = row.key if row.keeps_key else None
    row.error_code, row.error_text = (None, None) if error is None else (error.code, error.sentence)
    if result is not None:
        row.result = result
    if status == "done" and row.total is not None:
        row.progress = row.total
    names = ("status", "finished_at", "lease_until", "key", "error_code", "error_text", "result", "progress")
    row.save(only=[getattr(Work, name) for name in names])


def prune() -> int:
    """Forget work that was over long ago; how many rows went."""
    old = Work.select(Work.id).where(Work.status.not_in(ACTIVE), Work.finished_at < clock.now() - KEPT).limit(_PRUNE)
    with write():
        return int(Work.delete().where(Work.id << [row.id for row in old]).execute())


def facts(row: Work) -> dict[str, Any]:
    """How the work stands, in the API's shape."""
    error = None if row.error_code is None else {"code": row.error_code, "text": row.error_text}
    share = 100 if row.status == "done" else min(99, 100 * row.progress // row.total) if row.total else 0
    return {
        "id": row.id,
        "status": row.status,
        "progress": row.progress,
        "total": row.total,
        "progress_percentage": share,
        "error": error,
        "requested_by": row.requested_by,
        "created_at": clock.iso(row.created_at),
        "started_at": clock.iso(row.started_at),
        "finished_at": clock.iso(row.finished_at),
    }
