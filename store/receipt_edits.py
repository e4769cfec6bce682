"""What people do to receipts: setting fields by hand, status, trash, bulk, merge, and taking it back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import clock
import money
from errors import Tellable
from models import Mail, Receipt, Undo, digest, write
from store import events, sql
from store.receipt_filter import STATUSES, Filter, where

AMOUNTS = {"total": "total_minor", "net": "net_minor", "tax_total": "tax_minor", "payable": "payable_minor"}
TEXTS = ("vendor", "number", "category", "vendor_tax_id", "kind")
FIELDS = (*TEXTS, "date", "due_date", "currency", *AMOUNTS)  # set by hand, a re-read leaves them alone
NEEDED = {
    "vendor": "The vendor is missing.",
    "date": "The date is missing.",
    "currency": "The currency is missing.",
    "total": "The total is missing.",
}
ACTIONS = ("approve", "reject", "not_receipt", "to_review", "delete", "restore", "set")
_ACTION_STATUS = {"approve": "approved", "reject": "rejected", "not_receipt": "not_receipt", "to_review": "to_review"}
_FLAG_FIELDS = {"tax_total": {"tax_total", "tax"}, "total": {"total"}, "net": {"net"}}
BULK_LIMIT = 10_000
UNDO_DAYS = 1
IN_TRASH = timedelta(days=30)
_MAX_MINOR = 10**15
_CHUNK = 500  # rows in one write transaction: others wait for no longer than that takes

Values = Mapping[str, Any]


def update(business_id: int, id_: object, version: int, values: Values) -> Receipt:
    """Set fields, note, status or `duplicate_of` of the version that the caller saw.

    Values are plain: text, date, Decimal for amounts, None to clear. A field set becomes hand-set and its flags go; the
    status follows from the flags unless it is given or a person decided already. Tellable `not_found`,
    `version_conflict`, `bad_amount`, `bad_currency` or `bad_status`.
    """
    with write():
        row = Receipt.find(business_id, id_)
        if row.version != version:
            raise Tellable("version_conflict", "Somebody else changed this receipt meanwhile.")
        _tell(business_id, row, _save(row, _changes(row, values)))
    return row


def protected(hand_set: Sequence[str]) -> tuple[set[str], set[str]]:
    """The columns, and the fields of flags, that a re-read leaves alone because a person set them."""
    columns = {AMOUNTS.get(name, name) for name in hand_set} | ({"tax"} if "tax_total" in hand_set else set())
    return columns, _flag_fields(hand_set)


def _flag_fields(names: Sequence[str]) -> set[str]:
    return set().union(*(_FLAG_FIELDS.get(name, {name}) for name in names))


def _changes(row: Receipt, values: Values) -> dict[str, Any]:
    """The columns that setting the values changes in the row."""
    changed: dict[str, Any] = {name: values[name] for name in ("note",) if name in values}
    for name in (*TEXTS, "date", "due_date"):
        if name in values:
            value = values[name]
            changed[name] = (value.strip() or None) if isinstance(value, str) else value
    if "kind" in changed and changed["kind"] is None:
        changed["kind"] = "other"
    currency = row.currency
    if "currency" in values:
        currency = _currency(values["currency"])
        changed["currency"] = currency
        changed.update(_rescaled(row, currency))
    for name, column in AMOUNTS.items():
        if name in values:
            changed[column] = _minor(name, values[name], currency)
    touched = [name for name in FIELDS if name in values]
    if touched:
        changed["hand_set"] = sorted({*row.hand_set, *touched})
        changed["flags"] = _flags(row, changed, touched)
    if "duplicate_of" in values:
        changed["duplicate_of"] = values["duplicate_of"]
        if values["duplicate_of"] is None:
            flags = changed.get("flags", row.flags)
            changed["flags"] = [flag for flag in flags if not flag["code"].startswith(("duplicate", "same_"))]
    changed.update(_status(row, values.get("status"), changed.get("flags")))
    return changed


def _currency(value: object) -> str | None:
    if value is None or value == "":
        return None
    code = str(value).strip().upper()
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        raise Tellable("bad_currency", f"“{code[:20]}” is not a currency; write its three letters, like ILS.")
    return code


def _rescaled(row: Receipt, currency: str | None) -> dict[str, Any]:
    """The same figures in the minor units of another currency (12.34 stays 12.34)."""
    if money.exponent(row.currency) == money.exponent(currency):
        return {}

    def again(minor: int | None) -> int | None:
        return None if minor is None else money.to_minor(money.to_decimal(minor, row.currency), currency)

    changed: dict[str, Any] = {column: again(getattr(row, column)) for column in AMOUNTS.values()}
    changed["tax"] = [
        {**line, "base_minor": again(line["base_minor"]), "amount_minor": again(line["amount_minor"])}
        for line in row.tax
    ]
    changed["items"] = [{**line, "amount_minor": again(line["amount_minor"])} for line in row.items]
    return changed


def _minor(name: str, amount: Decimal | None, currency: str | None) -> int | None:
    if amount is None:
        return None
    decimals = money.exponent(currency)
    if amount != amount.quantize(Decimal(1).scaleb(-decimals)):
        raise Tellable(
            "bad_amount", f"{currency or 'This currency'} has {decimals} decimals; “{amount}” has more.", field=name
        )
    minor = money.to_minor(amount, currency)
    if abs(minor) > _MAX_MINOR:
        raise Tellable("bad_amount", "The amount is too large.", field=name)
    return minor


def _flags(row: Receipt, changed: Mapping[str, Any], touched: Sequence[str]) -> list[dict[str, str]]:
    """The flags that are left once the touched fields were seen by a person; a needed field left empty gets one."""
    settled = _flag_fields(touched)
    value_of = {name: changed.get(AMOUNTS.get(name, name), getattr(row, AMOUNTS.get(name, name))) for name in NEEDED}
    complete = all(value is not None for value in value_of.values())
    flags = [
        flag for flag in row.flags if flag["field"] not in settled and not (complete and flag["code"] == "nothing_read")
    ]
    flags += [
        {"field": name, "code": "missing", "text": NEEDED[name]}
        for name in NEEDED
        if name in touched and value_of[name] is None
    ]
    return flags


def _status(row: Receipt, wanted: str | None, flags: Sequence[object] | None) -> dict[str, Any]:
    """The status columns: as a person says, else by the flags while nobody decided."""
    if wanted is None:
        if flags is None or row.status not in {"to_review", "ready"}:
            return {}
        return {"status": "to_review" if flags else "ready"}
    if wanted not in STATUSES:
        raise Tellable("bad_status", f"The status must be one of {', '.join(STATUSES)}.")
    left = row.flags if flags is None else flags
    if wanted in {"to_review", "ready"}:  # taking a decision back: the flags say which of the two it is
        wanted = "to_review" if left or wanted == "to_review" else "ready"
    approved_at = (row.approved_at or clock.now()) if wanted == "approved" else None
    return {"status": wanted, "approved_at": approved_at}


def _save(row: Receipt, changed: Mapping[str, Any]) -> dict[str, Any]:
    """Write what really changes and give the columns as they were before; nothing when nothing does."""
    before = {name: _raw(row, name) for name in changed if row.__data__[name] != changed[name]}
    if not before:
        return {}
    for name in before:
        setattr(row, name, changed[name])
    row.version += 1
    row.updated_at = clock.now()
    row.save(only=[*before, "version", "updated_at"])
    return before


def _tell(business_id: int, row: Receipt, before: Values) -> None:
    """Tell the outside world of what _save did."""
    events.receipts_changed(business_id, [(row, before)])


def _raw(row: Receipt, name: str) -> Any:
    """A column's value as JSON can keep it."""
    value = row.__data__[name]
    field = Receipt._meta.fields[name]
    if name in {"flags", "hand_set", "tax", "items"} or value is None:
        return value
    return value.isoformat() if type(value) is date else field.db_value(value)


def delete(business_id: int, id_: object) -> Receipt:
    """Into the trash, for 30 days; already there is as good. Tellable `not_found`."""
    with write():
        row = Receipt.find(business_id, id_)
        if row.deleted_at is None:
            _tell(business_id, row, _save(row, {"deleted_at": clock.now()}))
    return row


def restore(business_id: int, id_: object) -> Receipt:
    """Out of the trash; not in it is as good. Tellable `not_found`."""
    with write():
        row = Receipt.find(business_id, id_)
        _tell(business_id, row, _save(row, {"deleted_at": None}))
    return row


def bulk(
    business_id: int, action: str, *, ids: Sequence[int] | None = None, wanted: Filter | None = None, values: Values
) -> tuple[int, str]:
    """Do one thing to many receipts, named by ids or by a filter: how many changed, and the token that undoes it.

    Tellable `too_many` beyond 10,000, `bad_action`, and as update for `set`.
    """
    if action not in ACTIONS:
        raise Tellable("bad_action", f"The action must be one of {', '.join(ACTIONS)}.")
    if ids is None:
        condition, params = where(business_id, wanted or Filter())
    else:
        condition, params = f"r.business_id = ? and r.id in ({sql.ids(ids)})", [business_id]
    found = [
        row[0] for row in sql.fetch(f"select r.id from receipt r where {condition} limit ?", [*params, BULK_LIMIT + 1])
    ]
    if len(found) > BULK_LIMIT:
        raise Tellable("too_many", f"More than {BULK_LIMIT} receipts at once; narrow the filter, by month say.")
    return _each(business_id, found, lambda row: _bulk_changes(row, action, values))


def _bulk_changes(row: Receipt, action: str, values: Values) -> dict[str, Any]:
    if action == "delete":
        return {"deleted_at": row.deleted_at or clock.now()}
    if action == "restore":
        return {"deleted_at": None}
    if action == "set":
        return _changes(row, values)
    if action == "to_review" and row.status not in {"to_review", "ready"}:
        return _status(row, "ready", None)
    return _status(row, _ACTION_STATUS[action], None)


def _each(business_id: int, ids: Sequence[int], change: Callable[[Receipt], Values]) -> tuple[int, str]:
    undo: list[list[Any]] = []
    for start in range(0, len(ids), _CHUNK):
        with write():
            rows = Receipt.select().where(
                Receipt.business == business_id, Receipt.id << list(ids[start : start + _CHUNK])
            )
            changes = [(row, _save(row, change(row))) for row in rows]
            undo.extend([row.id, row.version, before] for row, before in changes if before)
            events.receipts_changed(business_id, changes)
    token = secrets.token_urlsafe(24)
    with write():
        Undo.delete().where(Undo.created_at < clock.now() - timedelta(days=UNDO_DAYS)).execute()
        Undo.create(business=business_id, token_sha256=digest(token), rows=undo)
    return len(undo), token


def undo(business_id: int, token: str) -> int:
    """Take a bulk action or a merge back: how many receipts went back; those changed since stay as they are.

    Tellable `not_found` for a token that is unknown, another tenant's, used or older than a day.
    """
    with write():
        kept = Undo.get_or_none(Undo.business == business_id, Undo.token_sha256 == digest(token))
        if kept is None:
            raise Tellable("not_found", "This can no longer be undone.")
        kept.delete_instance()
    back = 0
    for start in range(0, len(kept.rows), _CHUNK):
        with write():
            changes = []
            for id_, version, before in kept.rows[start : start + _CHUNK]:
                row = Receipt.get_or_none(
                    Receipt.business == business_id, Receipt.id == id_, Receipt.version == version
                )
                if row is not None:
                    changes.append((row, _save(row, {name: _value(name, value) for name, value in before.items()})))
            events.receipts_changed(business_id, changes)
        back += sum(bool(before) for _, before in changes)
    return back


def _value(name: str, raw: Any) -> Any:
    if raw is None or isinstance(raw, list | dict):
        return raw
    return Receipt._meta.fields[name].python_value(raw)


def merge(business_id: int, id_: object, other_id: object) -> tuple[int, str]:
    """The other receipt is the same purchase: it goes to the trash as this one's duplicate.

    Tellable `not_found` or `same`.
    """
    keep, other = Receipt.find(business_id, id_), Receipt.find(business_id, other_id)
    if keep.id == other.id:
        raise Tellable("same", "A receipt cannot be merged with itself.")

    def change(row: Receipt) -> Values:
        if row.id == keep.id:
            return _changes(row, {"duplicate_of": None})
        return {"duplicate_of": keep.id, "deleted_at": row.deleted_at or clock.now()}

    return _each(business_id, [keep.id, other.id], change)


def empty_trash() -> int:
    """Erase receipts that have lain in the trash for 30 days, a few hundred at once; how many went."""
    over = Receipt.deleted_at.is_null(is_null=False), Receipt.deleted_at < clock.now() - IN_TRASH
    ids = [row.id for row in Receipt.select(Receipt.id).where(*over).limit(_CHUNK)]
    if not ids:
        return 0
    with write():
        return int(Receipt.delete().where(Receipt.id << ids, *over).execute())


def mail_of(business_id: int, id_: object) -> Mail:
    """The mail (or upload) that a receipt was read from; Tellable `not_found`, `no_mail`."""
    row = Receipt.find(business_id, id_)
    if row.mail_id is None:
        raise Tellable("no_mail", "This receipt was not read from a mail or a file.")
    return Mail.find(business_id, row.mail_id)
