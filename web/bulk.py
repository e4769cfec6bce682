"""Many receipts at once, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from errors import Tellable
from store import receipt_edits, receipt_writes
from web import shapes, values
from web.receipts import FIELDS, FILTER, filter_of
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call


@route(
    "POST",
    "/api/receipts/bulk",
    role="member",
    summary="One action over many receipts",
    tag="receipts",
    body={
        "ids": values.id_list(receipt_edits.BULK_LIMIT),
        "filter": values.nested(FILTER, about="as the list's query; all that match"),
        "action": values.choice(*receipt_edits.ACTIONS, code="bad_action").needed(),
        "values": values.nested(FIELDS, about="for the action `set`"),
    },
    answers={200: shapes.CHANGED},
)
def bulk(call: Call) -> dict[str, Any]:
    """The answer's `undo` takes it back within a day."""
    body = call.body
    if ("ids" in body) == ("filter" in body):
        raise Tellable("field_missing", "Name the receipts either by ids or by a filter.")
    if body["action"] == "set" and not body.get("values"):
        raise Tellable("field_missing", "Say in values what to set.")
    wanted = filter_of(body["filter"]) if "filter" in body else None
    changed, undo = receipt_edits.bulk(
        call.business_id, body["action"], ids=body.get("ids"), wanted=wanted, values=body.get("values", {})
    )
    return {"changed": changed, "undo": undo}


@route(
    "POST",
    "/api/undo",
    role="member",
    summary="Take an edit, a bulk action or a merge back",
    tag="receipts",
    body={"undo": values.text(100).needed()},
    answers={200: shapes.obj(changed=shapes.WHOLE)},
)
def undo(call: Call) -> dict[str, Any]:
    """What was changed since stays: whole receipts of a bulk action, single fields of one edit."""
    return {"changed": receipt_writes.undo(call.business_id, call.body["undo"])}


@route(
    "POST",
    "/api/receipts/<id:int>/merge",
    role="member",
    summary="The other one is the same purchase",
    tag="receipts",
    body={"other": values.row_id().needed()},
    answers={200: shapes.CHANGED},
)
def merge(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """It goes to the trash as this one's duplicate."""
    changed, undo = receipt_edits.merge(call.business_id, id, call.body["other"])
    return {"changed": changed, "undo": undo}


@route(
    "POST",
    "/api/receipts/<id:int>/split",
    role="member",
    summary="What was merged is a purchase of its own again",
    tag="receipts",
    body={},
    answers={200: shapes.CHANGED},
)
def split(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """The two are not proposed to each other again."""
    changed, undo = receipt_edits.split(call.business_id, id)
    return {"changed": changed, "undo": undo}
