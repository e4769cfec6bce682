"""QR codes of bills, looked for where there may be one: in pictures, and where a PDF's page draws something square."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pypdfium2
import pypdfium2.raw as pdfium

from receipts.documents import payloads
from receipts.documents.payloads import Code
from receipts.types import Box

if TYPE_CHECKING:
    from PIL.Image import Image

Edges = tuple[float, float, float, float]  # left, bottom, right, top in points

_PAGES = 3  # the first two and the last
_OBJECTS = 6000  # of one page
_LEAST, _MOST = 34.0, 260.0  # edges of a printed code: 12 to 92 mm
_DOT = 9.0  # edges of what may be one of its modules
_DOTS = 90  # the smallest code has more of them
_CROPS = 4
_PIXELS = 560  # of a crop's edge: four to a module of a large code
_LONGEST = 1600  # pixels in which a photo is searched


def of_picture(picture: Image, page: int = 0) -> tuple[Code, ...]:
    """The bills' codes in a picture, each with its place."""
    small = picture
    if max(picture.size) > _LONGEST:
        small = picture.copy()
        small.thumbnail((_LONGEST, _LONGEST))
    found = _decoded(small, page, (0.0, 0.0, 1.0, 1.0))
    if not found and small is not picture:
        found = _decoded(picture, page, (0.0, 0.0, 1.0, 1.0))
    return found


def of_pdf(document: pypdfium2.PdfDocument) -> tuple[Code, ...]:
    """The codes on a PDF's first two pages and its last; a page without anything square costs next to nothing."""
    count = len(document)
    out: dict[Code, Code] = {}
    for number in sorted({*range(min(count, _PAGES - 1)), count - 1} if count else ()):
        try:
            page = document[number]
            try:
                for code in _of_page(page, number):
                    out.setdefault(replace(code, box=None), code)
            finally:
                page.close()
        except pypdfium2.PdfiumError:
            continue
    return tuple(out.values())


def _decoded(picture: Image, page: int, place: Edges) -> tuple[Code, ...]:
    """Codes in a part of a page that lies at `place` (left, top, right, bottom as fractions)."""
    import zxingcpp  # here: most mails hold no picture

    out = []
    left, top, right, bottom = place
    width, height = picture.size
    for one in zxingcpp.read_barcodes(
        picture.convert("L"), formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]), try_invert=False
    )[:8]:
        code = payloads.read(_text(one))
        if code is None:
            continue
        corners = [getattr(one.position, name) for name in ("top_left", "top_right", "bottom_left", "bottom_right")]
        xs = [left + (right - left) * point.x / width for point in corners]
        ys = [top + (bottom - top) * point.y / height for point in corners]
        edges = (round(min(1.0, max(0.0, edge)), 4) for edge in (min(xs), min(ys), max(xs), max(ys)))
        out.append(replace(code, box=Box(page, *edges)))
    return tuple(out)


def _text(one: Any) -> str:
    """A payload's bytes as text: UTF-8, else Latin-1, whatever the code says of itself."""
    data = bytes(one.bytes)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _of_page(page: pypdfium2.PdfPage, number: int) -> Iterator[Code]:
    """Each square place drawn large and read."""
    squares = _squares(page)[:_CROPS]
    if not squares:
        return
    width, height = page.get_size()
    left, bottom, right, top = page.get_bbox()
    if page.get_rotation() or width <= 0 or height <= 0:
        # Places would have to be turned: the whole page is read instead, where something on it is square.
        picture = page.render(scale=min(4.0, 2400 / max(width, height, 1.0)), grayscale=True).to_pil()
        yield from _decoded(picture, number, (0.0, 0.0, 1.0, 1.0))
        return
    for x0, y0, x1, y1 in squares:
        room = 0.12 * (x1 - x0)  # the quiet zone
        x0, y0, x1, y1 = max(left, x0 - room), max(bottom, y0 - room), min(right, x1 + room), min(top, y1 + room)
        if x1 - x0 < 10 or y1 - y0 < 10:
            continue
        scale = min(8.0, _PIXELS / max(x1 - x0, y1 - y0))
        crop = (x0 - left, y0 - bottom, right - x1, top - y1)
        picture = page.render(scale=scale, crop=crop, grayscale=True).to_pil()
        place = ((x0 - left) / width, (top - y1) / height, (x1 - left) / width, (top - y0) / height)
        yield from _decoded(picture, number, place)


def _squares(page: pypdfium2.PdfPage) -> list[Edges]:
    """Where a page shows something of a code's shape: a square picture or drawing, or many small ones in a square."""
    squares: list[Edges] = []
    dots: list[Edges] = []
    edges = [ctypes.c_float() for _ in range(4)]
    refs = [ctypes.byref(edge) for edge in edges]
    get_object, get_type, get_bounds = (
        pdfium.FPDFPage_GetObject,
        pdfium.FPDFPageObj_GetType,
        pdfium.FPDFPageObj_GetBounds,
    )
    drawn = {pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM}
    for index in range(min(pdfium.FPDFPage_CountObjects(page.raw), _OBJECTS)):
        one = get_object(page.raw, index)
        kind = get_type(one)
        if kind not in drawn or not get_bounds(one, *refs):
            continue
        x0, y0, x1, y1 = (edge.value for edge in edges)
        width, height = x1 - x0, y1 - y0
        if kind == pdfium.FPDF_PAGEOBJ_PATH and width <= _MOST and height <= _DOT:
            dots.append((x0, y0, x1, y1))  # a module, or a row's run of them
        elif kind == pdfium.FPDF_PAGEOBJ_PATH and pdfium.FPDFPath_CountSegments(one) < _DOTS:
            continue  # a frame, a table's line
        elif _is_square(width, height):
            squares.append((x0, y0, x1, y1))
    return [*_gathered(dots), *squares]


def _is_square(width: float, height: float) -> bool:
    return _LEAST <= width <= _MOST and _LEAST <= height <= _MOST and 0.85 < width / height < 1.18


def _gathered(dots: Sequence[Edges]) -> list[Edges]:
    """The square around many small drawings that lie close together."""
    if len(dots) < _DOTS // 3:
        return []
    groups: list[list[Edges]] = []
    for dot in dots:  # a program draws a code in one go: what is drawn next lies near
        last = groups[-1] if groups else None
        if last is not None and abs(dot[0] - last[-1][0]) < _MOST and abs(dot[1] - last[-1][1]) < _MOST / 2:
            last.append(dot)
        else:
            groups.append([dot])
    out = []
    for group in groups:
        if len(group) * 3 >= _DOTS:
            x0, y0 = min(d[0] for d in group), min(d[1] for d in group)
            x1, y1 = max(d[2] for d in group), max(d[3] for d in group)
            if _is_square(x1 - x0, y1 - y0):
                out.append((x0, y0, x1, y1))
    return out
