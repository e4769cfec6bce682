"""A PDF made of any document that is none."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence

from fpdf import FPDF

from errors import Tellable
from receipts.rendering import pages
from receipts.rendering.boxes import page_box
from receipts.rendering.einvoice import einvoice_page
from receipts.rendering.fragments import Fragment
from receipts.rendering.kinds import DocumentKind, kind_of
from receipts.rendering.layout import lay_out_page
from receipts.rendering.mail import head_page, mail_page, plain_page
from receipts.rendering.paint import paint
from receipts.rendering.words import decoded

_A4 = (595.28, 841.89)
_MARGIN = 28.35  # 10 mm
_POINTS_PER_PIXEL = 0.48  # 150 dpi: a small picture is not blown up to the page
_PICTURE_WIDTH = 2000
_MAX_HTML = 4_000_000
_RECURSION = 8_000  # a page may nest 220 elements, each a few calls deep


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
        case DocumentKind.MAIL:
            page, own, inside = mail_page(data)
            return html_pdf(page, title, own, {**pictures, **inside})
        case DocumentKind.HTML:
            return html_pdf(decoded(data, media_type), title, headers, pictures)
        case DocumentKind.XML:
            return html_pdf(einvoice_page(data), title, headers, pictures)
        case DocumentKind.TEXT:
            return html_pdf(plain_page(decoded(data, media_type)), title, headers, pictures)
    raise unsupported()


def html_pdf(page: str, title: str, headers: Sequence[tuple[str, str]], pictures: Mapping[str, bytes]) -> bytes:
    """An HTML page on A4, with header lines above it."""
    if len(page) > _MAX_HTML:
        page = page[:_MAX_HTML]
    if sys.getrecursionlimit() < _RECURSION:
        sys.setrecursionlimit(_RECURSION)
    body, width = lay_out_page(page_box(page, pictures))
    if headers:
        head, head_width = lay_out_page(page_box(head_page(headers), {}), width)
        gap = 18.0
        whole = Fragment(max(width, head_width), head.height + gap + body.height)
        whole.place(0, 0, head)
        whole.place(0, head.height + gap, body)
        body, width = whole, whole.width
    subject = next((value for name, value in headers if name.lower() == "subject"), "")
    pdf = new_pdf(title or subject)
    paint(pdf, body, width)
    return bytes(pdf.output())


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
