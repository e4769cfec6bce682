"""The receipts list's filter: what a person may ask for, as one condition on `receipt r`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import peewee

import money
from models import db
from store import search, sql

STATUSES = ("to_review", "ready", "approved", "rejected", "not_receipt")
SOURCES = ("gmail", "imap", "upload", "message")
_EXPONENTS = (0, 3, 4)


@dataclass(frozen=True, slots=True)
class Filter:
    """Days are inclusive, amounts in major units of the receipt's own currency; None asks for nothing."""

    statuses: tuple[str, ...] = ()
    q: str | None = None
    vendor: str | None = None
    from_date: date | None = None
    to_date: date | None = None
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None
    currency: str | None = None
    category: str | None = None
    mailbox: int | None = None
    source: str | None = None
    flag: str | None = None
    exported: bool | None = None
    deleted: bool = False


def where(business_id: int, wanted: Filter, *, one_by_one: bool = False) -> tuple[str, list[object]]:
    """The condition and its parameters; the business comes first, so that every query is the tenant's own.

    `one_by_one` has each receipt that a walk comes by tested for the words, in place of asking the index of words.
    """
    terms = ["r.business_id = ?", f"r.deleted_at is {'not ' if wanted.deleted else ''}null"]
    params: list[object] = [business_id]

    def add(term: str, *values: object) -> None:
        terms.append(term)
        params.extend(values)

    if len(wanted.statuses) == 1:
        add("r.status = ?", wanted.statuses[0])
    elif wanted.statuses:
        add(f"r.status in ({sql.marks(wanted.statuses)})", *wanted.statuses)
    for text, vendor_only in ((wanted.q, False), (wanted.vendor, True)):
        if text:
            look_up = search.receipts_one_by_one if one_by_one else search.receipts
            found = look_up(business_id, text, vendor_only=vendor_only)
            add(found.term, *found.params)
            if found.few:  # the sign keeps the planner from walking the whole business in the list's order
                terms[0] = "+r.business_id = ?"
    for column, value in (("currency", wanted.currency), ("category", wanted.category), ("source", wanted.source)):
        if value is not None:
            add(f"r.{column} = ?", value)
    if wanted.mailbox is not None:
        add("r.mailbox_id = ?", wanted.mailbox)
    if wanted.from_date is not None:
        add("r.date >= ?", wanted.from_date.isoformat())
    if wanted.to_date is not None:
        add("r.date <= ?", wanted.to_date.isoformat())
    for sign, amount in ((">=", wanted.min_amount), ("<=", wanted.max_amount)):
        if amount is not None:
            term, values = _amount(sign, amount)
            add(term, *values)
    if wanted.flag == "waiting_for_document":
        add("r.waiting_for_document")
    elif wanted.flag == "duplicate":
        add("r.duplicate_of_id is not null")
    elif wanted.flag is not None:
        add(_flag(), wanted.flag, wanted.flag)
    if wanted.exported is not None:
        terms.append(f"r.exported_at is {'not ' if wanted.exported else ''}null")
    return " and ".join(terms), params


def _amount(sign: str, amount: Decimal) -> tuple[str, list[object]]:
    """The amount compared in each currency's own minor units."""

    def minor(decimals: int) -> int:
        rounding = ROUND_CEILING if sign == ">=" else ROUND_FLOOR
        return int(amount.scaleb(decimals).to_integral_value(rounding))

    cases: list[str] = []
    params: list[object] = []
    for decimals in _EXPONENTS:
        codes = money.codes(decimals)
        cases.append(f"when r.currency in ({sql.marks(codes)}) then ?")
        params.extend([*codes, minor(decimals)])
    return f"r.total_minor {sign} case {' '.join(cases)} else ? end", [*params, minor(2)]


def _flag() -> str:
    if isinstance(db.obj, peewee.SqliteDatabase):
        each, code, field = "json_each(r.flags)", "json_extract(value, '$.code')", "json_extract(value, '$.field')"
    else:
        each, code, field = "jsonb_array_elements(r.flags)", "value ->> 'code'", "value ->> 'field'"
    return f"exists (select 1 from {each} where {code} = ? or {field} = ?)"
