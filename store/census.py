"""Numbers about the whole installation, for those who look after it."""

from __future__ import annotations

from typing import Any

import clock
from models import SyncRun
from store import sql


def runs() -> dict[str, Any]:
    """Active runs by status, and how long the one that waits longest has been waiting."""
    rows = sql.fetch(
        "select status, count(*), min(created_at) from sync_run where status in ('queued', 'running') group by status"
    )
    counts = {"queued": 0, "running": 0, **{status: number for status, number, _ in rows}}
    now = SyncRun.created_at.db_value(clock.now())
    oldest = next((created for status, _, created in rows if status == "queued"), None)
    return {**counts, "oldest_queued_s": None if oldest is None else max(0, (now - oldest) // 1000)}
