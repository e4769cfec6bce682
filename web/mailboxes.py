"""Mailboxes of the business and what state they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from store import mailboxes
from web import answers, briefs, shapes
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call


@route(
    "GET",
    "/api/mailboxes",
    role="accountant",
    summary="Mailboxes",
    answers={200: shapes.listed(shapes.ref("Mailbox"))},
)
def listing(call: Call) -> dict[str, Any]:
    """Oldest first, the one of uploads too."""
    return answers.listing([briefs.mailbox(row) for row in mailboxes.listing(call.business_id)], None)
