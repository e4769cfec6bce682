"""Text in lines: white space, line breaks, right-to-left order, alignment, pictures and boxes among the words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from receipts.rendering import bidi, fonts
from receipts.rendering.boxes import Box
from receipts.rendering.decor import box_fills
from receipts.rendering.fonts import Face
from receipts.rendering.fragments import Fill, Fragment, Letters, Shown, Solid
from receipts.rendering.style import Style

_OBJECT: Final = "\ufffc"
_WORDS: Final = re.compile(r"\n|[ \t\r\f]+|\u200b|[^\s\u200b]+(?:\u00a0+[^\s\u200b]*)*|\s")
_HYPHEN: Final = re.compile(r"(?<=[^\W\d_]-)(?=[^\W\d_])|(?<=[\u4e00-\u9fff\u3040-\u30ff])")
_LONGEST_WORD: Final = 260.0  # wider ones may be broken anywhere
_HUGE_WORD: Final = 400  # signs; such a one is broken every so many, wherever the line ends
_LEAST_SIZE: Final = 2.0  # smaller text is hidden text

Interval = Callable[[float, float], tuple[float, float]]
LayOut = Callable[[Box, float], Fragment]
Intrinsic = Callable[[Box], tuple[float, float]]


class Piece:
    """Part of a line that is moved as one: a word or part of one, a space, a picture, an edge of a box."""

    __slots__ = ("above", "after", "below", "box", "face", "fragment", "kind", "level", "style", "text", "width")

    def __init__(self, kind: str, style: Style, text: str, face: Face) -> None:
        self.kind = kind  # "word", "space", "break", "object", "open", "close"
        self.style = style
        self.text = text
        self.face = face
        self.width = 0.0
        self.level = 0
        self.after = False  # whether a line may break behind it
        self.box: Box | None = None
        self.fragment: Fragment | None = None
        self.above = self.below = 0.0

    @property
    def wraps(self) -> bool:
        """Whether lines may break at its spaces."""
        return self.style.space not in {"nowrap", "pre"}

    @property
    def keeps(self) -> bool:
        """Whether its spaces count."""
        return self.style.space in {"pre", "pre-wrap", "break-spaces"}


class Paragraph:
    """The pieces of a box of lines, measured once for both its least width and its lines."""

    def __init__(self, box: Box, intrinsic: Intrinsic) -> None:
        self.style = box.style
        self._intrinsic = intrinsic
        self._open: list[Style] = []
        self.floats: list[Box] = []
        self.pieces: list[Piece] = []
        self._space = True  # whether a space at this point would follow another or start a line
        for child in box.children:
            self._take(child)
        self._level()
        for piece in self.pieces:
            self._measure(piece)

    # --- pieces -----------------------------------------------------------------------------------------------
    def _take(self, box: Box) -> None:
        style = box.style
        if style.floating != "none" and box.kind not in {"text", "break"}:
            self.floats.append(box)
        elif box.kind == "text":
            self._text(box.text, style)
        elif box.kind == "break":
            self._add("break", style, "\n")
            self._space = True
        elif box.kind == "inline":
            edged = any(style.padding) or any(style.border) or style.background is not None
            if edged:
                self._add("open", style, _OBJECT, box)
            for child in box.children:
                self._take(child)
            if edged:
                self._add("close", style, _OBJECT, box)
        else:
            self._add("object", style, _OBJECT, box)
            self._space = False

    def _add(self, kind: str, style: Style, text: str, box: Box | None = None) -> Piece:
        face = fonts.face(style.family, bold=style.bold, italic=style.italic)
        piece = Piece(kind, style, text, face)
        piece.box = box
        self.pieces.append(piece)
        return piece

    def _text(self, text: str, style: Style) -> None:
        if style.size < _LEAST_SIZE:
            return
        text = _transformed(text, style.transform)
        text = fonts.printable(text) if len(text) < 500 else "".join(map(fonts.printable, re.split(r"(\s+)", text)))
        keeps, lines = style.space in {"pre", "pre-wrap", "break-spaces"}, style.space != "normal"
        if keeps:
            text = text.replace("\r\n", "\n").expandtabs(8)
        for word in _WORDS.findall(text):
            if word == "\n" and lines and style.space != "nowrap":
                self._add("break", style, "\n")
                self._space = True
            elif word.isspace() and "\u00a0" not in word:
                if keeps:
                    self._add("space", style, word.replace("\r", "").replace("\f", ""))
                elif not self._space:
                    self._add("space", style, " ")
                    self._space = True
            elif word == "\u200b":
                self._add("word", style, "").after = True
            else:
                for part in _HYPHEN.split(word) if len(word) < _HUGE_WORD else _chunks(word):
                    if part:
                        face = fonts.face(style.family, bold=style.bold, italic=style.italic)
                        for run, one in fonts.runs(part.replace("\u00a0", " "), face):
                            piece = self._add("word", style, run)
                            piece.face = one
                        piece.after = style.space not in {"nowrap", "pre"}
                if self.pieces:
                    self.pieces[-1].after = False
                self._space = False

    def _level(self) -> None:
        """Give each piece its embedding level; a word of two levels is cut in two."""
        text = "".join(piece.text or "\u200b" for piece in self.pieces)
        found = bidi.levels(text.replace("\n", " "), rtl=self.style.rtl)
        if found is None:
            return
        out: list[Piece] = []
        at = 0
        for piece in self.pieces:
            length = len(piece.text or "\u200b")
            own = found[at : at + length]
            at += length
            piece.level = own[0]
            if piece.kind != "word" or all(level == own[0] for level in own):
                out.append(piece)
                continue
            start = 0
            for end in range(1, length + 1):
                if end == length or own[end] != own[start]:
                    part = Piece("word", piece.style, piece.text[start:end], piece.face)
                    part.level, part.after = own[start], piece.after and end == length
                    out.append(part)
                    start = end
        self.pieces = out

    def _measure(self, piece: Piece) -> None:
        style = piece.style
        if piece.kind in {"word", "space"}:
            piece.width = piece.face.width(piece.text, style.size) + style.spacing * len(piece.text)
        elif piece.kind in {"open", "close"}:
            side = (1 if style.rtl else 3) if piece.kind == "open" else (3 if style.rtl else 1)
            edge = style.padding[side]
            margin = style.margin[side]
            piece.width = (edge if isinstance(edge, float) else 0.0) + style.border[side]
            piece.width += margin if isinstance(margin, float) else 0.0

    # --- widths -----------------------------------------------------------------------------------------------
    def widths(self) -> tuple[float, float]:
        """The least and the greatest width."""
        least = greatest = line = word = 0.0
        for piece in self.pieces:
            low = high = piece.width
            if piece.kind == "object" and piece.box is not None:
                low, high = self._intrinsic(piece.box)
            if piece.kind == "break":
                greatest, least = max(greatest, line), max(least, word)
                line = word = 0.0
                continue
            line += high
            if piece.kind == "space" and piece.wraps:
                least, word = max(least, word), 0.0
            elif piece.kind == "object" and piece.wraps:
                least, word = max(least, word, low), 0.0
            else:
                word += min(low, _LONGEST_WORD) if piece.wraps else low
                if piece.after:
                    least, word = max(least, word), 0.0
        least, greatest = max(least, word), max(greatest, line)
        for box in self.floats:
            low, high = self._intrinsic(box)
            least, greatest = max(least, low), greatest + high
        return least, greatest + 0.01

    # --- lines ------------------------------------------------------------------------------------------------
    def lay_out(self, interval: Interval, lay_out: LayOut) -> Fragment:
        """The lines, each as wide as `interval(y, height)` says (left and right edge) at its place."""
        out = Fragment()
        y = 0.0
        guess = _line_height(self.style, self.style.size)
        todo = list(self.pieces)
        for piece in todo:
            piece.fragment = None
        at = 0
        self._open = []
        while at < len(todo):
            left, right = interval(y, guess)
            at, line, ends = self._next_line(todo, at, max(right - left, 1.0), lay_out)
            y += self._place(out, line, left, right, y, last=ends or at >= len(todo))
            out.width = max(out.width, right)
        out.height = y
        return out

    def _next_line(self, todo: list[Piece], at: int, width: float, lay_out: LayOut) -> tuple[int, list[Piece], bool]:
        """Pieces of the next line, where the one after starts, and whether a forced break ends it."""
        line: list[Piece] = []
        used = 0.0
        while at < len(todo):
            if todo[at].kind == "break":
                line.append(todo[at])
                return at + 1, line, True
            if todo[at].kind == "space" and not line and not todo[at].keeps:
                at += 1
                continue
            end = self._word_end(todo, at)
            word = todo[at:end]
            for piece in word:
                if piece.kind == "object" and piece.fragment is None and piece.box is not None:
                    self._fit(piece, piece.box, width, lay_out)
            wide = sum(piece.width for piece in word)
            if used + wide > width + 0.02 and word[0].kind != "space":
                if any(p.kind in {"word", "object"} for p in line):
                    return at, line, False
                if wide > width and word[0].wraps:
                    cut = _cut(word, width - used)
                    if cut is not None:
                        todo[at:end] = [*cut[0], *cut[1]]
                        line += cut[0]
                        return at + len(cut[0]), line, False
            line += word
            used += wide
            at = end
        return at, line, True

    def _word_end(self, todo: list[Piece], at: int) -> int:
        """The end of the pieces from `at` on that no line break may part."""
        piece = todo[at]
        at += 1
        closes = at < len(todo) and todo[at].kind == "close"
        if piece.kind == "space" or (piece.kind == "object" and not closes):
            return at
        while at < len(todo):
            before, piece = todo[at - 1], todo[at]
            if piece.kind in {"break", "space"}:
                if piece.kind == "space" and not piece.wraps:
                    at += 1
                    continue
                return at
            if before.after and piece.kind != "close":
                return at
            if piece.kind == "object" and before.kind != "open" and piece.wraps:
                return at
            at += 1
            if piece.kind == "object" and (at >= len(todo) or todo[at].kind != "close"):
                return at
        return at

    def _fit(self, piece: Piece, box: Box, width: float, lay_out: LayOut) -> None:
        """Lay out a picture or an inline block for a line of the given width."""
        fragment = lay_out(box, width)
        piece.fragment = fragment
        piece.width = fragment.width
        piece.above, piece.below = fragment.height, 0.0
        if box.kind != "image" and fragment.last_baseline is not None:
            piece.above, piece.below = fragment.last_baseline, fragment.height - fragment.last_baseline
        if box.style.inline_valign == "middle":
            middle = 0.26 * self.style.size  # half the height of a small letter
            piece.above, piece.below = fragment.height / 2 + middle, fragment.height / 2 - middle
        elif box.style.inline_valign in {"top", "bottom"}:
            piece.above = piece.below = 0.0

    def _place(self, out: Fragment, line: list[Piece], left: float, right: float, y: float, *, last: bool) -> float:
        """Put one line at `y` into the fragment and return its height."""
        style = self.style
        while line and line[-1].kind == "space" and not line[-1].keeps:
            line.pop()
        # Edges of boxes that this line opens or closes keep their place in the reading order.
        above, below = _extent(style, style.size, fonts.face(style.family, bold=style.bold, italic=style.italic))
        tall = 0.0
        for piece in line:
            if piece.kind == "object" and piece.fragment is not None:
                up, down = piece.above, piece.below
                if piece.style.inline_valign in {"top", "bottom"}:
                    tall = max(tall, piece.fragment.height)
            elif piece.kind in {"word", "break"}:
                up, down = _extent(piece.style, piece.style.size, piece.face)
                shift = _shift(piece.style)
                up, down = up + shift, down - shift
            else:
                continue
            above, below = max(above, up), max(below, down)
        height = max(above + below, tall)
        if tall > above + below:
            below = tall - above
        used = sum(piece.width for piece in line)
        align = style.align.lstrip("-")
        if align in {"start", "end", "match-parent"} or (align == "justify"):
            align = "right" if style.rtl != (align == "end") else "left"
        free = max(0.0, right - left - used)
        x = left + {"right": free, "center": free / 2}.get(align, 0.0)
        baseline = y + above
        stretch = 0.0
        if style.align == "justify" and not last and free:
            gaps = sum(piece.kind == "space" for piece in line)
            stretch = free / gaps if gaps and free < 0.35 * (right - left) else 0.0
            x = left if stretch else x
        self._draw(out, line, x, y, baseline, height, stretch)
        if out.baseline is None:
            out.baseline = baseline
        out.last_baseline = baseline
        if line:
            out.operations.append(Solid(y, height))
        return height

    def _draw(
        self, out: Fragment, line: Sequence[Piece], x: float, y: float, baseline: float, height: float, stretch: float
    ) -> None:
        order = bidi.visual([piece.level for piece in line])
        spans: dict[int, tuple[float, float, float]] = {}  # style's identity -> left, right, size
        grounds: list[Fill] = []
        letters: list[Letters] = []
        inside = self._inside(line)
        for index in order:
            piece = line[index]
            width = piece.width + (stretch if piece.kind == "space" else 0.0)
            for style in inside[index]:
                low, high, _ = spans.get(id(style), (x, x, 0.0))
                spans[id(style)] = (min(low, x), max(high, x + width), style.size)
            if piece.kind == "object" and piece.fragment is not None:
                self._draw_object(out, piece, x, y, baseline, height)
            elif piece.kind in {"word", "space"} and piece.text:
                _draw_text(letters, piece, x, baseline - _shift(piece.style), width)
            x += width
        styles = {id(style): style for one in inside for style in one}
        for key, (low, high, _) in spans.items():
            grounds += _grounds(styles[key], low, high, baseline)
        out.operations += grounds
        out.operations += [one for one in letters if one.text.strip() or one.underline or one.strike]

    def _inside(self, line: Sequence[Piece]) -> list[list[Style]]:
        """For each piece of a line the styles of the edged inline boxes that it lies in."""
        out = []
        for piece in line:
            if piece.kind == "open":
                self._open.append(piece.style)
            out.append(list(self._open))
            if piece.kind == "close" and piece.style in self._open:
                self._open.remove(piece.style)
        return out

    def _draw_object(self, out: Fragment, piece: Piece, x: float, y: float, baseline: float, height: float) -> None:
        fragment = piece.fragment
        if fragment is None:
            return
        top = baseline - piece.above
        if piece.style.inline_valign == "top":
            top = y
        elif piece.style.inline_valign == "bottom":
            top = y + height - fragment.height
        out.children.append((x, top, fragment))
        if piece.style.link:
            for operation in fragment.operations:
                if isinstance(operation, Shown):
                    operation.link = piece.style.link


def _chunks(word: str, size: int = 50) -> list[str]:
    return [word[at : at + size] for at in range(0, len(word), size)]


def _transformed(text: str, transform: str) -> str:
    if transform == "uppercase":
        return text.upper()
    if transform == "lowercase":
        return text.lower()
    if transform == "capitalize":
        return re.sub(r"(?<!\w)\w", lambda found: found.group().upper(), text)
    return text


def _line_height(style: Style, size: float) -> float:
    value = style.line_height
    if isinstance(value, tuple):
        return float(value[1] * size if value[0] == "x" else value[1])
    face = fonts.face(style.family, bold=style.bold)
    return (face.ascent + face.descent) * size


def _extent(style: Style, size: float, face: Face) -> tuple[float, float]:
    """How far a line reaches above and below the baseline for text of this style."""
    ascent, descent = face.ascent * size, face.descent * size
    if isinstance(style.line_height, tuple):
        lead = (_line_height(style, size) - ascent - descent) / 2
        return ascent + lead, descent + lead
    return ascent, descent


def _shift(style: Style) -> float:
    return {"super": 0.4 * style.size, "sub": -0.2 * style.size}.get(style.shift, 0.0)


def _cut(word: list[Piece], width: float) -> tuple[list[Piece], list[Piece]] | None:
    """A word that is too long for a line, cut where the line ends; None where nothing can be cut."""
    head: list[Piece] = []
    for index, piece in enumerate(word):
        if piece.width <= width:
            head.append(piece)
            width -= piece.width
            continue
        if piece.kind != "word":
            break
        count, used = 0, 0.0
        for c in piece.text:
            step = piece.face.width(c, piece.style.size) + piece.style.spacing
            if used + step > width:
                break
            used += step
            count += 1
        count = max(count, 0 if head else 1)
        if count == 0 or count >= len(piece.text):
            if count:
                head.append(piece)
                index += 1
            break
        first, second = (_part(piece, piece.text[:count]), _part(piece, piece.text[count:]))
        return [*head, first], [second, *word[index + 1 :]]
    else:
        index = len(word)
    return (head, word[index:]) if head and index < len(word) else None


def _part(piece: Piece, text: str) -> Piece:
    part = Piece(piece.kind, piece.style, text, piece.face)
    part.level, part.after = piece.level, piece.after
    part.width = piece.face.width(text, piece.style.size) + piece.style.spacing * len(text)
    return part


def _draw_text(letters: list[Letters], piece: Piece, x: float, y: float, width: float) -> None:
    """Add a piece's text, to the run before it where that looks the same (a search then finds the line)."""
    style = piece.style
    if piece.kind == "space" and width > piece.width and not style.decoration:
        return  # a stretched gap
    text = bidi.drawn(piece.text, piece.level)
    underline, strike = "underline" in style.decoration, "line-through" in style.decoration
    if letters:
        last = letters[-1]
        same = (
            (last.face is piece.face or piece.kind == "space")
            and last.size == style.size
            and last.color == style.color
            and abs(last.y - y) < 0.01
            and abs(last.x + last.width - x) < 0.05
            and abs(width - piece.width) < 0.01
            and (last.underline, last.strike, last.link, last.spacing) == (underline, strike, style.link, style.spacing)
        )
        if same and (piece.kind != "space" or piece.face is last.face):
            last.text += text
            last.width += width
            return
    letters.append(
        Letters(x, y, text, width, piece.face, style.size, style.color, style.spacing, underline, strike, style.link)
    )


def _grounds(style: Style, left: float, right: float, baseline: float) -> list[Fill]:
    """Ground and borders of an inline box on one line."""
    face = fonts.face(style.family, bold=style.bold)
    top_pad, bottom_pad = (p if isinstance(p, float) else 0.0 for p in (style.padding[0], style.padding[2]))
    top = baseline - face.ascent * style.size - top_pad - style.border[0]
    bottom = baseline + face.descent * style.size + bottom_pad + style.border[2]
    return box_fills(style, left, top, right - left, bottom - top)
