"""`./prosaas bench idle`: memory of everything that `./prosaas up` runs while nobody asks for anything."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import requests

from bench import report
from tests.support.processes import environment, free_port, prosaas, running, until

MOST_MB = 250
_LOOKS = 5


def main(argv: list[str]) -> int:
    """Start it, let it settle, add up the proportional memory of all its processes; 1 when it is too much."""
    options = report.parser("idle", "Memory of web, calls, worker, supervisor and the embedded Redis, idle.")
    given = options.parse_args(argv)
    figures = measure(2 if given.quick else 12)  # a whole run sees the tick of a minute
    report.publish("idle", figures, as_json=given.json, quick=given.quick)
    return int(figures["idle_mb"] > MOST_MB)


def measure(every_s: float) -> dict[str, float]:
    """The most of several looks, each so many seconds after the one before, and what each process has at the end."""
    with tempfile.TemporaryDirectory(prefix="idle-") as name:
        folder = Path(name)
        env = environment(folder, PORT=free_port(), CALLS_PORT=free_port())
        with running(prosaas("up"), env, folder / "log") as process:
            until(lambda: _well(f"http://127.0.0.1:{env['PORT']}/api/health"), "all of it is well")
            seen = []
            for _ in range(_LOOKS):
                time.sleep(every_s)
                seen.append(report.memory_mb(process.pid))
            return {"idle_mb": max(seen), "target_mb": MOST_MB, **report.memory_by_command(process.pid)}


def _well(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False
