"""What is missing or doubtful in a reading, as flags with stable codes and sentences."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

from receipts.fields import dates, labels, names
from receipts.fields.days import Days
from receipts.fields.scan import Scan
from receipts.fields.sums import Sum
from receipts.fields.totals import Totals
from receipts.types import Flag, Kind, Reading

# Below these confidences a value is shown but flagged.
LEAST = {"vendor": 0.62, "number": 0.55, "date": 0.55, "currency": 0.78, "total": 0.78}
_STRONG = {"grand", "total", "payable", "refund"}
_WEAK = {"rounded", "rounding"}  # agreements that prove nothing by themselves
_LOWERS = {"discount", "prepaid", "paid", "tender", "rounding", "refund", "tax", "points"}
_US = re.compile(r"\b[A-Z]{2}\s+\d{5}(?:-\d{4})?\b|\bsales tax\b|\bLLC\b|\bUSA\b|\bUnited States\b")
_ELSEWHERE = re.compile(r"\b(?:sdn|bhd|pte|pty|ltd|plc|gst|vat|gmbh|limited)\b", re.IGNORECASE)


def find(reading: Reading, scan: Scan, sums: Totals, days: Days, today: date | None) -> tuple[Flag, ...]:
    """Every doubt about a reading."""
    flags: list[Flag] = []
    flags += _total(reading, sums, scan)
    flags += _date(reading, days, scan, today)
    if reading.currency.value is None:
        flags.append(Flag("currency", "currency_missing", "No currency stands on the document."))
    elif reading.currency.confidence < LEAST["currency"]:
        flags.append(Flag("currency", "currency_doubtful", "The currency's sign may stand for another currency."))
    if reading.vendor.value is None:
        flags.append(Flag("vendor", "vendor_missing", "No vendor was found."))
    elif (
        reading.vendor.confidence < LEAST["vendor"]
        or (scan.text.loose and _slip_vendor_doubtful(reading, scan))
        or _another_issuer(reading)
    ):
        flags.append(Flag("vendor", "vendor_doubtful", "The vendor's name is not certain."))
    if reading.number.value is None:
        if reading.kind.value in {Kind.INVOICE, Kind.TAX_INVOICE, Kind.INVOICE_RECEIPT, Kind.CREDIT_NOTE}:
            flags.append(Flag("number", "number_missing", "No document number was found."))
    elif reading.number.confidence < LEAST["number"] or _crowd(reading) or _of_another_kind(reading, scan):
        flags.append(Flag("number", "number_doubtful", "The document number is not certain."))
    if reading.tax and not sums.tax_confirmed:
        flags.append(Flag("tax", "tax_unproved", "Net and tax could not be checked against the total."))
    return tuple(flags)


def _another_issuer(reading: Reading) -> bool:
    """Whether the document's own web or mail address speaks for another firm than the one that was chosen."""
    if "address" in reading.vendor.why:  # it agrees with the chosen one, or gave the shop's sign
        return False
    return any("address agrees" in c.why and names.legal_name(c.value) for c in reading.vendor.candidates[1:4])


def _of_another_kind(reading: Reading, scan: Scan) -> bool:
    """Whether an order's number merely stands beside the word for an invoice: it may be that invoice's."""
    if reading.kind.value is not Kind.ORDER or "beside the document's name" not in reading.number.why:
        return False
    said = scan.classes(reading.number.quote or "")
    return bool({"k.invoice", "k.tax_invoice", "k.receipt"} & said) and "k.order" not in said


def _crowd(reading: Reading) -> bool:
    """Whether several numbers carry the label as well as the chosen one does."""
    same = [c for c in reading.number.candidates[1:] if c.confidence > reading.number.confidence - 0.005]
    return len(same) > 1


def _total(reading: Reading, sums: Totals, scan: Scan) -> list[Flag]:
    if reading.total.value is None:
        return [Flag("total", "total_missing", "No total was found.")]
    flags = []
    first = sums.candidates[0]
    proofs = set(first.confirmed) - _WEAK
    if not first.roles & _STRONG and len(proofs) < (2 if scan.text.loose else 1):
        flags.append(Flag("total", "total_unlabelled", "The total carries no clear label."))
    if any(_rivals(s, first, sums, scan) for s in sums.candidates[1:]):
        flags.append(Flag("total", "total_rivals", "Two amounts are labelled as the total."))
    if scan.text.loose and not flags and not (proofs or len({s.line for s in first.spots}) > 1):
        flags.append(Flag("total", "total_unproved", "It was read from a picture, and nothing else on it agrees."))
    if (
        not flags
        and not proofs
        and any(s.value > first.value > 0 and s.best.amount.money_like and s.score > 0.1 for s in sums.candidates[1:])
    ):
        flags.append(Flag("total", "total_not_largest", "A larger amount stands on the document."))
    if not flags and _unrounded(first, scan):
        flags.append(Flag("total", "total_rivals", "A rounded amount stands beside the total."))
    if not flags and reading.total.confidence < LEAST["total"]:
        flags.append(Flag("total", "total_doubtful", "The total is not certain."))
    if not reading.total.value and not flags:
        flags.append(Flag("total", "total_zero", "The total is zero."))
    return flags


def _unrounded(first: Sum, scan: Scan) -> bool:
    """Whether a rounding is stated, and the total after it stands there too."""
    steps = [s.amount.value for s in scan.spots if s.role == "rounding" and 0 < abs(s.amount.value) < 1]
    if not steps or "rounded" in first.confirmed or first.value % Decimal("0.05") == 0:
        return False
    values = {s.amount.value for s in scan.spots}
    return any(first.value + sign * step in values for step in steps for sign in (1, -1))


def _rivals(one: Sum, first: Sum, sums: Totals, scan: Scan) -> bool:
    """Whether another amount may as well be the total."""
    if not one.value or one is sums.payable or one.part_of is not None or abs(one.value) == abs(first.value):
        return False
    named = one.roles & {"grand", "total"} and one.best.amount.money_like and not one.best.prose
    if not named:
        return False
    if sums.tax_confirmed:
        tax = sum((t.amount or Decimal(0) for t in sums.taxes), Decimal(0))
        if abs(abs(first.value) - tax - abs(one.value)) < Decimal("0.02"):
            return False  # the net of it
    proved = set(first.confirmed) - _WEAK
    if one.value > first.value >= 0 and one.score > 0.6:
        taken_off = "total − deductions" in proved and _taken_off(one, first, scan)
        return not taken_off and "paid − change" not in proved
    return one.score > first.score - 0.12 and not (proved and not one.confirmed)


def _taken_off(larger: Sum, first: Sum, scan: Scan) -> bool:
    """Whether what parts two totals lowers what the buyer pays: called so, or printed between them with a minus."""
    amount = larger.value - first.value
    others = [s for s in scan.spots if s.amount.value != larger.value]
    known = [s for s in others if abs(abs(s.amount.value) - amount) < Decimal("0.01")]
    below = any(larger.best.line < s.line < first.best.line and s.amount.value == -amount for s in known)
    return not known or below or any(s.role in _LOWERS for s in known)


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
        and _month_first(reading, scan)
        and not _clear(scan, day)
    ):
        return [Flag("date", "date_ambiguous", "Day and month could be taken for one another.")]
    return []


def _month_first(reading: Reading, scan: Scan) -> bool:
    """Whether the document may come from where the month is written first."""
    if reading.currency.value not in {None, "USD", "CAD", "PHP"} or not scan.languages <= {"en", "es"}:
        return False
    text = scan.text.text[:20_000]
    return bool(_US.search(text)) or not _ELSEWHERE.search(text)


def _clear(scan: Scan, day: date) -> bool:
    """Whether the day stands somewhere in a way that can be read once only."""
    for one in scan.days:
        if (one.found.named or len(one.found.readings) == 1) and one.found.day("dmy", scan.anchor) == day:
            return True
    return False


def _slip_vendor_doubtful(reading: Reading, scan: Scan) -> bool:
    """On a till slip a name is sure when it has a legal form, stands at the top by itself, and has no rival."""
    name = reading.vendor.value or ""
    own, core = names.legal_name(name), names.core(name)
    if "labelled" in reading.vendor.why and own:
        return False
    rivals = [c.value for c in reading.vendor.candidates[1:4] if names.legal_name(c.value) and c.confidence > 0.12]
    head = names.core(scan.text.lines[0].text) if scan.text.lines else ""
    if not own:
        # "Sanyu Books" and "Sanyu Supply Ltd", which owns it, are one shop.
        others = [r for r in rivals if not (_first_word(name) and _first_word(name) == _first_word(r))]
        if not others and names.TRADE.search(name) and core[:12] in head:
            return False  # "Lee's Bakery" in the first line, and no firm beside it
        repeated = sum(core in names.core(line.text) for line in scan.text.lines) > 1
        return bool(rivals) or not repeated
    # Headings ("Tax Invoice"), codes and scraps above a name are no rivals of it.
    top = [names.core(line.text) for line in scan.text.lines[:8] if _may_name(line.text)][:3]
    place = next((i for i, line in enumerate(top) if core and (core[:12] in line or _begins(core, line))), 9)
    if place > 1 or any(names.core(r) in line for r in rivals for line in top):
        return True  # two firms at the top: a shop and who runs it
    return place > 0 and not reading.vendor.why.count("large type")


def _begins(core: str, line: str) -> bool:
    """Whether a line is the beginning of a name that runs over two."""
    return len(line) > 4 and core.startswith(line)


def _first_word(name: str) -> str:
    """A name's first word where it is long enough to tell a shop from others."""
    word = re.match(r"[^\W\d_]{4,}", name)
    return word[0].casefold() if word else ""


def _may_name(text: str) -> bool:
    """Whether a line at the top of a slip could be somebody's name."""
    found = labels.find(text, loose=True)
    known = sum(sum(c.isalpha() for c in text[h.start : h.end]) for h in found)
    letters = sum(c.isalpha() for c in text)
    return letters - known > 3 and not dates.find(text) and letters * 2 > sum(c.isalnum() for c in text)
