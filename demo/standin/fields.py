"""Partial answers: the `fields=` mask, read and applied."""

from __future__ import annotations

import re
from typing import Any

from demo.standin.refusals import Refusal, refusal
from demo.standin.shapes import Shape

Mask = dict[str, Any]  # name -> Mask, or None for the whole of it; "*" stands for every name
_TOKEN = re.compile(r"[A-Za-z0-9_.\-]+|[*,()/]")


def parse(text: str, shape: Shape | None) -> Mask:
    """A mask such as `messages(id,labelIds),nextPageToken` or `payload/headers`; Refusal when it does not fit."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text.replace(" ", "") or not tokens:
        raise _bad(text)
    mask, rest = _list(tokens, 0, shape, text)
    if rest != len(tokens):
        raise _bad(text)
    return mask


def apply(mask: Mask, value: Any) -> Any:
    """The part of `value` that the mask names; what is absent stays absent."""
    if isinstance(value, list):
        return [apply(mask, item) for item in value]
    if not isinstance(value, dict):
        return value
    every = mask.get("*", False)
    picked = {}
    for name, inner in value.items():
        sub = mask.get(name, every)
        if sub is not False:
            picked[name] = inner if sub is None else apply(sub, inner)
    return picked


def wants(mask: Mask | None, name: str) -> bool:
    """Whether a top-level field will be in the answer."""
    return mask is None or name in mask or "*" in mask


def _list(tokens: list[str], at: int, shape: Shape | None, text: str) -> tuple[Mask, int]:
    mask: Mask = {}
    while True:
        at = _path(tokens, at, shape, mask, text)
        if at >= len(tokens) or tokens[at] != ",":
            return mask, at
        at += 1


def _path(tokens: list[str], at: int, shape: Shape | None, mask: Mask, text: str) -> int:
    if at >= len(tokens) or tokens[at] in ",()/":
        raise _bad(text)
    name = tokens[at]
    if name != "*" and name not in (shape or {}):
        raise _bad(name)
    inner = (shape or {}).get(name) if name != "*" else _union(shape)
    following = tokens[at + 1] if at + 1 < len(tokens) else ""
    sub: Mask | None = None
    if following == "/":
        sub = {}
        at = _path(tokens, at + 2, inner, sub, text)
    elif following == "(":
        sub, at = _list(tokens, at + 2, inner, text)
        if at >= len(tokens) or tokens[at] != ")":
            raise _bad(text)
        at += 1
    else:
        at += 1
    known = mask.get(name, {})
    mask[name] = None if sub is None or known is None else {**known, **sub}
    return at


def _union(shape: Shape | None) -> Shape:
    union: Shape = {}
    for inner in (shape or {}).values():
        union |= inner or {}
    return union


def _bad(name: str) -> Refusal:
    return refusal(400, f"Invalid field selection {name}", "invalidParameter", location="fields")
