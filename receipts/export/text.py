"""Text and amounts as files of other programs can take them."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO

# Control signs, and the marks that let a name show otherwise than it reads.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
# What spreadsheets take for a formula, full-width twins included, also behind blanks and signs that are not seen.
_FORMULA = re.compile(r"^[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\-@\t\r＝＋－＠]")
_HARMLESS = re.compile(r"[0-9A-Za-zא-ת][ -~א-ת]*")  # most texts: seen at a glance
_NAME_NOT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]')
_RESERVED = re.compile(r"^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def plain(text: str | None) -> str:
    """The text without control signs, overrides of direction and lone surrogates."""
    return _CONTROLS.sub("", text) if text else ""


def cell(text: str | None) -> str:
    """Text for a cell that no spreadsheet takes for a formula."""
    if text and _HARMLESS.fullmatch(text):
        return text
    text = plain(text)
    return f"'{text}" if text and _FORMULA.match(text) else text


def line(text: str | None, most: int | None = None) -> str:
    """The text on one line, cut to a number of signs."""
    flat = " ".join(plain(text).split())
    return flat if most is None or len(flat) <= most else flat[: most - 1].rstrip() + "…"


def amount(value: Decimal | None) -> str:
    """A plain decimal with a point, as many places as it has; nothing for None."""
    if value is None:
        return ""
    text = str(value)  # thrice as fast as its format
    return f"{value:f}" if "E" in text else text


def stamp(moment: datetime | None) -> str:
    """A moment as ISO 8601 to the second."""
    return "" if moment is None else moment.isoformat(timespec="seconds")


def file_name(text: str, most: int = 60) -> str:
    """A piece of a file name that every system takes: no separators, marks of direction, emoji or reserved names."""
    text = unicodedata.normalize("NFC", _NAME_NOT.sub(" ", text))
    text = "".join(c for c in text if unicodedata.category(c) not in {"So", "Cn", "Co", "Cs", "Cf", "Sk"})
    text = re.sub(r"\s+", " ", text).strip(" .-_'")
    while len(text.encode()) > 2 * most or len(text) > most:
        text = text[:-1].rstrip(" .-_'")
    return f"{text} file" if _RESERVED.match(text) else text


class Utf8:
    """Text written to a stream of bytes as UTF-8."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        """Write the text."""
        return self._out.write(text.encode("utf-8", "replace"))
