"""The control client: what tests, benches and the demo do to a running stand-in."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from http.client import HTTPConnection
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

Json = dict[str, Any]
READONLY = "https://www.googleapis.com/auth/gmail.readonly"
_TIMEOUT_S = 60


class ControlError(Exception):
    """The stand-in refused a control call, with its sentence."""


class Client:
    """Speaks to a stand-in at `url`; each call is a connection of its own, so it may be used from any thread."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    @property
    def environment(self) -> dict[str, str]:
        """The product's settings that lead to this stand-in."""
        return {
            "GOOGLE_AUTH_URL": f"{self.url}/o/oauth2/v2/auth",
            "GOOGLE_TOKEN_URL": f"{self.url}/token",
            "GOOGLE_REVOKE_URL": f"{self.url}/revoke",
            "GOOGLE_CERTS_URL": f"{self.url}/oauth2/v1/certs",
            "GMAIL_API_URL": self.url,
            "GOOGLE_CLIENT_ID": "standin.apps.googleusercontent.example",
            "GOOGLE_CLIENT_SECRET": "standin-secret",
        }

    # -- mail

    def deliver(
        self,
        raw: bytes,
        *,
        labels: list[str] | None = None,
        internal_date_ms: int | None = None,
        thread_id: str | None = None,
        account: str | None = None,
    ) -> str:
        """A mail arrives now; its id. Labels by id or name, INBOX and UNREAD when not given."""
        values: Json = {"raw": base64.b64encode(raw).decode(), "labels": labels, "internal_date_ms": internal_date_ms}
        return str(self._post("deliver", **values, thread_id=thread_id, account=account)["id"])

    def delete(self, message_id: str, *, account: str | None = None) -> None:
        """A mail is gone for good."""
        self._post("delete", id=message_id, account=account)

    def trash(self, message_id: str, *, account: str | None = None) -> None:
        """A mail goes to the trash."""
        self._post("trash", id=message_id, account=account)

    def untrash(self, message_id: str, *, account: str | None = None) -> None:
        """A mail comes back from the trash."""
        self._post("untrash", id=message_id, account=account)

    def spam(self, message_id: str, *, spam: bool = True, account: str | None = None) -> None:
        """A mail is marked as spam, or as none."""
        self._post("spam", id=message_id, spam=spam, account=account)

    def set_labels(
        self,
        message_id: str,
        labels: list[str] | None = None,
        *,
        add: list[str] | None = None,
        remove: list[str] | None = None,
        account: str | None = None,
    ) -> list[str]:
        """Labels change: `labels` is the whole list, `add` and `remove` a difference; the labels afterwards."""
        changed = self._post("labels", id=message_id, set=labels, add=add, remove=remove, account=account)
        return list(changed["labels"])

    def save_draft(self, raw: bytes, draft_id: str | None = None, *, account: str | None = None) -> tuple[str, str]:
        """A draft is saved (again with `draft_id`): the draft's id and its message's new id."""
        made = self._post("draft", raw=base64.b64encode(raw).decode(), draft_id=draft_id, account=account)
        return str(made["draft_id"]), str(made["id"])

    def messages(self, *, hashed: bool = False, account: str | None = None) -> list[Json]:
        """What the mailbox truly holds: id, thread_id, labels, internal_date_ms, file, sha256 if `hashed`."""
        return list(self._get("messages", hash="1" if hashed else "0", account=account)["messages"])

    def add_account(self, email: str, folder: str | None = None) -> None:
        """Another account, from a folder of .eml files."""
        self._post("accounts", email=email, folder=folder)

    # -- permission

    def revoke(
        self, reason: Literal["revoked", "expired", "password", "admin"] = "revoked", *, account: str | None = None
    ) -> int:
        """Permission ends; how many grants it ended."""
        return int(self._post("revoke", reason=reason, account=account)["ended"])

    def expire_access(self, *, account: str | None = None) -> int:
        """Access tokens are over; refreshing works."""
        return int(self._post("expire-access", account=account)["ended"])

    def expire_history(self, *, account: str | None = None) -> None:
        """Every history id known so far answers 404."""
        self._post("expire-history", account=account)

    def history_back(self, by: int = 1000, *, account: str | None = None) -> None:
        """The mailbox's history counter goes backwards."""
        self._post("history-back", by=by, account=account)

    def add_service_account(self, email: str, public_key: str, scopes: list[str]) -> None:
        """A service account with domain-wide delegation."""
        self._post("service-account", email=email, public_key=public_key, scopes=scopes)

    def set_client(self, **terms: Any) -> None:
        """The Google client: clients, redirect_uris, access_s, refresh_token_expires_in."""
        self._post("client", **terms)

    # -- limits, faults, habits, time

    def set_quota(self, mode: str | None = None, **limits: Any) -> Json:
        """Limits: mode standard, legacy or off; units, project_units, window_s, concurrency, bytes_per_day."""
        return self._post("quota", **({"mode": mode} if mode else {}), **limits, keep_none=True)

    def eat(self, units: int, *, account: str | None = None) -> None:
        """Another program on the mailbox spends units now."""
        self._post("eat", units=units, account=account)

    def fault(self, kind: str, method: str = "*", **rule: Any) -> int:
        """A rule for faults (nth, every, probability, times, from_s, until_s, in_batch, params); its id."""
        return int(self._post("faults", kind=kind, method=method, **rule)["id"])

    def faults(self) -> list[Json]:
        """The rules with how often each was seen and fired."""
        return list(self._get("faults")["faults"])

    def clear_faults(self, rule_id: int | None = None) -> None:
        """Take away one rule or all."""
        self._call("DELETE", "faults", {"id": rule_id} if rule_id else {})

    def set_habits(self, **habits: float) -> Json:
        """latency_s, latency_jitter_s, index_lag_s, history_lag_s, history_retention_s, attachment_s, unpadded."""
        return self._post("habits", keep_none=True, **habits)

    def advance(self, seconds: float) -> None:
        """Move the stand-in's clock forward."""
        self._post("clock", advance_s=seconds)

    def now(self) -> float:
        """The stand-in's time in seconds."""
        return float(self._get("clock")["now"])

    # -- what happened

    def journal(self, *, since: int = 0, method: str = "", limit: int | None = None) -> list[Json]:
        """The calls: n, at, method, account, status, units, bytes, ms, in_batch, gzip, fault, params."""
        return list(self._get("journal", since=since, method=method, limit=limit)["entries"])

    def stats(self, *, account: str | None = None) -> Json:
        """calls, statuses, units, window_units, max_window_units, refused, calls_after_invalid_grant, users."""
        return self._get("stats", account=account)

    def reset_stats(self) -> None:
        """Forget journal, units and windows."""
        self._post("reset-stats")

    # -- the user at the browser

    def consent(
        self, auth_url: str, *, account: str | None = None, approve: bool = True, scopes: list[str] | None = None
    ) -> str:
        """Answer the consent page as a person would; the address that the browser is sent to."""
        form: list[tuple[str, str]] = [("decision", "approve" if approve else "deny")]
        if account:
            form.append(("account", account))
        if scopes is not None:
            form += [("form", "1"), *(("granted", scope) for scope in scopes)]
        parts = urlsplit(auth_url)
        status, headers, body = self._send("POST", f"{parts.path}?{parts.query}", urlencode(form), "form")
        if status != 302:
            raise ControlError(f"The consent page answered {status}: {body.decode('utf-8', 'replace')[:300]}")
        return headers["location"]

    def grant(
        self,
        *,
        account: str | None = None,
        scope: str = READONLY,
        client_id: str | None = None,
        client_secret: str | None = None,
        redirect_uri: str = "http://localhost:5000/api/gmail/oauth/callback",
    ) -> Json:
        """The whole flow at once: the token endpoint's answer with access_token and refresh_token."""
        client_id = client_id or self.environment["GOOGLE_CLIENT_ID"]
        secret = client_secret or self.environment["GOOGLE_CLIENT_SECRET"]
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "client_id": client_id, "redirect_uri": redirect_uri, "response_type": "code", "scope": scope,
            "access_type": "offline", "prompt": "consent", "state": secrets.token_urlsafe(16),
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        back = self.consent(f"{self.environment['GOOGLE_AUTH_URL']}?{urlencode(asked)}", account=account)
        code = parse_qs(urlsplit(back).query)["code"][0]
        form = {
            "grant_type": "authorization_code", "code": code, "client_id": client_id, "client_secret": secret,
            "redirect_uri": redirect_uri, "code_verifier": verifier,
        }  # fmt: skip
        status, _, body = self._send("POST", "/token", urlencode(form), "form")
        if status != 200:
            raise ControlError(f"The token endpoint answered {status}: {body.decode('utf-8', 'replace')[:300]}")
        return dict(json.loads(body))

    def wait(self, seconds: float = 15) -> None:
        """Wait until the stand-in answers; ControlError when it does not."""
        until = time.monotonic() + seconds
        while True:
            try:
                self._get("")
            except OSError as error:
                if time.monotonic() > until:
                    raise ControlError(f"Nothing answers at {self.url}.") from error
                time.sleep(0.02)
            else:
                return

    # -- inside

    def _get(self, name: str, **values: Any) -> Json:
        return self._call("GET", name, values)

    def _post(self, name: str, *, keep_none: bool = False, **values: Any) -> Json:
        body = {key: value for key, value in values.items() if keep_none or value is not None}
        return self._answer(*self._send("POST", f"/_sim/{name}", json.dumps(body), "json"))

    def _call(self, verb: str, name: str, values: Json) -> Json:
        query = urlencode({key: value for key, value in values.items() if value is not None})
        return self._answer(*self._send(verb, f"/_sim/{name}?{query}", None, ""))

    def _answer(self, status: int, _: dict[str, str], body: bytes) -> Json:
        value: Json = json.loads(body)
        if status != 200:
            raise ControlError(str(value.get("error", value)))
        return value

    def _send(self, verb: str, path: str, body: str | None, kind: str) -> tuple[int, dict[str, str], bytes]:
        types = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
        host = urlsplit(self.url)
        connection = HTTPConnection(host.hostname or "127.0.0.1", host.port, timeout=_TIMEOUT_S)
        try:
            connection.request(verb, path, body, {"Content-Type": types[kind]} if kind else {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()
