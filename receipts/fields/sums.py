"""Sums: the values that may be a total, and a document's amounts by what they are, for the arithmetic."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import combinations

from receipts.fields.scan import Spot

BASE = {
    "grand": 0.90,
    "payable": 0.80,
    "total": 0.80,
    "refund": 0.70,
    "paid": 0.58,
    "tender": 0.35,
    "subtotal": 0.36,
    "column_grand": 0.35,
    "column_total": 0.30,
    "amount": 0.34,
    "net": 0.22,
    "column_amount": 0.18,
    "item": 0.12,
    "incl": 0.3,
    "": 0.10,
}
CENT = Decimal("0.011")
_MANY = 400  # amounts of one document that take part in the arithmetic


@dataclass
class Sum:
    """One value that may be the total, with all places that show it."""

    value: Decimal
    spots: list[Spot] = field(default_factory=list)
    score: float = 0.0
    confirmed: list[str] = field(default_factory=list)
    part_of: Decimal | None = None  # another sum that holds this one

    @property
    def best(self) -> Spot:
        """The place with the strongest label, the last of them."""
        return max(self.spots, key=lambda s: (BASE.get(s.role, 0.0), s.line))

    @property
    def roles(self) -> frozenset[str]:
        """What its places call it."""
        return frozenset(s.role for s in self.spots)


class Parts:
    """Amounts by role, for sums."""

    def __init__(self, spots: list[Spot]) -> None:
        self.spots = spots
        by: dict[str, list[Decimal]] = defaultdict(list)
        for spot in spots[:_MANY]:
            value = spot.amount.value
            if spot.amount.money_like and value not in by[spot.role]:
                by[spot.role].append(value)
        for spot in spots[:_MANY]:
            if spot.role == "discount" and "commission" in spot.row.text.casefold():
                by["commission"].append(spot.amount.value)
        self.by = by
        self.net = [*by["net"], *by["subtotal"], *by["column_net"]]
        self.tax = [*by["tax"], *by["column_tax"], *by["item_tax"]]
        self.extra = [*by["shipping"], *by["tip"], *by["rounding"]]
        negative = [s.amount.value for s in spots if s.amount.value < 0 and s.amount.money_like]
        self.cuts = {*negative, sum(negative, Decimal(0)), sum(dict.fromkeys(negative), Decimal(0))} - {Decimal(0)}
        self.given = list(
            dict.fromkeys(
                s.amount.value for s in spots if s.role == "tender" and s.amount.money_like and s.amount.value > 0
            )
        )[:8]
        lines: dict[int, Decimal] = {}
        for spot in spots:
            if spot.role == "item" and spot.amount.money_like:
                lines[spot.line] = spot.amount.value  # the last amount of its row
        self.items = sum(lines.values(), Decimal(0)) if 0 < len(lines) < 200 else Decimal(0)
        self.all_taxes = sum((v for v in dict.fromkeys(by["tax"])), Decimal(0))

    def shown(self, value: Decimal) -> Sum | None:
        """An amount of money that stands somewhere, whatever it is called."""
        return next((Sum(value, [s]) for s in self.spots if s.amount.value == value and s.amount.money_like), None)

    def confirm(self, value: Decimal) -> list[str]:
        """The sums that give this value."""
        out = []
        size = abs(value)
        if any(
            abs(abs(n) + (t if value >= 0 else abs(t)) - size) < CENT and t for n in self.net for t in self._taxes()
        ):
            out.append("net + tax")
        elif self.items and any(abs(self.items + t - size) < CENT and t for t in self._taxes()):
            out.append("items + tax")
        elif self.items and size and abs(self.items - size) < CENT:
            out.append("items add up")
        tender = [*self.by["tender"], *self.by["paid"]]
        if any(c and abs(t - c - size) < CENT for t in tender for c in self.by["change"]):
            out.append("paid − change")
        elif size and any(abs(t - size) < CENT for t in tender):
            out.append("paid")
        if "net + tax" not in out and any(self._adds(n, size) for n in self.net):
            out.append("subtotal + extras")
        if any(
            r and abs(t + r - size) < CENT
            for t in [*self.by["total"], *self.by["grand"], *self.by["subtotal"]]
            for r in self._signed(self.by["rounding"])
        ):
            out.append("rounding")
        if any(
            t > size and any(abs(t + cut - value) < CENT for cut in self.cuts)
            for t in [*self.by["total"], *self.by["subtotal"]]
        ):
            out.append("total − deductions")
        if size > max(self.given, default=size) and _pairs(self.given, size):
            out.append("payments add up")
        return out

    def _taxes(self) -> list[Decimal]:
        return [*self.tax, self.all_taxes] if self.all_taxes else self.tax

    @staticmethod
    def _signed(values: list[Decimal]) -> list[Decimal]:
        return [*values, *(-v for v in values)]

    def _adds(self, base: Decimal, size: Decimal) -> bool:
        """Whether what the document adds and takes off leads from the base to the sum."""
        return round(size - base, 2) in self._reach

    @cached_property
    def _reach(self) -> frozenset[Decimal]:
        """How far what the document adds and takes off leads, in any choice of it."""
        extras = [abs(e) for e in dict.fromkeys(self.extra) if e][:5]
        cuts = [abs(d) for d in dict.fromkeys(self.by["discount"]) if d][:4]
        taxes = [t for t in dict.fromkeys(self._taxes()) if t][:4]
        if not extras and not cuts:
            return frozenset()
        reach = {Decimal(0)}
        for value in extras:
            reach |= {r + value for r in reach}
        for value in cuts:
            reach |= {r - value for r in reach}
        reach |= {r + tax for r in reach for tax in taxes}
        return frozenset(round(r, 2) for r in reach if r)


def _pairs(values: list[Decimal], goal: Decimal) -> bool:
    """Whether two or three of the values add up to the goal."""
    return any(abs(sum(some, Decimal(0)) - goal) < CENT for size in (2, 3) for some in combinations(values, size))
