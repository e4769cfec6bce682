"""A PDF made of any document that is none."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from fpdf import FPDF

from errors import Tellable
from receipts.rendering import pages
from receipts.rendering.kinds import DocumentKind, kind_of

_A4 = (595.28, 841.89)
_MARGIN = 28.35  # 10 mm
_POINTS_PER_PIXEL = 0.48  # 150 dpi: a small picture is not blown up to the page
_PICTURE_WIDTH = 2000


def unsupported() -> Tellable:
    """The error of a kind of document that is not drawn."""
    return Tellable("document_unsupported", "This kind of file cannot be shown. Download the original.")


def convert(
    data: bytes,
    media_type: str,
    *,
    title: str,
    headers: Sequence[tuple[str, str]],
    pictures: Mapping[str, bytes],
) -> bytes:
    """See receipts.render.to_pdf."""
    match kind_of(data, media_type):
        case DocumentKind.PDF:
            return data
        case DocumentKind.IMAGE:
            return picture_pdf(data, title)
    raise unsupported()


def new_pdf(title: str) -> FPDF:
    """An empty A4 document in points, without margins and automatic breaks."""
    pdf = FPDF(unit="pt", format=_A4)
    pdf.set_margin(0)
    pdf.c_margin = 0
    pdf.set_auto_page_break(auto=False)
    pdf.set_creator("ProSaaS")
    pdf.set_producer("ProSaaS")
    if title:
        pdf.set_title(title)
    return pdf


def picture_pdf(data: bytes, title: str) -> bytes:
    """A picture on A4, upright or lying as it is; a TIFF's pages one after the other."""
    pdf = new_pdf(title)
    for number in range(pages.picture_page_count(data)):
        picture = pages.picture_page(data, number, _PICTURE_WIDTH)
        lying = picture.width > picture.height
        pdf.add_page("L" if lying else "P")
        width, height = (pdf.w - 2 * _MARGIN, pdf.h - 2 * _MARGIN)
        scale = min(width / picture.width, height / picture.height, _POINTS_PER_PIXEL * 2)
        shown = (picture.width * scale, picture.height * scale)
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=85, subsampling=0)
        out.seek(0)
        pdf.image(out, (pdf.w - shown[0]) / 2, _MARGIN, *shown)
    return bytes(pdf.output())
