"""The words of a PDF's page and where they stand, for tapping one on its picture."""

from __future__ import annotations

from collections.abc import Sequence

from errors import Tellable
from receipts.documents.pdf import Pdf, PdfError

_MOST = 5000

PlacedWord = tuple[str, float, float, float, float]  # text, x0, y0, x1, y1 as fractions of the page, origin top left


def page_words(data: bytes, page: int, passwords: Sequence[str] = ()) -> list[PlacedWord]:
    """See receipts.render.words."""
    try:
        with Pdf(data, passwords) as pdf:
            text = pdf.text()
    except PdfError as error:
        code = "document_locked" if error.code == "pdf_password" else "document_damaged"
        raise Tellable(code, error.sentence) from error
    if page >= len(text.sizes):
        return []
    width, height = text.sizes[page]
    if width <= 0 or height <= 0:
        return []
    words = (word for line in text.lines if line.page == page for segment in line.segments for word in segment.words)
    return [
        (
            word.text,
            round(max(0.0, word.x0 / width), 4),
            round(max(0.0, word.y0 / height), 4),
            round(min(1.0, word.x1 / width), 4),
            round(min(1.0, word.y1 / height), 4),
        )
        for word, _ in zip(words, range(_MOST), strict=False)
    ]
