"""Gmail's error answers as errors to be told: which mean wait, which stop, which concern one message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from errors import Tellable, Temporary
from sources.ports import Gone, RateLimited, Refused, Unfetchable

_RATE_REASONS = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"}
_SCOPE_REASONS = {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientScopes"}
_OFF_REASONS = {"accessNotConfigured", "SERVICE_DISABLED"}
_RETRY_AFTER = re.compile(r"Retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)")
_DAILY_WAIT_S = 3600.0


class Unauthorized(Temporary):
    """The access token was refused (401): worth one renewal."""


class BadRequest(Tellable):
    """The request itself was refused (400); the caller knows what that means."""


class TooManyAtOnce(RateLimited):
    """Too many calls of this mailbox run at the same time, ours or another app's."""


def told(status: int, headers: Mapping[str, str], body: bytes | bytearray) -> Tellable:
    """The error of an answer with `status` >= 300.

    Args:
        status: HTTP status, of the answer or of a batch's part.
        headers: its headers, names in any case the mapping understands.
        body: decompressed; JSON in Google's form, or anything.
    """
    error = _error(body)
    message = str(error.get("message") or "")
    reasons = frozenset(_reasons(error))
    if status == 401:
        return Unauthorized("google_unauthorized", "Google did not accept our access at the moment. It is tried again.")
    if status == 429 or (status == 403 and reasons & _RATE_REASONS):
        return _rate(message, headers)
    if status == 403 and "dailyLimitExceeded" in reasons:
        return RateLimited(
            "daily_limit",
            "Gmail's limit for today is used up. It goes on by itself.",
            retry_after_s=_DAILY_WAIT_S,
        )
    if status == 403:
        return _refused(reasons)
    if status == 404:
        return Gone("gone", "Gmail has no such message any more.")
    if status in {408, 425} or status >= 500 or status < 400:
        # a redirect is nobody's plan here: a proxy or a captive network answered in Google's place
        return Temporary(
            "google_error",
            "Gmail has trouble at the moment. It is tried again by itself.",
            retry_after_s=_header_wait(headers),
            status=status,
        )
    if status == 400 and "failedPrecondition" in reasons | {_camel(str(error.get("status") or ""))}:
        return Refused("mail_not_enabled", "Gmail is not switched on for this account. Its administrator can do that.")
    if status == 400:
        return BadRequest("bad_request", "Gmail did not understand the request.", reason=_first(reasons))
    return Unfetchable("google_refused_mail", "Gmail does not hand over this message.", status=status)


def _rate(message: str, headers: Mapping[str, str]) -> RateLimited:
    if "concurrent" in message.lower():
        return TooManyAtOnce(
            "too_many_at_once",
            "Too many apps read this mailbox at the same time. It goes on more slowly by itself.",
        )
    wait = _header_wait(headers)
    if found := _RETRY_AFTER.search(message):
        until = datetime.fromisoformat(found[1])
        wait = max(wait or 0.0, (until - _their_time(headers)).total_seconds())
    return RateLimited(
        "rate_limited",
        "Gmail asks to wait: its limit for this mailbox is used up. It goes on by itself.",
        retry_after_s=wait if wait is None or wait > 0 else None,
    )


def _refused(reasons: frozenset[str]) -> Refused:
    if reasons & _SCOPE_REASONS:
        return Refused(
            "scope_missing",
            "The permission does not include reading mail. Connect again and tick the box for reading it.",
        )
    if "domainPolicy" in reasons:
        return Refused(
            "domain_policy",
            "Your Google Workspace lets no app read mail. Ask its administrator to trust your client ID.",
        )
    if reasons & _OFF_REASONS:
        return Refused(
            "gmail_api_off",
            "The Gmail API is switched off in your Google Cloud project. Switch it on, then sync again.",
        )
    reason = _first(reasons)
    return Refused("google_refused", f"Gmail refuses to be read ({reason or 'no reason given'}).", reason=reason)


def _their_time(headers: Mapping[str, str]) -> datetime:
    """The sender's clock, for its "Retry after" is told by it."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (ValueError, TypeError):
        return datetime.now(UTC)


def _header_wait(headers: Mapping[str, str]) -> float | None:
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        wait = (parsedate_to_datetime(value) - _their_time(headers)).total_seconds()
    except (ValueError, TypeError):
        return None
    return wait if wait > 0 else None


def _error(body: bytes | bytearray) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except ValueError:
        return {}
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, dict) else {}


def _reasons(error: Mapping[str, Any]) -> Iterator[str]:
    for name in ("errors", "details"):
        entries = error.get(name)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("reason"), str):
                yield entry["reason"]


def _first(reasons: frozenset[str]) -> str:
    return min(reasons, default="")[:60]


def _camel(status: str) -> str:
    first, *rest = status.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)
