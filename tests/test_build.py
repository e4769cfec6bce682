"""The one file runs alone: an empty folder, an empty home, a bare Python, and nothing else on PATH."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import requests

from cli import build, bundle, systemd
from tests.support import installation
from tests.support.processes import PATIENCE_S, ROOT, free_port, prosaas, running, until

pytestmark = pytest.mark.timeout(900)  # the file is built and unpacked first, on however busy a machine

SAMPLE = ROOT / "demo" / "mailbox"
MINOR = f"python{sys.version_info[0]}.{sys.version_info[1]}"


class Alone:
    """The file in a folder of its own, and how it is started there."""

    def __init__(self, folder: Path, built: Path) -> None:
        self.folder = folder / "there"
        self.folder.mkdir()
        self.program = Path(shutil.copy2(built, self.folder / "prosaas"))
        (folder / "home").mkdir()
        bare = folder / "bare"
        venv.create(bare, symlinks=True)
        assert (bare / "bin" / MINOR).exists()
        found = shutil.which("dirname")  # of the system's programs, what a shell needs
        assert found is not None
        (bare / "bin" / "dirname").symlink_to(found)
        self.env = {"HOME": str(folder / "home"), "PATH": str(bare / "bin"), "ECB_URL": "off"}
        self.log = folder / "log"

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """One command to its end."""
        return subprocess.run(
            [str(self.program), *arguments], cwd="/", env={**self.env, **settings}, capture_output=True, text=True,
            timeout=PATIENCE_S * 6, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    folder = tmp_path_factory.mktemp("one")
    command = prosaas("build", "--fast", "--without-ocr", "--out", str(folder / "built"))
    made = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=600, check=False)
    assert made.returncode == 0, made.stderr
    return Alone(folder, folder / "built")


def test_its_commands_work_and_the_data_lie_beside_it(alone: Alone) -> None:
    migrated = alone.run("migrate")
    assert migrated.returncode == 0, migrated.stderr
    added = alone.run("user", "add", "noa@example.com")
    assert "/app/sign-in#token=" in added.stdout, added.stderr
    assert {path.name for path in alone.folder.iterdir()} == {"prosaas", "data"}
    told = json.loads(alone.run("doctor", "--json").stdout)
    verdicts = {check["name"]: check["verdict"] for check in told["checks"]}
    for name in ("packages", "processes", "settings", "database", "documents"):
        assert verdicts[name] == "ok", told
    mail = next(path for path in sorted(SAMPLE.glob("*.eml")) if b"application/pdf" in path.read_bytes())
    read = alone.run("read", str(mail), "--json")  # in a child of its own
    assert json.loads(read.stdout.splitlines()[0])["receipts"], read.stderr


def test_up_and_the_demo_run_from_it_with_the_redis_inside(alone: Alone) -> None:
    ports = {"PORT": str(free_port()), "CALLS_PORT": str(free_port())}
    with running([str(alone.program), "up"], {**alone.env, **ports}, alone.log):
        until(lambda: _answers(f"http://127.0.0.1:{ports['PORT']}/api/health"), "all of it is well", 300)
        until(lambda: _answers(f"http://127.0.0.1:{ports['CALLS_PORT']}/healthz"), "calls are taken", 300)
        inside = f"{alone.env['HOME']}/.shiv/"
        assert any(inside in command and "valkey-server" in command for command in _commands())
    with running([str(alone.program), "demo"], {**alone.env, **ports}, alone.log):
        pattern = re.compile(r"ProSaaS demo: (http\S+)#token=")
        until(lambda: pattern.search(alone.log.read_text()), "the demo's line", 300)
    assert (alone.folder / "data-demo" / "prosaas.db").exists()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=10).ok
    except requests.ConnectionError:
        return False


def _commands() -> list[str]:
    """The command lines of all processes."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("command", ["build", "bench", "test"])
def test_what_needs_the_sources_says_so(alone: Alone, command: str) -> None:
    told = alone.run(command)
    assert told.returncode == 2
    assert "(needs_checkout)" in told.stderr


def test_another_python_is_told_before_anything_else_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bundle.json").write_text('{"python": "3.99"}')
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    assert bundle.main() == 2
    assert "made for Python 3.99" in capsys.readouterr().err


def test_its_units_start_the_file_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "one_file", lambda: tmp_path / "prosaas-one")
    unit = systemd.units(installation.settings(tmp_path), "nobody")["prosaas-web.service"]
    assert f"ExecStart={tmp_path}/prosaas-one web\n" in unit
    assert f"Environment=SHIV_ROOT={tmp_path}/unpacked\n" in unit


def test_without_ocr_only_what_nothing_else_needs_is_left_out() -> None:
    def names(*, with_ocr: bool) -> set[str]:
        return {one.metadata["Name"].lower() for one in build.packages(with_ocr=with_ocr)}

    dropped = names(with_ocr=True) - names(with_ocr=False)
    assert {"rapidocr", "onnxruntime", "opencv-python-headless"} <= dropped
    assert not dropped & {"numpy", "pillow", "requests", "psycopg-binary", "lxml"}
