"""Signing in with Google, and connecting one's Google account to do so."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

from errors import Tellable
from sources import google_identity
from store import google_sign_in, people
from web import answers, auth, shapes, values
from web.gmail import client
from web.routing import PERSON, PUBLIC, route
from web.security import know
from web.session import count_try

if TYPE_CHECKING:
    from web.call import Call

log = logging.getLogger("web")
CALLBACK = "/api/session/google/callback"
_SIGN_IN, _SETTINGS = "/app/sign-in", "/app/settings/security"
_URL = shapes.obj(auth_url=shapes.TEXT)


@route(
    "POST",
    "/api/session/google",
    role=PUBLIC,
    summary="Where to send the browser to sign in with Google",
    tag="session",
    body={},
    answers={200: _URL},
)
def begin(call: Call) -> dict[str, str]:
    """Bound to this browser by a cookie of ten minutes."""
    count_try(call, [f"google:{auth.address()}"])
    return {"auth_url": _begin(call, None)}


@route(
    "POST",
    "/api/me/google",
    role=PERSON,
    summary="Where to send the browser to connect your Google account",
    tag="security",
    body={"password": values.text(1024, about="needed where there is one")},
    answers={200: _URL},
)
def connect(call: Call) -> dict[str, str]:
    """From then on that account signs you in."""
    know(call)
    return {"auth_url": _begin(call, call.who.session_id)}


@route("DELETE", "/api/me/google", role=PERSON, summary="Sign in with Google no more", tag="security",
       answers={204: None})  # fmt: skip
def disconnect(call: Call) -> None:
    """Not while there is no password."""
    google_sign_in.unlink(call.who.user_id)


def _begin(call: Call, session_id: int | None) -> str:
    config = call.site.config
    asked = google_identity.ask(client(config), config.public_url + CALLBACK)
    browser = secrets.token_urlsafe(32)
    google_sign_in.begin(asked.state, asked.verifier, asked.nonce, browser=browser, session_id=session_id)
    auth.set_browser(call, browser, int(google_sign_in.LIFE.total_seconds()))
    return asked.url


@route(
    "GET",
    CALLBACK,
    role=PUBLIC,
    summary="Where Google sends the browser back to after a sign-in",
    tag="session",
    query={name: values.text(4000) for name in ("state", "code", "error", "scope", "authuser", "prompt", "hd")},
    answers={303: None},
)
def callback(call: Call) -> bytes:
    """To the sign-in page with a token that this browser alone can redeem; or back to the settings."""
    page = _SIGN_IN
    try:
        way = google_sign_in.come_back(call.query["state"] or "", auth.browser(call))
        page = _SIGN_IN if way.session_id is None else _SETTINGS
        found = _asked(call, way)
        if way.session_id is None:
            return answers.redirect(f"{_SIGN_IN}#google={google_sign_in.vouched(way, found.subject)}")
        _link(call, way.session_id, found.subject)
    except Tellable as error:
        log.warning("A sign-in with Google failed code=%s", error.code)
        return answers.redirect(f"{page}?error={quote(error.code)}")
    return answers.redirect(f"{_SETTINGS}?google=connected")


def _asked(call: Call, way: google_sign_in.Way) -> google_identity.Identity:
    """What Google says of whoever came back."""
    if call.query["error"] or not call.query["code"]:
        raise Tellable("google_declined", "Google did not sign you in; please try again.")
    config = call.site.config
    return google_identity.identity(
        client(config),
        config.google_certs_url,
        code=call.query["code"],
        verifier=way.verifier,
        nonce=way.nonce,
        redirect_uri=config.public_url + CALLBACK,
    )


def _link(call: Call, session_id: int, subject: str) -> None:
    """Only in the very session that asked for it, while it is still signed in."""
    token = auth.cookie(call)
    person = people.session(token) if token else None
    if person is None or person.session_id != session_id:
        raise Tellable("bad_state", "This sign-in was begun elsewhere or too long ago; please try again.")
    google_sign_in.link(person.user_id, subject)
    auth.set_browser(call, "", 0)
