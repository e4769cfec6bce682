"""Invitations: made by an owner, looked at and accepted by whoever holds the link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import clock
import tasks
from models import encrypt
from store import invitations, passwords, people, work
from web import answers, auth, shapes, values
from web.me import me_of
from web.routing import PUBLIC, ROLES, route
from web.session import count_try, forget_try

if TYPE_CHECKING:
    from models import Invitation
    from web.call import Call

_INVITATION = shapes.obj(
    id=shapes.WHOLE, email=shapes.TEXT, role=shapes.TEXT, created_at=shapes.TIME, expires_at=shapes.TIME
)
_TOKEN = values.text(200, shortest=1).needed()


@route(
    "GET",
    "/api/invitations",
    role="owner",
    summary="Invitations that wait to be accepted",
    answers={200: shapes.listed(_INVITATION)},
)
def listing(call: Call) -> dict[str, Any]:
    """Newest first."""
    return answers.listing([_brief(row) for row in invitations.listing(call.business_id)], None)


@route(
    "POST",
    "/api/invitations",
    role="owner",
    summary="Invite somebody by link",
    body={
        "email": values.text(254, shortest=3).needed(),
        "role": values.choice(*ROLES, code="bad_role", default="member"),
        "mail": values.yes_no(about="send the link by mail too, where SMTP_URL is set", default=True),
    },
    answers={201: {"allOf": [_INVITATION, shapes.obj(link=shapes.TEXT, mailed=shapes.BOOL)]}},
    example={"email": "ruth@books.example", "role": "accountant"},
)
def add(call: Call) -> bytes:
    """The link is shown only now; it works once, within two weeks."""
    body = call.body
    who = call.person.user_id if call.person else None
    row, token = invitations.invite(call.business_id, body["email"], body["role"], who)
    link = f"{call.site.config.public_url}/app/sign-in#invitation={token}"
    mailed = bool(body["mail"] and call.site.config.smtp_url)
    if mailed:
        asked, _ = work.ask("invitation_mail", call.business_id, {"invitation": row.id, "link": encrypt(link)})
        tasks.ring_work(asked.id, asked.priority)
    return answers.json({**_brief(row), "link": link, "mailed": mailed}, 201)


@route("DELETE", "/api/invitations/<id:int>", role="owner", summary="Withdraw an invitation", answers={204: None})
def withdraw(call: Call, id: int) -> None:  # noqa: A002 - the name in the address
    """Its link no longer works."""
    invitations.withdraw(call.business_id, id)


@route(
    "POST",
    "/api/invitations/look",
    role=PUBLIC,
    summary="What an invitation offers",
    body={"token": _TOKEN},
    answers={200: shapes.obj(business=shapes.TEXT, role=shapes.TEXT, email=shapes.TEXT, known=shapes.BOOL)},
)
def look(call: Call) -> dict[str, Any]:
    """A POST, so that no log ever holds the token."""
    count_try(call, [auth.address()])
    found = invitations.look(call.body["token"])
    forget_try(call, [auth.address()])
    return found


@route(
    "POST",
    "/api/invitations/accept",
    role=PUBLIC,
    summary="Accept an invitation",
    body={
        "token": _TOKEN,
        "name": values.text(200),
        "password": values.text(1024, shortest=passwords.SHORTEST),
        "language": values.choice(*people.LANGUAGES, default="en"),
    },
    answers={200: shapes.obj(me=shapes.ref("Me"))},
)
def accept(call: Call) -> dict[str, Any]:
    """Whoever is signed in joins as they are; else an account of the invited address is made, with a password."""
    count_try(call, [auth.address()])
    cookie = auth.cookie(call)
    person = people.session(cookie) if cookie else None
    if person is not None:
        auth.check_csrf(person)
    user = invitations.accept(
        call.body["token"],
        user_id=person.user_id if person else None,
        name=call.body.get("name", ""),
        password=call.body.get("password"),
        language=call.body["language"],
    )
    forget_try(call, [auth.address()])
    if person is None:
        value, person = people.start_session(user, auth.agent())
        auth.set_cookie(call, value, people.SESSION_DAYS * 24 * 3600)
    return {"me": me_of(call, person)}


def _brief(row: Invitation) -> dict[str, Any]:
    return {
        "id": row.id,
        "email": row.email,
        "role": row.role,
        "created_at": clock.iso(row.created_at),
        "expires_at": clock.iso(row.expires_at),
    }
