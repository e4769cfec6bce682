"""`./prosaas doctor`: one line a check, a verdict, and a remedy for each fault."""

from __future__ import annotations

import argparse
import dataclasses
import http.client
import json
import re
import sys
from collections.abc import Iterator

import config as settings
from cli import logs
from cli.settings import ROOT, home, load, one_file
from errors import Tellable
from web import checks
from web.checks import FAIL, OK, WARN, Check

_SIGNS = {OK: "✓", WARN: "!", FAIL: "✗"}


def doctor(argv: list[str]) -> int:
    """Run all checks; 1 when any fails."""
    text = "Check the installation. A worker, Redis and the ports are only found while ProSaaS runs."
    parser = argparse.ArgumentParser(prog="./prosaas doctor", description=text)
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")
    as_json = parser.parse_args(argv).json
    found = list(run())
    good = not any(check.verdict == FAIL for check in found)
    if as_json:
        print(json.dumps({"ok": good, "checks": [dataclasses.asdict(check) for check in found]}, ensure_ascii=False))
    else:
        width = max(len(check.name) for check in found)
        for check in found:
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
    for found in (*checks.run(config, home()), _web(config), _calls(config), _nginx(config)):
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
    path = home() / "nginx.conf"
    if one_file() is not None and not path.exists():
        return Check("nginx", OK, "nginx.conf is not here; a checkout has one.")
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
