"""The embedded Redis: one per data folder, shared by those who need it, kept on disk, gone with the last."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import redis

import config as settings
from cli import embedded_redis
from tests.support.processes import ROOT, alive, environment, prosaas, run, running, until

_USER = """
import sys, time
from cli.embedded_redis import ensure
from cli.settings import load
with ensure(load()):
    print("ready", flush=True)
    sys.stdin.read()
"""


def _user(env: dict[str, str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _USER], env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _client(folder: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(settings.socket_path(folder)), decode_responses=True)


def _server_pid(folder: Path) -> int:
    return int(_client(folder).info("server")["process_id"])


def test_the_server_keeps_a_queue_and_takes_no_network_connection(tmp_path: Path) -> None:
    with running(prosaas("redis"), environment(tmp_path), tmp_path / "log"):
        until(lambda: embedded_redis.answers(f"unix://{settings.socket_path(tmp_path)}"), "the server")
        found = _client(tmp_path).config_get("*")
        wanted = {"port": "0", "appendonly": "yes", "appendfsync": "everysec", "save": ""}
        assert {name: found[name] for name in wanted} == wanted
        assert found["maxmemory-policy"] == "noeviction"
        assert settings.socket_path(tmp_path).stat().st_mode & 0o777 == 0o700


def test_what_was_queued_is_there_again_after_a_kill(tmp_path: Path) -> None:
    with running(prosaas("redis"), environment(tmp_path), tmp_path / "log") as server:
        until(lambda: embedded_redis.answers(f"unix://{settings.socket_path(tmp_path)}"), "the server")
        _client(tmp_path).lpush("queue", *map(str, range(500)))
        server.send_signal(signal.SIGKILL)
        server.wait()
    with running(prosaas("redis"), environment(tmp_path), tmp_path / "log"):
        until(lambda: embedded_redis.answers(f"unix://{settings.socket_path(tmp_path)}"), "the server again")
        assert _client(tmp_path).llen("queue") == 500


def test_two_servers_never_share_one_data_folder(tmp_path: Path) -> None:
    with running(prosaas("redis"), environment(tmp_path), tmp_path / "log"):
        until(lambda: embedded_redis.answers(f"unix://{settings.socket_path(tmp_path)}"), "the server")
        second = run("redis", env=environment(tmp_path))
        assert second.returncode == 2
        assert "(redis_running)" in second.stderr


def test_without_a_supervisor_the_first_starts_it_and_the_last_one_out_stops_it(tmp_path: Path) -> None:
    env = environment(tmp_path, PYTHONPATH=ROOT)
    first, second = _user(env), _user(env)
    server = _server_pid(tmp_path)
    first.communicate(timeout=30)
    assert first.returncode == 0
    assert _server_pid(tmp_path) == server
    second.communicate(timeout=30)
    until(lambda: not alive(server), "the server's end")


def test_it_stops_too_when_the_last_user_is_killed_and_comes_back_with_the_next(tmp_path: Path) -> None:
    env = environment(tmp_path, PYTHONPATH=ROOT)
    user = _user(env)
    server = _server_pid(tmp_path)
    user.kill()
    user.communicate(timeout=30)
    until(lambda: not alive(server), "the server's end")
    again = _user(env)
    assert _client(tmp_path).ping()
    again.communicate(timeout=30)


def test_a_server_that_is_killed_while_it_is_used_is_started_again(tmp_path: Path) -> None:
    url = f"unix://{settings.socket_path(tmp_path)}"
    user = _user(environment(tmp_path, PYTHONPATH=ROOT))
    client = _client(tmp_path)
    # One that falls in its first second is taken for one that cannot run.
    until(lambda: int(client.info("server")["uptime_in_seconds"]) >= 2, "a steady server")
    server = _server_pid(tmp_path)
    os.kill(server, signal.SIGKILL)
    until(lambda: not alive(server) and embedded_redis.answers(url), "the server again")
    user.communicate(timeout=30)


def test_a_data_folder_too_deep_for_a_socket_works_too(tmp_path: Path) -> None:
    deep = tmp_path / ("long-name-" * 8) / ("long-name-" * 8)
    user = _user(environment(deep, PYTHONPATH=ROOT))
    assert len(os.fsencode(settings.socket_path(deep))) < 108
    assert _client(deep).ping()
    assert (deep / "redis" / "appendonlydir").is_dir() or list((deep / "redis").glob("appendonly*"))
    user.communicate(timeout=30)


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for command in ("redis", "up", "calls"):
        failed = run(command, env=environment(tmp_path / "file" / "data", PORT=1, CALLS_PORT=65000))
        assert failed.returncode == 2, command
        assert "(data_dir_not_writable)" in failed.stderr
        assert "Traceback" not in failed.stderr
