"""Deliveries as rows: an endpoint's turn with a lease and a fence, claiming, settling, backing off, pausing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import peewee

import clock
from models import Business, Delivery, Endpoint, Event, write
from store import events

LEASE = timedelta(seconds=30)  # renewed before each send, which takes ten at most
RING_AGAIN = timedelta(seconds=5)
# After each try of one delivery; the last one is nearly a day after the first.
BACK_OFF = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800)
LONGEST_PAUSE_S = 3600  # of a whole endpoint between two probes
PAUSE_AFTER = timedelta(hours=24)  # without a single success
AWAY = 3  # failures in a row after which a success means that the receiver was away, and not that one event is bad
LOG_KEPT = 20
KEPT = timedelta(days=30)
GONE = 410
_PRUNE = 2000


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to deliver to an endpoint, until the fence in its row moves on."""

    endpoint_id: int
    fence: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed delivery: where it goes, and the envelope."""

    delivery_id: int
    claim: int
    business_id: int
    endpoint_id: int
    url: str
    secret: str = field(repr=False)
    envelope: Mapping[str, Any] = field(repr=False)


def to_ring() -> list[int]:
    """Ids of endpoints whose bell is due, each marked as rung now: any number of sweepers may ask."""
    now = clock.now()
    waiting = Delivery.select(Delivery.id).where(
        Delivery.endpoint == Endpoint.id, Delivery.state == "waiting", Delivery.next_try_at <= now
    )
    silent = (Endpoint.rung_at.is_null()) | (Endpoint.rung_at < now - RING_AGAIN)
    due = Endpoint.select(Endpoint.id).where(_ready(now), silent, peewee.fn.EXISTS(waiting))
    return [row.id for row in due if _mark_rung(row.id, silent)]


def _mark_rung(endpoint_id: int, silent: Any) -> bool:
    with write():
        marked = Endpoint.update(rung_at=clock.now()).where(Endpoint.id == endpoint_id, silent).execute()
    return bool(marked)


def ring_again(endpoint_id: int) -> None:
    """Nobody had time for the endpoint: the next sweep rings once more."""
    with write():
        Endpoint.update(rung_at=None).where(Endpoint.id == endpoint_id).execute()


def _ready(now: datetime) -> Any:
    """Endpoints that may be delivered to now, and that nobody delivers to."""
    free = (Endpoint.lease_until.is_null()) | (Endpoint.lease_until < now)
    awake = (Endpoint.wake_at.is_null()) | (Endpoint.wake_at <= now)
    return Endpoint.active & Endpoint.paused_at.is_null() & free & awake


def take(endpoint_id: int) -> Turn | None:
    """The endpoint's turn, one worker's alone; None where there is nothing to do or somebody does it."""
    now = clock.now()
    with write():
        taken = (
            Endpoint.update(lease_until=now + LEASE, fence=Endpoint.fence + 1)
            .where(Endpoint.id == endpoint_id, _ready(now))
            .execute()
        )
        if not taken:
            return None
        fence = Endpoint.select(Endpoint.fence).where(Endpoint.id == endpoint_id).scalar()
    return Turn(endpoint_id, fence)


def give_back(turn: Turn) -> None:
    """The turn is over; whoever has it now keeps it."""
    with write():
        Endpoint.update(lease_until=None, rung_at=None).where(
            Endpoint.id == turn.endpoint_id, Endpoint.fence == turn.fence
        ).execute()


def pick(turn: Turn) -> Parcel | None:
    """Claim the oldest delivery that is due, in one transaction that proves and renews the turn; None where none is.

    The try is counted before it begins, so that a worker that dies over it leaves its trace.
    """
    now = clock.now()
    awake = (Endpoint.wake_at.is_null()) | (Endpoint.wake_at <= now)
    with write():
        held = (
            Endpoint.update(lease_until=now + LEASE)
            .where(
                Endpoint.id == turn.endpoint_id,
                Endpoint.fence == turn.fence,
                Endpoint.active,
                Endpoint.paused_at.is_null(),
                awake,
            )
            .execute()
        )
        if not held:
            return None
        row = (
            Delivery.select()
            .where(Delivery.endpoint == turn.endpoint_id, Delivery.state == "waiting", Delivery.next_try_at <= now)
            .order_by(Delivery.event)
            .first()
        )
        return None if row is None else _claim(row, now)


def _claim(row: Delivery, now: datetime) -> Parcel:
    row.claims += 1
    row.tries += 1
    row.tried_at = now
    row.next_try_at = now + LEASE  # so that it is tried again when this worker dies
    note = {"code": "interrupted", "text": "The worker was stopped during this try."}
    row.log = [*row.log, {"at": clock.iso(now), "status": None, "error": note, "ms": None}][-LOG_KEPT:]
    row.save(only=["claims", "tries", "tried_at", "next_try_at", "log"])
    event: Event = Event.get_by_id(row.event_id)
    endpoint: Endpoint = Endpoint.get_by_id(row.endpoint_id)
    slug = Business.select(Business.slug).where(Business.id == row.business_id).scalar()
    envelope = {
        "id": event.uid,
        "type": event.type,
        "time": clock.iso(event.created_at),
        "business": slug,
        "sequence": event.sequence,
        "data": event.data,
    }
    return Parcel(row.id, row.claims, row.business_id, endpoint.id, endpoint.url, endpoint.secret, envelope)


def test(endpoint: Endpoint) -> Parcel:
    """A `webhook.test` event for this endpoint alone, claimed at once, whether it is paused or switched off or not."""
    now = clock.now()
    with write():
        events.told(endpoint.business_id, [(events.TEST, {"endpoint": endpoint.id})], only=endpoint.id)
        row = Delivery.select().where(Delivery.endpoint == endpoint).order_by(Delivery.id.desc()).first()
        return _claim(row, now)


def settle(
    parcel: Parcel, *, status: int | None, code: str, text: str, took_ms: int, retry_after_s: int | None = None
) -> str:
    """What came of a claimed delivery: its state now; "lost" when somebody else has it, and nothing is written.

    Args:
        parcel: as pick() or test() gave it.
        status: HTTP status of the answer, if one came.
        code: "" for success.
        text: what went wrong, in a sentence.
        took_ms: how long it took.
        retry_after_s: what the receiver asked for.
    """
    now = clock.now()
    with write():
        row = Delivery.get_or_none(
            Delivery.id == parcel.delivery_id, Delivery.claims == parcel.claim, Delivery.state == "waiting"
        )
        if row is None:
            return "lost"
        error = {"code": code, "text": text} if code else None
        row.log = [*row.log[:-1], {**row.log[-1], "status": status, "error": error, "ms": took_ms}]
        row.last_status, row.last_error = status, text or None
        trial = parcel.envelope["type"] == events.TEST
        if not code:
            row.state, row.delivered_at = "delivered", now
        elif trial or row.tries > len(BACK_OFF):
            row.state = "failed"
        else:
            row.next_try_at = now + timedelta(seconds=max(BACK_OFF[row.tries - 1], _asked(retry_after_s)))
        row.save(only=["log", "last_status", "last_error", "state", "delivered_at", "next_try_at"])
        if not code:
            _works(parcel.endpoint_id, now)
        elif not trial:
            _fails(parcel.endpoint_id, now, _asked(retry_after_s), gone=status == GONE)
    return str(row.state)


def _asked(retry_after_s: int | None) -> int:
    return min(retry_after_s or 0, LONGEST_PAUSE_S)


def _works(endpoint_id: int, now: datetime) -> None:
    row = Endpoint.get_or_none(Endpoint.id == endpoint_id)
    if row is None:
        return
    if row.failures >= AWAY:
        bring_back(row, now)
    Endpoint.update(failures=0, failing_since=None, wake_at=None, delivered_at=now).where(
        Endpoint.id == endpoint_id
    ).execute()


def bring_back(endpoint: Endpoint, now: datetime) -> None:
    """Inside a write transaction: what could not be delivered while the receiver was away is due now."""
    mine = Delivery.endpoint == endpoint.id
    due = {"state": "waiting", "next_try_at": now, "tries": 0}
    if endpoint.failing_since is not None:
        missed = Event.select(Event.id).where(Event.business == endpoint.business_id, Event.type != events.TEST)
        Delivery.update(**due).where(
            mine, Delivery.state == "failed", Delivery.tried_at >= endpoint.failing_since, Delivery.event << missed
        ).execute()
    Delivery.update(**due).where(mine, Delivery.state == "waiting", Delivery.next_try_at > now).execute()


def _fails(endpoint_id: int, now: datetime, asked_s: int, *, gone: bool) -> None:
    """The whole endpoint waits, so that one that is away is asked once in a while and not for each event."""
    row = Endpoint.get_or_none(Endpoint.id == endpoint_id)
    if row is None:
        return
    since = row.failing_since or now
    pause = min(BACK_OFF[min(row.failures, len(BACK_OFF) - 1)], LONGEST_PAUSE_S)
    changes: dict[str, Any] = {
        "failures": row.failures + 1,
        "failing_since": since,
        "wake_at": now + timedelta(seconds=max(pause, asked_s)),
    }
    if row.paused_at is None and (gone or now - since >= PAUSE_AFTER):
        changes["paused_at"] = now
    Endpoint.update(**changes).where(Endpoint.id == endpoint_id).execute()


def replay(row: Delivery) -> None:
    """Send it once more, with all its tries before it."""
    with write():
        Delivery.update(state="waiting", tries=0, next_try_at=clock.now()).where(Delivery.id == row.id).execute()
        Endpoint.update(wake_at=None, rung_at=None).where(Endpoint.id == row.endpoint_id).execute()


def listing(endpoint: Endpoint, limit: int, before_id: int | None = None, state: str | None = None) -> list[Delivery]:
    """Deliveries with their events, newest first, those before an id where one is given."""
    query = Delivery.select(Delivery, Event).join(Event).where(Delivery.endpoint == endpoint)
    if before_id is not None:
        query = query.where(Delivery.id < before_id)
    if state is not None:
        query = query.where(Delivery.state == state)
    return list(query.order_by(Delivery.id.desc()).limit(limit))


def waiting(endpoints: Sequence[Endpoint]) -> dict[int, int]:
    """How many deliveries wait, by endpoint."""
    counted: Any = (
        Delivery.select(Delivery.endpoint, peewee.fn.COUNT(Delivery.id).alias("count"))
        .where(Delivery.endpoint << [row.id for row in endpoints], Delivery.state == "waiting")
        .group_by(Delivery.endpoint)
        .dicts()
    )
    return {row["endpoint"]: row["count"] for row in counted}


def prune() -> int:
    """Forget events of more than 30 days, delivered or not; how many went."""
    old = Event.select(Event.id).where(Event.created_at < clock.now() - KEPT).limit(_PRUNE)
    ids = [row.id for row in old]
    if ids:
        with write():
            Delivery.delete().where(Delivery.event << ids).execute()
            Event.delete().where(Event.id << ids).execute()
    return len(ids)
