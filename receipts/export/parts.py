"""A receipt in parts by tax rate that add up to its total, as bookkeeping programs want them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from receipts.export.rows import ExportRow, single_rate, tax_of

_ROUNDING: Final = Decimal("0.05")  # what the rates of one document may differ from its total by rounding


@dataclass(frozen=True, slots=True)
class Part:
    """What was taxed at one rate; rate None where it is not known."""

    rate: Decimal | None
    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        """Net and tax together."""
        return self.net + self.tax


def parts_of(row: ExportRow) -> list[Part]:
    """The parts of a receipt with a total; their gross amounts add up to it exactly."""
    total = row.total if row.total is not None else Decimal(0)
    lines = [line for line in row.tax_lines if line.amount is not None and line.base is not None]
    parts = [Part(line.rate, line.base or Decimal(0), line.amount or Decimal(0)) for line in lines]
    missing = total - sum((part.gross for part in parts), Decimal(0))
    if parts and len(lines) == len(row.tax_lines) and abs(missing) <= _ROUNDING:
        if missing:
            first = max(range(len(parts)), key=lambda i: abs(parts[i].net))
            parts[first] = Part(parts[first].rate, parts[first].net + missing, parts[first].tax)
        return parts
    tax = tax_of(row)
    return [Part(single_rate(row) if tax else None, total - tax, tax)]
