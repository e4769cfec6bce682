"""Child processes: frames, deaths, time-outs and what a child may not do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from receipts.childproc import ROOT, Child, ChildCrashed, ChildFault, ChildTimeout, Pool

MODULE = "tests.support.odd_child"


def make(**changes: float) -> Child:
    """A child with generous limits."""
    values = {"seconds": 30, "memory_mb": 400, "idle_seconds": 30, **changes}
    return Child(MODULE, seconds=values["seconds"], memory_mb=int(values["memory_mb"]),
                 idle_seconds=values["idle_seconds"])  # fmt: skip


@pytest.fixture
def child() -> Iterator[Child]:
    """A child that is closed after the test."""
    child = make()
    yield child
    child.close()


def test_json_and_bytes_of_any_size_come_back_as_they_went(child: Child) -> None:
    blobs = [b"", b"\x00\xff" * 3, os.urandom(3_000_000)]
    answer, out = child.call({"do": "echo", "text": "שלום \ud800"}, blobs)
    assert answer["text"] == "שלום \ud800"
    assert out == blobs


def test_one_process_answers_many_questions(child: Child) -> None:
    pids = {child.call({"do": "echo"})[0]["pid"] for _ in range(5)}
    assert pids == {child.pid}


def test_a_late_child_is_killed_and_replaced(child: Child) -> None:
    before = child.call({"do": "echo"})[0]["pid"]
    with pytest.raises(ChildTimeout):
        child.call({"do": "sleep", "seconds": 60}, seconds=0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)
    assert child.call({"do": "echo"})[0]["pid"] != before


def test_a_parent_that_stood_still_blames_no_child_for_it() -> None:
    """A worker is paused for longer than a mail may take, then goes on: the answer is there."""
    script = """
import os, signal, sys
from receipts.childproc import Child
child = Child("tests.support.odd_child", seconds=60, memory_mb=512)
child.call({"do": "echo"})
print("asks", flush=True)
sys.stdin.readline()
print(child.call({"do": "sleep", "seconds": 0.3}, seconds=2)[0], flush=True)
child.close()
"""
    asking = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert asking.stdin is not None
    assert asking.stdout is not None
    assert asking.stdout.readline() == "asks\n"
    asking.stdin.write("\n")
    asking.stdin.flush()
    time.sleep(0.2)
    asking.send_signal(signal.SIGSTOP)
    time.sleep(3)
    asking.send_signal(signal.SIGCONT)
    assert asking.communicate(timeout=60)[0] == "{}\n"


def test_a_crash_says_which_signal_and_the_next_call_works(child: Child) -> None:
    with pytest.raises(ChildCrashed, match="signal 11"):
        child.call({"do": "die", "signal": int(signal.SIGSEGV)})
    assert child.call({"do": "echo", "text": 1})[0]["text"] == 1


def test_an_exception_tells_its_kind_and_place_but_not_its_text(child: Child) -> None:
    with pytest.raises(ChildFault) as caught:
        child.call({"do": "raise", "text": "a secret from a mail"})
    assert caught.value.kind == "ValueError"
    assert "secret" not in str(caught.value)
    assert "odd_child.py" in caught.value.where


def test_the_memory_limit_holds(child: Child) -> None:
    with pytest.raises(ChildCrashed) as caught:
        child.call({"do": "eat", "bytes": 600 << 20})
    assert caught.value.memory


def test_an_idle_child_ends_by_itself_and_is_started_again() -> None:
    child = make(idle_seconds=0.1)
    try:
        first = child.call({"do": "echo"})[0]["pid"]
        deadline = time.monotonic() + 30
        while child.pid is not None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert child.pid is None
        assert child.call({"do": "echo"})[0]["pid"] != first
    finally:
        child.close()


def test_a_child_that_ends_with_code_zero_between_questions_is_no_error() -> None:
    child = make(idle_seconds=0.05)
    try:
        for _ in range(12):
            assert child.call({"do": "echo", "text": "x"})[0]["text"] == "x"
            time.sleep(0.05)  # the idle time: sometimes it ends just as the next question comes
    finally:
        child.close()


def test_threads_take_turns(child: Child) -> None:
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(child.call({"do": "echo", "text": n})[0]["text"]))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, answers)) == [str(n) for n in range(8)]


def test_a_pool_runs_as_many_at_once_as_it_has_children() -> None:
    pool = Pool(2, make)
    try:
        pids: set[int] = set()
        barrier = threading.Barrier(2)

        def ask() -> None:
            barrier.wait()
            pool.call({"do": "sleep", "seconds": 0.5})
            pids.update(pool.pids)

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(pids) == 2
    finally:
        pool.close()


def test_a_child_gets_none_of_the_environment(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", "secret")
    assert "ENCRYPTION_KEY" not in child.call({"do": "environment"})[0]


def test_a_child_can_write_no_file(child: Child, tmp_path: Path) -> None:
    with pytest.raises((ChildFault, ChildCrashed)):
        child.call({"do": "write", "path": str(tmp_path / "x")})
    assert not (tmp_path / "x").exists() or (tmp_path / "x").read_bytes() == b""


def test_a_child_reaches_no_network(child: Child) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(ChildFault, match="PermissionError"):
        child.call({"do": "connect", "port": server.getsockname()[1]})


def test_the_child_ends_when_its_parent_is_killed() -> None:
    script = (
        "from receipts.childproc import Child\n"
        f"c = Child({MODULE!r}, seconds=30, memory_mb=400, idle_seconds=600)\n"
        "print(c.call({'do': 'echo'})[0]['pid'], flush=True)\n"
        "import time; time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}/stat").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return  # it has ended; nobody here has reaped it
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()
