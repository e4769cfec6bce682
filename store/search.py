"""Full-text search: which receipts and mails hold the words; the index is kept by triggers (migration 0002)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import peewee

import words
from models import db
from store import sql

FEW = 2000  # matches up to which it is quicker to look each one up than to walk the list's own index


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


def receipts_one_by_one(business_id: int, text: str, *, vendor_only: bool = False) -> Condition:
    """The same on each receipt that a walk comes by, without asking the index for all that match."""
    if not isinstance(db.obj, peewee.SqliteDatabase):
        match = _lexemes(business_id, text, vendor_only=vendor_only)
        if match is None:
            return _NOTHING
        return Condition(
            "(select s.words @@ cast(? as tsquery) from receipt_search s where s.rowid = r.id)", (match,), few=False
        )
    # FTS5 keeps what it was given in a table of its own: the marked words, a blank before each.
    phrases = [" " + " ".join(phrase) for phrase in _phrases(business_id, text)]
    if not phrases:
        return _NOTHING
    one = "instr(c.c0, ?) > 0" if vendor_only else "(instr(c.c0, ?) > 0 or instr(c.c1, ?) > 0)"
    params = [phrase for phrase in phrases for _ in range(1 if vendor_only else 2)]
    test = " and ".join([one] * len(phrases))
    return Condition(f"(select {test} from receipt_search_content c where c.id = r.id)", tuple(params), few=False)


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
        match, matches = _match(business_id, text, vendor_only=vendor_only), f"{table} match ?"
    else:
        match, matches = _lexemes(business_id, text, vendor_only=vendor_only), "words @@ cast(? as tsquery)"
    if match is None:
        return _NOTHING
    found = sql.fetch(f"select rowid from {table} where {matches} limit ?", [match, FEW + 1])
    if len(found) <= FEW:
        return Condition(f"{column} in ({sql.ids(row[0] for row in found)})", (), few=True)
    return Condition(f"{column} in (select rowid from {table} where {matches})", (match,), few=False)


def _phrases(business_id: int, text: str) -> list[list[str]]:
    """The marked words of each part between blanks: `INV/2026` is two that follow one another."""
    mark = words.mark(business_id)
    split = (words.split(part) for part in text.split()[:16])
    return [[mark + word for word in part] for part in split if part]


def _match(business_id: int, text: str, *, vendor_only: bool) -> str | None:
    """An FTS5 expression, or None where the text holds nothing to look for.

    What a person typed last of a part begins a word.
    """
    phrases = [f'"{" ".join(phrase)}"*' for phrase in _phrases(business_id, text)]
    if not phrases:
        return None
    return ("{vendor} : " if vendor_only else "") + f"({' AND '.join(phrases)})"


def _lexemes(business_id: int, text: str, *, vendor_only: bool) -> str | None:
    """A tsquery, or None where the text holds nothing to look for."""
    mark = f"{business_id}{'v|' if vendor_only else '|'}"
    wanted = [lexeme for part in text.split()[:16] for lexeme in _lexemes_of(mark, words.split(part))]
    return " & ".join(wanted) or None


def _lexemes_of(mark: str, part: Sequence[str]) -> list[str]:
    last = len(part) - 1
    return [f"'{mark}{word}'{':*' if place == last else ''}" for place, word in enumerate(part)]
