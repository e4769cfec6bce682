"""Bills as a CSV for Xero (Bills to pay, Import): its template's columns, amounts with tax, one line a rate."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO, Final

from receipts.export.parts import parts_of
from receipts.export.rows import About, ExportRow, LeftOut, Step, Written, missing, no_step
from receipts.export.text import Utf8, cell, line

EXTENSION: Final = "csv"
MEDIA_TYPE: Final = "text/csv; charset=utf-8"
COLUMNS: Final = (
    "*ContactName", "EmailAddress", "POAddressLine1", "POAddressLine2", "POAddressLine3", "POAddressLine4", "POCity",
    "PORegion", "POPostalCode", "POCountry", "*InvoiceNumber", "*InvoiceDate", "*DueDate", "Total",
    "InventoryItemCode", "Description", "*Quantity", "*UnitAmount", "*AccountCode", "*TaxType", "TaxAmount",
    "TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2", "Currency",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Books:
    """How the books are kept: account codes by category and names of tax rates as Xero's settings have them."""

    accounts: Mapping[str, str] = field(default_factory=dict)
    account: str = "429"  # General Expenses in Xero's standard chart
    tax_types: Mapping[Decimal, str] = field(default_factory=dict)
    no_tax: str = "No VAT"


def write(
    rows: Iterable[ExportRow], about: About, out: BinaryIO, *, books: Books | None = None, step: Step = no_step
) -> Written:
    """The bills; choose "Tax inclusive" when importing. A negative one becomes a credit note in Xero."""
    del about
    books = books or Books()
    writer = csv.writer(Utf8(out), lineterminator="\r\n")
    writer.writerow(COLUMNS)
    left_out: list[LeftOut] = []
    count = 0
    for row in rows:
        lack = missing(row)
        if lack is not None or row.date is None:
            left_out += [lack] if lack else []
            continue
        day, due = (f"{when:%d/%m/%Y}" for when in (row.date, row.due_date or row.date))
        for part in parts_of(row):
            kind = books.no_tax
            if part.rate is not None:
                kind = books.tax_types.get(part.rate, f"{part.rate.normalize():f}% (VAT on Expenses)")
            values = {
                "*ContactName": cell(line(row.vendor, 255)),
                "*InvoiceNumber": cell(line(row.number or f"R-{row.id}", 255)),
                "*InvoiceDate": day,
                "*DueDate": due,
                "Total": f"{row.total:f}",
                "Description": cell(line(_what(row), 4000)),
                "*Quantity": "1",
                "*UnitAmount": f"{part.gross:f}",
                "*AccountCode": cell(books.accounts.get(row.category or "", books.account)),
                "*TaxType": cell(kind),
                "TaxAmount": f"{part.tax:f}",
                "Currency": row.currency,
            }
            writer.writerow([values.get(column, "") for column in COLUMNS])
        count += 1
        step(count)
    return Written(count, tuple(left_out))


def _what(row: ExportRow) -> str:
    return ", ".join(item.description for item in row.items) or row.category or row.vendor or ""
