"""Redis on other hosts: over TLS by an own authority, with a password, and behind a Sentinel that fails over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis

import models
import tasks
from cli import logs
from config import Config
from tests.support import installation
from tests.support.processes import environment, prosaas, running, until
from tests.support.redis_elsewhere import OF_SENTINEL, PASSWORD, SERVICE, Elsewhere
from web import checks


def _settings(folder: Path, address: str) -> Config:
    config = installation.settings(folder, REDIS_URL=address)
    models.use_keys(config.encryption_keys)
    tasks.configure(config)
    return config


def test_the_queue_works_over_tls_with_a_password_and_an_own_authority(tmp_path: Path) -> None:
    with Elsewhere(tmp_path) as elsewhere:
        port, _ = elsewhere.server()
        address = f"rediss://:{PASSWORD}@127.0.0.1:{port}/0"
        config = _settings(tmp_path, f"{address}?ssl_ca_certs={elsewhere.authority.ca}")
        assert tasks.ring(41)
        assert tasks.huey.dequeue().args == (41,)
        assert checks.queue_server(config).verdict == checks.OK
        unknown = _settings(tmp_path, address)  # the system's authorities do not know this one
        assert not tasks.ring(42)
        told = checks.queue_server(unknown)
        assert (told.verdict, "REDIS_URL" in told.remedy) == (checks.FAIL, True)
        wrong = _settings(tmp_path, f"rediss://:no@127.0.0.1:{port}/0?ssl_ca_certs={elsewhere.authority.ca}")
        assert checks.queue_server(wrong).verdict == checks.FAIL


def test_web_and_worker_follow_a_sentinel_to_the_next_leader(tmp_path: Path) -> None:
    with Elsewhere(tmp_path) as elsewhere:
        first, process = elsewhere.server()
        second, _ = elsewhere.server(replica_of=first)
        sentinel = elsewhere.sentinel(first)
        asked = elsewhere.client(sentinel, OF_SENTINEL)

        def facts() -> Any:
            return asked.sentinel_master(SERVICE)

        until(lambda: facts()["num-slaves"] == 1, "the Sentinel knows of the replica")
        options = f"ssl_ca_certs={elsewhere.authority.ca}&sentinel_password={OF_SENTINEL}"
        address = f"rediss+sentinel://:{PASSWORD}@127.0.0.1:{sentinel}/{SERVICE}/0?{options}"
        config = _settings(tmp_path, address)
        client = tasks.redis_client(config)
        env = environment(tmp_path, REDIS_URL=address, ENCRYPTION_KEY=installation.KEY)
        with running(prosaas("worker"), env, tmp_path / "log"):
            until(lambda: _seen(client), "a worker is seen")
            process.kill()
            until(lambda: facts()["port"] == second, "the replica leads", 120)
            until(lambda: tasks.ring(999), "the bell rings again")
            until(lambda: _depth(client) == 0, "the worker takes it from the new leader")
            elsewhere.client(second).flushall()
            until(lambda: _seen(client), "it is seen on the new leader")
        written = (tmp_path / "log").read_text()
        assert PASSWORD not in written
        assert OF_SENTINEL not in written


def _seen(client: redis.Redis) -> bool:
    try:
        return bool(tasks.workers_seen(client))
    except redis.RedisError:
        return False


def _depth(client: redis.Redis) -> int:
    try:
        return sum(tasks.queue_depths(client).values())
    except redis.RedisError:
        return -1


@pytest.mark.parametrize(
    "address",
    [
        "redis+sentinel://10.0.0.1:26379",
        "redis+sentinel:///receipts",
        "redis+sentinel://10.0.0.1:port/receipts",
        "rediss://127.0.0.1:6379/0?ssl_ca_cert=/ca.pem",
    ],
)
def test_an_address_that_could_never_connect_is_told_at_the_start(tmp_path: Path, address: str) -> None:
    with pytest.raises(Exception, match="REDIS_URL"):
        installation.settings(tmp_path, REDIS_URL=address)


def test_both_passwords_of_a_sentinels_address_are_masked(tmp_path: Path) -> None:
    address = f"redis+sentinel://:{PASSWORD}@10.0.0.1,10.0.0.2:26380/{SERVICE}?sentinel_password={OF_SENTINEL}"
    assert {PASSWORD, OF_SENTINEL} <= set(logs.secrets_of(installation.settings(tmp_path, REDIS_URL=address)))
