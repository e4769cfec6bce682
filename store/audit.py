"""The audit trail: who changed what, from what, to what, written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import clock
from errors import Tellable
from models import AuditEntry, Receipt
from store import sql

SYSTEM, CLI = "system", "cli"
_CHUNK = 200
_LONGEST = 2000  # characters of a value that the trail keeps
_QUIET = {"flags", "hand_set", "fields", "version", "updated_at", "approved_at", "tax", "items"}  # follow from others

Changes = Mapping[str, Sequence[Any]]  # {field: [from, to]}


@dataclass(slots=True)
class Scope:
    """Who acts at present, and how many entries they have left."""

    actor: str
    entries: int = 0


_scope: ContextVar[Scope | None] = ContextVar("audit_scope", default=None)


@contextmanager
def acting(actor: str) -> Iterator[Scope]:
    """Whoever acts within the block; its scope counts the entries."""
    scope = Scope(actor)
    mark = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(mark)


def actor() -> str:
    """Who acts at present: user:<id>, token:<id>, cli, or system."""
    scope = _scope.get()
    return scope.actor if scope else SYSTEM


def note(
    business_id: int | None,
    action: str,
    object_type: str,
    object_id: int | None = None,
    *,
    label: str = "",
    changes: Changes | None = None,
) -> None:
    """One change, inside its write transaction. Secrets are never named in it."""
    notes(business_id, [(action, object_type, object_id, label, changes or {})])


def notes(business_id: int | None, entries: Sequence[tuple[str, str, int | None, str, Changes]]) -> None:
    """Several changes: (action, type of the thing, its id, what it is called, changes)."""
    scope, now = _scope.get(), clock.now()
    who = scope.actor if scope else SYSTEM
    rows = [
        {
            "business": business_id,
            "at": now,
            "actor": who,
            "action": action,
            "object_type": type_,
            "object_id": id_,
            "label": label[:200],
            "changes": {name: [_kept(before), _kept(after)] for name, (before, after) in changes.items()},
        }
        for action, type_, id_, label, changes in entries
    ]
    for start in range(0, len(rows), _CHUNK):
        AuditEntry.insert_many(rows[start : start + _CHUNK]).execute()
    if scope:
        scope.entries += len(rows)


def receipts_changed(business_id: int, changes: Sequence[tuple[Receipt, Mapping[str, Any]]]) -> None:
    """Receipts as they are now, each with the columns that changed and their values before."""
    entries: list[tuple[str, str, int | None, str, Changes]] = []
    for row, before in changes:
        told = {name: [old, row.__data__[name]] for name, old in before.items() if name not in _QUIET}
        if told:
            entries.append((_receipt_action(told), "receipt", row.id, row.vendor or "", told))
    if entries:
        notes(business_id, entries)


def _receipt_action(told: Mapping[str, Sequence[Any]]) -> str:
    if "deleted_at" in told:
        return "receipt.deleted" if told["deleted_at"][1] is not None else "receipt.restored"
    return f"receipt.{told['status'][1]}" if set(told) == {"status"} else "receipt.changed"


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{field: [from, to]} of what differs."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}


def _kept(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.iso(value)
    if isinstance(value, date | Decimal):
        return str(value)
    if isinstance(value, str):
        return value[:_LONGEST]
    if isinstance(value, list | tuple):
        return [_kept(one) for one in value[:200]]
    if isinstance(value, dict):
        return {str(name)[:200]: _kept(one) for name, one in list(value.items())[:100]}
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def page(
    business_id: int,
    *,
    object_type: str | None = None,
    object_id: int | None = None,
    who: str | None = None,
    action: str | None = None,
    since: date | None = None,
    until: date | None = None,
    zone: str = "UTC",
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Entries, newest first, and the next cursor; days are the business's and include both ends.

    Tellable `bad_cursor`.
    """
    terms, params = ["e.business_id = ?"], [business_id]  # type: tuple[list[str], list[object]]
    for column, value in (("object_type", object_type), ("object_id", object_id), ("actor", who), ("action", action)):
        if value is not None:
            terms.append(f"e.{column} = ?")
            params.append(value)
    first, last = clock.day_range(since, until, zone)
    for sign, moment in ((">=", first), ("<", last)):
        if moment is not None:
            terms.append(f"e.at {sign} ?")
            params.append(AuditEntry.at.db_value(moment))
    if cursor is not None:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise Tellable("bad_cursor", "This cursor does not belong to this list; begin without one.")
        terms.append("e.id < ?")
        params.append(int(cursor))
    names = ("id", "at", "actor", "action", "object_type", "object_id", "label", "changes")
    rows = sql.fetch(
        f"select {', '.join(f'e.{name}' for name in names)} from audit_entry e where {' and '.join(terms)} "
        "order by e.id desc limit ?",
        [*params, limit + 1],
    )
    found = [dict(zip(names, row, strict=True)) for row in rows[:limit]]
    for one in found:
        one["changes"] = sql.loaded(one["changes"])
    called = _names(business_id, {one["actor"] for one in found})
    for one in found:
        one["actor_name"] = called.get(one["actor"], "")
    return found, str(found[-1]["id"]) if len(rows) > limit else None


def _names(business_id: int, actors: set[str]) -> dict[str, str]:
    """What people and tokens are called at present; those that are gone have no name."""
    named: dict[str, str] = {}
    for prefix, query in (
        ("user:", "select id, case when name <> '' then name else email end from \"user\" where id in ({})"),
        ("token:", f"select id, name from api_token where business_id = {int(business_id)} and id in ({{}})"),
    ):
        ids = [
            int(one.removeprefix(prefix)) for one in actors if one.startswith(prefix) and one[len(prefix) :].isdigit()
        ]
        if ids:
            named.update((f"{prefix}{id_}", name) for id_, name in sql.fetch(query.format(sql.ids(ids))))
    return named
