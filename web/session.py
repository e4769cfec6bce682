"""Signing in and out: by one-time link, by password; tries are counted."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import redis

from errors import Tellable
from models import User, digest
from store import google_sign_in, people, second_factor
from web import auth, shapes, values
from web.me import me_of
from web.routing import PERSON, PUBLIC, route

if TYPE_CHECKING:
    from web.call import Call

TRIES, WINDOW_S = 10, 300
_here: dict[str, list[float]] = {}
_here_lock = threading.Lock()
_LANGUAGE = values.choice(*people.LANGUAGES)


@route(
    "POST",
    "/api/session",
    role=PUBLIC,
    summary="Sign in, by one-time link or by password; the first-run link makes the owner's account",
    body={
        "token": values.text(200, about="of a one-time link"),
        "google": values.text(200, about="of a sign-in with Google, in the browser that came back from there"),
        "email": values.text(254),
        "password": values.text(1024),
        "code": values.text(40, about="of the second factor, where there is one; or a recovery code"),
        "name": values.text(200),
        "business_name": values.text(200),
        "language": _LANGUAGE,
    },
    answers={200: shapes.obj(me=shapes.ref("Me"))},
    example={"email": "noa@kedem.example", "password": "a long password"},
)
def sign_in(call: Call) -> dict[str, Any]:
    """Start a session; its cookie is for this browser alone."""
    body = call.body
    whose = [auth.address(), *([body["email"].casefold()] if "password" in body and "email" in body else [])]
    count_try(call, whose)
    if "token" in body:
        user = people.redeem(
            body["token"],
            email=body.get("email", ""),
            name=body.get("name", ""),
            business_name=body.get("business_name", ""),
            language=body.get("language", "en"),
        )
    elif "google" in body:
        user = google_sign_in.redeem(body["google"], auth.browser(call))
        _second(call, user, whose)
        google_sign_in.used(body["google"])
        auth.set_browser(call, "", 0)
        forget_try(call, [f"google:{auth.address()}"])
    elif "email" in body and "password" in body:
        user = people.by_password(body["email"], body["password"])
        _second(call, user, whose)
    else:
        raise Tellable("field_missing", "Give the token of a sign-in link, or e-mail and password.")
    forget_try(call, whose)
    cookie, person = people.start_session(user, auth.agent())
    auth.set_cookie(call, cookie, people.SESSION_DAYS * 24 * 3600)
    return {"me": me_of(call, person)}


def _second(call: Call, user: User, whose: Sequence[str]) -> None:
    """The second factor, whichever the first one was."""
    try:
        second_factor.check(user, call.body.get("code"))
    except Tellable as error:
        if error.code == "code_needed":
            forget_try(call, whose)  # half of it was right: the code is asked for now
        raise


@route(
    "GET",
    "/api/session",
    role=PUBLIC,
    summary="Who is signed in, or null",
    answers={200: shapes.obj(me=shapes.either(shapes.ref("Me")), google=shapes.BOOL)},
)
def who(call: Call) -> dict[str, Any]:
    """What a page asks first: not being signed in is no fault, so no 401 stands on the browser's console."""
    token = auth.cookie(call)
    person = people.session(token) if token else None
    config = call.site.config
    with_google = bool(config.google_client_id and config.google_client_secret)
    return {"me": person and me_of(call, person), "google": with_google}


@route("DELETE", "/api/session", role=PERSON, summary="Sign out", answers={204: None})
def sign_out(call: Call) -> None:
    """End this session."""
    people.end_session(call.who.session_id)
    auth.set_cookie(call, "", 0)


def count_try(call: Call, whose: Sequence[str]) -> None:
    """At most ten failed tries in five minutes from one address, and for one account; Tellable `too_many_tries`.

    A try is counted before it is made, so that many at once are no way around.
    """
    for one in whose:
        tries, left = _counted(call, _key(one))
        if tries > TRIES:
            raise Tellable(
                "too_many_tries", "Too many tries; please wait a few minutes.", retry_after_s=max(1, int(left))
            )


def forget_try(call: Call, whose: Sequence[str]) -> None:
    """It was no failure."""
    for one in whose:
        with _here_lock:
            if _here.get(_key(one)):
                _here[_key(one)].pop()
        with contextlib.suppress(redis.RedisError):
            call.site.queue.client.decr(_key(one))


def _key(one: str) -> str:
    return f"prosaas:signin:{digest(one)[:32]}"


def _counted(call: Call, key: str) -> tuple[int, float]:
    """How many tries in the window, this one included, and the seconds until it ends."""
    client = call.site.queue.client
    try:
        with client.pipeline() as pipe:
            pipe.set(key, 0, ex=WINDOW_S, nx=True)
            pipe.incr(key)
            pipe.ttl(key)
            _, tries, left = pipe.execute()
        return int(tries), float(left)
    except redis.RedisError:
        return _counted_here(key)


def _counted_here(key: str) -> tuple[int, float]:
    """Without Redis, this process counts for itself."""
    now = time.monotonic()
    with _here_lock:
        if len(_here) > 10_000:
            _here.clear()
        recent = [moment for moment in _here.get(key, ()) if now - moment < WINDOW_S]
        _here[key] = [*recent, now]
        return len(recent) + 1, WINDOW_S - (now - recent[0]) if recent else WINDOW_S
