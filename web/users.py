"""The people of the business: listed, invited by link, given another role, taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import clock
from errors import Tellable
from store import people
from web import answers, shapes, values
from web.routing import ROLES, route

if TYPE_CHECKING:
    from web.call import Call

_ROLE = values.choice(*ROLES, code="bad_role")


@route("GET", "/api/users", role="owner", summary="People and roles", answers={200: shapes.listed(shapes.MEMBER)})
def listing(call: Call) -> dict[str, Any]:
    """Oldest first."""
    return answers.listing([_brief(member) for member in people.members(call.business_id)], None)


@route(
    "POST",
    "/api/users",
    role="owner",
    summary="Invite somebody",
    body={"email": values.text(254).needed(), "name": values.text(200), "role": _ROLE},
    answers={201: {"allOf": [shapes.MEMBER, shapes.obj(link=shapes.OPT_TEXT)]}},
)
def add(call: Call) -> bytes:
    """With a link that signs a new person in once; who has an account already simply finds the business there."""
    email = call.body["email"]
    known = people.knows(email)
    user = people.add_user(email, call.body.get("name", ""))
    people.add_member(call.business_id, user, call.body.get("role", "member"))
    member = next(one for one in people.members(call.business_id) if one["id"] == user.id)
    # A link to an account that exists would let any owner of any business sign in as its person.
    link = None if known else people.sign_in_link(user, call.site.config.public_url)
    return answers.json({**_brief(member), "link": link}, 201)


@route(
    "PATCH",
    "/api/users/<id:int>",
    role="owner",
    summary="Give another role",
    body={"role": _ROLE.needed()},
    answers={200: shapes.MEMBER},
)
def change(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """The last owner stays one."""
    _member(call, id)
    people.add_member(call.business_id, id, call.body["role"])
    return _brief(_member(call, id))


@route("DELETE", "/api/users/<id:int>", role="owner", summary="Take somebody out", answers={204: None})
def remove(call: Call, id: int) -> None:  # noqa: A002
    """Their account stays, without this business."""
    people.remove_member(call.business_id, id)


def _member(call: Call, id_: int) -> dict[str, Any]:
    found = next((one for one in people.members(call.business_id) if one["id"] == id_), None)
    if found is None:
        raise Tellable("not_found", "There is no such thing here.")
    return found


def _brief(member: dict[str, Any]) -> dict[str, Any]:
    return {**member, "created_at": clock.iso(people.moment(member["created_at"]))}
