"""People on the screen, mailboxes that sync and calls that run, all at once for an hour: errors, memory, p99."""

from __future__ import annotations

import contextlib
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import requests

import config as settings
import models
from bench import calls, report
from bench.chaos_load import HONEST, Load, load
from calls import signature
from store import phone
from tests.support.processes import until
from tests.support.product import Product, product

WORKERS = 2
_ACCOUNT, _TOKEN, _NUMBER = "AC" + "1" * 32, "load", "+97235550100"
_PUBLIC = "https://phone.example.com"
_LOOK_S = 5.0  # between two looks at the memory
_TALK_S = 10.0  # how long each call lasts; then others begin


@dataclass(frozen=True)
class Size:
    """How much goes on at once, and for how long."""

    people: int
    mailboxes: int
    calls: int
    seconds: float


FULL = Size(100, 200, 50, 3600.0)
QUICK = Size(100, 40, 50, 20.0)


@dataclass
class Seen:
    """What the load came to."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # seconds by what was asked
    wrong: Counter[str] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)  # honestly
    memory: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # MB by process
    echoes: list[float] = field(default_factory=list)  # p99 in ms of each round of calls
    frames: int = 0
    frames_lost: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    crashed: int = 0  # answers of 5xx that are no honest refusal

    def figures(self) -> dict[str, report.Figure]:
        """As docs/benchmarks.md names them."""
        every = [seconds for times in self.times.values() for seconds in times]
        found: dict[str, report.Figure] = {
            "requests": len(every),
            "errors": sum(self.wrong.values()),
            "errors_5xx": self.crashed,
            "refused_honestly": sum(self.refused.values()),
            "frames": self.frames,
            "frames_lost": self.frames_lost,
            "web_p99_ms": _at(every, 0.99),
            "calls_p99_ms": statistics.median(self.echoes) if self.echoes else None,
            "mb_first": _together(self.memory, 0),
            "mb_last": _together(self.memory, -1),
            **self.rows,
        }
        for name, times in sorted(self.times.items()):
            found[f"{name}.p50_ms"], found[f"{name}.p99_ms"] = _at(times, 0.5), _at(times, 0.99)
        for name, megabytes in sorted(self.memory.items()):
            found[f"{name}.mb"] = megabytes[-1]
            found[f"{name}.mb_per_hour"] = _slope(megabytes)
        return found


def main(argv: list[str]) -> int:
    """`./prosaas bench load [--minutes N]`: 1 when anything was answered wrongly, lost or failed."""
    options = report.parser("load", __doc__ or "")
    options.add_argument("--minutes", type=float, help="how long (default: 60; with --quick a third of one)")
    options.add_argument("--people", type=int, help="on the screen (default: 100)")
    options.add_argument("--mailboxes", type=int, help="each of a business of its own (default: 200; --quick 40)")
    options.add_argument("--calls", type=int, help="at once (default: 50)")
    args = options.parse_args(argv)
    base = QUICK if args.quick else FULL
    seconds = args.minutes * 60 if args.minutes else base.seconds
    size = Size(args.people or base.people, args.mailboxes or base.mailboxes, args.calls or base.calls, seconds)
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        seen = run(Path(folder), size)
    figures = {"people": size.people, "mailboxes": size.mailboxes, "calls": size.calls, "minutes": seconds / 60}
    report.publish("load", figures | seen.figures(), as_json=args.json, quick=args.quick)
    for what, times in seen.wrong.most_common(20):
        print(f"wrong: {what} × {times}", file=sys.stderr)
    return int(bool(seen.wrong or seen.frames_lost or any(seen.rows.values())))


def run(folder: Path, size: Size) -> Seen:
    """All of it, in a folder of its own."""
    seen = Seen()
    phone_settings = {"TWILIO_ACCOUNT_SID": _ACCOUNT, "TWILIO_AUTH_TOKEN": _TOKEN, "PUBLIC_URL": _PUBLIC}
    more = {"WORKERS": "3", "PRIVATE_HOSTS": "127.0.0.1", "API_RATE": "0", **phone_settings}
    with product(folder, None, (), **more) as running, contextlib.ExitStack() as stack:
        models.connect(settings.load(running.env, folder))
        models.ready()
        stack.enter_context(contextlib.closing(models.db))
        living = stack.enter_context(load(running.url, running.standin, 1, size.mailboxes))
        phone.add_number(living.tenants[0].id, _NUMBER)
        processes = {"web": running.start_web(), "calls": running.start("calls")}
        for number in range(WORKERS):
            processes[f"worker_{number}"] = running.start_worker(log=f"worker-{number}")
        until(lambda: _well(f"http://127.0.0.1:{running.calls_port}/healthz"), "calls answers")
        _settled()  # what a new installation has to fetch is no part of its everyday life
        with _going_on(living, running, processes, size, seen):
            time.sleep(size.seconds)
        _settled()
        seen.rows = _failures()
        seen.wrong.update(living.wrong)
    return seen


@contextlib.contextmanager
def _going_on(
    living: Load, running: Product, processes: dict[str, Popen[bytes]], size: Size, seen: Seen
) -> Iterator[None]:
    over = threading.Event()
    ways: list[Callable[[], None]] = [
        lambda: _look_at_memory(processes, seen, over),
        lambda: _call(running, processes["calls"], size, seen, over),
        lambda: _mail(living, over),
        lambda: _sync(living, size.mailboxes, seen, over),
    ]
    ways += [_person(living, number, seen, over) for number in range(size.people)]
    threads = [threading.Thread(target=_told, args=(way, seen), daemon=True) for way in ways]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(120)


def _told(way: Callable[[], None], seen: Seen) -> None:
    try:
        way()
    except Exception as error:  # noqa: BLE001 - the driver's own trouble must not pass for silence
        seen.wrong[f"{type(error).__name__}: {error}"[:200]] += 1


def _person(living: Load, number: int, seen: Seen, over: threading.Event) -> Callable[[], None]:
    """Somebody who looks, searches, opens a receipt and approves it, a request every two seconds or so."""

    def sit() -> None:
        dice = random.Random(number)
        tenant = living.tenants[number % len(living.tenants)]
        with requests.Session() as http:
            http.trust_env = False
            http.headers["Authorization"] = f"Bearer {tenant.token}"
            while not over.wait(dice.uniform(0.5, 3.5)):
                _one_thing(http, living.url, dice, seen)

    return sit


def _one_thing(http: requests.Session, url: str, dice: random.Random, seen: Seen) -> None:
    way = dice.random()
    if way < 0.1:
        _ask(http, "GET", f"{url}/api/receipts?q={dice.choice(['tools', 'coffee', 'light'])}", "search", seen)
    elif way < 0.3:
        _ask(http, "GET", f"{url}/api/changes", "changes", seen)
    elif way < 0.4:
        _ask(http, "GET", f"{url}/api/receipts/counts", "counts", seen)
    else:
        found = _ask(http, "GET", f"{url}/api/receipts?limit=50", "list", seen)
        rows = found.json()["items"] if found is not None else []
        if rows and way < 0.7:
            row = _ask(http, "GET", f"{url}/api/receipts/{dice.choice(rows)['id']}", "open", seen)
            if row is not None and way < 0.5:
                one = row.json()
                headers = {"If-Match": f'"{one["version"]}"'}
                note = {"note": f"seen {dice.randrange(1000)}"}
                _ask(http, "PATCH", f"{url}/api/receipts/{one['id']}", "edit", seen, json=note, headers=headers)


def _ask(
    http: requests.Session, method: str, url: str, name: str, seen: Seen, **more: object
) -> requests.Response | None:
    began = time.perf_counter()
    try:
        answer = http.request(method, url, timeout=60, **more)  # type: ignore[arg-type]
    except requests.RequestException as error:
        seen.wrong[f"{name}: {type(error).__name__}"] += 1
        return None
    seen.times[name].append(time.perf_counter() - began)
    if answer.ok:
        return answer
    if answer.status_code in HONEST:
        seen.refused[answer.status_code] += 1
    else:
        seen.wrong[f"{name}: {answer.status_code} {answer.text[:100]}"] += 1
        seen.crashed += answer.status_code >= 500
    return None


def _mail(living: Load, over: threading.Event) -> None:
    dice = random.Random(3)
    while not over.wait(0.2):
        dice.choice(living.tenants).storm.blow(1)


def _sync(living: Load, mailboxes: int, seen: Seen, over: threading.Event) -> None:
    """Each mailbox once a minute, one after the other."""
    with requests.Session() as http:
        while not over.is_set():
            for tenant in living.tenants:
                http.headers["Authorization"] = f"Bearer {tenant.token}"
                _ask(http, "POST", f"{living.url}/api/receipts/sync", "sync", seen, json={})
                if over.wait(60 / mailboxes):
                    return


def _call(running: Product, process: Popen[bytes], size: Size, seen: Seen, over: threading.Event) -> None:
    """Calls that last a while; when they are over, as many others begin."""
    key = models.derive("calls")[0]
    signed = {"X-Twilio-Signature": signature.sign(_TOKEN, _PUBLIC.replace("http", "ws", 1) + "/ws/media")}
    server = calls.Server(process, running.calls_port, headers=signed, settles=False)
    server.starts = lambda number: calls.starts(key, _ACCOUNT, _NUMBER, number)
    while not over.is_set():
        with calls.streams(server, size.calls, min(_TALK_S, size.seconds)) as client:
            assert client.stdin is not None
            assert client.stdout is not None
            client.stdin.write("go\n")
            client.stdin.flush()
            found = json.loads(client.stdout.readline())
        seen.frames += int(found["sent"])
        seen.frames_lost += int(found["lost"])
        seen.echoes.append(found["p99_ms"])


def _look_at_memory(processes: dict[str, Popen[bytes]], seen: Seen, over: threading.Event) -> None:
    while True:
        for name, process in processes.items():
            seen.memory[name].append(report.memory_mb(process.pid))
        if over.wait(_LOOK_S):
            return


def _settled() -> None:
    busy = "select (select count(*) from sync_run where status in ('queued', 'running'))"
    busy += " + (select count(*) from mail where outcome = 'waiting')"
    until(lambda: models.db.execute_sql(busy).fetchone()[0] == 0, "all is fetched and read", 1800)


def _failures() -> dict[str, int]:
    """Rows that ended in a failure."""
    asked = {
        "runs_failed": "select count(*) from sync_run where status = 'failed'",
        "mails_failed": "select count(*) from mail where outcome = 'failed'",
        "work_failed": "select count(*) from work where status = 'failed'",
    }
    return {name: int(models.db.execute_sql(sql).fetchone()[0]) for name, sql in asked.items()}


def _well(url: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(url, timeout=2).ok
    return False


def _at(times: list[float], share: float) -> float | None:
    ranked = sorted(times)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))] * 1000 if ranked else None


def _together(memory: dict[str, list[float]], place: int) -> float | None:
    """MB of all processes at the first look or the last."""
    return sum(megabytes[place] for megabytes in memory.values()) if memory else None


def _slope(megabytes: list[float]) -> float | None:
    """MB an hour over the later two thirds, when all is warm; None for too short a look."""
    late = megabytes[len(megabytes) // 3 :]
    if len(late) < 8:
        return None
    return statistics.linear_regression(range(len(late)), late).slope * 3600 / _LOOK_S
