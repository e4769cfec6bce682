"""Files of exports that were kept long enough: a round a day."""

from __future__ import annotations

from collections.abc import Iterable

import clock
from jobs.work import Again, Done, Job
from models import Work
from store import exports, work


def step(job: Job) -> Again | Done:
    """Rows first; their bytes go where no other row speaks of them."""
    gone = int(job.state.get("files", 0))
    while job.more():
        with job.writing(state={"files": gone}):
            keys = exports.expire()
            if keys:
                work.ask("erase_files", None, {"keys": keys}, priority="low")
        if not keys:
            return Done({"files": gone})
        gone += len(keys)
    return Again({"files": gone})


def plan() -> Iterable[tuple[Work, bool]]:
    """Once a day."""
    yield work.ask("expire_exports", None, slot=f"{clock.now():%Y-%m-%d}", priority="low", requested_by="schedule")
