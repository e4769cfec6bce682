"""The columns of the tables that people get: a row a receipt, and a row a tax line or item; only ever added to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from receipts.export import labels
from receipts.export.rows import About, ExportRow

Value = str | Decimal | date | datetime | int | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name (the key of its label), how wide a sheet shows it, and its value."""

    name: str
    width: float
    value: Callable[[ExportRow, About], Value]


RECEIPTS: Final = (
    Column("id", 9, lambda row, _: row.id),
    Column("date", 11, lambda row, _: row.date),
    Column("vendor", 30, lambda row, _: row.vendor),
    Column("number", 16, lambda row, _: row.number),
    Column("kind", 14, lambda row, about: labels.kind(about.language, row.kind)),
    Column("category", 16, lambda row, about: labels.category(about.language, row.category)),
    Column("currency", 9, lambda row, _: row.currency),
    Column("total", 13, lambda row, _: row.total),
    Column("net", 13, lambda row, _: row.net),
    Column("tax", 12, lambda row, _: row.tax),
    Column("payable", 13, lambda row, _: row.payable),
    Column("base_currency", 9, lambda row, about: about.base_currency if row.base_total is not None else None),
    Column("base_total", 14, lambda row, _: row.base_total),
    Column("base_rate", 11, lambda row, _: row.base_rate),
    Column("base_rate_day", 11, lambda row, _: row.base_rate_day),
    Column("due_date", 11, lambda row, _: row.due_date),
    Column("vendor_tax_id", 15, lambda row, _: row.vendor_tax_id),
    Column("status", 12, lambda row, about: labels.status(about.language, row.status)),
    Column("note", 30, lambda row, _: row.note or None),
    Column("flags", 30, lambda row, _: " ".join(row.flags) or None),
    Column("source", 10, lambda row, _: row.source or None),
    Column("received_at", 18, lambda row, _: row.received_at),
    Column("approved_at", 18, lambda row, _: row.approved_at),
    Column("tip", 11, lambda row, _: row.tip),
    Column("discount", 11, lambda row, _: row.discount),
    Column("payment_method", 15, lambda row, about: labels.payment(about.language, row.payment_method)),
    Column("card_last4", 9, lambda row, _: row.card_last4),
    Column("billed_to", 24, lambda row, _: row.billed_to),
    Column("allocation_number", 18, lambda row, _: row.allocation_number),
)
DOCUMENT: Final = "document"  # the last column: file names, or paths within an archive

LINES: Final = (
    ("id", 9.0), ("date", 11.0), ("vendor", 30.0), ("number", 16.0), ("currency", 9.0), ("line", 8.0),
    ("description", 40.0), ("quantity", 10.0), ("rate", 8.0), ("base", 13.0), ("amount", 13.0),
)  # fmt: skip


def line_values(row: ExportRow, about: About) -> Iterator[tuple[Value, ...]]:
    """A receipt's tax lines, then its items, in the order of LINES."""
    head = (row.id, row.date, row.vendor, row.number, row.currency)
    for tax in row.tax_lines:
        yield (*head, labels.label(about.language, "tax_line"), None, None, tax.rate, tax.base, tax.amount)
    for item in row.items:
        word = labels.label(about.language, "item_line")
        yield (*head, word, item.description, item.quantity, None, None, item.amount)
