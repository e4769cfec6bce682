"""The worker process with kinds of work for tests: `python -m tests.support.work_worker`."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

import clock
from cli.main import run
from errors import Tellable, Temporary
from jobs import kinds
from jobs.work import Again, Done, Job, Kind
from models import Setting


def count(job: Job) -> Again | Done:
    """A row a unit, each in one transaction with the state; slow enough to be killed in the middle."""
    done = int(job.state.get("done", 0))
    while job.more():
        if done == job.args["units"]:
            return Done({"units": done})
        done += 1
        time.sleep(job.args.get("seconds", 0.01))
        with job.writing(state={"done": done}, progress=done, total=job.args["units"]):
            Setting.create(name=f"unit-{job.work_id}-{done}", value="done")
    return Again({"done": done})


def refuse(job: Job) -> Again | Done:
    """Fails as its arguments say, so often."""
    if job.tries <= job.args["times"]:
        if job.args["how"] == "temporary":
            raise Temporary("away", "The other side is away.")
        if job.args["how"] == "tellable":
            raise Tellable("refused", "The other side refuses.")
        raise ZeroDivisionError("a defect")
    return Done({"tries": job.tries})


def later(job: Job) -> Again | Done:
    """Waits before its second step."""
    return Done() if job.state else Again({"first": True}, at=clock.now() + timedelta(hours=1))


def kill_me(job: Job) -> Again | Done:
    """Takes its process with it."""
    with Path(job.args["log"]).open("a", encoding="utf-8") as log:
        log.write("tried\n")
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


KINDS = {"count": Kind(count), "refuse": Kind(refuse, tries=3), "later": Kind(later), "kill_me": Kind(kill_me)}

if __name__ == "__main__":
    setattr(kinds, "KINDS", KINDS)  # noqa: B010 - a constant of theirs
    sys.exit(run(["worker"]))
