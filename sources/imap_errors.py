"""What IMAP servers say when they refuse, as errors to be told."""

from __future__ import annotations

from sources.ports import NeedsReconnect, RateLimited, Temporary

_HELD_BACK_S = 3600.0  # after the daily bandwidth is used up


def login_refusal(told: str) -> NeedsReconnect | Temporary:
    """What a server says to a refused login."""
    said = told.upper()
    if "APPLICATION-SPECIFIC PASSWORD" in said:
        return NeedsReconnect(
            "imap_app_password",
            "Gmail wants an app password here: make one under myaccount.google.com/apppasswords and store it.",
        )
    if "OVERQUOTA" in said or "TOO MANY" in said or "[LIMIT]" in said:
        return RateLimited(
            "imap_busy", "The mail server allows no more connections now. It goes on by itself.", retry_after_s=60.0
        )
    if "[UNAVAILABLE]" in said or "[INUSE]" in said or "[SERVERBUG]" in said:
        return Temporary("imap_unreachable", "The mail server cannot check passwords now. It is tried again.")
    return NeedsReconnect(
        "imap_login_refused",
        "The mail server refuses the user name or password. Connect the mailbox again with the present one.",
    )


def unreachable(error: Exception) -> Temporary:
    """The connection failed."""
    return _held_back(error) or Temporary(
        "imap_unreachable", "The mail server cannot be reached at the moment. It is tried again by itself."
    )


def trouble(error: Exception) -> Temporary:
    """The server answered, but not with what was asked for."""
    return _held_back(error) or Temporary(
        "imap_error", "The mail server has trouble at the moment. It is tried again by itself."
    )


def _held_back(error: Exception) -> RateLimited | None:
    said = str(error).upper()
    if "OVERQUOTA" in said or "BANDWIDTH" in said:
        return RateLimited(
            "imap_bandwidth",
            "The mail server's limit for today is used up. It goes on by itself.",
            retry_after_s=_HELD_BACK_S,
        )
    return None
