"""The database: connection, fields, tenant scope, transactions, and the encryption of secrets."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import peewee
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

import config as settings
import words
from errors import Tellable, Temporary

db = peewee.DatabaseProxy()
_keys: tuple[str, ...] = ()
_WRITER = 0x50524F00  # the number of the writers' lock in PostgreSQL
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNWRITABLE = (
    "readonly",
    "read-only transaction",
    "disk is full",
    "disk I/O",
    "could not extend file",
    "No space left",
)
T = TypeVar("T", bound="Owned")


class UtcField(peewee.BigIntegerField):
    """An aware moment in UTC, kept as integer milliseconds since 1970 so that every database sorts it alike."""

    def db_value(self, value: datetime | int | None) -> int | None:
        """Milliseconds; a naive datetime is a defect and raises ValueError."""
        if value is None or isinstance(value, int):
            return value
        if value.tzinfo is None:
            raise ValueError("a moment must be aware")
        return (value - _EPOCH) // timedelta(milliseconds=1)

    def python_value(self, value: int | None) -> datetime | None:
        """An aware datetime in UTC."""
        return None if value is None else _EPOCH + timedelta(milliseconds=value)


class SecretField(peewee.TextField):
    """Text that is encrypted at rest; reading it without the right key is Tellable `wrong_key`."""

    def db_value(self, value: str | None) -> str | None:
        """The Fernet token of the text."""
        return None if value is None else encrypt(value)

    def python_value(self, value: str | None) -> str | None:
        """The text again."""
        return None if value is None else decrypt(value)


class Table(peewee.Model):
    """What all tables share."""

    id = peewee.AutoField()

    class Meta:
        """Bound to the installation's database."""

        database = db
        legacy_table_names = False


class Owned(Table):
    """A table whose rows belong to one business: `find` is the one way in for a request."""

    business: peewee.ForeignKeyField

    @classmethod
    def find(cls: type[T], business: Table | int, id_: object) -> T:
        """The row of that id in that business; Tellable `not_found` whether it is missing or another tenant's."""
        try:
            number = int(str(id_))
        except ValueError:
            number = 0
        # No row has an id beyond 63 bits, and the databases refuse to compare one.
        row = cls.get_or_none(cls.id == number, cls.business == business) if 0 < number < 2**63 else None
        if row is None:
            raise Tellable("not_found", "There is no such thing here.")
        return row


def connect(config: settings.Config) -> None:
    """Bind the tables to the installation's database; no connection is opened yet.

    Tellable `data_dir_not_writable` or `bad_setting`.
    """
    url = config.database_url
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Tellable(
                "data_dir_not_writable",
                f"The data folder {path.parent} cannot be made ({error.strerror}). Mend its rights or set DATA_DIR.",
            ) from error
        database: peewee.Database
        database = lite = peewee.SqliteDatabase(
            str(path),
            pragmas={
                "journal_mode": "wal",
                "synchronous": "normal",
                "busy_timeout": 5000,
                "foreign_keys": 1,
                "cache_size": -16000,
                "mmap_size": 128 * 1024 * 1024,
                "temp_store": "memory",
                "journal_size_limit": 64 * 1024 * 1024,
            },
        )
        lite.register_function(words.marked, "search_words", 2, deterministic=True)
    else:
        import postgres  # here, for an installation on SQLite needs none of it

        database = postgres.make(url)
    if db.obj is not None and not db.is_closed():
        db.close()
    db.initialize(database)
    use_keys(config.encryption_keys)


def ready() -> None:
    """Have this thread connected: with the connection it kept, or a new one where the server has ended that."""
    if not db.is_closed() and not db.is_connection_usable():
        db.close()
    db.connect(reuse_if_open=True)


def use_keys(keys: Sequence[str]) -> None:
    """Take these encryption keys; the first one encrypts."""
    global _keys
    _keys = tuple(keys)


def derive(purpose: str) -> list[bytes]:
    """32 bytes for another purpose from each key, the current one first; Tellable `key_missing`."""
    return [hmac.digest(key.encode(), purpose.encode(), "sha256") for key in _ring()]


@contextmanager
def write() -> Iterator[None]:
    """A short write transaction, the only one at this moment; Temporary `database_busy` when its turn does not come.

    It takes its lock at the start. SQLite's busy time-out does not cover a read lock that is raised to a write lock,
    hence IMMEDIATE; on PostgreSQL a lock of the transaction gives the same promise: what was read in the block is true
    until its end, so that nothing has to be locked row by row or tried again.
    """
    outermost = db.transaction_depth() == 0
    try:
        if isinstance(db.obj, peewee.SqliteDatabase):
            with db.atomic("IMMEDIATE"):
                yield
        else:
            with db.atomic():
                if outermost:
                    db.execute_sql("select pg_advisory_xact_lock(%s)", [_WRITER])
                yield
    except (peewee.OperationalError, peewee.InternalError) as error:  # the latter: a PostgreSQL that takes no writes
        text = _root(error)
        if "locked" in text or "busy" in text or "lock timeout" in text or "deadlock" in text:
            raise Temporary(
                "database_busy",
                "The database is busy; please try again in a moment.",
                retry_after_s=1,
            ) from error
        if any(sign in text for sign in _UNWRITABLE):
            raise Temporary(
                "database_not_writable",
                f"The database cannot be written ({text}). Free some space or mend its rights.",
            ) from error
        raise


def _root(error: BaseException) -> str:
    """What went wrong first: SQLite has rolled back by itself on a full disk, and peewee's own rollback fails then."""
    while str(error).startswith("cannot rollback") and error.__context__ is not None:
        error = error.__context__
    return str(error)


def encrypt(text: str) -> str:
    """A Fernet token of the text under the first key; Tellable `key_missing` without one."""
    return Fernet(_ring()[0]).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text of a Fernet token; Tellable `wrong_key` when none of the keys fits, `key_missing` without any."""
    try:
        return MultiFernet([Fernet(key) for key in _ring()]).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Tellable(
            "wrong_key",
            "The ENCRYPTION_KEY is not the one this installation's secrets were encrypted with.",
        ) from error


def _ring() -> tuple[str, ...]:
    if not _keys:
        raise Tellable(
            "key_missing",
            "There is no ENCRYPTION_KEY; restore the one this installation was made with.",
        )
    return _keys


def digest(token: str) -> str:
    """What is kept of a random token: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()
