"""What changed since a cursor: one small question that keeps every open tab up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store import alerts, receipts, runs
from web import answers, briefs, shapes, values
from web.alerts import reader
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call

_ANSWER = shapes.obj(
    cursor=shapes.TEXT,
    receipts=shapes.many(shapes.ref("Receipt")),
    removed=shapes.many(shapes.WHOLE),
    run=shapes.either(shapes.ref("SyncRun")),
    alerts=shapes.WHOLE,
)


@route(
    "GET",
    "/api/changes",
    role="accountant",
    summary="Receipts changed since a cursor, the run that is active, and how many alerts are unread",
    query={"after": values.text(60, about="of the last answer; without it: from now on")},
    answers={200: _ANSWER},
)
def changes(call: Call) -> bytes:
    """ETag and 304 while nothing moved."""
    rows, cursor = receipts.changed(call.business_id, call.query["after"])
    run = runs.active(call.business_id)
    return answers.polled(
        {
            "cursor": cursor,
            "receipts": [briefs.receipt(row, call.business.base_currency) for row in rows if row["deleted_at"] is None],
            "removed": [row["id"] for row in rows if row["deleted_at"] is not None],
            "run": run and briefs.run(run, new=[], seq=0),
            "alerts": alerts.unread(reader(call)),
        }
    )
