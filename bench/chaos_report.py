"""The report of `bench chaos`: a row a fault kind of each seed and database, added up as the runs come in."""

from __future__ import annotations

import contextlib
import fcntl
import json
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from bench import report

if TYPE_CHECKING:
    from bench.chaos import Outcome

Figures = dict[str, report.Figure]
_COUNTED = ("faults", "lost", "doubled", "stale_writes", "two_at_once", "under_way", "wrong_answers")
_WORST = ("recovery_p50_s", "recovery_p99_s", "recovery_max_s", "s_per_fault")


def kept(*, quick: bool) -> Figures:
    """The figures of the report that is there; those of single seeds are what later runs are added to."""
    file = report.REPORTS / f"chaos{'.quick' if quick else ''}.json"
    if not file.exists():
        return {}
    figures: Figures = json.loads(file.read_text(encoding="utf-8"))["figures"]
    return {name: value for name, value in figures.items() if ".seed_" in name}


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """In the block no other run changes the report."""
    with (Path(tempfile.gettempdir()) / "prosaas-chaos.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def has(figures: Mapping[str, report.Figure], database: str, seed: int, faults: int) -> bool:
    """Whether a run of this size is there."""
    return figures.get(f"{database}.seed_{seed}.faults") == faults


def add(figures: Mapping[str, report.Figure], outcome: Outcome) -> Figures:
    """The figures and those of one more run, in place of an older one of the same seed and database."""
    begin = f"{outcome.database}.seed_{outcome.seed}."
    found = {name: value for name, value in figures.items() if not name.startswith(begin)}
    found |= {begin + name: value for name, value in _of(outcome).items()}
    for kind, seconds in outcome.by_kind().items():
        found[f"{begin}{kind}.times"] = len(seconds)
        found[f"{begin}{kind}.recovery_p50_s"] = statistics.median(seconds)
        found[f"{begin}{kind}.recovery_max_s"] = max(seconds)
    return found


def summed(figures: Mapping[str, report.Figure]) -> Figures:
    """The whole report: of each database first the sums of its seeds (of times the worst seed's), then each run."""
    found: Figures = {}
    for database in sorted({name.partition(".")[0] for name in figures}):
        seeds = sorted({name.split(".")[1] for name in figures if name.startswith(f"{database}.")})
        found[f"{database}.seeds"] = len(seeds)
        for name in _COUNTED + _WORST:
            values = [figures.get(f"{database}.{seed}.{name}") for seed in seeds]
            numbers = [value for value in values if isinstance(value, int | float)]
            found[f"{database}.{name}"] = (sum if name in _COUNTED else max)(numbers) if numbers else None
    return found | dict(figures)


def tell(outcome: Outcome, out: TextIO) -> None:
    """A line a fault kind, and one for each thing that was wrong."""
    for kind, seconds in outcome.by_kind().items():
        middle, most = statistics.median(seconds), max(seconds)
        print(
            f"{outcome.database:<11} {kind:<20} {len(seconds):>4} ×  {middle:6.2f} s, at most {most:6.2f} s", file=out
        )
    for name, found in (("lost", outcome.verdict.lost), ("doubled", outcome.verdict.doubled)):
        for what in found[:20]:
            print(f"{outcome.database} {name}: {what}", file=out)
    for name, count in _of(outcome).items():
        print(f"{outcome.database:<11} {name:<20} {count}", file=out)
    for what, times in outcome.wrong.items():
        print(f"{outcome.database} wrong answer: {what} × {times}", file=out)


def _of(outcome: Outcome) -> Figures:
    seconds = sorted(took for _, took in outcome.recoveries)
    return {
        "faults": len(seconds),
        "lost": len(outcome.verdict.lost),
        "doubled": len(outcome.verdict.doubled),
        "stale_writes": outcome.verdict.stale_writes,
        "two_at_once": outcome.verdict.two_at_once,
        "under_way": outcome.under_way,
        "wrong_answers": sum(outcome.wrong.values()),
        "recovery_p50_s": statistics.median(seconds) if seconds else None,
        "recovery_p99_s": seconds[min(len(seconds) - 1, round(0.99 * len(seconds)))] if seconds else None,
        "recovery_max_s": max(seconds, default=None),
        "s_per_fault": outcome.seconds / len(seconds) if seconds else None,
    }
