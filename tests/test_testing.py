"""`./prosaas test`: what fails beside others gets a second time on the free machine, a real fault stays one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT

_BUSY = """
from pathlib import Path

def test_passes_alone() -> None:
    seen = Path("seen")
    if not seen.exists():
        seen.touch()
        raise AssertionError("the machine is busy")

def test_passes_always() -> None:
    pass
"""
_FAULT = "def test_never_passes() -> None:\n    raise AssertionError('a fault')\n"


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    shutil.copytree(ROOT / "cli", folder / "cli", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "config.py", folder)
    shutil.copy(ROOT / "errors.py", folder)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "xdist.plugin"}  # a quick start
    code = "import sys; from cli.testing import test; sys.exit(test(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder, env={**environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize(("source", "fails"), [(_BUSY, False), (_BUSY + _FAULT, True)])
def test_a_test_that_fails_beside_others_is_judged_alone(tmp_path: Path, source: str, fails: bool) -> None:
    (tmp_path / "test_it.py").write_text(source)
    done = _run(tmp_path)
    assert bool(done.returncode) is fails, done.stdout + done.stderr
    assert "failed beside others" in done.stdout
    assert "test_it.py::test_passes_alone" in done.stdout.splitlines()[-2:]


def test_the_nightly_run_gives_no_second_time(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser): parser.addoption('--nightly', action='store_true')\n"
    )
    (tmp_path / "test_it.py").write_text(_BUSY)
    done = _run(tmp_path, "--nightly")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "failed beside others" not in done.stdout
