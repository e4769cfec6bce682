"""How each element of a page looks: defaults of HTML, old attributes, style sheets and style attributes."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from receipts.rendering import css
from receipts.rendering.css import Color, Length

Attributes = Mapping[str, str | None]

_SIDES: Final = ("top", "right", "bottom", "left")
_FONT_TAG: Final = {1: 10.0, 2: 13.0, 3: 16.0, 4: 18.0, 5: 24.0, 6: 32.0, 7: 48.0}
_MAX_FONT: Final = 120.0
BLOCKS: Final = frozenset(
    [
        "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "dir", "div", "dl",
        "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
        "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "ul",
    ]
)  # fmt: skip
_TABLE_PARTS: Final = {
    "table": "table", "thead": "row-group", "tbody": "row-group", "tfoot": "row-group", "tr": "row", "td": "cell",
    "th": "cell", "caption": "block", "col": "none", "colgroup": "none",
}  # fmt: skip
HIDDEN: Final = frozenset(
    [
        "head", "title", "style", "script", "noscript", "template", "meta", "link", "base", "object", "embed",
        "iframe", "video", "audio", "canvas", "svg", "map", "area", "param", "source", "track", "datalist",
        "textarea", "dialog",
    ]
)  # fmt: skip
_DISPLAYS: Final = {
    "inline": "inline", "block": "block", "none": "none", "inline-block": "inline-block", "flow-root": "block",
    "list-item": "list-item", "table": "table", "inline-table": "inline-block", "table-row": "row",
    "table-cell": "cell", "table-row-group": "row-group", "table-header-group": "row-group",
    "table-footer-group": "row-group", "table-caption": "block", "flex": "flex", "inline-flex": "inline-block",
    "grid": "block", "inline-grid": "inline-block", "contents": "inline",
}  # fmt: skip


class Style:
    """The looks of one element, computed: lengths in pixels where they do not depend on the layout."""

    # Inherited.
    color: Color = (0, 0, 0)
    size: float = 16.0
    bold: bool = False
    italic: bool = False
    family: str = "sans"
    line_height: Any = "normal"  # "normal", ("x", factor) or ("px", pixels)
    align: str = "start"  # "-center" and the like also place blocks, as the align attribute does
    rtl: bool = False
    space: str = "normal"  # white-space
    transform: str = "none"
    decoration: frozenset[str] = frozenset()
    spacing: float = 0.0  # between letters
    link: str = ""
    collapse: bool = False
    cell_spacing: float = 0.0
    marker: str = "disc"
    shift: str = ""  # "super" or "sub"
    valign: str = "middle"  # of table cells, handed down from row groups and rows
    # Not inherited.
    around: str = "start"  # the alignment of the element around, which places this one
    display: str = "inline"
    floating: str = "none"
    clear: str = "none"
    width: Length | None = None
    height: Length | None = None
    min_width: Length | None = None
    max_width: Length | None = None
    border_box: bool = False
    margin: tuple[Any, ...] = (0.0, 0.0, 0.0, 0.0)  # pixels, ("%", n) or "auto"; top right bottom left
    padding: tuple[Any, ...] = (0.0, 0.0, 0.0, 0.0)
    border: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    border_color: tuple[Color, ...] = ()
    background: Color | None = None
    radius: float = 0.0
    own_area: bool = False  # whether it keeps its floats to itself
    inline_valign: str = "baseline"
    justify: str = "flex-start"
    column: bool = False
    wrap: bool = False
    grow: float = 0.0
    basis: Length | None = None
    gap: float = 0.0
    cell_padding: float | None = None  # of a table, for its cells
    cell_border: float = 0.0

    def child(self) -> Style:
        """A style that inherits from this one."""
        new = Style()
        mine = self.__dict__
        for name in _INHERITED:
            if name in mine:
                new.__dict__[name] = mine[name]
        return new

    def anonymous(self, display: str = "block") -> Style:
        """The style of a box without an element."""
        new = self.child()
        new.display = display
        new.around = self.align
        return new


_INHERITED: Final = (
    "color", "size", "bold", "italic", "family", "line_height", "align", "rtl", "space", "transform", "decoration",
    "spacing", "link", "collapse", "cell_spacing", "marker", "shift", "valign",
)  # fmt: skip


class Element(Protocol):
    """What is asked of a node of the parsed page."""

    @property
    def tag(self) -> str | None:
        """Name in small letters."""

    @property
    def attributes(self) -> Attributes:
        """Attributes as written."""

    @property
    def mem_id(self) -> int:
        """Identity."""


class Sheets:
    """All rules of a page's style sheets, matched to its elements."""

    def __init__(self, tree: Any, sheets: Iterable[str]) -> None:
        self._matched: dict[int, list[tuple[tuple[int, int, int], int, css.Declarations]]] = {}
        order = 0
        for sheet in sheets:
            for rule in css.rules(sheet):
                order += 1
                try:
                    hits = tree.css(rule.selector)
                except Exception:  # noqa: BLE001, S112 - lexbor's own class, for selectors that it does not know
                    continue
                for node in hits:
                    self._matched.setdefault(node.mem_id, []).append((rule.specificity, order, rule.declarations))

    def of(self, node: Element) -> list[tuple[str, Any]]:
        """Properties and values for a node, weakest first."""
        plain: list[tuple[str, Any]] = []
        important: list[tuple[str, Any]] = []
        found = sorted(self._matched.get(node.mem_id, ()), key=lambda hit: hit[:2])
        own = css.inline(node.attributes.get("style") or "")
        for declarations in [*(hit[2] for hit in found), own]:
            for name, value, strong in declarations:
                (important if strong else plain).append((name, value))
        return plain + important


def style_of(node: Element, parent: Style, sheets: Sheets, table: Style | None) -> Style:
    """Compute a node's style from its parent's; `table` is the style of the table it is a cell of."""
    tag = node.tag or ""
    attributes = node.attributes
    style = parent.child()
    style.around = parent.align
    style.own_area = tag == "fieldset"
    style.display = "block" if tag in BLOCKS else _TABLE_PARTS.get(tag, "inline")
    direction = (attributes.get("dir") or "").lower()
    if direction in {"rtl", "ltr"}:
        style.rtl = direction == "rtl"
    _default(style, tag, parent)
    _attributes(style, tag, attributes, table)
    properties = sheets.of(node)
    for name, value in properties:  # em depends on the size, whatever the order
        if name == "font-size":
            _set_size(style, value, parent)
    for name, value in properties:
        if name != "font-size":
            _apply(style, parent, name, value)
    borders = _Borders(style)
    for name, value in properties:
        borders.apply(name, value)
    borders.finish()
    if style.floating != "none" and style.display in {"inline", "inline-block"} and tag != "img":
        style.display = "block"
    _hide(style, tag, attributes, properties)
    return style


def _default(style: Style, tag: str, parent: Style) -> None:
    em = style.size
    if tag in {"b", "strong", "th"}:
        style.bold = True
    elif tag in {"i", "em", "cite", "dfn", "var", "address"}:
        style.italic = True
    elif tag in {"u", "ins"}:
        style.decoration |= {"underline"}
    elif tag in {"s", "strike", "del"}:
        style.decoration |= {"line-through"}
    elif tag in {"code", "kbd", "samp", "tt", "pre", "listing"}:
        style.family, style.size = "mono", em * 13 / 16
    elif tag in {"small", "sub", "sup"}:
        style.size = em / 1.2
    elif tag == "big":
        style.size = em * 1.2
    elif tag == "center":
        style.align = "-center"
    if tag == "pre":
        style.space = "pre-wrap"
    if tag in {"sub", "sup"}:
        style.shift = "sub" if tag == "sub" else "super"
    if tag in _HEADINGS:
        scale, margin = _HEADINGS[tag]
        style.bold, style.size = True, em * scale
        style.margin = (style.size * margin, 0.0, style.size * margin, 0.0)
    elif tag in {"p", "dl", "blockquote", "figure", "pre"} or (tag in {"ul", "ol", "menu", "dir"}):
        inside = tag in {"ul", "ol"} and parent.display == "list-item"
        side = 40.0 if tag in {"blockquote", "figure"} else 0.0
        edge = 0.0 if inside else style.size
        style.margin = (edge, side, edge, side)
    if tag in {"ul", "ol", "menu", "dir"}:
        style.padding = (0.0, 40.0, 0.0, 0.0) if style.rtl else (0.0, 0.0, 0.0, 40.0)
        style.marker = "decimal" if tag == "ol" else "disc"
    elif tag == "li":
        style.display = "list-item"
    elif tag == "dd":
        style.margin = (0.0, 40.0, 0.0, 0.0) if style.rtl else (0.0, 0.0, 0.0, 40.0)
    elif tag == "hr":
        style.margin = (8.0, "auto", 8.0, "auto")
        style.border, style.border_color = (1.0, 0.0, 0.0, 0.0), ((160, 160, 160),) * 4
    elif tag == "fieldset":
        style.border, style.border_color, style.padding = (1.0,) * 4, ((190, 190, 190),) * 4, (6.0, 12.0, 10.0, 12.0)
    elif tag == "table":
        if style.align.startswith("-"):
            style.align = "start"
        style.cell_spacing, style.collapse, style.border_box, style.space = 2.0, False, True, "normal"
        style.valign = "middle"
    elif tag in {"td", "th"}:
        style.padding = (1.0,) * 4
        if tag == "th" and parent.align == "start":
            style.align = "center"
    elif tag in {"button", "input", "select"}:
        style.display = "inline-block"
        style.padding, style.border, style.border_color = (2.0, 8.0, 2.0, 8.0), (1.0,) * 4, ((150, 150, 150),) * 4
        style.size = 13.3
    elif tag == "mark":
        style.background = (255, 255, 0)


_HEADINGS: Final = {
    "h1": (2.0, 0.67), "h2": (1.5, 0.83), "h3": (1.17, 1.0), "h4": (1.0, 1.33), "h5": (0.83, 1.67), "h6": (0.67, 2.33),
}  # fmt: skip


def _attributes(style: Style, tag: str, attributes: Attributes, table: Style | None) -> None:
    """The looks that old attributes give."""
    if tag == "a" and (href := (attributes.get("href") or "").strip()):
        if re.match(r"(?:https?://|mailto:|tel:)", href, re.IGNORECASE):
            style.link = href[:2000]
        style.color, style.decoration = (0, 0, 238), style.decoration | {"underline"}
    if tag == "font":
        if color := css.attribute_color(attributes.get("color") or ""):
            style.color = color
        if found := re.fullmatch(r"\s*([+-]?)(\d)\s*", attributes.get("size") or ""):
            step = int(found.group(2))
            step = {"+": 3 + step, "-": 3 - step}.get(found.group(1), step)
            style.size = _FONT_TAG[min(7, max(1, step))]
        if re.search("courier|mono", attributes.get("face") or "", re.IGNORECASE):
            style.family = "mono"
    if color := css.attribute_color(attributes.get("bgcolor") or ""):
        style.background = color
    if tag in {"body"} and (color := css.attribute_color(attributes.get("text") or "")):
        style.color = color
    align = (attributes.get("align") or "").strip().lower()
    if tag in {"table", "img"} and align in {"left", "right"}:
        style.floating = align
    elif tag == "table" and align == "center":
        style.margin = (style.margin[0], "auto", style.margin[2], "auto")
    elif tag == "hr" and align in {"left", "right"}:
        style.margin = (8.0, 0.0 if align == "right" else "auto", 8.0, 0.0 if align == "left" else "auto")
    elif align in {"left", "right", "center", "middle", "justify"} and tag not in {"img", "table", "hr"}:
        word = {"middle": "center"}.get(align, align)
        style.align = word if tag == "p" or word == "justify" else f"-{word}"
    valign = (attributes.get("valign") or "").strip().lower()
    if valign in {"top", "middle", "bottom", "baseline"}:
        style.valign = "top" if valign == "baseline" else valign
    if tag in {"table", "td", "th", "img", "hr", "col"}:
        style.width = css.attribute_length(attributes.get("width") or "") or style.width
        if tag != "hr":
            style.height = css.attribute_length(attributes.get("height") or "") or style.height
    if tag == "tr":
        style.height = css.attribute_length(attributes.get("height") or "")
    if tag in {"td", "th"} and "nowrap" in attributes:
        style.space = "nowrap"
    if tag == "table":
        if found_length := css.attribute_length(attributes.get("cellspacing") or ""):
            style.cell_spacing = found_length[1]
        if found_length := css.attribute_length(attributes.get("cellpadding") or ""):
            style.cell_padding = found_length[1]
        if "border" in attributes:
            width = css.attribute_length(attributes["border"] or "1")
            if width and width[1] > 0:
                style.border, style.border_color = (min(width[1], 8.0),) * 4, ((160, 160, 160),) * 4
                style.cell_border = 1.0
    if tag in {"td", "th"} and table is not None:
        if table.cell_padding is not None:
            style.padding = (table.cell_padding,) * 4
        if table.cell_border:
            style.border, style.border_color = (table.cell_border,) * 4, ((160, 160, 160),) * 4
    if tag == "ol" and (attributes.get("type") or "") in {"a", "A", "i", "I"}:
        style.marker = {"a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}[
            attributes.get("type") or ""
        ]


def _set_size(style: Style, value: Any, parent: Style) -> None:
    if isinstance(value, tuple):
        unit, number = value
        size = {"px": number, "em": number * parent.size, "%": number * parent.size / 100}.get(unit, parent.size)
        style.size = min(_MAX_FONT, max(0.0, size))
    elif value == "inherit":
        style.size = parent.size


def _pixels(style: Style, value: Any) -> Any:
    """A length in pixels; percentages and words stay."""
    if isinstance(value, tuple):
        unit, number = value
        number = min(20_000.0, max(-20_000.0, number))
        if unit == "em":
            return number * style.size
        return number if unit == "px" else ("%", number)
    return value


def _apply(style: Style, parent: Style, name: str, value: Any) -> None:
    attribute = _ATTRIBUTE.get(name)
    if value == "inherit":
        if attribute is not None:
            setattr(style, attribute, getattr(parent, attribute))
        return
    if value in {"initial", "unset", "revert"}:
        return
    if name == "color":
        if isinstance(value, tuple):
            style.color = value
    elif name == "background-color":
        style.background = None if value == "transparent" else value
    elif name == "font-weight":
        style.bold = value == "bold"
    elif name == "font-style":
        style.italic = value in {"italic", "oblique"}
    elif name == "font-family":
        style.family = value
    elif name == "line-height":
        if isinstance(value, tuple) and value[0] != "x":
            unit, number = value
            style.line_height = ("px", {"px": number, "em": number * style.size}.get(unit, number * style.size / 100))
        else:
            style.line_height = value
    elif name == "text-align":
        style.align = {"end": "left" if style.rtl else "right", "-webkit-center": "-center"}.get(value, value)
    elif name == "direction":
        style.rtl = value == "rtl"
    elif name == "vertical-align":
        _valign(style, value)
    elif name == "text-decoration":
        style.decoration = value
    elif name == "display":
        style.display = _DISPLAYS.get(value, style.display)
        style.own_area = style.own_area or value == "flow-root"
    elif name.startswith(("margin-", "padding-")):
        kind, side = name.split("-")
        edges = list(getattr(style, kind))
        pixels = _pixels(style, value)
        if kind == "padding" and (pixels == "auto" or (isinstance(pixels, float) and pixels < 0)):
            return
        edges[_SIDES.index(side)] = pixels
        setattr(style, kind, tuple(edges))
    elif name in {"width", "height", "min-width", "max-width", "flex-basis"}:
        pixels = _pixels(style, value)
        length = ("px", pixels) if isinstance(pixels, float) else pixels if isinstance(pixels, tuple) else None
        setattr(style, {"flex-basis": "basis"}.get(name, name.replace("-", "_")), length)
    elif name in {"letter-spacing", "border-spacing", "border-radius", "gap", "column-gap"}:
        pixels = _pixels(style, value)
        if isinstance(pixels, float):
            setattr(style, _ATTRIBUTE[name], pixels if name == "letter-spacing" else max(0.0, pixels))
    elif name == "box-sizing":
        style.border_box = value == "border-box"
    elif name == "overflow":
        style.own_area = value in {"hidden", "auto", "scroll", "clip"}
    elif name == "border-collapse":
        style.collapse = value == "collapse"
    elif name == "flex-direction":
        style.column = value.startswith("column")
    elif name == "flex-wrap":
        style.wrap = value.startswith("wrap")
    elif attribute is not None:
        setattr(style, attribute, value)


_ATTRIBUTE: Final = {
    "color": "color", "background-color": "background", "white-space": "space", "text-transform": "transform",
    "float": "floating", "clear": "clear", "list-style-type": "marker", "justify-content": "justify",
    "flex-grow": "grow", "letter-spacing": "spacing", "border-spacing": "cell_spacing", "border-radius": "radius",
    "gap": "gap", "column-gap": "gap", "text-align": "align", "line-height": "line_height", "font-weight": "bold",
    "font-family": "family", "text-decoration": "decoration", "direction": "rtl", "width": "width",
    "font-style": "italic",
}  # fmt: skip


def _valign(style: Style, value: Any) -> None:
    if not isinstance(value, str):
        return
    if value in {"super", "sub"}:
        style.shift = value
    word = {"text-top": "top", "text-bottom": "bottom"}.get(value, value)
    style.inline_valign = word
    style.valign = word if word in {"top", "middle", "bottom"} else "top" if word == "baseline" else style.valign


class _Borders:
    """Width, style and colour of the four borders, joined when all properties are known."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._width: list[float] = list(style.border)
        self._drawn = [width > 0 for width in style.border]
        self._color: list[Any] = list(style.border_color) or [None] * 4
        self._touched = False

    def apply(self, name: str, value: Any) -> None:
        if not name.startswith("border-") or name.count("-") != 2:
            return
        _, side, part = name.split("-")
        if side not in _SIDES:
            return
        self._touched = True
        at = _SIDES.index(side)
        if part == "width":
            pixels = _pixels(self._style, value)
            if isinstance(pixels, float):
                self._width[at] = min(60.0, max(0.0, pixels))
        elif part == "style":
            self._drawn[at] = value not in {"none", "hidden", "initial"}
            if self._drawn[at] and not self._width[at] and not self._style.border[at]:
                self._width[at] = 3.0
        else:
            self._color[at] = value if value not in {"inherit", "initial"} else None

    def finish(self) -> None:
        if not self._touched:
            return
        style = self._style
        style.border = tuple(
            width if drawn and color != "transparent" else 0.0
            for width, drawn, color in zip(self._width, self._drawn, self._color, strict=True)
        )
        style.border_color = tuple(color if isinstance(color, tuple) else style.color for color in self._color)


def _hide(style: Style, tag: str, attributes: Attributes, properties: list[tuple[str, Any]]) -> None:
    last = dict(properties)
    hidden = (
        tag in HIDDEN
        or "hidden" in attributes
        or last.get("visibility") == "hidden"
        or last.get("mso-hide") == "all"
        or last.get("opacity") == 0
        or (tag == "input" and (attributes.get("type") or "").lower() in {"hidden", "checkbox", "radio", "image"})
    )
    for bound in ("max-height", "height"):  # preview lines that mails hide
        if last.get(bound) in {("px", 0.0), ("em", 0.0)} and last.get("overflow") == "hidden":
            hidden = True
    if last.get("max-width") == ("px", 0.0) or (last.get("max-height") == ("px", 0.0) and style.size <= 2):
        hidden = True
    if hidden:
        style.display = "none"


def copied(style: Style) -> Style:
    """A copy that may be changed."""
    return copy.copy(style)
