"""Answers: JSON bytes, ETags where a screen polls, and the security headers, all in one place."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any

import bottle
import orjson

from errors import Tellable
from web import errors

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
# A file that somebody mailed to us is never a page of ours, whatever it says that it is.
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"
_WORTH_PACKING = 4_000  # bytes; below, and so for everything that carries a secret, there is nothing to gain
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), payment=()",
    "Content-Security-Policy": CSP,
    "Cache-Control": "no-store",
}
_TLS = "Strict-Transport-Security"


def secure(*, tls: bool) -> None:
    """Put the security headers on the answer, those that are there already excepted."""
    headers = bottle.response.headers.dict  # the names as Bottle writes them: asked one by one it tidies each anew
    for name, value in _HEADERS.items():
        if name not in headers:
            headers[name] = [value]
    if tls and _TLS not in headers:
        headers[_TLS] = ["max-age=31536000"]


def json(value: object, status: int = 200) -> bytes:
    """The value as JSON, not to be kept by anybody."""
    return _packed(_written(value, status))


def _written(value: object, status: int = 200) -> bytes:
    bottle.response.status = status
    bottle.response.content_type = "application/json"
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


def _packed(body: bytes) -> bytes:
    """Long lists go out compressed: the index of 10,000 receipts has 365 kB, of which 70 remain."""
    if len(body) < _WORTH_PACKING or "gzip" not in bottle.request.environ.get("HTTP_ACCEPT_ENCODING", ""):
        return body
    bottle.response.set_header("Content-Encoding", "gzip")
    bottle.response.set_header("Vary", "Accept-Encoding")
    return gzip.compress(body, 1, mtime=0)


def polled(value: object) -> bytes:
    """The value as JSON with an ETag: 304 and no body while it is what the asker has."""
    body = _written(value)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    bottle.response.set_header("ETag", tag)
    bottle.response.set_header("Cache-Control", "private, no-cache")
    if matches(tag):
        bottle.response.status = 304
        return b""
    return _packed(body)


def matches(tag: str) -> bool:
    """Whether the asker has this version already."""
    asked = bottle.request.environ.get("HTTP_IF_NONE_MATCH", "")
    return asked.strip() == "*" or tag in {part.strip().removeprefix("W/") for part in asked.split(",")}


def nothing() -> bytes:
    """204."""
    bottle.response.status = 204
    return b""


def refuse(error: Tellable) -> bytes:
    """The one error shape with its status."""
    body = json(errors.body_of(error), errors.status_of(error))
    seconds = errors.retry_after(error)
    if seconds is not None:
        bottle.response.set_header("Retry-After", str(seconds))
    if bottle.response.status_code == 401:
        bottle.response.set_header("WWW-Authenticate", 'Bearer realm="ProSaaS"')
    return body


def redirect(address: str) -> bytes:
    """303 to an address of ours."""
    bottle.response.status = 303
    bottle.response.set_header("Location", address)
    return b""


def listing(items: list[Any], next_cursor: str | None) -> dict[str, Any]:
    """The shape of every list."""
    return {"items": items, "next_cursor": next_cursor}
