"""Sums of an export: each currency by itself, never two in one sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from receipts.export.rows import ExportRow, tax_of


@dataclass(slots=True)
class Sum:
    """Receipts of one kind in one currency."""

    count: int = 0
    total: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)

    def add(self, total: Decimal, tax: Decimal) -> None:
        """Add one receipt."""
        self.count += 1
        self.total += total
        self.tax += tax


@dataclass(slots=True)
class TaxSum:
    """Tax of one rate in one currency."""

    base: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)


Key = tuple[str, str]  # what, currency


@dataclass(slots=True)
class Totals:
    """Sums by currency, and by category, tax rate and month within each currency; "" stands for unknown."""

    count: int = 0
    without_total: int = 0
    currencies: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    categories: dict[Key, Sum] = field(default_factory=lambda: defaultdict(Sum))
    months: dict[Key, Sum] = field(default_factory=lambda: defaultdict(Sum))
    rates: dict[tuple[Decimal | None, str], TaxSum] = field(default_factory=lambda: defaultdict(TaxSum))
    base_total: Decimal = Decimal(0)
    base_count: int = 0
    unconverted: int = 0

    def add(self, row: ExportRow) -> None:
        """Add one receipt; one without a total only counts."""
        self.count += 1
        if row.total is None:
            self.without_total += 1
            return
        currency, tax = row.currency or "", tax_of(row)
        self.currencies[currency].add(row.total, tax)
        self.categories[row.category or "", currency].add(row.total, tax)
        self.months[f"{row.date:%Y-%m}" if row.date else "", currency].add(row.total, tax)
        for line in row.tax_lines:
            found = self.rates[line.rate, currency]
            found.base += line.base or Decimal(0)
            found.amount += line.amount or Decimal(0)
        if not row.tax_lines and row.tax:
            found = self.rates[None, currency]
            found.base += row.net or Decimal(0)
            found.amount += row.tax
        if row.base_total is None:
            self.unconverted += 1
        else:
            self.base_count += 1
            self.base_total += row.base_total


def totals_of(rows: Iterable[ExportRow]) -> Totals:
    """The sums of all rows."""
    out = Totals()
    for row in rows:
        out.add(row)
    return out
