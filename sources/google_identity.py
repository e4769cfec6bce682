"""Who somebody is, by Google's word: OpenID Connect with PKCE and a nonce, the id token verified by google-auth."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import orjson
import requests

from sources import oauth
from sources.ports import Refused, Temporary

_SCOPE = "openid email"
_ISSUERS = ("accounts.google.com", "https://accounts.google.com")
_SKEW_S = 30
_TIMEOUT_S = 10
_LONGEST_TOKEN = 8000


@dataclass(frozen=True, slots=True)
class Asked:
    """Where to send the browser, and what to keep until it comes back."""

    url: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Google's lasting id of a person (an address may change hands, this does not), and the address of today."""

    subject: str
    email: str


def ask(client: oauth.GoogleClient, redirect_uri: str) -> Asked:
    """A fresh question to Google: who is in front of this browser?"""
    asked = Asked("", secrets.token_urlsafe(32), secrets.token_urlsafe(64), secrets.token_urlsafe(32))
    query = {
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": _SCOPE,
        "prompt": "select_account",
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": urlsafe_b64encode(sha256(asked.verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return Asked(f"{client.auth_url}?{urlencode(query)}", asked.state, asked.verifier, asked.nonce)


def identity(
    client: oauth.GoogleClient, certs_url: str, *, code: str, verifier: str, nonce: str, redirect_uri: str
) -> Identity:
    """The person that the callback's code stands for.

    Refused `google_not_proven` where the id token is not a true answer to our very question, `google_unverified` where
    Google has not verified the address, or as oauth.exchange; Temporary where Google does not answer.
    """
    token = oauth.id_token(client, code, verifier, redirect_uri)
    claims = _verified(token, client.client_id, certs_url)
    subject, email = claims.get("sub"), claims.get("email")
    genuine = (
        claims.get("iss") in _ISSUERS
        and claims.get("azp", client.client_id) == client.client_id
        and isinstance(claims.get("nonce"), str)
        and secrets.compare_digest(str(claims["nonce"]).encode(), nonce.encode())
        and isinstance(subject, str)
        and 0 < len(subject) <= 255
    )
    if not genuine:
        raise _not_proven()
    if claims.get("email_verified") is not True or not isinstance(email, str):
        raise Refused("google_unverified", "Google has not verified the address of this account.")
    return Identity(str(subject), email)


def _verified(token: str, client_id: str, certs_url: str) -> Mapping[str, Any]:
    """The claims of a token that Google signed for us and that is in force."""
    from google.auth import exceptions  # here, for it is only paid where somebody signs in so
    from google.auth.transport.requests import Request
    from google.oauth2 import id_token

    class _Bounded(Request):
        """With a time-out of ours: a browser is waiting."""

        def __call__(
            self, url: str, method: str = "GET", body: Any = None, headers: Any = None, timeout: Any = None, **more: Any
        ) -> Any:
            return super().__call__(url, method, body, headers, _TIMEOUT_S if timeout is None else timeout, **more)  # type: ignore[no-untyped-call]

    if not _is_rs256(token):
        raise _not_proven()
    with requests.Session() as http:
        http.trust_env = False
        try:
            return dict(
                id_token.verify_token(
                    token, _Bounded(http), audience=client_id, certs_url=certs_url, clock_skew_in_seconds=_SKEW_S
                )
            )
        except exceptions.TransportError as error:
            raise Temporary("google_unreachable", "Google cannot be reached just now; please try again.") from error
        except (exceptions.GoogleAuthError, ValueError, KeyError, TypeError) as error:
            raise _not_proven() from error


def _is_rs256(token: str) -> bool:
    """Google signs with RS256; a token that names anything else, or nothing, is not looked at any further."""
    head = token.partition(".")[0]
    try:
        header = orjson.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (NotBase64, ValueError):
        return False
    return len(token) <= _LONGEST_TOKEN and isinstance(header, dict) and header.get("alg") == "RS256"


def _not_proven() -> Refused:
    return Refused("google_not_proven", "Google's answer could not be verified; please try again.")
