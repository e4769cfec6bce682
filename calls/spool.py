"""What the calls process writes before anything else: a folder of its own with a journal and recordings under way."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from calls import audio

Event = Mapping[str, Any]
_LOCK, _JOURNAL, _SET_ASIDE = "lock", "journal.jsonl", "set-aside.jsonl"
_RECORDING = re.compile(r"(?P<call>[A-Za-z0-9]{1,64})-(?P<take>[0-9a-f]{16})\.(?P<state>part|wav)")
_TRIES = 3  # of an event that crashes, before it is set aside
_PAUSE_S = 1.0  # while the database is away
_REST = 3.0  # times as long as an event took, before the next one: the sockets of running calls go before
_LONGEST_REST_S = 0.1


class Spool:
    """A process's folder, locked for as long as it lives: the kernel lets go of it when the process dies."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self._lock = lock

    @classmethod
    def make(cls, root: Path) -> Spool:
        """A new one below `root`."""
        folder = root / f"{int(time.time()):x}-{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700, parents=True)
        spool = cls._locked(folder)
        if spool is None:
            raise OSError(f"the new folder {folder.name} is locked")
        return spool

    @classmethod
    def abandoned(cls, root: Path) -> Iterator[Spool]:
        """Those whose process is gone, each ours from now on."""
        for folder in sorted(root.glob("*-*")):
            if folder.is_dir():
                spool = cls._locked(folder)
                if spool is not None:
                    try:
                        yield spool
                    finally:
                        spool.close()

    @classmethod
    def _locked(cls, folder: Path) -> Spool | None:
        try:
            handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # removed this very moment
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return cls(folder, handle)

    def close(self) -> None:
        """Let go of it."""
        with contextlib.suppress(OSError):
            os.close(self._lock)

    def remove(self) -> None:
        """It is empty: nothing of it is needed any more."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def left(self) -> list[Event]:
        """What a dead process left: its journal, then each recording as the event that tells of it."""
        events: list[Event] = []
        with contextlib.suppress(FileNotFoundError):
            for line in (self.folder / _JOURNAL).read_bytes().splitlines():
                with contextlib.suppress(orjson.JSONDecodeError):  # the line it died over
                    events.append(orjson.loads(line))
        told = {event.get("file") for event in events}
        for path in sorted(self.folder.iterdir()):
            found = _RECORDING.fullmatch(path.name)
            if found is None:
                continue
            if found["state"] == "part":
                whole = finish(path)
                if whole is None:
                    continue
                path = whole
            if str(path) not in told:
                events.append(take_event(path, found["call"], found["take"], "interrupted"))
        return events

    def drain(
        self,
        apply: Callable[[Event], None],
        *,
        away: tuple[type[Exception], ...],
        told: Callable[[str, Exception], None],
    ) -> int:
        """Apply what was left and remove the folder; how much it was. What is `away` leaves all for the next time."""
        events = self.left()
        for event in events:
            try:
                apply(event)
            except away:
                raise
            except Exception as error:  # noqa: BLE001 - one bad event must not hold up all others
                told("crashed", error)
                _set_aside(self.folder, event)
        if (self.folder / _SET_ASIDE).exists():
            (self.folder / _JOURNAL).unlink(missing_ok=True)
        else:
            self.remove()
        return len(events)


def take_event(path: Path, call_sid: str, take: str, state: str, **more: Any) -> dict[str, Any]:
    """The event that tells of a recording's file."""
    return {"kind": "take", "call_sid": call_sid, "take": take, "file": str(path), "state": state, **more}


def finish(path: Path) -> Path | None:
    """Give a recording under way its header and its final name; one without a sample goes, and is None."""
    samples = path.stat().st_size - audio.HEADER
    if samples <= 0:
        path.unlink()
        return None
    with path.open("r+b") as file:
        file.write(audio.header(samples))
        if samples % 2:
            file.seek(0, os.SEEK_END)
            file.write(b"\0")
        file.flush()
        os.fsync(file.fileno())
    return path.rename(path.with_suffix(".wav"))


class Journal:
    """Events on disk and on their way to the database, applied one after the other by a thread of its own.

    apply: may raise `away` to be asked again once the database is back; what it raises else is tried thrice and then
    set aside, so that one bad event does not hold up all others. told: hears what went wrong, for the log.
    """

    def __init__(
        self,
        folder: Path,
        apply: Callable[[Event], None],
        *,
        away: tuple[type[Exception], ...],
        told: Callable[[str, Exception], None],
    ) -> None:
        self._path = folder / _JOURNAL
        self._folder = folder
        self._apply, self._away, self._told = apply, away, told
        self._lock = threading.Condition()
        self._waiting: deque[Event] = deque()
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Begin to apply."""
        self._thread.start()

    def append(self, event: Event) -> None:
        """Write the event down; without room on the disk it is kept in memory, for the call goes on."""
        line = orjson.dumps(event) + b"\n"
        with self._lock:
            try:
                os.write(self._file, line)
            except OSError as error:
                self._told("not_written", error)
            self._waiting.append(event)
            self._lock.notify()

    def stop(self, seconds: float) -> bool:
        """Apply what is left, for so long at most; True when nothing is left."""
        with self._lock:
            self._stopping = True
            self._lock.notify()
        self._thread.join(seconds)
        return not self._waiting

    def idle(self) -> bool:
        """Whether everything was applied."""
        return not self._waiting

    def _run(self) -> None:
        tries = 0
        while True:
            with self._lock:
                while not self._waiting and not self._stopping:
                    self._lock.wait()
                if not self._waiting:
                    return
                event = self._waiting[0]
            begun = time.thread_time()
            try:
                self._apply(event)
            except self._away as error:
                if self._stopping:
                    return  # the next process finds it on disk
                self._told("away", error)
                time.sleep(_PAUSE_S)
                continue
            except Exception as error:  # noqa: BLE001 - the same
                tries += 1
                self._told("crashed", error)
                if tries < _TRIES:
                    continue
                _set_aside(self._folder, event)
            tries = 0
            self._done()
            if not self._stopping:
                time.sleep(min(_LONGEST_REST_S, _REST * (time.thread_time() - begun)))

    def _done(self) -> None:
        with self._lock:
            self._waiting.popleft()
            if not self._waiting:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._file, 0)


def _set_aside(folder: Path, event: Event) -> None:
    """Keep what cannot be applied for a person to look at."""
    with contextlib.suppress(OSError), (folder / _SET_ASIDE).open("ab") as file:
        file.write(orjson.dumps(event) + b"\n")
