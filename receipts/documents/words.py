"""Words that somebody else has read from a picture, as text with places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from receipts import visual
from receipts.layout import Text, Word, clean, is_rtl, lines_from_words


def from_csv(rows: Iterable[Sequence[str]]) -> Text:
    """Rows of x1,y1,…,x4,y4,text (commas within the text allowed) as the text of one page."""
    words = []
    for row in rows:
        try:
            x = [float(v) for v in row[0:8:2]]
            y = [float(v) for v in row[1:8:2]]
        except ValueError:
            continue
        text = " ".join(clean(",".join(row[8:])).split())
        if text and len(x) == 4:
            words.append(Word(text, min(x), min(y), max(x), max(y)))
    return from_words(words)


def from_words(
    words: Sequence[Word],
    size: tuple[float, float] | None = None,
    page: int = 0,
    *,
    gap: float = 0.25,
    slope: float | None = None,
) -> Text:
    """Boxes of text on one page, straightened where the lines slant.

    Args:
        words: boxes; right-to-left words as they are read.
        size: of the page; that of what stands on it where it is not known.
        page: number that the lines get.
        gap: white, in line heights, that parts two boxes.
        slope: how far lines sink per pixel to the right, where the boxes' own corners tell.
    """
    slope = skew(words, around=slope or 0.0)
    if slope:
        words = [replace(w, y0=w.y0 - slope * (w.x0 + w.x1) / 2, y1=w.y1 - slope * (w.x0 + w.x1) / 2) for w in words]
    right = max((w.x1 for w in words), default=1.0)
    low = max((w.y1 for w in words), default=1.0)
    sizes = ((0.0, 0.0),) * page + (size or (right, low),)
    lines = lines_from_words([_as_seen(w) for w in words], page, gap=gap)
    return Text(lines, "ocr", sizes, slopes=(0.0,) * page + (slope,))


def _as_seen(word: Word) -> Word:
    """An engine gives right-to-left words as they are read; lines are put together from what is seen."""
    if not is_rtl(word.text):
        return word
    return replace(word, text=visual.word(word.text))


def skew(words: Sequence[Word], *, around: float = 0.0) -> float:
    """How far lines sink per pixel to the right: the slope at which boxes far apart fall into rows most sharply."""
    if len(words) < 8:
        return around
    heights = sorted(w.y1 - w.y0 for w in words)
    height = max(heights[len(heights) // 2], 1.0)
    places = [((w.x0 + w.x1) / 2, (w.y0 + w.y1) / 2) for w in words[:400]]
    best, least = around, None
    for step in sorted(range(-20, 21), key=abs):
        slope = around + step * 0.004
        levels = sorted(y - slope * x for x, y in places)
        # Few distinct levels: neighbours are either on one row or a whole row apart.
        blur = sum(min(gap, height) * (height - min(gap, height)) for gap in map(_minus, levels[1:], levels)) / height
        rows = sum(gap > 0.5 * height for gap in map(_minus, levels[1:], levels))
        cost = rows + blur / height + abs(step) * 0.02
        if least is None or cost < least - 0.5:
            best, least = slope, cost
    return best


def _minus(a: float, b: float) -> float:
    return a - b
