"""The grand total, what is still due, net and taxes: labelled amounts weighed and checked by arithmetic."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from receipts.fields import amounts as money
from receipts.fields.scan import Scan, Spot
from receipts.fields.sums import BASE, CENT, Parts, Sum
from receipts.types import Candidate, TaxLine

# Whose invoices have an agency between buyer and seller: those of advertising.
_AGENCY = re.compile(r"\b(?:agency|advertiser)\b", re.IGNORECASE)
_LABELLED = frozenset({"grand", "payable", "total", "paid", "refund"})


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
    parts = Parts(spots)
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
        _settle(totals, parts, scan)
        _parts_of(scan, totals, parts, spots)
    return totals


def _weigh(one: Sum, parts: Parts, top: Decimal, last_line: int) -> None:
    best = one.best
    _tax_in_disguise(one, top)
    best = one.best
    score = BASE.get(best.role, 0.0)
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
    elif best.role == "tender" and {"items add up", "net + tax"} & set(one.confirmed):
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


def _relate(sums: dict[Decimal, Sum], parts: Parts) -> None:
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
            abs(gap - other.value) < CENT
            for other in named
            if other is not low
            and other.value < whole.value
            and other.roles & {"total", "grand", "subtotal"}
            and low.roles & {"total", "grand", "subtotal"}
        ):
            whole.confirmed.append("the sums on it add up to it")
            low.part_of = whole.value
    _shipments(named)
    _with_tax_below(sums, named, parts)
    for one in named:
        for other in named if "payments add up" in one.confirmed else ():
            if other.value < one.value and other.value in parts.given:
                other.part_of = one.value  # what one of several payments came to
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


def _shipments(named: list[Sum]) -> None:
    """An order sent in several parcels has a total for each: where all of them give the largest, they are its parts."""
    if len(named) < 3:
        return
    whole = named[-1]
    lines = {(s.line, s.amount.value) for one in named[:-1] for s in one.spots if s.role in {"total", "grand"}}
    if len(lines) > 2 and abs(sum((value for _, value in lines), Decimal(0)) - whole.value) < CENT:
        whole.confirmed.append("the sums on it add up to it")
        for one in named[:-1]:
            if one.roles & {"total", "grand"}:
                one.part_of = whole.value


def _with_tax_below(sums: dict[Decimal, Sum], named: list[Sum], parts: Parts) -> None:
    """A "total" to which the next lines add a tax was the net: what both give is the total, whatever it is called."""
    for low in named:
        for tax in parts.spots if low.roles & {"total", "grand"} else ():
            whole = sums.get(low.value + tax.amount.value) if tax.role == "tax" and tax.amount.value > 0 else None
            rate = _rate(tax) if whole is not None else None
            if (
                whole is None
                or whole.part_of is not None
                or rate is None
                or abs(low.value * rate / 100 - tax.amount.value) > Decimal("0.03")
                or not low.best.line < tax.line <= low.best.line + 3
                or not any(tax.line < s.line <= tax.line + 4 for s in whole.spots)
            ):
                continue
            whole.confirmed.append("net + tax")
            whole.score = max(whole.score, low.score, 0.82)
            low.part_of = whole.value


def _subset(values: list[Decimal], goal: Decimal) -> bool:
    """Whether some of the values, with either sign for small ones, add up to the goal."""
    reach = {Decimal(0)}
    for value in values:
        reach |= {r + value for r in reach} | ({r - value for r in reach} if value < Decimal("0.06") else set())
        if len(reach) > 800:
            break
    return any(r and abs(r - goal) < CENT for r in reach)


def _settle(totals: Totals, parts: Parts, scan: Scan) -> None:
    """Total and payable told apart: prepayments taken off the total leave what is due."""
    first = totals.candidates[0]
    by_value = {s.value: s for s in totals.candidates}
    before = _without_commission(first, by_value, parts, scan) or _own_charges(first, by_value, parts)
    if before is not None:
        totals.payable = first
        if before in totals.candidates:
            totals.candidates.remove(before)
        totals.candidates.insert(0, before)
        before.score = max(before.score, first.score)
        return
    rest = _rest_due(first, by_value, parts)
    if rest is not None:
        totals.payable = rest
        return
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


def _own_charges(first: Sum, by_value: dict[Decimal, Sum], parts: Parts) -> Sum | None:
    """This document's own sum, where what is due also holds what an earlier one left unpaid."""
    if first.value <= 0 or not first.roles & {"payable", "grand", "total"}:
        return None
    for left in parts.by["previous"]:
        own = by_value.get(first.value - left) if 0 < left < first.value else None
        if own is not None and own.roles - {"item", "item_tax", "column_amount", ""}:
            own.confirmed.append("due − earlier balance")
            return own
    return None


def _rest_due(first: Sum, by_value: dict[Decimal, Sum], parts: Parts) -> Sum | None:
    """What is due where the total is known: an earlier balance comes on top, an agency's commission off."""
    for left in parts.by["previous"]:
        due = by_value.get(first.value + left) if left > 0 else None
        if due is not None and due.roles & {"payable", "grand", "total"}:
            first.confirmed.append("due − earlier balance")
            return due
    for kept in parts.by["commission"]:
        due = by_value.get(first.value - abs(kept)) if kept else None
        if due is not None and due.roles & {"payable", "net", "total"}:
            first.confirmed.append("net + commission")
            return due
    return None


def _without_commission(first: Sum, by_value: dict[Decimal, Sum], parts: Parts, scan: Scan) -> Sum | None:
    """The price of which an agency keeps its commission: the gross sum is what was bought, the net what is paid on."""
    if "total" not in first.roles or first.value <= 0:
        return None
    named = {abs(v) for v in parts.by["commission"]}
    given = {abs(v) for v in parts.by["discount"]} - named
    for kept in (abs(v) for v in [*parts.by["commission"], *parts.cuts] if v):
        gross = by_value.get(first.value + kept) or parts.shown(first.value + kept)
        if gross is None or kept in given:
            continue
        # An agency's commission is 15 % of the gross price where its label cannot be read; else 15 % are a discount.
        if kept in named or (kept * 100 == (first.value + kept) * 15 and _through_an_agency(scan)):
            gross.confirmed.append("net + commission")
            return gross
    return None


def _through_an_agency(scan: Scan) -> bool:
    return any(_AGENCY.search(segment.text) for segment in scan.segments)


def _parts_of(scan: Scan, totals: Totals, parts: Parts, spots: list[Spot]) -> None:
    """Net and tax lines that fit the chosen total."""
    back = -1 if totals.candidates[0].value < 0 else 1  # money given back is printed with a minus, its tax as well
    total = abs(totals.candidates[0].value)
    lines = _tax_table(scan, spots)
    summed = back * sum((line.amount for line in lines if line.amount is not None), Decimal(0))
    whole = [*parts.net, parts.items] if parts.items else parts.net
    if lines and any(
        abs(abs(n) + summed - total) < CENT * 2
        for n in [*whole, *(sum(((x.base or Decimal(0)) for x in lines), Decimal(0)),)]
    ):
        totals.taxes, totals.tax_confirmed = lines, True
    else:
        for spot in reversed([s for s in spots if s.role == "tax" and s.amount.money_like]):
            tax = back * spot.amount.value
            net = next((n for n in whole if abs(abs(n) + tax - total) < CENT and tax), None)
            if net is not None:
                totals.taxes = (TaxLine(_rate(spot), back * abs(net), spot.amount.value),)
                totals.tax_confirmed = True
                break
        else:
            labelled: list[TaxLine] = []
            for spot in spots:
                if spot.role == "tax" and spot.amount.money_like and spot.amount.value < total:
                    line = TaxLine(_rate(spot), None, spot.amount.value)
                    if line.amount not in [x.amount for x in labelled]:
                        labelled.append(line)
            summed = back * sum((x.amount or Decimal(0) for x in labelled), Decimal(0))
            if labelled and any(abs(abs(n) + summed - total) < CENT * 2 for n in whole):
                totals.taxes, totals.tax_confirmed = tuple(labelled), True
            elif lines:
                totals.taxes = lines
            elif len(labelled) > 1 and sum(x.rate is not None for x in labelled) == 1:
                totals.taxes = tuple(x for x in labelled if x.rate is not None)
            elif len(labelled) == 1:
                totals.taxes = tuple(labelled)
            totals.tax_confirmed = totals.tax_confirmed or _within(totals.taxes, total)
    if totals.taxes:
        summed = sum((x.amount or Decimal(0) for x in totals.taxes), Decimal(0))
        net = total - summed
        totals.net = next((s for s in totals.candidates if abs(abs(s.value) - net) < CENT), None)
        if totals.net is None:
            totals.net = next((Sum(s.amount.value, [s]) for s in spots if abs(abs(s.amount.value) - net) < CENT), None)
    if totals.net is None:
        named = [s for s in totals.candidates if "net" in s.roles]
        totals.net = named[0] if len(named) == 1 else None


def _within(taxes: tuple[TaxLine, ...], total: Decimal) -> bool:
    """Whether taxes that the total holds are, to the cent, what their stated rates give."""
    if all(line.amount == 0 for line in taxes):
        return bool(taxes)
    if all(line.rate and line.base and line.amount for line in taxes):
        # Each row of the table gives its tax by itself; the rest is a tip, or goods that bear none.
        held = sum((abs(part) for line in taxes for part in (line.base, line.amount) if part), Decimal(0))
        return total * 4 / 5 <= held <= total + CENT
    if len(taxes) != 1 or not taxes[0].rate or not taxes[0].amount:
        return False
    rate = taxes[0].rate
    return abs(total * rate / (100 + rate) - abs(taxes[0].amount)) < Decimal("0.0051")


def _rate(spot: Spot) -> Decimal | None:
    """The percentage that stands on the amount's line."""
    for text in (spot.row.text, spot.segment.text):
        for amount in money.find(text):
            if amount.percent and 0 <= amount.value <= 50:
                return amount.value
    match = re.search(r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,4})?)\s?%", spot.row.text)
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
        added = summed or any(abs(base + tax - g) < CENT * 2 for g in values)
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
