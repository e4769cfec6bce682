"""Tokens that a client can only hand back: places in a listing and the keys of attachments."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from demo.standin.refusals import Refusal, invalid_argument

_MARK = 10
_PLACE_BYTES = 18


@dataclass(frozen=True, slots=True)
class Sealer:
    """Makes and reads tokens sealed with the stand-in's own key."""

    key: bytes

    def page(self, place: int, asked: str) -> str:
        """The token of the page behind `place`, good only for what was `asked`."""
        body = place.to_bytes(_PLACE_BYTES, "big", signed=True)
        return base64.urlsafe_b64encode(self._mark(body, asked) + body).decode().rstrip("=")

    def place(self, token: str, asked: str) -> int:
        """The place that a token names; Refusal when it was made for another question."""
        body = self._open(token, asked, _PLACE_BYTES)
        if body is None:
            raise invalid_argument("Invalid pageToken")
        return int.from_bytes(body, "big", signed=True)

    def attachment(self, message: int, index: int, until_s: float) -> str:
        """The key of an attachment: another one at each get, good until then."""
        body = message.to_bytes(8, "big") + index.to_bytes(2, "big") + int(until_s * 1000).to_bytes(8, "big")
        body += secrets.token_bytes(120)
        return "ANGjdJ" + base64.urlsafe_b64encode(self._mark(body, "attachment") + body).decode().rstrip("=")

    def attached(self, token: str, message: int, now_s: float) -> int:
        """The part that a key names; Refusal when it is over or belongs to another message."""
        body = self._open(token.removeprefix("ANGjdJ"), "attachment", 138)
        if body is None or int.from_bytes(body[:8], "big") != message:
            raise _bad_attachment()
        if int.from_bytes(body[10:18], "big") < now_s * 1000:
            raise _bad_attachment()
        return int.from_bytes(body[8:10], "big")

    def _mark(self, body: bytes, asked: str) -> bytes:
        return hmac.digest(self.key, hashlib.sha256(asked.encode()).digest() + body, "sha256")[:_MARK]

    def _open(self, token: str, asked: str, length: int) -> bytes | None:
        try:
            whole = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return None
        mark, body = whole[:_MARK], whole[_MARK:]
        good = len(body) == length and hmac.compare_digest(mark, self._mark(body, asked))
        return body if good else None


def _bad_attachment() -> Refusal:
    return invalid_argument("Invalid attachment token")
