"""The supervisor: lines, restarts, told failures, and an end that leaves nobody behind."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pytest

from tests.support.processes import ROOT, alive, environment, prosaas, running, until

_DRIVER = """
import os, sys
from cli.supervisor import Process, Supervisor
supervisor = Supervisor(environment=dict(os.environ), grace_s=1.0)
with supervisor.signals():
    for line in sys.argv[1:]:
        name, _, command = line.partition(":")
        supervisor.start(Process(name, command, last=name == "redis"))
    status = supervisor.run()
sys.exit(status)
"""


@contextmanager
def _supervised(tmp_path: Path, *lines: str, **settings: object) -> Iterator[tuple[Popen[bytes], Path]]:
    log = tmp_path / "log"
    driver = tmp_path / "driver.py"
    driver.write_text(_DRIVER)
    env = environment(tmp_path / "data", PYTHONPATH=ROOT, **settings)
    with running([sys.executable, str(driver), *lines], env, log) as process:
        yield process, log


def _pids(log: Path) -> list[int]:
    return [int(pid) for pid in re.findall(r"pid=(\d+)", log.read_text())]


def test_every_line_carries_the_name_of_its_process(tmp_path: Path) -> None:
    with _supervised(tmp_path, "web:echo one; echo two; exec sleep 60", "worker:echo three; exec sleep 60") as (_, log):
        until(lambda: log.read_text().count("\n") == 3, "three lines")
    assert sorted(log.read_text().splitlines()) == ["web    | one", "web    | two", "worker | three"]


def test_a_process_that_was_killed_is_started_again(tmp_path: Path) -> None:
    with _supervised(tmp_path, "worker:echo pid=$$; exec sleep 60") as (_, log):
        until(lambda: len(_pids(log)) == 1, "a first start")
        os.kill(_pids(log)[0], signal.SIGKILL)
        until(lambda: len(_pids(log)) == 2, "a second start")
        assert "worker | ended with signal 9; starting it again in 0.5 s" in log.read_text()
        assert alive(_pids(log)[1])


def test_a_told_failure_at_the_start_stops_everything_with_status_2(tmp_path: Path) -> None:
    lines = ("web:echo pid=$$; exec sleep 60", "calls:sleep 0.3; echo Port 5050 is taken; exit 2")
    with _supervised(tmp_path, *lines) as (process, log):
        assert process.wait(30) == 2
        assert "calls | Port 5050 is taken" in log.read_text()
        assert not alive(_pids(log)[0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_all_processes_and_their_children_with_status_0(tmp_path: Path, number: signal.Signals) -> None:
    with _supervised(tmp_path, "web:sleep 60 & echo pid=$!; echo pid=$$; wait", "calls:echo pid=$$; exec sleep 60") as (
        process,
        log,
    ):
        until(lambda: len(_pids(log)) == 3, "three processes")
        process.send_signal(number)
        assert process.wait(30) == 0
        assert not any(alive(pid) for pid in _pids(log))


def test_a_process_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    with _supervised(tmp_path, "web:trap '' TERM; echo pid=$$; while :; do sleep 0.1; done") as (process, log):
        until(lambda: len(_pids(log)) == 1, "the process")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert not alive(_pids(log)[0])


def test_redis_is_stopped_after_those_that_need_it(tmp_path: Path) -> None:
    slow = "trap 'sleep 0.5; echo web ends; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    redis = "trap 'echo redis ends; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    with _supervised(tmp_path, f"redis:{redis}", f"web:{slow}") as (process, log):
        until(lambda: log.read_text().count("up") == 2, "both processes")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert log.read_text().index("web ends") < log.read_text().index("redis ends")


def test_nothing_is_left_when_the_supervisor_itself_is_killed(tmp_path: Path) -> None:
    command = " ".join(prosaas("redis"))
    with _supervised(tmp_path, f"redis:exec {command}") as (process, _):
        socket = tmp_path / "data" / "redis" / "redis.sock"
        until(socket.exists, "the server's socket")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 1
        process.kill()
        until(lambda: not alive(int(children[0])), "the end of its child")
