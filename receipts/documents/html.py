"""HTML mail as lines with columns: a small layout that keeps what stands side by side side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from receipts.charsets import decode_bytes
from receipts.documents import markup
from receipts.layout import Text, clean, lines_from_cells

MAX_CHARS = 3_000_000
MAX_NODES = 60_000
_DEPTH = 150
_NESTED = 512  # elements within one another, as browsers have it; a parser's time grows with their square
_MANY_TAGS = 5000  # fewer cannot be nested so that it matters
_COLUMN = 44  # a column counts as no wider than this
_LINKS = 200

_BLOCK = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "ul",
        "option",
        "caption",
    ]
)
_SKIP = frozenset(
    [
        "head",
        "script",
        "style",
        "noscript",
        "template",
        "title",
        "meta",
        "link",
        "svg",
        "object",
        "iframe",
        "select",
        "textarea",
        "-comment",
    ]
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|max-height\s*:\s*0(?:px)?\s*(?:;|$|!)|font-size\s*:\s*0(?:px)?\s*(?:;|$|!)",
    re.IGNORECASE,
)

_TAG = re.compile(r"<(/?)([A-Za-z][^\s/<>]*)[^<>]*>?")
_CLOSES_ITSELF = re.compile(
    r"area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|d[td]|option|t[dhr]|tbody|thead|tfoot",
    re.IGNORECASE,
)
_INLINE = frozenset(("span", "strong", "b", "label", "time", "em", "dt", "dd"))
_PART = "\x1f"

Row = list[tuple[float, str]]


@dataclass
class _Canvas:
    """Rows of (column, text) as they grow."""

    rows: list[Row] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)

    def flush(self) -> None:
        if self.inline:
            row: Row = []
            column = 0.0
            for cell in "".join(self.inline).split(_PART):
                text = " ".join(cell.split())
                if text:
                    row.append((column, text))
                    column += len(text) + 3
            self.inline = []
            if row:
                self.rows.append(row)

    def width(self) -> float:
        return max((x + min(len(t), _COLUMN) for row in self.rows for x, t in row), default=0.0)


class _Layout:
    def __init__(self) -> None:
        self.nodes = 0
        self.links: list[tuple[str, str]] = []
        self.alts: list[str] = []

    def draw(self, node: LexborNode, canvas: _Canvas, depth: int) -> None:
        child, element = node.child, False
        while child is not None:
            self.nodes += 1
            if self.nodes > MAX_NODES:
                return
            tag = child.tag
            if element and tag in _INLINE and canvas.inline and not canvas.inline[-1][-1:].isspace():
                canvas.inline.append(_PART)  # two elements without a blank between: the style sheet parts them
            element = tag in _INLINE
            if tag == "-text":
                canvas.inline.append(child.text_content or "")
            elif tag == "br":
                canvas.flush()
            elif tag in _SKIP:
                pass
            elif tag == "img":
                self._picture(child)
            elif depth > _DEPTH:
                canvas.inline.append(child.text(deep=True, separator=" "))
            elif not self._hidden(child):
                self._element(child, tag, canvas, depth)
            child = child.next

    def _element(self, node: LexborNode, tag: str | None, canvas: _Canvas, depth: int) -> None:
        if tag == "table":
            canvas.flush()
            canvas.rows += self._table(node, depth)
        elif tag in _BLOCK or tag in ("td", "th", "tr", "tbody"):
            canvas.flush()
            self.draw(node, canvas, depth + 1)
            canvas.flush()
        elif tag == "a":
            start = len(canvas.inline)
            self.draw(node, canvas, depth + 1)
            href = (node.attributes.get("href") or "").strip()
            if href[:4].lower() == "http" and len(self.links) < _LINKS:
                text = " ".join("".join(canvas.inline[start:]).split()) or " ".join(node.text(deep=True).split())
                self.links.append((clean(text)[:200], clean(href)[:2000]))
        else:
            self.draw(node, canvas, depth + 1)

    def _picture(self, node: LexborNode) -> None:
        alt = " ".join(clean(node.attributes.get("alt") or "").split())
        if 1 < len(alt) <= 60 and len(self.alts) < 30:
            self.alts.append(alt)

    @staticmethod
    def _hidden(node: LexborNode) -> bool:
        attributes = node.attributes
        if not attributes:
            return False
        style = attributes.get("style")
        return "hidden" in attributes or bool(style and _HIDDEN.search(style))

    def _table(self, table: LexborNode, depth: int) -> list[Row]:
        grid: list[list[tuple[int, int, _Canvas]]] = []
        below: dict[int, int] = {}  # column -> rows that a cell above still fills
        for tr in _rows(table):
            self.nodes += 1
            if self.nodes > MAX_NODES or self._hidden(tr):
                continue
            cells, column = [], 0
            cell = tr.child
            while cell is not None:
                if cell.tag in ("td", "th"):
                    while below.get(column, 0) > 0:
                        below[column] -= 1
                        column += 1
                    span, tall = _number(cell, "colspan"), _number(cell, "rowspan")
                    if tall > 1:
                        below.update(dict.fromkeys(range(column, column + span), tall - 1))
                    canvas = _Canvas()
                    if not self._hidden(cell):
                        self.draw(cell, canvas, depth + 1)
                        canvas.flush()
                    cells.append((column, span, canvas))
                    column += span
                elif cell.tag not in ("-text", "-comment"):
                    canvas = _Canvas()
                    self._element(cell, cell.tag, canvas, depth + 1)
                    canvas.flush()
                    if canvas.rows:
                        cells.append((column, 1, canvas))
                cell = cell.next
            grid.append(cells)
        return _merge(grid)


def _rows(table: LexborNode) -> list[LexborNode]:
    out: list[LexborNode] = []
    child = table.child
    while child is not None:
        if child.tag == "tr":
            out.append(child)
        elif child.tag in ("tbody", "thead", "tfoot"):
            out += _rows(child)
        elif child.tag == "caption":
            out.append(child)
        child = child.next
    return out


def _number(node: LexborNode, name: str) -> int:
    value = (node.attributes.get(name) or "1").strip()
    return min(int(value), 50) if value.isascii() and value.isdigit() and len(value) < 4 and int(value) else 1


def _merge(grid: list[list[tuple[int, int, _Canvas]]]) -> list[Row]:
    """Cells of one row side by side, columns as wide as their widest cell."""
    columns = max((c + span for cells in grid for c, span, _ in cells), default=0)
    widths = [0.0] * columns
    for cells in grid:
        for column, span, canvas in cells:
            if span == 1:
                widths[column] = max(widths[column], canvas.width() + 3)
    for cells in grid:
        for column, span, canvas in cells:
            if span > 1:
                lack = canvas.width() + 3 - sum(widths[column : column + span])
                if lack > 0:
                    widths[column + span - 1] += lack
    starts = [0.0]
    for width in widths:
        starts.append(starts[-1] + width)
    out: list[Row] = []
    for cells in grid:
        filled = [(starts[column], canvas.rows) for column, _, canvas in cells if canvas.rows]
        for k in range(max((len(rows) for _, rows in filled), default=0)):
            out.append([(x + left, text) for left, rows in filled if k < len(rows) for x, text in rows[k]])
    return out


def decode(data: bytes, charset: str = "") -> str:
    """Bytes of a page as text: UTF-8 when they are, else the declared charset, else windows-1252."""
    if data[:3] == b"\xef\xbb\xbf":
        return data[3:].decode("utf-8", "replace")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    declared = charset
    if not declared:
        match = re.search(rb"charset\s*=\s*[\"']?([\w.:-]+)", data[:4096])
        declared = match.group(1).decode("ascii", "replace") if match else ""
    return decode_bytes(data, declared)


def _shallow(page: str) -> str:
    """The page without the tags that are nested deeper than any page's; what stands within them stays."""
    if page.count("<") < _MANY_TAGS:
        return page
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        if _CLOSES_ITSELF.fullmatch(tag[2]):
            return tag[0]
        if tag[1]:
            depth = max(0, depth - 1)
            return tag[0] if depth < _NESTED else " "
        depth += 1
        return tag[0] if depth <= _NESTED else " "

    return _TAG.sub(kept, page)


def read(page: str) -> Text:
    """The page's visible lines; never fetches anything."""
    parser = LexborHTMLParser(_shallow(page[:MAX_CHARS].replace("\x00", "")))
    layout, canvas = _Layout(), _Canvas()
    root = parser.body or parser.root
    if root is not None:
        layout.draw(root, canvas, 0)
    canvas.flush()
    head = parser.head.css_first("title") if parser.head is not None else None
    title = " ".join(clean(head.text(deep=True)).split())[:300] if head is not None else ""
    return Text(
        lines_from_cells(canvas.rows),
        "html",
        title=title,
        alts=tuple(layout.alts),
        links=tuple(layout.links),
        sales=markup.read(parser),
    )
