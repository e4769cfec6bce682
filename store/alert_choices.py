"""Which alerts there are, and by which ways each person wants them: in the app, by mail; a business: by webhook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models import AlertChoice, Membership, User, write
from store import audit


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alert.

    urgent: its mail waits for no other. installation: it is no business's own, and operators see it. mailed: whether
    owners (or operators) are mailed unless they chose otherwise; other people are not.
    """

    urgent: bool = False
    installation: bool = False
    mailed: bool = True


KINDS: Mapping[str, Kind] = {
    "mailbox": Kind(urgent=True),
    "run": Kind(),
    "missing": Kind(),
    "review": Kind(mailed=False),
    "worker": Kind(urgent=True, installation=True),
    "disk": Kind(urgent=True, installation=True),
}


@dataclass(frozen=True, slots=True)
class Ways:
    """How a kind reaches a person; webhook is the business's."""

    kind: str
    app: bool
    mail: bool
    webhook: bool


def _key(kind: str, business_id: int | None, user_id: int | None) -> str:
    """Of the installation's kinds a person has one choice, whichever business is open."""
    shared = user_id is not None and KINDS[kind].installation
    return f"{0 if shared else business_id or 0}:{user_id or 0}:{kind}"


def of(business_id: int, user_id: int, role: str, *, operator: bool) -> list[Ways]:
    """A person's choices in a business, kind by kind; the installation's kinds are an operator's alone."""
    found = []
    for name, kind in KINDS.items():
        if kind.installation and not operator:
            continue
        own = _kept(_key(name, business_id, user_id))
        usual = kind.mailed and (operator if kind.installation else role == "owner")
        found.append(Ways(name, own.get("app", True), own.get("mail", usual), hooked(name, business_id)))
    return found


def choose(kind: str, business_id: int, user_id: int | None, **ways: bool) -> None:
    """Keep a person's choice of app or mail, or (user None) the business's of webhook."""
    key = _key(kind, business_id, user_id)
    shared = key.startswith("0:")
    with write():
        was = _kept(key)
        now = {**was, **ways}
        AlertChoice.delete().where(AlertChoice.key == key).execute()
        AlertChoice.create(key=key, business=None if shared else business_id, user=user_id, kind=kind, ways=now)
        if user_id is None:
            audit.note(
                business_id, "alerts.changed", "business", business_id, label=kind,
                changes={name: [was.get(name), value] for name, value in ways.items()},
            )  # fmt: skip


def hooked(kind: str, business_id: int) -> bool:
    """Whether the business's webhooks are told of it."""
    return _kept(_key(kind, business_id, None)).get("webhook", True)


def hidden(business_id: int, user_id: int) -> list[str]:
    """Kinds that the person does not want to see in the app."""
    keys = {_key(name, business_id, user_id): name for name in KINDS}
    rows = AlertChoice.select().where(AlertChoice.key << list(keys))
    return [keys[row.key] for row in rows if not row.ways.get("app", True)]


def mailed(kind: str, business_id: int | None) -> list[int]:
    """Ids of the people who are mailed: members of the business, or the operators."""
    people: Sequence[tuple[int, bool]]
    if business_id is None:
        people = [(row.id, True) for row in User.select(User.id).where(User.operator)]
    else:
        rows = Membership.select(Membership.user, Membership.role).where(Membership.business == business_id)
        people = [(row.user_id, row.role == "owner") for row in rows]
    keys = {_key(kind, business_id, user_id): user_id for user_id, _ in people}
    own = {row.key: row.ways for row in AlertChoice.select().where(AlertChoice.key << list(keys))}
    wanted = []
    for user_id, usual in people:
        ways = own.get(_key(kind, business_id, user_id), {})
        if ways.get("mail", usual and KINDS[kind].mailed):
            wanted.append(user_id)
    return wanted


def _kept(key: str) -> dict[str, bool]:
    row = AlertChoice.get_or_none(AlertChoice.key == key)
    return dict(row.ways) if row is not None else {}
