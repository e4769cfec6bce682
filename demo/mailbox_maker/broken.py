"""Damage that mail takes on its way: done to a finished letter as its table's `damage` says."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from demo.mailbox_maker.letter import Letter


def damaged(table: Mapping[str, Any], letter: Letter) -> Letter:
    """The letter with its damage, or as it was."""
    kind = table.get("damage")
    return dataclasses.replace(letter, raw=_DAMAGES[str(kind)](letter.raw)) if kind else letter


def _no_last_boundary(raw: bytes) -> bytes:
    """The closing boundary and what follows it is lost, as when a connection is cut."""
    return raw[: raw.rstrip().rfind(b"\r\n--")]


def _wrong_boundary(raw: bytes) -> bytes:
    """The header names another boundary than the parts have."""
    return raw.replace(b'boundary="', b'boundary="x', 1)


def _cut_in_half(raw: bytes) -> bytes:
    """A file in base64 ends in its middle."""
    return raw[: int(len(raw) * 0.6)]


def _nul_bytes(raw: bytes) -> bytes:
    """NUL bytes in subject and body."""
    head, _, body = raw.partition(b"\r\n\r\n")
    head = head.replace(b"Subject: ", b"Subject: \x00", 1)
    return head + b"\r\n\r\n" + body.replace(b" ", b" \x00", 3)


def _long_header(raw: bytes) -> bytes:
    """A header of five kilobytes on one line."""
    return b"X-Tracking-Data: " + b"k=v0123456789abcdef;" * 250 + b"\r\n" + raw


def _no_headers(raw: bytes) -> bytes:
    """Nothing but the body: From, Date, Subject, everything lost."""
    return b"\r\n" + raw.partition(b"\r\n\r\n")[2]


def _no_date(raw: bytes) -> bytes:
    """Without Date and Message-ID."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    rows = [row for row in head.split(b"\r\n") if not row.startswith((b"Date:", b"Message-ID:"))]
    return b"\r\n".join(rows) + gap + body


def _bad_date(raw: bytes) -> bytes:
    """A day that no calendar has."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    rows = [
        b"Date: Tue, 31 Feb 2026 25:61:00 +0200" if row.startswith(b"Date:") else row for row in head.split(b"\r\n")
    ]
    return b"\r\n".join(rows) + gap + body


def _raw_eight_bit(raw: bytes) -> bytes:
    """Header text in windows-1255 without any encoding, and no charset declared."""
    subject = "Subject: עדכון מהוועד - ניקיון חדר המדרגות".encode("cp1255")
    head, gap, body = raw.partition(b"\r\n\r\n")
    rows = [subject if row.startswith(b"Subject:") else row for row in head.split(b"\r\n")]
    return b"\r\n".join(rows).replace(b'; charset="windows-1255"', b"") + gap + body


def _wrong_charset(raw: bytes) -> bytes:
    """UTF-8 text that calls itself us-ascii."""
    return raw.replace(b'charset="utf-8"', b'charset="us-ascii"')


def _unknown_charset(raw: bytes) -> bytes:
    """A charset that nobody knows."""
    return raw.replace(b'charset="utf-8"', b'charset="DEFAULT_CHARSET"')


def _bare_line_ends(raw: bytes) -> bytes:
    """LF alone and CR alone in place of CRLF."""
    head, _, body = raw.partition(b"\r\n\r\n")
    return head.replace(b"\r\n", b"\n") + b"\n\n" + body.replace(b"\r\n", b"\r", 2).replace(b"\r\n", b"\n")


def _bad_base64(raw: bytes) -> bytes:
    """Signs that base64 has not, and no padding at the end."""
    return raw.replace(b"\r\nZ", b"\r\n!*Z", 4).replace(b"==\r\n", b"\r\n")


def _nothing(_raw: bytes) -> bytes:
    """An empty file."""
    return b""


_DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "no_last_boundary": _no_last_boundary,
    "wrong_boundary": _wrong_boundary,
    "cut_in_half": _cut_in_half,
    "nul_bytes": _nul_bytes,
    "long_header": _long_header,
    "no_headers": _no_headers,
    "no_date": _no_date,
    "bad_date": _bad_date,
    "raw_eight_bit": _raw_eight_bit,
    "wrong_charset": _wrong_charset,
    "unknown_charset": _unknown_charset,
    "bare_line_ends": _bare_line_ends,
    "bad_base64": _bad_base64,
    "nothing": _nothing,
}
