"""Who works on what, alone: the kernel's lock on one host, PostgreSQL's between several."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import peewee

from errors import Tellable
from models import db

if TYPE_CHECKING:
    from postgres import Locks

# The rooms of locks: the number is PostgreSQL's first key and must never change, the name is a file's.
SCHEMA = (0x50524F01, "migrate")
BUSINESS = (0x50524F02, "business")
WORK = (0x50524F03, "work")
_guard = threading.Lock()
_sessions: dict[int, Locks] = {}


@contextmanager
def held(folder: Path, room: tuple[int, str], number: int, *, patient: bool = False) -> Iterator[bool]:
    """While the block runs, the lock of a number in a room; False where another has it, or wait with `patient`.

    It ends with its holder, so it is never stale; a paused holder keeps it, so it is never stolen. `folder` is
    DATA_DIR. Tellable `data_dir_not_writable`.
    """
    if isinstance(db.obj, peewee.SqliteDatabase):
        with _flock(folder / "locks", f"{room[1]}-{number}", patient=patient) as taken:
            yield taken
    else:
        with _advisory().held(room[0], number, patient=patient) as taken:
            yield taken


@contextmanager
def _flock(folder: Path, name: str, *, patient: bool) -> Iterator[bool]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / name).open("w")
    except OSError as error:
        raise Tellable(
            "data_dir_not_writable",
            f"The data folder {folder.parent} cannot be written ({error.strerror}). Mend its rights or set DATA_DIR.",
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if patient else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def _advisory() -> Locks:
    import postgres

    with _guard:
        known = _sessions.get(id(db.obj))
        if known is None or known.database is not db.obj:
            for old in _sessions.values():
                old.close()
            _sessions.clear()
            known = _sessions[id(db.obj)] = postgres.Locks(db.obj)
        return known
