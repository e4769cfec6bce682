"""What happened with a contact, newest first: receipts, tasks, notes and whatever else belongs to it."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson

from errors import Tellable
from models import Contact
from store import sql

# Each kind: its rows as (moment in milliseconds, id, what a person sees of it) of a contact.
_RECEIPTS = (
    "select coalesce(r.received_at, r.created_at), r.id, r.vendor, r.status, r.date, r.total_minor, r.currency, "
    "r.number, r.kind from contact_receipt l join receipt r on r.id = l.receipt_id "
    "where l.contact_id in ({ids}) and r.business_id = ? and r.deleted_at is null"
)
_TASKS = (
    "select coalesce(t.done_at, t.created_at), t.id, t.title, t.due_on, t.done_at from task t "
    "where t.contact_id in ({ids}) and t.business_id = ?"
)
_NOTES = (
    "select n.created_at, n.id, n.text, n.actor from contact_note n where n.contact_id in ({ids}) and n.business_id = ?"
)
_CALLS = (
    "select p.started_at, p.id, p.outcome, p.direction, p.caller, p.duration_s, p.note from phone_call p "
    "where p.contact_id in ({ids}) and p.business_id = ?"
)
_KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "call": (_CALLS, "p.started_at, p.id", ("outcome", "direction", "from", "duration_s", "note")),
    "receipt": (
        _RECEIPTS,
        "coalesce(r.received_at, r.created_at), r.id",
        ("vendor", "status", "date", "total_minor", "currency", "number", "kind"),
    ),
    "task": (_TASKS, "coalesce(t.done_at, t.created_at), t.id", ("title", "due_on", "done_at")),
    "note": (_NOTES, "n.created_at, n.id", ("text", "actor")),
}


def page(
    business_id: int, contact_id: object, limit: int = 50, cursor: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """Entries `{"type", "id", "at" (milliseconds), …}` and the next cursor; Tellable `not_found`, `bad_cursor`."""
    row = Contact.find(business_id, contact_id)
    merged = Contact.select(Contact.id).where(Contact.merged_into == row.id)
    ids = sql.ids([row.id, *(one.id for one in merged)])
    before = _decoded(cursor) if cursor else None
    found: list[dict[str, Any]] = []
    for kind, (query, key, names) in _KINDS.items():
        text, params = query.format(ids=ids), [business_id]  # type: tuple[str, list[object]]
        if before is not None:
            at, than, id_ = before
            # In one moment, kinds come in the order of their names, the newer id first.
            text += f" and ({key}) < (?, ?)"
            params += [at, 2**62 if kind > than else id_ if kind == than else 0]
        order = ", ".join(f"{part} desc" for part in key.rsplit(", ", 1))
        rows = sql.fetch(f"{text} order by {order} limit ?", [*params, limit + 1])
        found += [{"type": kind, "at": one[0], "id": one[1], **dict(zip(names, one[2:], strict=True))} for one in rows]
    found.sort(key=_place)
    page_ = found[:limit]
    return page_, _encoded(page_[-1]) if len(found) > limit else None


def _place(one: dict[str, Any]) -> tuple[int, str, int]:
    return -one["at"], one["type"], -one["id"]


def _encoded(one: dict[str, Any]) -> str:
    return urlsafe_b64encode(orjson.dumps([one["at"], one["type"], one["id"]])).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[int, str, int]:
    try:
        at, kind, id_ = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        good = isinstance(at, int) and abs(at) < 2**62 and isinstance(kind, str) and isinstance(id_, int)
        good = good and abs(id_) < 2**62
    except (ValueError, TypeError):
        good = False
    if not good:
        raise Tellable("bad_cursor", "This cursor does not belong to this list; begin without one.")
    return at, kind, id_
