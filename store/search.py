"""Full-text search: which receipts and mails hold the words; the index is kept by triggers (migration 0002)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import peewee

from models import db
from store import sql

FEW = 2000  # matches up to which it is quicker to look each one up than to walk the list's own index
_TERM = re.compile(r"\w+", re.UNICODE)
_MARKS = re.compile(r"[\u0300-\u036f\u0591-\u05bd]")  # accents and vowel points: words are kept without them
_BETWEEN = re.compile(  # as in migration 0002
    r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf"
    r"\u00d7\u00f7\u05be-\u05c7\u05f3\u05f4\u060c\u061b\u061f\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff"
    r"\u3000-\u303f]+"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """An SQL condition and its parameters; `few` when so little matches that it should lead the query."""

    term: str
    params: tuple[object, ...]
    few: bool


_NOTHING = Condition("1 = 0", (), few=False)


def receipts(business_id: int, text: str, *, vendor_only: bool = False) -> Condition:
    """On `r.id`: receipts that hold every word, each as the beginning of one."""
    return _fts("receipt_search", "r.id", business_id, text, vendor_only=vendor_only)


def mails(business_id: int, text: str) -> Condition:
    """On `m.id`: mails whose subject or sender holds every word."""
    return _fts("mail_search", "m.id", business_id, text)


def contacts(business_id: int, text: str) -> Condition:
    """On `c.id`: contacts that hold every word, each as the beginning of one."""
    return _fts("contact_search", "c.id", business_id, text)


def tasks(business_id: int, text: str) -> Condition:
    """On `t.id`: tasks that hold every word, each as the beginning of one."""
    return _fts("task_search", "t.id", business_id, text)


def _fts(table: str, column: str, business_id: int, text: str, *, vendor_only: bool = False) -> Condition:
    if isinstance(db.obj, peewee.SqliteDatabase):
        columns = "vendor" if vendor_only else "vendor words" if table == "receipt_search" else "words"
        match, matches = _match(business_id, text, columns), f"{table} match ?"
    else:
        match, matches = _lexemes(business_id, text, "v|" if vendor_only else "|"), "words @@ cast(? as tsquery)"
    if match is None:
        return _NOTHING
    found = sql.fetch(f"select rowid from {table} where {matches} limit ?", [match, FEW + 1])
    if len(found) <= FEW:
        return Condition(f"{column} in ({sql.ids(row[0] for row in found)})", (), few=True)
    return Condition(f"{column} in (select rowid from {table} where {matches})", (match,), few=False)


def _match(business_id: int, text: str, columns: str) -> str | None:
    """An FTS5 expression, or None where the text holds nothing to look for.

    The business's token stands in the index itself: another tenant's rows are never even read.
    """
    terms = [" ".join(_TERM.findall(part)) for part in text.split()[:16]]
    phrases = [f'"{term}"*' for term in terms if term]
    if not phrases:
        return None
    return f'b : "b{business_id}" AND {{{columns}}} : ({" AND ".join(phrases)})'


def _lexemes(business_id: int, text: str, mark: str) -> str | None:
    """A tsquery, or None where the text holds nothing to look for: what a person typed last of a word begins one."""
    wanted = []
    for part in text.split()[:16]:
        plain = unicodedata.normalize("NFKD", part.replace("\x00", " ")).lower()
        words = [word for word in _BETWEEN.split(_MARKS.sub("", plain)) if word]
        wanted += [f"'{business_id}{mark}{word[:60]}'{':*' if word is words[-1] else ''}" for word in words]
    return " & ".join(wanted) or None
