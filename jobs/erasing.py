"""Erasing: a closed business bit by bit, mails' bytes after their time, and bytes that no row speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import clock
from jobs.work import Again, Done, Job
from models import Work, write
from store import erasure, work

_ENOUGH = 400  # keys kept in the row until their bytes are erased
_LATER = timedelta(hours=2)  # bytes that were kept anew are looked at again then


def business(job: Job) -> Again | Done:
    """Rows first, then their bytes where nobody else has them; the business's own row goes last."""
    keys, gone = list(job.state.get("keys", ())), bool(job.state.get("gone"))
    erased = int(job.state.get("erased", 0))
    while job.more():
        if len(keys) >= _ENOUGH or (gone and keys):
            erased += _forget(job, keys)
            keys = []
            job.save(state={"keys": keys, "gone": gone, "erased": erased})
        elif gone:
            return Done({"files": erased})
        else:
            with write():
                found = erasure.erase_rows(int(job.args["business"]))
                gone = found is None
                keys += found or ()
                work.hold(job.lease, state={"keys": keys, "gone": gone, "erased": erased})
    return Again({"keys": keys, "gone": gone, "erased": erased})


def mails(job: Job) -> Again | Done:
    """The day's round: bytes of mails that were kept for as long as their business wants."""
    keys, forgotten = list(job.state.get("keys", ())), int(job.state.get("mails", 0))
    while job.more():
        if keys:
            _forget(job, keys)
            forgotten, keys = forgotten + len(keys), []
            job.save(state={"keys": keys, "mails": forgotten})
            continue
        with write():
            keys = erasure.forget_mails(int(job.business_id or 0))
            work.hold(job.lease, state={"keys": keys, "mails": forgotten})
        if not keys:
            return Done({"mails": forgotten})
    return Again({"keys": keys, "mails": forgotten})


def files(job: Job) -> Done:
    """Bytes of `keys` that no row speaks of; who lets go of a row asks for this."""
    return Done({"files": _forget(job, list(job.args["keys"]))})


def _forget(job: Job, keys: Sequence[str]) -> int:
    unused = erasure.unused(keys)
    young = [key for key in unused if not job.shop.blobs.forget(key)]
    if young:
        work.ask("erase_files", None, {"keys": young}, at=clock.now() + _LATER, priority="low")
    return len(unused) - len(young)


def plan() -> Iterable[tuple[Work, bool]]:
    """Once a day for each business that lets go of mails."""
    day = clock.now().date().isoformat()
    for business_id in erasure.businesses_that_forget():
        yield work.ask("forget_mails", business_id, slot=day, priority="low", requested_by="schedule")
