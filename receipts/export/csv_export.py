"""CSV for spreadsheets: UTF-8 with a byte-order mark, stable columns, no cell that is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, BinaryIO, Final

from receipts.export import labels
from receipts.export.columns import DOCUMENT, LINES, RECEIPTS, Value, line_values
from receipts.export.rows import About, ExportRow, Step, Written, no_step
from receipts.export.text import amount, cell, stamp

EXTENSION: Final = "csv"
MEDIA_TYPE: Final = "text/csv; charset=utf-8"
_BOM: Final = b"\xef\xbb\xbf"
_PIECE: Final = 1 << 14


class _Table:
    """Rows gathered as text and written in pieces; `end` writes the last one."""

    def __init__(self, header: Iterable[str], about: About, out: BinaryIO) -> None:
        self._about = about
        self._out = out
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._writer.writerow([labels.label(about.language, name) for name in header])
        self._begun = False

    def _add(self, texts: list[str]) -> None:
        self._writer.writerow(texts)
        if self._text.tell() >= _PIECE:
            self.end()

    def end(self) -> None:
        """Write what was gathered."""
        data = self._text.getvalue().encode("utf-8", "replace")
        self._out.write(data if self._begun else _BOM + data)
        self._begun = True
        self._text.seek(0)
        self._text.truncate()


class Receipts(_Table):
    """The table with one row a receipt, written row by row.

    Args:
        about: its language is that of the header.
        out: written to from where it stands.
    """

    def __init__(self, about: About, out: BinaryIO) -> None:
        super().__init__((*(column.name for column in RECEIPTS), DOCUMENT), about, out)
        self._values = [column.value for column in RECEIPTS]

    def row(self, row: ExportRow, documents: Iterable[str]) -> None:
        """One receipt, with the names of its documents."""
        about = self._about
        values = [value(row, about) for value in self._values]
        self._add([*["" if one is None else _TEXTS[type(one)](one) for one in values], cell(" | ".join(documents))])


class Lines(_Table):
    """The table with one row a tax line or item; its first column names the receipt's row in the other one."""

    def __init__(self, about: About, out: BinaryIO) -> None:
        super().__init__((name for name, _ in LINES), about, out)

    def row(self, row: ExportRow) -> None:
        """One receipt's lines."""
        if row.tax_lines or row.items:
            for values in line_values(row, self._about):
                self._add(["" if one is None else _TEXTS[type(one)](one) for one in values])


def write(rows: Iterable[ExportRow], about: About, out: BinaryIO, *, step: Step = no_step) -> Written:
    """One row a receipt, in the order given; memory does not grow with their number."""
    table = Receipts(about, out)
    count = 0
    for row in rows:
        table.row(row, [document.filename for document in row.documents])
        count += 1
        if count % 100 == 0:
            step(count)
    table.end()
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
    table.end()
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
    table.end()
    line_table.end()
    step(count)
    return Written(count)


def as_text(value: Value) -> str:
    """A value as CSV has it: ISO dates, decimals with a point, text that is no formula."""
    return "" if value is None else _TEXTS[type(value)](value)


_cell = lru_cache(maxsize=512)(cell)  # vendors, kinds and currencies come again and again


_TEXTS: Final[Mapping[type, Callable[[Any], str]]] = {
    str: _cell, Decimal: amount, datetime: stamp, date: date.isoformat, int: str,
}  # fmt: skip
