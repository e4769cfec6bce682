"""Which receipts an export holds: the filter, settled once in the order of the file, and read in pieces."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from models import ExportedReceipt
from store import sql
from store.receipt_filter import Filter, where
from store.stats import COUNTED

_CHUNK = 1000
_DAYS = {"from_date", "to_date"}
_AMOUNTS = {"min_amount", "max_amount"}
COLUMNS = (
    "id", "date", "due_date", "kind", "vendor", "vendor_tax_id", "number", "currency", "total_minor", "net_minor",
    "tax_minor", "payable_minor", "tip_minor", "discount_minor", "payment_method", "card_last4", "billed_to",
    "allocation_number", "tax", "items", "category", "status", "note", "source", "flags", "received_at",
    "approved_at", "mail_id",
)  # fmt: skip
DOCUMENT = ("id", "sha256", "filename", "media_type", "part")


def written(wanted: Filter) -> dict[str, Any]:
    """A filter as JSON keeps it; what asks for nothing is left out."""
    out: dict[str, Any] = {}
    for one in fields(Filter):
        value = getattr(wanted, one.name)
        if value not in (None, (), False) or (one.name == "exported" and value is False):
            plain = isinstance(value, str | int | bool)
            out[one.name] = list(value) if isinstance(value, tuple) else value if plain else str(value)
    return out


def read(kept: dict[str, Any]) -> Filter:
    """The filter again."""
    values = {name: value for name, value in kept.items() if name != "ids"}
    for name in _DAYS & values.keys():
        values[name] = dt.date.fromisoformat(values[name])
    for name in _AMOUNTS & values.keys():
        values[name] = Decimal(values[name])
    if "statuses" in values:
        values["statuses"] = tuple(values["statuses"])
    return Filter(**values)


def condition(business_id: int, wanted: Filter, ids: Sequence[int] | None = None) -> tuple[str, list[object]]:
    """What is handed over of a filter: what counts where it names no status, and no known duplicate."""
    if not wanted.statuses:
        wanted = replace(wanted, statuses=COUNTED)
    term, params = where(business_id, wanted)
    some = f" and r.id in ({sql.ids(ids)})" if ids else ""
    return f"{term} and r.duplicate_of_id is null{some}", params


def settle(export_id: int, business_id: int, wanted: Filter, ids: Sequence[int] | None = None) -> int:
    """Write down the receipts of an export, oldest first, those without a date last; how many.

    Inside the write transaction that marks the set as settled.
    """
    term, params = condition(business_id, wanted, ids)
    order = "(r.date is null), r.date, r.id"
    ExportedReceipt.delete().where(ExportedReceipt.export == export_id).execute()
    sql.run(
        "insert into exported_receipt (export_id, receipt_id, position) "
        f"select {int(export_id)}, r.id, row_number() over (order by {order}) from receipt r where {term}",
        params,
    )
    row = sql.one("select count(*) from exported_receipt where export_id = ?", [export_id])
    return int(row[0]) if row else 0


def sums(export_id: int) -> list[dict[str, Any]]:
    """What the export comes to, each currency by itself."""
    rows = sql.fetch(
        "select r.currency, count(*), coalesce(sum(r.total_minor), 0) from exported_receipt e "
        "join receipt r on r.id = e.receipt_id where e.export_id = ? group by 1 order by 2 desc, 1",
        [export_id],
    )
    return [{"currency": currency, "count": count, "total_minor": int(total)} for currency, count, total in rows]


def preview(business_id: int, wanted: Filter, ids: Sequence[int] | None = None) -> dict[str, Any]:
    """What an export of the filter would hold: {"count", "currencies", "first", "last", "to_review", "duplicates"}."""
    term, params = condition(business_id, wanted, ids)
    rows = sql.fetch(
        f"select r.currency, count(*), coalesce(sum(r.total_minor), 0), min(r.date), max(r.date), "
        f"sum(case when r.status = 'to_review' then 1 else 0 end) from receipt r where {term} group by 1 "
        "order by 2 desc, 1",
        params,
    )
    days = sorted(str(day) for row in rows for day in row[3:5] if day is not None)
    duplicates_term, duplicates_params = where(
        business_id, wanted if wanted.statuses else replace(wanted, statuses=COUNTED)
    )
    duplicates = sql.one(
        f"select count(*) from receipt r where {duplicates_term} and r.duplicate_of_id is not null", duplicates_params
    )
    return {
        "count": sum(row[1] for row in rows),
        "currencies": [{"currency": row[0], "count": row[1], "total_minor": int(row[2])} for row in rows],
        "first": days[0] if days else None,
        "last": days[-1] if days else None,
        "to_review": sum(int(row[5]) for row in rows),
        "duplicates": int(duplicates[0]) if duplicates else 0,
    }


def receipts(export_id: int) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Each receipt's columns and those of its document, in order; a thousand are held at once."""
    head = ", ".join(f"r.{name}" for name in COLUMNS)
    tail = ", ".join(f"d.{name}" for name in DOCUMENT)
    after = 0
    while True:
        rows = sql.fetch(
            f"select e.position, {head}, {tail}, m.raw_sha256, b.kind from exported_receipt e "
            "join receipt r on r.id = e.receipt_id left join document d on d.id = r.document_id "
            "left join mail m on m.id = r.mail_id left join mailbox b on b.id = m.mailbox_id "
            "where e.export_id = ? and e.position > ? order by e.position limit ?",
            [export_id, after, _CHUNK],
        )
        if not rows:
            return
        for row in rows:
            receipt = dict(zip(COLUMNS, row[1:], strict=False))
            receipt["raw_sha256"], receipt["mailbox_kind"] = row[-2], row[-1]
            found = row[1 + len(COLUMNS) : -2]
            yield receipt, None if found[0] is None else dict(zip(DOCUMENT, found, strict=True))
        after = rows[-1][0]


def ids(export_id: int, after: int, limit: int) -> Sequence[tuple[int, int]]:
    """(position, receipt id) beyond a position."""
    return sql.fetch(
        "select position, receipt_id from exported_receipt where export_id = ? and position > ? "
        "order by position limit ?",
        [export_id, after, limit],
    )
