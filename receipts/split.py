"""Several orders in one mail told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from receipts.fields import numbers
from receipts.fields.scan import Scan
from receipts.layout import Line, Segment, Text

_MOST = 20
_TOTALS = frozenset({"total", "grand", "payable", "paid"})
_CENT = Decimal("0.02")


def sections(scan: Scan) -> list[Text]:
    """The text cut into one part for each order that carries a number and a total of its own; empty without several.

    An order begins where its number stands for the last time; what stands before the first one belongs to all.
    """
    places = _numbers(scan)
    if not 2 <= len(places) <= _MOST:
        return []
    starts = sorted(places.values())
    ends = [*starts[1:], len(scan.text.lines)]
    for start, end in zip(starts, ends, strict=True):
        if not any(start <= s.line < end and s.role in _TOTALS and s.amount.money_like for s in scan.spots):
            return []
    head = range(min(starts[0], min(_first(scan, n) for n in places)))
    return [_part(scan.text, [*head, *range(start, end)]) for start, end in zip(starts, ends, strict=True)]


def shares(scan: Scan, total: Decimal) -> dict[str, Decimal]:
    """Each order's share of one common total, where every item stands above the number of its order."""
    found: dict[str, Decimal] = {}
    last = -1
    for line, number in sorted((line, number) for number, lines in _occurrences(scan).items() for line in lines):
        above = [s for s in scan.spots if last < s.line < line and s.amount.money_like]
        if not above:
            return {}
        found[number] = found.get(number, Decimal(0)) + above[-1].amount.value
        last = line
    if len(found) < 2 or abs(sum(found.values(), Decimal(0)) - total) > _CENT:
        return {}
    return found


def _occurrences(scan: Scan) -> dict[str, list[int]]:
    """Numbers of one sort with their lines: a purchase has an order's number and a transaction's, and is one."""
    sorts: dict[str, dict[str, list[int]]] = {"contract": {}, "transaction": {}}
    for sort, number, line in numbers.announced(scan):
        if sort in sorts and sum(c.isdigit() for c in number) >= 5:
            sorts[sort].setdefault(number, []).append(line)
    return max(sorts.values(), key=len)


def _numbers(scan: Scan) -> dict[str, int]:
    return {number: max(lines) for number, lines in _occurrences(scan).items()}


def _first(scan: Scan, number: str) -> int:
    return min(_occurrences(scan)[number])


def _part(text: Text, chosen: Sequence[int]) -> Text:
    lines = [
        Line([_copy(s) for s in text.lines[i].segments], text.lines[i].page, rtl=text.lines[i].rtl) for i in chosen
    ]
    return replace(text, lines=lines, segments=[])


def _copy(segment: Segment) -> Segment:
    return replace(segment)
