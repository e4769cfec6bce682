"""Who signed in: Google's id tokens, signed with a key of the stand-in's own."""

from __future__ import annotations

import base64
import hashlib
import json
from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ISSUER = "https://accounts.google.com"
_LIFE_S = 3600


class Identities:
    """Id tokens of accounts; `claims` and `header` change what the next ones say, as an attacker would."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.strange_key = False  # signed with a key that is not among the published ones
        self._lock = RLock()
        self._keys: dict[str, RSAPrivateKey] = {}

    def token(self, account: str, client_id: str, nonce: str, now: float) -> str:
        """A signed token for an account; `sub` is a number of its own, whatever the address."""
        claims = {
            "iss": ISSUER,
            "azp": client_id,
            "aud": client_id,
            "sub": str(int(hashlib.sha256(account.encode()).hexdigest()[:16], 16)),
            "email": account,
            "email_verified": True,
            "iat": int(now),
            "exp": int(now) + _LIFE_S,
            **({"nonce": nonce} if nonce else {}),
            **self.claims,
        }
        header = {"alg": "RS256", "kid": "standin", "typ": "JWT", **self.header}
        text = f"{_packed(header)}.{_packed(claims)}"
        return f"{text}.{'' if header['alg'] == 'none' else self._signature(text)}"

    def certs(self) -> dict[str, str]:
        """Public keys in PEM by their ids."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        key = self._key("standin").public_key()
        return {"standin": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()}

    def _signature(self, text: str) -> str:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        key = self._key("strange" if self.strange_key else "standin")
        return _encoded(key.sign(text.encode(), PKCS1v15(), SHA256()))

    def _key(self, name: str) -> RSAPrivateKey:
        from cryptography.hazmat.primitives.asymmetric import rsa

        with self._lock:
            if name not in self._keys:
                self._keys[name] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            return self._keys[name]


def _packed(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
