"""One sale as a vendor's books have it: lines, rates, tip and discount, and the sums that follow from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Round to two decimals, halves away from zero."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a quantity of something at a unit price and a tax rate in percent (None: outside the tax)."""

    text: str
    quantity: Decimal
    price: Decimal
    rate: Decimal | None
    detail: str = ""

    @property
    def amount(self) -> Decimal:
        """Quantity times price."""
        return cents(self.quantity * self.price)


@dataclass(frozen=True, slots=True)
class TaxRow:
    """Base and tax of one rate."""

    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Sale:
    """A sale. `gross` says whether prices hold the tax; `words` are the texts that only this document has."""

    vendor: str
    kind: str
    number: str
    date: dt.date
    currency: str
    language: str
    lines: tuple[Line, ...]
    gross: bool = False
    due: dt.date | None = None
    discount: Decimal = Decimal(0)
    discount_rate: Decimal | None = None
    tip: Decimal = Decimal(0)
    prepaid: Decimal = Decimal(0)
    paid: bool = False
    negative: bool = False
    words: Mapping[str, Any] = field(default_factory=dict)

    def word(self, key: str, default: str = "") -> str:
        """A text of this document, or the default."""
        return str(self.words.get(key, default))

    def rows(self, key: str) -> list[str]:
        """Lines of text of this document."""
        return [str(row) for row in self.words.get(key, [])]

    @property
    def taxes(self) -> tuple[TaxRow, ...]:
        """Base and tax by rate, highest rate first; lines outside the tax are in none of them."""
        sums: dict[Decimal, Decimal] = {}
        for line in self.lines:
            if line.rate is not None:
                sums[line.rate] = sums.get(line.rate, Decimal(0)) + line.amount
        if self.discount and self.discount_rate is not None:
            sums[self.discount_rate] -= self.discount
        rows = []
        for rate in sorted(sums, reverse=True):
            if self.gross:
                base = cents(sums[rate] * 100 / (100 + rate))
                rows.append(TaxRow(rate, base, sums[rate] - base))
            else:
                rows.append(TaxRow(rate, sums[rate], cents(sums[rate] * rate / 100)))
        return tuple(rows)

    @property
    def line_sum(self) -> Decimal:
        """All lines as printed."""
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def tax(self) -> Decimal:
        """All tax."""
        return sum((row.amount for row in self.taxes), Decimal(0))

    @property
    def net(self) -> Decimal:
        """The total without tax (and without tip)."""
        return self.bill - self.tax

    @property
    def bill(self) -> Decimal:
        """The total before a tip."""
        amount = self.line_sum - self.discount
        return amount if self.gross else amount + self.tax

    @property
    def total(self) -> Decimal:
        """What the buyer pays for it in all."""
        return self.bill + self.tip

    @property
    def due_now(self) -> Decimal:
        """What is still to be paid."""
        return Decimal(0) if self.paid else self.total - self.prepaid


def sale_of(paper: Mapping[str, Any]) -> Sale:
    """The sale that a `paper` table of a mail tells of."""
    rate = paper.get("rate")
    lines = tuple(
        Line(
            text=str(row[0]),
            quantity=Decimal(str(row[1])),
            price=Decimal(str(row[2])),
            rate=_rate(row[3] if len(row) > 3 else rate),
            detail=str(row[4]) if len(row) > 4 else "",
        )
        for row in paper["lines"]
    )
    known = ("vendor", "kind", "number", "date", "due", "currency", "language", "gross", "paid", "lines", "rate")
    amounts = ("discount", "tip", "prepaid", "discount_rate")
    return Sale(
        vendor=paper["vendor"],
        kind=paper["kind"],
        number=str(paper["number"]),
        date=dt.date.fromisoformat(str(paper["date"])),
        due=dt.date.fromisoformat(str(paper["due"])) if paper.get("due") else None,
        currency=paper["currency"],
        language=paper["language"],
        lines=lines,
        gross=bool(paper.get("gross", False)),
        paid=bool(paper.get("paid", False)),
        discount=Decimal(str(paper.get("discount", 0))),
        discount_rate=_rate(paper.get("discount_rate", rate)),
        tip=Decimal(str(paper.get("tip", 0))),
        prepaid=Decimal(str(paper.get("prepaid", 0))),
        negative=paper["kind"] == "credit_note",
        words={k: v for k, v in paper.items() if k not in known + amounts},
    )


def _rate(value: object) -> Decimal | None:
    return None if value in (None, "", "none") else Decimal(str(value))
