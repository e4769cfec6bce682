"""The fonts that documents are set in: widths for the layout, files for the PDF, a fallback for rare signs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont

FOLDER = Path(__file__).resolve().parents[1] / "fonts"
# Arimo has Arial's widths and Cousine Courier's, so a mail that was laid out for those keeps its shape.
_FILES = {
    ("sans", False, False): "Arimo-Regular.ttf",
    ("sans", True, False): "Arimo-Bold.ttf",
    ("sans", False, True): "Arimo-Italic.ttf",
    ("sans", True, True): "Arimo-BoldItalic.ttf",
    ("mono", False, False): "Cousine-Regular.ttf",
    ("mono", True, False): "Cousine-Bold.ttf",
    ("symbols", False, False): "DejaVuSansSymbols.ttf",
}
_POINTS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]")
_UNKNOWN = "\ufffd"
# Signs that some font lacks and another says as well.
_INSTEAD = {
    "\u2010": "-", "\u2011": "-", "\u2212": "-", "\u00ad": "", "\u2007": "\u00a0", "\u2009": " ", "\u200a": " ",
    "\u27e8": "‹", "\u27e9": "›", "\u276f": "›", "\u276e": "‹", "\u203a": "›",
    "\u202f": "\u00a0", "\u2002": " ", "\u2003": " ", "\u2005": " ", "\u3000": " ", "\u02bc": "'",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Face:
    """One font: its name in the PDF, its file and its measures for a size of one."""

    name: str
    file: Path
    widths: dict[int, float] = field(repr=False)
    ascent: float
    descent: float  # positive

    def width(self, text: str, size: float) -> float:
        """How wide the text stands."""
        widths = self.widths
        return sum(widths.get(ord(c), 0.6) for c in text) * size


@cache
def face(family: str = "sans", *, bold: bool = False, italic: bool = False) -> Face:
    """The face of a family ("sans", "mono", "symbols"); a style that it lacks gives the nearest."""
    key = (family, bold, italic)
    if key not in _FILES:
        key = (family, bold, False) if (family, bold, False) in _FILES else (family, False, False)
    file = FOLDER / _FILES[key]
    with TTFont(file, lazy=True) as font:
        unit: float = font["head"].unitsPerEm
        metrics: dict[str, tuple[int, int]] = font["hmtx"].metrics
        cmap: dict[int, str] = font.getBestCmap()
        # As fpdf2 rounds them, so that what is measured is what is drawn.
        widths = {code: round(metrics[glyph][0] * 1000 / unit + 0.001) / 1000 for code, glyph in cmap.items()}
        hhea: Any = font["hhea"]
        return Face(file.stem.lower(), file, widths, hhea.ascent / unit, -hhea.descent / unit)


@lru_cache(maxsize=4096)
def printable(text: str) -> str:
    """The text in signs that one of the fonts has: others by their like, emoji left out, the rest as U+FFFD."""
    if text.isascii():
        return text
    # Points of Hebrew are left out: without a shaper they would stand beside their letters.
    text = _POINTS.sub("", unicodedata.normalize("NFC", text))
    known, symbols = face().widths, face("symbols").widths
    out = []
    for c in text:
        code = ord(c)
        if code in known or code in symbols or c in "\n\t\r\f":
            out.append(c)
        elif c in _INSTEAD:
            out.append(_INSTEAD[c])
        elif unicodedata.category(c) in {"Cf", "Cc", "Cs", "Co", "Cn", "Mn", "Me"} or _is_emoji(code):
            continue
        else:
            like = unicodedata.normalize("NFKC", c)
            if all(ord(x) in known for x in like):
                out.append(like)
            elif unicodedata.category(c)[0] in "LN":  # a sign of a missing letter; ornaments just go
                out.append(_UNKNOWN)
    return "".join(out)


def _is_emoji(code: int) -> bool:
    return 0x1F000 <= code <= 0x1FAFF or 0x2600 <= code <= 0x27BF or 0xFE00 <= code <= 0xFE0F


def runs(text: str, first: Face) -> list[tuple[str, Face]]:
    """The text in pieces of one face each: the wanted one, else sans, else the symbols'."""
    widths = first.widths
    if all(ord(c) in widths for c in text):
        return [(text, first)]
    out: list[tuple[str, Face]] = []
    for c in text:
        code = ord(c)
        one = next((f for f in (first, face(), face("symbols")) if code in f.widths), first)
        if out and out[-1][1] is one:
            out[-1] = (out[-1][0] + c, one)
        else:
            out.append((c, one))
    return out
