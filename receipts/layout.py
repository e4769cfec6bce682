"""Text with positions: words grown into segments, segments into lines, whatever document they came from."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from receipts import visual
from receipts.types import Box

if TYPE_CHECKING:
    from receipts.documents.markup import Sale
    from receipts.documents.payloads import Code

_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_FINAL = "םןץףך"  # letters that only end a Hebrew word
_LONGEST = 8000  # signs of one cell or paragraph that are read
_GAP = 0.85  # a gap wider than this share of the line's height parts two segments


@dataclass(slots=True)
class Word:
    """One run of signs without a gap; edges in the document's own units, origin top left."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(slots=True)
class Segment:
    """Words that stand together on one line: a cell, a label, a value."""

    text: str
    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    words: tuple[Word, ...] = ()
    line: int = 0  # index of its line in the text
    index: int = 0  # place in its line, in reading order

    @property
    def height(self) -> float:
        """Height of the letters, the size of the type."""
        return self.y1 - self.y0


@dataclass(slots=True)
class Line:
    """Segments side by side, in reading order (right to left where the line reads so)."""

    segments: list[Segment]
    page: int
    index: int = 0
    rtl: bool = False

    @property
    def text(self) -> str:
        """The line's segments with two spaces between."""
        return "  ".join(s.text for s in self.segments)


@dataclass(slots=True)
class Text:
    """A document's lines from top to bottom; `sizes` are the pages' width and height, empty without places."""

    lines: list[Line]
    source: str  # "pdf", "html", "plain", "ocr"
    sizes: tuple[tuple[float, float], ...] = ()
    turns: tuple[int, ...] = ()  # degrees by which a page's text is turned against the page as it is shown
    slopes: tuple[float, ...] = ()  # how far a picture's lines sink per pixel; their places here are level
    title: str = ""  # of an HTML page
    alts: tuple[str, ...] = ()  # what pictures of an HTML page say of themselves
    links: tuple[tuple[str, str], ...] = ()  # (text, address) of an HTML page
    sales: tuple[Sale, ...] = ()  # what an HTML page states for machines
    codes: tuple[Code, ...] = ()  # what a page's QR codes state
    pages: int = 1
    cut: bool = False  # more pages than were read
    segments: list[Segment] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Number lines and segments."""
        self.segments = []
        for i, line in enumerate(self.lines):
            line.index = i
            for k, segment in enumerate(line.segments):
                segment.line, segment.index = i, k
                self.segments.append(segment)

    @property
    def loose(self) -> bool:
        """Whether letters may be misread (OCR)."""
        return self.source == "ocr"

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(line.text for line in self.lines)

    def box(self, segment: Segment, start: int = 0, end: int | None = None) -> Box | None:
        """Where characters `start` to `end` of the segment stand, as fractions of the page; None without places."""
        if segment.page >= len(self.sizes):
            return None
        width, height = self.sizes[segment.page]
        if width <= 0 or height <= 0:
            return None
        x0, y0, x1, y1 = segment.x0, segment.y0, segment.x1, segment.y1
        end = len(segment.text) if end is None else end
        if (start, end) != (0, len(segment.text)):
            hit, at = [], 0
            for word in segment.words:
                if at < end and at + len(word.text) > start:
                    hit.append(word)
                at += len(word.text) + 1
            if hit:
                x0, x1 = min(w.x0 for w in hit), max(w.x1 for w in hit)
                y0, y1 = min(w.y0 for w in hit), max(w.y1 for w in hit)
            elif segment.text:
                share = (x1 - x0) / len(segment.text)
                x0, x1 = x0 + share * start, x0 + share * end
        sunk = self.slopes[segment.page] * (x0 + x1) / 2 if segment.page < len(self.slopes) else 0.0
        y0, y1 = y0 + sunk, y1 + sunk
        turn = self.turns[segment.page] if segment.page < len(self.turns) else 0
        edges = _shown(turn, x0 / width, y0 / height, x1 / width, y1 / height)
        return Box(segment.page, *map(_clip, edges))


def _shown(turn: int, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
    """Where a stretch of upright text stands on the page as it is shown."""
    if turn == 90:
        return 1 - y1, x0, 1 - y0, x1
    if turn == 180:
        return 1 - x1, 1 - y1, 1 - x0, 1 - y0
    if turn == 270:
        return y0, 1 - x1, y1, 1 - x0
    return x0, y0, x1, y1


def _clip(share: float) -> float:
    return round(min(1.0, max(0.0, share)), 4)


def is_rtl(text: str) -> bool:
    """Whether the text holds letters that are written from right to left."""
    return bool(_RTL.search(text))


def clean(text: str) -> str:
    """One line of text without control signs, marks of direction, NUL bytes and lone surrogates."""
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", text.replace("\u00ad", ""))
    return "".join(
        " " if c in "\t\n\r\x0b\x0c\xa0\u2007\u202f\u2009\u200a\u2002\u2003" else c
        for c in text
        if c in "\t\n\r\x0b\x0c" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"}
    )


def lines_from_words(words: Iterable[Word], page: int = 0, *, gap: float = _GAP, as_read: bool = False) -> list[Line]:
    """Group words of one page into lines and segments by their places alone.

    Args:
        words: in any order; each word's signs as they are seen, from left to right.
        page: number that the segments get.
        gap: how many line heights of white part two segments.
        as_read: right-to-left text runs from left to right, as a program draws it that does not know better.
    """
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda w: ((w.y0 + w.y1) / 2, w.x0)):
        for row in reversed(rows[-6:]):
            if _same_row(row, word):
                row.append(word)
                break
        else:
            rows.append([word])
    rows.sort(key=lambda row: min((w.y0 + w.y1) / 2 for w in row))
    return [
        line for row in rows if (line := _line(sorted(row, key=attrgetter("x0")), page, gap, as_read=as_read)).segments
    ]


def _same_row(row: Sequence[Word], word: Word) -> bool:
    """Whether a word stands on the row: its middle within the nearest word's middle half, without overlap."""
    near, least, left, right = row[0], math.inf, word.x0, word.x1
    for known in row:  # a plain loop: this is the innermost one of a page
        step, other = known.x0 - right, left - known.x1
        step, other = (step if step >= 0 else -step), (other if other >= 0 else -other)
        if other < step:
            step = other
        if step < least:
            near, least = known, step
    height = min(near.y1 - near.y0, word.y1 - word.y0)
    shift = abs((near.y0 + near.y1) - (word.y0 + word.y1)) / 2
    if shift > 0.45 * height:
        return False
    overlap = min(near.x1, word.x1) - max(near.x0, word.x0)
    return overlap < 0.6 * min(near.x1 - near.x0, word.x1 - word.x0) or shift < 0.1 * height


def _line(words: list[Word], page: int, gap: float, *, as_read: bool) -> Line:
    groups: list[list[Word]] = []
    for word in words:
        if groups:
            last = groups[-1][-1]
            height = max(min(last.y1 - last.y0, word.y1 - word.y0), 0.1)
            if word.x0 - last.x1 <= gap * height:
                groups[-1].append(word)
                continue
        groups.append([word])
    rtl = sum(is_rtl(w.text) for w in words) * 2 >= sum(any(c.isalpha() for c in w.text) for w in words)
    rtl = rtl and any(is_rtl(w.text) for w in words) and not as_read
    segments = [_segment(group, page, rtl=rtl, as_read=as_read) for group in groups]
    if rtl:
        segments.reverse()
    return Line([s for s in segments if s.text], page, rtl=rtl)


def _segment(words: list[Word], page: int, *, rtl: bool, as_read: bool) -> Segment:
    place = (min(w.x0 for w in words), min(w.y0 for w in words), max(w.x1 for w in words), max(w.y1 for w in words))
    if not as_read and (rtl or any(is_rtl(w.text) for w in words)):
        read = visual.line([w.text for w in words])
        words = [replace(words[index], text=text) for index, text in read]
        if _crossed("".join(w.text for w in words)):  # the file holds brackets as they look, not as they are meant
            words = [replace(w, text=w.text.translate(visual.MIRROR)) for w in words]
    words = [w for w in words if w.text]
    text = " ".join(w.text for w in words)
    if len(words) > 4 and sum(len(w.text) == 1 for w in words) >= 0.8 * len(words) and text.replace(" ", "").isalpha():
        text, words = text.replace(" ", ""), []  # a spaced heading: I N V O I C E
    return Segment(
        text,
        page,
        *place,
        tuple(words),
    )


def _crossed(text: str) -> bool:
    opening, closing = text.find("("), text.find(")")
    return 0 <= closing < opening and text.count("(") == text.count(")")


def mirrored(words: Iterable[str]) -> bool:
    """Whether Hebrew words stand letter by letter the wrong way round (drawn without reordering)."""
    begin = end = 0
    for word in words:
        letters = [c for c in word if "\u05d0" <= c <= "\u05ea"]
        if len(letters) > 1:
            begin += letters[0] in _FINAL
            end += letters[-1] in _FINAL
    return begin > end


def lines_from_cells(rows: Iterable[Sequence[tuple[float, str]]], page: int = 0) -> list[Line]:
    """Lines of a document that has columns but no page (HTML, plain text): (column, text) of each cell."""
    out = []
    for number, row in enumerate(rows):
        segments = []
        for column, raw in row:
            text = " ".join(clean(raw[: 2 * _LONGEST]).split())[:_LONGEST]
            if text:
                y = 2.0 * number
                segments.append(Segment(text, page, column, y, column + len(text), y + 1.0))
        if segments:
            out.append(
                Line(
                    segments,
                    page,
                    rtl=all(is_rtl(s.text) for s in segments if any(c.isalpha() for c in s.text))
                    and is_rtl(segments[0].text),
                )
            )
    return out
