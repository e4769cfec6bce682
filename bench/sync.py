"""`./prosaas bench sync`: the share of Gmail's quota a back-fill uses, the work of a mail, and a large mailbox."""

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import report
from tests.support.product import Business, Product, product

_LATENCY_MS = 150
_MOST_S = 3600.0


@dataclass(frozen=True)
class Size:
    """How much is measured. Without `scaled` the limits are Google's own, a minute long."""

    backfill: dict[str, int]  # mails, by plan
    mails: int  # taken in without limits
    listed: int
    scaled: dict[str, tuple[int, float, float]] | None = None  # by plan: units, their window, the window we keep


FULL = Size({"standard": 3000, "legacy": 3000}, mails=2000, listed=100_000)
QUICK = Size(
    {"standard": 160, "legacy": 1100},
    mails=300,
    listed=100_000,
    scaled={"standard": (1000, 10.0, 10.25), "legacy": (2500, 10.0, 10.25)},
)


def main(argv: list[str]) -> int:
    """Measure; --quick scales Google's minute and the mailboxes down. 1 when the quota was overrun."""
    args = report.parser("sync", __doc__.partition(": ")[2]).parse_args(argv)
    size = QUICK if args.quick else FULL
    figures: dict[str, report.Figure] = {}
    memory: list[float] = []
    with ThreadPoolExecutor(2) as pool:  # they wait for their quota most of the time
        shares = dict(zip(size.backfill, pool.map(lambda plan: _backfill(plan, size), size.backfill), strict=True))
    for plan, (share, _) in shares.items():
        figures[f"quota_share_{plan}"] = share
    overruns = sum(overruns for _, overruns in shares.values())
    figures["quota_overruns"] = overruns
    figures |= _throughput(size.mails, memory)
    figures |= _listing(size.listed, memory)
    figures["worker_mb"] = max(memory)
    report.publish("sync", figures, as_json=args.json, quick=args.quick)
    return int(overruns > 0)


def _backfill(plan: str, size: Size) -> tuple[float | None, int]:
    """The share of what the quota allows that was used over its full windows, and how often it was overrun.

    The windows follow one another from the first call on; a window is full when mail was left to fetch at its end. The
    stand-in refuses what is beyond the limit, so each refusal is an overrun, in whichever minute it came.
    """
    mails = size.backfill[plan]
    with _mailbox(mails, "pdf", GMAIL_QUOTA=plan) as running:
        limits = {"mode": plan}
        scaled = None
        if size.scaled is not None:
            units, window_s, ours_s = size.scaled[plan]
            limits |= {"units": units, "window_s": window_s}  # type: ignore[dict-item]
            scaled = (units, ours_s)
        told = running.standin.set_quota(**limits)
        running.standin.set_habits(latency_s=_LATENCY_MS / 1000)
        business, _ = _connected(running, scaled)
        _until(lambda: business.run()["counters"]["fetched"] >= mails or _over(business), 1.0)
        stats, calls = running.standin.stats(), running.standin.journal()
        assert business.run()["counters"]["fetched"] == mails
    spent = [(call["at"], call["units"]) for call in calls if call["units"]]
    window_s, units = float(told["window_s"]), int(told["units"])
    begun = spent[0][0]
    windows = int((spent[-1][0] - begun) // window_s)
    within = sum(amount for at, amount in spent if at < begun + windows * window_s)
    overruns = stats["refused"].get("quota", 0) + int(stats["max_window_units"] > units)
    return (within / (windows * units) if windows else None), overruns


def _throughput(mails: int, memory: list[float]) -> dict[str, report.Figure]:
    """Mails a second that one core takes in, each with a text PDF: ledger, blobs, reading and database."""
    with _mailbox(mails, "pdf") as running:
        business, worker = _connected(running)
        with _sampled(worker.pid, memory):
            _until(lambda: _over(business), 0.5)
        used = report.cpu_s(worker.pid)  # the start of worker and reader is in it
        run = business.run()
        assert (run["status"], run["counters"]["fetched"]) == ("completed", mails), run
        running.standin.reset_stats()
        again = business.finished(business.sync().json()["run_id"])
        assert again["status"] == "completed", again
        stats = running.standin.stats()
    return {
        "mails_per_s_core": mails / used,
        "noop_calls": sum(stats["calls"].values()),
        "noop_units": stats["units"],
    }


def _listing(mails: int, memory: list[float]) -> dict[str, report.Figure]:
    """Seconds until a mailbox stands in the ledger as a whole, under the standard quota and without latency."""
    with _mailbox(mails, "text", GMAIL_QUOTA="standard") as running:
        running.standin.set_quota("standard")
        began = time.monotonic()
        business, worker = _connected(running)
        with _sampled(worker.pid, memory):
            # Fetching begins when all is listed.
            _until(lambda: business.run()["counters"]["fetched"] > 0 or _over(business), 0.2)
        seconds = time.monotonic() - began
        run = business.run()
        assert run["counters"]["found"] == mails, run
        business.call("POST", f"/api/receipts/sync/{run['id']}/cancel")
    return {"list_100k_s": seconds if mails == 100_000 else None}


@contextmanager
def _mailbox(mails: int, kind: str, **settings: str) -> Iterator[Product]:
    """The product as real processes, with a stand-in that holds so many mails."""
    arguments = ("--synthetic", str(mails), "--synthetic-kind", kind)
    with (
        tempfile.TemporaryDirectory(prefix="bench-sync-") as folder,
        product(Path(folder), None, arguments, **settings) as running,
    ):
        running.start_web()
        yield running


def _connected(running: Product, scaled: tuple[int, float] | None = None) -> tuple[Business, subprocess.Popen[bytes]]:
    """A business whose first sync begins now, and the worker that was started for it."""
    business = running.business("Bench")
    worker = running.start_worker(scaled)
    business.connect()
    return business, worker


def _over(business: Business) -> bool:
    return (business.run() or {}).get("status") in {"completed", "failed", "cancelled"}


def _until(ready: Callable[[], Any], every_s: float) -> None:
    deadline = time.monotonic() + _MOST_S
    while not ready():
        assert time.monotonic() < deadline, "it does not come to an end"
        time.sleep(every_s)


@contextmanager
def _sampled(pid: int, memory: list[float]) -> Iterator[None]:
    """The worker's memory, twice a second."""
    over = threading.Event()

    def sample() -> None:
        while not over.wait(0.5):
            memory.append(report.memory_mb(pid))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield
    finally:
        memory.append(report.memory_mb(pid))
        over.set()
        thread.join()
