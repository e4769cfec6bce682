"""The web process with a million receipts: list, search and totals, a writer beside it, and the same list elsewhere."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import models
from bench import idle, report
from config import Config
from store import people, schema
from tests.support import installation, postgres
from tests.support.processes import ROOT, environment, free_port, prosaas, running, until
from tests.support.receipts_many import PLACES, VENDORS, fill
from tests.support.redis_server import RedisServer

PAGE = 50
WRITES_PER_S = 200
_WORDS = [word.strip("&").lower() for name in (*VENDORS, *PLACES) for word in name.split() if len(word) > 2]


@dataclass(frozen=True)
class Size:
    """How much there is and how often it is asked for."""

    receipts: int
    businesses: int
    requests: int


WHOLE = Size(1_000_000, 200, 1500)
QUICK = Size(5_000, 8, 120)


def main(argv: list[str]) -> int:
    """Measure, print, keep the report."""
    parser = report.parser("web", "List, search and totals with many receipts, on SQLite and PostgreSQL.")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="leave the other database out")
    given: argparse.Namespace = parser.parse_args(argv)
    size = QUICK if given.quick else WHOLE
    figures: dict[str, report.Figure] = {}
    for kind in ("sqlite", "postgresql"):
        if given.only in (None, kind):
            figures.update(_database(kind, size))
            report.publish("web", figures, as_json=given.json, quick=given.quick)  # what there is, should the rest fail
    figures["idle_mb"] = idle.measure(2)["idle_mb"]
    report.publish("web", figures, as_json=given.json, quick=given.quick)
    return 0


def _database(kind: str, size: Size) -> dict[str, report.Figure]:
    names: tuple[str, ...] = ("list_cpu_ms", "list_p99_ms", "search_p99_ms", "totals_p99_ms", "list_p99_ms_with_writer")
    names += ("list_p50_ms", "search_p50_ms", "totals_p50_ms", "search_cpu_ms", "totals_cpu_ms", "fill_s")
    with tempfile.TemporaryDirectory() as name, RedisServer() as redis:
        folder = Path(name)
        try:
            url = f"sqlite:///{folder}/prosaas.db" if kind == "sqlite" else postgres.cluster().database()
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "Skipped":
                raise
            return {f"{kind}.{one}": None for one in names}
        config = installation.settings(folder, DATABASE_URL=url, REDIS_URL=redis.url)
        began = time.monotonic()
        tokens = _filled(config, size)
        filled = time.monotonic() - began
        env = environment(folder, ENCRYPTION_KEY=installation.KEY, DATABASE_URL=url, REDIS_URL=redis.url)
        with _web(env, folder) as (port, pid):
            found = _measured(port, pid, tokens, size)
            found["list_p99_ms_with_writer"] = _with_writer(config, port, tokens, size)
        found["fill_s"] = filled
        figures: dict[str, report.Figure] = {f"{kind}.{one}": found[one] for one in names}
        if kind == "sqlite":
            for twin in ("flask", "fastapi"):
                figures.update(_twin(twin, folder, size))
    return figures


def _filled(config: Config, size: Size) -> list[str]:
    """The receipts in place; a bearer token of each business."""
    with installation.database(config):
        owners = [installation.business(f"b{number}").id for number in range(size.businesses)]
        tokens = [people.new_token(models.Business.get_by_id(one), "bench", role="owner") for one in owners]
        fill(owners, size.receipts)
        models.db.execute_sql("analyze")
    schema.open_database(config)
    return tokens


@contextlib.contextmanager
def _web(env: dict[str, str], folder: Path) -> Iterator[tuple[int, int]]:
    port = free_port()
    with running(prosaas("web"), {**env, "PORT": str(port), "LOG_LEVEL": "warning"}, folder / "web.log") as process:
        until(lambda: _up(port, "/healthz"), "web answers")
        yield port, process.pid


def _up(port: int, path: str) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False


def _measured(port: int, pid: int, tokens: Sequence[str], size: Size) -> dict[str, float]:
    out: dict[str, float] = {}
    for what, path in (("list", _list), ("search", _search), ("totals", lambda _: "/api/receipts/stats")):
        _asked(port, tokens, path, size.requests // 5, seed=1)  # warm
        before = _cpu_s(pid)
        times = _asked(port, tokens, path, size.requests, seed=2)
        out[f"{what}_cpu_ms"] = (_cpu_s(pid) - before) * 1000 / size.requests
        out[f"{what}_p50_ms"], out[f"{what}_p99_ms"] = _quantiles(times)
    return out


def _list(chance: random.Random) -> str:
    return f"/api/receipts?limit={PAGE}&sort={chance.choice(('-date', 'date', '-created'))}"


def _search(chance: random.Random) -> str:
    word = chance.choice(_WORDS)
    return f"/api/receipts?limit={PAGE}&q={quote(word[: chance.randint(3, 8)])}"


def _asked(
    port: int, tokens: Sequence[str], path: Callable[[random.Random], str], count: int, seed: int
) -> list[float]:
    """Seconds of each request, one after the other on one connection, each of another business."""
    chance, times = random.Random(seed), []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(count):
        asked, token = path(chance), chance.choice(tokens)
        began = time.perf_counter()
        connection.request("GET", asked, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        body = answer.read()
        times.append(time.perf_counter() - began)
        assert answer.status == 200, body[:300]
    connection.close()
    return times


def _quantiles(times: Sequence[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(times, n=100)
    return cuts[49] * 1000, cuts[98] * 1000


def _with_writer(config: Config, port: int, tokens: Sequence[str], size: Size) -> float:
    """p99 of the list while a process writes 200 receipts a second."""
    command = [sys.executable, "-m", "bench.web_writer", str(WRITES_PER_S)]
    env = {**environment(config.data_dir, ENCRYPTION_KEY=installation.KEY, DATABASE_URL=config.database_url)}
    writer = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()  # it has begun
        return _quantiles(_asked(port, tokens, _list, size.requests, seed=3))[1]
    finally:
        writer.terminate()
        writer.wait()


def _twin(name: str, folder: Path, size: Size) -> dict[str, report.Figure]:
    """The same list, as plain as it can be written, in another framework."""
    port = free_port()
    if name == "flask":
        command = [
            "-m",
            "gunicorn",
            "-b",
            f"127.0.0.1:{port}",
            "-w",
            "1",
            "--threads",
            "8",
            "bench.web_twins:flask_app()",
        ]
    else:
        command = [
            "-m",
            "uvicorn",
            "--factory",
            "--port",
            str(port),
            "--log-level",
            "warning",
            "bench.web_twins:fastapi_app",
        ]
    env = {**os.environ, "TWIN_DATABASE": str(folder / "prosaas.db"), "PYTHONPATH": str(ROOT)}
    with running([sys.executable, *command], env, folder / f"{name}.log") as process:
        until(lambda: _up(port, "/healthz"), f"{name} answers")
        _asked(port, [""], lambda chance: _twin_list(chance, size), size.requests // 5, seed=1)
        before = _cpu_s(process.pid)
        times = _asked(port, [""], lambda chance: _twin_list(chance, size), size.requests, seed=2)
        cpu = (_cpu_s(process.pid) - before) * 1000 / size.requests
    return {f"{name}.list_p99_ms": _quantiles(times)[1], f"{name}.list_cpu_ms": cpu}


def _twin_list(chance: random.Random, size: Size) -> str:
    sort = chance.choice(("-date", "date", "-created"))
    return f"/api/receipts?business={chance.randint(1, size.businesses)}&limit={PAGE}&sort={sort}"


def _cpu_s(pid: int) -> float:
    """User and system time of a process and all below it."""
    ticks = 0
    for member in report._tree(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
