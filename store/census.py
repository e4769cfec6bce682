"""Numbers about the whole installation, for those who look after it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import clock
from models import Mailbox, SyncRun, Work
from store import sql

_NEWEST = 5000  # rows that are looked at for what ended lately


def runs() -> dict[str, Any]:
    """Active runs by status, and how long the one that waits longest has been waiting."""
    rows = sql.fetch(
        "select status, count(*), min(created_at) from sync_run where status in ('queued', 'running') group by status"
    )
    counts = {"queued": 0, "running": 0, **{status: number for status, number, _ in rows}}
    now = SyncRun.created_at.db_value(clock.now())
    oldest = next((created for status, _, created in rows if status == "queued"), None)
    return {**counts, "oldest_queued_s": None if oldest is None else max(0, (now - oldest) // 1000)}


def work() -> dict[str, Any]:
    """Background work: how much is due and waits, runs, or failed in the last day; how long the oldest waits."""
    now = Work.created_at.db_value(clock.now())
    row = sql.one(
        "select count(*), min(next_try_at) from work "
        "where status = 'queued' and next_try_at <= ? and lease_until is null",
        [now],
    ) or (0, None)
    running = sql.one("select count(*) from work where status = 'running'") or (0,)
    day_ago = Work.created_at.db_value(clock.now() - timedelta(days=1))
    failed = sql.one("select count(*) from work where status = 'failed' and finished_at > ?", [day_ago]) or (0,)
    oldest = None if row[1] is None else max(0, (now - row[1]) // 1000)
    return {"queued": row[0], "running": running[0], "failed_today": failed[0], "oldest_queued_s": oldest}


def mailboxes() -> dict[str, Any]:
    """Mailboxes that can be read from, those that cannot any more, end soon or were not read for a day, by id."""
    now = clock.now()
    rows = list(
        Mailbox.select(
            Mailbox.id,
            Mailbox.status,
            Mailbox.connected_at,
            Mailbox.token_expires_at,
            Mailbox.last_sync_at,
        ).where(Mailbox.kind << ["gmail", "imap"], Mailbox.status != "disconnected")
    )
    broken = [row.id for row in rows if row.status == "needs_reconnect"]
    good = [row for row in rows if row.status == "connected"]
    ending = [row.id for row in good if row.token_expires_at and row.token_expires_at < now + timedelta(days=2)]
    day_ago = now - timedelta(days=1)
    stale = [row.id for row in good if (row.last_sync_at or row.connected_at or now) < day_ago]
    ages = [(now - row.connected_at).days for row in good if row.connected_at]
    return {
        "all": len(rows),
        "connected": len(good),
        "needs_reconnect": len(broken),
        "broken_ids": broken,
        "ending": len(ending),
        "ending_ids": ending,
        "stale": len(stale),
        "stale_ids": stale,
        "oldest_days": max(ages, default=0),
    }


@dataclass(frozen=True, slots=True)
class Ended:
    """What ended within an hour, of the newest few thousand: seconds from start to end, and the mails of runs."""

    seconds: dict[str, list[float]]  # sorted; `sync` for runs, else the kind of work
    failed: dict[str, int]
    mails: dict[str, int]  # found, fetched, receipts, skipped, failed


def ended() -> Ended:
    """The last hour of runs and work."""
    since = SyncRun.created_at.db_value(clock.now() - timedelta(hours=1))
    told = Ended(defaultdict(list), defaultdict(int), {})
    names = ("found", "fetched", "receipts", "skipped", "failed")
    runs = sql.fetch(
        f"select 'sync', status, started_at, finished_at, {', '.join(names)} from "
        f"(select * from sync_run order by id desc limit {_NEWEST}) as newest where finished_at > ?",
        [since],
    )
    others = sql.fetch(
        "select kind, status, started_at, finished_at from "
        f"(select * from work order by id desc limit {_NEWEST}) as newest where finished_at > ?",
        [since],
    )
    for kind, status, began, over, *_ in [*runs, *others]:
        told.seconds[kind].append(max(0, over - (over if began is None else began)) / 1000)
        told.failed[kind] += status == "failed"
    for kind in told.seconds:
        told.seconds[kind].sort()
    told.mails.update({name: sum(row[4 + place] or 0 for row in runs) for place, name in enumerate(names)})
    return told
