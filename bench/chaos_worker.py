"""The worker of `bench chaos`: the product's own, which also notes each write's fence and each turn at a business."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import models
from cli.main import run
from jobs import sync
from store import runs, sql


def _noting(original: Callable[..., Any]) -> Callable[..., Any]:
    def noting(lease: runs.Lease, **changes: Any) -> Any:
        result = original(lease, **changes)
        # In the write's own transaction: what is rolled back was never written.
        values = [lease.run_id, lease.fence, os.getpid()]
        sql.run("INSERT INTO chaos_write (run_id, fence, pid) VALUES (?, ?, ?)", values)
        return result

    return noting


def _turning(original: Callable[..., bool]) -> Callable[..., bool]:
    def turn(step: Any) -> bool:
        _note_turn(step.lease, 0)
        try:
            return original(step)
        finally:
            _note_turn(step.lease, 1)

    return turn


def _note_turn(lease: runs.Lease, over: int) -> None:
    values = [lease.business_id, lease.run_id, lease.fence, os.getpid(), threading.get_native_id(), over]
    # A database that is away takes no note, which hides an overlap at most.
    with contextlib.suppress(Exception), models.write():
        sql.run("INSERT INTO chaos_turn (business_id, run_id, fence, pid, thread, ended) VALUES (?,?,?,?,?,?)", values)


if __name__ == "__main__":
    for name in ("hold", "count"):
        setattr(runs, name, _noting(getattr(runs, name)))
    sync._Step.go = _turning(sync._Step.go)  # type: ignore[method-assign]
    sys.exit(run(["worker"]))
