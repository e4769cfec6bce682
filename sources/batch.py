"""Google's batch format: several GET requests in one multipart body, answers matched by Content-ID."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from email.message import Message

from sources.gmail_api import Answer, cut

MOST = 25  # parts; Google takes 100, but many at once collide with its limit of calls at a time
PATH = "/batch/gmail/v1"
_LINE = re.compile(rb"\r?\n")
_BLANK = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})\b")


def encode(paths: Mapping[str, str]) -> tuple[str, bytes]:
    """Content type and body of a batch.

    Args:
        paths: path and query of each GET by a key of letters and digits.
    """
    boundary = f"batch_{secrets.token_hex(16)}"
    parts = [
        f"--{boundary}\r\nContent-Type: application/http\r\nContent-ID: <{key}>\r\n\r\nGET {path} HTTP/1.1\r\n\r\n"
        for key, path in paths.items()
    ]
    return f"multipart/mixed; boundary={boundary}", f"{''.join(parts)}--{boundary}--\r\n".encode("ascii")


def decode(answer: Answer, keys: Sequence[str]) -> dict[str, Answer]:
    """The answers by key; a key whose answer did not come is not in it. Temporary when it is no multipart answer.

    Parts come in any order, so that only their Content-ID tells which is which.
    """
    message = Message()
    message["Content-Type"] = answer.headers.get("Content-Type", "")
    boundary = message.get_param("boundary")
    if message.get_content_maintype() != "multipart" or not isinstance(boundary, str) or not boundary:
        raise cut()
    wanted = set(keys)
    answers = {}
    # the last piece is what follows the closing boundary; a cut answer has lost its last part
    for piece in (b"\r\n" + answer.body).split(b"\r\n--" + boundary.encode("ascii", "replace"))[1:-1]:
        key, part = _part(piece)
        if part is not None and key in wanted:
            answers[key] = part
    return answers


def _part(piece: bytes) -> tuple[str, Answer | None]:
    outer, http = _split(piece.lstrip(b"\r\n"))
    head, body = _split(http)
    lines = _LINE.split(head)
    status = _STATUS.match(lines[0])
    key = _headers(_LINE.split(outer)).get("Content-ID", "").strip("<> ").removeprefix("response-")
    return key, Answer(int(status[1]), _headers(lines[1:]), body) if status else None


def _split(data: bytes) -> tuple[bytes, bytes]:
    """What stands before and after the first blank line."""
    blank = _BLANK.search(data)
    return (data[: blank.start()], data[blank.end() :]) if blank else (data, b"")


def _headers(lines: Sequence[bytes]) -> Mapping[str, str]:
    message: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            message["-".join(word.capitalize() for word in name.strip().split("-"))] = value.strip()
    if "Content-Id" in message:
        message["Content-ID"] = message.pop("Content-Id")
    return message
