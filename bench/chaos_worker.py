"""The worker of `bench chaos`: the product's own, which also writes down under which fence each of its writes went."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from cli.main import run
from store import runs, sql


def _noting(original: Callable[..., Any]) -> Callable[..., Any]:
    def noting(lease: runs.Lease, **changes: Any) -> Any:
        result = original(lease, **changes)
        # In the write's own transaction: what is rolled back was never written.
        values = [lease.run_id, lease.fence, os.getpid()]
        sql.run("INSERT INTO chaos_write (run_id, fence, pid) VALUES (?, ?, ?)", values)
        return result

    return noting


if __name__ == "__main__":
    for name in ("hold", "count"):
        if hasattr(runs, name):
            setattr(runs, name, _noting(getattr(runs, name)))
    sys.exit(run(["worker"]))
