"""Plain SQL on either database: rows as tuples, without the price of building them as models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import orjson
import peewee

from errors import Temporary
from models import db, write


def fetch(sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """All rows of a statement whose parameters are written `?` on every database."""
    rows: list[tuple[Any, ...]] = db.execute_sql(_native(sql), list(params)).fetchall()
    return rows


def one(sql: str, params: Sequence[object] = ()) -> tuple[Any, ...] | None:
    """The first row, or None."""
    row: tuple[Any, ...] | None = db.execute_sql(_native(sql), list(params)).fetchone()
    return row


def run(sql: str, params: Sequence[object] = ()) -> int:
    """Run a statement that changes rows; how many it changed."""
    return int(db.execute_sql(_native(sql), list(params)).rowcount)


def marks(values: Sequence[object]) -> str:
    """`?, ?, ?` for the values of an IN list."""
    return ", ".join("?" * len(values))


def like(text: str) -> str:
    """A pattern for `LIKE ? ESCAPE '!'` that finds the text anywhere, its own wildcards taken literally."""
    return "%" + text.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"


def ids(values: Iterable[int]) -> str:
    """Whole numbers as a literal list: safe by construction, and no limit on how many."""
    return ", ".join(str(int(value)) for value in values) or "null"


def loaded(value: Any) -> Any:
    """The value of a JSON column: text on SQLite, decoded already by PostgreSQL's driver."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def _native(sql: str) -> str:
    return sql if db.obj.param == "?" else sql.replace("%", "%%").replace("?", db.obj.param)


def note(change: peewee.Query) -> None:
    """A write that nobody misses (when something was last seen): not done where the database is busy or read-only."""
    patience = None
    if isinstance(db.obj, peewee.SqliteDatabase):
        patience = fetch("pragma busy_timeout")[0][0]
        fetch("pragma busy_timeout = 20")
    try:
        with suppress(Temporary), write():
            change.execute()
    finally:
        if patience is not None:
            fetch(f"pragma busy_timeout = {int(patience)}")


_OUTAGE = (
    "unable to open",
    "disk i/o",
    "connection",
    "server closed",
    "could not connect",
    "terminating",
    "shutting down",
)


def is_outage(error: Exception) -> bool:
    """Whether the database could not be reached; its dead connection is given up then, so that the next one is new."""
    if not isinstance(error, peewee.OperationalError | peewee.InterfaceError):
        return False
    if not any(sign in str(error).lower() for sign in _OUTAGE):
        return False
    db.close()
    return True
