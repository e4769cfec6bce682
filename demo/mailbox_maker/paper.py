"""A sheet to draw documents on: fpdf2 with the demo's fonts, millimetres from the top left, Hebrew in its order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

from bidi.algorithm import get_display
from fpdf import FPDF

FONTS = Path(__file__).parent.parent / "fonts"
HEBREW = re.compile("[\u0590-\u05ff]")
INK = (28, 28, 30)
GREY = (110, 112, 118)
Colour = tuple[int, int, int]


class Sheet:
    """Pages of one document; `order` says how Hebrew is put down, as producers of PDF differ in it.

    visual: one string in the order of the eye · words: each word by itself, from the right · shaped: by HarfBuzz.
    """

    def __init__(
        self,
        font: str,
        made: date,
        *,
        size: tuple[float, float] = (210, 297),
        rtl: bool = False,
        order: str = "visual",
        producer: str = "",
        title: str = "",
    ) -> None:
        """Open the first page; `made` becomes the creation date, so that the bytes stay the same."""
        self.pdf = FPDF(unit="mm", format=size)
        self.pdf.set_auto_page_break(False)
        self.pdf.set_margin(0)
        self.pdf.c_margin = 0
        self.pdf.set_creation_date(datetime.combine(made, time(9, 30), tzinfo=UTC))
        if producer:
            self.pdf.set_producer(producer)
        if title:
            self.pdf.set_title(title)
        self.font, self.rtl, self.order = font, rtl, order
        self.width, self.height = size
        if order == "shaped":
            self.pdf.set_text_shaping(True, direction="rtl" if rtl else "ltr")
        self._add(font)
        self.pdf.add_page()

    def _add(self, family: str) -> None:
        if family.lower() not in {name.rstrip("B").lower() for name in self.pdf.fonts}:
            self.pdf.add_font(family, "", FONTS / f"{family}-Regular.ttf")
            self.pdf.add_font(family, "B", FONTS / f"{family}-Bold.ttf")

    def page(self) -> None:
        """Begin another page."""
        self.pdf.add_page()

    def measure(self, text: str, size: float = 10, bold: bool = False, font: str = "") -> float:
        """Width of the text in millimetres."""
        self._use(size, bold, font)
        return float(self.pdf.get_string_width(text))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 10,
        *,
        bold: bool = False,
        colour: Colour = INK,
        align: str = "",
        font: str = "",
        spacing: float = 0,
    ) -> None:
        """Write one line with its baseline at y; align l, r or c about x (default: the side the language starts)."""
        if not text:
            return
        self._use(size, bold, font)
        self.pdf.set_text_color(*colour)
        self.pdf.set_char_spacing(spacing)
        width = float(self.pdf.get_string_width(text))
        side = align or ("r" if self.rtl else "l")
        left = x - (width if side == "r" else width / 2 if side == "c" else 0)
        if not HEBREW.search(text):
            self.pdf.text(left, y, text)
        elif self.order == "shaped":  # only cells put the runs in order
            height = float(self.pdf.font_size)
            self.pdf.set_xy(left, y - 0.8 * height)
            self.pdf.cell(width, height, text)
        elif self.order == "words":
            self._words(left, y, text)
        else:
            self.pdf.text(left, y, get_display(text, base_dir="R" if self.rtl else "L"))
        self.pdf.set_char_spacing(0)

    def _words(self, left: float, y: float, text: str) -> None:
        shown = get_display(text, base_dir="R" if self.rtl else "L")
        placed, x = [], left
        for word in shown.split(" "):
            placed.append((x, word))
            x += float(self.pdf.get_string_width(word + " "))
        for at, word in reversed(placed) if self.rtl else placed:
            if word:
                self.pdf.text(at, y, word)

    def _use(self, size: float, bold: bool, font: str) -> None:
        if font:
            self._add(font)
        self.pdf.set_font(font or self.font, "B" if bold else "", size)

    def block(
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        size: float = 9,
        *,
        lead: float = 4.6,
        colour: Colour = INK,
        align: str = "",
        bold_first: bool = False,
        font: str = "",
    ) -> float:
        """Write several lines under one another; returns the next baseline."""
        for i, line in enumerate(lines):
            self.text(x, y, line, size, colour=colour, align=align, bold=bold_first and i == 0, font=font)
            y += lead
        return y

    def wrapped(
        self, x: float, y: float, text: str, width: float, size: float = 9, *, lead: float = 4.6, colour: Colour = INK
    ) -> float:
        """Write a paragraph broken at `width` (x is the side the language starts); returns the next baseline."""
        for line in self.broken(text, width, size):
            self.text(x, y, line, size, colour=colour)
            y += lead
        return y

    def broken(self, text: str, width: float, size: float = 9) -> list[str]:
        """The paragraph's lines at that width."""
        lines, line = [], ""
        for word in text.split():
            tried = f"{line} {word}".strip()
            if line and self.measure(tried, size) > width:
                lines.append(line)
                line = word
            else:
                line = tried
        return [*lines, line]

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float = 0.2, colour: Colour = INK) -> None:
        """Draw a line."""
        self.pdf.set_draw_color(*colour)
        self.pdf.set_line_width(width)
        self.pdf.line(x0, y0, x1, y1)

    def dashes(self, x0: float, y: float, x1: float, colour: Colour = GREY) -> None:
        """Draw a dashed line across."""
        self.pdf.set_draw_color(*colour)
        self.pdf.set_line_width(0.2)
        self.pdf.set_dash_pattern(1.2, 1)
        self.pdf.line(x0, y, x1, y)
        self.pdf.set_dash_pattern()

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: Colour | None = None,
        edge: Colour | None = INK,
        line: float = 0.2,
        round_: float = 0,
    ) -> None:
        """Draw a box, filled or not, with round corners or not."""
        if edge:
            self.pdf.set_draw_color(*edge)
        if fill:
            self.pdf.set_fill_color(*fill)
        self.pdf.set_line_width(line)
        style = ("F" if fill else "") + ("D" if edge else "")
        self.pdf.rect(x, y, width, height, style=style or "D", round_corners=bool(round_), corner_radius=round_)

    def circle(self, x: float, y: float, radius: float, fill: Colour) -> None:
        """Draw a disc."""
        self.pdf.set_fill_color(*fill)
        self.pdf.circle(x=x, y=y, radius=radius, style="F")

    def bars(self, x: float, y: float, width: float, height: float, code: str) -> None:
        """Draw a bar code's look-alike, the same for the same code."""
        self.pdf.set_fill_color(*INK)
        at, bits = x, "".join(f"{ord(c) * 37 % 256:08b}" for c in code)
        step = width / len(bits)
        for bit in bits:
            if bit == "1":
                self.pdf.rect(at, y, step * 1.02, height, style="F")
            at += step

    def attach(self, name: str, data: bytes, made: date) -> None:
        """Put a file into the document, as Factur-X does with its XML."""
        when = datetime.combine(made, time(9, 30), tzinfo=UTC)
        self.pdf.embed_file(
            bytes=data, basename=name, mime_type="text/xml", desc="Factur-X", creation_date=when, modification_date=when
        )

    def finished(self) -> bytes:
        """The finished file."""
        return bytes(self.pdf.output())
