"""Line items: rows of goods with an amount, between the heads and the sums."""

from __future__ import annotations

import re
from decimal import Decimal

from receipts.fields.scan import Scan, Spot
from receipts.types import Item

_MAX = 300
_CODE = re.compile(r"^\s*(?:\d{1,4}[.)]?\s+)?")


def read(scan: Scan, total_line: int | None) -> tuple[Item, ...]:
    """Rows of goods above the total: description, quantity, amount."""
    rows: dict[int, list[Spot]] = {}
    for spot in scan.spots:
        rows.setdefault(spot.line, []).append(spot)
    out = []
    for number in sorted(rows):
        if (
            total_line is not None
            and number >= total_line
            and rows[number][0].segment.page >= scan.text.lines[total_line].page
        ):
            break
        row = rows[number]
        money = [s for s in row if s.amount.money_like and s.role in {"item", "column_total", "column_amount"}]
        if not money or not any(s.item for s in row):
            continue
        amount = money[-1]
        description = _description(scan, number, row)
        if len(description) < 2:
            continue
        out.append(Item(description[:200], _quantity(row, amount), amount.amount.value))
        if len(out) >= _MAX:
            break
    return tuple(out)


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
        if spot is not amount and not spot.amount.money_like and 0 < spot.amount.value < 10_000:
            for price in row:
                if (
                    price is not spot
                    and price is not amount
                    and abs(price.amount.value * spot.amount.value - amount.amount.value) < Decimal("0.02")
                ):
                    return spot.amount.value
    return None
