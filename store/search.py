"""Full-text search: which receipts and mails hold the words; the index is kept by triggers (migration 0002)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import peewee

from models import db
from store import sql

FEW = 2000  # matches up to which it is quicker to look each one up than to walk the list's own index
_TERM = re.compile(r"\w+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Condition:
    """An SQL condition and its parameters; `few` when so little matches that it should lead the query."""

    term: str
    params: tuple[object, ...]
    few: bool


_NOTHING = Condition("1 = 0", (), few=False)


def receipts(business_id: int, text: str, *, vendor_only: bool = False) -> Condition:
    """On `r.id`: receipts that hold every word, each as the beginning of one."""
    if not isinstance(db.obj, peewee.SqliteDatabase):
        columns = ["r.vendor"] if vendor_only else ["r.vendor", "r.number", "r.note", "r.vendor_tax_id"]
        return _ilike(columns, text)
    return _fts("receipt_search", "r.id", business_id, text, "vendor" if vendor_only else "vendor words")


def mails(business_id: int, text: str) -> Condition:
    """On `m.id`: mails whose subject or sender holds every word."""
    if not isinstance(db.obj, peewee.SqliteDatabase):
        return _ilike(["m.subject", "m.from_name", "m.from_address"], text)
    return _fts("mail_search", "m.id", business_id, text, "words")


def _fts(table: str, column: str, business_id: int, text: str, columns: str) -> Condition:
    match = _match(business_id, text, columns)
    if match is None:
        return _NOTHING
    found = sql.fetch(f"select rowid from {table} where {table} match ? limit ?", [match, FEW + 1])
    if len(found) <= FEW:
        return Condition(f"{column} in ({sql.ids(row[0] for row in found)})", (), few=True)
    return Condition(f"{column} in (select rowid from {table} where {table} match ?)", (match,), few=False)


def _match(business_id: int, text: str, columns: str) -> str | None:
    """An FTS5 expression, or None where the text holds nothing to look for.

    The business's token stands in the index itself: another tenant's rows are never even read.
    """
    terms = [" ".join(_TERM.findall(part)) for part in text.split()[:16]]
    phrases = [f'"{term}"*' for term in terms if term]
    if not phrases:
        return None
    return f'b : "b{business_id}" AND {{{columns}}} : ({" AND ".join(phrases)})'


def _ilike(columns: list[str], text: str) -> Condition:
    words = text.split()[:16]
    if not words:
        return _NOTHING
    one = "(" + " or ".join(f"coalesce({column}, '') ilike ? escape '!'" for column in columns) + ")"
    params = tuple(sql.like(word) for word in words for _ in columns)
    return Condition(" and ".join([one] * len(words)), params, few=False)
