"""What goes into an export and what comes out of it, whatever the format."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class ExportDocument:
    """An original file of a receipt; `open` gives its bytes, as often as asked."""

    filename: str
    media_type: str
    open: Callable[[], BinaryIO] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExportTax:
    """One tax rate of a receipt: rate in percent, base and amount in the receipt's currency."""

    rate: Decimal | None
    base: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class ExportItem:
    """One line of a receipt."""

    description: str
    quantity: Decimal | None = None
    amount: Decimal | None = None


@dataclass(slots=True)
class ExportRow:
    """One receipt; amounts in its currency, negative for a credit note or refund, unknown ones None.

    Not frozen, though nobody sets a field: that would cost a tenth of the time of a large export.
    """

    id: int
    date: dt.date | None
    vendor: str | None
    total: Decimal | None
    currency: str | None
    kind: str = "receipt"
    due_date: dt.date | None = None
    vendor_tax_id: str | None = None
    number: str | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    payable: Decimal | None = None
    tip: Decimal | None = None
    discount: Decimal | None = None
    payment_method: str | None = None
    card_last4: str | None = None
    billed_to: str | None = None
    allocation_number: str | None = None
    tax_lines: tuple[ExportTax, ...] = ()
    items: tuple[ExportItem, ...] = ()
    category: str | None = None
    status: str = "approved"
    note: str = ""
    source: str = ""
    flags: tuple[str, ...] = ()  # sentences
    received_at: dt.datetime | None = None
    approved_at: dt.datetime | None = None
    base_total: Decimal | None = None  # total in the business's base currency at the document's date
    base_rate: Decimal | None = None  # units of the base currency for one of the receipt's
    base_rate_day: dt.date | None = None
    documents: tuple[ExportDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """What an export is of: the first day and the last (both inclusive) where a period was asked for."""

    business: str
    base_currency: str
    made_at: dt.datetime  # aware, in the business's zone
    language: str = "en"
    first: dt.date | None = None
    last: dt.date | None = None
    filter: str = ""  # the screen's filter in words


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A receipt or one document of it that could not go into the file, and why, in a sentence that names it."""

    row_id: int
    sentence: str
    document: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What an export holds: receipts written, and what had to be left out."""

    rows: int
    left_out: tuple[LeftOut, ...] = ()


class Step(Protocol):
    """Called with the number of receipts done so far; may raise to stop the export."""

    def __call__(self, done: int) -> None:
        """One step."""


def no_step(done: int) -> None:
    """Nobody watches."""


def named(row: ExportRow) -> str:
    """A receipt as a sentence calls it."""
    parts = [row.vendor or "receipt without a vendor", f"of {row.date}" if row.date else "", row.number or ""]
    return " ".join(part for part in parts if part) + f" (no. {row.id})"


def missing(row: ExportRow, *, number: bool = False) -> LeftOut | None:
    """Why a bookkeeping format cannot take the receipt; None where it can."""
    lacks = [
        word
        for word, value in (
            ("date", row.date),
            ("total", row.total),
            ("currency", row.currency),
            ("vendor", row.vendor),
        )
        if value is None or value == ""
    ]
    if number and not row.number:
        lacks.append("number")
    if not lacks:
        return None
    return LeftOut(row.id, f"{named(row)} was left out: it has no {' and no '.join(lacks)}.")


def tax_of(row: ExportRow) -> Decimal:
    """The receipt's tax: as said, else the sum of its tax lines, else nothing."""
    if row.tax is not None:
        return row.tax
    return sum((line.amount for line in row.tax_lines if line.amount is not None), Decimal(0))


def single_rate(row: ExportRow) -> Decimal | None:
    """The tax rate of a receipt that has exactly one."""
    rates = {line.rate for line in row.tax_lines if line.rate is not None}
    return rates.pop() if len(rates) == 1 else None
