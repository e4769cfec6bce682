"""A person's own sessions: where they are signed in, and ending that."""

from __future__ import annotations

from typing import Any

import clock
from errors import Tellable
from models import Session, write
from store import audit


def listing(user_id: int) -> list[dict[str, Any]]:
    """Sessions that are not over, the one used last first: id, agent, created_at, last_seen_at (aware)."""
    rows = (
        Session.select(Session.id, Session.agent, Session.created_at, Session.last_seen_at)
        .where(Session.user == user_id, Session.expires_at > clock.now())
        .order_by(Session.last_seen_at.desc(), Session.id.desc())
    )
    names = ("id", "agent", "created_at", "last_seen_at")
    return [{name: getattr(row, name) for name in names} for row in rows]


def end(user_id: int, session_id: int) -> None:
    """End one of the person's sessions; Tellable `not_found`."""
    with write():
        if not Session.delete().where(Session.user == user_id, Session.id == session_id).execute():
            raise Tellable("not_found", "There is no such thing here.")
        audit.note(None, "person.session_ended", "user", user_id)


def end_others(user_id: int, session_id: int) -> int:
    """End all but one; how many."""
    with write():
        ended = int(Session.delete().where(Session.user == user_id, Session.id != session_id).execute())
        audit.note(None, "person.sessions_ended", "user", user_id, changes={"sessions": [ended + 1, 1]})
    return ended
