"""Runs as rows: asking, claiming with a lease and a fence, every write under that fence, parking and ending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import peewee

import clock
from errors import Tellable
from models import Business, Mailbox, SyncRun, write
from store import events, sql

LEASE = timedelta(seconds=15)
RING_AGAIN = timedelta(seconds=5)
ACTIVE = ("queued", "running")
MODES = ("incremental", "full", "upload")


class LostLease(Exception):
    """Another worker has the run: nothing more may be written for it here."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for a run, until the fence in its row moves on."""

    run_id: int
    business_id: int
    fence: int


def request(
    business: Business | int,
    *,
    mode: str = "incremental",
    from_date: date | None = None,
    to_date: date | None = None,
    mailbox: Mailbox | None = None,
    requested_by: str = "",
    slot: int | None = None,
) -> SyncRun:
    """A queued run, still to be rung.

    Tellable `sync_running` with `run_id` where one is active (it is asked to look again), `no_mailbox`, `bad_mode` or
    `bad_date`.
    """
    if mode not in MODES:
        raise Tellable("bad_mode", "The mode must be incremental or full.")
    if from_date and to_date and to_date < from_date:
        raise Tellable("bad_date", "The first day must not come after the last one.")
    if mode != "upload" and not _connected(business, mailbox):
        raise Tellable("no_mailbox", "No mailbox is connected yet; connect Gmail first.")
    for _ in range(3):
        try:
            with write():
                return SyncRun.create(
                    business=business,
                    mailbox=mailbox,
                    mode=mode,
                    from_date=from_date,
                    to_date=to_date,
                    requested_by=requested_by,
                    slot=slot,
                )
        except peewee.IntegrityError:
            running = active(business)
            if running is not None and look_again(running):
                raise Tellable("sync_running", "A sync is already running.", run_id=running.id) from None
            if slot is not None:
                break  # another worker has planned it
    raise Tellable("sync_running", "A sync has just run; please try again.")


def _connected(business: Business | int, mailbox: Mailbox | None) -> bool:
    if mailbox is not None:
        return bool(mailbox.status == "connected")
    return (
        Mailbox.select()
        .where(
            Mailbox.business == business,
            Mailbox.status == "connected",
            Mailbox.kind.not_in(["upload", "message", "import"]),
        )
        .exists()
    )


def look_again(run: SyncRun) -> bool:
    """Have the running run look for new mail at once; False when it has just ended."""
    with write():
        asked = SyncRun.update(look_again=True, wake_at=None).where(SyncRun.id == run.id, SyncRun.status << ACTIVE)
        return bool(asked.execute())


def active(business: Business | int) -> SyncRun | None:
    """The one run of the business that is queued or running."""
    return SyncRun.get_or_none(SyncRun.business == business, SyncRun.status << ACTIVE)


def latest(business: Business | int) -> SyncRun | None:
    """The newest run of the business."""
    row: SyncRun | None = SyncRun.select().where(SyncRun.business == business).order_by(SyncRun.id.desc()).first()
    return row


def listing(business: Business | int, limit: int, before_id: int | None = None) -> list[SyncRun]:
    """Runs, newest first, those before an id where one is given."""
    query = SyncRun.select().where(SyncRun.business == business)
    if before_id is not None:
        query = query.where(SyncRun.id < before_id)
    return list(query.order_by(SyncRun.id.desc()).limit(limit))


def cancel(run: SyncRun) -> SyncRun:
    """Ask the run to stop; one that nobody works on is cancelled here. Tellable `not_running`."""
    now = clock.now()
    with write():
        asked = SyncRun.update(cancel_requested=True).where(SyncRun.id == run.id, SyncRun.status << ACTIVE).execute()
        SyncRun.update(status="cancelled", finished_at=now, lease_until=None).where(
            SyncRun.id == run.id, SyncRun.status << ACTIVE, SyncRun.lease_until.is_null()
        ).execute()
    if not asked:
        raise Tellable("not_running", "This sync is over already.")
    return SyncRun.get_by_id(run.id)


def claim(run_id: int) -> tuple[SyncRun, Lease] | None:
    """Take the run for one step: the fence moves on, so whoever had it can write no more.

    None where there is nothing to do: it is over, was cancelled meanwhile, or shall not wake yet. The caller holds the
    business's lock.
    """
    now = clock.now()
    with write():
        run = SyncRun.get_or_none(SyncRun.id == run_id)
        if run is None or run.status not in ACTIVE:
            return None
        if run.cancel_requested:
            _end(run, "cancelled")
            return None
        if run.wake_at is not None and run.wake_at > now:
            return None
        run.status = "running"
        run.fence += 1
        run.started_at = run.started_at or now
        run.heartbeat_at = now
        run.lease_until = now + LEASE
        run.wake_at = None
        run.save()
    return run, Lease(run.id, run.business_id, run.fence)


def hold(lease: Lease, **changes: Any) -> None:
    """Inside a write transaction: prove the lease, renew it and change the run's columns.

    Raises LostLease, which rolls the transaction back.
    """
    now = clock.now()
    changed = (
        SyncRun.update(heartbeat_at=now, lease_until=now + LEASE, **changes)
        .where(SyncRun.id == lease.run_id, SyncRun.fence == lease.fence, SyncRun.status == "running")
        .execute()
    )
    if changed != 1:
        raise LostLease


def count(lease: Lease, **more: int) -> None:
    """As hold(), for what every mail does: add to the run's counters."""
    now = _ms(clock.now())
    changes = "".join(f', "{name}" = "{name}" + ?' for name in more)
    changed = sql.run(
        f'UPDATE "sync_run" SET "heartbeat_at" = ?, "lease_until" = ?{changes} '
        'WHERE "id" = ? AND "fence" = ? AND "status" = \'running\'',
        [now, now + _ms(LEASE), *more.values(), lease.run_id, lease.fence],
    )
    if changed != 1:
        raise LostLease


def _ms(value: datetime | timedelta) -> int:
    return int((value.timestamp() if isinstance(value, datetime) else value.total_seconds()) * 1000)


def beat(lease: Lease) -> None:
    """Renew the lease during a long wait; raises LostLease."""
    with write():
        hold(lease)


def cancel_wanted(lease: Lease) -> bool:
    """Whether somebody asked the run to stop."""
    return bool(SyncRun.select(SyncRun.cancel_requested).where(SyncRun.id == lease.run_id).scalar())


def park(lease: Lease, *, wake_at: datetime | None = None, **changes: Any) -> None:
    """End the step: the run waits for its next one, not before `wake_at`."""
    with write():
        hold(lease, wake_at=wake_at, **changes)
        SyncRun.update(lease_until=None, rung_at=None).where(SyncRun.id == lease.run_id).execute()


def finish(lease: Lease, status: str, error: Tellable | None = None, **changes: Any) -> None:
    """End a run that was worked on, for another reason than that its work is done."""
    with write():
        hold(lease, **changes)
        _end(SyncRun.get_by_id(lease.run_id), status, error)


def complete(lease: Lease, **changes: Any) -> bool:
    """End a run whose work is done; False when somebody has asked meanwhile that it look again."""
    with write():
        hold(lease, **changes)
        run = SyncRun.get_by_id(lease.run_id)
        if run.look_again and run.mode != "upload":
            return False
        _end(run, "completed")
        if run.look_again and _connected(run.business_id, None):
            # It never looks into mailboxes, so what was asked of it is another run's work.
            SyncRun.create(business=run.business_id, mode="incremental", requested_by=run.requested_by)
    return True


def _end(run: SyncRun, status: str, error: Tellable | None = None) -> None:
    run.status = status
    run.finished_at = clock.now()
    run.lease_until = None
    run.wake_at = None
    if error is not None:
        run.error_code, run.error_text = error.code, error.sentence
    run.save(
        only=[
            SyncRun.status,
            SyncRun.finished_at,
            SyncRun.lease_until,
            SyncRun.wake_at,
            SyncRun.error_code,
            SyncRun.error_text,
        ]
    )
    events.run_ended(run)


def to_ring() -> list[int]:
    """Ids of runs whose bell is due, each marked as rung now: any number of sweepers may ask.

    Due are the queued and the parked ones not rung lately, and those whose lease is over.
    """
    now = clock.now()
    silent = (SyncRun.rung_at.is_null()) | (SyncRun.rung_at < now - RING_AGAIN)
    idle = (SyncRun.lease_until.is_null()) | (SyncRun.lease_until < now)
    awake = (SyncRun.wake_at.is_null()) | (SyncRun.wake_at <= now)
    due = [row.id for row in SyncRun.select(SyncRun.id).where(SyncRun.status << ACTIVE, silent, idle, awake)]
    rung = []
    for run_id in due:
        with write():
            if (
                SyncRun.update(rung_at=now)
                .where(SyncRun.id == run_id, SyncRun.status << ACTIVE, silent, idle)
                .execute()
            ):
                rung.append(run_id)
    return rung


def next_wake() -> datetime | None:
    """When the first of the parked runs is to wake."""
    now = clock.now()
    row = (
        SyncRun.select(SyncRun.wake_at)
        .where(SyncRun.status << ACTIVE, SyncRun.wake_at > now)
        .order_by(SyncRun.wake_at)
        .first()
    )
    return row.wake_at if row else None


def leased() -> Sequence[tuple[int, int]]:
    """(run id, business id) of the runs that somebody claims to work on."""
    rows = SyncRun.select(SyncRun.id, SyncRun.business).where(
        SyncRun.status == "running", ~SyncRun.lease_until.is_null()
    )
    return [(row.id, row.business_id) for row in rows]


def release_dead(run_id: int, business_id: int) -> bool:
    """Take the lease from a run whose worker is gone (the kernel dropped its lock); True when it had one."""
    with write():
        return bool(
            SyncRun.update(lease_until=None, rung_at=None, fence=SyncRun.fence + 1)
            .where(
                SyncRun.id == run_id,
                SyncRun.business == business_id,
                SyncRun.status == "running",
                ~SyncRun.lease_until.is_null(),
            )
            .execute()
        )


def mark_rung(run_id: int) -> None:
    """Remember that the bell was rung, so that the sweeper waits."""
    with write():
        SyncRun.update(rung_at=clock.now()).where(SyncRun.id == run_id).execute()


def progress(run: SyncRun) -> dict[str, Any]:
    """Share done in percent and the seconds left at the pace so far (None while unknown)."""
    done = max(run.found - run.left, 0)
    if run.status == "completed":
        return {"progress_percentage": 100, "eta_s": 0}
    share = 100 * done // run.found if run.found else 0
    eta = None
    if run.status == "running" and done and run.left and run.started_at is not None:
        eta = round((clock.now() - run.started_at).total_seconds() * run.left / done)
    return {"progress_percentage": min(share, 99), "eta_s": eta}
