"""Vendors as suggestions: whom receipts came from, the most frequent first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from store import receipts
from web import answers, shapes, values
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call

_VENDOR = shapes.obj(id=shapes.TEXT, name=shapes.TEXT, count=shapes.WHOLE, category=shapes.OPT_TEXT)


@route(
    "GET",
    "/api/vendors",
    role="accountant",
    summary="Vendors seen in receipts",
    query={"q": values.text(200), "limit": values.whole(1, 200, default=20)},
    answers={200: shapes.listed(_VENDOR)},
)
def listing(call: Call) -> dict[str, Any]:
    """For the vendor field and the palette."""
    return answers.listing(receipts.vendors(call.business_id, call.query["q"] or "", call.query["limit"]), None)
