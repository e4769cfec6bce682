"""Everything that is encrypted at rest, walked through: under a new key, or forgotten where its key is lost."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import models
from errors import Tellable
from models import TABLES, SecretField, Setting, Table, decrypt, encrypt, write
from store import sql

CANARY = "key_canary"
_BATCH = 500


def check() -> bool | None:
    """Whether our keys are those of the database's secrets; None for a database without any."""
    canary = Setting.get_or_none(Setting.name == CANARY)
    if canary is None:
        return None
    try:
        decrypt(canary.value)
    except Tellable:
        return False
    return True


def rotate() -> int:
    """Encrypt every secret anew under the first key; how many. Tellable `wrong_key` before anything is changed."""
    canary = Setting.get_or_none(Setting.name == CANARY)
    if canary is not None:
        decrypt(canary.value)
    changed = sum(_each(table, column, lambda old: encrypt(decrypt(old))) for table, column in columns())
    Setting.update(value=encrypt("prosaas")).where(Setting.name == CANARY).execute()
    return changed


def forget() -> int:
    """Start over with the present key where the old one is lost; how many secrets went.

    Mailboxes ask to be connected again; a secret that must not be empty is a new random one.
    """
    gone = 0
    for table, column in columns():
        needed = not table._meta.columns[column].null
        gone += _each(table, column, lambda _old, needed=needed: encrypt(secrets.token_urlsafe(32)) if needed else None)  # type: ignore[misc]
    with write():
        models.Mailbox.update(
            status="needs_reconnect",
            error_code="needs_reconnect",
            error_text="The mailbox has to be connected again: its permission was not in the backup.",
        ).where(models.Mailbox.kind << ["gmail", "imap"], models.Mailbox.status == "connected").execute()
        models.OAuthState.delete().execute()
        Setting.update(value=encrypt("prosaas")).where(Setting.name == CANARY).execute()
    return gone


def columns() -> Iterator[tuple[type[Table], str]]:
    """Every encrypted column."""
    for table in TABLES:
        for field in table._meta.sorted_fields:
            if isinstance(field, SecretField):
                yield table, field.column_name


def _each(table: type[Table], column: str, new: Callable[[str], str | None]) -> int:
    """Change a column's values in batches of short transactions, past the field that would encrypt and decrypt."""
    name, last, changed = table._meta.table_name, 0, 0
    while True:
        with write():
            rows = sql.fetch(
                f'select id, "{column}" from "{name}" where "{column}" is not null and id > ? order by id limit ?',
                [last, _BATCH],
            )
            for id_, value in rows:
                sql.run(f'update "{name}" set "{column}" = ? where id = ?', [new(value), id_])
        if not rows:
            return changed
        changed, last = changed + len(rows), rows[-1][0]
