"""Background work, step by step: a kind's step function under a lease, its back-off, its end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import models
from errors import Tellable, Temporary
from jobs.workshop import Workshop
from store import work

log = logging.getLogger("work")
BEAT_S = 5.0
LONGEST_S = 900.0  # a step that takes longer hangs: its lease is renewed no more
CRASHED = Tellable("work_crashed", "Something went wrong on our side; the worker's log says what. Please try again.")


@dataclass(frozen=True, slots=True)
class Again:
    """The step ended, and there is more to do: the next one begins with this state, not before `at`."""

    state: Mapping[str, Any]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """All is done; plain JSON values of what came of it."""

    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """What a step works on: the row's values, and the only ways to write."""

    shop: Workshop
    work_id: int
    business_id: int | None
    args: Mapping[str, Any]
    state: Mapping[str, Any]
    tries: int
    requested_by: str
    lease: work.Lease
    until: float

    def more(self) -> bool:
        """Whether this step may go on: it has time left, and the process was not asked to end."""
        return time.monotonic() < self.until and not self.shop.stopping()

    @contextmanager
    def writing(self, **told: Any) -> Iterator[None]:
        """A short write transaction that first proves that the work is still ours; raises LostLease.

        `told` goes into the row in the same transaction: state (where a next worker begins), progress, total.
        """
        with models.write():
            work.hold(self.lease, **told)
            yield

    def save(self, **told: Any) -> None:
        """Write state, progress or total, and renew the lease; raises LostLease."""
        work.save(self.lease, **told)


Step = Callable[[Job], Again | Done]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work.

    Args:
        step: does some four seconds of it (`while job.more()`), and is safe to be done twice from the same state.
        tries: how often in a row a Temporary error may come before the work has failed with its sentence.
    """

    step: Step
    tries: int = 8


def step(shop: Workshop, work_id: int, kinds: Mapping[str, Kind] | None = None) -> bool:
    """One step; True when the next one may begin at once. Safe to call twice, late, or for work that is gone."""
    if kinds is None:
        from jobs.kinds import KINDS

        kinds = KINDS
    claimed = work.claim(work_id)
    if claimed is None:
        return False
    row, lease = claimed
    kind = kinds.get(row.kind)
    if kind is None:
        work.fail(lease, Tellable("work_unknown", "This version of ProSaaS does not know this kind of work."))
        return False
    if row.fence == 1:
        log.info("🔔 JOB_START: %s work=%s business=%s", row.kind, row.id, row.business_id)
    job = Job(
        shop=shop,
        work_id=row.id,
        business_id=row.business_id,
        args=row.args,
        state=row.state,
        tries=row.tries,
        requested_by=row.requested_by,
        lease=lease,
        until=time.monotonic() + shop.step_seconds,
    )
    try:
        with _beating(lease):
            return _settle(row, job, kind)
    except work.LostLease:
        log.warning("Somebody else has the work, or it was cancelled work=%s", row.id)
        work.give_way(lease)
        return False


def _settle(row: models.Work, job: Job, kind: Kind) -> bool:
    """Do the step and write down what came of it."""
    try:
        outcome = kind.step(job)
    except Temporary as error:
        log.warning("Work has to wait work=%s kind=%s tries=%s code=%s", row.id, row.kind, row.tries, error.code)
        work.retry(job.lease, row, error, error.retry_after_s, kind.tries)
        return False
    except Tellable as error:
        log.warning("🔔 JOB_FAILED: %s work=%s business=%s code=%s", row.kind, row.id, row.business_id, error.code)
        work.fail(job.lease, error)
        return False
    except work.LostLease:
        raise
    except Exception:
        log.exception("Work crashed work=%s kind=%s tries=%s", row.id, row.kind, row.tries)
        work.retry(job.lease, row, CRASHED, None, work.CRASHES)
        return False
    if isinstance(outcome, Done):
        work.finish(job.lease, outcome.result)
        log.info("🔔 JOB_DONE: %s work=%s business=%s", row.kind, row.id, row.business_id)
        return False
    work.park(job.lease, at=outcome.at, state=dict(outcome.state), error_code=None, error_text=None)
    return outcome.at is None


@contextmanager
def _beating(lease: work.Lease) -> Iterator[None]:
    """Renew the lease while a step takes longer than it should, for a single piece cannot always be cut."""
    over = threading.Event()

    def beat() -> None:
        end = time.monotonic() + LONGEST_S
        try:
            while not over.wait(BEAT_S) and time.monotonic() < end:
                models.ready()
                with suppress(Temporary):
                    work.save(lease)
        except work.LostLease:
            return
        finally:
            if not models.db.is_closed():
                models.db.close()

    thread = threading.Thread(target=beat, name=f"beat-{lease.work_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()


def plan() -> list[tuple[int, str]]:
    """Ask for what is planned: each plan asks for its slots; (id, priority) of the work that is new."""
    from jobs.kinds import PLANS

    new = []
    for planned in PLANS:
        try:
            new += [(row.id, row.priority) for row, created in planned() if created]
        except Temporary as error:
            log.warning("A plan has to wait code=%s", error.code)
        except Exception:  # the others have their turn all the same
            log.exception("A plan crashed")
    return new
