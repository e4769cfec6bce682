"""Forgetting: a person, a whole business with all that is theirs, mails' bytes that are kept long enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import peewee

import clock
from errors import Tellable
from models import (
    TABLES,
    ApiToken,
    Business,
    Contact,
    Document,
    Endpoint,
    Mail,
    Mailbox,
    Membership,
    Owned,
    Receipt,
    Session,
    SyncRun,
    Task,
    User,
    write,
)
from store import audit

_COUNTED: Mapping[str, type[Any]] = {
    "receipts": Receipt, "documents": Document, "mails": Mail, "mailboxes": Mailbox, "contacts": Contact,
    "tasks": Task, "people": Membership, "tokens": ApiToken, "webhooks": Endpoint,
}  # fmt: skip
_CHUNK = 200
_FETCHED = ("gmail", "imap")  # what was uploaded is kept: nobody else has it
_HASHES = {"token_sha256", "state_sha256", "request_sha256", "browser_sha256"}  # no kept bytes


def erase_person(user_id: int, typed: str) -> None:
    """The account and all that is the person's own; Tellable `not_confirmed`, `last_owner`.

    What they did stays in the trails of their businesses, under a number that is nobody's any more.
    """
    with write():
        user = User.get_by_id(user_id)
        if typed.strip().casefold() != user.email:
            raise Tellable("not_confirmed", "Type your own e-mail address to erase your account.")
        owned = Membership.select(Membership.business).where(Membership.user == user_id, Membership.role == "owner")
        for row in owned:
            others = (
                Membership.business == row.business_id,
                Membership.role == "owner",
                Membership.user != user_id,
            )
            if not Membership.select().where(*others).exists():
                raise Tellable("last_owner", "A business needs an owner; make somebody else one first, or erase it.")
        businesses = [row.business_id for row in Membership.select().where(Membership.user == user_id)]
        Session.delete().where(Session.user == user_id).execute()
        User.delete().where(User.id == user_id).execute()
        for business_id in businesses:
            audit.note(business_id, "member.erased", "user", user_id)
        audit.note(None, "person.erased", "user", user_id)


def counts(business_id: int) -> dict[str, int]:
    """How much would go with the business."""
    return {name: table.select().where(table.business == business_id).count() for name, table in _COUNTED.items()}


def close(business_id: int, typed: str) -> dict[str, int]:
    """Shut the business at once, and count what is to be erased; Tellable `not_confirmed`.

    Nobody reaches it from now on; `erase_rows` takes it away bit by bit.
    """
    with write():
        business = Business.get_by_id(business_id)
        if " ".join(typed.split()) != " ".join(business.name.split()):
            raise Tellable("not_confirmed", "Type the name of the business to erase it.")
        counted = counts(business_id)
        audit.note(
            None, "business.erased", "business", business_id, changes={name: [n, 0] for name, n in counted.items()}
        )
        active = (SyncRun.business == business_id, SyncRun.status << ("queued", "running"))
        SyncRun.update(status="cancelled", fence=SyncRun.fence + 1, finished_at=clock.now()).where(*active).execute()
        Membership.delete().where(Membership.business == business_id).execute()
        ApiToken.delete().where(ApiToken.business == business_id).execute()
        for table, columns in ((Mailbox, {"status": "disconnected"}), (Endpoint, {"active": False})):
            table.update(**columns).where(table.business == business_id).execute()
    return counted


def erase_rows(business_id: int) -> list[str] | None:
    """Erase some rows of a closed business, the most numerous kinds first, inside a write transaction.

    The keys of the bytes that these rows held; None once the business itself is gone. Raises RuntimeError for a
    business that was not closed.
    """
    if Membership.select().where(Membership.business == business_id).exists():
        raise RuntimeError("a business is closed before it is erased")
    main: Sequence[type[Any]] = (Receipt, Document, Mail, Contact)
    for table in main:
        rows = list(table.select().where(table.business == business_id).limit(_CHUNK))
        if rows:
            table.delete().where(table.id << [row.id for row in rows]).execute()
            return [key for row in rows for key in _keys(row)]
    held = [
        key for table in _keepers() for row in table.select().where(table.business == business_id) for key in _keys(row)
    ]
    if held:
        for table in _keepers():
            table.delete().where(table.business == business_id).execute()
        return held
    Business.delete().where(Business.id == business_id).execute()
    return None


def _columns(table: type[peewee.Model]) -> list[str]:
    return [name for name in table._meta.fields if name.endswith("sha256") and name not in _HASHES]


def _keepers() -> list[type[Any]]:
    """Tables of a business's other kept bytes: exports, recordings."""
    main = {Receipt, Document, Mail, Contact}
    return [
        table
        for table in TABLES
        if issubclass(table, Owned) and table not in main and (_columns(table) or "files" in table._meta.fields)
    ]


def _keys(row: peewee.Model) -> list[str]:
    """The keys of the bytes that a row speaks of."""
    found = [row.__data__[name] for name in _columns(type(row))]
    files = row.__data__.get("files")
    found += [one.get("sha256") for one in files if isinstance(one, dict)] if isinstance(files, list) else []
    return [key for key in found if key]


def unused(keys: Sequence[str]) -> list[str]:
    """Which of these keys no row of any business speaks of."""
    left = set(keys)
    for table in TABLES:
        for name in _columns(table):
            field = table._meta.fields[name]
            for start in range(0, len(keys), _CHUNK):
                rows = table.select(field).where(field << list(keys[start : start + _CHUNK]))
                left -= {row.__data__[name] for row in rows}
        if "files" in table._meta.fields and left:
            left -= {key for row in table.select() for key in _keys(row)}
    return [key for key in keys if key in left]


# -- what is kept how long


def businesses_that_forget() -> list[int]:
    """Businesses that keep the bytes of mails for a time only."""
    return [row.id for row in Business.select(Business.id).where(Business.keep_mail_days.is_null(is_null=False))]


def forget_mails(business_id: int, limit: int = _CHUNK) -> list[str]:
    """Let go of the bytes of mails that are settled and old enough, inside a write transaction: their keys.

    The ledger's row stays, and so do the documents of receipts that were made of it: these are the business's books.
    """
    days = Business.select(Business.keep_mail_days).where(Business.id == business_id).scalar()
    if days is None:
        return []
    old = (
        Mail.business == business_id,
        Mail.raw_sha256.is_null(is_null=False),
        Mail.state == "done",
        Mail.outcome != "waiting",
        Mail.first_seen_at < clock.now() - timedelta(days=days),
        Mail.mailbox << Mailbox.select(Mailbox.id).where(Mailbox.business == business_id, Mailbox.kind << _FETCHED),
    )
    rows = list(Mail.select(Mail.id, Mail.raw_sha256).where(*old).limit(limit))
    if rows:
        Mail.update(raw_sha256=None).where(Mail.id << [row.id for row in rows]).execute()
        audit.note(business_id, "mails.forgotten", "mail", changes={"mails": [len(rows), 0]})
    return [row.raw_sha256 for row in rows if row.raw_sha256]
