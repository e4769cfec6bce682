"""A whole mail as one HTML page: a few header lines, then its body with the pictures that came with it."""

from __future__ import annotations

import email
import email.policy
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Final

from receipts.rendering.words import decoded

SHOWN: Final = ("From", "To", "Date", "Subject")
_MAX_PARTS: Final = 500
_MAX_MESSAGES: Final = 8  # a message and those forwarded in it
_COLUMNS: Final = re.compile(r"\S(?: {2,}|\t)\S|\S *\|.*\|")
_RULED: Final = re.compile(r"^[ \t]*[-=_*]{12,}", re.MULTILINE)
_LINK: Final = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One message to be drawn: its body as HTML, its header lines, its pictures by Content-ID and Content-Location."""

    page: str
    headers: tuple[tuple[str, str], ...]
    pictures: dict[str, bytes]


def mail_sheets(raw: bytes) -> list[Sheet]:
    """The message, then those that it carries forwarded, in their order."""
    out: list[Sheet] = []
    waiting = [email.message_from_bytes(raw, policy=email.policy.compat32)]
    while waiting and len(out) < _MAX_MESSAGES:
        message = waiting.pop(0)
        inside: list[Message] = []
        out.append(_sheet(message, inside))
        waiting = inside + waiting
    return out


def _sheet(message: Message, inside: list[Message]) -> Sheet:
    headers = tuple((name, value) for name in SHOWN if (value := header(message, name)))
    body: tuple[int, bytes, str] | None = None
    pictures: dict[str, bytes] = {}
    for part in _leaves(message, inside):
        kind = part.get_content_type()
        if kind in {"text/html", "text/plain"} and part.get_content_disposition() != "attachment":
            rank = 2 if kind == "text/html" else 1
            data = _payload(part)
            if data.strip() and (body is None or rank > body[0]):
                body = (rank, data, str(part.get("Content-Type", kind)))
        elif kind.startswith("image/"):
            for name in ("Content-ID", "Content-Location"):
                if key := str(part.get(name, "")).strip().strip("<>"):
                    pictures[key] = _payload(part)
    if body is None:
        return Sheet("", headers, pictures)
    text = decoded(body[1], body[2])
    return Sheet(text if body[0] == 2 else plain_page(text), headers, pictures)


def _leaves(message: Message, inside: list[Message]) -> Iterator[Message]:
    """Parts of the message itself, in order; messages within it are put into `inside`."""
    stack: list[Message] = [message]
    count = 0
    while stack and count < _MAX_PARTS:
        part = stack.pop()
        count += 1
        payload = part.get_payload()
        inner = [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []
        if part.get_content_maintype() == "multipart":
            stack.extend(reversed(inner))
        elif part.get_content_type() == "message/rfc822":
            inside += inner
        elif part.get_content_maintype() != "message":
            yield part


def _payload(part: Message) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        data = None
    return data if isinstance(data, bytes) else b""


def header(message: Message, name: str) -> str:
    """A header's text, encoded words decoded; a date as the sender's own clock had it."""
    value = message.get(name)
    if value is None:
        return ""
    try:
        parts = decode_header(str(value))
        text = "".join(
            part if isinstance(part, str) else decoded(part, f"charset={charset or 'utf-8'}") for part, charset in parts
        )
    except (ValueError, LookupError):
        text = str(value)
    text = " ".join(re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", text).split())[:1000]
    if name == "Date":
        try:
            moment: datetime = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return text
        return f"{moment:%Y-%m-%d %H:%M %z}".strip()
    return text


def plain_page(text: str) -> str:
    """Plain text as HTML: lines and columns as they stand, each line in its own direction, links alive."""
    out = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").split("\n")[:20_000]:
        line = line.replace("\0", "").rstrip().expandtabs(8)
        at, pieces = 0, []
        for found in _LINK.finditer(line):
            address = found.group().rstrip(".,;:!?)]'")
            pieces.append(html.escape(line[at : found.start()]))
            pieces.append(f'<a href="{html.escape(address)}">{html.escape(address)}</a>')
            at = found.start() + len(address)
        pieces.append(html.escape(line[at:]))
        out.append(f"<div dir=auto>{''.join(pieces) or '&nbsp;'}</div>")
    # A fixed pitch where columns need it; else, above all for Hebrew, letters of their own width read better.
    columns = sum(bool(_COLUMNS.search(line)) for line in text.split("\n")) >= 2 or _RULED.search(text)
    face = "13px/1.4 monospace" if columns else "14px/1.45 sans-serif"
    return f"<style>body{{font:{face};white-space:pre-wrap;margin:0}}</style><body>{''.join(out)}</body>"


def head_page(headers: Sequence[tuple[str, str]], labels: Mapping[str, str] | None = None) -> str:
    """The header lines of a mail as a small HTML page: the subject large, the others beneath it."""
    labels = labels or {}
    rows = []
    subject = ""
    for name, value in headers:
        if name.lower() == "subject":
            subject = f"<h2 dir=auto>{html.escape(value)}</h2>"
        elif value:
            label = html.escape(labels.get(name, name))
            rows.append(f"<tr><td class=n>{label}</td><td dir=auto>{html.escape(value)}</td></tr>")
    return f"<style>{_HEAD_STYLE}</style><body>{subject}<table>{''.join(rows)}</table></body>"


_HEAD_STYLE: Final = (
    "body{margin:0;padding:0 0 10px;border-bottom:1px solid #bbb;font:12px/1.45 sans-serif;color:#222}"
    "h2{font-size:18px;line-height:1.25;margin:0 0 8px;color:#000}"
    "table{border-spacing:0}td{padding:1px 0;vertical-align:top}td.n{color:#777;padding-right:14px;white-space:nowrap}"
)
