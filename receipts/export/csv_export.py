"""CSV for spreadsheets: UTF-8 with a byte-order mark, stable columns, no cell that is taken for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO, Final

from receipts.export import labels
from receipts.export.columns import DOCUMENT, LINES, RECEIPTS, Value, line_values
from receipts.export.rows import About, ExportRow, Step, Written, no_step
from receipts.export.text import Utf8, amount, cell, stamp

EXTENSION: Final = "csv"
MEDIA_TYPE: Final = "text/csv; charset=utf-8"
_BOM: Final = b"\xef\xbb\xbf"


class Receipts:
    """The table with one row a receipt, written row by row.

    Args:
        about: its language is that of the header.
        out: written to from where it stands.
    """

    def __init__(self, about: About, out: BinaryIO) -> None:
        self._about = about
        self._values = [column.value for column in RECEIPTS]
        out.write(_BOM)
        self._writer = csv.writer(Utf8(out), lineterminator="\r\n")
        names = (*(column.name for column in RECEIPTS), DOCUMENT)
        self._writer.writerow([labels.label(about.language, name) for name in names])

    def row(self, row: ExportRow, documents: Iterable[str]) -> None:
        """One receipt, with the names of its documents."""
        about = self._about
        self._writer.writerow([*(as_text(value(row, about)) for value in self._values), cell(" | ".join(documents))])


class Lines:
    """The table with one row a tax line or item; its first column names the receipt's row in the other one."""

    def __init__(self, about: About, out: BinaryIO) -> None:
        self._about = about
        out.write(_BOM)
        self._writer = csv.writer(Utf8(out), lineterminator="\r\n")
        self._writer.writerow([labels.label(about.language, name) for name, _ in LINES])

    def row(self, row: ExportRow) -> None:
        """One receipt's lines."""
        for values in line_values(row, self._about):
            self._writer.writerow([as_text(value) for value in values])


def write(rows: Iterable[ExportRow], about: About, out: BinaryIO, *, step: Step = no_step) -> Written:
    """One row a receipt, in the order given; memory does not grow with their number."""
    table = Receipts(about, out)
    count = 0
    for row in rows:
        table.row(row, [document.filename for document in row.documents])
        count += 1
        if count % 100 == 0:
            step(count)
    step(count)
    return Written(count)


def write_lines(rows: Iterable[ExportRow], about: About, out: BinaryIO, *, step: Step = no_step) -> Written:
    """The second file: one row a tax line or item."""
    table = Lines(about, out)
    count = 0
    for row in rows:
        table.row(row)
        count += 1
        if count % 100 == 0:
            step(count)
    step(count)
    return Written(count)


def write_both(
    rows: Iterable[ExportRow], about: About, out: BinaryIO, lines: BinaryIO, *, step: Step = no_step
) -> Written:
    """Both files in one pass over the rows."""
    table, line_table = Receipts(about, out), Lines(about, lines)
    count = 0
    for row in rows:
        table.row(row, [document.filename for document in row.documents])
        line_table.row(row)
        count += 1
        if count % 100 == 0:
            step(count)
    step(count)
    return Written(count)


def as_text(value: Value) -> str:
    """A value as CSV has it: ISO dates, decimals with a point, text that is no formula."""
    if value is None:
        return ""
    if isinstance(value, str):
        return cell(value)
    if isinstance(value, Decimal):
        return amount(value)
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
