"""Right-to-left text in the order in which it stands on paper (Unicode's bidirectional algorithm)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection

_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u200f\u202b\u202e\u2067]")
_MARKS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")  # they order, and are not drawn
_OPENING, _CLOSING = "([{<«‹≤", ")]}>»›≥"
_MIRROR = dict(zip(_OPENING + _CLOSING, _CLOSING + _OPENING, strict=True))
_LONGEST = 20_000  # signs of one paragraph; more are left in logical order


def has_rtl(text: str) -> bool:
    """Whether anything in the text is written from right to left."""
    return bool(_RTL.search(text))


def starts_rtl(text: str) -> bool:
    """Whether the first letter with a direction reads from right to left (`dir=auto`)."""
    for c in text[:2000]:
        kind = unicodedata.bidirectional(c)
        if kind in {"R", "AL"}:
            return True
        if kind == "L":
            return False
    return False


def levels(text: str, *, rtl: bool) -> list[int] | None:
    """The embedding level of each character in a paragraph of the given direction; None where all are 0."""
    if (not rtl and not has_rtl(text)) or len(text) > _LONGEST:
        return [1 if rtl else 0] * len(text) if rtl else None
    base = 1 if rtl else 0
    out = [base] * len(text)
    paragraph: Any = BidiParagraph(text, TextDirection.RTL if rtl else TextDirection.LTR)
    for character in paragraph.get_characters():
        out[character.character_index] = character.embedding_level
    return out


def visual(order: Sequence[int]) -> list[int]:
    """Positions in the order in which they stand from left to right, given their levels (rule L2)."""
    out = list(range(len(order)))
    if not out:
        return out
    odd = [level for level in order if level % 2]
    if not odd:
        return out
    for level in range(max(order), min(odd) - 1, -1):
        start = None
        for at in range(len(out) + 1):
            inside = at < len(out) and order[out[at]] >= level
            if inside and start is None:
                start = at
            elif not inside and start is not None:
                out[start:at] = out[start:at][::-1]
                start = None
    return out


def drawn(text: str, level: int) -> str:
    """A run of one level as it is drawn from left to right: reversed and mirrored where the level is odd."""
    text = _MARKS.sub("", text)
    if level % 2 == 0:
        return text
    out: list[str] = []
    for c in reversed(text):
        out.append(_MIRROR.get(c, c))
    # A point or accent stands behind its letter in the file whichever way the letters run (rule L3).
    at = 0
    while at < len(out):
        start = at
        while at < len(out) and unicodedata.combining(out[at]):
            at += 1
        if at > start and at < len(out):
            out[start : at + 1] = [out[at], *reversed(out[start:at])]
        at += 1
    return "".join(out)


def line(text: str, *, rtl: bool | None = None) -> str:
    """One line as it is drawn from left to right; the direction is the text's own unless given."""
    if rtl is None:
        rtl = starts_rtl(text)
    found = levels(text, rtl=rtl)
    if found is None:
        return text
    order = visual(found)
    out: list[str] = []
    at = 0
    while at < len(order):
        end = at
        level = found[order[at]]
        while end < len(order) and found[order[end]] == level:
            end += 1
        out.append(drawn("".join(text[i] for i in sorted(order[at:end])), level))
        at = end
    return "".join(out)
