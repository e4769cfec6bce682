"""Fragments to the pages of a PDF: where pages break, fonts, pictures, links."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from fpdf import FPDF
from PIL import Image

from receipts.rendering.boxes import Picture
from receipts.rendering.css import Color
from receipts.rendering.fonts import Face
from receipts.rendering.formats import IN_MAILS
from receipts.rendering.fragments import Fill, Fragment, Letters, Shown, Solid

A4: Final = (595.28, 841.89)
MARGIN: Final = 28.35  # 10 mm
_MAX_PAGES: Final = 200
_LIGHT: Final = 214  # a ground lighter than this is left out where it only fills the page
_SHARPNESS: Final = 2.5  # pixels of a picture kept for each CSS pixel (240 to the inch)
_MAX_PIXELS: Final = 4_000_000


@dataclass(slots=True)
class _Placed:
    """An operation in page coordinates (CSS pixels from the top of the endless page)."""

    top: float
    bottom: float
    x: float
    y: float
    operation: Fill | Letters | Shown


def paint(pdf: FPDF, fragment: Fragment, width: float) -> None:
    """Draw a laid-out page onto as many A4 pages as it needs; `width` CSS pixels fill the paper's width."""
    scale = (A4[0] - 2 * MARGIN) / width
    height = (A4[1] - 2 * MARGIN) / scale
    placed, solids = _place(fragment, width, height)
    breaks = _breaks(solids, fragment.height, height)
    painter = _Painter(pdf, scale)
    placed.sort(key=lambda one: one.top)
    at, open_fills = 0, [one for one in placed if isinstance(one.operation, Fill)]
    for start, end in pairwise(breaks):
        pdf.add_page()
        ground = [one for one in open_fills if one.top < end and one.bottom > start]
        painter.fills(ground, start, end)
        while at < len(placed) and placed[at].top < end - 0.01:
            one = placed[at]
            at += 1
            if isinstance(one.operation, Letters):
                painter.letters(one, one.operation, start)
            elif isinstance(one.operation, Shown):
                painter.picture(one, one.operation, start, end)


def _place(fragment: Fragment, width: float, page: float) -> tuple[list[_Placed], list[tuple[float, float]]]:
    placed: list[_Placed] = []
    solids: list[tuple[float, float]] = []
    for x, y, operation in fragment.flat():
        if isinstance(operation, Solid):
            if 0 < operation.height < page:
                solids.append((y + operation.y, y + operation.y + operation.height))
        elif isinstance(operation, Letters):
            top = y + operation.y - operation.size
            placed.append(_Placed(top, top + 1.3 * operation.size, x, y, operation))
        elif not (isinstance(operation, Fill) and _is_canvas(operation, width, fragment.height)):
            top = y + operation.y
            placed.append(_Placed(top, top + operation.height, x, y, operation))
    return placed, solids


def _is_canvas(fill: Fill, width: float, height: float) -> bool:
    """Whether a fill is only the light ground around a mail, which paper has of itself."""
    light = 0.299 * fill.color[0] + 0.587 * fill.color[1] + 0.114 * fill.color[2] > _LIGHT
    return fill.backdrop and light and fill.width >= 0.97 * width and fill.height >= min(0.6 * height, 700.0)


def _breaks(solids: list[tuple[float, float]], total: float, page: float) -> list[float]:
    """Where pages start, and the end of the last; solid stretches stay whole where a page can hold them."""
    solids = sorted(solids)
    out = [0.0]
    first = 0
    while total - out[-1] > page + 0.5 and len(out) < _MAX_PAGES:
        start = out[-1]
        end = start + page
        while True:
            # The longest stretch across the break moves to the next page as a whole.
            while first < len(solids) and solids[first][1] <= start:
                first += 1
            tops = [top for top, bottom in _near(solids, first, end) if top < end < bottom - 0.01 and top > start + 1]
            if not tops or min(tops) >= end:
                break
            end = min(tops)
        if end - start < page * 0.35:  # nearly a whole page would stay empty: cut instead
            end = start + page
        out.append(end)
    out.append(max(total, out[-1] + 1.0))
    return out


def _near(solids: list[tuple[float, float]], first: int, end: float) -> Iterable[tuple[float, float]]:
    for index in range(first, len(solids)):
        if solids[index][0] >= end:
            return
        yield solids[index]


class _Painter:
    def __init__(self, pdf: FPDF, scale: float) -> None:
        self._pdf = pdf
        self._scale = scale
        self._encoded: dict[tuple[int, int, int], Any] = {}

    def fills(self, fills: list[_Placed], start: float, end: float) -> None:
        for one in fills:
            fill = one.operation
            if not isinstance(fill, Fill):
                continue
            top, bottom = max(one.top, start), min(one.bottom, end)
            whole = top == one.top and bottom == one.bottom
            self._rectangle(
                one.x + fill.x, top - start, fill.width, bottom - top, fill.color, fill.radius if whole else 0
            )

    def _rectangle(self, x: float, y: float, width: float, height: float, color: Color, radius: float) -> None:
        if width <= 0 or height <= 0:
            return
        scale, pdf = self._scale, self._pdf
        pdf.set_fill_color(*color)
        left, top, w, h = MARGIN + x * scale, MARGIN + y * scale, width * scale, height * scale
        radius = min(radius * scale, w / 2, h / 2)
        if radius > 0.5:
            pdf.rect(left, top, w, h, style="F", round_corners=True, corner_radius=radius)
        else:
            pdf.rect(left, top, w, h, style="F")

    def letters(self, one: _Placed, run: Letters, start: float) -> None:
        scale, pdf = self._scale, self._pdf
        x, y = MARGIN + (one.x + run.x) * scale, MARGIN + (one.y + run.y - start) * scale
        size = run.size * scale
        use_face(pdf, run.face, size)
        pdf.set_text_color(*run.color)
        if run.spacing:
            pdf.set_char_spacing(run.spacing * scale)
        pdf.text(x, y, run.text)
        if run.spacing:
            pdf.set_char_spacing(0)
        width = run.width * scale
        if run.underline or run.strike:
            pdf.set_fill_color(*run.color)
            thick = max(0.4, size * 0.06)
            if run.underline:
                pdf.rect(x, y + size * 0.11, width, thick, style="F")
            if run.strike:
                pdf.rect(x, y - size * 0.28, width, thick, style="F")
        if run.link:
            pdf.link(x, y - size * 0.9, width, size * 1.15, run.link)

    def picture(self, one: _Placed, shown: Shown, start: float, end: float) -> None:
        scale, pdf = self._scale, self._pdf
        encoded = self._encode(shown)
        if encoded is None:
            return
        x, y = MARGIN + (one.x + shown.x) * scale, MARGIN + (one.y + shown.y - start) * scale
        width, height = shown.width * scale, shown.height * scale
        room = (end - start) * scale + MARGIN - y
        if height > room > 0 and height > A4[1] - 2 * MARGIN:  # taller than a page
            width, height = width * room / height, room
        pdf.image(encoded, x, y, width, height)
        if shown.link:
            pdf.link(x, y, width, height, shown.link)

    def _encode(self, shown: Shown) -> Any:
        """The picture with the pixels that paper can show; the same object for the same picture and size."""
        goal = (round(shown.width * _SHARPNESS), round(shown.height * _SHARPNESS))
        key = (id(shown.picture), *goal)
        if key not in self._encoded:
            self._encoded[key] = _reduced(shown.picture, goal)
        return self._encoded[key]


def _reduced(picture: Picture, goal: tuple[int, int]) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(picture.data), formats=IN_MAILS) as found:
            if found.format == "JPEG":
                found.draft("RGB", (max(1, goal[0]), max(1, goal[1])))
            image = found.convert("RGBA" if found.has_transparency_data else "RGB")
    except Exception:  # noqa: BLE001 - Pillow's decoders raise many kinds on broken files
        return None
    goal = (min(max(1, goal[0]), image.width), min(max(1, goal[1]), image.height))
    if goal[0] * goal[1] > _MAX_PIXELS:
        shrink = (_MAX_PIXELS / (goal[0] * goal[1])) ** 0.5
        goal = (max(1, int(goal[0] * shrink)), max(1, int(goal[1] * shrink)))
    return image if goal == image.size else image.resize(goal, Image.Resampling.LANCZOS)


def use_face(pdf: FPDF, face: Face, size: float) -> None:
    """Make a face the current font, adding its file to the document when first used."""
    if face.name not in pdf.fonts:
        pdf.add_font(face.name, "", face.file)
    pdf.set_font(face.name, size=size)
