"""Bytes of a text document as text."""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
# What the web's standard takes these names for; a Hebrew mail in logical order is often called iso-8859-8.
_MEANT = {
    "iso-8859-1": "windows-1252", "latin1": "windows-1252", "latin-1": "windows-1252", "us-ascii": "windows-1252",
    "ascii": "windows-1252", "iso-8859-8-i": "windows-1255", "iso-8859-8": "windows-1255",
    "iso-8859-8-e": "windows-1255", "iso-8859-9": "windows-1254", "gb2312": "gb18030", "gbk": "gb18030",
    "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932", "unicode-1-1-utf-8": "utf-8",
}  # fmt: skip
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decoded(data: bytes, media_type: str = "") -> str:
    """The text by its byte-order mark, its media type's charset, what it declares, UTF-8 or Windows' charset."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(name, "replace")
    names = []
    for source in (media_type.encode("ascii", "replace"), data[:2048]):
        if found := _DECLARED.search(source):
            names.append(found.group(1).decode("ascii"))
    for name in [*names[:1], "utf-8", *names[1:]]:
        try:
            return data.decode(_codec(name))
        except (UnicodeDecodeError, LookupError):
            continue
    hebrew = sum(0xE0 <= byte <= 0xFA for byte in data) > sum(0xC0 <= byte < 0xE0 for byte in data)
    try:
        return data.decode(_codec(names[0]) if names else "windows-1255" if hebrew and _many(data) else "cp1252")
    except (UnicodeDecodeError, LookupError):
        return data.decode("utf-8" if b"\xd7" in data or b"\xc3" in data else "cp1252", "replace")


def _codec(name: str) -> str:
    name = name.lower()
    found = codecs.lookup(_MEANT.get(name, name))
    if not getattr(found, "_is_text_encoding", True):
        raise LookupError(name)
    return found.name


def _many(data: bytes) -> bool:
    """Whether bytes of Hebrew letters stand side by side, as in words."""
    return len(re.findall(rb"[\xe0-\xfa]{3,}", data)) >= 3
