"""Bills as a CSV for QuickBooks Online's own import (Import data, Bills): one line a tax rate."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO, Final

from receipts.export.parts import parts_of
from receipts.export.rows import About, ExportRow, LeftOut, Step, Written, missing, named, no_step
from receipts.export.text import Utf8, cell, line

EXTENSION: Final = "csv"
MEDIA_TYPE: Final = "text/csv; charset=utf-8"
COLUMNS: Final = (
    "Bill no", "Supplier", "Bill date", "Due date", "Memo", "Account", "Line description", "Line amount",
    "Line tax code", "Line tax amount", "Currency",
)  # fmt: skip
_MOST_NUMBER: Final = 21  # signs of a bill number


@dataclass(frozen=True, slots=True)
class Books:
    """How the books are kept: account names by category, tax codes by rate, the order of day and month."""

    accounts: Mapping[str, str] = field(default_factory=dict)
    account: str = "Uncategorised Expense"
    tax_codes: Mapping[Decimal, str] = field(default_factory=dict)
    day_format: str = "%d/%m/%Y"


def write(
    rows: Iterable[ExportRow], about: About, out: BinaryIO, *, books: Books | None = None, step: Step = no_step
) -> Written:
    """The bills; credit notes are left out, since QuickBooks takes no negative bill."""
    del about
    books = books or Books()
    writer = csv.writer(Utf8(out), lineterminator="\r\n")
    writer.writerow(COLUMNS)
    left_out: list[LeftOut] = []
    count = 0
    for row in rows:
        lack = missing(row)
        if lack is None and row.total is not None and row.total < 0:
            lack = LeftOut(row.id, f"{named(row)} was left out: enter it in QuickBooks as a supplier credit.")
        if lack is not None or row.date is None:
            left_out += [lack] if lack else []
            continue
        day = row.date.strftime(books.day_format)
        due = (row.due_date or row.date).strftime(books.day_format)
        number = line(row.number or f"R{row.id}", _MOST_NUMBER)
        account = books.accounts.get(row.category or "", books.account)
        for part in parts_of(row):
            code = books.tax_codes.get(part.rate, f"{part.rate.normalize():f}%") if part.rate is not None else ""
            writer.writerow(
                [
                    cell(number), cell(line(row.vendor)), day, due, cell(line(row.note, 4000)), cell(account),
                    cell(line(_what(row), 4000)), f"{part.net:f}", cell(code), f"{part.tax:f}", row.currency,
                ]
            )  # fmt: skip
        count += 1
        step(count)
    return Written(count, tuple(left_out))


def _what(row: ExportRow) -> str:
    return ", ".join(item.description for item in row.items) or row.category or row.vendor or ""
