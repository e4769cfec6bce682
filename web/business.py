"""The business that is open: its name, country, zone, currency and language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tasks
from errors import Tellable
from models import write
from store import erasure, mailboxes, people, work
from web import answers, briefs, gmail, shapes, values
from web.routing import PERSON, route

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
        "language": values.choice(*people.LANGUAGES),
        "keep_mail_days": values.optional(values.whole(30, 36_500, about="then the bytes of mails go; null: never")),
    },
    answers={200: shapes.ref("Business")},
    example={"name": "Kedem Studio", "time_zone": "Asia/Jerusalem", "keep_mail_days": 365},
)
def change(call: Call) -> dict[str, Any]:
    """The slug stays: it stands in people's bookmarks."""
    return briefs.business(people.update_business(call.business_id, **call.body))


@route(
    "POST",
    "/api/businesses",
    role=PERSON,
    summary="Make a business of your own",
    body={
        "name": values.text(200, shortest=1).needed(),
        "country": values.text(2, about="ISO 3166, two capitals"),
        "time_zone": values.text(60, about="IANA name"),
        "base_currency": values.text(3, about="ISO 4217"),
        "language": values.choice(*people.LANGUAGES),
    },
    answers={201: shapes.ref("Business")},
    example={"name": "Kedem Studio", "country": "IL", "time_zone": "Asia/Jerusalem", "base_currency": "ILS"},
)
def add(call: Call) -> bytes:
    """For operators, and for whoever owns a business here already; they own the new one too."""
    person = call.who
    if not (person.operator or any(one.role == "owner" for one in people.tenants(person.user_id))):
        raise Tellable("forbidden", "Only an owner of a business, or an operator, may make another one.")
    with write():
        made = people.add_business(**call.body)
        people.add_member(made, person.user_id, "owner")
    return answers.json(briefs.business(made), 201)


_COUNTS = {"type": "object", "additionalProperties": shapes.WHOLE}


@route(
    "GET",
    "/api/business/erase",
    role="owner",
    summary="How much would be erased with the business",
    answers={200: _COUNTS},
)
def count(call: Call) -> dict[str, int]:
    """Looked at before it is confirmed."""
    return erasure.counts(call.business_id)


@route(
    "DELETE",
    "/api/business",
    role="owner",
    summary="Erase the business and all that is its own",
    body={"name": values.text(200, about="the business's name, typed once more").needed()},
    answers={202: shapes.obj(success={"const": True}, erased=_COUNTS)},
    quiet=True,
)
def erase(call: Call) -> bytes:
    """Nobody reaches it from this moment; rows and files go within minutes. A person's doing: no token may."""
    if call.person is None:
        raise Tellable("forbidden", "This needs a person who is signed in; a token will not do.")
    business_id = call.business_id
    tokens = [row.refresh_token for row in mailboxes.listing(business_id) if row.kind == "gmail" and row.refresh_token]
    counted = erasure.close(business_id, call.body["name"])
    for token in tokens:
        gmail.revoke(call, token)
    asked, _ = work.ask("erase_business", None, {"business": business_id}, unique=f"business-{business_id}")
    tasks.ring_work(asked.id, asked.priority)
    return answers.json({"success": True, "erased": counted}, 202)
