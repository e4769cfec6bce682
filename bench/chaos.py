"""`./prosaas bench chaos`: the real processes under load while faults strike, and what was lost or doubled."""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
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
from bench import chaos_report, report
from bench.chaos_database import Database, Postgresql, Sqlite
from bench.chaos_faults import Site, kinds, series, set_clock
from bench.chaos_load import load
from bench.chaos_oracle import Verdict, judge
from tests.support.product import Product, product

WORKERS = 2
DISK_MB = 256
_LATENCY_S = 0.1  # of Gmail: a run takes as long as it does out there
_FAKETIME = Path("/usr/lib")  # where Debian keeps the library that gives a process a clock of its own


@dataclass(frozen=True)
class Size:
    """How much is done: faults (of these kinds alone, where any are named), businesses, seconds to be quiet again."""

    faults: int
    businesses: int
    patience_s: float = 300.0
    only: tuple[str, ...] = ()


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
    seconds: float = 0.0
    wrong: Counter[str] = field(default_factory=Counter)

    @property
    def good(self) -> bool:
        """Whether all that is promised was held."""
        return self.verdict.clean and not self.wrong

    def by_kind(self) -> dict[str, list[float]]:
        """Seconds until all went on, by the fault that had struck."""
        kinds: dict[str, list[float]] = defaultdict(list)
        for kind, seconds in self.recoveries:
            kinds[kind].append(seconds)
        return dict(sorted(kinds.items()))


def main(argv: list[str]) -> int:
    """Run the seeds on each database asked for; 1 when the promise was not held."""
    options = report.parser("chaos", __doc__.partition(": ")[2])
    options.add_argument("--seed", type=int, nargs="+", default=[1], help="of the faults and of the load (default: 1)")
    options.add_argument("--faults", type=int, help="how many (default: 300; with --quick 6)")
    options.add_argument("--businesses", type=int, help="how many (default: 40; with --quick 4)")
    options.add_argument("--only", default="", help=f"of these kinds, with commas: {', '.join(kinds())}")
    options.add_argument("--patience", type=float, help="seconds in which all must go on again (default: 900)")
    options.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    options.add_argument("--logs", type=Path, help="a folder in which the processes' logs are kept")
    options.add_argument(
        "--resume", action="store_true", help="add to the report, leaving out what it has of this size"
    )
    args = options.parse_args(argv)
    full = QUICK if args.quick else FULL
    only = tuple(filter(None, args.only.split(",")))
    if unknown := set(only) - set(kinds()):
        options.error(f"there is no fault {', '.join(sorted(unknown))}")
    size = Size(args.faults or full.faults, args.businesses or full.businesses, args.patience or full.patience_s, only)
    kept: chaos_report.Figures = {}
    good = True
    for seed in args.seed:
        for name in _databases(args):
            if args.resume and chaos_report.has(chaos_report.kept(quick=args.quick), name, seed, size.faults):
                continue
            with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
                outcome = run(Path(folder), name, seed, size, args.logs)
            chaos_report.tell(outcome, sys.stderr if args.json else sys.stdout)
            good = good and outcome.good
            if not only:  # a run of chosen faults is a trial of those; it stands for nothing else
                with chaos_report.alone():  # the other database may be under way beside this one
                    kept = chaos_report.add(chaos_report.kept(quick=args.quick) if args.resume else kept, outcome)
                    report.publish("chaos", chaos_report.summed(kept), as_json=args.json, quick=args.quick)
    return int(not good)


def _databases(args: argparse.Namespace) -> list[str]:
    if args.database != "both":
        return [args.database]
    # A quick run ends within a minute; the other database is for the whole one.
    return ["sqlite"] if args.quick else ["sqlite", "postgresql"]


def run(folder: Path, database: str, seed: int, size: Size, logs: Path | None = None) -> Outcome:
    """One seed on one database, in a folder of its own; its logs are copied to a folder that is named."""
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        data = stack.enter_context(_small_disk(folder)) or folder
        db = _database(database, data)
        running = stack.enter_context(_product(data, db))
        db.prepare()
        site = Site(running, db, random.Random(seed), lambda name: _start(running, name))
        site.filler = data / "filler" if data != folder else None
        site.clock = _own_clock(running, folder / "clock")
        models.connect(settings.load(running.env, data))
        running.standin.set_habits(latency_s=_LATENCY_S)
        models.ready()
        with contextlib.closing(models.db):
            living = stack.enter_context(load(running.url, running.standin, seed, size.businesses))
            site.up("web", "calls", *(f"worker-{number}" for number in range(WORKERS)))
            recoveries, under_way, stuck = [], 0, ""
            with living.blowing():
                for fault in series(site, size.faults, size.only):
                    time.sleep(site.random.uniform(0.1, 0.8))
                    before = _writes(db)
                    under_way += bool(before)
                    fault(site)
                    seconds = _recovered(site, before, size.patience_s)
                    if seconds is None:
                        stuck = f"after {fault.__name__} not all went on within {size.patience_s:g} s: {sorted(before)}"
                        break
                    recoveries.append((fault.__name__, seconds))
            models.db.close()  # it may have been cut, too
            models.ready()
            verdict = judge(living, db, site.unlocked, size.patience_s)
            verdict.lost += [stuck] if stuck else []
        if logs is not None:
            kept = logs / f"{database}-{seed}"
            kept.mkdir(parents=True, exist_ok=True)
            for log in data.glob("*.log"):
                shutil.copy(log, kept)
        return Outcome(seed, database, verdict, recoveries, under_way, time.monotonic() - began, living.wrong)


def _product(data: Path, db: Database) -> contextlib.AbstractContextManager[Product]:
    return product(data, GMAIL_QUOTA="off", DATABASE_URL=db.url, WORKERS="3", PRIVATE_HOSTS="127.0.0.1")


def _own_clock(running: Product, clock: Path) -> Path | None:
    """Have all that is started from here on take its time from this file; None where there is no library for it."""
    library = next(iter(sorted(_FAKETIME.glob("**/libfaketime.so.1"))), None)
    if library is None:
        return None
    set_clock(clock, 0)
    running.env |= {
        "LD_PRELOAD": str(library),
        "PYTHONPATH": str(Path(__file__).resolve().parent / "chaos_site"),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    return clock


def _start(running: Product, name: str) -> subprocess.Popen[bytes]:
    if name.startswith("worker"):
        return running.start_worker(command=[sys.executable, "-m", "bench.chaos_worker"], log=name)
    return running.start_web() if name == "web" else running.start(name)


def _writes(db: Database) -> dict[int, int]:
    """The runs that are under way, and the newest write of each."""
    return dict(
        db.fetch(
            "select id, coalesce((select max(id) from chaos_write where run_id = sync_run.id), 0) from sync_run"
            " where status = 'running' and lease_until is not null"
        )
    )


def _recovered(site: Site, before: dict[int, int], patience_s: float) -> float | None:
    """Seconds until the web is well and every run goes on, is over or waits on purpose; None: not in time."""
    began = time.monotonic()

    def well() -> bool:
        try:
            answer = requests.get(f"{site.running.url}/api/health", timeout=5)
        except requests.RequestException:
            return False
        return answer.status_code == 200 and all(_goes_on(site.database, *each) for each in before.items())

    while not well():
        if time.monotonic() - began > patience_s:
            return None
        time.sleep(0.02)
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
