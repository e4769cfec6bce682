"""Short-lived signed tokens: for a stream's start, a browser's live socket, and a sound that Twilio fetches."""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

_MAC = 16  # bytes of the HMAC-SHA256 that a token bears


def issue(key: bytes, purpose: str, values: Mapping[str, Any], *, expires_at: float) -> str:
    """A token of these plain values for one purpose, good until a moment (seconds since 1970)."""
    body = orjson.dumps({**values, "exp": int(expires_at)})
    mac = hmac.digest(key, purpose.encode() + b"\0" + body, "sha256")[:_MAC]
    return urlsafe_b64encode(mac + body).decode().rstrip("=")


def read(keys: Sequence[bytes], purpose: str, token: str, *, now: float) -> dict[str, Any] | None:
    """The values of a token that we issued for that purpose and that is still good; None for any other."""
    if len(token) > 4096 or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return None
    mac, body = raw[:_MAC], raw[_MAC:]
    text = purpose.encode() + b"\0" + body
    if not any(hmac.compare_digest(hmac.digest(key, text, "sha256")[:_MAC], mac) for key in keys):
        return None
    values: dict[str, Any] = orjson.loads(body)
    return values if values["exp"] > now else None
