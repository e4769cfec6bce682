"""Alerts: raised once for each cause, lasting until it is gone, and who of a business sees which."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import clock
from models import Alert, AlertLetter, AlertRead, Membership, SyncRun, User, digest, write
from store import alert_choices, outbox

KEPT = timedelta(days=60)  # after it was over
_SEEN_EVERY = timedelta(minutes=10)
_FORGOTTEN = timedelta(hours=1)  # the installation's alert that nobody finds any more: its host is gone
_RECONNECT = ("invalid_grant", "imap_login_refused", "imap_app_password")  # told of the mailbox instead

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: a person or (user None) a token of the business; operators see the installation's alerts too."""

    business_id: int
    user_id: int | None = None
    operator: bool = False


def settle(kind: str, business_id: int | None, causes: Mapping[str, Facts], *, only: Collection[str] = ()) -> int:
    """Make a business's alerts of a kind be those of these causes; how many are new.

    What lasts already is not told again, what is gone is cleared. Safe whoever asks, how often, and at the same time.

    Args:
        kind: a name of alert_choices.KINDS.
        business_id: None for the whole installation.
        causes: facts by what each is about.
        only: just these are looked at; all of the kind unless given.
    """
    lasting = {row.about: row for row in _lasting(kind, business_id) if not only or row.about in only}
    now = clock.now()
    new = [about for about in causes if about not in lasting]
    over = [row.id for about, row in lasting.items() if about not in causes]
    still = [(row, causes[about]) for about, row in lasting.items() if about in causes]
    stale = [(row, facts) for row, facts in still if row.facts != facts or now - row.seen_at > _SEEN_EVERY]
    if not (new or over or stale):
        return 0
    with write():
        if over:
            Alert.update(cleared_at=now, lasting=None).where(Alert.id << over, ~Alert.lasting.is_null()).execute()
        for row, facts in stale:
            Alert.update(facts=facts, seen_at=now).where(Alert.id == row.id).execute()
        return sum(_raise(kind, business_id, about, causes[about]) for about in new)


def run_ended(run: SyncRun) -> None:
    """A sync that failed is an alert until one ends well; inside the transaction of its end."""
    if run.status == "failed" and run.error_code not in _RECONNECT:
        settle("run", run.business_id, {"": {"run": run.id, "code": run.error_code}})
    elif run.status == "completed" and run.mode != "upload":
        settle("run", run.business_id, {})


def _key(kind: str, business_id: int | None, about: str) -> str:
    return f"{kind}:{business_id or 0}:{digest(about)[:32]}"


def _lasting(kind: str, business_id: int | None) -> Sequence[Alert]:
    own = Alert.business.is_null() if business_id is None else Alert.business == business_id
    return list(Alert.select().where(Alert.kind == kind, own, ~Alert.lasting.is_null()))


def _raise(kind: str, business_id: int | None, about: str, facts: Facts) -> bool:
    """One alert with its letters and its event, inside a write transaction; False where another was quicker."""
    key = _key(kind, business_id, about)
    if Alert.select().where(Alert.lasting == key).exists():
        return False
    row = Alert.create(business=business_id, kind=kind, about=about, lasting=key, facts=dict(facts))
    readers = alert_choices.mailed(kind, business_id)
    if readers:
        AlertLetter.insert_many([{"alert": row.id, "user": user_id} for user_id in readers]).execute()
    event = {"alert": told(row)}
    for one in [business_id] if business_id is not None else _operators_businesses():
        if alert_choices.hooked(kind, one):
            outbox.emit(one, outbox.ALERT_RAISED, event)
    return True


def _operators_businesses() -> list[int]:
    """Businesses that an operator of the installation owns: their webhooks are told of its alerts."""
    rows = (
        Membership.select(Membership.business)
        .join(User)
        .where(User.operator, Membership.role == "owner")
        .distinct()
        .order_by(Membership.business)
    )
    return [row.business_id for row in rows]


def told(row: Alert) -> dict[str, Any]:
    """An alert's facts in the API's shapes."""
    return {
        "id": row.id,
        "kind": row.kind,
        "urgent": alert_choices.KINDS[row.kind].urgent,
        "installation": row.business_id is None,
        "facts": row.facts,
        "raised_at": clock.iso(row.raised_at),
        "cleared_at": clock.iso(row.cleared_at),
    }


# -- what somebody sees


def listing(who: Reader, limit: int, before_id: int | None = None, *, lasting: bool = False) -> list[Alert]:
    """What the reader chose to see here, newest first."""
    query = Alert.select().where(*_seen(who))
    if lasting:
        query = query.where(~Alert.lasting.is_null())
    if before_id is not None:
        query = query.where(Alert.id < before_id)
    return list(query.order_by(Alert.id.desc()).limit(limit))


def unread(who: Reader) -> int:
    """How many lasting alerts the reader has not read."""
    if who.user_id is None:
        return 0
    query = Alert.select().where(*_seen(who), ~Alert.lasting.is_null(), Alert.id.not_in(_read_ids(who.user_id)))
    return int(query.count())


def read_of(user_id: int | None, ids: Collection[int]) -> set[int]:
    """Those of these alerts that the person has read."""
    if user_id is None or not ids:
        return set()
    rows = AlertRead.select(AlertRead.alert).where(AlertRead.user == user_id, AlertRead.alert << list(ids))
    return {row.alert_id for row in rows}


def mark_read(who: Reader, ids: Collection[int] | None) -> int:
    """The reader has read these (None: all); ids of what they do not see are left alone. How many are unread now."""
    if who.user_id is not None:
        with write():
            query = Alert.select(Alert.id).where(*_seen(who), Alert.id.not_in(_read_ids(who.user_id)))
            if ids is not None:
                query = query.where(Alert.id << list(ids))
            rows = [{"alert": row.id, "user": who.user_id} for row in query]
            if rows:
                AlertRead.insert_many(rows).execute()
    return unread(who)


def _read_ids(user_id: int) -> Any:
    return AlertRead.select(AlertRead.alert).where(AlertRead.user == user_id)


def _seen(who: Reader) -> list[Any]:
    """Conditions: of the business, or the installation's for operators, and of a kind that the person wants here."""
    own: Any = Alert.business == who.business_id
    hidden = alert_choices.hidden(who.business_id, who.user_id) if who.user_id is not None else []
    if who.operator:
        own = own | Alert.business.is_null()
    return [own, Alert.kind.not_in(hidden)] if hidden else [own]


# -- tidying


def prune() -> int:
    """Clear what no host finds any more, and forget what was over long ago; how many rows went."""
    now = clock.now()
    gone = Alert.business.is_null() & ~Alert.lasting.is_null() & (Alert.seen_at < now - _FORGOTTEN)
    old = Alert.cleared_at < now - KEPT
    if not Alert.select().where(gone | old).exists():
        return 0
    with write():
        Alert.update(cleared_at=now, lasting=None).where(gone).execute()
        return int(Alert.delete().where(old).execute())
