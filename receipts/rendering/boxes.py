"""A page's elements as a tree of boxes: blocks hold blocks or lines, tables hold rows of cells."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from PIL import Image
from selectolax.lexbor import LexborHTMLParser

from receipts.rendering import bidi
from receipts.rendering.formats import IN_MAILS
from receipts.rendering.style import Sheets, Style, copied, style_of

_MAX_DEPTH: Final = 220
_MAX_NODES: Final = 60_000
_MAX_PICTURE: Final = 12_000_000
_MAX_PICTURE_PIXELS: Final = 40_000_000
_ICON: Final = 36
_INLINE: Final = {"inline", "text", "break", "image", "inline-block"}
_INNER: Final = {"cell", "row", "row-group"}
_CUT: Final = "[…]"


class Box:
    """One box: `kind` says how it is laid out, `style` how it looks."""

    __slots__ = ("cached", "children", "colspan", "kind", "ordinal", "paragraph", "picture", "rowspan", "style", "text")

    def __init__(self, kind: str, style: Style, children: list[Box] | None = None, text: str = "") -> None:
        self.kind = kind
        self.style = style
        self.children: list[Box] = children or []
        self.text = text
        self.picture: Picture | None = None
        self.colspan = self.rowspan = 1
        self.ordinal = 0
        self.cached: tuple[float, float] | None = None  # least and greatest width, once known
        self.paragraph: Any = None

    @property
    def is_inline(self) -> bool:
        """Whether it stands in a line."""
        return self.kind in _INLINE and (self.style.floating == "none" or self.kind in {"text", "break"})


class Picture:
    """A picture that came with the mail."""

    __slots__ = ("data", "height", "width")

    def __init__(self, data: bytes, width: int, height: int) -> None:
        self.data = data
        self.width = width
        self.height = height


def page_box(html: str, pictures: Mapping[str, bytes]) -> Box:
    """The root box of an HTML page."""
    tree = LexborHTMLParser(html)
    sheets = Sheets(tree, (node.text(deep=True) for node in tree.css("style")))
    builder = _Builder(sheets, pictures)
    root = Style()
    root.display = "block"
    top = tree.root
    box = builder.build(top, root, 0, None) if top is not None else None
    if box is None:
        return Box("block", root)
    return _contain(Box("block", root, [box]))


class _Builder:
    def __init__(self, sheets: Sheets, pictures: Mapping[str, bytes]) -> None:
        self._sheets = sheets
        self._pictures = {name.strip("<>").lower(): data for name, data in pictures.items()}
        self._loaded: dict[str, Picture | None] = {}
        self._nodes = 0

    def build(self, node: Any, parent: Style, depth: int, table: Style | None) -> Box | None:
        style = style_of(node, parent, self._sheets, table)
        if style.display == "none":
            return None
        tag = node.tag
        if (node.attributes.get("dir") or "").lower() == "auto":
            style.rtl = bidi.starts_rtl(node.text(deep=True))
        if tag == "br":
            return Box("break", style)
        if tag == "wbr":
            return Box("text", style, text="\u200b")
        if tag == "img":
            return self._image(node, style)
        if tag == "hr":
            return Box("block", _rule(style))
        box = Box(style.display, style)
        if tag in {"input", "select"}:
            value = node.attributes.get("value") if tag == "input" else None
            return _contain(Box("inline-block", style, [Box("text", style.child(), text=value)])) if value else None
        if style.display == "cell":
            box.colspan = _span(node.attributes.get("colspan"), 100)
            box.rowspan = _span(node.attributes.get("rowspan"), 500)
        if depth > _MAX_DEPTH:
            box.children = [Box("text", style.child(), text=node.text(deep=True, separator=" "))]
        else:
            box.children = list(self._children(node, style, depth, style if style.display == "table" else table))
        return _finished(box)

    def _children(self, node: Any, style: Style, depth: int, table: Style | None) -> Iterator[Box]:
        number = 0
        start = node.attributes.get("start") if node.tag == "ol" else None
        if start and re.fullmatch(r"\s*-?\d{1,6}\s*", start):
            number = int(start) - 1
        for child in node.iter(include_text=True):
            self._nodes += 1
            if self._nodes > _MAX_NODES:
                if self._nodes == _MAX_NODES + 1:
                    yield Box("text", style.child(), text=_CUT)
                return
            tag = child.tag
            if tag == "-text":
                text = child.text_content or ""
                if text:
                    yield Box("text", style, text=text)
            elif tag is not None and not tag.startswith("-"):
                box = self.build(child, style, depth + 1, table)
                if box is not None:
                    if box.kind == "list-item":
                        number += 1
                        box.ordinal = number
                    yield box

    def _image(self, node: Any, style: Style) -> Box | None:
        source = (node.attributes.get("src") or "").strip()
        picture = self._load(source) if source else None
        if style.display in {"block", "list-item"}:
            inner = style.child()
            outer = copied(style)
            outer.width = outer.height = None
            inner.width, inner.height, inner.max_width = style.width, style.height, style.max_width
            inner.display = "inline"
            made = self._picture_box(node, inner, picture)
            if made is None:
                return None
            outer.padding = outer.border = (0.0,) * 4
            auto = [outer.margin[3] == "auto", outer.margin[1] == "auto"]
            if any(auto):  # a block picture is as wide as itself: auto margins place it
                outer.align = "center" if all(auto) else "right" if auto[0] else "left"
                outer.margin = (outer.margin[0], 0.0, outer.margin[2], 0.0)
            made.style.line_height = ("px", 0.0) if picture else made.style.line_height
            outer.line_height = made.style.line_height
            return _contain(Box("block", outer, [made]))
        return self._picture_box(node, style, picture)

    def _picture_box(self, node: Any, style: Style, picture: Picture | None) -> Box | None:
        if picture is None:
            alt = " ".join((node.attributes.get("alt") or "").split())
            if not alt or _is_icon(style):
                return None
            text = style.child()
            text.floating = style.floating
            return Box("text", text, text=alt)
        box = Box("image", style)
        box.picture = picture
        return box

    def _load(self, source: str) -> Picture | None:
        if source in self._loaded:
            return self._loaded[source]
        data: bytes | None = None
        if source[:4].lower() == "cid:":
            data = self._pictures.get(source[4:].strip("<>").lower())
        elif source[:5].lower() == "data:":
            data = _data_address(source)
        else:
            data = self._pictures.get(source.lower())
        picture = _measured(data) if data else None
        self._loaded[source] = picture
        return picture


def _is_icon(style: Style) -> bool:
    """Whether a picture is too small to mean anything by its alternative text."""
    return any(side is not None and side[0] == "px" and side[1] <= _ICON for side in (style.width, style.height))


def _data_address(source: str) -> bytes | None:
    head, _, body = source[5 : 2 * _MAX_PICTURE].partition(",")
    if not head.lower().startswith("image/"):
        return None
    data = unquote_to_bytes(body)
    if head.lower().endswith(";base64"):
        try:
            data = base64.b64decode(re.sub(rb"\s+", b"", data) + b"==")
        except (binascii.Error, ValueError):
            return None
    return data


def _measured(data: bytes) -> Picture | None:
    if len(data) > _MAX_PICTURE:
        return None
    try:
        with Image.open(io.BytesIO(data), formats=IN_MAILS) as picture:
            width, height = picture.size
    except Exception:  # noqa: BLE001 - Pillow's decoders raise many kinds on broken files
        return None
    if not 0 < width * height <= _MAX_PICTURE_PIXELS:
        return None
    return Picture(data, width, height)


def _span(value: str | None, most: int) -> int:
    found = re.match(r"\s*(\d{1,5})", value or "")
    return min(most, max(1, int(found.group(1)))) if found else 1


def _rule(style: Style) -> Style:
    if style.height and style.height[0] == "px" and style.background:
        return style
    style.height = ("px", 0.0)
    return style


def _finished(box: Box) -> Box:
    """The box with its children in order for its kind."""
    kind = box.kind
    if kind == "inline":
        if any(not child.is_inline and child.style.floating == "none" for child in box.children):
            # <a><table>…: a block in a line makes the whole a block.
            box.kind = "block"
            return _contain(box)
        return box
    if kind == "table":
        return _table(box)
    if kind in {"row", "row-group"}:
        return box
    if kind == "flex":
        box.children = [_item(child) for child in box.children if not _is_blank(child)]
        return box
    return _contain(box)


def _is_blank(box: Box) -> bool:
    return box.kind == "text" and not box.text.strip(" \t\r\n\f")


def _item(box: Box) -> Box:
    """A flex item: whatever it is, a block of its own."""
    if box.kind in {"text", "image", "break"}:
        return _contain(Box("block", box.style.anonymous(), [box]))
    if box.kind in {"inline", "inline-block"}:
        box.kind = "block"
        return _contain(box)
    return box


def _contain(box: Box) -> Box:
    """A block's children as blocks only: runs of inline boxes become boxes of lines, stray cells a table."""
    out: list[Box] = []
    run: list[Box] = []

    def close() -> None:
        if any(not _is_blank(child) for child in run):
            out.append(Box("lines", box.style.anonymous("lines"), list(run)))
        run.clear()

    for child in _with_tables(box.children, box.style):
        if child.is_inline:
            run.append(child)
        elif child.style.floating != "none" and run and any(not _is_blank(c) for c in run):
            run.append(child)  # a float in the middle of a line is placed beside that line
        else:
            close()
            out.append(child)
    close()
    box.children = out
    return box


def _with_tables(children: list[Box], style: Style) -> Iterator[Box]:
    stray: list[Box] = []
    for child in children:
        if child.kind in _INNER:
            stray.append(child)
        elif stray and _is_blank(child):
            continue
        else:
            if stray:
                yield _table(Box("table", style.anonymous("table"), stray))
                stray = []
            yield child
    if stray:
        yield _table(Box("table", style.anonymous("table"), stray))


def _table(box: Box) -> Box:
    """A table whose children are rows; what stands outside of cells gets rows of its own before them."""
    rows: list[Box] = []
    others: list[Box] = []
    cells: list[Box] = []

    def close() -> None:
        if cells:
            rows.append(Box("row", box.style.anonymous("row"), list(cells)))
            cells.clear()

    def take(child: Box) -> None:
        if child.kind == "row-group":
            close()
            for inner in child.children:
                _hand_down(child.style, inner)
                take(inner)
            close()
        elif child.kind == "row":
            close()
            child.children = [_cell(inner, child.style) for inner in child.children if not _is_blank(inner)]
            rows.append(child)
        elif child.kind == "cell":
            cells.append(child)
        elif not _is_blank(child):
            others.append(child)

    for child in box.children:
        take(child)
    close()
    if others:
        caption = _contain(Box("cell", box.style.anonymous("cell"), others))
        caption.colspan = max((sum(cell.colspan for cell in row.children) for row in rows), default=1)
        rows.insert(0, Box("row", box.style.anonymous("row"), [caption]))
    box.children = rows
    return box


def _cell(box: Box, row: Style) -> Box:
    if box.kind == "cell":
        return box
    return _contain(Box("cell", row.anonymous("cell"), [box]))


def _hand_down(group: Style, row: Box) -> None:
    if group.background and not row.style.background:
        row.style.background = group.background
