"""What the clock's being set back does to moments that were written before: they are brought back with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import clock
from models import Delivery, Endpoint, Event, Mail, SyncRun, Work, write
from store import deliveries, runs, work

# Pauses: the end of each is as far away as it was. Work that was planned for a moment keeps it, hence only tried work.
_PAUSES: tuple[tuple[type[Any], Any, Any], ...] = (
    (SyncRun, SyncRun.wake_at, SyncRun.status << runs.ACTIVE),
    (Mail, Mail.next_try_at, Mail.outcome == "waiting"),
    (Work, Work.next_try_at, (Work.status << work.ACTIVE) & (Work.tries > 0)),
    (Endpoint, Endpoint.wake_at, Endpoint.active),
    (Delivery, Delivery.next_try_at, Delivery.state == "waiting"),
)
# Leases: none lasts longer than it was given for; who lives renews it, who is dead loses it after that time.
_LEASES: tuple[tuple[type[Any], Any, timedelta], ...] = (
    (SyncRun, SyncRun.lease_until, runs.LEASE),
    (Work, Work.lease_until, work.LEASE),
    (Endpoint, Endpoint.lease_until, deliveries.LEASE),
)
_BELLS = (SyncRun, Work, Endpoint)


def bring_back(drop: timedelta) -> int:
    """Have nothing wait longer because the clock was set back by so much; how many rows were changed.

    To do it twice brings pauses to an earlier end, and does no harm.
    """
    now = clock.now()
    changed = 0
    milliseconds = drop // timedelta(milliseconds=1)
    with write():
        for table, moment, meant in _PAUSES:
            changed += table.update({moment: moment - milliseconds}).where(meant, moment > now).execute()
        for table, moment, length in _LEASES:
            changed += table.update({moment: now + length}).where(moment > now + length).execute()
        for table in _BELLS:
            changed += table.update(rung_at=None).where(table.rung_at > now).execute()
    return int(changed)


def bring_back_strays() -> int:
    """The same for what was asked for in that hour and nobody brought back: it says so by its own age. Cheap."""
    now = clock.now()
    ahead = now + timedelta(seconds=2)
    soon = Work.created_at + 1000  # what was planned for later keeps its moment
    events = Event.select(Event.id).where(Event.created_at > ahead)
    if not (events.exists() or Work.select().where(Work.status << work.ACTIVE, Work.created_at > ahead).exists()):
        return 0
    with write():
        changed = (
            Work.update(next_try_at=now)
            .where(Work.status << work.ACTIVE, Work.created_at > ahead, Work.next_try_at.between(ahead, soon))
            .execute()
        )
        waiting = (Delivery.state == "waiting") & (Delivery.next_try_at > ahead)
        changed += Delivery.update(next_try_at=now).where(waiting, Delivery.event << events).execute()
    return int(changed)
