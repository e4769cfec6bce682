"""A reading and what its QR codes state, brought together: agreement settles, contradiction is flagged."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from receipts.fields import labels
from receipts.fields.choice import RIVALS
from receipts.fields.names import core
from receipts.types import Candidate, Field, Flag, Kind, Reading

if TYPE_CHECKING:
    from receipts.documents.payloads import Code

T = TypeVar("T")
_SURE = 0.98
_CENT = Decimal("0.011")


def with_codes(reading: Reading, codes: tuple[Code, ...]) -> Reading:
    """A reading of a document with these codes.

    Two codes of one kind are two bills, or a bill and its copy with other figures: then none of that kind speaks.
    """
    for fiscal in (True, False):
        some = [code for code in codes if code.fiscal is fiscal]
        if len(some) == 1:
            reading = _fiscal(reading, some[0]) if fiscal else _payment(reading, some[0])
    return reading


def _fiscal(reading: Reading, code: Code) -> Reading:
    """What goes to the tax authority is the document's own figure; only a sure other total makes it doubtful."""
    total = code.total or Decimal(0)
    if code.kind is Kind.CREDIT_NOTE and reading.kind.value is not Kind.CREDIT_NOTE:
        reading = replace(reading, kind=_known(reading.kind, code.kind, code))
    sign = -1 if reading.kind.value is Kind.CREDIT_NOTE else 1
    shown = any(abs(abs(c.value) - total) < _CENT for c in reading.total.candidates)
    read = reading.total.value
    sure = read is not None and all(f.field != "total" for f in reading.flags)
    settled = {"vendor_tax_id", "date", "currency", "total"}
    flags: list[Flag] = []
    if sure and not shown and abs(abs(read or Decimal(0)) - total) >= _CENT:
        settled -= {"total"}
        reading = replace(reading, total=_rival(reading.total, total * sign, code))
        flags.append(Flag("total", "total_rivals", "The document's QR code states another total than its text."))
    else:
        held = sum((t.amount or Decimal(0) for t in code.taxes), Decimal(0))
        lines = tuple(replace(t, base=_times(t.base, sign), amount=_times(t.amount, sign)) for t in code.taxes)
        reading = replace(reading, total=_known(reading.total, total * sign, code), turned=reading.turned or sign < 0)
        if lines:
            reading = replace(reading, tax=lines, net=_known(reading.net, (total - held) * sign, code))
            settled |= {"tax", "net"}
    return _common(replace(reading, flags=(*reading.flags, *flags)), code, settled)


def _payment(reading: Reading, code: Code) -> Reading:
    """What is asked to be paid: the total's proof where both are the same, else what is due of it."""
    settled = {"currency"} if code.payable else set()
    due, total = code.payable, reading.total.value
    if due and reading.kind.value is not Kind.CREDIT_NOTE:
        if total is not None and abs(total - due) < _CENT:
            reading = replace(reading, total=_known(reading.total, total, code))
            settled |= {"total"}
        elif any(f.field == "total" for f in reading.flags) and any(
            abs(c.value - due) < _CENT for c in reading.total.candidates
        ):
            reading = replace(
                reading, total=_known(reading.total, due, code)
            )  # of several that may be it, this is asked
            settled |= {"total"}
        elif total is None or due > total:
            # Only the code knows this figure: a person sees whether it is the total, or holds more than this bill.
            flag = Flag("total", "total_rivals", "The payment's QR code asks for another amount than the text.")
            known = [f for f in reading.flags if f.field != "total"]
            reading = replace(reading, total=_rival(reading.total, due, code), flags=(*known, flag))
        reading = replace(reading, payable=_known(reading.payable, due, code))
    number = reading.number.value
    if number and len(number) > 3 and labels.squeeze(number) in labels.squeeze(code.text):
        settled |= {"number"}  # what the payer is to quote holds it
    return _common(reading, code, settled)


def _common(reading: Reading, code: Code, settled: set[str]) -> Reading:
    """The fields that both kinds of code may state, and the flags that are answered by them."""
    if code.currency and reading.currency.value not in {None, code.currency} and reading.currency.confidence >= 0.9:
        settled -= {"currency"}
        flag = Flag("currency", "currency_doubtful", "The document's QR code states another currency.")
        reading = replace(reading, flags=(*reading.flags, flag))
    elif code.currency:
        reading = replace(reading, currency=_known(reading.currency, code.currency, code))
    if code.vendor:
        own = core(code.vendor)
        same = next((c for c in reading.vendor.candidates if own and core(c.value) == own), None)
        if reading.vendor.value is None or (same is not None and _flagged(reading, "vendor")):
            reading = replace(reading, vendor=_known(reading.vendor, same.value if same else code.vendor, code))
            settled |= {"vendor"}
        elif same is not None and same.value == reading.vendor.value:
            settled |= {"vendor"}
        else:  # a bank account may be a factor's: who wrote the bill stays who he is
            reading = replace(reading, vendor=_rival(reading.vendor, code.vendor, code))
    stated: dict[str, Any] = {
        name: _known(getattr(reading, name), value, code)
        for name in ("vendor_tax_id", "billed_to", "date", "due_date")
        if (value := getattr(code, name)) is not None
    }
    reading = replace(reading, **stated)
    settled |= set(stated)
    if code.number:
        # "FS A/12" is printed with or without the letters of its kind: how it is printed stays.
        squeezed = labels.squeeze(code.number)
        printed = next((c for c in reading.number.candidates if labels.squeeze(c.value) == squeezed), None)
        reading = replace(reading, number=_known(reading.number, printed.value if printed else code.number, code))
        settled |= {"number"}
    flags = tuple(f for f in reading.flags if f.field not in settled)
    return replace(reading, flags=flags)


def _flagged(reading: Reading, name: str) -> bool:
    return any(flag.field == name for flag in reading.flags)


def _times(value: Decimal | None, sign: int) -> Decimal | None:
    return None if value is None else value * sign


def _stated(value: T, sure: float, code: Code) -> Candidate[T]:
    return Candidate(value, sure, f"stated by the QR code ({code.standard})", code.box)


def _known(field: Field[T], value: T, code: Code) -> Field[T]:
    """The stated value as the field's; where the text shows it too, the evidence is that place."""
    seen = next((c for c in field.candidates if c.value == value and c.box), None)
    told = _stated(value, _SURE, code)
    first = replace(told, box=seen.box, quote=seen.quote) if seen else told
    rest = [c for c in field.candidates if c.value != value]
    return Field(value, _SURE, first.why, first.box, first.quote, (first, *rest[: RIVALS - 1]))


def _rival(field: Field[T], value: T, code: Code) -> Field[T]:
    """The stated value as one that may be it too."""
    return replace(field, candidates=(*field.candidates[: RIVALS - 1], _stated(value, 0.5, code)))
