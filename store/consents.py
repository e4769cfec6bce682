"""Consents under way at Google: bound to the session that began them, used once, forgotten after ten minutes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import clock
from errors import Tellable
from models import Business, Mailbox, Membership, OAuthState, digest, write

LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a browser comes back for."""

    business: Business
    reconnecting: Mailbox | None
    verifier: str = field(repr=False)
    allowed: bool  # whether the person may still connect mailboxes there


def begin(state: str, verifier: str, session_id: int, business_id: int, reconnecting: Mailbox | None) -> None:
    """Remember a consent that the browser is sent away for."""
    now = clock.now()
    with write():
        OAuthState.delete().where(OAuthState.expires_at < now).execute()
        OAuthState.create(
            state_sha256=digest(state),
            session=session_id,
            business=business_id,
            mailbox=reconnecting,
            verifier=verifier,
            expires_at=now + LIFE,
        )


def take(state: str, session_id: int, user_id: int) -> Consent:
    """The consent of that state, once, for the session that began it; Tellable `bad_state`."""
    with write():
        row = OAuthState.get_or_none(OAuthState.state_sha256 == digest(state))
        if row is not None:
            row.delete_instance()
    if row is None or row.session_id != session_id or row.expires_at < clock.now():
        raise Tellable("bad_state", "This consent was begun elsewhere or too long ago; please connect again.")
    member = Membership.get_or_none(Membership.business == row.business_id, Membership.user == user_id)
    allowed = member is not None and member.role == "owner"
    return Consent(row.business, row.mailbox, row.verifier, allowed)
