"""Units for systemd: one a process of the Procfile, which systemd's own checker takes."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

from cli import systemd
from cli.up import procfile
from tests.support import installation
from tests.support.processes import environment, run


def test_each_process_has_a_unit_that_starts_it_as_the_procfile_does(tmp_path: Path) -> None:
    made = systemd.units(installation.settings(tmp_path), "prosaas", workers=3)
    assert set(made) == {
        "prosaas.target", "prosaas-web.service", "prosaas-calls.service", "prosaas-worker.service",
        "prosaas-worker-2.service", "prosaas-worker-3.service",
    }  # fmt: skip
    for name, command in procfile().items():
        unit = configparser.RawConfigParser(strict=False)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read_string(made[f"prosaas-{name}.service"])
        assert unit["Service"]["ExecStart"].endswith(command.removeprefix("exec ./"))
        assert unit["Service"]["Restart"] == "always"
        assert unit["Service"]["KillMode"] == "control-group"
        assert str(tmp_path) in unit["Service"]["ReadWritePaths"]
        assert f"prosaas-{name}.service" in made["prosaas.target"]


def test_they_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    done = run("systemd", "--user", "nobody", "--out", str(tmp_path), env=environment(tmp_path))
    assert done.returncode == 0, done.stderr
    files = sorted(path for path in tmp_path.glob("prosaas*") if path.suffix in {".service", ".target"})
    assert len(files) == 4
    if checker := shutil.which("systemd-analyze"):
        checked = subprocess.run([checker, "verify", *map(str, files)], capture_output=True, text=True, check=False)
        assert "Unknown" not in checked.stderr
    nowhere = run("systemd", "--out", str(tmp_path / "nothing"), env=environment(tmp_path))
    assert nowhere.returncode == 2
