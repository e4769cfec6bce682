"""A message as Gmail takes it apart: the tree of parts, the snippet, and the words that search looks at."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message as Mime
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime

_YEAR_2100_MS = 4_102_444_800_000  # ids carry the moment in 43 bits
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, IndexError, OverflowError)
_WORD = re.compile(r"\w+")
_HIDDEN = re.compile(r"(?is)<(style|script|head)\b.*?</\1\s*>|<!--.*?-->")
_TAG = re.compile(r"<[^>]*>")
_MARKUP = re.compile(r"schema\.org", re.IGNORECASE)
_PURCHASE = re.compile(r"\b(Order|Invoice)\b")
_SNIPPET = 200
_DEEPEST = 100  # JSON writers have their limits too


@dataclass(slots=True)
class Part:
    """One MIME part; `data` is the decoded body, re-encoded to UTF-8 for text without a filename."""

    part_id: str
    mime: str
    filename: str
    headers: list[tuple[str, str]]
    data: bytes = b""
    children: list[Part] = field(default_factory=list)

    @property
    def inline(self) -> bool:
        """Whether the body travels with the part; all else is fetched as an attachment."""
        return self.mime.startswith("text/") and not self.filename

    def walk(self) -> Iterator[Part]:
        """This part and all below it, in the order of the message."""
        yield self
        for child in self.children:
            yield from child.walk()

    def header(self, name: str) -> str:
        """The first header of that name, or an empty string."""
        return next((value for key, value in self.headers if key.lower() == name), "")


@dataclass(frozen=True, slots=True)
class Words:
    """What search looks at, each as lower-case words between single spaces."""

    fields: dict[str, str]
    message_id: str
    filenames: tuple[str, ...]
    purchase: bool
    snippet: str


@dataclass(frozen=True, slots=True)
class Heads:
    """The few headers that place a message: its date, its id and what it answers."""

    date_ms: int | None
    message_id: str
    references: tuple[str, ...]


def heads(raw: bytes) -> Heads:
    """Read the headers that place a message."""
    found = BytesHeaderParser().parsebytes(raw)
    linked = f"{found.get('References', '')} {found.get('In-Reply-To', '')}"
    return Heads(_date_ms(found), str(found.get("Message-ID", "")).strip(), tuple(re.findall(r"<[^<>\s]+>", linked)))


def take_apart(raw: bytes) -> Part:
    """The tree of parts; never raises, whatever the bytes."""
    try:
        return _part(message_from_bytes(raw), "")
    except RecursionError:  # parts within parts without end
        return Part("", "application/octet-stream", "", [], raw)


def words(root: Part) -> Words:
    """The searchable words of a message."""
    plain, rich, names, markup = "", "", [], False
    for part in root.walk():
        if part.filename:
            names.append(part.filename)
        if not part.inline:
            continue
        if part.mime == "text/html":
            source = part.data.decode("utf-8", "replace")
            markup = markup or bool(_MARKUP.search(source) and _PURCHASE.search(source))
            rich += " " + html.unescape(_TAG.sub(" ", _HIDDEN.sub(" ", source)))
        else:
            plain += " " + part.data.decode("utf-8", "replace")
    fields = {
        name: spaced(root.header(name)) for name in ("from", "to", "cc", "bcc", "subject", "list-id", "delivered-to")
    }
    everything = " ".join([*(root.header(name) for name in ("subject", "from", "to", "cc")), plain, rich, *names])
    fields["text"] = spaced(everything)
    text = " ".join((plain.strip() or rich).split())[:_SNIPPET]
    return Words(fields, root.header("message-id").strip("<> "), tuple(names), markup, html.escape(text))


def spaced(text: str) -> str:
    """Words in lower case, one space before and after each."""
    return f" {' '.join(_WORD.findall(text.lower()))} "


def _part(mime: Mime, part_id: str) -> Part:
    headers = [(name, _decoded(str(value))) for name, value in mime.items()]
    part = Part(part_id, mime.get_content_type(), _filename(mime), headers)
    payload = mime.get_payload()
    if isinstance(payload, list) and part_id.count(".") < _DEEPEST:
        prefix = f"{part_id}." if part_id else ""
        part.children = [_part(child, f"{prefix}{n}") for n, child in enumerate(payload) if isinstance(child, Mime)]
        if part.mime == "message/rfc822" and part.children:
            part.data = _bytes_of(mime)
        return part
    part.data = _body(mime)
    if part.inline:
        part.data = _utf8(part.data, mime)
    return part


def _bytes_of(mime: Mime) -> bytes:
    """The message that a message/rfc822 part holds."""
    try:
        payload = mime.get_payload()
        return payload[0].as_bytes() if isinstance(payload, list) and isinstance(payload[0], Mime) else b""
    except _BROKEN:
        return b""


def _body(mime: Mime) -> bytes:
    try:
        data = mime.get_payload(decode=True)
    except _BROKEN:
        data = None
    if isinstance(data, bytes):
        return data
    return str(mime.get_payload()).encode("utf-8", "surrogateescape")


def _utf8(data: bytes, mime: Mime) -> bytes:
    try:
        charset = mime.get_content_charset() or "utf-8"
        return data.decode(charset, "replace").encode("utf-8", "replace")
    except _BROKEN:
        return data.decode("latin-1").encode("utf-8")


def _filename(mime: Mime) -> str:
    try:
        return _decoded(mime.get_filename() or "")
    except _BROKEN:
        return "noname"


def _decoded(value: str) -> str:
    try:
        text = str(make_header(decode_header(value))) if "=?" in value else value
    except _BROKEN:
        text = value
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\r\n", "").replace("\n", "")


def _date_ms(found: Mime) -> int | None:
    """The Date header's moment; None where it names none, or one in which nobody can have accepted a mail."""
    try:
        moment = int(parsedate_to_datetime(str(found.get("Date", ""))).timestamp() * 1000)
    except _BROKEN:
        return None
    return moment if 0 < moment < _YEAR_2100_MS else None
