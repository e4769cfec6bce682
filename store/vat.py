"""The tax that receipts state, by month and rate: what a VAT return asks for."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from store import export_sets, rates, sql
from store.receipt_filter import Filter


@dataclass(slots=True)
class Line:
    """Tax of one rate in one currency and month, in minor units; `base_tax` in the business's currency."""

    count: int = 0
    base: int = 0
    tax: int = 0
    base_tax: int = 0
    unconverted: int = 0


def summary(business_id: int, wanted: Filter, base_currency: str) -> list[dict[str, Any]]:
    """Lines by month, rate and currency, oldest first; each receipt counts once a rate.

    A receipt that states its tax without a rate stands under rate None. Amounts of a foreign currency are valued at the
    rate of their day; without one they count as unconverted.
    """
    term, params = export_sets.condition(business_id, wanted)
    lines: dict[tuple[str, str, str], Line] = defaultdict(Line)
    rows = sql.fetch(
        f"select r.date, r.currency, r.tax, r.tax_minor, r.net_minor from receipt r where {term} "
        "and (r.tax_minor is not null or r.tax is not null)",
        params,
    )
    for date, currency, tax, tax_minor, net_minor in rows:
        day = dt.date.fromisoformat(date) if isinstance(date, str) else date
        for rate, base, amount in _parts(sql.loaded(tax) or [], tax_minor, net_minor):
            line = lines[f"{day:%Y-%m}" if day else "", rate, currency or ""]
            line.count += 1
            line.base += base
            line.tax += amount
            value = _value(amount, currency, base_currency, day)
            if value is None:
                line.unconverted += 1
            else:
                line.base_tax += value
    return [
        {
            "month": month or None,
            "rate": rate or None,
            "currency": currency or None,
            "count": line.count,
            "base_minor": line.base,
            "tax_minor": line.tax,
            "base_tax_minor": line.base_tax,
            "unconverted": line.unconverted,
        }
        for (month, rate, currency), line in sorted(lines.items())
    ]


def _parts(lines: list[dict[str, Any]], tax: int | None, net: int | None) -> list[tuple[str, int, int]]:
    stated: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        if line.get("amount_minor") is None and line.get("base_minor") is None:
            continue
        sums = stated[_plain(line.get("rate"))]
        sums[0] += line.get("base_minor") or 0
        sums[1] += line.get("amount_minor") or 0
    if not stated and tax is not None:
        stated[""] = [net or 0, tax]
    return [(rate, base, amount) for rate, (base, amount) in stated.items()]


def _plain(rate: object) -> str:
    try:
        return f"{Decimal(str(rate)):.2f}" if rate not in (None, "") else ""
    except InvalidOperation:
        return ""


def _value(minor: int, currency: str | None, base: str, day: dt.date | None) -> int | None:
    if currency == base:
        return minor
    found = rates.convert(minor, currency, base, day) if currency else None
    return None if found is None else found.minor
