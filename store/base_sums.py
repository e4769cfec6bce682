"""What receipts in foreign currencies come to in the base currency, each at the rate of its own day."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
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
    out = BaseSums()
    rows = _kept(business_id, base) if wanted == Filter() else _walked(business_id, wanted)
    for when, day, currency, count, total in rows:
        value = total if currency == base else None
        if value is None and currency is not None:
            value = rates.minor(total, currency, base, _day(day))
        for one in (out.whole, out.months[when]):
            if value is None:
                one.unconverted += count
            else:
                one.total += value
    return out


_Row = tuple[str | None, dt.date | str | None, str | None, int, int]


def _walked(business_id: int, wanted: Filter) -> Iterator[_Row]:
    """(month, day, currency, receipts with a total, their sum) of the receipts themselves."""
    if not wanted.statuses:
        wanted = replace(wanted, statuses=COUNTED)
    condition, params = where(business_id, wanted)
    rows = sql.fetch(
        "select r.date, r.currency, count(*), coalesce(sum(r.total_minor), 0) from receipt r "
        f"where {condition} and r.duplicate_of_id is null and r.total_minor is not null group by 1, 2",
        params,
    )
    for day, currency, count, total in rows:
        when = _day(day)
        yield f"{when:%Y-%m}" if when else None, day, currency, count, int(total)


def _kept(business_id: int, base: str) -> Iterator[_Row]:
    """The same from the kept sums: by month where nothing has to be converted, by day where each has its own rate."""
    rows = sql.fetch(
        "select kind, grp, currency, known, total from receipt_sum where business_id = ? and known > 0 "
        "and ((kind = 'm' and currency = ?) or (kind = 'd' and currency <> ?))",
        [business_id, base, base],
    )
    for kind, group, currency, count, total in rows:
        yield group[:7] or None, (group or None) if kind == "d" else None, currency or None, count, total


def _day(value: dt.date | str | None) -> dt.date | None:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value
