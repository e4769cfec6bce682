"""Events for the outside world, written in the transaction of the change that they tell, where anybody wants them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import clock
from models import Business, Delivery, Event
from store import sql

RECEIPT_CREATED, RECEIPT_UPDATED, RECEIPT_APPROVED = "receipt.created", "receipt.updated", "receipt.approved"
SYNC_FINISHED, SYNC_FAILED = "sync.finished", "sync.failed"
NEEDS_RECONNECT, ENDS_SOON = "mailbox.needs_reconnect", "mailbox.token_ends_soon"
ALERT_RAISED = "alert.raised"
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
    ALERT_RAISED,
)
ALL = "*"  # of an endpoint that wants every type, later ones too
TEST = "webhook.test"
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
    endpoints = listening(business_id) if only is None else [(only, {ALL})]
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


def listening(business_id: int) -> list[tuple[int, set[str]]]:
    """Ids of the business's endpoints that are switched on, and what each wants; asked at each change, so cheap."""
    rows = sql.fetch("select id, events from endpoint where business_id = ? and active", [business_id])
    return [(id_, set(sql.loaded(types))) for id_, types in rows]
