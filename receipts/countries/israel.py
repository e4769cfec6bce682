"""Israeli rules: the VAT rate of a day, and which tax invoices need an allocation number."""

from __future__ import annotations

import re
import tomllib
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from receipts.fields.scan import Scan
from receipts.types import Candidate, Flag, Kind, Reading

CURRENCY = "ILS"
_INVOICES = {Kind.TAX_INVOICE, Kind.INVOICE_RECEIPT}
# After a change of the rate, invoices for what was delivered before it go on bearing the old one.
_GRACE = timedelta(days=90)
_NUMBER = re.compile(r"(?<!\d)\d[\d \-]{7,40}\d(?!\d)")  # nine digits, or the whole number of which they are the end
_WORD = re.compile(r"הקצאה|allocation\s*(?:no|number|num|#)", re.IGNORECASE)


@cache
def _rules() -> dict[str, list[dict[str, Any]]]:
    text = files("receipts.countries").joinpath("il.toml").read_text(encoding="utf-8")
    return {name: sorted(entries, key=lambda entry: entry["from"]) for name, entries in tomllib.loads(text).items()}


def _on(name: str, key: str, day: date) -> Decimal | None:
    valid = [entry for entry in _rules()[name] if entry["from"] <= day]
    return Decimal(str(valid[-1][key])) if valid else None


def vat_rate(day: date) -> Decimal | None:
    """The VAT rate of a day in percent; None before 2006-07-01."""
    return _on("vat", "rate", day)


def allocation_above(day: date) -> Decimal | None:
    """Above how many shekels before VAT a tax invoice of the day needs an allocation number; None before 2024-05-05."""
    return _on("allocation", "above", day)


def needs_allocation(kind: Kind | None, currency: str | None, net: Decimal | None, day: date | None) -> bool:
    """Whether the VAT of such a document can only be deducted with an allocation number."""
    if kind not in _INVOICES or currency != CURRENCY or net is None or day is None:
        return False
    above = allocation_above(day)
    return above is not None and net > above


def has_allocation(text: str) -> bool:
    """Whether an allocation number stands on the document: nine digits or more on the label's line or a neighbour."""
    lines = text.splitlines()
    for place, line in enumerate(lines):
        if _WORD.search(line):
            near = lines[max(0, place - 1) : place + 2]
            if any(sum(c.isdigit() for c in found) >= 9 for one in near for found in _NUMBER.findall(one)):
                return True
    return False


def allocations(scan: Scan) -> list[Candidate[str]]:
    """Possible allocation numbers, each on the line of its label or a neighbour; digits only, all that are printed."""
    lines = scan.text.lines
    out = []
    for place, line in enumerate(lines):
        if not _WORD.search(line.text):
            continue
        for near, sure in ((place, 0.92), (place + 1, 0.8), (place - 1, 0.7)):
            if not 0 <= near < len(lines):
                continue
            for segment in lines[near].segments:
                for found in _NUMBER.finditer(segment.text):
                    digits = re.sub(r"\D", "", found.group())
                    if len(digits) >= 9:
                        box = scan.text.box(segment, found.start(), found.end())
                        out.append(Candidate(digits, sure, "labelled as the allocation number", box, line.text[:160]))
    return out


def doubts(reading: Reading, text: str) -> tuple[Flag, ...]:
    """What these rules find wanting in a reading; nothing where they do not apply.

    Args:
        reading: as read.
        text: all that stands on the document, a line a line.
    """
    day = reading.date.value
    if reading.currency.value != CURRENCY or day is None:
        return ()
    flags = []
    if needs_allocation(reading.kind.value, CURRENCY, _net(reading), day) and not has_allocation(text):
        sentence = "Its VAT can only be deducted with an allocation number of the Tax Authority, and none was found."
        flags.append(Flag("allocation_number", "allocation_missing", sentence))
    odd = next((line.rate for line in reading.tax if line.rate and not _possible(line.rate, day)), None)
    if odd is not None:
        sentence = f"A VAT rate of {odd.normalize():f} % is not the one of that day ({vat_rate(day)} %)."
        flags.append(Flag("tax", "vat_rate_odd", sentence))
    return tuple(flags)


def _possible(rate: Decimal, day: date) -> bool:
    return any(rate == known for known in (vat_rate(day), vat_rate(day - _GRACE)) if known is not None)


def _net(reading: Reading) -> Decimal | None:
    """What the document comes to before VAT; None where it states no VAT, for then there is none to deduct."""
    tax = sum((line.amount for line in reading.tax if line.amount is not None), Decimal(0))
    if not tax or reading.total.value is None:
        return None
    return reading.net.value if reading.net.value is not None else reading.total.value - tax
