"""A workbook: receipts with typed cells and live totals, their tax lines and items, and the sums."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, Final

import xlsxwriter

from receipts.export import labels
from receipts.export.columns import DOCUMENT, LINES, RECEIPTS, Value, line_values
from receipts.export.rows import About, ExportRow, Step, Written, no_step
from receipts.export.text import plain
from receipts.export.totals import Totals

EXTENSION: Final = "xlsx"
MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MOST_ROWS: Final = 1_048_000  # a sheet ends at 1,048,576
_MOST_TEXT: Final = 32_000  # a cell ends at 32,767 signs
_PRINTED: Final = next(i for i, column in enumerate(RECEIPTS) if column.name == "base_total")
_TOTAL: Final = next(i for i, column in enumerate(RECEIPTS) if column.name == "total")
_CURRENCY: Final = next(i for i, column in enumerate(RECEIPTS) if column.name == "currency")
_FIGURES: Final = {
    "total", "net", "tax", "payable", "base_total", "base_rate", "tip", "discount", "quantity", "rate", "base",
    "amount", "count", "id",
}  # fmt: skip


def write(rows: Iterable[ExportRow], about: About, out: BinaryIO, *, step: Step = no_step) -> Written:
    """The workbook; sheets are kept on disk while they grow, not in memory.

    Args:
        rows: at most 1,048,000 go in.
        about: its language is that of the headers; Hebrew sheets run from right to left.
        out: written to from where it stands.
        step: called after every hundredth receipt.
    """
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "remove_timezone": True,
            "default_date_format": "yyyy-mm-dd",
        },
    )
    book.set_properties({"title": plain(about.business), "created": about.made_at.replace(tzinfo=None)})
    sheets = _Sheets(book, about)
    totals = Totals()
    count = 0
    for row in rows:
        if count >= _MOST_ROWS:
            break
        sheets.receipt(row)
        totals.add(row)
        count += 1
        if count % 100 == 0:
            step(count)
    sheets.finish(totals, count)
    book.close()
    step(count)
    return Written(count)


class _Sheets:
    def __init__(self, book: Any, about: About) -> None:
        self._about = about
        # Words stand at the side where the language starts, whatever their own letters are; figures at the right.
        side = {"align": "right" if labels.is_rtl(about.language) else "left"}
        head = {"bold": True, "bottom": 1, "bg_color": "#eceae2", "text_wrap": True, "valign": "top"}
        self._formats = {
            "head": book.add_format({**head, **side}),
            "headsum": book.add_format({**head, "align": "right"}),
            "text": book.add_format(side),
            "bold": book.add_format({"bold": True, "font_size": 13, **side}),
            "date": book.add_format({"num_format": "yyyy-mm-dd", **side}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm", **side}),
            "money": book.add_format({"num_format": "#,##0.00;[Red]-#,##0.00"}),
            "money0": book.add_format({"num_format": "#,##0;[Red]-#,##0"}),
            "money3": book.add_format({"num_format": "#,##0.000;[Red]-#,##0.000"}),
            "sum": book.add_format({"num_format": "#,##0.00;[Red]-#,##0.00", "bold": True, "top": 1}),
            "sumword": book.add_format({"bold": True, "top": 1, **side}),
            "which": book.add_format({"num_format": "0.######", **side}),
            "rate": book.add_format({"num_format": "0.######"}),
        }
        self._receipts = self._sheet(book, "receipts", [(c.name, c.width) for c in RECEIPTS] + [(DOCUMENT, 40.0)])
        self._lines = self._sheet(book, "lines", list(LINES))
        self._sums = book.add_worksheet(self._label("totals"))
        if labels.is_rtl(about.language):
            self._sums.right_to_left()
        self._sums.set_column(0, 0, 26)
        self._sums.set_column(1, 5, 14)
        self._sums.set_paper(9)
        self._sums.fit_to_pages(1, 0)
        self._row = self._line = 0

    def _label(self, key: str) -> str:
        return labels.label(self._about.language, key)

    def _sheet(self, book: Any, name: str, columns: list[tuple[str, float]]) -> Any:
        sheet = book.add_worksheet(self._label(name))
        if labels.is_rtl(self._about.language):
            sheet.right_to_left()
        sheet.freeze_panes(1, 3 if name == "receipts" else 0)
        sheet.set_row(0, 30)  # two lines
        for index, (column, width) in enumerate(columns):
            sheet.set_column(index, index, width)
            sheet.write_string(0, index, self._label(column), self._head(column))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        return sheet

    def _head(self, name: str) -> Any:
        return self._formats["headsum" if name in _FIGURES else "head"]

    def receipt(self, row: ExportRow) -> None:
        self._row += 1
        for index, column in enumerate(RECEIPTS):
            self._write(self._receipts, self._row, index, column.value(row, self._about), column.name, row.currency)
        names = " | ".join(document.filename for document in row.documents)
        self._write(self._receipts, self._row, len(RECEIPTS), names or None, DOCUMENT, None)
        for values in line_values(row, self._about):
            self._line += 1
            for index, value in enumerate(values):
                self._write(self._lines, self._line, index, value, LINES[index][0], row.currency)

    def _write(self, sheet: Any, row: int, column: int, value: Value, name: str, currency: str | None) -> None:
        if value is None:
            return
        if isinstance(value, Decimal):
            style = self._formats["rate" if name in {"rate", "base_rate", "quantity"} else _money(value, currency)]
            sheet.write_number(row, column, float(value), style)
        elif isinstance(value, datetime):
            sheet.write_datetime(row, column, value.replace(tzinfo=None), self._formats["moment"])
        elif isinstance(value, date):
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), self._formats["date"])  # noqa: DTZ001
        elif isinstance(value, int):
            sheet.write_number(row, column, value)
        else:
            sheet.write_string(row, column, plain(value)[:_MOST_TEXT], self._formats["text"])

    def finish(self, totals: Totals, count: int) -> None:
        """Totals below the receipts, one line a currency, as formulas with their values; then the sheet of sums."""
        sheet = self._receipts
        if count:
            sheet.autofilter(0, 0, count, len(RECEIPTS))
        row = count + 2
        total, money = _letter(_TOTAL), _letter(_CURRENCY)
        for currency, found in sorted(totals.currencies.items()):
            sheet.write_string(row, _CURRENCY - 1, self._label("total"), self._formats["sumword"])
            sheet.write_string(row, _CURRENCY, currency, self._formats["sumword"])
            span = f"{total}$2:{total}${count + 1}"
            # A currency's sign in quotes is data of ours: three letters at most, never a formula of a document's.
            if not currency:
                sheet.write_number(row, _TOTAL, float(found.total), self._formats["sum"])
                row += 1
                continue
            formula = f'=SUMIFS({span},{money}$2:{money}${count + 1},"{_code(currency)}")'
            sheet.write_formula(row, _TOTAL, formula, self._formats["sum"], float(found.total))
            row += 1
        sheet.print_area(0, 0, row, _PRINTED)  # on paper the figures, not the long tail of details
        self._sum_sheet(totals)

    def _category(self, code: str) -> str:
        return labels.category(self._about.language, code or None) or self._label("no_category")

    def _sum_sheet(self, totals: Totals) -> None:
        about, row = self._about, 0
        self._sums.write_string(row, 0, plain(about.business), self._formats["bold"])
        row += 2
        row = self._block(
            row, "by_currency", ("currency", "count", "total", "tax"),
            [(c or self._label("no_currency"), s.count, s.total, s.tax) for c, s in sorted(totals.currencies.items())],
        )  # fmt: skip
        if totals.base_count:
            words = self._label("in_base").format(currency=about.base_currency)
            self._sums.write_string(row - 1, 0, words, self._formats["sumword"])
            self._sums.write_number(row - 1, 1, totals.base_count)
            self._sums.write_number(row - 1, 2, float(totals.base_total), self._formats["sum"])
            if totals.unconverted:
                self._sums.write_string(row - 1, 3, f"{totals.unconverted} {self._label('unconverted')}")
            row += 1
        row = self._block(
            row, "by_category", ("category", "currency", "count", "total", "tax"),
            [
                (self._category(k), c, s.count, s.total, s.tax)
                for (k, c), s in sorted(totals.categories.items())
            ],
        )  # fmt: skip
        row = self._block(
            row, "by_rate", ("rate", "currency", "base", "tax"),
            [
                (self._label("no_rate") if r is None else r, c, s.base, s.amount)
                for (r, c), s in sorted(totals.rates.items(), key=lambda one: (one[0][0] or Decimal(-1), one[0][1]))
            ],
        )  # fmt: skip
        self._block(
            row, "by_month", ("month", "currency", "count", "total", "tax"),
            [(m or self._label("no_date"), c, s.count, s.total, s.tax) for (m, c), s in sorted(totals.months.items())],
        )  # fmt: skip

    def _block(self, row: int, title: str, names: tuple[str, ...], values: list[tuple[Value, ...]]) -> int:
        sheet = self._sums
        sheet.write_string(row, 0, self._label(title), self._formats["bold"])
        for index, name in enumerate(names):
            sheet.write_string(
                row + 1, index, self._label(name), self._formats["head"] if not index else self._head(name)
            )
        for offset, line in enumerate(values):
            for index, value in enumerate(line):
                if isinstance(value, Decimal) and not index:  # what the line is of: a rate
                    sheet.write_number(row + 2 + offset, 0, float(value), self._formats["which"])
                else:
                    self._write(sheet, row + 2 + offset, index, value, names[index], None)
        return row + 3 + len(values)


def _money(value: Decimal, currency: str | None) -> str:
    if currency in {"JPY", "KRW", "CLP", "ISK", "VND"} and value == value.to_integral_value():
        return "money0"
    return "money3" if currency in {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"} else "money"


def _letter(column: int) -> str:
    return chr(65 + column)


def _code(currency: str) -> str:
    return "".join(c for c in currency if c.isalnum())[:3]
