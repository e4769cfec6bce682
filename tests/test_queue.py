"""The queue on a real Redis: signed messages, priorities, the expiring lock, and what happens without it."""

from __future__ import annotations

import json
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

import models
import tasks
from config import Config
from tests.support import installation
from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture
def config(server: RedisServer, tmp_path: Path) -> Config:
    settings = installation.settings(tmp_path, REDIS_URL=server.url)
    models.use_keys(settings.encryption_keys)
    tasks.configure(settings)
    tasks.redis_client(settings).flushall()
    return settings


def test_a_task_comes_back_from_the_queue_as_it_went_in(config: Config) -> None:
    assert tasks.ring(41)
    task = tasks.huey.dequeue()
    assert (task.name, task.args, task.priority) == ("prosaas.sync_step", (41,), tasks.PRIORITY["default"])


def test_the_queue_holds_readable_json_and_no_pickle(config: Config) -> None:
    tasks.ring(7)
    (stored,) = tasks.redis_client(config).zrange(tasks.huey.storage.queue_key, 0, -1)
    begins = bytes(stored).index(b'.{"message"')  # eight bytes by which Huey keeps the order stand before the mark
    mark, body = bytes(stored)[:begins], bytes(stored)[begins + 1 :]
    assert json.loads(body)["message"]["args"] == [7]
    assert int(mark[-64:], 16)


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("/nonexistent"),))


@pytest.mark.parametrize(
    "forged",
    [
        pickle.dumps({"name": "prosaas.sync_step"}),
        pickle.dumps(_Bomb()),
        b'{"message": {"name": "prosaas.sync_step", "args": [1]}}',
        b"0" * 64 + b'.{"message": {"name": "prosaas.sync_step", "args": [1]}}',
        b"",
    ],
)
def test_a_message_without_our_signature_is_refused(config: Config, forged: bytes) -> None:
    with pytest.raises(ValueError, match="signature"):
        tasks.huey.serializer.deserialize(forged)


def test_a_message_signed_with_the_key_before_the_rotation_is_taken(config: Config) -> None:
    tasks.ring(3)
    models.use_keys(["ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=", installation.KEY])
    assert tasks.huey.dequeue().args == (3,)


def test_what_is_urgent_comes_first_and_the_depths_are_told_by_name(config: Config) -> None:
    for run_id, name in [(1, "low"), (2, "default"), (3, "high"), (4, "default")]:
        tasks.huey.enqueue(tasks.sync_step.s(run_id, priority=tasks.PRIORITY[name]))
    assert tasks.queue_depths(tasks.redis_client(config)) == {"high": 1, "default": 2, "low": 1}
    assert [tasks.huey.dequeue().args[0] for _ in range(4)] == [3, 2, 4, 1]


def test_the_expiring_lock_of_a_dead_worker_is_taken_over(config: Config) -> None:
    left_behind = tasks.TaskLock(tasks.huey, "business-1", ttl=tasks.LOCK_TTL_S)
    left_behind.acquire()
    with tasks.together("business-1") as taken:
        assert taken
    assert not left_behind.is_locked()


def test_the_lock_expires_by_itself(config: Config) -> None:
    tasks.TaskLock(tasks.huey, "business-2", ttl=tasks.LOCK_TTL_S).acquire()
    (key,) = tasks.redis_client(config).keys("*business-2*")
    assert 0 < int(tasks.redis_client(config).ttl(key)) <= tasks.LOCK_TTL_S


def test_a_worker_is_seen_while_it_gives_signs_of_life(config: Config) -> None:
    client = tasks.redis_client(config)
    assert tasks.workers_seen(client) == []
    tasks._seen(client)
    (seen,) = tasks.workers_seen(client)
    assert seen["queues"] == ["high", "default", "low"]
    assert seen["last_seen_s"] <= 1
    (key,) = client.keys("prosaas:worker:*")
    assert int(client.ttl(key)) <= tasks.SEEN_FOR_S


def test_without_redis_a_ring_is_no_error_and_comes_through_once_it_is_back(tmp_path: Path) -> None:
    server = RedisServer()
    settings = installation.settings(tmp_path, REDIS_URL=server.url)
    models.use_keys(settings.encryption_keys)
    tasks.configure(settings)
    client = tasks.redis_client(settings)
    assert not tasks.ring(1)
    with tasks.together("business-1") as taken:
        assert not taken
    with pytest.raises(redis.RedisError):
        client.ping()
    told_within = client.connection_pool.connection_kwargs
    assert max(told_within["socket_timeout"], told_within["socket_connect_timeout"]) <= 1  # and tried once
    assert told_within["retry"].get_retries() == 0
    with server:
        assert client.ping()
        assert tasks.ring(1)
        server.kill()
        assert not tasks.ring(2)
        server.start()
        assert tasks.huey.dequeue().args == (1,)  # the append-only file kept it


def test_a_background_task_goes_on_after_a_failure() -> None:
    stop, calls = threading.Event(), []

    def work() -> None:
        calls.append(len(calls))
        if len(calls) == 1:
            raise RuntimeError("once")
        stop.set()

    tasks._every(0.0, stop, work)
    assert calls == [0, 1]
