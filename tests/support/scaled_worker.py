"""The worker process with Google's minute scaled down: `python -m tests.support.scaled_worker UNITS WINDOW_S`."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial

from cli.main import run
from jobs import adapters
from sources import quota

if __name__ == "__main__":
    units, window_s = int(sys.argv[1]), float(sys.argv[2])
    for name in ("standard", "legacy"):
        quota.PLANS[name] = replace(quota.PLANS[name], per_mailbox=units)
    setattr(adapters, "RedisLimiter", partial(quota.RedisLimiter, window_s=window_s))  # noqa: B010 - a name of theirs
    sys.exit(run(["worker"]))
