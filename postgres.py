"""PostgreSQL as peewee's tables need it: text that it can hold, days as text like SQLite's, locks of a session."""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Any

import orjson
import peewee
import psycopg
from psycopg.adapt import Loader
from psycopg.types.json import Jsonb, JsonbDumper, set_json_loads
from psycopg.types.string import StrDumperUnknown, TextLoader

ERRORS = (psycopg.Error, peewee.DatabaseError)
# A host that lost its power says no goodbye: its sessions, and the locks they hold, end after this many seconds.
_GONE_AFTER_S = 10
_ESCAPES = re.compile(
    r"(?P<kept>\\\\|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})|(?P<nul>\\u0000)|\\ud[89a-f][0-9a-f]{2}", re.IGNORECASE
)


class _Text(StrDumperUnknown):
    """Text without the NUL that PostgreSQL cannot hold."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\x00", "") if "\x00" in obj else obj)


def clean(text: str) -> str:
    """JSON's text without the escapes that jsonb refuses."""
    return _ESCAPES.sub(lambda found: found["kept"] or ("" if found["nul"] else "\\ufffd"), text)


class _Json(JsonbDumper):
    """JSON without the escapes that jsonb refuses: NUL goes, half of a surrogate pair becomes U+FFFD."""

    def dump(self, obj: Any) -> Any:
        written = super().dump(obj)
        text = bytes(written).decode() if written is not None else ""
        if "\\u" not in text:
            return written
        return clean(text).encode()


class Postgres(peewee.PostgresqlDatabase):
    """The database of a postgresql:// address; peewee keeps one connection a thread."""

    def _connect(self) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] = super()._connect()  # type: ignore[misc]
        adapters = connection.adapters
        adapters.register_dumper(str, _Text)
        adapters.register_dumper(Jsonb, _Json)
        adapters.register_loader("date", TextLoader)  # text, as in SQLite: YYYY-MM-DD
        adapters.register_loader("numeric", _Number)
        set_json_loads(orjson.loads, connection)
        return connection


class _Number(Loader):
    """A numeric value: a whole one, as sums of whole numbers are, comes as an int."""

    def load(self, data: Any) -> int | Decimal:
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdigit() else Decimal(text)


def make(url: str) -> Postgres:
    """The database of an address; no connection is opened yet."""
    return Postgres(
        url,
        prefer_psycopg3=True,
        connect_timeout=5,
        application_name="prosaas",
        client_encoding="utf8",
        options="-c datestyle=ISO -c timezone=UTC -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s "
        f"-c tcp_keepalives_idle={_GONE_AFTER_S} -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2 "
        # An answer that was on its way when the cable was cut is sent again for a quarter of an hour without this.
        "-c tcp_user_timeout=20000",
        keepalives_idle=_GONE_AFTER_S,
        keepalives_interval=5,
        keepalives_count=2,
        tcp_user_timeout=20_000,
    )


class Locks:
    """Locks of sessions of their own, one session a thread: whoever dies loses his, and a paused holder keeps them.

    Args:
        database: where all hosts meet.
    """

    def __init__(self, database: Postgres) -> None:
        self.database = database
        self._mine = threading.local()
        self._held: set[tuple[int, int]] = set()  # a session may take its own lock twice; here that is taken
        self._all: weakref.WeakSet[psycopg.Connection[Any]] = weakref.WeakSet()

    @contextmanager
    def held(self, room: int, number: int, *, patient: bool = False) -> Iterator[bool]:
        """While the block runs, the lock of a number in a room (both 32 bits); False where another has it.

        `patient` waits for it instead.
        """
        if (room, number) in self._held and not patient:
            yield False
            return
        connection = self._connection()
        function = "pg_advisory_lock" if patient else "pg_try_advisory_lock"
        try:
            row = connection.execute(f"select {function}(%s::int4, %s::int4)", [room, number]).fetchone()
        except psycopg.Error as error:
            self._drop()
            raise peewee.OperationalError(f"connection failed: {error}") from error
        if not patient and not (row and row[0]):
            yield False
            return
        self._held.add((room, number))
        try:
            yield True
        finally:
            self._held.discard((room, number))
            try:
                connection.execute("select pg_advisory_unlock(%s::int4, %s::int4)", [room, number])
            except psycopg.Error:
                self._drop()  # the session is gone, and the lock with it

    def close(self) -> None:
        """End every session."""
        for connection in list(self._all):
            with suppress(psycopg.Error):
                connection.close()

    def _connection(self) -> psycopg.Connection[Any]:
        known: psycopg.Connection[Any] | None = getattr(self._mine, "connection", None)
        if known is None or known.closed or known.broken:
            try:
                known = self._mine.connection = self._open()
            except psycopg.Error as error:
                raise peewee.OperationalError(f"connection failed: {error}") from error
            self._all.add(known)
        return known

    def _open(self) -> psycopg.Connection[Any]:
        opened: psycopg.Connection[Any] = self.database._connect()
        opened.execute("set lock_timeout = 0")
        return opened

    def _drop(self) -> None:
        connection = getattr(self._mine, "connection", None)
        self._mine.connection = None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()
