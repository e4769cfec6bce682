"""A PDF made of any document that is none."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from fpdf import FPDF

from errors import Tellable
from receipts.rendering import pages
from receipts.rendering.boxes import page_box
from receipts.rendering.css import VIEWPORT
from receipts.rendering.einvoice import einvoice_page
from receipts.rendering.fragments import Fragment
from receipts.rendering.kinds import DocumentKind, kind_of
from receipts.rendering.layout import lay_out_page
from receipts.rendering.mail import head_page, mail_sheets, plain_page
from receipts.rendering.paint import paint
from receipts.rendering.words import decoded

_MADE = datetime(2000, 1, 1, tzinfo=UTC)  # not now: the same document gives the same bytes
_A4 = (595.28, 841.89)
_MARGIN = 28.35  # 10 mm
_POINTS_PER_PIXEL = 0.48  # 150 dpi: a small picture is not blown up to the page
_PICTURE_WIDTH = 2000
_MAX_HTML = 4_000_000
_BELOW_HEAD = 18.0
_BETWEEN = 40.0
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
            return mail_pdf(data, title, pictures)
        case DocumentKind.HTML:
            return html_pdf(decoded(data, media_type), title, headers, pictures)
        case DocumentKind.XML:
            return html_pdf(einvoice_page(data), title, headers, pictures)
        case DocumentKind.TEXT:
            return html_pdf(plain_page(decoded(data, media_type)), title, headers, pictures)
    raise unsupported()


def mail_pdf(raw: bytes, title: str, pictures: Mapping[str, bytes]) -> bytes:
    """A mail under its header lines, and the mails forwarded in it under theirs."""
    sheets = mail_sheets(raw)
    if not title:
        title = next((value for name, value in sheets[0].headers if name == "Subject"), "")
    return _drawn([(one.page, one.headers, {**pictures, **one.pictures}) for one in sheets], title)


def html_pdf(page: str, title: str, headers: Sequence[tuple[str, str]], pictures: Mapping[str, bytes]) -> bytes:
    """An HTML page on A4, with header lines above it."""
    subject = next((value for name, value in headers if name.lower() == "subject"), "")
    return _drawn([(page, headers, pictures)], title or subject)


def _drawn(sheets: Sequence[tuple[str, Sequence[tuple[str, str]], Mapping[str, bytes]]], title: str) -> bytes:
    """Pages with their header lines, one below the other, as a PDF."""
    if sys.getrecursionlimit() < _RECURSION:
        sys.setrecursionlimit(_RECURSION)
    parts: list[tuple[float, Fragment]] = []  # the gap above, and what is laid out
    width: float = VIEWPORT
    for number, (page, headers, pictures) in enumerate(sheets):
        if headers:
            head, wide = lay_out_page(page_box(head_page(headers), {}))
            parts.append((_BETWEEN if number else 0.0, head))
            width = max(width, wide)
        body, wide = lay_out_page(page_box(page[:_MAX_HTML], pictures))
        parts.append((_BELOW_HEAD if headers else 0.0, body))
        width = max(width, wide)
    whole = Fragment(width)
    for gap, part in parts:
        whole.place(0, whole.height + gap, part)
        whole.height += gap + part.height
    pdf = new_pdf(title)
    paint(pdf, whole, width)
    return bytes(pdf.output())


def new_pdf(title: str) -> FPDF:
    """An empty A4 document in points, without margins and automatic breaks."""
    pdf = FPDF(unit="pt", format=_A4)
    pdf.set_margin(0)
    pdf.c_margin = 0
    pdf.set_auto_page_break(auto=False)
    pdf.set_creator("ProSaaS")
    pdf.set_producer("ProSaaS")
    pdf.set_creation_date(_MADE)
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
