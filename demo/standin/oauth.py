"""Google's OAuth 2.0 as a web server meets it: codes, grants, tokens and how they die."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from demo.standin.clock import Clock
from demo.standin.identities import Identities
from demo.standin.refusals import Refusal, bad_credentials

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GOOGLE_AUDIENCE = "https://oauth2.googleapis.com/token"
_CODE_S = 600
_MOST_REFRESH_TOKENS = 100
SEVEN_DAYS_S = 7 * 86400
REASONS = {
    "revoked": "Token has been expired or revoked.",
    "expired": "Token has been expired or revoked.",
    "password": "Bad Request",
    "admin": "Account has been restricted.",
}


@dataclass(slots=True)
class Grant:
    """What one user allowed one client; it lives until it is revoked or its time is over."""

    account: str
    client_id: str
    scopes: tuple[str, ...]
    refresh_token: str = ""
    issued_at: float = 0.0
    expires_at: float | None = None
    dead: str = ""  # why it is over, a key of REASONS
    told: bool = False  # whether the client has been answered invalid_grant
    calls_after: int = 0  # calls made with it after that answer
    service_account: str = ""


@dataclass(slots=True)
class Access:
    """An access token in force."""

    grant: Grant
    expires_at: float
    scopes: tuple[str, ...]


@dataclass(slots=True)
class Code:
    """An authorization code: one use, ten minutes."""

    account: str
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    offline: bool
    expires_at: float
    nonce: str = ""
    used: bool = False


@dataclass(slots=True)
class ServiceAccount:
    """A service account with domain-wide delegation; the signature is checked against its public key."""

    email: str
    public_key: str
    scopes: tuple[str, ...]


@dataclass
class Terms:
    """What the operator's Google client is like; control calls change it."""

    clients: dict[str, str] = field(default_factory=dict)  # id -> secret; empty: any
    redirect_uris: tuple[str, ...] = ()  # empty: any
    access_s: int = 3599
    refresh_token_expires_in: int | None = None  # seconds; 604799 is Testing status


def oauth_error(status: int, error: str, description: str) -> Refusal:
    """An error as the token endpoint writes it."""
    return Refusal(status, {"error": error, "error_description": description})


class OAuth:
    """Codes, grants and tokens; every method may be called from any thread."""

    def __init__(self, clock: Clock, terms: Terms) -> None:
        self.clock = clock
        self.terms = terms
        self.lock = RLock()
        self.codes: dict[str, Code] = {}
        self.grants: list[Grant] = []
        self.access: dict[str, Access] = {}
        self.past: dict[str, Grant] = {}  # access tokens that are over, to notice who still uses them
        self.service_accounts: dict[str, ServiceAccount] = {}
        self.own_url = ""
        self.identities = Identities()

    def code(self, account: str, scopes: tuple[str, ...], asked: Mapping[str, str]) -> str:
        """A code for what the user ticked; `asked` is the authorization request."""
        with self.lock:
            known = any(
                grant.account == account and grant.client_id == asked["client_id"] and not grant.dead
                for grant in self.grants
            )
            offline = asked.get("access_type") == "offline" and ("consent" in asked.get("prompt", "") or not known)
            made = "4/0A" + secrets.token_urlsafe(32)
            self.codes[made] = Code(
                account,
                asked["client_id"],
                asked["redirect_uri"],
                scopes,
                asked.get("code_challenge", ""),
                offline,
                self.clock.now() + _CODE_S,
                asked.get("nonce", ""),
            )
            return made

    def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The token endpoint: a form to an answer, or Refusal."""
        with self.lock:
            kind = form.get("grant_type", "")
            if kind == JWT_BEARER:
                return self._by_assertion(form.get("assertion", ""))
            self._check_client(form)
            if kind == "authorization_code":
                return self._by_code(form)
            if kind == "refresh_token":
                return self._by_refresh(form)
            if not kind:
                raise oauth_error(400, "invalid_request", "Required parameter is missing: grant_type")
            raise oauth_error(400, "unsupported_grant_type", f"Invalid grant_type: {kind}")

    def revoke(self, token: str) -> None:
        """The revoke endpoint: drops everything that the user allowed the client."""
        with self.lock:
            grant = self.access[token].grant if token in self.access else self._grant(token)
            if grant is None or grant.dead:
                raise oauth_error(400, "invalid_token", "Token expired or revoked")
            self.kill(grant.account, "revoked", client_id=grant.client_id)

    def kill(self, account: str | None, reason: str, client_id: str | None = None) -> int:
        """End all grants of an account (None: of everybody); answers how many."""
        with self.lock:
            ended = 0
            for grant in self.grants:
                fits = account in (None, grant.account) and client_id in (None, grant.client_id)
                if fits and not grant.dead and not grant.service_account:
                    grant.dead = reason
                    ended += 1
            if reason != "expired":  # a consent whose time is over leaves its last access token its hour
                self._keep(lambda access: not access.grant.dead)
            return ended

    def expire_access(self, account: str | None) -> int:
        """All access tokens of an account (None: of everybody) are over at once."""
        with self.lock:
            before = len(self.access)
            self._keep(lambda access: account is not None and access.grant.account != account)
            return before - len(self.access)

    def check(self, token: str) -> Access:
        """What an access token allows; Refusal 401 when it is not in force."""
        with self.lock:
            access = self.access.get(token)
            grant = access.grant if access else self.past.get(token)
            if grant is not None and grant.told:
                grant.calls_after += 1
            if access is None or access.expires_at <= self.clock.now():
                raise bad_credentials()
            return access

    def calls_after_invalid_grant(self) -> int:
        """How many calls were made with a grant after its client had been told that it is over."""
        with self.lock:
            return sum(grant.calls_after for grant in self.grants)

    # -- grant types

    def _by_code(self, form: Mapping[str, str]) -> dict[str, Any]:
        code = self.codes.get(form.get("code", ""))
        if code is None or code.client_id != form["client_id"]:
            raise oauth_error(400, "invalid_grant", "Malformed auth code.")
        if code.used or code.expires_at <= self.clock.now():
            raise oauth_error(400, "invalid_grant", "Bad Request")
        if code.redirect_uri != form.get("redirect_uri"):
            raise oauth_error(400, "redirect_uri_mismatch", "Bad Request")
        verifier = form.get("code_verifier", "")
        if code.challenge and not verifier:
            raise oauth_error(400, "invalid_grant", "Missing code verifier.")
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if code.challenge and not secrets.compare_digest(digest, code.challenge):
            raise oauth_error(400, "invalid_grant", "Invalid code verifier.")
        code.used = True
        now = self.clock.now()
        grant = Grant(code.account, code.client_id, code.scopes, issued_at=now)
        answer: dict[str, Any] = {}
        if code.offline:
            grant.refresh_token = "1//0" + secrets.token_urlsafe(48)
            answer["refresh_token"] = grant.refresh_token
            lifetime = self.terms.refresh_token_expires_in
            if lifetime is not None:
                grant.expires_at = now + lifetime
                answer["refresh_token_expires_in"] = lifetime
        if "openid" in code.scopes:
            answer["id_token"] = self.identities.token(code.account, code.client_id, code.nonce, now)
        self.grants.append(grant)
        self._drop_oldest(grant)
        return self._answer(grant, grant.scopes) | answer

    def _by_refresh(self, form: Mapping[str, str]) -> dict[str, Any]:
        grant = self._grant(form.get("refresh_token", ""))
        if grant is None or grant.client_id != form["client_id"]:
            raise oauth_error(400, "invalid_grant", "Bad Request")
        if grant.expires_at is not None and grant.expires_at <= self.clock.now():
            grant.dead = grant.dead or "expired"
        if grant.dead:
            grant.calls_after += grant.told
            grant.told = True
            raise oauth_error(400, "invalid_grant", REASONS[grant.dead])
        scopes = tuple(form.get("scope", "").split()) or grant.scopes
        if not set(scopes) <= set(grant.scopes):
            raise oauth_error(400, "invalid_scope", "Bad Request")
        answer = self._answer(grant, scopes)
        if grant.expires_at is not None:
            answer["refresh_token_expires_in"] = int(grant.expires_at - self.clock.now())
        return answer

    def _by_assertion(self, assertion: str) -> dict[str, Any]:
        try:
            head, body, signature = assertion.split(".")
            claims = json.loads(_unpadded(body))
            known = self.service_accounts.get(str(claims["iss"]))
            algorithm = json.loads(_unpadded(head))["alg"]
            audience, lifetime = claims["aud"], float(claims["exp"]) - float(claims["iat"])
            late = float(claims["exp"]) < self.clock.now()
        except (ValueError, KeyError, TypeError) as error:
            raise oauth_error(400, "invalid_grant", "Invalid JWT: malformed.") from error
        if known is None:
            raise oauth_error(400, "invalid_grant", "Invalid grant: account not found")
        if algorithm != "RS256" or not _signed(known.public_key, f"{head}.{body}", _unpadded(signature)):
            raise oauth_error(400, "invalid_grant", "Invalid JWT Signature.")
        if audience not in {GOOGLE_AUDIENCE, self.own_url + "/token"}:
            raise oauth_error(400, "invalid_grant", "Invalid JWT: aud.")
        if late or not 0 < lifetime <= 3600:
            raise oauth_error(400, "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes).")
        scopes = tuple(str(claims.get("scope", "")).split())
        account = str(claims.get("sub", ""))
        if not scopes or not set(scopes) <= set(known.scopes) or account.lower().endswith("@gmail.com"):
            raise oauth_error(
                401,
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized "
                "for any of the scopes requested.",
            )
        grant = Grant(account, known.email, scopes, issued_at=self.clock.now(), service_account=known.email)
        answer = self._answer(grant, scopes)
        del answer["scope"]
        return answer

    # -- inside

    def _answer(self, grant: Grant, scopes: tuple[str, ...]) -> dict[str, Any]:
        token = "ya29.a0" + secrets.token_urlsafe(96)
        now = self.clock.now()
        self._keep(lambda access: access.expires_at > now)
        self.access[token] = Access(grant, now + self.terms.access_s, scopes)
        return {
            "access_token": token,
            "expires_in": self.terms.access_s,
            "scope": " ".join(scopes),
            "token_type": "Bearer",
        }

    def _keep(self, good: Callable[[Access], bool]) -> None:
        self.past |= {key: access.grant for key, access in self.access.items() if not good(access)}
        self.access = {key: access for key, access in self.access.items() if good(access)}

    def _grant(self, refresh_token: str) -> Grant | None:
        return next((grant for grant in self.grants if refresh_token and grant.refresh_token == refresh_token), None)

    def _drop_oldest(self, newest: Grant) -> None:
        """The hundred-and-first live refresh token of a user and client ends the oldest, silently."""
        live = [
            grant
            for grant in self.grants
            if grant.refresh_token
            and not grant.dead
            and (grant.account, grant.client_id) == (newest.account, newest.client_id)
        ]
        for grant in live[:-_MOST_REFRESH_TOKENS]:
            grant.dead = "revoked"

    def _check_client(self, form: Mapping[str, str]) -> None:
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if not client:
            raise oauth_error(400, "invalid_request", "Could not determine client ID from request.")
        if not secret:
            raise oauth_error(400, "invalid_request", "client_secret is missing.")
        if self.terms.clients and client not in self.terms.clients:
            raise oauth_error(401, "invalid_client", "The OAuth client was not found.")
        if self.terms.clients and not secrets.compare_digest(self.terms.clients[client], secret):
            raise oauth_error(401, "invalid_client", "Unauthorized")


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signed(public_key: str, text: str, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = load_pem_public_key(public_key.encode())
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(signature, text.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
