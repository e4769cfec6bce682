"""How a person signs in: sessions listed and ended, a second factor, a forgotten password, the account erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import clock
import tasks
from errors import Tellable
from models import User, digest
from store import erasure, passwords, people, second_factor, sessions, work
from web import answers, auth, shapes, values
from web.routing import PERSON, PUBLIC, route
from web.session import count_try, forget_try

if TYPE_CHECKING:
    from web.call import Call

_CODE = values.text(40, shortest=1, about="six digits of the authenticator app, or a recovery code").needed()
_SESSION = shapes.obj(id=shapes.WHOLE, agent=shapes.TEXT, created_at=shapes.TIME, last_seen_at=shapes.TIME,
                      current=shapes.BOOL)  # fmt: skip


@route(
    "GET", "/api/me/sessions", role=PERSON, summary="Where you are signed in", answers={200: shapes.listed(_SESSION)}
)
def listing(call: Call) -> dict[str, Any]:
    """The browser that was used last comes first."""
    found = sessions.listing(call.who.user_id)
    here = call.who.session_id
    items = [
        {
            **one,
            "created_at": clock.iso(one["created_at"]),
            "last_seen_at": clock.iso(one["last_seen_at"]),
            "current": one["id"] == here,
        }
        for one in found
    ]
    return answers.listing(items, None)


@route("DELETE", "/api/me/sessions/<id:int>", role=PERSON, summary="Sign out elsewhere", answers={204: None})
def end(call: Call, id: int) -> None:  # noqa: A002 - the name in the address
    """One of your own sessions."""
    sessions.end(call.who.user_id, id)


@route(
    "DELETE",
    "/api/me/sessions",
    role=PERSON,
    summary="Sign out everywhere else",
    answers={200: shapes.obj(ended=shapes.WHOLE)},
)
def end_others(call: Call) -> dict[str, Any]:
    """This browser stays signed in."""
    return {"ended": sessions.end_others(call.who.user_id, call.who.session_id)}


@route(
    "POST",
    "/api/me/factor",
    role=PERSON,
    summary="Begin a second factor",
    body={"password": values.text(1024)},
    answers={200: shapes.obj(secret=shapes.TEXT, uri=shapes.TEXT, picture=shapes.TEXT)},
)
def begin(call: Call) -> dict[str, Any]:
    """The secret for an authenticator app, also as a QR code (an SVG data address); it counts once confirmed."""
    import segno

    know(call)
    begun = second_factor.begin(call.who.user_id)
    picture = segno.make(begun.uri, error="m").svg_data_uri(scale=4, border=2, dark="#000", light="#fff")
    return {"secret": begun.secret, "uri": begun.uri, "picture": picture}


@route(
    "POST",
    "/api/me/factor/confirm",
    role=PERSON,
    summary="Switch the second factor on",
    body={"code": _CODE},
    answers={200: shapes.obj(recovery=shapes.many(shapes.TEXT))},
    example={"code": "492039"},
)
def confirm(call: Call) -> dict[str, Any]:
    """Ten recovery codes, shown only now."""
    whose = [f"factor:{call.who.user_id}"]
    count_try(call, whose)
    codes = second_factor.confirm(call.who.user_id, call.body["code"])
    forget_try(call, whose)
    return {"recovery": codes}


@route(
    "POST",
    "/api/me/factor/off",
    role=PERSON,
    summary="Switch the second factor off",
    body={"code": _CODE},
    answers={204: None},
    example={"code": "492039"},
)
def off(call: Call) -> None:
    """With a code, so that a browser left open is not enough."""
    whose = [f"factor:{call.who.user_id}"]
    count_try(call, whose)
    second_factor.check(User.get_by_id(call.who.user_id), call.body["code"])
    forget_try(call, whose)
    second_factor.off(call.who.user_id)


def know(call: Call) -> None:
    """Whoever changes how a person signs in knows the password, where there is one; tries are counted."""
    user = User.get_by_id(call.who.user_id)
    if not user.password_hash:
        return
    whose = [f"password:{user.id}"]
    count_try(call, whose)
    if not passwords.matches(user.password_hash, call.body.get("password", "")):
        raise Tellable("wrong_password", "The password is wrong.")
    forget_try(call, whose)


@route(
    "POST",
    "/api/session/forgotten",
    role=PUBLIC,
    summary="Have a link for a new password mailed",
    body={"email": values.text(254, shortest=3).needed()},
    answers={202: shapes.obj(success={"const": True}, message=shapes.TEXT)},
    example={"email": "noa@kedem.example"},
)
def forgotten(call: Call) -> bytes:
    """The answer is the same whether there is such an account or not."""
    if not call.site.config.smtp_url:
        raise Tellable(
            "mail_off", "This installation sends no mail; ask whoever runs it for a link (./prosaas user password)."
        )
    count_try(call, [auth.address(), f"forgotten:{call.body['email'].casefold()}"])
    address = call.body["email"].strip().casefold()
    user = User.get_or_none(User.email == address)
    # Asked for either way: how long the answer takes tells nobody who has an account.
    args = {"user": user.id if user is not None else 0}
    row, _ = work.ask("password_mail", None, args, unique=digest(address)[:32], priority="high")
    tasks.ring_work(row.id, row.priority)
    message = "If there is an account of this address, a mail is on its way to it."
    return answers.json({"success": True, "message": message}, 202)


@route(
    "POST",
    "/api/session/password",
    role=PUBLIC,
    summary="Set a new password with the link that was mailed",
    body={
        "token": values.text(200, shortest=1).needed(),
        "password": values.text(1024, shortest=passwords.SHORTEST).needed(),
    },
    answers={204: None},
)
def reset(call: Call) -> None:
    """All sessions of the person end; signing in comes after, with the second factor where there is one."""
    count_try(call, [auth.address()])
    people.set_password_by_link(call.body["token"], call.body["password"])
    forget_try(call, [auth.address()])


@route(
    "DELETE",
    "/api/me",
    role=PERSON,
    summary="Erase your account",
    body={"email": values.text(254, about="your own address, typed once more").needed(), "password": values.text(1024)},
    answers={204: None},
)
def erase(call: Call) -> None:
    """For good; not while a business has no other owner."""
    know(call)
    erasure.erase_person(call.who.user_id, call.body["email"])
    auth.set_cookie(call, "", 0)
