"""`./prosaas up`: everything on this machine, and what a first run has to make."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import config as settings
from cli import embedded_redis
from cli.processes import listen
from cli.settings import ROOT, load
from cli.supervisor import Process, Supervisor
from errors import Tellable

_START_S = 60.0


def up(argv: list[str]) -> int:
    """`./prosaas up`."""
    text = "Run web, calls, worker and, unless REDIS_URL is set, an embedded Redis; Ctrl-C stops all of it."
    argparse.ArgumentParser(prog="./prosaas up", description=text).parse_args(argv)
    config = load()
    with alone(config):
        check_ports(config)
        supervisor = Supervisor(environment=dict(os.environ))
        with supervisor.signals():
            if not start_redis(supervisor, config):
                return 0 if supervisor.stopping else 2
            status, printed = supervisor.call(prosaas("first-run"))
            if status or supervisor.stopping:
                return 0 if supervisor.stopping else status
            say(printed.strip() or f"ProSaaS: {config.public_url}/  (Ctrl-C stops it)")
            start_procfile(supervisor)
            return supervisor.run()


def migrate(argv: list[str]) -> int:
    """`./prosaas migrate`."""
    text = "Bring the database's schema up to date."
    argparse.ArgumentParser(prog="./prosaas migrate", description=text).parse_args(argv)
    from store import schema

    applied = schema.open_database(load())
    print("\n".join(f"applied {name}" for name in applied) or "The schema is up to date.")
    return 0


def first_run(argv: list[str]) -> int:
    """`./prosaas first-run`: data folder, key and schema; prints the owner's link while there is no owner."""
    del argv
    config = load()
    from store import people, schema

    schema.open_database(config)
    link = people.first_run_link(config.public_url)
    if link:
        print(f"ProSaaS: make the owner's account at {link}  (once; Ctrl-C stops everything)")
    return 0


def prosaas(*arguments: str) -> list[str]:
    """The argument list of one of our own commands, run by this Python."""
    return [sys.executable, str(ROOT / "prosaas.py"), *arguments]


def say(line: str, stream: TextIO | None = None) -> None:
    """One line for the person at the terminal."""
    print(line, file=stream or sys.stdout, flush=True)


@contextlib.contextmanager
def alone(config: settings.Config) -> Iterator[None]:
    """One supervisor per data folder; Tellable `already_running`, `data_dir_not_writable`."""
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True)
        file = (config.data_dir / "up.lock").open("w")
    except OSError as error:
        raise Tellable(
            "data_dir_not_writable",
            f"The data folder {config.data_dir} cannot be written ({error.strerror}). Mend its rights or set DATA_DIR.",
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sentence = f"ProSaaS runs already with the data folder {config.data_dir}; stop it first."
            raise Tellable("already_running", sentence) from None
        yield


def check_ports(config: settings.Config) -> None:
    """Say at once that a port is taken, before anything is started."""
    if config.port == config.calls_port:
        raise Tellable("bad_setting", f"PORT and CALLS_PORT are both {config.port}.", setting="CALLS_PORT")
    taken = []
    for port, variable in ((config.port, "PORT"), (config.calls_port, "CALLS_PORT")):
        try:
            listen(config.bind, port, variable).close()
        except Tellable as error:
            taken.append(error)
    if len(taken) > 1 and {error.code for error in taken} == {"port_taken"}:
        told = f"Ports {config.port} and {config.calls_port} are taken; stop what listens there"
        raise Tellable("port_taken", f"{told} or set PORT and CALLS_PORT to free ones.")
    if taken:
        raise taken[0]


def start_redis(supervisor: Supervisor, config: settings.Config) -> bool:
    """Start the embedded Redis and wait for its socket; True at once when REDIS_URL names another."""
    if not config.redis_embedded:
        return True
    supervisor.start(Process("redis", prosaas("redis"), last=True))
    if not supervisor.wait_for(lambda: embedded_redis.answers(config.redis_url), _START_S):
        return False
    supervisor.environment = {**supervisor.environment, "REDIS_URL": config.redis_url}
    return True


def start_procfile(supervisor: Supervisor) -> None:
    """Start every line of the Procfile."""
    for name, command in procfile().items():
        supervisor.start(Process(name, command))


def procfile(path: Path = ROOT / "Procfile") -> dict[str, str]:
    """The process list: name to shell line."""
    from honcho.environ import parse_procfile

    return dict(parse_procfile(path.read_text(encoding="utf-8")).processes)
