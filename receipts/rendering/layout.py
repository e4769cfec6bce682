"""Boxes to fragments: blocks under one another, floats beside them, pictures, flex rows; tables stand apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from receipts.rendering import fonts, tables
from receipts.rendering.boxes import Box
from receipts.rendering.css import VIEWPORT, Length
from receipts.rendering.decor import box_fills
from receipts.rendering.fragments import Fragment, Letters, Shown, Solid
from receipts.rendering.inline import Paragraph
from receipts.rendering.style import Style

_WIDEST: Final = 2.2 * VIEWPORT  # a page laid out wider than this is cut, not shrunk further
_LETTERS: Final = {"lower-alpha", "upper-alpha", "lower-latin", "upper-latin"}


@dataclass(slots=True)
class Floats:
    """Boxes that stand at the edges of a block, with the edges that they leave to the text."""

    placed: list[tuple[str, float, float, float, float]] = field(default_factory=list)  # side, x0, x1, y0, y1

    def interval(self, y: float, height: float, left: float, right: float) -> tuple[float, float]:
        """What is free between `left` and `right` at `y`."""
        for side, x0, x1, y0, y1 in self.placed:
            if y0 < y + height and y < y1:
                if side == "left":
                    left = max(left, x1)
                else:
                    right = min(right, x0)
        return left, right

    def free_from(self, y: float, width: float, left: float, right: float) -> float:
        """The first place at or below `y` where `width` is free."""
        for at in sorted({y, *(one[4] for one in self.placed if one[4] > y)}):
            low, high = self.interval(at, 1, left, right)
            if high - low >= width - 0.5:
                return at
        return self.bottom("both", y)

    def bottom(self, side: str, y: float) -> float:
        """Below the floats of a side."""
        return max([y, *(one[4] for one in self.placed if side in {"both", one[0]})])


def lay_out_page(root: Box) -> tuple[Fragment, float]:
    """The whole page as one fragment of endless height, and the width that it was laid out for."""
    least, _ = intrinsic(root)
    width = max(VIEWPORT, min(least, _WIDEST))
    return block(root, width), width


# --- widths -------------------------------------------------------------------------------------------------------


def intrinsic(box: Box) -> tuple[float, float]:
    """The least and the greatest width of a box, its margins included."""
    if box.cached is None:
        box.cached = _intrinsic(box)
    return box.cached


def _intrinsic(box: Box) -> tuple[float, float]:
    style = box.style
    if box.kind == "lines":
        return paragraph(box).widths()
    margin = sum(m for m in (style.margin[1], style.margin[3]) if isinstance(m, float))
    edges = horizontal(style)
    if box.kind == "image":
        width = picture_size(box, VIEWPORT)[0]
        percent = any(isinstance(v, tuple) and v[0] == "%" for v in (style.width, style.max_width))
        return (0.0 if percent else width) + margin, width + margin
    if box.kind == "table":
        low, high = tables.intrinsic(box, intrinsic)
    elif box.kind == "flex" and not style.column:
        parts = [intrinsic(child) for child in box.children]
        gaps = style.gap * max(0, len(parts) - 1)
        low = max((p[0] for p in parts), default=0.0) if style.wrap else sum(p[0] for p in parts) + gaps
        high = sum(p[1] for p in parts) + gaps
        low, high = low + edges, high + edges
    else:
        low = high = 0.0
        floated = 0.0
        for child in box.children:
            least, most = intrinsic(child)
            low = max(low, least)
            if child.style.floating != "none":
                floated += most
                high = max(high, floated)
            else:
                floated = 0.0
                high = max(high, most)
        low, high = low + edges, high + edges
    fixed = _pixels(style.width)
    if fixed is not None and box.kind not in {"cell", "table"}:
        low = high = fixed if style.border_box else fixed + edges
    extra = 0.0 if style.border_box else edges
    if (bound := _pixels(style.max_width)) is not None:
        low, high = min(low, bound + extra), min(high, bound + extra)
    elif isinstance(style.max_width, tuple) and box.kind != "cell" and fixed is not None:
        low = min(low, edges)  # max-width: 100% lets a fixed width shrink
    if (bound := _pixels(style.min_width)) is not None:
        low, high = max(low, bound + extra), max(high, bound + extra)
    return max(0.0, low + margin), max(0.0, high + margin)


def paragraph(box: Box) -> Paragraph:
    """The prepared text of a box of lines."""
    if box.paragraph is None:
        box.paragraph = Paragraph(box, intrinsic)
    found: Paragraph = box.paragraph
    return found


def _pixels(length: Length | None) -> float | None:
    return length[1] if length is not None and length[0] == "px" else None


def resolve(value: Any, whole: float) -> float:
    """A margin or padding in pixels; percentages of `whole`; "auto" is nothing."""
    if isinstance(value, tuple):
        return float(value[1]) * whole / 100
    return value if isinstance(value, float) else 0.0


def of(length: Length | None, whole: float) -> float | None:
    """A width in pixels, percentages of `whole`."""
    if length is None:
        return None
    return length[1] * whole / 100 if length[0] == "%" else length[1]


def horizontal(style: Style) -> float:
    """Padding and borders at the left and right, as far as they are known without a layout."""
    known = sum(p for p in (style.padding[1], style.padding[3]) if isinstance(p, float))
    return known + style.border[1] + style.border[3]


def used_width(box: Box, available: float, *, shrink: bool = False) -> float:
    """The width of a box between its margins."""
    style = box.style
    edges = (
        style.border[1] + style.border[3] + resolve(style.padding[1], available) + resolve(style.padding[3], available)
    )
    extra = 0.0 if style.border_box else edges
    margins = resolve(style.margin[1], available) + resolve(style.margin[3], available)
    room = max(0.0, available - margins)
    width = of(style.width, available)
    if box.kind == "table":
        width = tables.used_width(box, room, width, intrinsic)
    elif width is not None:
        width += extra
    elif shrink:
        low, high = intrinsic(box)
        width = min(max(low - margins, room), high - margins)
    else:
        width = room
    most, least = of(style.max_width, available), of(style.min_width, available)
    if most is not None:
        width = min(width, max(most + extra, edges))
    if least is not None:
        width = max(width, least + extra)
    return max(width, 0.0)


# --- blocks -------------------------------------------------------------------------------------------------------


def block(box: Box, width: float) -> Fragment:
    """A block of the given outer width (margins aside) that keeps its floats to itself."""
    if box.kind == "table":
        return tables.lay_out(box, width, intrinsic, block)
    floats = Floats()
    return _block(box, width, floats, 0.0, 0.0, own=True)


def _block(box: Box, width: float, floats: Floats, ox: float, oy: float, *, own: bool) -> Fragment:
    """A block at (ox, oy) of the area that its floats share; `own` where the area is its own."""
    style = box.style
    top, right, bottom, left = (
        resolve(padding, width) + border for padding, border in zip(style.padding, style.border, strict=True)
    )
    inner = max(0.0, width - left - right)
    out = Fragment(width=width)
    if box.kind == "lines":
        content = _lines(box, width, floats, ox, oy)
    elif box.kind == "flex" and not style.column:
        content = _flex(box, inner)
    else:
        content = _flow(box, inner, floats, ox + left, oy + top)
    height = content.height
    if own:
        height = max(height, floats.bottom("both", 0.0) - oy - top)
    asked = style.height
    if asked is not None and asked[0] == "px":
        least = asked[1] - (top + bottom if style.border_box else 0.0)
        height = max(height, least)
    out.height = top + height + bottom
    decorate(out, style)
    if box.kind == "list-item":
        _marker(box, content)
    out.place(left, top, content)
    return out


def decorate(out: Fragment, style: Style) -> None:
    """Ground and borders under a fragment's content."""
    if out.height > 0:
        out.operations[:0] = box_fills(style, 0, 0, out.width, out.height)


def _lines(box: Box, width: float, floats: Floats, ox: float, oy: float) -> Fragment:
    prepared = paragraph(box)
    beside = [_place_float(floated, width, floats, ox, oy) for floated in prepared.floats]
    placed = floats.placed

    def interval(y: float, height: float) -> tuple[float, float]:
        if not placed:
            return 0.0, width
        left, right = floats.interval(oy + y, height, ox, ox + width)
        return left - ox, right - ox

    out = prepared.lay_out(interval, inline_block)
    out.children += [(x - ox, y - oy, fragment) for x, y, fragment in beside]
    return out


def inline_block(box: Box, available: float) -> Fragment:
    """A picture or an inline block, with its margins, as it stands in a line."""
    style = box.style
    top, right, bottom, left = (resolve(m, available) for m in style.margin)
    if box.kind == "image":
        inner = picture(box, available)
    else:
        inner = block(box, min(used_width(box, available, shrink=True), max(available - left - right, 1.0)))
    if not any((top, right, bottom, left)):
        return inner
    out = Fragment(inner.width + left + right, inner.height + top + bottom)
    out.place(left, top, inner)
    return out


def picture_size(box: Box, available: float) -> tuple[float, float]:
    """Width and height at which a picture is shown."""
    style, found = box.style, box.picture
    if found is None:
        return 0.0, 0.0
    ratio = found.height / found.width
    width, height = of(style.width, available), _pixels(style.height)
    if width is None and height is None:
        width = float(found.width)
    if width is None:
        width = (height or 0.0) / ratio
    if height is None or style.width is not None:
        # Mail clients keep the shape when only one of the two is given, or the width is a share.
        height = height if height is not None and style.width and style.width[0] == "px" else width * ratio
    most = of(style.max_width, available)
    bound = min(x for x in (most, available, width) if x is not None)
    if width > bound:
        width, height = bound, height * bound / width
    return max(width, 0.0), max(height, 0.0)


def picture(box: Box, available: float) -> Fragment:
    """A picture."""
    width, height = picture_size(box, available)
    style = box.style
    top, right, bottom, left = (
        resolve(padding, available) + border for padding, border in zip(style.padding, style.border, strict=True)
    )
    out = Fragment(width + left + right, height + top + bottom)
    decorate(out, style)
    if box.picture is not None and width >= 1 and height >= 1:
        out.operations.append(Shown(left, top, width, height, box.picture, style.link))
        out.operations.append(Solid(0, out.height))
    return out


# --- block flow ---------------------------------------------------------------------------------------------------


def _flow(box: Box, width: float, floats: Floats, ox: float, oy: float) -> Fragment:
    """Children under one another; margins of neighbours share their space."""
    out = Fragment(width=width)
    y = 0.0
    before: float | None = 0.0 if _open_top(box) else None  # margin of what stands above; None at a closed edge
    through = _open_top(box)
    for child in box.children:
        style = child.style
        if style.floating != "none":
            x, top, fragment = _place_float(child, width, floats, ox, oy + y + (before or 0.0))
            out.children.append((x - ox, top - oy, fragment))
            continue
        if style.clear != "none":
            y = floats.bottom(style.clear, oy + y) - oy
        margin = _collapsed(child, width, 0)
        if through:
            gap = 0.0  # the first child's margin is the parent's
        elif before is None:
            gap = margin
        else:
            gap = max(before, margin) if margin >= 0 and before >= 0 else before + margin
        through = False
        y = max(0.0, y + gap)
        y, x, fragment = _place_block(child, width, floats, ox, oy, y)
        out.place(x, y, fragment)
        y += fragment.height
        before = _collapsed(child, width, 2)
    if before and not _open_bottom(box):
        y += before
    out.height = max(0.0, y)
    return out


def _place_block(
    child: Box, width: float, floats: Floats, ox: float, oy: float, y: float
) -> tuple[float, float, Fragment]:
    style = child.style
    left = resolve(style.margin[3], width)
    own = child.kind in {"table", "flex"} or style.own_area
    room, start = width, 0.0
    if own and floats.placed:
        low, high = intrinsic(child)
        needed = min(max(low, used_width(child, width) if style.width else min(high, width)), width)
        y = floats.free_from(oy + y, needed, ox, ox + width) - oy
        low, high = floats.interval(oy + y, 1, ox, ox + width)
        room, start = high - low, low - ox
    used = width if child.kind == "lines" else used_width(child, room)
    x = start + _across(child, room, used, left)
    if own:
        return y, x, block(child, used)
    return y, x, _block(child, used, floats, ox + x, oy + y, own=False)


def _across(child: Box, width: float, used: float, left: float) -> float:
    """Where a block stands between the edges: by its margins, else by the align attribute around it."""
    if child.kind == "lines":
        return 0.0
    style = child.style
    right = resolve(style.margin[1], width)
    free = width - used - left - right
    if free <= 0:
        # Wider than its place: it sticks out at the end of the reading direction.
        return left if not style.rtl else left + min(0.0, free)
    autos = (style.margin[3] == "auto", style.margin[1] == "auto")
    if all(autos):
        return left + free / 2
    if autos[0]:
        return left + free
    around = style.around
    if around in {"-center", "-right", "-left"}:
        return left + {"-center": free / 2, "-right": free}.get(around, 0.0)
    return left + free if style.rtl and not autos[1] else left


def _open_top(box: Box) -> bool:
    return box.kind in {"block", "list-item"} and not box.style.padding[0] and not box.style.border[0]


def _open_bottom(box: Box) -> bool:
    style = box.style
    return box.kind in {"block", "list-item"} and not style.padding[2] and not style.border[2] and style.height is None


def _collapsed(box: Box, width: float, side: int) -> float:
    """A box's margin at the top (0) or bottom (2), with what comes through from its first or last child."""
    own = resolve(box.style.margin[side], width)
    steps = 0
    while steps < 50 and (_open_top(box) if side == 0 else _open_bottom(box)):
        inner = [child for child in box.children if child.style.floating == "none"]
        if not inner:
            break
        box = inner[0 if side == 0 else -1]
        if box.kind == "lines":
            break
        own = max(own, resolve(box.style.margin[side], width))
        steps += 1
    return own


def _place_float(child: Box, width: float, floats: Floats, ox: float, y: float) -> tuple[float, float, Fragment]:
    """Lay out a float at or below `y`; it stands at the place returned, in the coordinates of the floats."""
    style = child.style
    top, right, bottom, left = (resolve(m, width) for m in style.margin)
    if child.kind == "image":
        fragment = picture(child, width)
    else:
        fragment = block(child, min(used_width(child, width, shrink=True), max(width, 1.0)))
    outer = fragment.width + left + right
    y = floats.bottom(style.clear, y) if style.clear != "none" else y
    y = max(y, max((one[3] for one in floats.placed), default=y))
    y = floats.free_from(y, outer, ox, ox + width)
    low, high = floats.interval(y, 1, ox, ox + width)
    x = low if style.floating == "left" else high - outer
    floats.placed.append((style.floating, x, x + outer, y, y + fragment.height + top + bottom))
    return x + left, y + top, fragment


# --- flex rows ----------------------------------------------------------------------------------------------------


def _flex(box: Box, width: float) -> Fragment:
    style = box.style
    rows: list[list[Box]] = [[]]
    used = 0.0
    for child in box.children:
        basis = _basis(child, width)
        if style.wrap and rows[-1] and used + style.gap + basis > width + 0.5:
            rows.append([])
            used = 0.0
        used += basis + (style.gap if rows[-1] else 0.0)
        rows[-1].append(child)
    out = Fragment(width=width)
    y = 0.0
    for row in rows:
        if row:
            y += _flex_row(out, row, width, y, style) + style.gap
    out.height = max(0.0, y - style.gap) if any(rows) else 0.0
    return out


def _basis(child: Box, width: float) -> float:
    style = child.style
    asked = of(style.basis or style.width, width)
    return asked if asked is not None else min(intrinsic(child)[1], width)


def _content_least(box: Box) -> float:
    """What a flex item may shrink to: its content's least width, whatever width it asks for."""
    if box.kind not in {"block", "list-item"}:
        return intrinsic(box)[0]
    return horizontal(box.style) + max((intrinsic(child)[0] for child in box.children), default=0.0)


def _flex_row(out: Fragment, row: list[Box], width: float, y: float, style: Style) -> float:
    sizes = [_basis(child, width) for child in row]
    room = width - style.gap * (len(row) - 1)
    free = room - sum(sizes)
    grow = sum(child.style.grow for child in row)
    if free > 0 and grow:
        sizes = [size + free * child.style.grow / grow for size, child in zip(sizes, row, strict=True)]
        free = 0.0
    elif free < 0:
        least = [min(_content_least(child), size) for child, size in zip(row, sizes, strict=True)]
        slack = [size - low for size, low in zip(sizes, least, strict=True)]
        total = sum(slack) or 1.0
        sizes = [size + max(-1.0, free / total) * one for size, one in zip(sizes, slack, strict=True)]
        free = 0.0
    parts = [block(child, max(size, 0.0)) for child, size in zip(row, sizes, strict=True)]
    height = max(part.height for part in parts)
    x, gap = 0.0, style.gap
    if style.justify in {"space-between", "space-around", "space-evenly"} and len(row) > 1:
        gap += free / (len(row) - 1)
    elif style.justify in {"center", "space-around", "space-evenly"}:
        x = free / 2
    elif style.justify in {"flex-end", "end", "right"}:
        x = free
    if style.rtl:
        x = width - x
    for part in parts:
        if style.rtl:
            out.place(x - part.width, y, part)
            x -= part.width + gap
        else:
            out.place(x, y, part)
            x += part.width + gap
    return height


# --- lists --------------------------------------------------------------------------------------------------------


def _marker(box: Box, content: Fragment) -> None:
    style = box.style
    text = _marker_text(style.marker, box.ordinal)
    if not text or content.baseline is None:
        return
    face = fonts.face(style.family, bold=style.bold)
    width = face.width(text, style.size)
    x = content.width + 7.0 if style.rtl else -width - 7.0
    content.operations.append(Letters(x, content.baseline, text, width, face, style.size, style.color))


def _marker_text(kind: str, number: int) -> str:
    if kind in {"disc", "circle", "square"}:
        return "•"
    if kind == "none":
        return ""
    if kind in _LETTERS and 1 <= number <= 26:
        return f"{chr((65 if kind.startswith('upper') else 97) + number - 1)}."
    return f"{number}."
