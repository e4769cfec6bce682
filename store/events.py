"""Events for the outside world, written in the transaction of the change that they tell, where anybody wants them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import clock
from models import Business, Delivery, Event, Mailbox, Receipt, SyncRun
from money import Money
from store import sql

RECEIPT_CREATED, RECEIPT_UPDATED, RECEIPT_APPROVED = "receipt.created", "receipt.updated", "receipt.approved"
SYNC_FINISHED, SYNC_FAILED = "sync.finished", "sync.failed"
NEEDS_RECONNECT, ENDS_SOON = "mailbox.needs_reconnect", "mailbox.token_ends_soon"
TYPES = (
    RECEIPT_CREATED,
    RECEIPT_UPDATED,
    RECEIPT_APPROVED,
    SYNC_FINISHED,
    SYNC_FAILED,
    NEEDS_RECONNECT,
    ENDS_SOON,
    "export.ready",
    "call.completed",
    "message.received",
    "contact.created",
)
ALL = "*"  # of an endpoint that wants every type, later ones too
TEST = "webhook.test"
_AMOUNTS = {"total": "total_minor", "payable": "payable_minor", "net": "net_minor", "tax_total": "tax_minor"}
_FIELD_OF = {column: name for name, column in _AMOUNTS.items()}
_CHUNK = 200

Facts = Mapping[str, Any]


def emit(business_id: int, type_: str, data: Facts) -> None:
    """Tell one thing; inside the write transaction of the change."""
    told(business_id, [(type_, data)])


def told(business_id: int, changes: Sequence[tuple[str, Facts]], *, only: int | None = None) -> None:
    """Tell things in this order; inside the write transaction of the changes.

    Without an endpoint that wants them it costs one small query and leaves no row.

    Args:
        business_id: whose.
        changes: type and data of each.
        only: the endpoint they are for, whatever it wants; else all that want them.
    """
    endpoints = _listening(business_id) if only is None else [(only, {ALL})]
    wanted = [
        (type_, data, ids)
        for type_, data in changes
        if (ids := [id_ for id_, types in endpoints if ALL in types or type_ in types])
    ]
    if not wanted:
        return
    # One counter a business, its row locked until the commit: sequences have the order of the changes, without a gap.
    Business.update(events_told=Business.events_told + len(wanted)).where(Business.id == business_id).execute()
    first = Business.select(Business.events_told).where(Business.id == business_id).scalar() - len(wanted) + 1
    now = clock.now()
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        rows = [
            {
                "business": business_id,
                "sequence": first + start + number,
                "uid": f"evt_{secrets.token_hex(12)}",
                "type": type_,
                "data": data,
                "created_at": now,
            }
            for number, (type_, data, _) in enumerate(chunk)
        ]
        Event.insert_many(rows).execute()
        known = Event.select(Event.id, Event.sequence).where(
            Event.business == business_id, Event.sequence.between(rows[0]["sequence"], rows[-1]["sequence"])
        )
        event_ids = {row.sequence: row.id for row in known}
        deliveries = [
            {"business": business_id, "endpoint": endpoint_id, "event": event_ids[row["sequence"]], "next_try_at": now}
            for row, (_, _, ids) in zip(rows, chunk, strict=True)
            for endpoint_id in ids
        ]
        for begin in range(0, len(deliveries), _CHUNK):
            Delivery.insert_many(deliveries[begin : begin + _CHUNK]).execute()


def _listening(business_id: int) -> list[tuple[int, set[str]]]:
    """Ids of the business's endpoints that are switched on, and what each wants; asked at each change, so cheap."""
    rows = sql.fetch("select id, events from endpoint where business_id = ? and active", [business_id])
    return [(id_, set(sql.loaded(types))) for id_, types in rows]


# -- what is told of each thing


def receipt_created(row: Receipt) -> None:
    """A document was read for the first time, and became a receipt."""
    if _listening(row.business_id):
        emit(row.business_id, RECEIPT_CREATED, {"receipt": receipt(row)})


def receipts_changed(business_id: int, changes: Sequence[tuple[Receipt, Facts]]) -> None:
    """Receipts as they are now, each with the columns that changed and their values before.

    An approval is told twice: as an update, and as what it is.
    """
    if not changes or not _listening(business_id):
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
    type_ = {"completed": SYNC_FINISHED, "failed": SYNC_FAILED}.get(run.status)
    if type_ is None or not _listening(run.business_id):
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
