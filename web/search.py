"""One search box over everything: receipts, contacts, tasks, mails, and calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from store import everything
from web import briefs, shapes, values
from web.people_shapes import HIT
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call


@route(
    "GET",
    "/api/search",
    role="accountant",
    summary="Search everything",
    query={
        "q": values.text(200, about="words, each the beginning of one; a phone number; an amount"),
        "limit": values.whole(1, 50, default=5, about="of each type"),
    },
    answers={200: shapes.obj(items=shapes.many(HIT))},
)
def search(call: Call) -> dict[str, Any]:
    """The newest of each type, a group each."""
    found = everything.search_all(call.business_id, call.query["q"] or "", call.query["limit"])
    return {"items": [{**one, "at": briefs.when(one["at"])} for one in found]}
