"""A doubtful reading and a language model's answer: one more candidate, which only the document itself can prove."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from receipts.fields import labels
from receipts.fields.choice import RIVALS
from receipts.fields.names import core
from receipts.fields.scan import Scan
from receipts.fields.totals import Totals, candidate
from receipts.types import Candidate, Field, Flag, Kind, Reading, TaxLine

if TYPE_CHECKING:
    from receipts.llm import Told

T = TypeVar("T")
WHY = "named by the attached language model"
_SURE, _UNPROVED = 0.85, 0.4
_CENT = Decimal("0.011")
_LABELLED = frozenset({"grand", "total", "payable", "paid", "refund"})
_WEAK = frozenset({"rounded", "rounding", "paid"})  # agreements that prove nothing by themselves
FIELDS = frozenset({"total", "date", "vendor", "number", "currency", "tax"})


def wanted(reading: Reading) -> bool:
    """Whether a second opinion may help: a field it can name is doubtful, or nothing could be read."""
    return any(flag.field in FIELDS or flag.code == "not_read" for flag in reading.flags)


def unread(reading: Reading, told: Told) -> Reading:
    """A picture that no engine read: the answer's values fill it, and every flag stays until a person looks."""
    values = {name: getattr(told, name) for name in ("vendor", "number", "date", "currency", "total", "net")}
    filled: dict[str, Any] = {
        name: _offered(getattr(reading, name), value, fill=True) for name, value in values.items() if value
    }
    return replace(reading, **filled)


def with_answer(reading: Reading, told: Told, scan: Scan, sums: Totals) -> Reading:
    """The reading with the answer beside what was read; only flagged fields are touched.

    A flag goes where the document proves the answer by itself: the amount by arithmetic or a label without a proved
    rival, a day by its label, a name or number by its own evidence. Everything else becomes a candidate.
    """
    flagged = {flag.field for flag in reading.flags}
    if "total" in flagged and told.total is not None:
        reading = _total(reading, told.total, scan, sums)
    if "tax" in flagged and told.tax and told.net is not None:
        reading = _tax(reading, told.net, told.tax, scan)
    if "date" in flagged and told.date is not None:
        day = (told.date.year, told.date.month, told.date.day)
        shown = any(day == one[1:] for found in scan.days for one in found.found.readings)
        known = next((c for c in reading.date.candidates if c.value == told.date), None)
        proved = known is not None and "labelled as the date" in known.why
        codes = {"date_doubtful", "date_rivals", "date_missing"}  # never the swap of day and month, nor the future
        reading = _settled(reading, "date", told.date, codes, proved=proved, shown=shown)
    if "vendor" in flagged and told.vendor:
        own = core(told.vendor)
        known_name = next((c for c in reading.vendor.candidates if own and core(c.value) == own), None)
        shown = known_name is not None or (len(own) > 2 and own in core(scan.text.text[:20_000]))
        proved = known_name is not None and known_name.confidence >= 0.3
        name = known_name.value if known_name else told.vendor
        reading = _settled(reading, "vendor", name, {"vendor_doubtful", "vendor_missing"}, proved=proved, shown=shown)
    if "number" in flagged and told.number:
        own = labels.squeeze(told.number)
        same = next((c for c in reading.number.candidates if labels.squeeze(c.value) == own), None)
        proved = same is not None and same.confidence >= 0.3
        number = same.value if same else told.number
        codes = {"number_doubtful", "number_missing"}
        reading = _settled(reading, "number", number, codes, proved=proved, shown=same is not None)
    if "currency" in flagged and told.currency:
        seen = any(c.value == told.currency for c in reading.currency.candidates)
        # A sign of several currencies is on the document, and this is one of them; from nothing none is made.
        reading = _settled(reading, "currency", told.currency, {"currency_doubtful"}, proved=seen, shown=seen)
    return reading


def _total(reading: Reading, value: Decimal, scan: Scan, sums: Totals) -> Reading:
    sign = -1 if reading.kind.value is Kind.CREDIT_NOTE else 1
    own = next((s for s in sums.candidates if abs(abs(s.value) - value) < _CENT), None)
    others = [s for s in sums.candidates if s is not own and s.part_of is None]
    if own is None:
        return replace(reading, total=_offered(reading.total, value * sign, fill=False))
    told = candidate(scan, own)
    here = Candidate(abs(told.value) * sign, _SURE, f"{told.why}; {WHY}", told.box, told.quote)
    named = bool(own.roles & _LABELLED)
    # An item is the sum of the items where it is the only one: without a label that proves nothing.
    proofs = set(own.confirmed) - _WEAK - (set() if named else {"items add up"})
    rival = any(set(s.confirmed) - _WEAK and s.roles & _LABELLED for s in others)
    proved = bool(proofs) or (named and not rival)
    if not proved:
        if reading.total.value is not None:
            return replace(reading, total=_with(reading.total, [replace(here, confidence=_UNPROVED)]))
        return replace(reading, total=_chosen(reading.total, replace(here, confidence=_UNPROVED)))
    if rival and reading.total.value is not None and abs(reading.total.value) != abs(here.value):
        return replace(reading, total=_with(reading.total, [here]))  # two amounts have their proofs: a person decides
    codes = {"total_zero", "total_mismatch"}
    flags = tuple(f for f in reading.flags if f.field != "total" or f.code in codes)
    return replace(reading, total=_chosen(reading.total, here), flags=flags)


def _tax(reading: Reading, net: Decimal, tax: Decimal, scan: Scan) -> Reading:
    """Net and tax that stand on the document and give its total."""
    total = abs(reading.total.value or Decimal(0))
    shown = {abs(s.amount.value) for s in scan.spots if s.amount.money_like}
    if not total or abs(net + tax - total) >= _CENT or not {net, tax} <= shown:
        return reading
    sign = -1 if reading.kind.value is Kind.CREDIT_NOTE else 1
    rate = next((t.rate for t in reading.tax if t.rate and abs(net * t.rate / 100 - tax) < Decimal("0.03")), None)
    known = reading.tax if sum((abs(t.amount or Decimal(0)) for t in reading.tax), Decimal(0)) == tax else ()
    flags = tuple(f for f in reading.flags if f.code != "tax_unproved")
    line = Candidate(net * sign, _SURE, f"net + tax gives the total; {WHY}")
    lines = known or (TaxLine(rate, net * sign, tax * sign),)
    return replace(reading, net=_chosen(reading.net, line), tax=lines, flags=flags)


def _settled(reading: Reading, name: str, value: T, codes: set[str], *, proved: bool, shown: bool) -> Reading:
    """A field whose answer is proved, or only stands there, or not even that."""
    old: Field[T] = getattr(reading, name)
    if not proved:
        new = _offered(old, value, fill=shown)
        flags: Iterable[Flag] = reading.flags
        if new.value is not None and old.value is None:  # no more missing, and still to be looked at
            text = f"The {name} was named by the attached language model, and nothing on the document proves it."
            flags = [Flag(name, f"{name}_doubtful", text) if f.field == name else f for f in reading.flags]
        return replace(reading, **{name: new, "flags": tuple(flags)})  # type: ignore[arg-type]
    known = next((c for c in old.candidates if c.value == value), None)
    first = replace(known, confidence=_SURE, why=f"{known.why}; {WHY}") if known else Candidate(value, _SURE, WHY)
    flags = tuple(f for f in reading.flags if f.field != name or f.code not in codes)
    return replace(reading, **{name: _chosen(old, first), "flags": flags})  # type: ignore[arg-type]


def _chosen(field: Field[T], first: Candidate[T]) -> Field[T]:
    rest = [c for c in field.candidates if c.value != first.value]
    return Field(first.value, first.confidence, first.why, first.box, first.quote, (first, *rest[: RIVALS - 1]))


def _with(field: Field[T], more: list[Candidate[T]]) -> Field[T]:
    known = {c.value for c in field.candidates}
    return replace(field, candidates=(*field.candidates[: RIVALS - 1], *(c for c in more if c.value not in known)))


def _offered(field: Field[T], value: T, *, fill: bool) -> Field[T]:
    """The answer as a candidate; as the value too where there is none and it may be filled in."""
    one = Candidate(value, _UNPROVED, WHY)
    return _chosen(field, one) if fill and field.value is None else _with(field, [one])
