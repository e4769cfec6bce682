"""A PDF page to draw words, lines and tables on, in either direction of writing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from fpdf import FPDF

from receipts.rendering import bidi, fonts
from receipts.rendering.css import Color
from receipts.rendering.paint import use_face

WIDTH: Final = 595.28
HEIGHT: Final = 841.89
MARGIN: Final = 34.0
INK: Final[Color] = (28, 27, 23)
MUTED: Final[Color] = (107, 103, 92)
LINE: Final[Color] = (211, 207, 194)
ACCENT: Final[Color] = (11, 102, 86)
WARN: Final[Color] = (138, 71, 0)


# Marks that order letters otherwise than they read: a vendor's name could show another name.
_ORDERS: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Sheet:
    """An FPDF of A4 in points with text by place; in a right-to-left one every place is mirrored."""

    def __init__(self, *, rtl: bool, title: str) -> None:
        self.pdf = FPDF(unit="pt", format=(WIDTH, HEIGHT))
        self.pdf.set_margin(0)
        self.pdf.c_margin = 0
        self.pdf.set_auto_page_break(auto=False)
        self.pdf.set_creator("ProSaaS")
        self.pdf.set_producer("ProSaaS")
        self.pdf.set_title(title)
        self.rtl = rtl
        self.width = WIDTH

    def page(self, *, lying: bool = False) -> None:
        """Start a page."""
        self.pdf.add_page("L" if lying else "P")
        self.width = HEIGHT if lying else WIDTH

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 9,
        bold: bool = False,
        color: Color = INK,
        width: float | None = None,
        align: str = "start",
        ltr: bool = False,
    ) -> float:
        """Draw one line with its baseline at `y` and give its width.

        Args:
            x: where it starts, from the side on which the language starts.
            y: baseline from the top.
            text: in logical order; its own direction decides the order in which it is drawn.
            size: in points.
            bold: weight.
            color: of the letters.
            width: of its place; longer text is cut with an ellipsis.
            align: where it stands in its place: "start", "end", or "right" (figures, in either direction of writing).
            ltr: whether it is read from left to right whatever it holds (amounts, codes).
        """
        face = fonts.face(bold=bold)
        text = fonts.printable(" ".join(_ORDERS.sub("", text).split()))
        if width is not None:
            text = fitted(text, face, size, width)
        shown = face.width(text, size)
        drawn = bidi.line(text, rtl=False if ltr else bidi.starts_rtl(text))
        room = (width or shown) - shown
        left = self.width - x - (width or shown) if self.rtl else x
        if align == "right" or (align == "end") != self.rtl:
            left += room
        self.pdf.set_text_color(*color)
        for piece, one in fonts.runs(drawn, face):
            use_face(self.pdf, one, size)
            self.pdf.text(left, y, piece)
            left += one.width(piece, size)
        return shown

    def pieces(
        self,
        x: float,
        y: float,
        pieces: Sequence[tuple[str, bool]],
        *,
        size: float = 9,
        color: Color = INK,
        width: float,
        end: bool = False,
    ) -> None:
        """Draw texts one after another, each in its own direction, so that none reorders its neighbour.

        Args:
            x: where they start, from the side on which the language starts.
            y: baseline from the top.
            pieces: text, and whether it is read from left to right whatever it holds.
            size: in points.
            color: of the letters.
            width: of their place; what does not fit is cut.
            end: they stand at the end of their place.
        """
        face = fonts.face(bold=False)
        texts = [(fonts.printable(" ".join(_ORDERS.sub("", text).split())), ltr) for text, ltr in pieces]
        gap = face.width(" ", size)
        whole = sum(face.width(text, size) for text, _ in texts) + gap * (len(texts) - 1)
        at = x + max(0.0, width - whole) if end else x
        for text, ltr in texts:
            room = x + width - at + 0.01  # sums of widths are not exact
            if room <= 0.01:
                break
            at += self.text(at, y, text, size=size, color=color, width=room, ltr=ltr) + gap

    def line(self, x: float, y: float, width: float, *, color: Color = LINE, thick: float = 0.6) -> None:
        """A horizontal rule."""
        self.fill(x, y, width, thick, color)

    def fill(self, x: float, y: float, width: float, height: float, color: Color) -> None:
        """A filled rectangle."""
        self.pdf.set_fill_color(*color)
        self.pdf.rect(self.width - x - width if self.rtl else x, y, width, height, style="F")

    def link(self, x: float, y: float, width: float, height: float, target: int) -> None:
        """A link to a place made by `target`."""
        self.pdf.link(self.width - x - width if self.rtl else x, y, width, height, target)

    def target(self) -> int:
        """A place to link to; `aim` says where it is."""
        number: int = self.pdf.add_link()
        return number

    def aim(self, target: int, page: int, y: float = 0) -> None:
        """Say where a target is."""
        self.pdf.set_link(target, y=y, page=page)

    def mark(self, name: str, level: int = 0) -> None:
        """A bookmark to the current page."""
        self.pdf.start_section(" ".join(name.split()) or "-", level)


class Blank(Sheet):
    """A sheet on which nothing is drawn: how far something reaches is known without its fonts."""

    def __init__(self) -> None:
        super().__init__(rtl=False, title="")

    def page(self, *, lying: bool = False) -> None:
        """Start a page."""
        self.width = HEIGHT if lying else WIDTH

    def text(self, x: float, y: float, text: str, **_: Any) -> float:  # noqa: ARG002 - as its parent's
        """Draw nothing."""
        return 0.0

    def pieces(self, x: float, y: float, pieces: Sequence[tuple[str, bool]], **_: Any) -> None:
        """Draw nothing."""

    def fill(self, x: float, y: float, width: float, height: float, color: Color) -> None:
        """Draw nothing."""

    def mark(self, name: str, level: int = 0) -> None:
        """Mark nothing."""


def fitted(text: str, face: fonts.Face, size: float, width: float) -> str:
    """The text, cut with an ellipsis where it is wider than its place."""
    if face.width(text, size) <= width:
        return text
    room = width - face.width("…", size)
    end, used = 0, 0.0
    while end < len(text):
        used += face.width(text[end], size)
        if used > room:
            break
        end += 1
    return text[:end].rstrip() + "…"
