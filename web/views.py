"""Saved views of the receipts list, with a live count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from errors import Tellable
from models import SavedView
from store import receipts, views
from web import answers, shapes, values
from web.receipts import FILTER, filter_of
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call


@route("GET", "/api/views", role="accountant", summary="Saved views", answers={200: shapes.listed(shapes.VIEW)})
def listing(call: Call) -> dict[str, Any]:
    """One's own and those that others share."""
    return answers.listing([_brief(call, view) for view in views.listing(call.business_id, call.who.user_id)], None)


@route(
    "POST",
    "/api/views",
    role="accountant",
    summary="Save a view",
    body={
        "name": values.text(80, shortest=1).needed(),
        "query": values.text(2000, about="as in the list's address").needed(),
        "shared": values.yes_no(),
    },
    answers={201: shapes.VIEW},
)
def add(call: Call) -> bytes:
    """One's own view of the same name is replaced."""
    body = call.body
    shared = body.get("shared", False)
    view = views.add(call.business_id, call.who.user_id, body["name"], body["query"], shared=shared)
    return answers.json(_brief(call, view), 201)


@route("DELETE", "/api/views/<id:int>", role="accountant", summary="Forget a view", answers={204: None})
def remove(call: Call, id: int) -> None:  # noqa: A002
    """One's own alone."""
    views.remove(call.business_id, call.who.user_id, id)


def _brief(call: Call, view: SavedView) -> dict[str, Any]:
    return {
        "id": view.id,
        "name": view.name,
        "query": view.query,
        "shared": bool(view.shared),
        "mine": view.user_id == call.who.user_id,
        "count": receipts.count(call.business_id, filter_of(_parsed(view.query))),
    }


def _parsed(query: str) -> dict[str, Any]:
    """What of the view's address is a filter; a value that makes no sense any more is left out."""
    given = dict(parse_qsl(query.removeprefix("?")))
    parsed = {}
    for name, value in FILTER.items():
        if name in given:
            try:
                parsed[name] = value.read(given[name], name)
            except Tellable:
                continue
    return parsed
