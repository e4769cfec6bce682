"""Huey: the queue, its tasks and priorities, the expiring lock, the tick, and the worker process."""

from __future__ import annotations

import hmac
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import redis
from huey import PriorityRedisExpireHuey, crontab
from huey.api import TaskLock
from huey.exceptions import TaskLockedException
from huey.registry import Message
from huey.serializer import Serializer

import clock
import models
import redis_pool
from config import VERSION, Config
from errors import Tellable, Temporary

if TYPE_CHECKING:
    from jobs.workshop import Workshop

log = logging.getLogger("worker")

QUEUES = ["high", "default", "low"]
PRIORITY = {"high": 100, "default": 50, "low": 0}
LOCK_TTL_S = 15
SEEN_EVERY_S = 5
SEEN_FOR_S = 30
_SEEN = "prosaas:worker:"
_WEB_TIMEOUT_S = 1.0  # a request must be told within 2 s that Redis is away


class SignedJson(Serializer):  # type: ignore[misc]
    """Messages as JSON with an HMAC: whoever can write to Redis cannot make a worker run code."""

    def _serialize(self, data: Any) -> bytes:
        if isinstance(data, Message):
            fields = data._asdict()
            for name in ("eta", "expires_resolved"):
                fields[name] = fields[name].isoformat() if fields[name] else None
            data = {"message": fields}
        body = json.dumps(data, default=str).encode()
        return hmac.digest(models.derive("huey")[0], body, "sha256").hex().encode() + b"." + body

    def _deserialize(self, data: bytes) -> Any:
        mark, _, body = data.partition(b".")
        good = any(
            hmac.compare_digest(hmac.digest(key, body, "sha256").hex().encode(), mark) for key in models.derive("huey")
        )
        if not good:
            raise ValueError("a queued message does not bear our signature")
        value = json.loads(body)
        if not (isinstance(value, dict) and "message" in value):
            return value
        fields = value["message"]
        for name in ("eta", "expires_resolved"):
            fields[name] = datetime.fromisoformat(fields[name]) if fields[name] else None
        fields["args"] = tuple(fields["args"])
        return Message(**fields)


huey = PriorityRedisExpireHuey("prosaas", results=False, serializer=SignedJson())
_workshop: Workshop | None = None
_delivering = threading.BoundedSemaphore(1)
_working = threading.BoundedSemaphore(1)


def configure(config: Config) -> None:
    """Point the queue at the installation's Redis; nothing is connected yet."""
    huey.storage_kwargs = {"connection_pool": _pool(config, timeout_s=10.0)}
    huey.storage = huey.create_storage()


def redis_client(config: Config) -> redis.Redis:
    """A client that fails within a second; each command connects anew where it must, so it recovers by itself."""
    return redis.Redis(connection_pool=_pool(config, timeout_s=_WEB_TIMEOUT_S))


def _pool(config: Config, timeout_s: float) -> redis.ConnectionPool:
    return redis_pool.make(config.redis_url, timeout_s, _WEB_TIMEOUT_S)


# -- tasks: public names are stored in the queue and never change


@huey.task(name="prosaas.sync_step", priority=PRIORITY["default"])
def sync_step(run_id: int) -> None:
    """One step of a run."""
    from jobs import sync  # here, for the web rings too and needs none of it

    if _workshop is not None:
        with _database():
            sync.step(_workshop, run_id)


@huey.task(name="prosaas.deliver", priority=PRIORITY["low"])
def deliver(endpoint_id: int) -> None:
    """Events to one endpoint.

    At most half of the process's threads do this at once: a receiver that hangs must not keep the syncs waiting.
    """
    from jobs import deliver as outgoing
    from store import deliveries

    if _workshop is None:
        return
    with _database():
        if not _delivering.acquire(blocking=False):
            deliveries.ring_again(endpoint_id)
            return
        try:
            again = outgoing.step(_workshop.config, endpoint_id, _workshop.stopping)
        finally:
            _delivering.release()
    if again:
        ring_endpoint(endpoint_id)


@huey.task(name="prosaas.work_step", priority=PRIORITY["default"])
def work_step(work_id: int) -> None:
    """One step of background work; at most half of the threads do such work, the others are for mail."""
    from jobs import work as steps
    from store import work

    if _workshop is None:
        return
    with _database():
        if not _working.acquire(blocking=False):
            work.ring_again(work_id)
            return
        try:
            again = steps.step(_workshop, work_id)
        finally:
            _working.release()
        row = work.get(work_id) if again else None
    if row is not None:
        ring_work(row.id, row.priority)


@huey.periodic_task(crontab(minute="*"), name="prosaas.tick", priority=PRIORITY["high"], expires=55)
def tick() -> None:
    """Every minute: plan what is due. A slot in the database decides, so any number of workers may tick."""
    from jobs import alerting, calls_desk, sweep, work

    if _workshop is not None:
        with _database():
            sweep.tidy()
            sweep.look_after_events()
            calls_desk.look_after(_workshop.config, _workshop.blobs)
            for run_id in sweep.plan_syncs():
                ring(run_id)
            for work_id, priority in [*alerting.look_after(_workshop.config), *work.plan()]:
                ring_work(work_id, priority)


def ring(run_id: int) -> bool:
    """Put the run on the queue; False when Redis does not answer (the sweeper rings later)."""
    try:
        sync_step(run_id)
    except redis.RedisError as error:
        log.warning("✗ Redis not available run=%s error=%s", run_id, type(error).__name__)
        return False
    return True


def ring_endpoint(endpoint_id: int) -> bool:
    """Have an endpoint's events delivered; False when Redis does not answer (the sweeper rings later)."""
    try:
        deliver(endpoint_id)
    except redis.RedisError as error:
        log.warning("✗ Redis not available endpoint=%s error=%s", endpoint_id, type(error).__name__)
        return False
    return True


def ring_work(work_id: int, priority: str = "default") -> bool:
    """Have background work done; False when Redis does not answer (the sweeper rings later)."""
    try:
        work_step(work_id, priority=PRIORITY[priority])
    except redis.RedisError as error:
        log.warning("✗ Redis not available work=%s error=%s", work_id, type(error).__name__)
        return False
    return True


@contextmanager
def together(name: str) -> Iterator[bool]:
    """Huey's expiring lock of a name.

    It is taken under the kernel's lock of the same business, so one that is found taken was left by a dead worker and
    may be cleared; without Redis the kernel's lock alone must do.
    """
    lock = TaskLock(huey, name, ttl=LOCK_TTL_S)
    try:
        try:
            lock.acquire()
        except TaskLockedException:
            lock.clear()
            lock.acquire()
    except (redis.RedisError, TaskLockedException):
        yield False
        return
    try:
        yield True
    finally:
        try:
            lock.clear()
        except redis.RedisError:
            log.warning("A lock could not be given back; it expires by itself lock=%s", name)


# -- what the web and the doctor ask


def queue_depths(client: redis.Redis) -> dict[str, int]:
    """How many tasks wait, by the name of their priority. Raises redis.RedisError."""
    key = huey.storage.queue_key
    bounds: dict[str, tuple[int, int | str]] = {
        "high": (-PRIORITY["high"], -PRIORITY["default"] - 1),
        "default": (-PRIORITY["default"], -1),
        "low": (0, "+inf"),
    }
    return {name: int(client.zcount(key, low, high)) for name, (low, high) in bounds.items()}


def workers_seen(client: redis.Redis) -> list[dict[str, Any]]:
    """The workers that gave a sign of life within 30 s: host, pid, started_at, queues, last_seen_s."""
    found = []
    for key in client.scan_iter(match=_SEEN + "*", count=100):
        value, left = client.get(key), client.ttl(key)
        if value is not None:
            found.append({**json.loads(value), "last_seen_s": max(0, SEEN_FOR_S - int(left))})
    return sorted(found, key=lambda worker: int(worker["last_seen_s"]))


# -- the worker process


def run_worker(config: Config) -> None:
    """Run the consumer until it is told to stop; returns then."""
    global _workshop, _delivering, _working
    log.info("🔔 WORKER_START: ProSaaS Background Worker pid=%s", os.getpid())
    configure(config)
    _wait_for_redis(config)
    log.info("✓ Redis connection successful")
    with _database():
        models.Business.select().count()
    log.info("✓ Database ready")
    from jobs import adapters, sweep, sync
    from jobs.workshop import Workshop
    from receipts.child import Reader

    log.info("✓ Job functions imported successfully step=%s", sync.step.__qualname__)
    consumer = huey.create_consumer(
        workers=config.workers,
        worker_type="thread",
        health_check_interval=1,
        graceful_signal="TERM",
        shutdown_timeout=4,
        max_delay=1.0,
        periodic=True,
    )
    reader = Reader()
    _delivering = threading.BoundedSemaphore(max(1, config.workers // 2))
    _working = threading.BoundedSemaphore(max(1, config.workers // 2))
    _workshop = Workshop(
        config=config,
        blobs=adapters.blob_store(config),
        reader=reader,
        ring=ring,
        together=together,
        stopping=consumer.stop_flag.is_set,
        open_source=adapters.opener(config, redis_client(config)),
    )
    log.info("Listening to queues: %s", QUEUES)
    stop = consumer.stop_flag
    _background("clock", lambda: _every(sweep.LOOK_S, stop, sweep.clocks.look))
    _background("sweeper", lambda: _every(sweep.EVERY_S, stop, _sweep))
    client = redis_client(config)
    _background("seen", lambda: _every(SEEN_EVERY_S, stop, lambda: _seen(client)))
    log.info("🚀 Worker is now READY and LISTENING for jobs...")
    try:
        consumer.run()
    finally:
        reader.close()


def _wait_for_redis(config: Config) -> None:
    client = redis_client(config)
    told = False
    while True:
        try:
            client.ping()
        except redis.RedisError as error:
            if not told:
                log.error("✗ Redis not available: %s", type(error).__name__)
                told = True
            time.sleep(0.25)
        else:
            return


def _sweep() -> float | None:
    """Seconds until the next sweep, where it must not wait for its turn."""
    from jobs import sweep
    from store import deliveries, work

    if _workshop is None:
        return None
    with _database():
        sweep.sweep(_workshop)
        for endpoint_id in deliveries.to_ring():
            ring_endpoint(endpoint_id)
        for work_id, priority in work.to_ring():
            ring_work(work_id, priority)
        return sweep.next_in_s()


_started_at = clock.iso(clock.now())


def _seen(client: redis.Redis) -> None:
    name = f"{_SEEN}{socket.gethostname()}:{os.getpid()}"
    value = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started_at": _started_at,
        "queues": QUEUES,
        "version": VERSION,
        "ocr": _workshop.reader.pictures_read if _workshop is not None else (0, 0.0),
    }
    client.set(name, json.dumps(value), ex=SEEN_FOR_S)


def _every(seconds: float, stop: threading.Event, work: Callable[[], float | None]) -> None:
    """Do the work now and then every so often, or when it says so; a failure is told once, until it works again."""
    failing = ""
    while True:
        sooner = None
        try:
            sooner = work()
        except (redis.RedisError, Temporary) as error:
            if failing != type(error).__name__:
                failing = type(error).__name__
                log.warning("A background task has to wait error=%s", failing)
        except Tellable as error:
            log.error("A background task failed code=%s", error.code)
        except Exception:
            log.exception("A background task crashed")
        else:
            failing = ""
        if stop.wait(seconds if sooner is None else min(sooner, seconds)):
            return


def _background(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


@contextmanager
def _database() -> Iterator[None]:
    """The thread's connection, kept open from task to task."""
    models.ready()
    yield
