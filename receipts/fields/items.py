"""Line items: rows of goods with an amount, between the heads and the sums."""

from __future__ import annotations

import re
from decimal import Decimal

from receipts.fields.scan import Scan, Spot
from receipts.types import Item

_MAX = 300
_MANY = 10_000  # of one thing
_CODE = re.compile(r"^\s*(?:\d{1,4}\s+[^\W\d][^:\d]{0,18}:\s*|\d{1,4}[.)]?\s+)?")  # "1 of: ", "2. "
_SUMS = frozenset({"subtotal", "net", "total", "grand"})


def read(scan: Scan, total_line: int | None) -> tuple[Item, ...]:
    """Rows of goods: description, quantity, amount. They stand above the total, or below one that the head tells."""
    rows: dict[int, list[Spot]] = {}
    for spot in scan.spots:
        rows.setdefault(spot.line, []).append(spot)
    above = [number for number in sorted(rows) if total_line is None or not _below(scan, rows[number], total_line)]
    return _goods(scan, rows, above) or _goods(scan, rows, [number for number in sorted(rows) if number not in above])


def _below(scan: Scan, row: list[Spot], total_line: int) -> bool:
    return row[0].line >= total_line and row[0].segment.page >= scan.text.lines[total_line].page


def _goods(scan: Scan, rows: dict[int, list[Spot]], numbers: list[int]) -> tuple[Item, ...]:
    out = []
    summed = False
    for number in numbers:
        row = rows[number]
        amount, times = _amount(row)
        summed = summed or any(s.role in _SUMS for s in row)
        if amount is None or not any(s.item for s in row):
            continue
        if summed and amount.amount.value < 0:  # a voucher, which is no goods
            continue
        description = _description(scan, number, row)
        if len(description) < 2:
            continue
        quantity = times if times is not None else _quantity(row, amount)
        out.append(Item(description[:200], quantity, amount.amount.value * (times or 1)))
        if len(out) >= _MAX:
            break
    return tuple(out)


def _amount(row: list[Spot]) -> tuple[Spot | None, Decimal | None]:
    """What a row of goods comes to; where the list prints the price of one alone, that price and how many there are."""
    money = [s for s in row if s.amount.money_like]
    whole = [s for s in money if s.role in {"item", "column_total", "column_amount"}]
    if whole:
        return whole[-1], None
    one = [s for s in money if s.role == "item_unit"]
    if len(one) != 1:
        return None, None
    counts = [s.amount.value for s in row if s.role in {"count", "item_count"} and 0 < s.amount.value < _MANY]
    return one[0], counts[0] if counts else Decimal(1)


def _description(scan: Scan, number: int, row: list[Spot]) -> str:
    first = min((s for s in row if s.amount.money_like), key=lambda s: (s.segment.index, s.amount.start))
    words = [
        s.text
        for s in scan.text.lines[number].segments
        if s.index < first.segment.index and any(c.isalpha() for c in s.text)
    ]
    before = first.segment.text[: first.amount.start]
    if any(c.isalpha() for c in before):
        words.append(before)
    return _CODE.sub("", max(words, key=len, default="")).strip(" -:|")


def _quantity(row: list[Spot], amount: Spot) -> Decimal | None:
    for spot in row:
        if spot.role == "item_count":
            return spot.amount.value
    for spot in row:
        if spot is not amount and not spot.amount.money_like and 0 < spot.amount.value < _MANY:
            for price in row:
                if (
                    price is not spot
                    and price is not amount
                    and abs(price.amount.value * spot.amount.value - amount.amount.value) < Decimal("0.02")
                ):
                    return spot.amount.value
    return None
