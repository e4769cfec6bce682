"""Puts a letter's parts into the bytes that a mail server would hand over."""

from __future__ import annotations

import base64
import quopri
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Part:
    """One MIME part: its own headers, and its body as it stands on the wire."""

    headers: Headers
    body: bytes

    def bytes(self, first: Sequence[tuple[str, str]] = ()) -> bytes:
        """The part with `first` before its own headers."""
        head = "".join(f"{name}: {value}\r\n" for name, value in [*first, *self.headers])
        return head.encode("utf-8", "surrogateescape") + b"\r\n" + self.body


@dataclass(frozen=True)
class File:
    """A file to attach; `cid` makes it an inline picture, `old_name` writes the name as RFC 2047 in quotes."""

    name: str
    data: bytes
    media_type: str
    disposition: str = "attachment"
    cid: str = ""
    name_style: str = "rfc2231"
    extra: Headers = field(default_factory=list)


def text(body: str, subtype: str = "plain", charset: str = "utf-8", encoding: str = "quoted-printable") -> Part:
    """A text part; encoding is quoted-printable, base64, 8bit or 7bit."""
    raw = body.replace("\r\n", "\n").replace("\n", "\r\n").encode(python_charset(charset), "xmlcharrefreplace")
    if encoding == "quoted-printable":
        wire = b"\r\n".join(
            quopri.encodestring(line, quotetabs=False).replace(b"\n", b"\r\n") for line in raw.split(b"\r\n")
        )
    elif encoding == "base64":
        wire = _base64(raw)
    else:
        wire = raw
    return Part(
        [("Content-Type", f'text/{subtype}; charset="{charset}"'), ("Content-Transfer-Encoding", encoding)], wire
    )


def python_charset(charset: str) -> str:
    """Python's name for a mail charset: iso-8859-8-i differs from iso-8859-8 in direction only."""
    return {"iso-8859-8-i": "iso-8859-8", "x-unknown": "utf-8"}.get(charset.lower(), charset)


def attached(file: File) -> Part:
    """A file as a base64 part."""
    headers = [("Content-Type", f"{file.media_type}; {_parameter('name', file.name, file.name_style)}")]
    headers.append(("Content-Transfer-Encoding", "base64"))
    if file.cid:
        headers += [("Content-ID", f"<{file.cid}>"), ("X-Attachment-Id", file.cid)]
    if file.disposition:
        headers.append(
            ("Content-Disposition", f"{file.disposition}; {_parameter('filename', file.name, file.name_style)}")
        )
    return Part(headers + file.extra, _base64(file.data))


def multipart(kind: str, boundary: str, parts: Sequence[Part], preamble: str = "") -> Part:
    """Several parts as one."""
    wire = (preamble + "\r\n" if preamble else "").encode()
    for part in parts:
        wire += b"--" + boundary.encode() + b"\r\n" + part.bytes() + b"\r\n"
    wire += b"--" + boundary.encode() + b"--\r\n"
    return Part([("Content-Type", f'multipart/{kind};\r\n boundary="{boundary}"')], wire)


def message(raw: bytes, name: str = "") -> Part:
    """A whole mail as a part of another."""
    headers = [("Content-Type", "message/rfc822" + (f'; name="{name}"' if name else ""))]
    headers.append(("Content-Disposition", "attachment" + (f'; filename="{name}"' if name else "")))
    return Part(headers, raw)


def word(value: str, charset: str = "utf-8", how: str = "b") -> str:
    """A header's text as RFC 2047 has it, folded so that no encoded word is longer than 75 characters."""
    if value.isascii():
        return value
    pieces, piece = [], ""
    for char in value:
        if len((piece + char).encode(python_charset(charset), "replace")) > (39 if how == "b" else 18):
            pieces.append(piece)
            piece = ""
        piece += char
    return "\r\n ".join(_encoded(p, charset, how) for p in [*pieces, piece] if p)


def _encoded(piece: str, charset: str, how: str) -> str:
    raw = piece.encode(python_charset(charset), "replace")
    if how == "b":
        return f"=?{charset}?B?{base64.b64encode(raw).decode()}?="
    safe = re.compile(rb"[A-Za-z0-9!*+/-]")
    quoted = "".join(chr(b) if safe.match(bytes([b])) else "_" if b == 0x20 else f"={b:02X}" for b in raw)
    return f"=?{charset}?Q?{quoted}?="


def address(value: str, charset: str = "utf-8", how: str = "b") -> str:
    """`Name <box@domain>` with the name encoded or quoted where it must be."""
    name, _, box = value.rpartition("<")
    if not name:
        return value
    name = name.strip()
    if not name.isascii():
        return f"{word(name, charset, how)} <{box}"
    return f'"{name}" <{box}' if re.search(r"[^\w\s\-!#$%&*+/=?^`{|}~]", name) else f"{name} <{box}"


def _parameter(name: str, value: str, style: str) -> str:
    if value.isascii():
        return f'{name}="{value}"'
    if style == "rfc2047":
        return f'\r\n {name}="{word(value)}"'
    return f"\r\n {name}*=utf-8''{quote(value)}"


def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")
