"""One purchase in several papers: the same mail twice, another file of it, an invoice and its payment's receipt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from models import Receipt
from store import sql, vendor_keys
from store.vendor_keys import Keys

_INVOICES = frozenset({"invoice", "tax_invoice", "invoice_receipt"})
_RANK = {"tax_invoice": 5, "invoice_receipt": 5, "invoice": 4, "credit_note": 4, "receipt": 3, "other": 2, "order": 1}
_CLOSE = timedelta(days=3)  # a date of issue and one of printing
_PAID_WITHIN = timedelta(days=62)
_SENT_WITHIN = timedelta(days=21)
_LOOKED_AT = 200
CODES = ("same_number", "same_purchase", "same_mail", "same_payment", "same_order")
_SENTENCES = {
    "same_number": "Receipt {id} has the same vendor, number and total.",
    "same_purchase": "Receipt {id} has the same vendor, date and total.",
    "same_mail": "The same mail made receipt {id} already.",
    "same_payment": "Receipt {id} has the same vendor and total: an invoice and the receipt of its payment.",
    "same_order": "Receipt {id} has the same vendor and total: an order and the paper that followed it.",
}


@dataclass(frozen=True, slots=True)
class Kin:
    """Another receipt that seems to be the same purchase: its id, why, and which of the two should stand for both."""

    other: Receipt
    code: str
    stands: bool  # whether the other one stands, and this one is the duplicate

    def flag(self) -> dict[str, str]:
        """The flag that says so on the duplicate."""
        duplicate_of = self.other.id
        return {"field": "*", "code": self.code, "text": _SENTENCES[self.code].format(id=duplicate_of)}


def find(row: Receipt, address: str | None, message_id: str) -> Kin | None:
    """The receipt that this one repeats, the surest reason first; never one that a person told apart from it.

    Args:
        row: a receipt just read, saved.
        address: the sender of its mail.
        message_id: of its mail, "" without one.
    """
    if row.total_minor in (None, 0) or row.status in {"rejected", "not_receipt"} or row.deleted_at is not None:
        return None
    alike = _alike(row)
    if not alike:
        return None
    apart = _apart(row)
    keys = vendor_keys.of(row, address)
    best: tuple[int, int, Kin] | None = None
    for other, sender, other_message in alike:
        if other.id in apart or other.duplicate_of_id == row.id:
            continue
        code = _reason(row, keys, message_id, other, vendor_keys.of(other, sender), other_message)
        if code is None:
            continue
        surer = (CODES.index(code), other.id)
        if best is None or surer < best[:2]:
            best = (*surer, Kin(other, code, _stands(other, row)))
    return best[2] if best else None


def _alike(row: Receipt) -> list[tuple[Receipt, str | None, str]]:
    """Receipts of the same total and currency that are neither in the trash nor known duplicates."""
    found = sql.fetch(
        "select r.id, m.from_address, m.message_id from receipt r left join mail m on m.id = r.mail_id "
        "where r.business_id = ? and r.total_minor = ? and r.id <> ? and r.deleted_at is null "
        "and r.duplicate_of_id is null and r.status not in ('rejected', 'not_receipt') order by r.id desc limit ?",
        [row.business_id, row.total_minor, row.id, _LOOKED_AT],
    )
    if not found:
        return []
    mails = {id_: (address, message_id or "") for id_, address, message_id in found}
    rows = Receipt.select().where(Receipt.id << list(mails)).order_by(Receipt.id.desc())
    return [(one, *mails[one.id]) for one in rows if one.currency == row.currency]


def _apart(row: Receipt) -> set[int]:
    pairs = sql.fetch(
        "select first_id, second_id from kept_apart where first_id = ? or second_id = ?",
        [row.id, row.id],
    )
    return {id_ for pair in pairs for id_ in pair}


def _reason(row: Receipt, keys: Keys, message_id: str, other: Receipt, others: Keys, other_message: str) -> str | None:
    if row.mail_id is not None and row.mail_id == other.mail_id:
        return None  # two receipts of one mail: the reader told them apart
    if message_id and message_id == other_message and (row.part, row.ordinal) == (other.part, other.ordinal):
        return "same_mail"
    if not _same_vendor(keys, others):
        return None
    apart = abs(row.date - other.date) if row.date and other.date else None
    close = apart is None or apart <= _CLOSE
    numbers = _squeeze(row.number), _squeeze(other.number)
    kinds = {row.kind, other.kind}
    paid = "receipt" in kinds and bool(kinds & _INVOICES)
    if all(numbers) and numbers[0] == numbers[1] and (close or (paid and apart is not None and apart <= _PAID_WITHIN)):
        return "same_payment" if paid and not close else "same_number"
    if paid and (close or (_names(row, numbers[1]) or _names(other, numbers[0]))) and _within(apart, _PAID_WITHIN):
        return "same_payment"
    if "order" in kinds and len(kinds) == 2 and _within(apart, _SENT_WITHIN):
        return "same_order"
    if apart == timedelta(0) and (not all(numbers) or numbers[0] == numbers[1]):
        return "same_purchase"
    return None


def _within(apart: timedelta | None, most: timedelta) -> bool:
    return apart is not None and apart <= most


def _same_vendor(one: Keys, other: Keys) -> bool:
    if one.tax_id and other.tax_id:
        return one.tax_id == other.tax_id
    if one.domain and one.domain == other.domain:
        return True
    if not one.name or not other.name:
        return False
    short, long = sorted((one.name, other.name), key=len)
    # “alma” and “cafe alma tel aviv”: whole words of one within the other.
    return short == long or (len(short) >= 4 and f" {short} " in f" {long} ")


def _squeeze(number: str | None) -> str:
    plain = re.sub(r"[\W_]+", "", number or "").casefold().lstrip("0")
    return plain if len(plain) >= 3 and any(c.isdigit() for c in plain) else ""


def _names(row: Receipt, number: str) -> bool:
    """Whether a receipt's document names this number too."""
    if not number:
        return False
    evidence: dict[str, Any] = (row.fields or {}).get("number") or {}
    lines: Sequence[dict[str, Any]] = (evidence, *evidence.get("candidates", ()))
    return any(_squeeze(line.get("value")) == number for line in lines)


def _stands(other: Receipt, row: Receipt) -> bool:
    """Which of two should stand: what was approved or handed over, then the paper taxes ask for, then the older."""
    decided = other.status == "approved" or other.exported_at is not None
    mine = row.status == "approved" or row.exported_at is not None
    if decided != mine:
        return decided
    return _RANK.get(other.kind, 2) >= _RANK.get(row.kind, 2)
