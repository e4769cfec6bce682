"""Recordings as they come: one thread appends every stream's samples to its file; no socket waits for a disk."""

from __future__ import annotations

import os
import queue
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from calls import audio, spool


class Take:
    """One recording under way; `failed` once the disk refused it."""

    __slots__ = ("call_sid", "failed", "file", "id", "path")

    def __init__(self, folder: Path, call_sid: str) -> None:
        self.call_sid = call_sid
        self.id = secrets.token_hex(8)
        self.path = folder / f"{call_sid}-{self.id}.part"
        self.file = -1
        self.failed = False


class Recorder:
    """Writes takes into a folder; `kept` hears of each that is whole on disk, with the values it was finished with."""

    def __init__(self, folder: Path, kept: Callable[[dict[str, Any]], None]) -> None:
        self._folder, self._kept = folder, kept
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def begin(self, call_sid: str) -> Take:
        """A new take; its file is made when the thread gets to it."""
        take = Take(self._folder, call_sid)
        self._work.put(lambda: self._open(take))
        return take

    def add(self, take: Take, mulaw: bytes) -> None:
        """More samples."""
        if mulaw and not take.failed:
            self._work.put(lambda: self._write(take, mulaw))

    def finish(self, take: Take, state: str, **more: Any) -> None:
        """No more of it: `whole`, or `interrupted` where somebody was cut off."""
        self._work.put(lambda: self._finish(take, state, more))

    def close(self, seconds: float = 5.0) -> None:
        """Write what is waiting and end the thread."""
        self._work.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            work = self._work.get()
            if work is None:
                return
            work()

    def _open(self, take: Take) -> None:
        try:
            take.file = os.open(take.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError:
            take.failed = True
            return
        self._write(take, audio.header(0))

    def _write(self, take: Take, data: bytes) -> None:
        if take.failed:
            return
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(take.file, view) :]
        except OSError:
            take.failed = True

    def _finish(self, take: Take, state: str, more: dict[str, Any]) -> None:
        if take.file < 0:
            return
        os.close(take.file)
        take.file = -1
        try:
            path = spool.finish(take.path)
        except OSError:  # it lies there for the next start, which finishes it
            return
        if path is not None:
            self._kept(spool.take_event(path, take.call_sid, take.id, "interrupted" if take.failed else state, **more))
