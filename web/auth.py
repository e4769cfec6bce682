"""Who asks: a bearer token, or the session cookie with a CSRF header and a same-origin check on every write."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import bottle

from errors import Tellable
from store import people
from web import limits
from web.routing import OPERATOR, PERSON, PUBLIC, Route, allows

if TYPE_CHECKING:
    from web.call import Call

SAFE = {"GET", "HEAD"}
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA", "HTTP_X_FORWARDED_HOST")


def let_in(call: Call, route: Route) -> None:
    """Fill in who asks and for which business.

    Tellable `signed_out`, `bad_token`, `forbidden`, `bad_csrf`, `business_needed` or `not_found`.
    """
    if route.role == PUBLIC:
        if route.method not in SAFE:
            _same_origin(call)
        return
    bearer = _bearer()
    if bearer is not None:
        _by_token(call, route, bearer)
    else:
        _by_session(call, route)


def _bearer() -> str | None:
    header = bottle.request.environ.get("HTTP_AUTHORIZATION")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _by_token(call: Call, route: Route, token: str) -> None:
    bearer = people.by_bearer(token) if token else None
    if bearer is None:
        raise Tellable("bad_token", "This bearer token is unknown or was ended; make a new one.")
    named = _named_business()
    if named is not None and named != bearer.business.slug:
        raise Tellable("not_found", "There is no such thing here.")
    call.token_id = bearer.token_id
    limits.take(call, bearer.token_id)
    if route.role == PERSON:
        raise Tellable("forbidden", "This needs a person who is signed in; a token will not do.")
    if route.role == OPERATOR:
        _check_operator(operator=bearer.operator)
        return
    call.tenant = bearer.business
    _check_role(call, route)


def _by_session(call: Call, route: Route) -> None:
    token = cookie(call)
    person = people.session(token) if token else None
    if person is None:
        raise Tellable("signed_out", "Please sign in.")
    call.person = person
    if route.method not in SAFE:
        _same_origin(call)
        check_csrf(person)
    if route.role == OPERATOR:
        _check_operator(operator=person.operator)
    elif route.role != PERSON:
        call.tenant = _tenant(person)
        _check_role(call, route)


def check_csrf(person: people.Person) -> None:
    """Tellable `bad_csrf` unless the request bears the session's own mark."""
    given = bottle.request.environ.get("HTTP_X_CSRF_TOKEN", "")
    if not hmac.compare_digest(given.encode(), person.csrf.encode()):
        raise Tellable("bad_csrf", "This page is out of date; reload it and try again.")


def agent() -> str:
    """What the browser calls itself, without control characters."""
    told = str(bottle.request.environ.get("HTTP_USER_AGENT", ""))
    return "".join(char for char in told if char.isprintable())[:200]


def _tenant(person: people.Person) -> people.Tenant:
    named = _named_business()
    if named is not None:
        return people.tenant(person.user_id, named)
    own = people.tenants(person.user_id)
    if len(own) == 1:
        return own[0]
    if not own:
        raise Tellable("forbidden", "You do not belong to a business yet; ask an owner to add you.")
    raise Tellable("business_needed", "Say which business you mean, in the header X-Business.")


def _named_business() -> str | None:
    """The header's word, or `?b=` for pictures and downloads, which cannot send headers."""
    environ = bottle.request.environ
    named: str | None = environ.get("HTTP_X_BUSINESS")
    return named or ("b=" in environ.get("QUERY_STRING", "") and bottle.request.query.b) or None


def _check_operator(*, operator: bool) -> None:
    if not operator:
        raise Tellable("forbidden", "Only an operator of this installation may do this.")


def _check_role(call: Call, route: Route) -> None:
    if not allows(route.role, call.business.role):
        raise Tellable("forbidden", f"Your role here ({call.business.role}) may not do this.", needs=route.role)


def _same_origin(call: Call) -> None:
    """A browser says where a write comes from; a script that is no browser says nothing."""
    environ = bottle.request.environ
    if environ.get("HTTP_SEC_FETCH_SITE", "same-origin") not in {"same-origin", "none"}:
        raise Tellable("bad_csrf", "This request came from another site.")
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return
    ours = urlsplit(call.site.config.public_url)
    if origin != f"{ours.scheme}://{ours.netloc}" and urlsplit(origin).netloc != environ.get("HTTP_HOST"):
        raise Tellable("bad_csrf", "This request came from another site.")


def cookie_name(call: Call) -> str:
    """`__Host-` binds the cookie to this very host, over TLS alone."""
    return "__Host-prosaas" if call.site.config.secure_cookies else "prosaas"


def cookie(call: Call) -> str | None:
    """The session cookie's value, found even beside cookies that the standard library's parser gives up on."""
    return _value(cookie_name(call))


def _value(wanted: str) -> str | None:
    for pair in bottle.request.environ.get("HTTP_COOKIE", "").split(";"):
        name, mark, value = pair.strip().partition("=")
        if mark and name == wanted:
            return str(value)
    return None


def set_cookie(call: Call, value: str, seconds: int) -> None:
    """Give the browser its session, or take it (seconds 0)."""
    _set(call, cookie_name(call), value, seconds)


def browser(call: Call) -> str:
    """What this browser was given when it was sent to Google; empty without."""
    return _value(f"{cookie_name(call)}-google") or ""


def set_browser(call: Call, value: str, seconds: int) -> None:
    """Know this browser again when it comes back from Google."""
    _set(call, f"{cookie_name(call)}-google", value, seconds)


def _set(call: Call, name: str, value: str, seconds: int) -> None:
    parts = [f"{name}={value}", "Path=/", f"Max-Age={seconds}", "HttpOnly", "SameSite=Lax"]
    if call.site.config.secure_cookies:
        parts.append("Secure")
    bottle.response.add_header("Set-Cookie", "; ".join(parts))


def address() -> str:
    """Where the request comes from; the server in front of us has checked forwarded headers."""
    return str(bottle.request.environ.get("REMOTE_ADDR", ""))


def is_operator(call: Call) -> bool:
    """Whether a public route is asked by somebody who may know about the whole installation."""
    token = _bearer()
    if token is not None:
        bearer = people.by_bearer(token)
        return bearer is not None and bearer.operator
    value = cookie(call)
    person = people.session(value) if value else None
    return person is not None and person.operator


def from_here() -> bool:
    """Whether it comes from this machine itself and not through a proxy on it."""
    environ = bottle.request.environ
    return address() in {"127.0.0.1", "::1"} and not any(name in environ for name in _FORWARDED)
