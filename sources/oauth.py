"""Google's permission to read a mailbox: the web-server flow with PKCE, refresh, revoke and delegation."""

from __future__ import annotations

import secrets
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlencode

import requests

from sources.ports import NeedsReconnect, Refused, Temporary

SCOPE = "https://www.googleapis.com/auth/gmail.readonly"
_TIMEOUT_S = (10, 30)  # to connect, between two bytes
_EARLY = timedelta(seconds=120)  # a token is renewed this long before its end: a call may wait for quota
_GOOGLE_AUDIENCE = "https://oauth2.googleapis.com/token"  # what Google wants in a signed grant, whatever the address
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

_OVER = (
    "Google no longer lets ProSaaS read this mailbox: the permission was withdrawn or has expired, or the "
    "password was changed. Connect it again to go on where it stopped."
)


@dataclass(frozen=True, slots=True)
class GoogleClient:
    """The operator's own OAuth client at Google and the three addresses it talks to."""

    client_id: str
    client_secret: str = field(repr=False)
    auth_url: str
    token_url: str
    revoke_url: str


class Authorization(NamedTuple):
    """Where to send the browser, and what to keep in the session until it comes back."""

    url: str
    state: str  # random, for one use, compared on return
    verifier: str  # PKCE: handed to exchange()


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person's consent gave us."""

    refresh_token: str = field(repr=False)
    access_token: str = field(repr=False)
    expires_at: datetime
    scope: str
    refresh_expires_at: datetime | None = None  # Google ends the grant then (seven days in Testing status)


@dataclass(frozen=True, slots=True)
class Access:
    """An access token and its end."""

    token: str = field(repr=False)
    expires_at: datetime


def authorization(client: GoogleClient, redirect_uri: str, login_hint: str | None = None) -> Authorization:
    """A fresh consent: its address, state and verifier.

    `include_granted_scopes` is left out on purpose (it would widen the grant), and `prompt=consent` is there
    because only a consent brings a refresh token. Google keeps 100 live refresh tokens per account and client
    and drops the oldest without a word, so this belongs behind a person's click, never into a loop.
    """
    state = secrets.token_urlsafe(32)
    verifier = secrets.token_urlsafe(64)
    query = {
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": SCOPE,
        "access_type": "offline",
        "prompt": "consent",
        "state": state,
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    if login_hint:
        query["login_hint"] = login_hint
    return Authorization(f"{client.auth_url}?{urlencode(query)}", state, verifier)


def not_granted(error: str) -> Refused:
    """The callback's `error` parameter as a Refused to be told."""
    code, sentence = _CALLBACK_ERRORS.get(error, ("consent_failed", "Google did not connect the mailbox. Try again."))
    return Refused(code, sentence)


def exchange(client: GoogleClient, code: str, verifier: str, redirect_uri: str) -> Grant:
    """Trade the callback's code for a Grant.

    Refused `consent_expired` when the code is old or used, `scope_missing` when the box was not ticked,
    `no_refresh_token` when Google kept it back, or as in refresh(); Temporary when Google does not answer.
    """
    asked_at = datetime.now(UTC)
    late = "This consent was used already or took too long. Press Connect Gmail once more."
    answer = _redeemed(client, code, verifier, redirect_uri, late)
    # RFC 6749 §5.1: it may be left out when it is what was asked for; empty is another thing
    scope = _text(answer, "scope") if "scope" in answer else SCOPE
    if SCOPE not in scope.split():
        raise Refused(
            "scope_missing",
            "Google was not told to let ProSaaS read the mail: the box for reading messages was not ticked. "
            "Connect again and tick it.",
        )
    refresh_token = _text(answer, "refresh_token")
    if not refresh_token:
        raise Refused(
            "no_refresh_token",
            "Google gave no lasting permission. Remove ProSaaS under myaccount.google.com/connections, "
            "then connect again.",
        )
    access = _access(answer, asked_at)
    ends_in = answer.get("refresh_token_expires_in")
    return Grant(
        refresh_token=refresh_token,
        access_token=access.token,
        expires_at=access.expires_at,
        scope=scope,
        refresh_expires_at=asked_at + timedelta(seconds=ends_in) if isinstance(ends_in, int) and ends_in else None,
    )


def id_token(client: GoogleClient, code: str, verifier: str, redirect_uri: str) -> str:
    """Trade the callback's code of a sign-in for an id token, not verified yet; errors as in exchange()."""
    late = "This sign-in was used already or took too long. Try once more."
    return _text(_redeemed(client, code, verifier, redirect_uri, late), "id_token")


def _redeemed(client: GoogleClient, code: str, verifier: str, redirect_uri: str, late: str) -> Mapping[str, object]:
    """The token endpoint's answer to a callback's code; `late` is told of one that is old or used."""
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    return _token(client.token_url, asked, invalid_grant=Refused("consent_expired", late))


def refresh(client: GoogleClient, refresh_token: str) -> Access:
    """A new access token.

    NeedsReconnect `invalid_grant` when the permission is over: no further call may be made with this token.
    Refused when Google does not know the client; Temporary when it does not answer.
    """
    asked_at = datetime.now(UTC)
    answer = _token(
        client.token_url,
        {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        },
        invalid_grant=NeedsReconnect("invalid_grant", _OVER),
    )
    return _access(answer, asked_at)


def revoke(client: GoogleClient, token: str) -> None:
    """Give the permission back (refresh or access token); it is no error when Google ended it before."""
    status, answer = _post(client.revoke_url, {"token": token})
    if status != 200 and answer.get("error") not in {
        "invalid_token",
        "invalid_request",
    }:
        raise _temporary(status)


def delegated(key: Mapping[str, str], subject: str, token_url: str) -> Access:
    """An access token for the Workspace mailbox `subject`, by a service account with domain-wide delegation.

    Args:
        key: the service account's JSON key (`client_email`, `private_key`, `private_key_id`).
        subject: the mailbox's address; not a @gmail.com one.
        token_url: where to ask.

    Raises NeedsReconnect `invalid_grant` when Google knows no such mailbox or key, Refused
    `delegation_missing` when the domain's administrator has not allowed it, `bad_service_key` when the key
    cannot be read.
    """
    from google.auth import (
        crypt,
        jwt,
    )  # here, for it is only paid where delegation is used

    asked_at = datetime.now(UTC)
    try:
        # google-auth carries no annotations for these three
        signer = crypt.RSASigner.from_service_account_info(dict(key))  # type: ignore[no-untyped-call]
        claims = {
            "iss": key["client_email"],
            "sub": subject,
            "scope": SCOPE,
            "aud": _GOOGLE_AUDIENCE,
            "iat": int(asked_at.timestamp()),
            "exp": int(asked_at.timestamp()) + 3600,
        }
        assertion = jwt.encode(signer, claims).decode()  # type: ignore[no-untyped-call]
    except (KeyError, ValueError, TypeError, AttributeError) as error:  # the last two: a key of another kind than RSA
        raise Refused(
            "bad_service_key",
            "The service account's key cannot be read. Download a new JSON key and store it again.",
        ) from error
    answer = _token(
        token_url,
        {"grant_type": _JWT_BEARER, "assertion": assertion},
        invalid_grant=NeedsReconnect(
            "invalid_grant",
            "Google knows no such mailbox for this service account, or its key was withdrawn.",
        ),
    )
    return _access(answer, asked_at)


class TokenSource:
    """Access tokens that renew themselves: one renewal at a time, however many threads ask.

    Once the permission is over it says so for ever, without asking Google again.
    """

    def __init__(self, renewal: Callable[[], Access], access: Access | None = None) -> None:
        """Take how to get a token (refresh() or delegated(), arguments bound) and one that may be left."""
        self._renewal = renewal
        self._access = access
        self._early = _EARLY
        self._over: NeedsReconnect | None = None
        self._lock = threading.Lock()

    def token(self) -> str:
        """A token that is good for a while yet; errors as in refresh()."""
        with self._lock:
            return self._good() or self._renew().token

    def current(self) -> str | None:
        """The token at hand while it is good, without asking Google; NeedsReconnect once the permission is over."""
        with self._lock:
            return self._good()

    def renew(self, stale: str | None) -> str:
        """Another token than `stale`, which Google refused, or (None) a new one if the one at hand is over."""
        with self._lock:
            good = self._good()
            return good if good is not None and good != stale else self._renew().token

    @property
    def access(self) -> Access | None:
        """The token at hand, for keeping it over a restart."""
        return self._access

    def _good(self) -> str | None:
        if self._over is not None:
            raise NeedsReconnect(self._over.code, self._over.sentence)
        access = self._access
        return access.token if access and access.expires_at - self._early > datetime.now(UTC) else None

    def _renew(self) -> Access:
        self._access = None
        try:
            self._access = self._renewal()
        except NeedsReconnect as error:
            self._over = error
            raise
        # a token that lives for a minute would otherwise be renewed at every call
        self._early = min(_EARLY, (self._access.expires_at - datetime.now(UTC)) / 4)
        return self._access


_CALLBACK_ERRORS = {
    "access_denied": (
        "consent_denied",
        "The mailbox was not connected: the consent was declined.",
    ),
    "admin_policy_enforced": (
        "consent_blocked",
        "Your Google Workspace does not allow this app. Ask its administrator to trust your client ID.",
    ),
    "org_internal": (
        "consent_internal",
        "Your Google client is for its own organisation only. Choose an account of it, or make it External.",
    ),
    "redirect_uri_mismatch": (
        "redirect_uri_mismatch",
        "Google does not know this return address. Add PUBLIC_URL/api/gmail/oauth/callback to the redirect URIs "
        "of your client.",
    ),
}

_CLIENT_ERRORS = {
    "invalid_client": (
        "google_client_refused",
        "Google refuses the client ID or its secret. Check GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET.",
    ),
    "deleted_client": (
        "google_client_refused",
        "The Google client was deleted. Make a new one and set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET.",
    ),
    "redirect_uri_mismatch": _CALLBACK_ERRORS["redirect_uri_mismatch"],
    "admin_policy_enforced": _CALLBACK_ERRORS["admin_policy_enforced"],
    "org_internal": _CALLBACK_ERRORS["org_internal"],
}


def _token(url: str, form: Mapping[str, str], *, invalid_grant: NeedsReconnect | Refused) -> dict[str, Any]:
    """The token endpoint's answer; of an error only its name is a promise, the description is not."""
    status, answer = _post(url, form)
    if status == 200:
        if not _text(answer, "access_token"):
            raise _temporary(status)
        return answer
    error = _text(answer, "error")
    if error == "invalid_grant":
        raise invalid_grant
    if status == 429 or status >= 500 or not error:
        raise _temporary(status)
    if error == "unauthorized_client" and form["grant_type"] == _JWT_BEARER:
        raise Refused(
            "delegation_missing",
            "The Workspace administrator has not allowed this service account to read mail. "
            f"Add its client ID with {SCOPE}.",
        )
    code, sentence = _CLIENT_ERRORS.get(
        error,
        (
            "google_client_refused",
            f"Google refuses to hand out access ({error[:60]}). Check the Google client.",
        ),
    )
    raise Refused(code, sentence, error=error[:60])


def _post(url: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """Status and JSON object ({} where there is none)."""
    try:
        # no session: a stale connection would look like a failure, and these calls are rare
        response = requests.post(
            url,
            data=form,
            timeout=_TIMEOUT_S,
            allow_redirects=False,
            auth=_unchanged,
            headers={"Accept": "application/json"},
        )
    except requests.RequestException as error:
        raise _temporary(0) from error
    try:
        answer = response.json()
    except ValueError:
        answer = None
    return response.status_code, answer if isinstance(answer, dict) else {}


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No credentials from a .netrc file, which requests would otherwise add by itself."""
    return request


def _temporary(status: int) -> Temporary:
    if not status:
        return Temporary(
            "google_unreachable",
            "Google cannot be reached at the moment. It is tried again by itself.",
        )
    return Temporary(
        "google_error",
        "Google has trouble at the moment. It is tried again by itself.",
        status=status,
    )


def _access(answer: Mapping[str, Any], asked_at: datetime) -> Access:
    lifetime = answer.get("expires_in")
    seconds = lifetime if isinstance(lifetime, int) and lifetime > 0 else 3600
    return Access(_text(answer, "access_token"), asked_at + timedelta(seconds=seconds))


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    return value if isinstance(value, str) else ""
