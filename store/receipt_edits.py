"""What people do to receipts: setting fields by hand, status, trash, bulk, merge, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import clock
import money
from errors import Tellable
from models import KeptApart, Mail, Receipt, VendorRule, write
from store import events, receipt_writes, rules, sql
from store.receipt_filter import STATUSES, Filter, where
from store.receipt_writes import save
from store.rule_effects import rescaled

AMOUNTS = {
    "total": "total_minor", "net": "net_minor", "tax_total": "tax_minor", "payable": "payable_minor",
    "tip": "tip_minor", "discount": "discount_minor",
}  # fmt: skip
TEXTS = (
    "vendor", "number", "category", "vendor_tax_id", "kind", "payment_method", "card_last4", "billed_to",
    "allocation_number",
)  # fmt: skip
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
IN_TRASH = timedelta(days=30)
_MAX_MINOR = 10**15

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Edit:
    """What an edit did: the receipt, the token that takes it back (None when nothing changed), the rules learnt."""

    row: Receipt
    undo: str | None
    learnt: Sequence[VendorRule]


def update(business_id: int, id_: object, version: int, values: Values, by: str = "") -> Edit:
    """Set fields, note, status or `duplicate_of` of the version that the caller saw; `by` says who.

    Values are plain: text, date, Decimal for amounts, None to clear. A field set becomes hand-set and its flags go; the
    status follows from the flags unless it is given or a person decided already; the vendor's rules learn from it.
    Tellable `not_found`, `version_conflict`, `bad_amount`, `bad_currency` or `bad_status`.
    """
    with write():
        row = Receipt.find(business_id, id_)
        if row.version != version:
            raise Tellable("version_conflict", "Somebody else changed this receipt meanwhile.")
        twin = row.duplicate_of_id
        before = save(row, changes(row, values))
        if not before:
            return Edit(row, None, ())
        _tell(business_id, row, before)
        learnt, trace = rules.learn(row, before, values, by)
        if "status" in before and row.status == "approved":
            trace += rules.approved(business_id, [row.id])
        more: dict[str, Any] = {"rules": trace}
        if "duplicate_of" in before and row.duplicate_of_id is None:
            more["apart"] = keep_apart(business_id, row.id, twin)
        after = {name: receipt_writes.raw(row, name) for name in before}
        token = receipt_writes.remember(business_id, [[row.id, row.version, before, after]], more)
    return Edit(row, token, learnt)


def keep_apart(business_id: int, one: int, other: int | None) -> list[list[int]]:
    """These two are two purchases, whatever they look like; the pairs that an undo forgets again."""
    if other is None:
        return []
    pair = sorted((one, other))
    if KeptApart.get_or_none(KeptApart.first == pair[0], KeptApart.second == pair[1]) is not None:
        return []
    KeptApart.create(business=business_id, first=pair[0], second=pair[1])
    return [pair]


def protected(hand_set: Sequence[str]) -> tuple[set[str], set[str]]:
    """The columns, and the fields of flags, that a re-read leaves alone because a person set them."""
    columns = {AMOUNTS.get(name, name) for name in hand_set} | ({"tax"} if "tax_total" in hand_set else set())
    return columns, _flag_fields(hand_set)


def _flag_fields(names: Sequence[str]) -> set[str]:
    return set().union(*(_FLAG_FIELDS.get(name, {name}) for name in names))


def changes(row: Receipt, values: Values) -> dict[str, Any]:
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
        changed.update(rescaled(row, currency))
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


def _tell(business_id: int, row: Receipt, before: Values) -> None:
    """Tell the outside world of what _save did."""
    events.receipts_changed(business_id, [(row, before)])


def delete(business_id: int, id_: object) -> Receipt:
    """Into the trash, for 30 days; already there is as good. Tellable `not_found`."""
    with write():
        row = Receipt.find(business_id, id_)
        if row.deleted_at is None:
            _tell(business_id, row, save(row, {"deleted_at": clock.now()}))
    return row


def restore(business_id: int, id_: object) -> Receipt:
    """Out of the trash; not in it is as good. Tellable `not_found`."""
    with write():
        row = Receipt.find(business_id, id_)
        _tell(business_id, row, save(row, {"deleted_at": None}))
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
    return receipt_writes.each(business_id, found, lambda row: _bulk_changes(row, action, values))


def _bulk_changes(row: Receipt, action: str, values: Values) -> dict[str, Any]:
    if action == "delete":
        return {"deleted_at": row.deleted_at or clock.now()}
    if action == "restore":
        return {"deleted_at": None}
    if action == "set":
        return changes(row, values)
    if action == "to_review" and row.status not in {"to_review", "ready"}:
        return _status(row, "ready", None)
    return _status(row, _ACTION_STATUS[action], None)


def merge(business_id: int, id_: object, other_id: object) -> tuple[int, str]:
    """The other receipt is the same purchase: it goes to the trash as this one's duplicate.

    Tellable `not_found` or `same`.
    """
    keep, other = Receipt.find(business_id, id_), Receipt.find(business_id, other_id)
    if keep.id == other.id:
        raise Tellable("same", "A receipt cannot be merged with itself.")

    def change(row: Receipt) -> Values:
        if row.id == keep.id:
            return changes(row, {"duplicate_of": None})
        return {"duplicate_of": keep.id, "deleted_at": row.deleted_at or clock.now()}

    return receipt_writes.each(business_id, [keep.id, other.id], change)


def split(business_id: int, id_: object) -> tuple[int, str]:
    """What was merged into this receipt is a purchase of its own again; so is this one where it seemed another.

    They are not proposed to each other again. Tellable `not_found`, `not_merged`.
    """
    row = Receipt.find(business_id, id_)
    merged = Receipt.select(Receipt.id).where(
        Receipt.business == business_id, Receipt.duplicate_of == row.id, Receipt.deleted_at.is_null(is_null=False)
    )
    ids = [one.id for one in merged]
    pairs = [(row.id, id_) for id_ in ids]
    if row.duplicate_of_id is not None:
        pairs.append((row.id, row.duplicate_of_id))
        ids.append(row.id)
    if not ids:
        raise Tellable("not_merged", "This receipt was not merged with another, and does not look like one.")
    with write():
        apart = [pair for one, other in pairs for pair in keep_apart(business_id, one, other)]
    return receipt_writes.each(
        business_id, ids, lambda one: {**changes(one, {"duplicate_of": None}), "deleted_at": None}, {"apart": apart}
    )


def empty_trash() -> int:
    """Erase receipts that have lain in the trash for 30 days, a few hundred at once; how many went.

    One that was merged into another is that one's other paper and stays.
    """
    over = (
        Receipt.deleted_at.is_null(is_null=False),
        Receipt.deleted_at < clock.now() - IN_TRASH,
        Receipt.duplicate_of.is_null(),
    )
    ids = [row.id for row in Receipt.select(Receipt.id).where(*over).limit(receipt_writes.CHUNK)]
    if not ids:
        return 0
    with write():
        return int(Receipt.delete().where(Receipt.id << ids, *over).execute())


def mail_of(business_id: int, id_: object) -> Mail:
    """The mail (or file) that a receipt's document came by, else the mail itself; Tellable `not_found`, `no_mail`."""
    row = Receipt.find(business_id, id_)
    if row.document is not None:
        return Mail.find(business_id, row.document.mail_id)
    if row.mail_id is None:
        raise Tellable("no_mail", "This receipt was not read from a mail or a file.")
    return Mail.find(business_id, row.mail_id)
