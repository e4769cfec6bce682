"""What receipts in foreign currencies come to in the base currency, each at the rate of its own day."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field, replace

from store import rates, sql
from store.receipt_filter import Filter, where
from store.stats import COUNTED


@dataclass(slots=True)
class BaseSum:
    """Minor units of the base currency, and how many receipts have no rate."""

    total: int = 0
    unconverted: int = 0


@dataclass(slots=True)
class BaseSums:
    """Over all, and by month (YYYY-MM; None without a date)."""

    whole: BaseSum = field(default_factory=BaseSum)
    months: dict[str | None, BaseSum] = field(default_factory=lambda: defaultdict(BaseSum))


def over(business_id: int, wanted: Filter, base: str) -> BaseSums:
    """The matching receipts that have a total, duplicates left out, as store.stats counts them."""
    if not wanted.statuses:
        wanted = replace(wanted, statuses=COUNTED)
    condition, params = where(business_id, wanted)
    rows = sql.fetch(
        "select r.date, r.currency, count(*), coalesce(sum(r.total_minor), 0) from receipt r "
        f"where {condition} and r.duplicate_of_id is null and r.total_minor is not null group by 1, 2",
        params,
    )
    out = BaseSums()
    for day, currency, count, total in rows:
        when = _day(day)
        for one in (out.whole, out.months[f"{when:%Y-%m}" if when else None]):
            value = int(total) if currency == base else None
            if value is None and currency is not None:
                found = rates.convert(int(total), currency, base, when)
                value = None if found is None else found.minor
            if value is None:
                one.unconverted += count
            else:
                one.total += value
    return out


def _day(value: dt.date | str | None) -> dt.date | None:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value
