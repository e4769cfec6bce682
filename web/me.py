"""The signed-in person: who they are, which businesses they belong to, what they prefer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from errors import Tellable
from models import User
from store import passwords, people
from web import shapes, values
from web.routing import PERSON, route

if TYPE_CHECKING:
    from web.call import Call


@route("GET", "/api/me", role=PERSON, summary="The signed-in person", answers={200: shapes.ref("Me")})
def me(call: Call) -> dict[str, Any]:
    """Everything that the page needs before its first list."""
    return me_of(call, call.who)


@route(
    "PATCH",
    "/api/me",
    role=PERSON,
    summary="Change name, language, preferences or password",
    body={
        "name": values.text(200),
        "language": values.choice(*people.LANGUAGES),
        "prefs": values.free(about="whatever the screen remembers"),
        "password": values.text(1024, shortest=passwords.SHORTEST),
        "old_password": values.text(1024),
    },
    answers={200: shapes.ref("Me")},
)
def change(call: Call) -> dict[str, Any]:
    """A new password ends the person's other sessions; where there is one already, the old one must be told."""
    body = dict(call.body)
    password, old = body.pop("password", None), body.pop("old_password", "")
    person = call.who
    if password is not None:
        user = User.get_by_id(person.user_id)
        if user.password_hash and not passwords.matches(user.password_hash, old):
            raise Tellable("wrong_password", "The old password is wrong.")
        people.set_password(person.user_id, password, but_session=person.session_id)
    people.update_user(person.user_id, **body)
    return me_of(call, person)


def me_of(call: Call, person: people.Person) -> dict[str, Any]:
    """The person as the page knows them."""
    user = User.get_by_id(person.user_id)
    return {
        "user": {
            "id": user.id,
            "email": user.email,
            "name": user.name,
            "language": user.language,
            "operator": bool(user.operator),
            "prefs": user.prefs,
            "has_password": user.password_hash is not None,
            "has_google": user.google_id is not None,
            "has_factor": user.totp_since is not None,
        },
        "csrf": person.csrf,
        "businesses": [
            {"slug": one.slug, "name": one.name, "role": one.role} for one in people.tenants(person.user_id)
        ],
        "release": call.site.assets.release,
        "version": call.site.version,
    }
