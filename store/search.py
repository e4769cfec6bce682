"""Full-text search: which receipts and mails hold the words; the index is kept by triggers (migration 0002)."""

from __future__ import annotations

import re

import peewee

from models import db
from store import sql

NEWEST = 5000  # matches that are looked at, newest first: a word that stands everywhere stays quick
_TERM = re.compile(r"\w+", re.UNICODE)


def receipts(business_id: int, text: str, *, vendor_only: bool = False) -> tuple[str, list[object]]:
    """A condition on `r.id` and its parameters: receipts that hold every word, each as the beginning of one."""
    if not isinstance(db.obj, peewee.SqliteDatabase):
        columns = ["r.vendor"] if vendor_only else ["r.vendor", "r.number", "r.note", "r.vendor_tax_id"]
        return _ilike(columns, text)
    match = _match(business_id, text, "vendor" if vendor_only else "vendor words")
    if match is None:
        return "1 = 0", []
    return _newest("receipt_search", "r.id"), [match, NEWEST]


def mails(business_id: int, text: str) -> tuple[str, list[object]]:
    """A condition on `m.id` and its parameters: mails whose subject or sender holds every word."""
    if not isinstance(db.obj, peewee.SqliteDatabase):
        return _ilike(["m.subject", "m.from_name", "m.from_address"], text)
    match = _match(business_id, text, "words")
    if match is None:
        return "1 = 0", []
    return _newest("mail_search", "m.id"), [match, NEWEST]


def _newest(table: str, column: str) -> str:
    return f"{column} in (select rowid from {table} where {table} match ? order by rowid desc limit ?)"


def _match(business_id: int, text: str, columns: str) -> str | None:
    """An FTS5 expression, or None where the text holds nothing to look for.

    The business's token stands in the index itself: another tenant's rows are never even read.
    """
    terms = [" ".join(_TERM.findall(part)) for part in text.split()[:16]]
    phrases = [f'"{term}"*' for term in terms if term]
    if not phrases:
        return None
    return f'b : "b{business_id}" AND {{{columns}}} : ({" AND ".join(phrases)})'


def _ilike(columns: list[str], text: str) -> tuple[str, list[object]]:
    words = text.split()[:16]
    if not words:
        return "1 = 0", []
    one = "(" + " or ".join(f"coalesce({column}, '') ilike ? escape '!'" for column in columns) + ")"
    return " and ".join([one] * len(words)), [sql.like(word) for word in words for _ in columns]
