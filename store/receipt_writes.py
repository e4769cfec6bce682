"""Changes of receipts written down: what really changed, told to the outside world, and how it is taken back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import clock
from errors import Tellable
from models import KeptApart, Receipt, RuleUse, Undo, digest, write
from store import events, months, rules

UNDO_DAYS = 1
CHUNK = 500  # rows in one write transaction: others wait for no longer than that takes
_JSON = frozenset({"flags", "hand_set", "tax", "items", "fields"})
_TOGETHER = frozenset({"flags", "hand_set", "status", "approved_at", "fields"})  # not columns that a person sets alone

Values = Mapping[str, Any]
More = dict[str, Any]


def save(row: Receipt, changed: Values) -> dict[str, Any]:
    """Write what really changes and give the columns as they were before, raw; nothing when nothing does."""
    before = {name: raw(row, name) for name in changed if row.__data__[name] != changed[name]}
    if not before:
        return {}
    for name in before:
        setattr(row, name, changed[name])
    months.check(row, before)
    row.version += 1
    row.updated_at = clock.now()
    row.save(only=[*before, "version", "updated_at"])
    return before


def raw(row: Receipt, name: str) -> Any:
    """A column's value as JSON can keep it."""
    value = row.__data__[name]
    field = Receipt._meta.fields[name]
    if name in _JSON or value is None:
        return value
    return value.isoformat() if type(value) is date else field.db_value(value)


def _value(name: str, plain: Any) -> Any:
    if plain is None or isinstance(plain, list | dict):
        return plain
    return Receipt._meta.fields[name].python_value(plain)


def each(
    business_id: int, ids: Sequence[int], change: Callable[[Receipt], Values], more: More | None = None
) -> tuple[int, str]:
    """Change these receipts one by one: how many really changed, and the token that undoes it."""
    months.check_ids(business_id, ids)
    done: list[list[Any]] = []
    more = more or {}
    for start in range(0, len(ids), CHUNK):
        with write():
            rows = Receipt.select().where(
                Receipt.business == business_id, Receipt.id << list(ids[start : start + CHUNK])
            )
            changes = [(row, save(row, change(row))) for row in rows]
            done.extend([row.id, row.version, before] for row, before in changes if before)
            events.receipts_changed(business_id, changes)
            said_yes = [row.id for row, before in changes if "status" in before and row.status == "approved"]
            more["rules"] = [*more.get("rules", ()), *rules.approved(business_id, said_yes)]
    return len(done), remember(business_id, done, more)


def remember(business_id: int, done: Sequence[Any], more: More) -> str:
    """Keep what an undo needs for a day; the token that asks for it."""
    token = secrets.token_urlsafe(24)
    with write():
        Undo.delete().where(Undo.created_at < clock.now() - timedelta(days=UNDO_DAYS)).execute()
        kept = {name: value for name, value in more.items() if value}
        Undo.create(business=business_id, token_sha256=digest(token), rows=done, more=kept)
    return token


def undo(business_id: int, token: str) -> int:
    """Take an edit, a bulk action or a merge back: how many receipts went back.

    Of a bulk action those changed since stay as they are; of one edit, what was changed since stays, column by column.
    Tellable `not_found` for a token that is unknown, another tenant's, used or older than a day.
    """
    with write():
        kept = Undo.get_or_none(Undo.business == business_id, Undo.token_sha256 == digest(token))
        if kept is None:
            raise Tellable("not_found", "This can no longer be undone.")
        months.check_ids(business_id, [one[0] for one in kept.rows])
        kept.delete_instance()
        rules.take_back(business_id, kept.more.get("rules", ()))
        for first, second in kept.more.get("apart", ()):
            KeptApart.delete().where(KeptApart.first == first, KeptApart.second == second).execute()
    back = 0
    for start in range(0, len(kept.rows), CHUNK):
        with write():
            changes = []
            for id_, version, before, *after in kept.rows[start : start + CHUNK]:
                row = Receipt.get_or_none(Receipt.business == business_id, Receipt.id == id_)
                if row is None or (not after and row.version != version):
                    continue
                changed = _parts(row, before, after[0]) if after else {n: _value(n, v) for n, v in before.items()}
                changes.append((row, save(row, changed)))
            went = [row.id for row, before in changes if before]
            if kept.more.get("uses") and went:
                RuleUse.delete().where(RuleUse.rule << kept.more["uses"], RuleUse.receipt << went).execute()
            events.receipts_changed(business_id, changes)
        back += sum(bool(before) for _, before in changes)
    return back


def _parts(row: Receipt, before: Values, after: Values) -> dict[str, Any]:
    """The columns of one edit that still are as it left them, as they were; and what follows from them."""
    same = [name for name in before if name not in _TOGETHER and raw(row, name) == after[name]]
    changed = {name: _value(name, before[name]) for name in same}
    gone_back = all(name in same for name in before if name not in _TOGETHER)
    if "hand_set" in before and gone_back:
        mine = set(after["hand_set"]) - set(before["hand_set"])
        changed["hand_set"] = [name for name in row.hand_set if name not in mine]
    if "flags" in before and gone_back:
        gained = [flag for flag in after["flags"] if flag not in before["flags"]]
        lost = [flag for flag in before["flags"] if flag not in after["flags"]]
        changed["flags"] = [flag for flag in row.flags if flag not in gained and flag not in lost] + lost
    if "status" in before and row.status == after["status"]:
        changed["status"] = before["status"]
        if "approved_at" in before:
            changed["approved_at"] = _value("approved_at", before["approved_at"])
    if "flags" in changed and changed.get("status", row.status) in {"to_review", "ready"}:
        changed["status"] = "to_review" if changed["flags"] else "ready"
    return changed
