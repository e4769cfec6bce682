"""A plain-text journal for hledger and ledger: one transaction a receipt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from receipts.export.rows import About, ExportRow, LeftOut, Step, Written, missing, no_step, tax_of
from receipts.export.text import line

EXTENSION: Final = "journal"
MEDIA_TYPE: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Books:
    """Names of accounts: expenses by category (else made of its name), tax to reclaim, what is owed."""

    accounts: Mapping[str, str] = field(default_factory=dict)
    expenses: str = "expenses"
    tax: str = "assets:tax:input"
    payable: str = "liabilities:payable"


def write(
    rows: Iterable[ExportRow], about: About, out: BinaryIO, *, books: Books | None = None, step: Step = no_step
) -> Written:
    """The journal, in the order of the rows."""
    books = books or Books()
    out.write(f"; {line(about.business)}, {about.made_at:%Y-%m-%d}\n\n".encode("utf-8", "replace"))
    left_out: list[LeftOut] = []
    count = 0
    for row in rows:
        lack = missing(row)
        if lack is not None or row.total is None:
            left_out += [lack] if lack else []
            continue
        tax = tax_of(row)
        account = books.accounts.get(row.category or "") or f"{books.expenses}:{_part(row.category or 'uncategorized')}"
        postings = [(account, row.total - tax)]
        if tax:
            postings.append((books.tax, tax))
        postings.append((books.payable, -row.total))
        code = f"({_word(row.number)}) " if row.number and _word(row.number) else ""
        tags = [f"receipt:{row.id}"]
        if row.due_date:
            tags.append(f"due:{row.due_date}")
        text = [f"{row.date} * {code}{_word(row.vendor)}  ; {', '.join(tags)}"]
        text += [f"    {name}  {row.currency} {value:f}" for name, value in postings]
        out.write("\n".join([*text, "", ""]).encode("utf-8", "replace"))
        count += 1
        step(count)
    return Written(count, tuple(left_out))


def _word(text: str | None) -> str:
    """Text without the signs that end a description or a code."""
    return line(re.sub(r"[;|()\[\]]+", " ", text or ""))


def _part(category: str) -> str:
    return line(re.sub(r"[^\w\s&.'’-]+", " ", category)).strip() or "uncategorized"
