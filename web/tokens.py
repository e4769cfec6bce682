"""Bearer tokens of the business: made (and shown once), listed, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import clock
from errors import Tellable
from models import ApiToken
from store import people
from web import answers, shapes, values
from web.routing import ROLES, route

if TYPE_CHECKING:
    from web.call import Call


@route("GET", "/api/tokens", role="owner", summary="The tokens", answers={200: shapes.listed(shapes.TOKEN)})
def listing(call: Call) -> dict[str, Any]:
    """Without the tokens themselves, which are kept nowhere."""
    return answers.listing([_brief(row) for row in people.tokens(call.business_id)], None)


@route(
    "POST",
    "/api/tokens",
    role="owner",
    summary="Make a token",
    body={
        "name": values.text(100, shortest=1).needed(),
        "role": values.choice(*ROLES, code="bad_role"),
        "operator": values.yes_no(about="for metrics and diagnostics of the installation; an operator's alone to give"),
    },
    answers={201: {"allOf": [shapes.TOKEN, shapes.obj(token=shapes.TEXT)]}},
)
def add(call: Call) -> bytes:
    """The answer is the only place where the token ever stands."""
    body, operator = call.body, call.body.get("operator", False)
    if operator and not (call.person and call.person.operator):
        raise Tellable("forbidden", "Only an operator of this installation may do this.")
    row, token = people.add_token(call.business_id, body["name"], body.get("role", "member"), operator=operator)
    return answers.json({**_brief(row), "token": token}, 201)


@route("DELETE", "/api/tokens/<id:int>", role="owner", summary="End a token", answers={204: None})
def remove(call: Call, id: int) -> None:  # noqa: A002
    """At once."""
    people.revoke_token(ApiToken.find(call.business_id, id))


def _brief(row: ApiToken) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "operator": bool(row.operator),
        "created_at": clock.iso(row.created_at),
        "last_used_at": clock.iso(row.last_used_at),
    }
