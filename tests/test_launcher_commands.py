"""The command line: help for everything, a sentence and status 2 for what is wrong."""

from __future__ import annotations

import json
import os
import re
import socket
from pathlib import Path

import pytest

from cli.main import COMMANDS
from cli.main import run as run_here
from tests.support.processes import ROOT, environment, run

_SECRET = "c2VjcmV0LWtleS1vZi0zMi1ieXRlcy0wMTIzNDU2Nzg="


def test_help_lists_every_command_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_here(["--help"]) == 0
    printed = capsys.readouterr().out
    for name, command in COMMANDS.items():
        lines = re.findall(rf"^  {re.escape(name)} +(.+)$", printed, re.MULTILINE)
        assert lines == ([] if command.hidden else [command.help])


def test_help_does_not_load_the_product(tmp_path: Path) -> None:
    done = run("--help", env={**environment(tmp_path), "PYTHONPROFILEIMPORTTIME": "1"})
    assert done.returncode == 0
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "cli.main" in loaded
    assert not loaded & {"bottle", "huey", "models", "peewee", "redis", "requests"}
    assert not (tmp_path / "prosaas.db").exists()


@pytest.mark.parametrize(
    "command", sorted(name for name, command in COMMANDS.items() if not command.hidden and name != "test")
)
def test_every_command_has_help_of_its_own(command: str, tmp_path: Path) -> None:
    done = run(command, "--help", env=environment(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["--nonsense"], ["web", "--nonsense"], ["up", "extra"], ["doctor", "--xml"], ["sync"], ["user"],
     ["token", "new"], ["bench", "nothing"], ["gmail-standin", "--port", "x"], ["migrate", "now"], []],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_option_ends_with_status_2_and_no_traceback(arguments: list[str], tmp_path: Path) -> None:
    done = run(*arguments, env=environment(tmp_path))
    assert done.returncode == 2
    assert done.stderr.strip() or not arguments
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("PORT", "99999"),
        ("CALLS_PORT", "abc"),
        ("REDIS_URL", "http://nowhere"),
        ("ENCRYPTION_KEY", "short"),
        ("DATABASE_URL", "mysql://x"),
        ("GMAIL_QUOTA", "unlimited"),
        ("LOG_FORMAT", "xml"),
        ("PUBLIC_URL", "receipts.example"),
        ("BIND", "no.such.host.invalid"),
    ],
)
def test_a_bad_setting_stops_the_start_with_a_sentence_that_names_it(setting: str, value: str, tmp_path: Path) -> None:
    done = run("web", env=environment(tmp_path, **{setting: value}))
    assert done.returncode == 2
    assert setting in done.stderr
    assert "(bad_setting)" in done.stderr
    assert "Traceback" not in done.stderr


def test_production_asks_for_a_key_instead_of_making_one(tmp_path: Path) -> None:
    for command in ("up", "web", "worker", "migrate"):
        done = run(command, env=environment(tmp_path, PRODUCTION=1))
        assert done.returncode == 2, command
        assert "ENCRYPTION_KEY" in done.stderr
    assert not list(tmp_path.rglob("encryption.key"))


@pytest.mark.parametrize("command", ["web", "calls", "up"])
def test_a_taken_port_is_told_with_the_setting_that_moves_it(command: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        setting = "CALLS_PORT" if command == "calls" else "PORT"
        done = run(command, env=environment(tmp_path, **{setting: port}))
    assert done.returncode == 2
    assert f"Port {port} is taken" in done.stderr
    assert f"set {setting} " in done.stderr
    assert "(port_taken)" in done.stderr


def test_both_ports_that_are_taken_are_told_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [one.getsockname()[1], other.getsockname()[1]]
        done = run("up", env=environment(tmp_path, PORT=ports[0], CALLS_PORT=ports[1]))
    assert done.returncode == 2
    assert f"Ports {ports[0]} and {ports[1]} are taken" in done.stderr


def test_the_same_port_twice_is_told(tmp_path: Path) -> None:
    done = run("up", env=environment(tmp_path, PORT=15999, CALLS_PORT=15999))
    assert done.returncode == 2
    assert "PORT and CALLS_PORT" in done.stderr


def test_migrate_makes_the_schema_once(tmp_path: Path) -> None:
    first = run("migrate", env=environment(tmp_path))
    assert first.returncode == 0, first.stderr
    assert "applied 0001" in first.stdout
    assert (tmp_path / "encryption.key").stat().st_mode & 0o777 == 0o600
    assert run("migrate", env=environment(tmp_path)).stdout == "The schema is up to date.\n"


def test_another_key_than_the_databases_is_told_before_anything_runs(tmp_path: Path) -> None:
    assert run("migrate", env=environment(tmp_path)).returncode == 0
    done = run("worker", env=environment(tmp_path, ENCRYPTION_KEY=_SECRET))
    assert done.returncode == 2
    assert "(wrong_key)" in done.stderr
    assert _SECRET not in done.stdout + done.stderr


def test_a_data_folder_that_may_not_be_written_is_told() -> None:
    done = run("migrate", env=environment(Path("/proc/prosaas")))  # not even root may
    assert done.returncode == 2
    assert "(data_dir_not_writable)" in done.stderr


def test_settings_are_read_from_the_projects_folder_wherever_the_command_is_called(tmp_path: Path) -> None:
    from cli import settings

    assert settings.ROOT == ROOT
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        assert settings.load().data_dir.is_absolute()
    finally:
        os.chdir(before)


@pytest.mark.parametrize(
    ("process", "given", "wanted"), [("web.1", "7000", 7000), ("calls.1", "7100", 7000), ("worker.2", "7201", 7000)]
)
def test_port_means_the_web_process_under_honcho_too(
    process: str, given: str, wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cli import settings

    monkeypatch.setenv("HONCHO_PROCESS_NAME", process)
    monkeypatch.setenv("PORT", given)
    assert settings.load().port == wanted


def test_doctor_names_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    done = run("doctor", "--json", env=environment(tmp_path, PORT=15123))
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["ok"] is False
    checks = {check["name"]: check for check in told["checks"]}
    assert checks["python"]["verdict"] == "ok"
    assert checks["nginx"]["verdict"] == "fail"
    assert "15123" in checks["nginx"]["text"]
    for name in ("database", "redis", "worker", "web", "calls"):
        assert checks[name]["verdict"] == "fail", name
    assert all(check["remedy"] for check in checks.values() if check["verdict"] != "ok")


def test_doctor_says_which_setting_is_wrong(tmp_path: Path) -> None:
    done = run("doctor", env=environment(tmp_path, CALLS_PORT="x"))
    assert done.returncode == 1
    assert re.search(r"✗ settings +CALLS_PORT must be", done.stdout)
