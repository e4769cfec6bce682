"""The queue as the web sees it: asked before it is used, told about in the log, its state for the health page."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import redis

import tasks
from errors import Tellable

if TYPE_CHECKING:
    from config import Config

log = logging.getLogger("web")


@dataclass(frozen=True)
class QueueState:
    """Redis as seen just now; `depths` are waiting tasks by priority, `workers` those seen within 30 s."""

    redis_ok: bool
    depths: dict[str, int] = field(default_factory=lambda: dict.fromkeys(tasks.QUEUES, 0))
    workers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def worker_alive(self) -> bool:
        """Whether a worker gave a sign of life within 30 s."""
        return bool(self.workers)


class Queue:
    """The queue of an installation.

    Nothing is connected until it is used, and nothing has to be rebuilt after an outage: each command takes a
    connection anew where the old one is dead.
    """

    def __init__(self, config: Config) -> None:
        self.client = tasks.redis_client(config)

    def check(self) -> None:
        """Ask Redis whether it is there, within a second; Tellable `redis_unavailable`."""
        try:
            self.client.ping()
        except redis.RedisError as error:
            log.error("✗ Redis not available: %s", _what(error))
            raise Tellable(
                "redis_unavailable",
                "Redis not available - worker queue disabled. Please contact support.",
                technical_details=_what(error),
            ) from error
        log.info("✓ Redis connection verified")

    def ring(self, run_id: int, business_id: int) -> bool:
        """Put a run on the queue; False when Redis just went away: the run stays queued and is rung later."""
        log.info("ENQUEUING JOB queue: default run=%s business=%s", run_id, business_id)
        rung = tasks.ring(run_id)
        if rung:
            log.info("🔔 JOB ENQUEUED SUCCESSFULLY run=%s business=%s", run_id, business_id)
        return rung

    def ring_endpoint(self, endpoint_id: int) -> bool:
        """Have an endpoint's events delivered at once; False when Redis just went away: the sweeper rings later."""
        return tasks.ring_endpoint(endpoint_id)

    def nudge(self, run_id: int) -> None:
        """Ring for a run that is on its way already, so that it looks at once."""
        tasks.ring(run_id)

    def state(self) -> QueueState:
        """Depths and workers; never raises."""
        try:
            return QueueState(True, tasks.queue_depths(self.client), tasks.workers_seen(self.client))
        except redis.RedisError:
            return QueueState(redis_ok=False)


def _what(error: redis.RedisError) -> str:
    """The kind of failure and the driver's words, without the address (it may hold a password)."""
    words = re.sub(r" (connecting to|from|to) \S+", "", str(error))
    return f"{type(error).__name__}: {words or 'no answer'}"[:200]
