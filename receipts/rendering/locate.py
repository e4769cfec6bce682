"""Where a quoted line stands on the pages of a PDF."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import pypdfium2 as pdfium

from receipts.rendering import pages
from receipts.types import Box

_MAX_PAGES = 30
_MAX_CHARACTERS = 50_000  # of one page
_MAX_BOXES = 5
_MOST_LINES = 4
_ENOUGH = 0.75  # share of the quote's words on one line from which it counts as found

_Word = tuple[str, float, float, float, float]  # text, x0, y0, x1, y1, origin top left, in points


def locate(data: bytes, quote: str, passwords: Sequence[str] = ()) -> list[Box]:
    """See receipts.render.locate.

    Words are compared as a set, not in order: a reader joins a table row's cells in its own way,
    and right-to-left lines come out of a PDF in more than one order.
    """
    wanted = _words_of(quote)
    if not wanted:
        return []
    found: list[tuple[float, Box]] = []
    read = _pages(data, tuple(passwords))
    # First on one line; a quote that was wrapped, or whose cells stand at different heights, on two to four.
    for count in range(1, _MOST_LINES + 1):
        for page, width, height, lines in read:
            for start in range(len(lines) - count + 1):
                words = [word for line in lines[start : start + count] for word in line]
                if (share := _share(wanted, words)) >= _ENOUGH:
                    found.append((share, _box(page, words, set(wanted), width, height)))
        if found:
            break
    found.sort(key=lambda hit: -hit[0])
    return [box for _, box in found[:_MAX_BOXES]]


@lru_cache(maxsize=2)  # one document is asked for many quotes, one after the other
def _pages(data: bytes, passwords: tuple[str, ...]) -> list[tuple[int, float, float, list[list[_Word]]]]:
    """Number, width, height and lines of each page."""
    out = []
    with pages.open_pdf(data, passwords) as document:
        for number in range(min(len(document), _MAX_PAGES)):
            try:
                page = document[number]
            except pdfium.PdfiumError:
                continue
            try:
                width, height = page.get_size()
                if width > 0 and height > 0:
                    out.append((number, width, height, _lines(_page_words(page, height))))
            finally:
                page.close()
    return out


def _words_of(text: str) -> list[str]:
    return [word for piece in text.split() if (word := _plain(piece))]


def _plain(word: str) -> str:
    """The word's letters and digits alone, in one form; Hebrew letters sorted (their order is not certain)."""
    word = unicodedata.normalize("NFKC", word).casefold()
    word = "".join(c for c in word if c.isalnum())
    return "".join(sorted(word)) if any("\u0590" <= c <= "\u08ff" for c in word) else word


def _page_words(page: pdfium.PdfPage, height: float) -> list[_Word]:
    text = page.get_textpage()
    try:
        words: list[_Word] = []
        letters, box = "", [0.0, 0.0, 0.0, 0.0]
        count = min(text.count_chars(), _MAX_CHARACTERS)
        for index in range(count):
            letter = text.get_text_range(index, 1)
            x0, bottom, x1, top = text.get_charbox(index)
            y0, y1 = height - top, height - bottom
            apart = letters and not (abs(y1 - box[3]) < (box[3] - box[1]) + 1 and _near(box, x0, x1))
            if not letter.strip() or apart:
                if letters:
                    words.append((letters, box[0], box[1], box[2], box[3]))
                letters = ""
            if letter.strip():
                box = (
                    [min(box[0], x0), min(box[1], y0), max(box[2], x1), max(box[3], y1)]
                    if letters
                    else [x0, y0, x1, y1]
                )
                letters += letter
        if letters:
            words.append((letters, box[0], box[1], box[2], box[3]))
        return words
    finally:
        text.close()


def _near(box: Sequence[float], x0: float, x1: float) -> bool:
    gap = max(x0 - box[2], box[0] - x1)
    return gap < max(1.5, 0.4 * (box[3] - box[1]))


def _lines(words: list[_Word]) -> list[list[_Word]]:
    lines: list[list[_Word]] = []
    for word in sorted(words, key=lambda w: (w[2] + w[4]) / 2):
        middle = (word[2] + word[4]) / 2
        for line in reversed(lines[-4:]):
            top, bottom = min(w[2] for w in line), max(w[4] for w in line)
            if top <= middle <= bottom:
                line.append(word)
                break
        else:
            lines.append([word])
    return lines


def _share(wanted: list[str], line: list[_Word]) -> float:
    """How much of the quote stands on the line, a little less for a line that holds much else."""
    have = [plain for word in line if (plain := _plain(word[0]))]
    rest = list(have)
    whole = "".join(have)
    hit = 0
    for word in wanted:
        if word in rest:
            rest.remove(word)
            hit += len(word)
        elif len(word) > 4 and word.isdigit() and word in whole:
            hit += len(word)  # "1 234,56" is one amount and two words
    # A quote's word may come out of the PDF in pieces, or two of them as one.
    share = hit / sum(map(len, wanted))
    if share < 1 and sorted("".join(wanted)) == sorted("".join(have)):
        share = 1.0
    return share - 0.01 * len(rest) / (len(have) or 1)


def _box(page: int, line: list[_Word], wanted: set[str], width: float, height: float) -> Box:
    hits = [word for word in line if _plain(word[0]) in wanted]
    hits += _run(line, wanted - {_plain(word[0]) for word in hits})
    hits = hits or line
    return Box(
        page,
        round(max(0.0, min(w[1] for w in hits) / width), 4),
        round(max(0.0, min(w[2] for w in hits) / height), 4),
        round(min(1.0, max(w[3] for w in hits) / width), 4),
        round(min(1.0, max(w[4] for w in hits) / height), 4),
    )


def _run(line: list[_Word], wanted: set[str]) -> list[_Word]:
    """The shortest run of words side by side that hold a wanted one together."""
    row = sorted(line, key=lambda word: word[1])
    for count in range(2, min(6, len(row) + 1)):
        for start in range(len(row) - count + 1):
            together = "".join(_plain(word[0]) for word in row[start : start + count])
            if any(len(one) > 4 and one in together for one in wanted):
                return row[start : start + count]
    return []
