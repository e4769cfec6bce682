"""TNEF, the winmail.dat of Outlook: its files, its own text, and the mails within it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from receipts.layout import clean

_SUBJECT, _BODY, _CODEPAGE, _PROPERTIES = 0x8004, 0x800C, 0x9007, 0x9003
_RENDER, _TITLE, _DATA, _ATTACHMENT = 0x9002, 0x8010, 0x800F, 0x9005
_LONG_NAME, _OBJECT, _HTML, _PLAIN, _TITLE_PROPERTY = 0x3707, 0x3701, 0x1013, 0x1000, 0x0037
_IMESSAGE = bytes.fromhex("0703020000000000c000000000000046")  # what an attached mail begins with
_MAX_FILES = 50
_MAX_PROPERTIES = 500
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_UNICODE, _BYTES_TEXT, _BINARY, _OBJECT_TYPE, _MANY = 0x1F, 0x1E, 0x102, 0x0D, 0x1000
_ATTRIBUTES = 2000


@dataclass
class Tnef:
    """What one stream holds; `mails` are streams of their own."""

    subject: str = ""
    html: bytes = b""
    text: str = ""
    files: list[tuple[str, bytes]] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)


@dataclass
class _File:
    name: str = ""
    data: bytes = b""
    mail: bytes = b""


def read(data: bytes) -> Tnef:
    """Everything in a stream; what is broken is left out, and so is what comes after it."""
    out = Tnef()
    files: list[_File] = []
    charset = "cp1252"
    at = 6
    for _ in range(_ATTRIBUTES):
        if at + 9 > len(data):
            break
        number, length = struct.unpack_from("<xII", data, at)
        body = data[at + 9 : at + 9 + length]
        if len(body) < length:
            break
        at += 9 + length + 2
        number &= 0xFFFF
        if number == _RENDER:
            if len(files) >= _MAX_FILES:
                break
            files.append(_File())
        elif number == _CODEPAGE and len(body) >= 4:
            charset = f"cp{struct.unpack_from('<I', body)[0]}"
        elif number == _SUBJECT:
            out.subject = out.subject or _string(body, charset)[:500]
        elif number == _BODY:
            out.text = out.text or _string(body, charset)
        elif number == _PROPERTIES:
            _own(out, properties(body), charset)
        elif files and number == _TITLE:
            files[-1].name = files[-1].name or _name(_string(body, charset))
        elif files and number == _DATA:
            files[-1].data = body
        elif files and number == _ATTACHMENT:
            _attached(files[-1], properties(body), charset)
    out.files = [(one.name, one.data) for one in files if one.data]
    out.mails = [one.mail for one in files if one.mail]
    return out


def _own(out: Tnef, found: dict[int, bytes | str], charset: str) -> None:
    html, text, subject = found.get(_HTML), found.get(_PLAIN), found.get(_TITLE_PROPERTY)
    if isinstance(html, str):
        html = html.encode("utf-8", "replace")
    out.html = out.html or html or b""
    out.text = out.text or (text if isinstance(text, str) else _string(text or b"", charset))
    if isinstance(subject, str):
        out.subject = clean(subject)[:500]


def _attached(one: _File, found: dict[int, bytes | str], charset: str) -> None:
    name = found.get(_LONG_NAME)
    if name:
        one.name = _name(name if isinstance(name, str) else _string(name, charset)) or one.name
    held = found.get(_OBJECT)
    if isinstance(held, bytes):
        if held.startswith(_IMESSAGE):
            one.mail = held[len(_IMESSAGE) :]
        elif not one.data:
            one.data = held


def _string(body: bytes, charset: str) -> str:
    try:
        return body.split(b"\x00")[0].decode(charset, "replace")
    except LookupError:
        return body.split(b"\x00")[0].decode("cp1252", "replace")


def _name(text: str) -> str:
    return clean(text)[:200]


def properties(body: bytes) -> dict[int, bytes | str]:
    """The MAPI properties that have bytes or a text, by their number; ends where they are broken."""
    out: dict[int, bytes | str] = {}
    try:
        count = struct.unpack_from("<I", body)[0]
        at = 4
        for _ in range(min(count, _MAX_PROPERTIES)):
            kind, number = struct.unpack_from("<HH", body, at)
            at += 4
            if number >= 0x8000:  # a property of somebody's own: its set, then its number or name
                (named,) = struct.unpack_from("<I", body, at + 16)
                at += 20
                (size,) = struct.unpack_from("<I", body, at)
                at += 4 + (_padded(size) if named else 0)
            many, base = bool(kind & _MANY), kind & ~_MANY
            values = 1
            if many or base in {_UNICODE, _BYTES_TEXT, _BINARY, _OBJECT_TYPE}:
                (values,) = struct.unpack_from("<I", body, at)
                at += 4
            for _ in range(min(values, _MAX_PROPERTIES)):
                if base in _FIXED:
                    at += _FIXED[base]
                    continue
                if base not in {_UNICODE, _BYTES_TEXT, _BINARY, _OBJECT_TYPE}:
                    return out
                (size,) = struct.unpack_from("<I", body, at)
                value = body[at + 4 : at + 4 + size]
                if len(value) < size:
                    return out
                at += 4 + _padded(size)
                if number not in out:
                    text = value.decode("utf-16-le", "replace").split("\x00")[0] if base == _UNICODE else value
                    out[number] = text
    except struct.error:
        pass
    return out


def _padded(size: int) -> int:
    return (size + 3) & ~3
