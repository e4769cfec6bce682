"""The business that is open: its name, country, zone, currency and language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from store import people
from web import briefs, shapes, values
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call


@route("GET", "/api/business", role="accountant", summary="The business", answers={200: shapes.ref("Business")})
def business(call: Call) -> dict[str, Any]:
    """Its settings."""
    return briefs.business(call.business_row)


@route(
    "PATCH",
    "/api/business",
    role="owner",
    summary="Change the business",
    body={
        "name": values.text(200, shortest=1),
        "country": values.text(2, about="ISO 3166, two capitals"),
        "time_zone": values.text(60, about="IANA name"),
        "base_currency": values.text(3, about="ISO 4217"),
        "language": values.choice("en", "he", "de", "fr"),
    },
    answers={200: shapes.ref("Business")},
)
def change(call: Call) -> dict[str, Any]:
    """The slug stays: it stands in people's bookmarks."""
    return briefs.business(people.update_business(call.business_id, **call.body))
