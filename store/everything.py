"""One search over everything of a business: a few of each kind, the newest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import money
from store import contacts, receipts, search, sql
from store.receipt_filter import Filter

Hit = dict[str, Any]  # type, id, title, text, at (milliseconds)


def search_receipts(business_id: int, text: str, limit: int) -> list[Hit]:
    """Receipts."""
    start = (
        "select r.id, coalesce(r.vendor, ''), r.total_minor, r.currency, coalesce(r.received_at, r.created_at) "
        "from receipt r where "
    )
    rows = receipts.first(start, business_id, Filter(q=text), "-created", limit)
    return [
        {"type": "receipt", "id": id_, "title": vendor, "text": _amount(minor, currency), "at": at}
        for id_, vendor, minor, currency, at in rows
    ]


def _amount(minor: int | None, currency: str | None) -> str:
    return "" if minor is None else f"{money.to_decimal(minor, currency):f} {currency or ''}".strip()


def search_contacts(business_id: int, text: str, limit: int) -> list[Hit]:
    """Contacts, also by a phone number."""
    rows = _rows(
        "select c.id, c.name, c.kind, c.updated_at from contact c "
        "where +c.business_id = ? and c.deleted_at is null and {term} order by c.id desc limit ?",
        business_id,
        contacts.matching(business_id, text),
        limit,
    )
    return [{"type": "contact", "id": id_, "title": name, "text": kind, "at": at} for id_, name, kind, at in rows]


def search_tasks(business_id: int, text: str, limit: int) -> list[Hit]:
    """Tasks, done or not."""
    rows = _rows(
        "select t.id, t.title, coalesce(c.name, ''), t.created_at from task t "
        "left join contact c on c.id = t.contact_id where t.business_id = ? and {term} order by t.id desc limit ?",
        business_id,
        search.tasks(business_id, text),
        limit,
    )
    return [{"type": "task", "id": id_, "title": title, "text": name, "at": at} for id_, title, name, at in rows]


def search_mails(business_id: int, text: str, limit: int) -> list[Hit]:
    """Mails of the ledger."""
    rows = _rows(
        "select m.id, m.subject, m.from_name, m.from_address, coalesce(m.received_at, m.first_seen_at) from mail m "
        "where +m.business_id = ? and {term} order by m.id desc limit ?",
        business_id,
        search.mails(business_id, text),
        limit,
    )
    return [
        {"type": "mail", "id": id_, "title": subject, "text": name or address, "at": at}
        for id_, subject, name, address, at in rows
    ]


def search_calls(business_id: int, text: str, limit: int) -> list[Hit]:
    """Calls, by the number or the name that rang, or by what was noted."""
    digits = "".join(char for char in text if char.isdigit())
    by_number = len(digits) >= 5 and not any(char.isalpha() for char in text)
    wanted = sql.like(contacts.phone_begun(business_id, text) if by_number else text).removeprefix("%" * by_number)
    # The last ten thousand calls: a line of a telephone is short enough to be read.
    rows = sql.fetch(
        "select id, caller, caller_name, outcome, started_at from (select * from phone_call where business_id = ? "
        "order by id desc limit 10000) as p where lower(p.caller || ' ' || p.caller_name || ' ' || p.note) like ? "
        "escape '!' order by id desc limit ?",
        [business_id, wanted.lower(), limit],
    )
    return [
        {"type": "call", "id": id_, "title": name or caller, "text": outcome, "at": at}
        for id_, caller, name, outcome, at in rows
    ]


_KINDS: tuple[Callable[[int, str, int], list[Hit]], ...] = (
    search_receipts,
    search_contacts,
    search_tasks,
    search_mails,
    search_calls,
)


def search_all(business_id: int, text: str, limit: int) -> list[Hit]:
    """A few of each kind, kind after kind."""
    return [hit for kind in _KINDS for hit in kind(business_id, text, limit)] if text.strip() else []


def _rows(query: str, business_id: int, found: search.Condition, limit: int) -> list[tuple[Any, ...]]:
    text = query.format(term=found.term)
    if not found.few:
        text = text.replace("+", "", 1)
    return sql.fetch(text, [business_id, *found.params, limit])
