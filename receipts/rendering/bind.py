"""A document as a plain PDF that can be bound into another: unlocked, forms and notes drawn, nothing that acts."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from typing import Final

import pypdfium2 as pdfium
from pypdfium2 import raw as pdfium_c

from receipts.rendering import pages
from receipts.rendering.convert import convert
from receipts.rendering.kinds import DocumentKind, kind_of

MAX_PAGES: Final = 200


def bindable(
    data: bytes, media_type: str, *, passwords: Sequence[str], pictures: Mapping[str, bytes], most: int = MAX_PAGES
) -> bytes:
    """See receipts.render.bindable."""
    if kind_of(data, media_type) is not DocumentKind.PDF:
        return convert(data, media_type, title="", headers=(), pictures=pictures)
    with pages.open_pdf(data, passwords) as document, contextlib.closing(pdfium.PdfDocument.new()) as out:
        count = min(len(document), most)
        for number in range(count):
            # Filled-in forms, stamps and notes lie on top of a page; they become part of it.
            with contextlib.suppress(pdfium.PdfiumError):
                page = document[number]
                pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_PRINT)
                page.close()
        try:
            out.import_pages(document, list(range(count)))
        except pdfium.PdfiumError:
            raise pages.damaged() from None
        if len(out) == 0:
            raise pages.damaged()
        buffer = io.BytesIO()
        out.save(buffer)
    return buffer.getvalue()
