"""What is missing or doubtful in a reading, as flags with stable codes and sentences."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from receipts.fields.days import Days
from receipts.fields.scan import Scan
from receipts.fields.totals import Totals
from receipts.types import Flag, Kind, Reading

# Below these confidences a value is shown but flagged.
LEAST = {"vendor": 0.62, "number": 0.55, "date": 0.55, "currency": 0.78, "total": 0.78}
_STRONG = {"grand", "total", "payable", "refund"}


def find(reading: Reading, scan: Scan, sums: Totals, days: Days, today: date | None) -> tuple[Flag, ...]:
    """Every doubt about a reading."""
    flags: list[Flag] = []
    flags += _total(reading, sums)
    flags += _date(reading, days, scan, today)
    if reading.currency.value is None:
        flags.append(Flag("currency", "currency_missing", "No currency stands on the document."))
    elif reading.currency.confidence < LEAST["currency"]:
        flags.append(Flag("currency", "currency_doubtful", "The currency's sign may stand for another currency."))
    if reading.vendor.value is None:
        flags.append(Flag("vendor", "vendor_missing", "No vendor was found."))
    elif reading.vendor.confidence < LEAST["vendor"]:
        flags.append(Flag("vendor", "vendor_doubtful", "The vendor's name is not certain."))
    if reading.number.value is None:
        if reading.kind.value in {Kind.INVOICE, Kind.TAX_INVOICE, Kind.INVOICE_RECEIPT, Kind.CREDIT_NOTE}:
            flags.append(Flag("number", "number_missing", "No document number was found."))
    elif reading.number.confidence < LEAST["number"]:
        flags.append(Flag("number", "number_doubtful", "The document number is not certain."))
    if reading.tax and not sums.tax_confirmed:
        flags.append(Flag("tax", "tax_unproved", "Net and tax could not be checked against the total."))
    return tuple(flags)


def _total(reading: Reading, sums: Totals) -> list[Flag]:
    if reading.total.value is None:
        return [Flag("total", "total_missing", "No total was found.")]
    flags = []
    first = sums.candidates[0]
    if not first.roles & _STRONG and not first.confirmed:
        flags.append(Flag("total", "total_unlabelled", "The total carries no clear label."))
    rival = next(
        (
            s
            for s in sums.candidates[1:]
            if s.score > first.score - 0.12
            and s.roles & {"grand", "total"}
            and s.value
            and sums.payable is not s
            and abs(s.value) != abs(first.value)
        ),
        None,
    )
    if rival and not _explained(first.value, rival.value, sums):
        flags.append(Flag("total", "total_rivals", "Two amounts are labelled as the total."))
    if not flags and reading.total.confidence < LEAST["total"]:
        flags.append(Flag("total", "total_doubtful", "The total is not certain."))
    if not reading.total.value and not flags:
        flags.append(Flag("total", "total_zero", "The total is zero."))
    return flags


def _explained(first: Decimal, rival: Decimal, sums: Totals) -> bool:
    """Whether the rival is the net of the first, by the confirmed tax."""
    if not sums.tax_confirmed:
        return False
    tax = sum((t.amount or Decimal(0) for t in sums.taxes), Decimal(0))
    return abs(abs(first) - tax - abs(rival)) < Decimal("0.02")


def _date(reading: Reading, days: Days, scan: Scan, today: date | None) -> list[Flag]:
    day = reading.date.value
    if day is None:
        return [Flag("date", "date_missing", "No date was found.")]
    limit = max((d for d in (today, scan.anchor) if d), default=None)
    if limit and day > limit + timedelta(days=3):
        return [Flag("date", "date_future", "The date lies in the future.")]
    if reading.date.confidence < LEAST["date"]:
        return [Flag("date", "date_doubtful", "The date carries no clear label.")]
    rivals = [
        c for c in reading.date.candidates[1:] if c.value != day and c.confidence > reading.date.confidence - 0.06
    ]
    if rivals:
        return [Flag("date", "date_rivals", "Another date on the document is as likely.")]
    if (
        not days.proved
        and day.day <= 12
        and day.day != day.month
        and not any(d.found.named and d.found.day("dmy", scan.anchor) == day for d in scan.days)
        and scan.languages <= {"en"}
        and not _iso(scan, day)
    ):
        return [Flag("date", "date_ambiguous", "Day and month could be taken for one another.")]
    return []


def _iso(scan: Scan, day: date) -> bool:
    return any(len(d.found.readings) == 1 and d.found.day("dmy", scan.anchor) == day for d in scan.days)
