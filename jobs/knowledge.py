"""What is known of a vendor, brought to a receipt that was just read: its rules, its kin, its approval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import clock
from models import Awaited, Mail, Receipt, VendorRule
from receipts import types as reading
from store import events, kinship, receipt_writes, rule_effects, rules

LOCKED_REASON = "pdf_password"  # the reader's code
LOCKED = reading.Flag("*", "document_locked", "The document is locked. Type its password: it is kept for this vendor.")
Uses = list[tuple[VendorRule, dict[str, Any]]]


def has_locked(result: reading.MessageReading) -> bool:
    """Whether a document of it is locked."""
    return any(reason.code == LOCKED_REASON for reason in result.reasons)


def is_locked(result: reading.MessageReading) -> bool:
    """Whether a mail's document is locked, and what the mail says beside it speaks for a receipt."""
    if result.receipts or not has_locked(result):
        return False
    return sum(reason.weight for reason in result.reasons if reason.code != LOCKED_REASON) > 0


def awaited(mail: Mail) -> Receipt | None:
    """The receipt that a file was brought for, and that it fills in place of making another."""
    found: Receipt | None = (
        Receipt.select().join(Awaited, on=(Awaited.receipt == Receipt.id)).where(Awaited.mail == mail.id).first()
    )
    return found


def apply(row: Receipt, before: Mapping[str, Any], address: str) -> tuple[Uses, list[VendorRule]]:
    """Let the vendor's rules speak of a receipt whose columns are as they were read, before its status is set.

    Args:
        row: the receipt, not yet saved.
        before: its columns before this reading.
        address: the sender of its mail, "" without one.
    """
    category = (before.get("fields") or {}).get("category")
    if category and "rule" in category and "category" not in row.hand_set:
        row.category = category["read"]  # the rule speaks anew, or not any more
    row.waiting_for_document = any(flag["code"] == "waiting_document" for flag in row.flags)
    speaking = rules.for_receipt(row, address or None)
    effect = rule_effects.of(row, speaking)
    for name, value in effect.changed.items():
        setattr(row, name, value)
    return effect.uses, speaking


def settle(row: Receipt, uses: Uses, speaking: list[VendorRule], mail: Mail, *, new: bool) -> None:
    """After the receipt was saved: remember what the rules did, propose its kin, let it approve itself."""
    address, message_id = mail.from_address, mail.message_id
    if uses or not new:
        rules.record(row, uses)
    _propose(row, address, message_id)
    if all(one.field != "approve" for one in speaking):
        return
    row = Receipt.get_by_id(row.id)  # as its kin left it: what may be a second paper does not approve itself
    rule = rule_effects.may_approve(row, speaking)
    if rule is not None:
        why = {
            "value": "approved",
            "confidence": 1.0,
            "why": "Your rule approves this vendor's receipts when nothing is flagged.",
            "rule": rule.id,
            "read": "ready",
        }
        _change(row, {"status": "approved", "approved_at": clock.now(), "fields": {**row.fields, "status": why}})


def _propose(row: Receipt, address: str, message_id: str) -> None:
    if row.duplicate_of_id is not None:
        if not any(flag["code"] in kinship.CODES for flag in row.flags):  # a re-read made the flags anew
            _find(row, address, message_id)
        return
    _find(row, address, message_id)


def _find(row: Receipt, address: str, message_id: str) -> None:
    kin = kinship.find(row, address or None, message_id)
    if kin is None:
        if row.duplicate_of_id is not None and row.deleted_at is None:
            _change(row, {"duplicate_of": None})
        return
    other = kin.other
    duplicate, stands = (row, other) if kin.stands else (other, row)
    flag = kinship.Kin(stands, kin.code, stands=True).flag()
    changed: dict[str, Any] = {"duplicate_of": stands.id, "flags": [*duplicate.flags, flag]}
    if duplicate.status in {"to_review", "ready"}:
        changed["status"] = "to_review"
    _change(duplicate, changed)


def _change(row: Receipt, changed: Mapping[str, Any]) -> None:
    row = Receipt.get_by_id(row.id)  # whole, where it was only just made
    events.receipts_changed(row.business_id, [(row, receipt_writes.save(row, changed))])
