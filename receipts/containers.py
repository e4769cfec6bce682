"""CMS signed data, in which S/MIME wraps a whole mail or a file."""

from __future__ import annotations

_SIGNED = bytes.fromhex("06092a864886f70d010702")  # OID 1.2.840.113549.1.7.2


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
    except (IndexError, ValueError, RecursionError):
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
