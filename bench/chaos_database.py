"""The database of `bench chaos`, as seen from outside: held, cut off, and asked what was written under which fence."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from store.locks import BUSINESS

# What the workers note: each write with its fence, and each turn at a business with its begin and its end.
TABLES = {
    "chaos_write": "run_id int, fence int, pid int",
    "chaos_turn": "business_id int, run_id int, fence int, pid int, thread int, ended int",
}


class Database(Protocol):
    """What the driver asks of either database."""

    url: str

    def prepare(self) -> None:
        """Make the tables that the workers note in."""

    def held(self) -> contextlib.AbstractContextManager[None]:
        """Hold the write lock while the block runs."""

    def cut(self) -> None:
        """End everybody's connections, where there are any."""

    def unlock(self) -> None:
        """Take everybody's locks of businesses away, as whoever tidies the wrong files, or a server's restart."""

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query without parameters."""


class Sqlite:
    """A file."""

    def __init__(self, path: Path) -> None:
        self.url, self._path = f"sqlite:///{path}", path

    def _connected(self) -> contextlib.closing[sqlite3.Connection]:
        return contextlib.closing(sqlite3.connect(self._path, timeout=60, isolation_level=None))

    def prepare(self) -> None:
        """See Database."""
        with self._connected() as database:
            for name, columns in TABLES.items():
                database.execute(f"create table {name} (id integer primary key, {columns})")

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """See Database."""
        with self._connected() as database:
            database.execute("begin immediate")
            try:
                yield
            finally:
                database.execute("rollback")

    def cut(self) -> None:
        """A file has no connections."""

    def unlock(self) -> None:
        """See Database."""
        for file in (self._path.parent / "locks").glob("business-*"):
            file.unlink(missing_ok=True)

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """See Database."""
        with self._connected() as database:
            return list(database.execute(sql).fetchall())


class Postgresql:
    """A server; `url` names a database that is ours alone."""

    def __init__(self, url: str) -> None:
        self.url = url

    def _connected(self) -> contextlib.AbstractContextManager[Any]:
        import psycopg

        return psycopg.connect(self.url, autocommit=True)

    def prepare(self) -> None:
        """See Database."""
        with self._connected() as database:
            for name, columns in TABLES.items():
                database.execute(f"create table {name} (id bigserial primary key, {columns})")

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """See Database."""
        with self._connected() as database, database.transaction():
            database.execute("lock table sync_run in exclusive mode")
            yield

    def cut(self) -> None:
        """See Database."""
        with self._connected() as database:
            database.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )

    def unlock(self) -> None:
        """See Database."""
        with self._connected() as database:
            database.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and pid in (select pid from pg_locks where locktype = 'advisory' and classid = %s)",
                [BUSINESS[0]],
            )

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """See Database."""
        with self._connected() as database:
            return list(database.execute(sql).fetchall())
