"""`./prosaas doctor`: one line a check, a verdict, and a remedy for each fault."""

from __future__ import annotations

import argparse
import dataclasses
import http.client
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import config as settings
from cli import embedded_redis, logs
from cli.settings import ROOT, load
from errors import Tellable

OK, WARN, FAIL = "ok", "warn", "fail"
_SIGNS = {OK: "✓", WARN: "!", FAIL: "✗"}
_LITTLE_DISK_MB = 500
_QUEUES = {"high", "default", "low"}


@dataclasses.dataclass(frozen=True)
class Check:
    """A verdict (ok, warn, fail) on one thing, in a sentence, and what to do about it."""

    name: str
    verdict: str
    text: str
    remedy: str = ""


def doctor(argv: list[str]) -> int:
    """Run all checks; 1 when any fails."""
    text = "Check the installation. A worker, Redis and the ports are only found while ProSaaS runs."
    parser = argparse.ArgumentParser(prog="./prosaas doctor", description=text)
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")
    as_json = parser.parse_args(argv).json
    checks = list(run())
    good = not any(check.verdict == FAIL for check in checks)
    if as_json:
        print(json.dumps({"ok": good, "checks": [dataclasses.asdict(check) for check in checks]}, ensure_ascii=False))
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            print(f"{_SIGNS[check.verdict]} {check.name:<{width}}  {check.text}")
            if check.remedy:
                print(f"  {'':<{width}}  → {check.remedy}")
    return 0 if good else 1


def run() -> Iterator[Check]:
    """Every check, in the order in which one needs another."""
    yield _python()
    yield _packages()
    yield _procfile()
    try:
        config = load()
    except Tellable as error:
        yield Check("settings", FAIL, error.sentence, "Mend the setting in the environment or in .env.")
        return
    yield Check("settings", OK, "All settings are well-formed.")
    mask = logs.TextLines("doctor", logs.secrets_of(config)).mask
    for check in (_public_url, _google, _data_folder, _database, _redis, _worker, _web, _calls, _nginx):
        try:
            found = check(config)
        except Tellable as error:
            found = Check(check.__name__.strip("_").replace("_", " "), FAIL, error.sentence)
        yield dataclasses.replace(found, text=mask(found.text), remedy=mask(found.remedy))


def _python() -> Check:
    return Check("python", OK, f"Python {'.'.join(map(str, sys.version_info[:3]))}.")


def _packages() -> Check:
    from importlib.metadata import PackageNotFoundError, version

    wrong = []
    # Those with a condition behind a semicolon are for other systems.
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for name, wanted in re.findall(r"^([\w.-]+)==(\S+) \\$", lock, re.MULTILINE):
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "missing"
        if found != wanted:
            wrong.append(f"{name} is {found}, not {wanted}")
    if wrong:
        return Check("packages", FAIL, "; ".join(wrong[:5]) + ".", "Remove .venv; the next ./prosaas makes it again.")
    return Check("packages", OK, "All packages are those of the lock.")


def _procfile() -> Check:
    from cli.up import procfile

    names = list(procfile())
    if names != ["web", "calls", "worker"]:
        return Check("processes", FAIL, f"The Procfile has {', '.join(names)}.", "It must have web, calls and worker.")
    return Check("processes", OK, "The Procfile has web, calls and worker.")


def _public_url(config: settings.Config) -> Check:
    if config.production and not config.secure_cookies:
        return Check(
            "public url",
            WARN,
            f"PUBLIC_URL is {config.public_url}: cookies and sign-in links would travel in the clear.",
            "Put nginx with a certificate in front and set PUBLIC_URL to the https:// address.",
        )
    return Check("public url", OK, f"People reach it at {config.public_url}.")


def _google(config: settings.Config) -> Check:
    if not (config.google_client_id and config.google_client_secret):
        return Check(
            "google",
            WARN,
            "No Google client is set: no Gmail mailbox can be connected.",
            "Make a client (docs/gmail.md) and set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET.",
        )
    return Check("google", OK, "A Google client is set.")


def _data_folder(config: settings.Config) -> Check:
    folder = config.data_dir
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not (existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)):
        return Check("data folder", FAIL, f"{existing} cannot be written.", "Mend its rights or set DATA_DIR.")
    free = shutil.disk_usage(existing).free // 1_000_000
    if free < _LITTLE_DISK_MB:
        return Check("data folder", FAIL, f"Only {free} MB are free at {folder}.", "Free some space.")
    key = folder / settings.KEY_FILE
    if key.exists() and key.stat().st_mode & 0o077:
        return Check("data folder", FAIL, "Others may read the encryption key.", f"chmod 600 {key}")
    return Check("data folder", OK, f"{folder} can be written; {free:,} MB are free.")


def _database(config: settings.Config) -> Check:
    path = config.database_url.removeprefix("sqlite:///")
    if config.database_url.startswith("sqlite:///") and not Path(path).exists():
        return Check("database", FAIL, "There is no database yet.", "Start ./prosaas up, or run ./prosaas migrate.")
    from store import schema

    schema.open_database(config, migrate=False)
    return Check("database", OK, "It opens, its schema is current and the encryption key is the right one.")


def _redis(config: settings.Config) -> Check:
    import redis

    import tasks

    if config.redis_embedded and not embedded_redis.answers(config.redis_url):
        return Check(
            "redis", FAIL, "The embedded Redis does not run.", "Start ./prosaas up; set REDIS_URL for another."
        )
    client = tasks.redis_client(config)
    try:
        client.ping()
    except redis.RedisError as error:
        remedy = "Start Redis, or mend REDIS_URL. Web and worker find it again by themselves."
        return Check("redis", FAIL, f"Redis does not answer ({type(error).__name__}).", remedy)
    try:
        found = client.config_get("maxmemory-policy", "appendonly")
    except redis.RedisError:
        return Check(
            "redis", WARN, "Redis answers, but does not tell its settings.", "See to maxmemory-policy noeviction."
        )
    policy = str(_text(found, "maxmemory-policy"))
    if policy != "noeviction":
        remedy = "Set maxmemory-policy noeviction: else it drops queued jobs when its memory is full."
        return Check("redis", FAIL, f"Redis may throw keys away (maxmemory-policy {policy}).", remedy)
    if _text(found, "appendonly") != "yes":
        remedy = "Set appendonly yes. Nothing is lost without it (runs are rows), but they wait for the sweeper."
        return Check("redis", WARN, "Redis forgets the queue when it is restarted.", remedy)
    return Check("redis", OK, "It answers, evicts nothing and keeps its queue on disk.")


def _text(found: object, name: str) -> str:
    values = {_decoded(key): _decoded(value) for key, value in found.items()} if isinstance(found, dict) else {}
    return values.get(name, "")


def _decoded(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _worker(config: settings.Config) -> Check:
    import redis

    import tasks

    client = tasks.redis_client(config)
    try:
        tasks.configure(config)
        workers, depths = tasks.workers_seen(client), tasks.queue_depths(client)
    except redis.RedisError:
        return Check("worker", FAIL, "Not to be seen while Redis does not answer.", "See to Redis first.")
    waiting = sum(depths.values())
    if not workers:
        text = "No worker was seen in the last 30 s" + (f", and {waiting} jobs wait." if waiting else ".")
        return Check("worker", FAIL, text, "Start ./prosaas up or ./prosaas worker, and look at its log.")
    deaf = [worker for worker in workers if set(worker.get("queues", [])) != _QUEUES]
    if deaf:
        return Check(
            "worker", FAIL, "A worker does not listen to high, default and low.", "Restart it: it is an older one."
        )
    return Check("worker", OK, f"{len(workers)} listening to high, default and low; {waiting} jobs wait.")


def _web(config: settings.Config) -> Check:
    return _process("web", config.bind, config.port, "PORT")


def _calls(config: settings.Config) -> Check:
    return _process("calls", config.bind, config.calls_port, "CALLS_PORT")


def _process(name: str, bind: str, port: int, variable: str) -> Check:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104 - asked, not bound
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        ours = (answer.status, answer.read(16)) == (200, b"ok\n")
    except ConnectionRefusedError:
        return Check(name, FAIL, f"Nothing listens on port {port}.", f"Start ./prosaas up or ./prosaas {name}.")
    except (OSError, http.client.HTTPException):
        ours = False
    finally:
        connection.close()
    if not ours:
        remedy = f"Stop it, or set {variable} to a free port."
        return Check(name, FAIL, f"Something else listens on port {port}.", remedy)
    return Check(name, OK, f"It answers on port {port}.")


def _nginx(config: settings.Config) -> Check:
    path = ROOT / "nginx.conf"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return Check("nginx", WARN, "nginx.conf is not here.", "Only needed when nginx stands in front.")
    for name, port, variable in (
        ("prosaas-api", config.port, "PORT"),
        ("prosaas-calls", config.calls_port, "CALLS_PORT"),
    ):
        found = re.search(rf"upstream {name} {{[^}}]*?server [^;]*?:(\d+);", text)
        if found is None:
            return Check("nginx", FAIL, f"nginx.conf has no upstream {name}.", "Take it from the release again.")
        if int(found[1]) != port:
            told = f"nginx.conf sends {name} to port {found[1]}, but {variable} is {port}."
            return Check("nginx", FAIL, told, f"Change the upstream's port or {variable}; else it is a 502.")
    return Check("nginx", OK, "nginx.conf leads to the ports of web and calls.")
