"""A reading and what its page states for machines, brought together: agreement settles, contradiction is flagged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from receipts.fields.choice import RIVALS, none
from receipts.types import Candidate, Field, Flag, Kind, Reading

if TYPE_CHECKING:
    from receipts.documents.markup import Sale

T = TypeVar("T")
_SURE = 0.97
_INVOICES = frozenset({Kind.INVOICE, Kind.TAX_INVOICE, Kind.INVOICE_RECEIPT, Kind.CREDIT_NOTE})


def with_sale(reading: Reading, sale: Sale) -> Reading:
    """A reading of a page that states one sale."""
    why = _why(sale)
    new = replace(
        reading,
        vendor=_known(reading.vendor, sale.vendor, why),
        due_date=_known(reading.due_date, sale.due_date, why),
        items=reading.items or sale.items,
    )
    if reading.kind.value is None:
        new = replace(new, kind=Field(sale.kind, 0.9, why))
    # An invoice that quotes its order's number and day has its own beside them.
    own = sale.type == "Invoice" or reading.kind.value not in _INVOICES
    if own or reading.number.confidence < 0.7:
        new = replace(new, number=_known(reading.number, sale.number or None, why))
    if own or reading.date.confidence < 0.7:
        new = replace(new, date=_known(reading.date, sale.date, why))
    flags = [f for f in reading.flags if getattr(new, f.field, None) is getattr(reading, f.field, None)]
    if sale.currency:
        if reading.currency.value not in {None, sale.currency} and reading.currency.confidence >= 0.9:
            flags.append(Flag("currency", "currency_doubtful", "The page's mark-up states another currency."))
        else:
            new = replace(new, currency=_known(reading.currency, sale.currency, why))
            flags = [f for f in flags if f.field != "currency"]
    if sale.total is not None:
        same = reading.total.value is None or any(abs(c.value) == abs(sale.total) for c in reading.total.candidates)
        if same:
            sign = -1 if new.kind.value is Kind.CREDIT_NOTE and sale.total > 0 else 1
            new = replace(new, total=_known(reading.total, sale.total * sign, why), source="schema_org")
            flags = [f for f in flags if f.field != "total"]
        else:
            rival = Candidate(sale.total, 0.5, why)
            rivals = (*reading.total.candidates[: RIVALS - 1], rival)
            new = replace(new, total=replace(reading.total, candidates=rivals))
            if all(f.field != "total" for f in flags):
                flags.append(Flag("total", "total_rivals", "The page's mark-up states another total than its text."))
    return replace(new, flags=tuple(flags))


def each(reading: Reading, sales: tuple[Sale, ...]) -> list[Reading]:
    """Several sales that one page states, each with a total of its own; [] where it states no such thing."""
    if len(sales) < 2 or any(s.total is None or not s.number for s in sales):
        return []
    nothing: Field[Any] = none("the page states several sales")
    bare = replace(reading, total=nothing, payable=nothing, net=nothing, tax=(), items=(), number=nothing)
    bare = replace(bare, flags=tuple(f for f in reading.flags if f.field not in {"total", "number", "tax"}))
    return [with_sale(bare, sale) for sale in sales]


def _why(sale: Sale) -> str:
    return f"stated by the page's mark-up (schema.org {sale.type})"


def _known(field: Field[T], value: T | None, why: str) -> Field[T]:
    """The stated value as the field's, with the place where the text shows it too."""
    if value is None:
        return field
    seen = next((c for c in field.candidates if c.value == value), None)
    first = Candidate(value, _SURE, why, seen.box if seen else None, seen.quote if seen else None)
    rest = [c for c in field.candidates if c.value != value]
    return Field(value, _SURE, why, first.box, first.quote, (first, *rest[: RIVALS - 1]))
