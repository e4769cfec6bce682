"""Twilio's signatures: what a webhook or a socket must bear to be believed."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, urlsplit, urlunsplit

Params = Sequence[tuple[str, str]]
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def sign(token: str, url: str, params: Params = ()) -> str:
    """X-Twilio-Signature of a request.

    Args:
        token: the account's AuthToken.
        url: as it was called, with scheme, host and query.
        params: the fields of a form that was posted; each name counts once, with its different values in order.
    """
    values: dict[str, set[str]] = {}
    for name, value in params:
        values.setdefault(name, set()).add(value)
    text = url + "".join(name + value for name in sorted(values) for value in sorted(values[name]))
    # SHA-1 is Twilio's choice, and an HMAC of it stands.
    return b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()


def valid(tokens: Iterable[str], url: str, params: Params, given: str) -> bool:
    """Whether the header bears the signature of one of the tokens, with or without the port that Twilio may add."""
    if not given or not given.isascii():
        return False
    urls = _written(url)
    return any(hmac.compare_digest(sign(token, one, params), given) for token in tokens if token for one in urls)


def body_holds(url: str, body: bytes) -> bool:
    """Whether a body that is no form is the one whose SHA-256 stands in the signed address."""
    wanted = dict(parse_qsl(urlsplit(url).query)).get("bodySHA256", "")
    return bool(wanted) and hmac.compare_digest(hashlib.sha256(body).hexdigest(), wanted.lower())


def _written(url: str) -> tuple[str, ...]:
    """The address with and without its port: Twilio signs either."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return (url,)
    host = f"[{host}]" if ":" in host else host
    bare = urlunsplit(parts._replace(netloc=host))
    full = urlunsplit(parts._replace(netloc=f"{host}:{port or _PORTS.get(parts.scheme, 443)}"))
    return tuple(dict.fromkeys((url, bare, full)))
