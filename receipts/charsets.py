"""Bytes as text, whatever charset they claim to be in."""

from __future__ import annotations

import re

_CHARSETS = {
    "iso-8859-8-i": "cp1255",
    "iso-8859-8-e": "cp1255",
    "iso-8859-8": "cp1255",
    "visual": "cp1255",
    "x-mac-hebrew": "cp1255",
    "logical": "cp1255",
}
_WESTERN = frozenset(
    (
        "",
        "iso-8859-1",
        "windows-1252",
        "cp1252",
        "latin-1",
        "latin1",
        "us-ascii",
        "ascii",
        "unknown-8bit",
        "utf-8",
        "utf8",
    )
)


def decode_bytes(data: bytes, charset: str) -> str:
    """Bytes as text: UTF-8 when they are, else the declared charset, else windows-1252."""
    try:
        text = data.decode("utf-8")
        if not data.isascii() or charset.lower() not in {"utf-7", "iso-2022-jp", "hz-gb-2312", "utf-16", "iso-2022-kr"}:
            return text
    except UnicodeDecodeError:
        pass
    name = _CHARSETS.get(charset.lower(), charset)
    if name.lower() in _WESTERN and _hebrew(data):
        name = "cp1255"
    elif name.lower() in {"utf-8", "utf8"}:
        name = "cp1252"  # it is none, so the claim is worth nothing
    try:
        return data.decode(name, "replace")
    except (LookupError, UnicodeError, ValueError):
        return data.decode("cp1255" if _hebrew(data) else "cp1252", "replace")


def _hebrew(data: bytes) -> bool:
    """Whether bytes that are no UTF-8 are Hebrew: whole words of the range in which its letters stand."""
    runs = re.findall(rb"[\xe0-\xfa]+", data[:20_000])
    high = sum(b >= 0x80 for b in data[:20_000])
    letters = sum(map(len, runs))
    return high >= 4 and letters >= 0.85 * high and letters >= 2.2 * len(runs)
