"""The grand total, what is still due, net and taxes: labelled amounts weighed and checked by arithmetic."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import combinations, pairwise

from receipts.fields import amounts as money
from receipts.fields.scan import Scan, Spot
from receipts.types import Candidate, TaxLine

_BASE = {
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
_LABELLED = frozenset({"grand", "payable", "total", "paid", "refund"})
_CENT = Decimal("0.011")
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
        return max(self.spots, key=lambda s: (_BASE.get(s.role, 0.0), s.line))

    @property
    def roles(self) -> frozenset[str]:
        """What its places call it."""
        return frozenset(s.role for s in self.spots)


@dataclass
class Totals:
    """The sums of a document: candidates best first, and the parts that confirm them."""

    candidates: list[Sum]
    payable: Sum | None = None
    net: Sum | None = None
    taxes: tuple[TaxLine, ...] = ()
    tax_confirmed: bool = False


def read(scan: Scan) -> Totals:
    """Weigh every amount of a text as its total."""
    spots = [s for s in scan.spots if abs(s.amount.value) < Decimal(10) ** 10][:2000]
    sums: dict[Decimal, Sum] = {}
    for spot in spots:
        if spot.role in {
            "count",
            "points",
            "unit",
            "previous",
            "fee",
            "item_count",
            "item_unit",
            "column_count",
            "column_unit",
        }:
            continue
        if not spot.amount.money_like and spot.role not in {"grand", "payable", "total", "paid", "refund"}:
            continue
        value = spot.amount.value
        sums.setdefault(value, Sum(value)).spots.append(spot)
    if any(s.amount.money_like and s.role in _LABELLED for s in spots):
        sums = {value: one for value, one in sums.items() if any(s.amount.money_like for s in one.spots)}
    parts = _Parts(spots)
    top = max(
        (
            abs(s.amount.value)
            for s in spots
            if s.amount.money_like and s.role not in {"tender", "change", "previous", "fee", "points"}
        ),
        default=Decimal(0),
    )
    last_line = max((s.line for s in spots), default=1) or 1
    for one in sums.values():
        _weigh(one, parts, top, last_line)
    _relate(sums, parts)
    ranked = sorted((s for s in sums.values() if s.score > 0.0), key=lambda s: (-s.score, -s.best.line))
    totals = Totals(ranked)
    if ranked:
        _settle(totals, parts)
        _parts_of(scan, totals, parts, spots)
    return totals


class _Parts:
    """Amounts by role, for sums."""

    def __init__(self, spots: list[Spot]) -> None:
        by: dict[str, list[Decimal]] = defaultdict(list)
        for spot in spots[:_MANY]:
            value = spot.amount.value
            if spot.amount.money_like and value not in by[spot.role]:
                by[spot.role].append(value)
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

    def confirm(self, value: Decimal) -> list[str]:
        """The sums that give this value."""
        out = []
        size = abs(value)
        if any(abs(abs(n) + t - size) < _CENT and t for n in self.net for t in self._taxes()):
            out.append("net + tax")
        elif self.items and any(abs(self.items + t - size) < _CENT and t for t in self._taxes()):
            out.append("items + tax")
        elif self.items and size and abs(self.items - size) < _CENT:
            out.append("items add up")
        tender = [*self.by["tender"], *self.by["paid"]]
        if any(c and abs(t - c - size) < _CENT for t in tender for c in self.by["change"]):
            out.append("paid − change")
        elif size and any(abs(t - size) < _CENT for t in tender):
            out.append("paid")
        if "net + tax" not in out and any(self._adds(n, size) for n in self.net):
            out.append("subtotal + extras")
        if any(
            r and abs(t + r - size) < _CENT
            for t in [*self.by["total"], *self.by["grand"], *self.by["subtotal"]]
            for r in self._signed(self.by["rounding"])
        ):
            out.append("rounding")
        if any(
            t > size and any(abs(t + cut - value) < _CENT for cut in self.cuts)
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


def _weigh(one: Sum, parts: _Parts, top: Decimal, last_line: int) -> None:
    best = one.best
    _tax_in_disguise(one, top)
    best = one.best
    score = _BASE.get(best.role, 0.0)
    if best.role in {"tax", "discount", "change", "shipping", "tip", "rounding", "prepaid"}:
        one.score = 0.02
        return
    one.confirmed = parts.confirm(one.value)
    strong = best.role in {"grand", "payable", "total", "paid", "refund"}
    if strong and one.confirmed:
        score += 0.10 + (
            0.06
            if {"net + tax", "items + tax", "items add up", "total − deductions", "payments add up"}
            & set(one.confirmed)
            else 0.0
        )
    elif {"net + tax", "paid − change"} & set(one.confirmed) and best.role != "tender":
        score = max(score, 0.70) + 0.10  # an amount without a label, but labelled parts give it
    elif best.role == "tender" and "items add up" in one.confirmed:
        score = 0.72  # no total, but what was paid is what was bought
    lines = {(s.segment.page, s.line) for s in one.spots}
    labelled = {s.line for s in one.spots if s.role in {"grand", "payable", "total", "paid", "refund", "tender"}}
    if strong and len(labelled) > 1:
        score += 0.04
    elif len(lines) > 1:
        score += 0.03
    if abs(one.value) == top:
        score += 0.05
    score += 0.03 * best.line / last_line
    if best.amount.currency:
        score += 0.02
    if best.amount.decimals != 2 and not best.amount.currency:
        score -= 0.20
    if best.row.where == "after":
        score -= 0.05
    if best.prose:
        score -= 0.08
    if one.value < 0:
        score -= 0.10
    if not one.value and "total − deductions" not in one.confirmed:
        score -= 0.45
    if strong and len({s.line for s in one.spots}) == 1 and best.segment.index >= 3:
        score -= 0.10  # a row of a table, of which the total is one column among many
    one.score = max(0.0, min(0.99, score))


def _tax_in_disguise(one: Sum, top: Decimal) -> None:
    """Call an amount the tax that is labelled "total included GST 6%": it is that share of the largest one."""
    for spot in one.spots:
        rate = _rate(spot) if spot.role in {"grand", "total"} else None
        if rate:
            for whole in (top * rate / (100 + rate), top * rate / 100):
                if abs(whole - one.value) < Decimal("0.03"):
                    spot.role = "tax"


def _relate(sums: dict[Decimal, Sum], parts: _Parts) -> None:
    """Labelled sums that are parts of one another: what holds the others is the total."""
    named = sorted((s for s in sums.values() if s.roles & _LABELLED and s.value > 0), key=lambda s: s.value)[:24]
    extras = [abs(v) for v in dict.fromkeys([*parts.extra, *parts.tax]) if v][:8]
    smallest = Decimal("0.05")  # less is rounding, which the last loop looks at
    for low, whole in ((a, b) for i, a in enumerate(named) for b in named[i + 1 :]):
        gap = whole.value - low.value
        if not whole.roles & {"grand", "total", "payable"}:
            continue
        if (
            gap > smallest
            and _subset(extras, gap)
            and not (low.confirmed and not whole.confirmed and low.best.line > whole.best.line + 12)
        ):
            whole.confirmed.append("a sum and what is added give it")
            low.part_of = whole.value
        elif any(
            abs(gap - other.value) < _CENT
            for other in named
            if other is not low
            and other.value < whole.value
            and other.roles & {"total", "grand", "subtotal"}
            and low.roles & {"total", "grand", "subtotal"}
        ):
            whole.confirmed.append("the sums on it add up to it")
            low.part_of = whole.value
    for one in named:
        for other in named:
            gap = abs(one.value - other.value)
            near = bool(parts.by["rounding"]) or (one.roles & {"grand", "total"} and other.roles & {"grand", "total"})
            if (
                near
                and one is not other
                and Decimal(0) < gap <= Decimal("0.04")
                and one.value % Decimal("0.05") == 0
                and other.value % Decimal("0.05") != 0
            ):
                one.confirmed.append("rounded")
                other.part_of = one.value
    for one in sums.values():
        if one.part_of is not None:
            one.score = min(one.score, sums[one.part_of].score) - 0.06
    for one in named:
        if one.part_of is None and {"a sum and what is added give it", "the sums on it add up to it", "rounded"} & set(
            one.confirmed
        ):
            one.score = min(0.99, one.score + 0.08)


def _pairs(values: list[Decimal], goal: Decimal) -> bool:
    """Whether two or three of the values add up to the goal."""
    return any(abs(sum(some, Decimal(0)) - goal) < _CENT for size in (2, 3) for some in combinations(values, size))


def _subset(values: list[Decimal], goal: Decimal) -> bool:
    """Whether some of the values, with either sign for small ones, add up to the goal."""
    reach = {Decimal(0)}
    for value in values:
        reach |= {r + value for r in reach} | ({r - value for r in reach} if value < Decimal("0.06") else set())
        if len(reach) > 800:
            break
    return any(r and abs(r - goal) < _CENT for r in reach)


def _settle(totals: Totals, parts: _Parts) -> None:
    """Total and payable told apart: prepayments taken off the total leave what is due."""
    first = totals.candidates[0]
    by_value = {s.value: s for s in totals.candidates}
    if "payable" in first.roles and not first.roles & {"grand", "total"}:
        for paid in parts.by["prepaid"]:
            whole = by_value.get(first.value + abs(paid)) if paid else None
            if whole and whole.roles & {"grand", "total"}:
                totals.payable = first
                totals.candidates.remove(whole)
                totals.candidates.insert(0, whole)
                whole.score = max(whole.score, first.score)
                whole.confirmed.append("total − prepaid = due")
                return
        nets = [abs(n) for n in parts.net]
        for own in totals.candidates[1:]:
            if (
                own.roles & {"grand"}
                and 0 < own.value < first.value
                and ("net + tax" in own.confirmed or own.value in nets)
            ):
                totals.payable = first  # what is due holds other invoices too
                totals.candidates.remove(own)
                totals.candidates.insert(0, own)
                own.score = max(own.score, 0.9)
                return
    due = [s for s in totals.candidates if "payable" in s.roles and s is not first]
    for one in due:
        if any(paid and first.value - abs(paid) == one.value for paid in parts.by["prepaid"]):
            totals.payable = one
            first.confirmed.append("total − prepaid = due")
            return
    if "payable" in first.roles:
        totals.payable = first
    elif len(due) == 1 and due[0].value < first.value:
        totals.payable = due[0]


def _parts_of(scan: Scan, totals: Totals, parts: _Parts, spots: list[Spot]) -> None:
    """Net and tax lines that fit the chosen total."""
    total = abs(totals.candidates[0].value)
    lines = _tax_table(scan, spots)
    summed = sum((line.amount for line in lines if line.amount is not None), Decimal(0))
    whole = [*parts.net, parts.items] if parts.items else parts.net
    if lines and any(
        abs(abs(n) + summed - total) < _CENT * 2
        for n in [*whole, *(sum(((x.base or Decimal(0)) for x in lines), Decimal(0)),)]
    ):
        totals.taxes, totals.tax_confirmed = lines, True
    else:
        for spot in reversed([s for s in spots if s.role == "tax" and s.amount.money_like]):
            net = next(
                (n for n in whole if abs(abs(n) + spot.amount.value - total) < _CENT and spot.amount.value), None
            )
            if net is not None:
                totals.taxes = (TaxLine(_rate(spot), abs(net), spot.amount.value),)
                totals.tax_confirmed = True
                break
        else:
            labelled: list[TaxLine] = []
            for spot in spots:
                if spot.role == "tax" and spot.amount.money_like and spot.amount.value < total:
                    line = TaxLine(_rate(spot), None, spot.amount.value)
                    if line.amount not in [x.amount for x in labelled]:
                        labelled.append(line)
            summed = sum((x.amount or Decimal(0) for x in labelled), Decimal(0))
            if labelled and any(abs(abs(n) + summed - total) < _CENT * 2 for n in whole):
                totals.taxes, totals.tax_confirmed = tuple(labelled), True
            elif lines:
                totals.taxes = lines
            elif len(labelled) > 1 and sum(x.rate is not None for x in labelled) == 1:
                totals.taxes = tuple(x for x in labelled if x.rate is not None)
            elif len(labelled) == 1:
                totals.taxes = tuple(labelled)
    if totals.taxes:
        summed = sum((x.amount or Decimal(0) for x in totals.taxes), Decimal(0))
        net = total - summed
        totals.net = next((s for s in totals.candidates if abs(abs(s.value) - net) < _CENT), None)
        if totals.net is None:
            totals.net = next((Sum(s.amount.value, [s]) for s in spots if abs(abs(s.amount.value) - net) < _CENT), None)
    if totals.net is None:
        named = [s for s in totals.candidates if "net" in s.roles]
        totals.net = named[0] if len(named) == 1 else None


def _rate(spot: Spot) -> Decimal | None:
    """The percentage that stands on the amount's line."""
    for text in (spot.row.text, spot.segment.text):
        for amount in money.find(text):
            if amount.percent and 0 <= amount.value <= 50:
                return amount.value
    match = re.search(r"(\d{1,2}(?:[.,]\d{1,2})?)\s?%", spot.row.text)
    return Decimal(match.group(1).replace(",", ".")) if match else None


def _tax_table(scan: Scan, spots: list[Spot]) -> tuple[TaxLine, ...]:
    """Lines with a rate, a base and a tax that fit one another: rate × base = tax."""
    out: dict[tuple[Decimal, Decimal], TaxLine] = {}
    by_line: dict[int, list[Spot]] = defaultdict(list)
    for spot in spots:
        by_line[spot.line].append(spot)
    for number, row in by_line.items():
        rates = [
            a.value
            for s in scan.text.lines[number].segments
            for a in scan.amounts_of(s)
            if a.percent and 0 < a.value <= 50
        ]
        values = [s.amount.value for s in row if s.amount.money_like]
        if not rates:
            rates = [s.amount.value for s in row if not s.amount.currency and 0 < s.amount.value <= 30]
            if len(values) < 3:
                continue
        if len(values) < 2 or len(values) > 6:
            continue
        for rate in rates:
            line = _tax_of(rate, values, summed=len(values) == 2)
            if line and line.base is not None:
                out[(rate, line.base)] = line
    return tuple(out.values())


def _tax_of(rate: Decimal, values: list[Decimal], *, summed: bool) -> TaxLine | None:
    """A base and its tax among the amounts of a row; the base may be stated with the tax in it."""
    for base, tax in ((b, t) for b in values for t in values if b and t and abs(t) < abs(b)):
        added = summed or any(abs(base + tax - g) < _CENT * 2 for g in values)
        if added and abs(base * rate / 100 - tax) < Decimal("0.02"):
            return TaxLine(rate, base, tax)
    for base, tax in pairwise(values):
        if tax and abs(tax) < abs(base) and abs(base * rate / (100 + rate) - tax) < Decimal("0.006"):
            return TaxLine(rate, base - tax, tax)
    return None


def candidate(scan: Scan, one: Sum) -> Candidate[Decimal]:
    """A sum as a candidate with its place."""
    spot = one.best
    why = {
        "grand": "labelled as the grand total",
        "total": "labelled as a total",
        "payable": "labelled as what is to be paid",
        "paid": "labelled as paid",
        "refund": "labelled as refunded",
        "subtotal": "labelled as a subtotal",
        "tender": "the amount given in payment",
    }.get(
        spot.role,
        "an amount without a label of its own"
        if not spot.role.startswith("column")
        else "an amount under a column's head",
    )
    if one.confirmed:
        why += "; " + ", ".join(dict.fromkeys(one.confirmed)) + " agrees"
    return Candidate(
        one.value,
        round(one.score, 3),
        why,
        scan.text.box(spot.segment, spot.amount.start, spot.amount.end),
        quote(scan, spot.line),
    )


def quote(scan: Scan, line: int) -> str:
    """A line of the document as evidence."""
    return scan.text.lines[line].text[:160]
