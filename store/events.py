"""What is told of each thing that happens: to the outside world, to the audit trail, and to the contacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import clock
from models import Mailbox, Receipt, SyncRun
from money import Money
from store import alerts, audit, contact_links
from store.outbox import (
    ALL,
    ENDS_SOON,
    NEEDS_RECONNECT,
    RECEIPT_APPROVED,
    RECEIPT_CREATED,
    RECEIPT_UPDATED,
    SYNC_FAILED,
    SYNC_FINISHED,
    TEST,
    TYPES,
    Facts,
    emit,
    listening,
    told,
)

__all__ = [
    "ALL", "ENDS_SOON", "NEEDS_RECONNECT", "RECEIPT_APPROVED", "RECEIPT_CREATED", "RECEIPT_UPDATED", "SYNC_FAILED",
    "SYNC_FINISHED", "TEST", "TYPES", "Facts", "emit", "mailbox", "receipt", "receipt_created", "receipts_changed",
    "run_ended", "told",
]  # fmt: skip
_AMOUNTS = {
    "total": "total_minor", "payable": "payable_minor", "net": "net_minor", "tax_total": "tax_minor",
    "tip": "tip_minor", "discount": "discount_minor",
}  # fmt: skip
_MORE = ("payment_method", "card_last4", "billed_to", "allocation_number")
_FIELD_OF = {column: name for name, column in _AMOUNTS.items()}


def receipt_created(row: Receipt) -> None:
    """A document was read for the first time, and became a receipt: its vendor becomes a contact."""
    contact_links.receipts_changed(row.business_id, [row])
    if listening(row.business_id):
        emit(row.business_id, RECEIPT_CREATED, {"receipt": receipt(row)})


def receipts_changed(business_id: int, changes: Sequence[tuple[Receipt, Facts]]) -> None:
    """Receipts as they are now, each with the columns that changed and their values before.

    An approval is told twice: as an update, and as what it is.
    """
    if not changes:
        return
    audit.receipts_changed(business_id, changes)
    contact_links.receipts_changed(
        business_id, [row for row, before in changes if not contact_links.FOLLOWED.isdisjoint(before)]
    )
    if not listening(business_id):
        return
    out: list[tuple[str, Facts]] = []
    for row, before in changes:
        if not before:
            continue
        data = {"receipt": receipt(row), "changed": sorted({_FIELD_OF.get(name, name) for name in before})}
        out.append((RECEIPT_UPDATED, data))
        if row.status == "approved" and before.get("status", "approved") != "approved":
            out.append((RECEIPT_APPROVED, {"receipt": data["receipt"]}))
    told(business_id, out)


def receipt(row: Receipt) -> dict[str, Any]:
    """A receipt's facts as events hold them, in the API's shapes."""
    facts: dict[str, Any] = {
        name: getattr(row, name)
        for name in ("id", "version", "status", "kind", "vendor", "vendor_tax_id", "number", "currency", "category")
    }
    for name in ("date", "due_date"):
        value = getattr(row, name)
        facts[name] = None if value is None else str(value)
    for name, column in _AMOUNTS.items():
        minor = getattr(row, column)
        facts[name] = None if minor is None else Money(minor, row.currency).as_json()
    return {
        **facts,
        **{name: getattr(row, name) for name in _MORE},
        "note": row.note,
        "source": row.source,
        "mail_id": row.mail_id,
        "mailbox_id": row.mailbox_id,
        "flags": row.flags,
        "duplicate_of": row.duplicate_of_id,
        **{name: clock.iso(getattr(row, name)) for name in ("received_at", "created_at", "approved_at", "deleted_at")},
    }


def run_ended(run: SyncRun) -> None:
    """A sync ended by itself; one that a person cancelled is no news to anybody."""
    alerts.run_ended(run)
    type_ = {"completed": SYNC_FINISHED, "failed": SYNC_FAILED}.get(run.status)
    if type_ is None or not listening(run.business_id):
        return
    counters = {name: getattr(run, name) for name in ("found", "fetched", "receipts", "skipped", "failed", "left")}
    facts = {
        "id": run.id,
        "mode": run.mode,
        "status": run.status,
        "mailbox_id": run.mailbox_id,
        "requested_by": run.requested_by,
        "started_at": clock.iso(run.started_at),
        "finished_at": clock.iso(run.finished_at),
        "counters": counters,
        "error": _note(run.error_code, run.error_text),
    }
    emit(run.business_id, type_, {"sync_run": facts})


def mailbox(row: Mailbox, type_: str) -> None:
    """Something about a mailbox that a person should see to."""
    facts = {
        "id": row.id,
        "kind": row.kind,
        "address": row.address,
        "status": row.status,
        "error": _note(row.error_code, row.error_text),
        "token_expires_at": clock.iso(row.token_expires_at),
    }
    emit(row.business_id, type_, {"mailbox": facts})


def _note(code: str | None, text: str | None) -> dict[str, str | None] | None:
    return None if code is None else {"code": code, "text": text}
