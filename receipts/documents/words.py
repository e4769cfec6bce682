"""Words that somebody else has read from a picture, as text with places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from receipts.layout import Text, Word, clean, lines_from_words


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


def from_words(words: Sequence[Word], size: tuple[float, float] | None = None, page: int = 0) -> Text:
    """Boxes of text on one page; each box keeps to itself."""
    right = max((w.x1 for w in words), default=1.0)
    low = max((w.y1 for w in words), default=1.0)
    return Text(lines_from_words(words, page, gap=0.25), "ocr", (size or (right, low),))
