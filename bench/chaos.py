"""`./prosaas bench chaos`: the real processes under load while faults strike, and what was lost or doubled."""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests

import config as settings
import models
from bench import report
from bench.chaos_database import Database, Postgresql, Sqlite
from bench.chaos_faults import Site, series, set_clock
from bench.chaos_load import load
from bench.chaos_oracle import Verdict, judge
from tests.support.processes import until
from tests.support.product import Product, product

WORKERS = 2
DISK_MB = 256
_LATENCY_S = 0.1  # of Gmail: a run takes as long as it does out there
_FAKETIME = Path("/usr/lib")  # where Debian keeps the library that gives a process a clock of its own


@dataclass(frozen=True)
class Size:
    """How much is done: faults, businesses, and seconds in which all must be quiet again in the end."""

    faults: int
    businesses: int
    patience_s: float = 300.0


FULL = Size(300, 40, 900.0)
QUICK = Size(6, 4)
CI = Size(12, 6)


@dataclass
class Outcome:
    """What one run of a seed on one database came to."""

    seed: int
    database: str
    verdict: Verdict
    recoveries: list[tuple[str, float]] = field(default_factory=list)
    under_way: int = 0  # faults that struck while runs were worked on
    wrong: Counter[str] = field(default_factory=Counter)

    def by_kind(self) -> dict[str, list[float]]:
        """Seconds until all went on, by the fault that had struck."""
        kinds: dict[str, list[float]] = defaultdict(list)
        for kind, seconds in self.recoveries:
            kinds[kind].append(seconds)
        return dict(sorted(kinds.items()))

    def figures(self) -> dict[str, report.Figure]:
        """As docs/benchmarks.md names them, without the database's name."""
        seconds = sorted(took for _, took in self.recoveries)
        return {
            "faults": len(self.recoveries),
            "lost": len(self.verdict.lost),
            "doubled": len(self.verdict.doubled),
            "stale_writes": self.verdict.stale_writes,
            "two_at_once": self.verdict.two_at_once,
            "recovery_p50_s": statistics.median(seconds) if seconds else None,
            "recovery_p99_s": seconds[min(len(seconds) - 1, round(0.99 * len(seconds)))] if seconds else None,
            "under_way": self.under_way,
            "wrong_answers": sum(self.wrong.values()),
        }


def main(argv: list[str]) -> int:
    """Run one seed on each database asked for; 1 when anything was lost, doubled or written stale."""
    options = report.parser("chaos", __doc__.partition(": ")[2])
    options.add_argument("--seed", type=int, default=1, help="of the faults and of the load (default: 1)")
    options.add_argument("--faults", type=int, help="how many (default: 300; with --quick 6)")
    options.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    args = options.parse_args(argv)
    size = QUICK if args.quick else FULL
    size = Size(args.faults or size.faults, size.businesses, size.patience_s)
    figures: dict[str, report.Figure] = {"seed": args.seed}
    bad = False
    for name in _databases(args):
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
            outcome = run(Path(folder), name, args.seed, size)
        _tell(outcome, sys.stderr if args.json else sys.stdout)
        figures |= {f"{name}.{key}": value for key, value in outcome.figures().items()}
        for kind, seconds in outcome.by_kind().items():
            figures[f"{name}.{kind}.times"] = len(seconds)
            figures[f"{name}.{kind}.recovery_max_s"] = max(seconds)
        bad = bad or not outcome.verdict.clean
    report.publish("chaos", figures, as_json=args.json, quick=args.quick)
    return int(bad)


def _databases(args: argparse.Namespace) -> list[str]:
    if args.database != "both":
        return [args.database]
    # A quick run ends within a minute; the other database is for the whole one.
    return ["sqlite"] if args.quick else ["sqlite", "postgresql"]


def _tell(outcome: Outcome, out: object) -> None:
    for kind, seconds in outcome.by_kind().items():
        middle, most = statistics.median(seconds), max(seconds)
        print(
            f"{outcome.database:<11} {kind:<20} {len(seconds):>4} ×  {middle:6.2f} s, at most {most:6.2f} s", file=out
        )  # type: ignore[call-overload]
    for name, found in (("lost", outcome.verdict.lost), ("doubled", outcome.verdict.doubled)):
        for what in found[:20]:
            print(f"{outcome.database} {name}: {what}", file=out)  # type: ignore[call-overload]
    for what, times in outcome.wrong.items():
        print(f"{outcome.database} wrong answer: {what} × {times}", file=out)  # type: ignore[call-overload]


def run(folder: Path, database: str, seed: int, size: Size) -> Outcome:
    """One seed on one database, in a folder of its own."""
    with contextlib.ExitStack() as stack:
        data = stack.enter_context(_small_disk(folder)) or folder
        db = _database(database, data)
        clock = folder / "clock"
        library = next(iter(sorted(_FAKETIME.glob("**/libfaketime.so.1"))), None)
        running = stack.enter_context(_product(data, db))
        db.prepare()
        site = Site(running, db, random.Random(seed), lambda name: _start(running, name, library, clock))
        site.filler = data / "filler" if data != folder else None
        if library is not None:
            site.clock = clock
            set_clock(clock, 0)
        models.connect(settings.load(running.env, data))
        running.standin.set_habits(latency_s=_LATENCY_S)
        models.ready()
        with contextlib.closing(models.db):
            living = stack.enter_context(load(running.url, running.standin, seed, size.businesses))
            site.up("web", "calls", *(f"worker-{number}" for number in range(WORKERS)))
            recoveries, under_way = [], 0
            with living.blowing():
                for fault in series(site, size.faults):
                    time.sleep(site.random.uniform(0.2, 1.5))
                    before = _writes(db)
                    under_way += bool(before)
                    fault(site)
                    recoveries.append((fault.__name__, _recovered(site, fault.__name__, before, size.patience_s)))
            models.db.close()  # it may have been cut, too
            models.ready()
            verdict = judge(living, db, size.patience_s)
        return Outcome(seed, database, verdict, recoveries, under_way, living.wrong)


def _product(data: Path, db: Database) -> contextlib.AbstractContextManager[Product]:
    return product(data, GMAIL_QUOTA="off", DATABASE_URL=db.url, WORKERS="3", PRIVATE_HOSTS="127.0.0.1")


def _start(running: Product, name: str, library: Path | None, clock: Path) -> subprocess.Popen[bytes]:
    plain = dict(running.env)
    if library is not None:
        running.env |= {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
    try:
        if name.startswith("worker"):
            return running.start_worker(command=[sys.executable, "-m", "bench.chaos_worker"], log=name)
        if name == "web":
            return running.start_web()
        return running.start(name)
    finally:
        running.env = plain


def _writes(db: Database) -> dict[int, int]:
    """The runs that are under way, and the newest write of each."""
    return dict(
        db.fetch(
            "select id, coalesce((select max(id) from chaos_write where run_id = sync_run.id), 0) from sync_run"
            " where status = 'running' and lease_until is not null"
        )
    )


def _recovered(site: Site, fault: str, before: dict[int, int], patience_s: float) -> float:
    """Seconds until the web is well and every run that was under way goes on, is over or waits on purpose."""
    began = time.monotonic()

    def well() -> bool:
        try:
            answer = requests.get(f"{site.running.url}/api/health", timeout=5)
        except requests.RequestException:
            return False
        return answer.status_code == 200 and all(_goes_on(site.database, *each) for each in before.items())

    until(well, f"everything goes on after {fault}, runs {sorted(before)}", patience_s)
    return time.monotonic() - began


def _goes_on(db: Database, run_id: int, write: int) -> bool:
    """Whether the run was written to since, is over, or waits on purpose."""
    sql = (
        "select status, wake_at, (select max(id) from chaos_write where run_id = sync_run.id) from sync_run where id = "
    )
    ((status, wake_at, newest),) = db.fetch(sql + str(run_id))
    return status != "running" or wake_at is not None or (newest or 0) > write


@contextlib.contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    """A small file system of its own for the data, so that it can be full; None where we may not mount one."""
    place = folder / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=700", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], capture_output=True, check=False)


def _database(name: str, data: Path) -> Database:
    if name == "sqlite":
        return Sqlite(data / "prosaas.db")
    from tests.support import postgres  # where no server is installed, SQLite can be tried all the same

    return Postgresql(postgres.cluster().database())
