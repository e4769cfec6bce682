"""A Beancount journal: one transaction a receipt, expenses and tax against what is owed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from receipts.export.rows import About, ExportRow, LeftOut, Step, Written, missing, no_step, tax_of
from receipts.export.text import file_name, line

EXTENSION: Final = "beancount"
MEDIA_TYPE: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Books:
    """Names of accounts: expenses by category (else made of its name), tax to reclaim, what is owed."""

    accounts: Mapping[str, str] = field(default_factory=dict)
    expenses: str = "Expenses"
    tax: str = "Assets:Tax:Input"
    payable: str = "Liabilities:Payable"


def write(
    rows: Iterable[ExportRow], about: About, out: BinaryIO, *, books: Books | None = None, step: Step = no_step
) -> Written:
    """The journal; accounts are opened on the day of their first use, so rows are put in order of date."""
    books = books or Books()
    good: list[ExportRow] = []
    left_out: list[LeftOut] = []
    for row in rows:
        lack = missing(row)
        if lack is None:
            good.append(row)
        else:
            left_out.append(lack)
    good.sort(key=lambda row: (row.date, row.id))
    head = [f'option "title" {_quoted(about.business)}', f'option "operating_currency" "{about.base_currency}"', ""]
    opened: set[str] = set()
    out.write("\n".join(head).encode() + b"\n")
    for count, row in enumerate(good, 1):
        tax = tax_of(row)
        total = row.total if row.total is not None else tax
        account = books.accounts.get(row.category or "") or f"{books.expenses}:{component(row.category or '')}"
        postings = [(account, total - tax)]
        if tax:
            postings.append((books.tax, tax))
        postings.append((books.payable, -total))
        text = []
        for name, _ in postings:
            if name not in opened:
                opened.add(name)
                text.append(f"{row.date} open {name}")
        text.append(f"{row.date} * {_quoted(row.vendor)} {_quoted(row.number or row.category or '')}")
        text.append(f'  receipt: "{row.id}"')
        if row.due_date:
            text.append(f"  due: {row.due_date}")
        # Not "document", which Fava takes for a path on the reader's own disk.
        text += [f"  original: {_quoted(file_name(document.filename))}" for document in row.documents[:1]]
        text += [f"  {name}  {value:f} {row.currency}" for name, value in postings]
        out.write("\n".join([*text, "", ""]).encode("utf-8", "replace"))
        step(count)
    return Written(len(good), tuple(left_out))


def component(category: str) -> str:
    """A category as part of an account's name: letters, digits and hyphens, a capital or digit first."""
    words = re.findall(r"[^\W_]+", category)
    name = "-".join(word[0].upper() + word[1:] for word in words)
    if name and not (name[0].isupper() or name[0].isdecimal()):
        return f"X-{name}"  # Hebrew has no capitals, and Beancount wants one
    return name or "Uncategorized"


def _quoted(text: str | None) -> str:
    return '"' + line(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
