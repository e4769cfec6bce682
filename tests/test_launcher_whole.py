"""./prosaas up, ./prosaas demo and honcho start: all processes up, seen over HTTP, and nobody left behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.processes import ROOT, alive, environment, free_port, prosaas, run, running, until


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for parent in found:
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in path.read_text().split()]
    return found


def _named(pid: int, part: str) -> int:
    """The process below `pid` whose command line holds this."""
    for member in _family(pid):
        if part in Path(f"/proc/{member}/cmdline").read_text().replace("\0", " "):
            return member
    return 0


def _health(port: int) -> dict[str, Any]:
    try:
        told: dict[str, Any] = requests.get(f"http://127.0.0.1:{port}/api/health", timeout=5).json()
    except requests.RequestException:
        return {}
    return told


def _well(port: int) -> Callable[[], bool]:
    return lambda: _health(port).get("status") == "ok"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str], Path]]:
    folder = tmp_path_factory.mktemp("up")
    env = environment(folder / "data", PORT=free_port(), CALLS_PORT=free_port())
    with running(prosaas("up"), env, folder / "log") as process:
        until(_well(int(env["PORT"])), "ProSaaS is well")
        yield process, env, folder / "log"
        family = _family(process.pid)
        assert len(family) >= 5
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        until(lambda: not any(alive(pid) for pid in family), "nobody is left")


Up = tuple[subprocess.Popen[bytes], dict[str, str], Path]


def test_a_first_run_makes_key_and_schema_and_prints_the_owners_link_once(up: Up) -> None:
    _, env, log = up
    links = re.findall(rf"http://localhost:{env['PORT']}/app/sign-in#token=\S+", log.read_text())
    assert len(links) == 1
    assert (Path(env["DATA_DIR"]) / "encryption.key").stat().st_mode & 0o777 == 0o600
    token = links[0].partition("token=")[2]
    asked = requests.post(f"http://127.0.0.1:{env['PORT']}/api/session", json={"token": token}, timeout=30)
    assert asked.json()["code"] == "account_needed"


def test_the_worker_tells_its_start_in_the_order_operators_look_for(up: Up) -> None:
    _, _, log = up
    lines = [
        "🔔 WORKER_START: ProSaaS Background Worker",
        "✓ Redis connection successful",
        "✓ Database ready",
        "✓ Job functions imported successfully",
        "Listening to queues: ['high', 'default', 'low']",
        "🚀 Worker is now READY and LISTENING for jobs...",
    ]
    found = [log.read_text(encoding="utf-8").find(line) for line in lines]
    assert found == sorted(found)
    assert found[0] >= 0


def test_calls_answers_and_doctor_is_content(up: Up) -> None:
    _, env, _ = up
    assert requests.get(f"http://127.0.0.1:{env['CALLS_PORT']}/healthz", timeout=30).text == "ok\n"
    told = run("doctor", env=env).stdout
    assert re.findall(r"^✗ (\w+)", told, re.MULTILINE) == ["nginx"]  # which knows the usual ports only


def test_a_second_one_on_the_same_data_folder_is_refused(up: Up) -> None:
    _, env, _ = up
    second = run("up", env={**env, "PORT": str(free_port()), "CALLS_PORT": str(free_port())})
    assert second.returncode == 2
    assert "(already_running)" in second.stderr


@pytest.mark.parametrize("part", ["prosaas.py web", "prosaas.py worker", "redis.sock"])
def test_whatever_is_killed_comes_back_by_itself(up: Up, part: str) -> None:
    process, env, _ = up
    port = int(env["PORT"])
    until(_well(port), "all is well before")
    fallen = _named(process.pid, part)
    os.kill(fallen, signal.SIGKILL)
    until(lambda: _named(process.pid, part) not in (0, fallen), f"another {part}")
    until(_well(port), "all is well again")


def test_honcho_start_runs_the_same_process_list_and_its_own_redis(tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    env = environment(tmp_path / "data", PORT=ports[0], CALLS_PORT=ports[1])
    # As ./prosaas web would, but by the Python of the tests.
    procfile = tmp_path / "Procfile"
    command = f"{sys.executable} {ROOT / 'prosaas.py'}"
    procfile.write_text((ROOT / "Procfile").read_text().replace("./prosaas", command))
    honcho = [sys.executable, "-m", "honcho", "start", "-f", str(procfile), "-d", str(ROOT)]
    with running(honcho, env, tmp_path / "log") as process:
        until(_well(ports[0]), "ProSaaS is well under honcho")
        assert requests.get(f"http://127.0.0.1:{ports[1]}/healthz", timeout=30).text == "ok\n"
        servers = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path / "data/redis") in _read(path)]
        assert len(servers) == 1
        family = [*_family(process.pid), int(servers[0].parent.name)]
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        until(lambda: not any(alive(pid) for pid in family), "nobody is left, Redis neither")


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project in a folder of its own, for the demo keeps its data there; a quarter of its mails will do."""
    left_out = shutil.ignore_patterns(".*", "data", "data-demo", "__pycache__", "node_modules", "tests", "docs")
    folder = Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("demo") / "prosaas", ignore=left_out))
    for number, mail in enumerate(sorted((folder / "demo" / "mailbox").glob("*.eml"))):
        if number % 4:
            mail.unlink()
    # The Procfile's ./prosaas finds the packages of the tests in place.
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def test_the_demo_signs_in_by_its_line_and_its_first_sync_fills_the_page(copy: Path, tmp_path: Path) -> None:
    port, calls_port = free_port(), free_port()
    # Settings of a real installation, none of which the demo may touch.
    env = environment(tmp_path / "real", PORT=port, CALLS_PORT=calls_port, OCR="off")
    env |= {"REDIS_URL": "redis://127.0.0.1:1/0", "PRODUCTION": "1"}
    log, command = tmp_path / "log", [sys.executable, str(copy / "prosaas.py"), "demo"]
    with running(command, env, log) as process:
        until(lambda: "ProSaaS demo: " in log.read_text(), "the demo's line")
        (link,) = re.findall(rf"http://localhost:{port}/app/sign-in#token=(\S+)", log.read_text())
        browser = requests.Session()
        signed_in = browser.post(f"http://127.0.0.1:{port}/api/session", json={"token": link}, timeout=30)
        assert signed_in.ok, signed_in.text
        browser.headers["X-Business"] = "demo"

        def latest() -> dict[str, Any]:
            time.sleep(0.2)
            told = browser.get(f"http://127.0.0.1:{port}/api/receipts/sync/latest", timeout=30).json()
            return dict(told["sync_run"])

        until(lambda: latest()["status"] == "completed", "the first sync", 180)
        assert latest()["counters"]["receipts"] > 10
        assert browser.get(f"http://127.0.0.1:{port}/api/receipts", timeout=30).json()["items"]
        assert not (tmp_path / "real").exists()
        family = _family(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        until(lambda: not any(alive(pid) for pid in family), "nobody is left")
    # Once more on the same data: nothing new to fetch, and it still signs in.
    with running(command, env, log):
        until(lambda: log.read_text().count("ProSaaS demo: ") == 2, "the demo's line again")
        until(lambda: log.read_text().count("JOB_DONE: Gmail") == 2, "the second sync")
        assert "fetched=0" in log.read_text().rpartition("JOB_DONE: Gmail")[2]


def test_the_demo_says_which_port_is_taken(copy: Path, tmp_path: Path) -> None:
    port = free_port()
    with running(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"], environment(tmp_path), tmp_path / "log"
    ):
        until(lambda: _listens(port), "another program on the port")
        env = environment(tmp_path, CALLS_PORT=port, PORT=free_port())
        done = subprocess.run(
            [sys.executable, str(copy / "prosaas.py"), "demo"],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert f"Port {port} is taken" in done.stderr
    assert "CALLS_PORT" in done.stderr


def _listens(port: int) -> bool:
    try:
        requests.get(f"http://127.0.0.1:{port}/", timeout=5)
    except requests.RequestException:
        return False
    return True
