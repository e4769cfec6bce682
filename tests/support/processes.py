"""Real child processes: free ports, waiting for what they do, and their end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support import postgres

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0  # a generous end for what takes a moment on a free machine


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(ready: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    """Return as soon as `ready` gives something true."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


def environment(folder: Path, **settings: object) -> dict[str, str]:
    """A clean environment whose data lie in `folder`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    given = {name: str(value) for name, value in settings.items()}
    return {**kept, "DATA_DIR": str(folder), "ECB_URL": "off", **postgres.of(folder), **given}


@contextmanager
def running(command: list[str], env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose output goes to `log`; at the end it and its whole session are gone."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env=dict(env), cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def prosaas(*arguments: str) -> list[str]:
    """The argument list of a ProSaaS command, run by the Python of the tests."""
    return [sys.executable, str(ROOT / "prosaas.py"), *arguments]


def run(*arguments: str, env: Mapping[str, str], timeout: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
    """A ProSaaS command to its end."""
    return subprocess.run(
        prosaas(*arguments), env=dict(env), cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"
