"""Two contacts that are one: merged into the one that is kept, and taken apart again."""

from __future__ import annotations

from typing import Any

import clock
from errors import Tellable
from models import Contact, ContactKey, ContactMerge, ContactNote, ContactReceipt, Task, write
from store import audit, contacts
from store.contact_links import add_keys

_JOINED = ("phones", "emails", "tags")
_FILLED = ("tax_id", "company", "address")


def merge(business_id: int, kept_id: object, gone_id: object) -> ContactMerge:
    """The second contact lives on in the first: its numbers, addresses, receipts, tasks and notes go there.

    Tellable `not_found`, `same`, or `merged` where one of them is put away already.
    """
    with write():
        kept, gone = Contact.find(business_id, kept_id), Contact.find(business_id, gone_id)
        if kept.id == gone.id:
            raise Tellable("same", "A contact cannot be merged with itself.")
        if kept.deleted_at is not None or gone.deleted_at is not None:
            raise Tellable("merged", "One of the two was put away already.")
        values: dict[str, Any] = {
            name: list(dict.fromkeys([*getattr(kept, name), *getattr(gone, name)])) for name in _JOINED
        }
        values |= {name: getattr(kept, name) or getattr(gone, name) for name in _FILLED}
        values["notes"] = "\n\n".join(filter(None, [kept.notes, gone.notes]))
        before = {name: getattr(kept, name) for name in values}
        contacts.update(kept, values)
        row = ContactMerge.create(
            business=business_id,
            kept=kept,
            gone=gone,
            before={
                "version": kept.version,
                "values": before,
                "keys": _move_keys(business_id, gone.id, kept.id),
                "notes": _ids(ContactNote, gone.id),
            },
            receipts=_ids(ContactReceipt, gone.id),
            tasks=_ids(Task, gone.id),
        )
        for table in (ContactReceipt, Task, ContactNote):
            table.update(contact=kept.id).where(table.contact == gone.id).execute()
        Contact.update(
            merged_into=kept.id, deleted_at=clock.now(), version=Contact.version + 1, updated_at=clock.now()
        ).where(Contact.id == gone.id).execute()
        audit.note(
            business_id, "contact.merged", "contact", kept.id, label=kept.name, changes={"with": [gone.id, gone.name]}
        )
    return row


def _ids(table: Any, contact_id: int) -> list[int]:
    return [row.id for row in table.select(table.id).where(table.contact == contact_id)]


def _move_keys(business_id: int, gone_id: int, kept_id: int) -> list[list[str]]:
    """The kept one is found by all that found the other: what it did not have, for the way back."""
    theirs = {(row.kind, row.value) for row in ContactKey.select().where(ContactKey.contact == gone_id)}
    ours = {(row.kind, row.value) for row in ContactKey.select().where(ContactKey.contact == kept_id)}
    add_keys(business_id, kept_id, sorted(theirs - ours))
    return [[kind, value] for kind, value in sorted(theirs - ours)]


def undo(business_id: int, merge_id: object, kept_id: int) -> tuple[Contact, Contact]:
    """Take a merge into this contact back: both contacts; what was changed in the kept one since stays as it is.

    Tellable `not_found`.
    """
    with write():
        row = ContactMerge.find(business_id, merge_id)
        if row.kept_id != kept_id:
            raise Tellable("not_found", "There is no such thing here.")
        kept, gone = Contact.find(business_id, row.kept_id), Contact.find(business_id, row.gone_id)
        for kind, value in row.before["keys"]:
            mine = (ContactKey.contact == kept.id, ContactKey.kind == kind, ContactKey.value == value)
            ContactKey.delete().where(*mine).execute()
        if kept.version == row.before["version"]:
            contacts.update(kept, row.before["values"])
        for table, ids in ((ContactReceipt, row.receipts), (Task, row.tasks), (ContactNote, row.before["notes"])):
            table.update(contact=gone.id).where(table.id << ids, table.contact == kept.id).execute()
        gone.merged_into = gone.deleted_at = None
        gone.version, gone.updated_at = gone.version + 1, clock.now()
        gone.save(only=["merged_into", "deleted_at", "version", "updated_at"])
        row.delete_instance()
        audit.note(
            business_id, "contact.unmerged", "contact", kept.id, label=kept.name, changes={"from": [gone.id, gone.name]}
        )
    return Contact.get_by_id(kept.id), gone


def latest(business_id: int, contact_id: int) -> int | None:
    """The id of the contact's newest merge that can be taken back."""
    found = (
        ContactMerge.select(ContactMerge.id)
        .where(ContactMerge.business == business_id, ContactMerge.kept == contact_id)
        .order_by(ContactMerge.id.desc())
        .scalar()
    )
    return int(found) if found else None
