"""The sweeper of every worker: rings what nobody rang, frees what dead workers held, plans the quarter-hourly syncs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import clock
from errors import Tellable
from jobs.workshop import Workshop, kernel_lock
from store import clock_set_back, deliveries, mailboxes, receipt_edits, runs, work

log = logging.getLogger("sweep")
EVERY_S = 1.0
FELL_S = 3.0  # what a clock is put right by now and then is less
LOOK_S = 0.25
SLOT_S = 15 * 60
AUDIT_EVERY = timedelta(days=7)


class Clocks:
    """Notices that the wall's clock was set back, by the one that only goes on."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        """Take two clocks, in seconds."""
        self._wall, self._steady = wall, steady
        self._lead = wall() - steady()
        self._fallen = 0.0
        self._lock = threading.Lock()

    def look(self) -> None:
        """Compare the clocks; often enough that one which goes ahead and back is not missed."""
        with self._lock:
            lead = self._wall() - self._steady()
            drop, self._lead = self._lead - lead, lead
            self._fallen += drop if drop > FELL_S else 0.0

    def fell(self) -> timedelta | None:
        """By how much the wall's clock fell since this was last asked; None for less than a few seconds."""
        self.look()
        with self._lock:
            fallen, self._fallen = self._fallen, 0.0
        return timedelta(seconds=fallen) if fallen else None

    def again(self, drop: timedelta) -> None:
        """It could not be mended yet; tell of it once more."""
        with self._lock:
            self._fallen += drop.total_seconds()


clocks = Clocks()


def mind_the_clock() -> None:
    """Let nothing wait for an hour that comes a second time."""
    drop = clocks.fell()
    if drop is not None:
        try:
            moved = clock_set_back.bring_back(drop)
        except BaseException:
            clocks.again(drop)
            raise
        log.warning("The clock was set back by %.0f s, pauses with it rows=%s", drop.total_seconds(), moved)
    clock_set_back.bring_back_strays()


def sweep(shop: Workshop) -> int:
    """One pass; any number of workers may sweep at once. Gives how many runs were rung."""
    mind_the_clock()
    for run_id, business_id in runs.leased():
        if _holder_is_dead(shop.config.data_dir, business_id) and runs.release_dead(run_id, business_id):
            log.warning("The worker of a run is gone, the run goes on run=%s business=%s", run_id, business_id)
    rung = 0
    for run_id in runs.to_ring():
        rung += shop.ring(run_id)
    return rung


def next_in_s() -> float | None:
    """Seconds until the first parked run is to wake: a run that waits for the quota loses none of it by waking late."""
    wake = runs.next_wake()
    return None if wake is None else max(0.02, (wake - clock.now()).total_seconds())


def _holder_is_dead(folder: Path, business_id: int) -> bool:
    """A leased run is worked on under the business's kernel lock; when we get it, nobody does."""
    with kernel_lock(folder, business_id) as free:
        return free


def tidy() -> None:
    """What is over goes: receipts after their time in the trash, background work that nobody asks for any more."""
    work.prune()
    gone = receipt_edits.empty_trash()
    if gone:
        log.info("The trash was emptied of what lay there for 30 days receipts=%s", gone)


def look_after_events() -> None:
    """Tell of permissions that Google is about to end, and forget events that are old."""
    for mailbox_id in mailboxes.tell_ends():
        log.warning("Google will soon end the permission of a mailbox mailbox=%s", mailbox_id)
    deliveries.prune()


def plan_syncs() -> list[int]:
    """Queue this quarter of an hour's sync of every business that has a mailbox: once, whoever asks and how often.

    Once a week it is a full pass, which compares the whole mailbox with the ledger.
    """
    slot = int(clock.now().timestamp()) // SLOT_S
    planned = []
    for business_id in mailboxes.businesses_to_sync():
        mode = "full" if mailboxes.audit_is_due(business_id, AUDIT_EVERY) else "incremental"
        try:
            planned.append(runs.request(business_id, mode=mode, requested_by="schedule", slot=slot).id)
        except Tellable:
            continue  # planned already, or a run is active and looks again by itself
    return planned
