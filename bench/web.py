"""The web process with a million receipts: list, search and totals, a writer beside it, and the same list elsewhere."""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.client
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import models
from bench import idle, report
from blobs import FolderBlobs
from config import Config
from store import audit, people, schema
from tests.support import installation, postgres
from tests.support.processes import ROOT, environment, free_port, prosaas, running, until
from tests.support.receipts_many import PLACES, VENDORS, fill, fill_contacts
from tests.support.redis_server import RedisServer
from web import app, auth
from web.call import Call

PAGE = 50
WRITES_PER_S = 200
_WORDS = [word.strip("&").lower() for name in (*VENDORS, *PLACES) for word in name.split() if len(word) > 2]


@dataclass(frozen=True)
class Size:
    """How much there is and how often it is asked for."""

    receipts: int
    businesses: int
    requests: int
    blob_mb: int  # of documents, for the backup

    @functools.cached_property
    def lot(self) -> list[int]:
        """Numbers of businesses, each as often as its size has it: the largest forty times what the smallest has."""
        shares = [max(1, round(100 / (place + 1) ** 0.7)) for place in range(self.businesses)]
        numbers = [number for number, share in enumerate(shares) for _ in range(share)]
        random.Random(7).shuffle(numbers)
        return numbers


WHOLE = Size(1_000_000, 200, 1500, 1200)
QUICK = Size(5_000, 8, 120, 20)


def main(argv: list[str]) -> int:
    """Measure, print, keep the report."""
    parser = report.parser("web", "List, search and totals with many receipts, on SQLite and PostgreSQL.")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="leave the other database out")
    parser.add_argument("--receipts", type=int, help="another number of receipts; counts as a quick run")
    given: argparse.Namespace = parser.parse_args(argv)
    size = QUICK if given.quick else WHOLE
    if given.receipts:
        size, given.quick = replace(WHOLE, receipts=given.receipts, requests=600, blob_mb=100), True
    figures: dict[str, report.Figure] = {}
    for kind in ("sqlite", "postgresql"):
        if given.only in (None, kind):
            figures.update(_database(kind, size))
            report.publish("web", figures, as_json=given.json, quick=given.quick)  # what there is, should the rest fail
    figures["idle_mb"] = idle.measure(2)["idle_mb"]
    report.publish("web", figures, as_json=given.json, quick=given.quick)
    return 0


NAMES = (
    "list_cpu_ms", "list_p50_ms", "list_p99_ms", "search_cpu_ms", "search_p50_ms", "search_p99_ms", "everything_cpu_ms",
    "everything_p50_ms", "everything_p99_ms", "totals_cpu_ms", "totals_p50_ms", "totals_p99_ms",
    "list_p99_ms_with_writer", "writer_ratio", "list_p99_ms_with_backup", "backup_ratio", "backup_mb", "backup_s",
    "permission_audit_ms", "permission_audit_share", "token_ms", "fill_s",
)  # fmt: skip


def _database(kind: str, size: Size) -> dict[str, report.Figure]:
    with tempfile.TemporaryDirectory() as name, RedisServer() as redis:
        folder = Path(name)
        try:
            url = f"sqlite:///{folder}/prosaas.db" if kind == "sqlite" else postgres.cluster().database()
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "Skipped":
                raise
            return {f"{kind}.{one}": None for one in NAMES}
        config = installation.settings(folder, DATABASE_URL=url, REDIS_URL=redis.url)
        began = time.monotonic()
        tokens = _filled(config, size)
        filled = time.monotonic() - began
        env = environment(folder, ENCRYPTION_KEY=installation.KEY, DATABASE_URL=url, REDIS_URL=redis.url)
        figures: dict[str, report.Figure] = {}
        # By default a token may ask a hundred times a second; the bench asks faster, with the same counting.
        with _web({**env, "API_RATE": "1000000"}, folder) as (port, pid):
            found = _measured(port, pid, tokens, size)
            found["list_p99_ms_with_writer"] = _with_writer(config, port, tokens, size)
            found["writer_ratio"] = found["list_p99_ms_with_writer"] / found["list_p99_ms"]
            if kind == "sqlite":
                for twin in ("flask", "fastapi"):
                    figures.update(_twin(twin, folder, size))
            found |= _with_backup(config, env, port, tokens, size, found["list_p99_ms"])
        found |= _permission_and_audit(config, tokens[0], found["list_cpu_ms"])
        found["fill_s"] = filled
        return {**{f"{kind}.{one}": found[one] for one in NAMES}, **figures}


def _filled(config: Config, size: Size) -> list[str]:
    """The receipts and contacts in place; bearer tokens, each business's as often as its size has it."""
    with installation.database(config):
        owners = [installation.business(f"b{number}").id for number in range(size.businesses)]
        tokens = [people.new_token(models.Business.get_by_id(one), "bench", role="owner") for one in owners]
        fill([owners[number] for number in size.lot], size.receipts)
        fill_contacts([owners[number] for number in size.lot], size.receipts // 10)
        models.db.execute_sql("analyze")
    schema.open_database(config)
    return [tokens[number] for number in size.lot]


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
    asked: dict[str, Callable[[random.Random], str]] = {
        "list": _list,
        "search": _search,
        "everything": _everything,
        "totals": lambda _: "/api/receipts/stats",
    }
    for what, path in asked.items():
        _asked(port, tokens, path, size.requests // 5, seed=1)  # warm
        before = _cpu_s(pid)
        times = _asked(port, tokens, path, size.requests, seed=2)
        out[f"{what}_cpu_ms"] = (_cpu_s(pid) - before) * 1000 / size.requests
        out[f"{what}_p50_ms"], out[f"{what}_p99_ms"] = _quantiles(times)
    return out


def _list(chance: random.Random) -> str:
    return f"/api/receipts?limit={PAGE}&sort={chance.choice(('-date', 'date', '-created'))}"


def _search(chance: random.Random) -> str:
    return f"/api/receipts?limit={PAGE}&q={quote(_text(chance))}"


def _everything(chance: random.Random) -> str:
    return f"/api/search?q={quote(_text(chance))}"


def _text(chance: random.Random) -> str:
    """A word that is being typed, two of them, the beginning of a number, or a word that is nowhere."""
    word = chance.choice(_WORDS)[: chance.randint(3, 8)]
    other = chance.choice(_WORDS)[: chance.randint(3, 8)]
    kinds = (word, word, f"{word} {other}", f"INV-{chance.randrange(1_000_000):07d}"[: chance.randint(6, 11)], "zebra")
    return chance.choice(kinds)


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


def _with_backup(
    config: Config, env: dict[str, str], port: int, tokens: Sequence[str], size: Size, alone_ms: float
) -> dict[str, float]:
    """p99 of the list while a backup is written, from its beginning to its end."""
    blobs, chunk = FolderBlobs(config.data_dir / "blobs"), os.urandom(2**20)
    for number in range(size.blob_mb // 4):
        blobs.put(number.to_bytes(8, "big") + chunk * 4)
    archive, times = config.data_dir / "backup.tar", list[float]()
    began = time.monotonic()
    with running(prosaas("backup", str(archive)), env, config.data_dir / "backup.log") as process:
        while process.poll() is None:
            times += _asked(port, tokens, _list, 50, seed=len(times))
        assert process.returncode == 0, (config.data_dir / "backup.log").read_text()
    p99 = _quantiles(times)[1]
    written = archive.stat().st_size / 1e6
    took = time.monotonic() - began
    return {"list_p99_ms_with_backup": p99, "backup_ratio": p99 / alone_ms, "backup_mb": written, "backup_s": took}


def _permission_and_audit(config: Config, token: str, list_ms: float) -> dict[str, float]:
    """What a list request spends on whether this one may ask and on the audit's bookkeeping; on the token's look-up."""
    schema.open_database(config)
    models.db.connect(reuse_if_open=True)
    route = next(one for one in app.declared() if one.method == "GET" and one.path == "/api/receipts")
    bearer = people.by_bearer(token)
    assert bearer is not None
    call = Call(site=None, tenant=bearer.business, token_id=bearer.token_id)  # type: ignore[arg-type]

    def checked() -> None:
        auth._check_role(call, route)
        with audit.acting(call.actor) as acting:
            app._leave_a_trace(call, route, {}, acting)

    found = {"permission_audit_ms": _best(checked), "token_ms": _best(lambda: people.by_bearer(token))}
    models.db.close()
    return {**found, "permission_audit_share": found["permission_audit_ms"] / list_ms}


def _best(work: Callable[[], object], rounds: int = 1000) -> float:
    """Milliseconds of processor time, of the least disturbed of ten rounds."""
    times = []
    for _ in range(10):
        began = time.process_time()
        for _ in range(rounds):
            work()
        times.append((time.process_time() - began) * 1000 / rounds)
    return min(times)


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
    return f"/api/receipts?business={1 + chance.choice(size.lot)}&limit={PAGE}&sort={sort}"


def _cpu_s(pid: int) -> float:
    """User and system time of a process and all below it."""
    ticks = 0
    for member in report._tree(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
