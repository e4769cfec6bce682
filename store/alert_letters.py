"""Whom to mail about which alerts, and when: at once where it is urgent, else together, once an hour at most."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import clock
from models import Alert, AlertLetter, write
from store import alert_choices

PAUSE = timedelta(hours=1)
MOST_URGENT = 4  # mails to a person in an hour; what flutters more often waits like the rest


def due() -> list[int]:
    """Ids of the people whose mail may go now."""
    now = clock.now()
    waiting: dict[int, bool] = {}
    for letter in _waiting():
        urgent = alert_choices.KINDS[letter.alert.kind].urgent
        waiting[letter.user_id] = waiting.get(letter.user_id, False) or urgent
    if not waiting:
        return []
    recent: dict[int, set[int]] = {}
    sent = AlertLetter.select(AlertLetter.user, AlertLetter.sent_at).where(
        AlertLetter.user << list(waiting), AlertLetter.sent_at > now - PAUSE
    )
    for letter in sent:
        recent.setdefault(letter.user_id, set()).add(int(letter.sent_at.timestamp() * 1000))
    return [
        user_id for user_id, urgent in waiting.items() if len(recent.get(user_id, ())) < (MOST_URGENT if urgent else 1)
    ]


def waiting(user_id: int) -> list[int]:
    """Ids of the letters of a person whose alerts still last."""
    return [letter.id for letter in _waiting().where(AlertLetter.user == user_id).order_by(AlertLetter.id)]


def alerts(letters: Collection[int]) -> list[Alert]:
    """What these letters are to tell, as far as it still lasts, the oldest first."""
    told = AlertLetter.select(AlertLetter.alert).where(AlertLetter.id << list(letters))
    return list(Alert.select().where(Alert.id << told, ~Alert.lasting.is_null()).order_by(Alert.id))


def sent(letters: Collection[int]) -> None:
    """They went out together; inside a write transaction."""
    AlertLetter.update(sent_at=clock.now()).where(AlertLetter.id << list(letters)).execute()


def forget(*, everything: bool = False) -> None:
    """Drop letters that nobody shall get any more: the cause was gone before their turn, or there is no mail here."""
    gone = AlertLetter.sent_at.is_null()
    if not everything:
        gone &= AlertLetter.alert.not_in(Alert.select(Alert.id).where(~Alert.lasting.is_null()))
    if AlertLetter.select().where(gone).exists():
        with write():
            AlertLetter.delete().where(gone).execute()


def _waiting() -> Any:
    """Letters that were not sent, with their alerts, which last."""
    lasting = (AlertLetter.sent_at.is_null(), ~Alert.lasting.is_null())
    return AlertLetter.select(AlertLetter, Alert).join(Alert).where(*lasting)
