"""Signing in and out: by one-time link, by password; tries are counted."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import redis

from errors import Tellable
from models import digest
from store import people
from web import auth, shapes, values
from web.me import me_of
from web.routing import PERSON, PUBLIC, route

if TYPE_CHECKING:
    from web.call import Call

TRIES, WINDOW_S = 10, 300
_here: dict[str, list[float]] = {}
_here_lock = threading.Lock()
_LANGUAGE = values.choice("en", "he", "de", "fr")


@route(
    "POST",
    "/api/session",
    role=PUBLIC,
    summary="Sign in, by one-time link or by password; the first-run link makes the owner's account",
    body={
        "token": values.text(200, about="of a one-time link"),
        "email": values.text(254),
        "password": values.text(1024),
        "name": values.text(200),
        "business_name": values.text(200),
        "language": _LANGUAGE,
    },
    answers={200: shapes.obj(me=shapes.ref("Me"))},
)
def sign_in(call: Call) -> dict[str, Any]:
    """Start a session; its cookie is for this browser alone."""
    body = call.body
    if "token" in body:
        _count_try(call, auth.address())
        user = people.redeem(
            body["token"],
            email=body.get("email", ""),
            name=body.get("name", ""),
            business_name=body.get("business_name", ""),
            language=body.get("language", "en"),
        )
    elif "email" in body and "password" in body:
        _count_try(call, auth.address(), body["email"].casefold())
        user = people.by_password(body["email"], body["password"])
    else:
        raise Tellable("field_missing", "Give the token of a sign-in link, or e-mail and password.")
    cookie, person = people.start_session(user)
    auth.set_cookie(call, cookie, people.SESSION_DAYS * 24 * 3600)
    return {"me": me_of(call, person)}


@route("DELETE", "/api/session", role=PERSON, summary="Sign out", answers={204: None})
def sign_out(call: Call) -> None:
    """End this session."""
    people.end_session(call.who.session_id)
    auth.set_cookie(call, "", 0)


def _count_try(call: Call, *whose: str) -> None:
    """At most ten tries in five minutes from one address, and for one account; Tellable `too_many_tries`."""
    for one in whose:
        key = f"prosaas:signin:{digest(one)[:32]}"
        tries, left = _counted(call, key)
        if tries > TRIES:
            raise Tellable(
                "too_many_tries", "Too many tries; please wait a few minutes.", retry_after_s=max(1, int(left))
            )


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
