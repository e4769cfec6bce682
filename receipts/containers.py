"""Containers that mail brings: TNEF (winmail.dat) and CMS signed data (S/MIME)."""

from __future__ import annotations

import struct

from receipts.layout import clean

_ATTACH_DATA, _ATTACH_TITLE, _ATTACH_RENDER, _ATTACHMENT = 0x6800F, 0x18010, 0x69002, 0x69005
_LONG_NAME = 0x3707
_MAX_FILES = 50
_SIGNED = bytes.fromhex("06092a864886f70d010702")  # OID 1.2.840.113549.1.7.2


def tnef_files(data: bytes) -> list[tuple[str, bytes]]:
    """Name and bytes of each file attached within a winmail.dat; what is broken is left out."""
    out: list[tuple[str, bytes]] = []
    name, content = "", b""
    at = 6
    while at + 9 <= len(data) and len(out) < _MAX_FILES:
        attribute, length = struct.unpack_from("<xII", data, at)
        body = data[at + 9 : at + 9 + length]
        if len(body) < length:
            break
        at += 9 + length + 2
        attribute &= 0xFFFFF
        if attribute == _ATTACH_RENDER:
            if content:
                out.append((name, content))
            name, content = "", b""
        elif attribute == _ATTACH_TITLE:
            name = name or _string(body)
        elif attribute == _ATTACH_DATA:
            content = body
        elif attribute == _ATTACHMENT:
            name = _long_name(body) or name
    if content:
        out.append((name, content))
    return out


def _string(body: bytes) -> str:
    return clean(body.split(b"\x00")[0].decode("cp1252", "replace"))[:200]


def _long_name(body: bytes) -> str:
    """PR_ATTACH_LONG_FILENAME among the MAPI properties, found by its tag."""
    for kind, width in ((0x001F, 2), (0x001E, 1)):
        at = body.find(struct.pack("<HH", kind, _LONG_NAME))
        if at >= 0 and at + 12 <= len(body):
            count, length = struct.unpack_from("<II", body, at + 4)
            raw = body[at + 12 : at + 12 + length]
            if count == 1 and length < 2000:
                text = raw.decode("utf-16-le" if width == 2 else "cp1252", "replace")
                return clean(text.split("\x00")[0])[:200]
    return ""


def signed_content(data: bytes) -> bytes | None:
    """What a CMS SignedData wraps; None where it is encrypted, detached or broken."""
    if _SIGNED not in data[:64]:
        return None
    out = bytearray()
    try:
        content_info = _children(_value(data, 0)[0])
        signed = _children(_children(content_info[1][1])[0][1])
        encapsulated = _children(signed[2][1])
        if len(encapsulated) < 2:
            return None
        _octets(encapsulated[1][1], out, 0)
    except (IndexError, ValueError):
        return None
    return bytes(out) or None


def _octets(body: bytes, out: bytearray, depth: int) -> None:
    if depth > 8:
        raise ValueError
    for tag, value in _children(body):
        if tag == 0x04:
            out += value
        elif tag == 0x24:
            _octets(value, out, depth + 1)


def _value(data: bytes, at: int) -> tuple[bytes, int]:
    """Content of the element at `at`, and where the next begins; lengths may be indefinite."""
    length = data[at + 1]
    start = at + 2
    if length == 0x80:
        end = start
        while data[end : end + 2] != b"\x00\x00":
            end = _value(data, end)[1]
            if end >= len(data):
                raise ValueError
        return data[start:end], end + 2
    if length & 0x80:
        size = length & 0x7F
        if size > 4:
            raise ValueError
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    return data[start : start + length], start + length


def _children(body: bytes) -> list[tuple[int, bytes]]:
    out: list[tuple[int, bytes]] = []
    at = 0
    while at < len(body) and len(out) < 10_000:
        tag = body[at]
        value, at = _value(body, at)
        out.append((tag, value))
    return out
