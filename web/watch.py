"""What the web process watches beside its answers: the worker, which cannot say that it is silent, and the disk."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import redis

import models
import tasks
from errors import Tellable
from jobs import adapters, alerting, work
from jobs.workshop import Workshop
from receipts.child import Reader

if TYPE_CHECKING:
    from config import Config

log = logging.getLogger("watch")
EVERY_S = 15.0
SILENT_S = 90.0  # a worker that is started anew is back before


class Watch:
    """Looks now and then in a thread of its own; `look` is one look."""

    def __init__(self, config: Config, *, silent_s: float = SILENT_S) -> None:
        self.config = config
        self.client = tasks.redis_client(config)
        self.host = alerting.host_name()
        self.silent_s = silent_s
        self.stop = threading.Event()
        self._seen = self._reached = time.monotonic()

    def start(self) -> None:
        """From now on until the process ends."""
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def _run(self) -> None:
        failing = ""
        while not self.stop.wait(EVERY_S):
            try:
                models.ready()
                self.look()
                failing = ""
            except Tellable as error:  # a database that is busy or away: the next look is soon
                if failing != error.code:
                    failing = error.code
                    log.warning("The watch has to wait code=%s", error.code)
            except Exception:
                log.exception("The watch crashed")
                models.db.close()

    def look(self) -> None:
        """Raise or clear what is so now; while no worker is heard, do what alerts need of one."""
        alerting.watch_disk(self.config, self.host)
        now = time.monotonic()
        workers = self._workers()
        if workers is not None:
            self._reached = now
        if workers:
            self._seen = now
        silent = now - self._seen >= self.silent_s
        if workers is not None or now - self._reached >= self.silent_s:
            alerting.watch_workers(silent=silent, redis=workers is not None, host=self.host)
        if silent:
            shop = self._workshop()
            alerting.stand_in(self.config, lambda work_id: work.step(shop, work_id), self.stop.is_set)

    def _workers(self) -> int | None:
        """How many workers gave a sign of life; None where Redis does not answer."""
        try:
            return len(tasks.workers_seen(self.client))
        except redis.RedisError:
            return None

    def _workshop(self) -> Workshop:
        """As much of a worker's tools as a mail needs; the reader starts no child until it is used."""
        return Workshop(
            config=self.config,
            blobs=adapters.blob_store(self.config),
            reader=Reader(),
            ring=lambda _: False,
            together=_alone,
            stopping=self.stop.is_set,
            open_source=adapters.opener(self.config, self.client),
        )


@contextlib.contextmanager
def _alone(_: str) -> Iterator[bool]:
    yield False
