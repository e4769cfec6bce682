"""The part of CSS that mails use and paper can show: style sheets and style attributes to plain values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import tinycss2
from tinycss2.color4 import parse_color

Color = tuple[int, int, int]
Length = tuple[str, float]  # ("px", 12.0), ("%", 50.0), ("em", 1.5)
Declarations = tuple[tuple[str, Any, bool], ...]  # property, value, important

VIEWPORT: Final = 718  # CSS pixels across A4 without 10 mm margins at 96 to the inch
_MAX_SHEET: Final = 600_000
_MAX_RULES: Final = 4_000
_UNITS: Final = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "rem": 16.0}
_SIZES: Final = {
    "xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0,
    "xx-large": 32.0,
}  # fmt: skip
_BORDER_STYLES: Final = {
    "none", "hidden", "solid", "dashed", "dotted", "double", "groove", "ridge", "inset", "outset",
}  # fmt: skip
_SIDES: Final = ("top", "right", "bottom", "left")
_EDGES: Final = {f"{kind}-{side}" for kind in ("margin", "padding") for side in _SIDES}
_KEYWORDS: Final = {
    "display", "float", "clear", "text-align", "vertical-align", "white-space", "text-transform", "direction",
    "visibility", "border-collapse", "list-style-type", "overflow", "box-sizing", "justify-content",
    "flex-direction", "flex-wrap", "align-items", "table-layout", "font-style", "caption-side", "mso-hide",
    "position",
}  # fmt: skip
_LENGTHS: Final = {
    "width", "height", "min-width", "max-width", "max-height", "min-height", "letter-spacing", "text-indent",
    "border-spacing", "flex-basis", "border-radius", "gap", "column-gap", "vertical-align",
} | _EDGES  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """One selector of a sheet with its declarations."""

    selector: str
    specificity: tuple[int, int, int]
    declarations: Declarations


def rules(sheet: str) -> list[Rule]:
    """The rules of a style sheet that hold on a wide screen, in their order."""
    out: list[Rule] = []
    for rule in _qualified(tinycss2.parse_stylesheet(sheet[:_MAX_SHEET], skip_comments=True, skip_whitespace=True)):
        declarations = _declarations(rule.content)
        if not declarations:
            continue
        for selector in tinycss2.serialize(rule.prelude).split(","):
            selector = selector.strip()
            if selector and ":" not in selector.replace(":first-child", "").replace(":last-child", ""):
                out.append(Rule(selector, _specificity(selector), declarations))
        if len(out) > _MAX_RULES:
            break
    return out


def _qualified(nodes: Iterable[Any], depth: int = 0) -> Iterator[Any]:
    for node in nodes:
        if node.type == "qualified-rule":
            yield node
        elif (
            node.type == "at-rule"
            and node.lower_at_keyword == "media"
            and node.content
            and depth < 3
            and _media_holds(tinycss2.serialize(node.prelude))
        ):
            inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
            yield from _qualified(inner, depth + 1)


def _media_holds(query: str) -> bool:
    return any(_one_holds(part.strip().lower()) for part in query.split(","))


def _one_holds(query: str) -> bool:
    if query.startswith("not "):
        return False
    kind = re.match(r"(?:only\s+)?([a-z-]+)", query)
    if kind and kind.group(1) not in {"screen", "all", "and"}:
        return False
    for name, value in re.findall(r"\(\s*([a-z-]+)\s*(?::\s*([^)]*))?\)", query):
        bound = _length(value.strip()) if value else None
        pixels = bound[1] if bound and bound[0] == "px" else None
        if name in {"min-width", "min-device-width"} and pixels is not None:
            if pixels > VIEWPORT:
                return False
        elif name in {"max-width", "max-device-width"} and pixels is not None:
            if pixels < VIEWPORT:
                return False
        else:  # dark schemes, resolutions of one maker's phones …
            return False
    return True


def _specificity(selector: str) -> tuple[int, int, int]:
    ids = len(re.findall(r"#[\w-]+", selector))
    classes = len(re.findall(r"\.[\w-]+|\[|(?<!:):(?!:)", selector))
    tags = len(re.findall(r"(?:^|[\s>+~])[a-zA-Z]", selector))
    return ids, classes, tags


@lru_cache(maxsize=4096)
def inline(style: str) -> Declarations:
    """The declarations of a style attribute."""
    return _declarations(style[:20_000])


def _declarations(content: Any) -> Declarations:
    out: list[tuple[str, Any, bool]] = []
    for node in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if node.type != "declaration":
            continue
        tokens = [t for t in node.value if t.type not in {"whitespace", "comment"}]
        for name, value in _values(node.lower_name, tokens):
            out.append((name, value, node.important))
    return tuple(out)


def _values(name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    """One declaration as longhand properties with plain values; nothing for what is not understood."""
    if not tokens:
        return
    if tokens[0].type == "ident" and tokens[0].lower_value in {"inherit", "initial", "unset", "revert"}:
        for longhand in _longhands(name):
            yield longhand, tokens[0].lower_value
        return
    special = _SPECIAL.get(name)
    if special is not None:
        yield from special(name, tokens)
        return
    first = tokens[0]
    if name in _LENGTHS and (found := _token_length(first)) is not None:
        yield name, found
    elif (name in _LENGTHS and first.type == "ident" and first.lower_value in {"auto", "none"}) or (
        name in _KEYWORDS and first.type == "ident"
    ):
        yield name, first.lower_value
    elif name in {"color", "background-color"} and (color := _color(first)) is not None:
        yield name, color


def _longhands(name: str) -> list[str]:
    if name in {"margin", "padding"}:
        return [f"{name}-{side}" for side in _SIDES]
    if name == "background":
        return ["background-color"]
    if name == "border":
        return [f"border-{side}-{part}" for side in _SIDES for part in ("width", "style", "color")]
    if name == "font":
        return ["font-size", "font-weight", "font-style", "font-family", "line-height"]
    return [name]


def _box(name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    values = [_token_length(t) or (t.lower_value if t.type == "ident" else None) for t in tokens[:4]]
    if all(value is not None for value in values):
        top = values[0]
        right = values[1] if len(values) > 1 else top
        bottom = values[2] if len(values) > 2 else top
        left = values[3] if len(values) > 3 else right
        for side, value in zip(_SIDES, (top, right, bottom, left), strict=True):
            yield f"{name}-{side}", value


def _border(name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    sides = _SIDES if name == "border" else (name.removeprefix("border-"),)
    width: Any = ("px", 3.0)
    style, color = "none", None
    for token in tokens:
        if (found := _border_width(token)) is not None:
            width = found
        elif token.type == "ident" and token.lower_value in _BORDER_STYLES:
            style = token.lower_value
        elif (paint := _color(token)) is not None:
            color = paint
    for side in sides:
        yield f"border-{side}-width", width
        yield f"border-{side}-style", style
        yield f"border-{side}-color", color


def _border_part(name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    part = name.rsplit("-", 1)[1]
    read: Callable[[Any], Any] = {"width": _border_width, "color": _color, "style": _border_style}[part]
    values = [value for token in tokens[:4] if (value := read(token)) is not None]
    if not values:
        return
    if name.count("-") == 2:
        yield name, values[0]
        return
    right = values[1] if len(values) > 1 else values[0]
    bottom = values[2] if len(values) > 2 else values[0]
    left = values[3] if len(values) > 3 else right
    for side, value in zip(_SIDES, (values[0], right, bottom, left), strict=True):
        yield f"border-{side}-{part}", value


def _border_width(token: Any) -> Length | None:
    if token.type == "ident" and token.lower_value in {"thin", "medium", "thick"}:
        return "px", {"thin": 1.0, "medium": 3.0, "thick": 5.0}[token.lower_value]
    return _token_length(token)


def _border_style(token: Any) -> str | None:
    return token.lower_value if token.type == "ident" and token.lower_value in _BORDER_STYLES else None


def _background(_name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    for token in tokens:
        if (color := _color(token)) is not None:
            yield "background-color", color
            return
        if token.type == "function" and "gradient" in token.lower_name:
            for part in token.arguments:
                if (color := _color(part)) is not None:
                    yield "background-color", color
                    return
    if _keyword(tokens[0]) in {"none", "transparent"}:
        yield "background-color", "transparent"


def _font(_name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    yield from (("font-weight", "normal"), ("font-style", "normal"), ("line-height", "normal"))
    for at, token in enumerate(tokens):
        word = _keyword(token)
        if word in {"italic", "oblique"}:
            yield "font-style", "italic"
        elif word in {"bold", "bolder"} or (token.type == "number" and token.value >= 550):
            yield "font-weight", "bold"
        elif (size := _font_size_of(token)) is not None:
            yield "font-size", size
            rest = tokens[at + 1 :]
            if len(rest) > 1 and rest[0] == "/":
                yield from _line_height("line-height", rest[1:])
                rest = rest[2:]
            yield from _family("font-family", rest)
            return


def _font_size_of(token: Any) -> Any:
    if token.type == "ident":
        if token.lower_value in _SIZES:
            return ("px", _SIZES[token.lower_value])
        return {"larger": ("em", 1.2), "smaller": ("em", 1 / 1.2)}.get(token.lower_value)
    return _token_length(token) if token.type in {"dimension", "percentage"} or _zero(token) else None


def _font_size(name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    size = _font_size_of(tokens[0])
    if size is None and tokens[0].type == "number":
        size = ("px", float(tokens[0].value))
    if size is not None:
        yield name, size


def _weight(name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    token = tokens[0]
    if token.type == "number":
        yield name, "bold" if token.value >= 550 else "normal"
    elif token.type == "ident":
        yield name, "bold" if token.lower_value in {"bold", "bolder"} else "normal"


def _family(name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    words = " ".join(str(t.value).lower() for t in tokens if t.type in {"ident", "string"})
    mono = re.search(r"mono|courier|consolas|menlo|typewriter", words.split(",", 1)[0])
    yield name, "mono" if mono else "sans"


def _line_height(name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    token = tokens[0]
    if token.type == "number":
        yield name, ("x", float(token.value))
    elif (found := _token_length(token)) is not None:
        yield name, found
    elif _keyword(token) == "normal":
        yield name, "normal"


def _decoration(_name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    words = {_keyword(t) for t in tokens}
    if words & {"underline", "line-through", "none"}:
        yield "text-decoration", frozenset(words & {"underline", "line-through"})


def _flex(_name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    if tokens[0].type == "number":
        yield "flex-grow", float(tokens[0].value)
        basis = next((found for t in tokens[1:] if t.type != "number" and (found := _token_length(t))), None)
        if basis is not None:
            yield "flex-basis", basis


def _number(name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    if tokens[0].type == "number":
        yield name, float(tokens[0].value)


def _list_style(_name: str, tokens: list[Any]) -> Iterator[tuple[str, Any]]:
    for token in tokens:
        if token.type == "ident" and token.lower_value not in {"inside", "outside"}:
            yield "list-style-type", token.lower_value
            return


_SPECIAL: Final[dict[str, Callable[[str, list[Any]], Iterator[tuple[str, Any]]]]] = {
    "margin": _box,
    "padding": _box,
    "border": _border,
    "background": _background,
    "font": _font,
    "font-size": _font_size,
    "font-weight": _weight,
    "font-family": _family,
    "line-height": _line_height,
    "text-decoration": _decoration,
    "text-decoration-line": _decoration,
    "flex": _flex,
    "flex-grow": _number,
    "opacity": _number,
    "list-style": _list_style,
    **{f"border-{side}": _border for side in _SIDES},
    **{f"border-{part}": _border_part for part in ("width", "style", "color")},
    **{f"border-{side}-{part}": _border_part for side in _SIDES for part in ("width", "style", "color")},
}


def _keyword(token: Any) -> str:
    return str(token.lower_value) if token.type == "ident" else ""


def _zero(token: Any) -> bool:
    return bool(token.type == "number" and token.value == 0)


def _color(token: Any) -> Color | str | None:
    """Red, green and blue 0..255 on white; "transparent"; None for what is no colour."""
    if token.type not in {"ident", "hash", "function"}:
        return None
    try:
        found = parse_color(token)
    except (ValueError, ArithmeticError, TypeError, IndexError):
        return None
    if found is None or found == "currentcolor":
        return None
    if found.alpha == 0:
        return "transparent"
    try:
        parts = found.to("srgb").coordinates
    except (NotImplementedError, ValueError, ArithmeticError, TypeError):
        return None
    out = [min(255, max(0, round(255 * (found.alpha * (c or 0) + 1 - found.alpha)))) for c in parts]
    return out[0], out[1], out[2]


@lru_cache(maxsize=512)
def attribute_color(text: str) -> Color | None:
    """The colour of a bgcolor or color attribute (`#abc`, `abc`, `red`)."""
    text = text.strip()
    if re.fullmatch(r"[0-9a-fA-F]{6}|[0-9a-fA-F]{3}", text):
        text = f"#{text}"
    node = tinycss2.parse_one_component_value(text)
    found = _color(node) if node.type in {"ident", "hash", "function"} else None
    return found if isinstance(found, tuple) else None


def _token_length(token: Any) -> Length | None:
    if token.type == "percentage":
        return "%", float(token.value)
    if token.type == "number":  # "width: 600": what mails write and clients take as pixels
        return "px", float(token.value)
    if token.type != "dimension":
        return None
    unit = token.lower_unit
    if unit in _UNITS:
        return "px", float(token.value) * _UNITS[unit]
    if unit == "em":
        return "em", float(token.value)
    if unit in {"ex", "ch"}:
        return "em", float(token.value) * 0.5
    if unit in {"vw", "vmin", "vmax", "dvw"}:
        return "px", float(token.value) * VIEWPORT / 100
    return None


def _length(text: str) -> Length | None:
    node = tinycss2.parse_one_component_value(text)
    return _token_length(node) if node.type in {"percentage", "number", "dimension"} else None


def attribute_length(text: str) -> Length | None:
    """The length of a width, height, cellpadding … attribute (`600`, `50%`, `600px`)."""
    found = re.match(r"\s*\+?(\d+(?:\.\d+)?)\s*(%|px|pt|em)?", text)
    if not found:
        return None
    value, unit = float(found.group(1)), found.group(2) or "px"
    return ("px", value * 4 / 3) if unit == "pt" else (unit, value)
