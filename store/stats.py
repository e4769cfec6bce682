"""Sums over receipts, one currency never added to another: by month, vendor, category and tax rate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

import peewee

from models import db
from store import sql
from store.receipt_filter import Filter, where

COUNTED = ("to_review", "ready", "approved")  # what is summed where the filter names no status
TOP = 50


@dataclass(frozen=True, slots=True)
class Sum:
    """What one group comes to in one currency; amounts in its minor units, `known` receipts had a total."""

    group: str | None
    currency: str | None
    count: int
    total: int
    tax: int


@dataclass(frozen=True, slots=True)
class Stats:
    """The sums of a filter."""

    currencies: tuple[Sum, ...]
    months: tuple[Sum, ...]
    vendors: tuple[Sum, ...]
    categories: tuple[Sum, ...]
    tax_rates: tuple[Sum, ...]  # here `total` is the base and `tax` the tax of that rate


def over(business_id: int, wanted: Filter) -> Stats:
    """The sums of the matching receipts; known duplicates are left out, so that nothing counts twice."""
    if wanted == Filter():
        return _kept(business_id)
    if not wanted.statuses:
        wanted = replace(wanted, statuses=COUNTED)
    condition, params = where(business_id, wanted)
    condition += " and r.duplicate_of_id is null"
    month = "substr(r.date, 1, 7)" if _sqlite() else "to_char(r.date, 'YYYY-MM')"
    figures = "count(*), coalesce(sum(r.total_minor), 0), coalesce(sum(r.tax_minor), 0)"
    rows = sql.fetch(
        f"select {month}, r.category, r.currency, {figures} from receipt r where {condition} group by 1, 2, 3", params
    )
    vendors = sql.fetch(
        f"select r.vendor, r.currency, {figures} from receipt r where {condition} "
        "group by 1, 2 order by count(*) desc, 1, 2 limit ?",
        [*params, TOP],
    )
    months = _grouped((row[0], *row[2:]) for row in rows)
    return Stats(
        currencies=_sorted(_grouped((None, *row[2:]) for row in rows)),
        months=tuple(sorted(months, key=lambda one: (one.group or "", one.currency or ""))),
        vendors=tuple(Sum(*row) for row in vendors),
        categories=_sorted(_grouped((row[1], *row[2:]) for row in rows)),
        tax_rates=_tax_rates(condition, params),
    )


def _kept(business_id: int) -> Stats:
    """The same of the whole business, from the sums that triggers keep (migration 0009)."""
    rows = sql.fetch(
        "select kind, grp, currency, count, total, tax from receipt_sum "
        "where business_id = ? and kind in ('m', 'c', 't')",
        [business_id],
    )
    by_kind: dict[str, list[tuple[Any, ...]]] = {"m": [], "c": [], "t": []}
    for kind, group, currency, *figures in rows:
        by_kind[kind].append((group or None, currency or None, *figures))
    vendors = sql.fetch(
        "select grp, currency, count, total, tax from receipt_sum where business_id = ? and kind = 'v' "
        "order by count desc, grp, currency limit ?",
        [business_id, TOP],
    )
    rates = _grouped((_plain(row[0]), *row[1:]) for row in by_kind["t"])
    return Stats(
        currencies=_sorted(_grouped((None, *row[1:]) for row in by_kind["m"])),
        months=tuple(sorted(_grouped(by_kind["m"]), key=lambda one: (one.group or "", one.currency or ""))),
        vendors=tuple(Sum(row[0] or None, row[1] or None, *row[2:]) for row in vendors),
        categories=_sorted(_grouped(by_kind["c"])),
        tax_rates=tuple(sorted(rates, key=lambda one: (one.currency or "", one.group or ""))),
    )


def _grouped(rows: Iterable[tuple[Any, ...]]) -> list[Sum]:
    sums: dict[tuple[str | None, str | None], list[int]] = defaultdict(lambda: [0, 0, 0])
    for group, currency, *figures in rows:
        entry = sums[group, currency]
        for place, figure in enumerate(figures):
            entry[place] += int(figure)
    return [Sum(group, currency, *figures) for (group, currency), figures in sums.items()]


def _sorted(sums: list[Sum]) -> tuple[Sum, ...]:
    return tuple(sorted(sums, key=lambda one: (-one.count, one.group or "", one.currency or "")))


def _tax_rates(condition: str, params: list[object]) -> tuple[Sum, ...]:
    if _sqlite():
        each, get = "json_each(r.tax) line", "json_extract(line.value, '$.{}')"
    else:
        each, get = "jsonb_array_elements(r.tax) line", "line ->> '{}'"
    rate, base, amount = (get.format(name) for name in ("rate", "base_minor", "amount_minor"))
    rows = sql.fetch(
        f"select {rate}, r.currency, count(*), coalesce(sum(cast({base} as bigint)), 0), "
        f"coalesce(sum(cast({amount} as bigint)), 0) from receipt r, {each} where {condition} group by 1, 2",
        params,
    )
    sums = _grouped((_plain(row[0]), *row[1:]) for row in rows)
    return tuple(sorted(sums, key=lambda one: (one.currency or "", one.group or "")))


def _plain(rate: object) -> str | None:
    """`18`, `18.0` and `18.00` are one rate, written with two decimals."""
    if rate is None:
        return None
    try:
        return f"{Decimal(str(rate)):.2f}"
    except InvalidOperation:
        return str(rate)


def _sqlite() -> bool:
    return isinstance(db.obj, peewee.SqliteDatabase)
