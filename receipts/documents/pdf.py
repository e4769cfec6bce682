"""PDF through PDFium: text with places, embedded files, pictures of pages."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pypdfium2
import pypdfium2.raw as pdfium

from receipts import visual
from receipts.documents import codes
from receipts.layout import Text, Word, clean, lines_from_words, mirrored

if TYPE_CHECKING:
    from PIL.Image import Image

    from receipts.documents.payloads import Code

PAGES_READ = 24  # text of the first ones and of the last; totals stand at either end
_LAST_PAGES = 4
_CHARS_PER_PAGE = 60_000
_ATTACHMENTS = 20
_ATTACHMENT_BYTES = 20_000_000
_BLANKS = frozenset({0xA0, 0x202F, 0x2007, 0x2009})
_RTL_FIRST, _RTL_LAST = 0x590, 0x8FF
_PASSWORD = 4  # FPDF_ERR_PASSWORD


class PdfError(Exception):
    """The file cannot be opened; `code` is `pdf_password` or `pdf_broken`."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True)
class Attachment:
    """A file inside a PDF."""

    name: str
    data: bytes


class Pdf:
    """An open PDF; close it, or use it in a `with` block. PDFium is not thread-safe: one process, one reader."""

    def __init__(self, data: bytes, passwords: Sequence[str] = ()) -> None:
        """Open, trying no password first; raises PdfError."""
        for password in (None, *passwords):
            try:
                self._pdf = pypdfium2.PdfDocument(data, password=password)
                break
            except pypdfium2.PdfiumError as error:
                code = getattr(error, "err_code", None)
                if code != _PASSWORD:
                    raise PdfError("pdf_broken", "The PDF is broken and cannot be opened.") from error
        else:
            raise PdfError("pdf_password", "The PDF is locked with a password that is not known.")
        try:
            self.pages = len(self._pdf)
        except pypdfium2.PdfiumError as error:
            raise PdfError("pdf_broken", "The PDF is broken and cannot be opened.") from error

    def __enter__(self) -> Pdf:
        """The open file itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Give PDFium's memory back."""
        self._pdf.close()

    def text(self) -> Text:
        """Lines of all pages (of a long file: of the first and last ones) with their places."""
        lines, sizes, turns = [], [], []
        numbers = list(range(self.pages))
        if self.pages > PAGES_READ:
            numbers = numbers[: PAGES_READ - _LAST_PAGES] + numbers[-_LAST_PAGES:]
        for number in range(self.pages if self.pages <= PAGES_READ else numbers[-1] + 1):
            if number not in numbers:
                sizes.append((0.0, 0.0))
                turns.append(0)
                continue
            try:
                words, size, turn = self._words(number)
            except pypdfium2.PdfiumError:
                words, size, turn = [], (0.0, 0.0), 0
            sizes.append(size)
            turns.append(turn)
            if words:
                as_read = mirrored(visual.word(w.text) for w in words)
                lines += lines_from_words(words, number, as_read=as_read)
        return Text(lines, "pdf", tuple(sizes), turns=tuple(turns), pages=self.pages, cut=len(numbers) < self.pages)

    def attachments(self) -> Iterator[Attachment]:
        """Files embedded in the document, at most twenty."""
        try:
            count = min(self._pdf.count_attachments(), _ATTACHMENTS)
        except pypdfium2.PdfiumError:
            return
        for index in range(count):
            try:
                attachment = self._pdf.get_attachment(index)
                name, data = clean(attachment.get_name()), bytes(attachment.get_data())
            except (pypdfium2.PdfiumError, UnicodeError):
                continue
            if len(data) <= _ATTACHMENT_BYTES:
                yield Attachment(name, data)

    def codes(self) -> tuple[Code, ...]:
        """What QR codes of bills state on the first two pages and the last."""
        return codes.of_pdf(self._pdf)

    def picture(self, number: int, longest: int = 2000) -> Image:
        """A page as a picture whose longer side has about `longest` pixels; raises PdfError."""
        try:
            page = self._pdf[number]
            try:
                width, height = page.get_size()
                scale = longest / max(width, height, 1.0)
                picture: Image = page.render(scale=min(scale, 6.0), grayscale=False).to_pil()
                return picture
            finally:
                page.close()
        except pypdfium2.PdfiumError as error:  # a page that the file names and does not hold
            raise PdfError("pdf_broken", "The PDF's pages are broken and cannot be drawn.") from error

    def _words(self, number: int) -> tuple[list[Word], tuple[float, float], int]:
        page = self._pdf[number]
        try:
            size = page.get_size()
            textpage = page.get_textpage()
            try:
                signs = _turned(_signs(textpage.raw), page.get_rotation(), _shown(page))
                turn = _direction(signs)
                if turn:
                    signs = _upright(signs, turn, size)
                    size = (size[1], size[0]) if turn != 180 else size
                grown = _seen(signs) if any(_RTL_FIRST <= s[0] <= _RTL_LAST for s in signs) else _grown(signs)
                return [w for w in grown if w.text and _inside(w, size)], size, turn
            finally:
                textpage.close()
        finally:
            page.close()


def _inside(word: Word, size: tuple[float, float]) -> bool:
    return word.x1 > -1 and word.y1 > -1 and word.x0 < size[0] + 1 and word.y0 < size[1] + 1


Sign = tuple[int, float, float, float, float]  # code point, then left, low, right, high; a blank has no place


def _signs(textpage: object) -> list[Sign]:
    """Every sign of a page in PDF's own places (origin bottom left, before the page is turned)."""
    rect = pdfium.FS_RECTF()
    ref = ctypes.byref(rect)
    get_box, get_sign = pdfium.FPDFText_GetLooseCharBox, pdfium.FPDFText_GetUnicode
    out: list[Sign] = []
    for i in range(min(max(pdfium.FPDFText_CountChars(textpage), 0), _CHARS_PER_PAGE)):
        code = get_sign(textpage, i)
        if code <= 32 or code in _BLANKS or 0xD800 <= code < 0xE000 or code > 0x10FFFF:
            out.append((32, 0.0, 0.0, 0.0, 0.0))
        elif get_box(textpage, i, ref):
            left, right, low, high = rect.left, rect.right, rect.bottom, rect.top
            if left > right:
                left, right = right, left
            if low > high:
                low, high = high, low
            out.append((code, left, low, right, high))
    return out


def _shown(page: pypdfium2.PdfPage) -> tuple[float, float, float, float]:
    """The part of the page that is shown: left, bottom, right, top.

    The crop box alone would be wrong where the boxes stand once, for all pages, at the root of the page tree: PDFium
    then tells the American letter format. The places of every PDF that fpdf2 writes would be 50 points off.
    """
    rect = pdfium.FS_RECTF()
    if not pdfium.FPDF_GetPageBoundingBox(page.raw, ctypes.byref(rect)):
        left, bottom, right, top = page.get_cropbox()
        return left, bottom, right, top
    return rect.left, rect.bottom, rect.right, rect.top


def _turned(signs: list[Sign], rotation: int, crop: tuple[float, float, float, float]) -> list[Sign]:
    """Places as the page is shown: origin top left, turned as the page says."""
    left, bottom, right, top = crop
    if rotation == 90:
        return [(c, y0 - bottom, x0 - left, y1 - bottom, x1 - left) for c, x0, y0, x1, y1 in signs]
    if rotation == 180:
        return [(c, right - x1, y0 - bottom, right - x0, y1 - bottom) for c, x0, y0, x1, y1 in signs]
    if rotation == 270:
        return [(c, top - y1, right - x1, top - y0, right - x0) for c, x0, y0, x1, y1 in signs]
    return [(c, x0 - left, top - y1, x1 - left, top - y0) for c, x0, y0, x1, y1 in signs]


def _direction(signs: list[Sign]) -> int:
    """Degrees, clockwise, by which the text runs away from left to right."""
    steps = {0: 0, 90: 0, 180: 0, 270: 0}
    for one, after in pairwise(signs[:4000]):
        if one[0] != 32 and after[0] != 32:
            x, y = after[1] - one[1], after[2] - one[2]
            if abs(x) > abs(y):
                steps[0 if x > 0 or 0x590 <= one[0] <= 0x8FF else 180] += 1
            elif y:
                steps[90 if y > 0 else 270] += 1
    most = max(steps, key=lambda turn: steps[turn])
    return most if steps[most] > 20 and steps[most] > 0.7 * sum(steps.values()) else 0


def _upright(signs: list[Sign], turn: int, size: tuple[float, float]) -> list[Sign]:
    """Places of text that runs down, up or upside down, as if it ran from left to right."""
    width, height = size
    if turn == 90:
        return [(c, y0, width - x1, y1, width - x0) for c, x0, y0, x1, y1 in signs]
    if turn == 180:
        return [(c, width - x1, height - y1, width - x0, height - y0) for c, x0, y0, x1, y1 in signs]
    return [(c, height - y1, x0, height - y0, x1) for c, x0, y0, x1, y1 in signs]


def _grown(turned: list[Sign]) -> Iterator[Word]:
    """Words from signs that follow one another without a gap."""
    signs: list[str] = []
    x0 = y0 = x1 = y1 = 0.0
    blank = False
    for code, left, upper, right, lower in turned:
        if code == 32:
            blank = True
            continue
        if signs:
            height = y1 - y0 if y1 - y0 > 0.1 else 0.1
            middle = (upper + lower) / 2
            gap = left - x1 if left - x1 > x0 - right else x0 - right  # either side: Hebrew words grow leftwards
            # PDFium makes up blanks between letters that are merely kerned apart.
            if gap > (0.12 if blank else 0.3) * height or not y0 <= middle <= y1:
                yield _word(signs, x0, y0, x1, y1)
                signs = []
        if not signs:
            x0, y0, x1, y1 = left, upper, right, lower
        else:  # comparisons, since min and max would cost a third of a page's time
            x0, x1 = (left if left < x0 else x0), (right if right > x1 else x1)
            y0, y1 = (upper if upper < y0 else y0), (lower if lower > y1 else y1)
        signs.append(chr(code))
        blank = False
    if signs:
        yield _word(signs, x0, y0, x1, y1)


def _word(signs: list[str], x0: float, y0: float, x1: float, y1: float) -> Word:
    return Word(clean("".join(signs)), x0, y0, x1, y1)


def _seen(turned: list[Sign]) -> Iterator[Word]:
    """Words of a page that holds right-to-left letters, by place alone, signs from left to right."""
    rows: list[list[Sign]] = []
    for sign in sorted((s for s in turned if s[0] != 32), key=lambda s: (s[2] + s[4], s[1])):
        middle = (sign[2] + sign[4]) / 2
        for row in reversed(rows[-5:]):
            first = row[-1]
            if abs((first[2] + first[4]) / 2 - middle) < 0.35 * max(0.1, min(first[4] - first[2], sign[4] - sign[2])):
                row.append(sign)
                break
        else:
            rows.append([sign])
    for row in rows:
        row.sort(key=lambda s: s[1] + s[3])
        word: list[Sign] = []
        for sign in row:
            if word and sign[1] - word[-1][3] > 0.13 * max(0.1, sign[4] - sign[2]):
                yield _bounded(word)
                word = []
            word.append(sign)
        if word:
            yield _bounded(word)


def _bounded(word: list[Sign]) -> Word:
    return Word(
        clean("".join(chr(s[0]) for s in word)),
        min(s[1] for s in word),
        min(s[2] for s in word),
        max(s[3] for s in word),
        max(s[4] for s in word),
    )
