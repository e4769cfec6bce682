"""The drawn pages of the report: cover with its sums, table of receipts, frames of the documents' pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import money
from receipts.export import labels, sheet
from receipts.export.rows import About, ExportRow, LeftOut
from receipts.export.sheet import ACCENT, HEIGHT, INK, LINE, MARGIN, MUTED, WARN, Blank, Sheet
from receipts.export.totals import Totals

_INNER: Final = sheet.WIDTH - 2 * MARGIN
_ROW: Final = 15.5
_ROWS: Final = (_ROW, 14.0, 12.6, 11.6)  # of the cover: as close as it must be for one page
_LEAST: Final = 4  # rows that a page of the cover has, where it needs a second one
_TOP: Final = 62.0
_BOTTOM: Final = HEIGHT - 46.0
ROWS_PER_PAGE: Final = int((_BOTTOM - _TOP - 14) // _ROW)
# The table's columns: name, width, whether it holds a figure.
_COLUMNS: Final = (
    ("", 24.0, False), ("date", 55.0, False), ("vendor", 126.0, False), ("number", 76.0, False),
    ("category", 66.0, False), ("tax", 56.0, True), ("total", 67.0, True), ("", 30.0, False), ("page", 27.0, True),
)  # fmt: skip
_GAP: Final = 5.0
FRAME_TOP: Final = 40.0
FRAME_BOTTOM: Final = 34.0
FRAME_SIDE: Final = 26.0


@dataclass(slots=True)
class Placed:
    """Pages of a receipt's documents: width and height of each, and the number of its first page in the report."""

    sizes: list[tuple[float, float]] = field(default_factory=list)
    first_page: int = 0


def figure(value: Decimal | None, currency: str | None) -> str:
    """An amount with its thousands parted and its currency's decimals."""
    return "" if value is None else f"{value:,.{money.exponent(currency)}f}"


class Pages:
    """Draws the report on one sheet, page after page."""

    def __init__(self, out: Sheet, about: About, pages: int, row: float = _ROW) -> None:
        self.sheet = out
        self._about = about
        self._pages = pages
        self._row = row  # height of a row on the cover
        self.count = 0
        self._y = 0.0

    def _label(self, key: str) -> str:
        return labels.label(self._about.language, key)

    def _page(self, *, lying: bool = False) -> None:
        self.sheet.page(lying=lying)
        self.count += 1
        bottom = (sheet.WIDTH if lying else HEIGHT) - 18
        width = self.sheet.width - 2 * MARGIN
        words = f"{self._about.business} · {self.period()}"
        self.sheet.text(MARGIN, bottom, words, size=7.5, color=MUTED, width=width - 90)
        number = self._label("of").format(page=self.count, pages=self._pages or self.count)
        self.sheet.text(MARGIN, bottom, number, size=7.5, color=MUTED, width=width, align="end")
        self._y = _TOP

    def _rate(self, rate: Decimal | None) -> str:
        return self._label("no_rate") if rate is None else f"{rate.normalize():f} %"

    def period(self) -> str:
        """The period in figures."""
        first, last = self._about.first, self._about.last
        if first is None and last is None:
            return self._label("all_time")
        return " – ".join(day.isoformat() for day in (first, last) if day is not None)

    # --- cover ------------------------------------------------------------------------------------------------
    def cover(self, totals: Totals, left_out: Sequence[LeftOut]) -> None:
        """Business, period, and sums by currency, category, tax rate and month."""
        out, about = self.sheet, self._about
        self._page()
        out.mark(self._label("summary"))
        out.fill(MARGIN, 40, 3.5, 44, ACCENT)
        out.text(MARGIN + 14, 58, about.business, size=22, bold=True, width=_INNER - 14)
        out.text(
            MARGIN + 14, 78, f"{self._label('report')} · {self.period()}", size=11.5, color=MUTED, width=_INNER - 14
        )
        made = self._label("made").format(day=f"{about.made_at:%Y-%m-%d}")
        words = f"{made} · {about.filter}" if about.filter else made
        out.text(MARGIN + 14, 94, words, size=8.5, color=MUTED, width=_INNER - 14)
        self._y = 128 if self._row == _ROW else 120
        self._cards(totals)
        self._block(
            "by_category", ("category", "currency", "count", "tax", "total"),
            [
                (self._category(k), c, str(s.count), figure(s.tax, c), figure(s.total, c))
                for (k, c), s in sorted(totals.categories.items(), key=lambda one: (one[0][1], -one[1].total))
            ],
        )  # fmt: skip
        self._block(
            "by_rate", ("rate", "currency", "", "base", "tax"),
            [
                (self._rate(r), c, "", figure(s.base, c), figure(s.amount, c))
                for (r, c), s in sorted(totals.rates.items(), key=lambda one: (one[0][1], -(one[0][0] or Decimal(-1))))
            ],
        )  # fmt: skip
        self._block(
            "by_month", ("month", "currency", "count", "tax", "total"),
            [
                (m or self._label("no_date"), c, str(s.count), figure(s.tax, c), figure(s.total, c))
                for (m, c), s in sorted(totals.months.items())
            ],
        )  # fmt: skip
        if left_out:
            self._space(40)
            out.text(MARGIN, self._y, self._label("left_out"), size=11, bold=True, color=WARN)
            self._y += 6
            for one in left_out:
                for words in _wrapped(one.sentence, 118):
                    self._space(12)
                    self._y += 12
                    out.text(MARGIN, self._y, words, size=8.5, color=WARN, width=_INNER)
                self._y += 3

    def _category(self, code: str) -> str:
        word = labels.category(self._about.language, code or None) or self._label("no_category")
        return word[:1].upper() + word[1:]

    def _cards(self, totals: Totals) -> None:
        out = self.sheet
        if not totals.count:
            out.text(MARGIN, self._y, self._label("nothing"), size=11, color=MUTED)
            self._y += 30
            return
        high = 24 * self._row / _ROW
        for currency, found in sorted(totals.currencies.items(), key=lambda one: -one[1].count):
            self._space(44)
            name = currency or self._label("no_currency")
            out.text(MARGIN, self._y + 12, name, size=11, bold=True, color=MUTED, width=96)
            x = MARGIN + (44 if currency else 100)
            out.text(x, self._y + 12, figure(found.total, currency), size=19, bold=True, width=210, ltr=True)
            detail = [
                (f"{self._label('count')}:", False), (str(found.count), True), ("·", True),
                (f"{self._label('tax')}:", False), (figure(found.tax, currency), True),
            ]  # fmt: skip
            room = MARGIN + _INNER - x - 215
            out.pieces(x + 215, self._y + 12, detail, size=9, color=MUTED, width=room, end=True)
            self._y += high - 5
            out.line(MARGIN, self._y + 5, _INNER)
            self._y += high / 2 + 5
        if totals.base_count and (len(totals.currencies) > 1 or self._about.base_currency not in totals.currencies):
            base = self._about.base_currency
            words = self._label("in_base").format(currency=base)
            out.text(MARGIN, self._y + 6, words, size=9.5, bold=True)
            out.text(MARGIN + 110, self._y + 6, figure(totals.base_total, base), size=9.5, bold=True, ltr=True)
            if totals.unconverted:
                note = f"{totals.unconverted} {self._label('unconverted')}"
                out.text(MARGIN, self._y + 6, note, size=9, color=WARN, width=_INNER, align="end")
            self._y += 22
        self._y += 8

    def _block(self, title: str, names: Sequence[str], lines: Sequence[tuple[str, ...]]) -> None:
        if not lines:
            return
        out = self.sheet
        places = (
            (0.0, 200.0, False),
            (210.0, 50.0, False),
            (270.0, 60.0, True),
            (340.0, 85.0, True),
            (435.0, _INNER - 435, True),
        )
        row = self._row
        self._space(20 + min(len(lines), _LEAST) * row)
        out.text(MARGIN, self._y, self._label(title), size=11, bold=True)
        self._y += 16
        self._heads(places, names)
        before: tuple[str, ...] = ("", "")
        for index, values in enumerate(lines):
            left = len(lines) - index
            # Neither a row alone on the next page, nor one alone on this one.
            if self._y + (row if left != _LEAST - 1 else left * row) > _BOTTOM:
                self._page()
                self._heads(places, names)
                before = ("", "")
            elif before[1] not in ("", values[1]) and title != "by_month":
                self._y += 4  # currencies stand apart
            self._y += row - 3
            for place, ((x, width, right), value) in enumerate(zip(places, values, strict=True)):
                if place == 0 and title == "by_month" and value == before[0]:
                    continue
                align = "right" if right else "start"
                out.text(MARGIN + x, self._y, value, size=9, width=width, align=align, ltr=right)
            self._y += 3
            before = values
        self._y += 24 * row / _ROW

    def _heads(self, places: Sequence[tuple[float, float, bool]], names: Sequence[str]) -> None:
        """The names of a block's columns and the line below them."""
        for (x, width, right), name in zip(places, names, strict=True):
            if name:
                align = "right" if right else "start"
                words = self._label(name)
                self.sheet.text(MARGIN + x, self._y, words, size=8, color=MUTED, width=width, align=align)
        self._y += 4
        self.sheet.line(MARGIN, self._y, _INNER)

    def _space(self, height: float) -> None:
        if self._y + height > _BOTTOM:
            self._page()

    # --- table ------------------------------------------------------------------------------------------------
    def table(
        self, rows: Sequence[ExportRow], placed: Sequence[Placed], links: Sequence[int], totals: Totals
    ) -> list[int]:
        """The receipts, a line each, with the page of its documents, and their sums below.

        Gives the page of each receipt's line.
        """
        out = self.sheet
        where: list[int] = []
        for index, row in enumerate(rows):
            if index % ROWS_PER_PAGE == 0:
                self._page()
                if index == 0:
                    out.mark(self._label("receipts"))
                self._table_head()
            if index % 2:
                out.fill(MARGIN, self._y, _INNER, _ROW, (250, 249, 245))
            page = placed[index].first_page
            self._line(
                (
                    str(index + 1), row.date.isoformat() if row.date else "–", row.vendor or "–", row.number or "",
                    self._category(row.category) if row.category else "", figure(row.tax, row.currency),
                    figure(row.total, row.currency) or "–", row.currency or "", str(page) if page else "",
                ),
                _colors(row),
            )  # fmt: skip
            if page:
                out.link(MARGIN, self._y, _INNER, _ROW, links[index])
            self._y += _ROW
            where.append(self.count)
        for index, (currency, found) in enumerate(sorted(totals.currencies.items()), len(rows)):
            if index % ROWS_PER_PAGE == 0:
                self._page()
                self._table_head()
            if index == len(rows):
                out.line(MARGIN, self._y, _INNER, thick=0.9)
            word = self._label("totals") if index == len(rows) else ""
            sums = (figure(found.tax, currency), figure(found.total, currency), currency, "")
            self._line(("", "", word, "", "", *sums), [INK] * len(_COLUMNS), bold=True)
            self._y += _ROW
        return where

    def _line(self, values: Sequence[str], colors: Sequence[tuple[int, int, int]], *, bold: bool = False) -> None:
        """One line of the table."""
        x, y = MARGIN, self._y + _ROW - 4.5
        for (_, width, right), value, color in zip(_COLUMNS, values, colors, strict=True):
            start = 0.0 if right else _GAP if x > MARGIN else 0.0
            self.sheet.text(
                x + start, y, value, size=8, bold=bold, width=width - start, align="right" if right else "start",
                color=color, ltr=right,
            )  # fmt: skip
            x += width

    def _table_head(self) -> None:
        x = MARGIN
        y = 46.0
        for name, width, right in _COLUMNS:
            start = 0.0 if right else _GAP if x > MARGIN else 0.0
            if name:
                align = "right" if right else "start"
                words = self._label(name)
                self.sheet.text(x + start, y, words, size=8, bold=True, color=MUTED, width=width - start, align=align)
            x += width
        self.sheet.line(MARGIN, y + 6, _INNER, color=LINE, thick=0.9)
        self._y = y + 8

    # --- documents --------------------------------------------------------------------------------------------
    def frame(
        self, number: int, row: ExportRow, size: tuple[float, float], back: int | None
    ) -> tuple[float, float, float, float]:
        """A page for one page of a document, with a line that says whose it is; gives left, bottom, right, top."""
        lying = size[0] > 1.15 * size[1]
        self._page(lying=lying)
        wide, high = (HEIGHT, sheet.WIDTH) if lying else (sheet.WIDTH, HEIGHT)
        total = f"{figure(row.total, row.currency)} {row.currency or ''}".strip()
        words = [(row.vendor or "", False), (row.date.isoformat() if row.date else "", True), (total, True)]
        pieces = [piece for word in words if word[0] for piece in (("·", True), word)][1:]
        shown = self.sheet.text(MARGIN, 24, str(number), size=8.5, bold=True, color=ACCENT)
        room = wide - 2 * MARGIN - shown - 8
        self.sheet.pieces(MARGIN + shown + 8, 24, pieces, size=8.5, color=MUTED, width=room)
        if back is not None:
            self.sheet.link(MARGIN, 14, wide - 2 * MARGIN, 14, back)
        free = (wide - 2 * FRAME_SIDE, high - FRAME_TOP - FRAME_BOTTOM)
        scale = min(free[0] / size[0], free[1] / size[1], 1.3)
        left = (wide - size[0] * scale) / 2
        top = high - FRAME_TOP + 4
        return left, top - size[1] * scale, left + size[0] * scale, top


def cover_row(totals: Totals, about: About, left_out: Sequence[LeftOut]) -> tuple[float, int]:
    """How high rows of the cover are so that it fits one page, else as they are anyway; and the cover's pages."""
    count = 0
    for row in (*_ROWS, _ROW):
        trial = Pages(Blank(), about, 0, row)
        trial.cover(totals, left_out)
        count = trial.count
        if count == 1:
            return row, 1
    return _ROW, count


def _colors(row: ExportRow) -> list[tuple[int, int, int]]:
    total = INK if row.total is None or row.total >= 0 else ACCENT
    return [MUTED, INK, INK, MUTED, MUTED, MUTED, total, MUTED, MUTED]


def _wrapped(text: str, most: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= most:
            lines[-1] += f" {word}"
        else:
            lines.append(word[:most])
    return lines
