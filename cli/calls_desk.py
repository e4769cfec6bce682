"""The calls process put together: its folder, journal, recorder and numbers behind the ASGI callable."""

from __future__ import annotations

import gc
import logging
import resource
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import config as settings
import models
from calls.ports import Office
from calls.recorder import Recorder
from calls.server import build
from calls.spool import Journal, Spool
from errors import Tellable
from jobs import calls_desk
from jobs.blob_stores import blob_store
from store import schema
from store.calls import AWAY

if TYPE_CHECKING:
    from config import Config

log = logging.getLogger("calls")
_STOP_S = 3.0  # for what is still to be taken into the database; the rest waits on disk


class Desk:
    """Everything behind the calls process's port; `app` is what an ASGI server runs."""

    def __init__(self, config: Config) -> None:
        self._config = config
        _open(config)
        self._blobs = blob_store(config)
        self._clerk = calls_desk.Clerk(self._blobs)
        self._spool = Spool.make(calls_desk.folder(config))
        self._journal = Journal(self._spool.folder, self._clerk.apply, away=AWAY, told=calls_desk.told)
        self._recorder = Recorder(self._spool.folder, self._journal.append)
        self._directory = calls_desk.Directory(config, self._blobs)
        office = Office(config.public_url, self._directory, self._journal, models.derive("calls"))
        self.app: Any = build(office, self._recorder)

    def start(self) -> None:
        """Take in what a process before us left, and begin."""
        with suppress(ValueError, OSError):
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # a socket and a file for each stream
        self._directory.start()
        self._journal.start()
        left = calls_desk.recover(self._config, self._blobs)
        if left:
            log.warning("What a calls process before this one left was taken in events=%s", left)
        gc.collect()
        gc.freeze()  # what is here now stays: no pause to look through it

    def stop(self) -> None:
        """Write what is under way, and leave nothing but what the database did not take."""
        self._recorder.close()
        self._directory.stop()
        if self._journal.stop(_STOP_S):
            self._spool.close()
            self._spool.remove()
        else:
            self._spool.close()
        models.db.close()


def _open(config: Config) -> None:
    """The database where it answers; calls are taken without it too."""
    try:
        schema.open_database(config)
    except Tellable as error:
        if error.code not in {"database_unreachable", "database_busy", "database_not_writable"}:
            raise
        log.warning("✗ Database not reachable; calls are taken all the same code=%s", error.code)
        models.connect(config)
        if not config.encryption_keys:
            models.use_keys([settings.make_key(config.data_dir)])
