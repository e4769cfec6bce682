"""RFC 5322 mail taken apart: bodies, files and nested mails, whatever faults they have; never raises for its bytes."""

from __future__ import annotations

import email
import email.header
import email.message
import email.policy
import email.utils
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from receipts import containers, sniff, tnef
from receipts.charsets import decode_bytes
from receipts.layout import clean
from receipts.types import Headers

MAX_PARTS = 400
MAX_DEPTH = 5
MAX_BYTES = 80_000_000
_SMALL_PICTURE = 8_000  # a picture within the page below this size is decoration


@dataclass
class Part:
    """One leaf of a mail: its place, type by its bytes, name and bytes."""

    path: str
    media_type: str
    filename: str
    data: bytes
    charset: str = ""
    inline: bool = False
    cid: str = ""
    declared: str = ""


@dataclass
class Message:
    """A mail: headers, bodies in order, files, and mails within it."""

    headers: Headers
    bodies: list[Part] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    nested: list[Message] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    path: str = ""
    bulk: bool = False  # says of itself that it goes to many (List-Unsubscribe, Precedence)
    auto_submitted: bool = False

    def walk(self) -> Iterator[Message]:
        """This mail, then those within it."""
        yield self
        for inner in self.nested:
            yield from inner.walk()


@dataclass
class _Budget:
    parts: int = 0
    size: int = 0
    defects: list[str] = field(default_factory=list)

    def take(self, size: int) -> bool:
        self.parts += 1
        self.size += size
        if self.parts > MAX_PARTS:
            self.note("more than 400 parts; the rest was left aside")
            return False
        if self.size > MAX_BYTES:
            self.note("more than 80 MB when unpacked; the rest was left aside")
            return False
        return True

    def note(self, text: str) -> None:
        if text not in self.defects and len(self.defects) < 50:
            self.defects.append(text)


def parse(raw: bytes) -> Message:
    """Take a mail apart."""
    budget = _Budget()
    message = _parse(raw, "", 0, budget)
    message.defects = budget.defects
    return message


def open_container(part: Part, message: Message) -> None:
    """Put the files of an archive into a message."""
    budget = _Budget()
    _place(part, message, 0, budget, attached=True)
    message.defects += budget.defects


def _parse(raw: bytes, path: str, depth: int, budget: _Budget) -> Message:
    if raw[:5] == b"From ":
        raw = raw.partition(b"\n")[2]
    try:
        parsed = email.message_from_bytes(raw, policy=email.policy.compat32)
    except Exception as error:  # noqa: BLE001 - the parser may raise anything on broken input
        budget.note(f"the mail's structure is broken ({type(error).__name__})")
        parsed = email.message.Message()
        parsed.set_payload(raw.decode("utf-8", "replace"))
    message = Message(_headers(parsed), path=path)
    message.bulk = bool(
        parsed.get("List-Unsubscribe")
        or parsed.get("List-Id")
        or str(parsed.get("Precedence", "")).lower() in {"bulk", "list", "junk"}
    )
    if isinstance(parsed, email.message.Message):
        _walk(parsed, message, path + "/" if path else "", "", depth, budget)
    return message


def _walk(
    part: email.message.Message, message: Message, prefix: str, number: str, depth: int, budget: _Budget, level: int = 0
) -> None:
    if level > 40:
        budget.note("parts are nested too deeply")
        return
    for defect in getattr(part, "defects", [])[:3]:
        budget.note(type(defect).__name__)
    try:
        payload = part.get_payload()
    except Exception:  # noqa: BLE001 - a declared charset with a NUL in it
        payload = None
    kind = _content_type(part)
    if kind == "message/rfc822" and isinstance(payload, list) and payload:
        _nested(_bytes_of(payload[0]), message, prefix + (number or "1"), depth, budget)
        return
    if part.is_multipart() and isinstance(payload, list):
        for index, child in enumerate(payload, 1):
            if budget.parts > MAX_PARTS:
                budget.take(0)
                return
            if isinstance(child, email.message.Message):
                _walk(child, message, prefix, f"{number}.{index}" if number else str(index), depth, budget, level + 1)
        return
    data = _payload(part, budget)
    if data is None or not budget.take(len(data)):
        return
    name = _filename(part)
    leaf = Part(prefix + (number or "1"), sniff.media_type(data, name, kind), name, data, _charset(part), declared=kind)
    disposition = str(part.get("Content-Disposition", "")).lower()
    leaf.inline = disposition.startswith("inline") or not disposition
    leaf.cid = str(part.get("Content-ID", "")).strip(" <>")
    _place(leaf, message, depth, budget, attached=disposition.startswith("attachment") or bool(name))


def _place(leaf: Part, message: Message, depth: int, budget: _Budget, *, attached: bool) -> None:
    """Put a leaf where it belongs; containers are opened."""
    kind = leaf.media_type
    if kind == sniff.EML and (attached or leaf.declared == "message/rfc822"):
        _nested(leaf.data, message, leaf.path, depth, budget)
    elif leaf.declared in {"application/pkcs7-mime", "application/x-pkcs7-mime"} or leaf.filename.lower().endswith(
        ".p7m"
    ):
        inner = containers.signed_content(leaf.data)
        if inner is None:
            budget.note("encrypted mail (S/MIME) cannot be read")
        elif sniff.media_type(inner, "", "") == sniff.EML or inner[:13].lower() == b"content-type:":
            _inside(inner, message, leaf.path, depth, budget)
        else:
            name = leaf.filename.removesuffix(".p7m")
            _place(
                Part(leaf.path, sniff.media_type(inner, name, ""), name, inner), message, depth, budget, attached=True
            )
    elif kind == sniff.TNEF or leaf.filename.lower() == "winmail.dat":
        if depth < MAX_DEPTH:
            _outlook(leaf, message, depth + 1, budget)
    elif kind == sniff.ZIP and not _office(leaf):
        if depth < MAX_DEPTH:
            _unzip(leaf, message, depth + 1, budget)
    elif kind in {sniff.TEXT, sniff.HTML} and not (attached and leaf.filename):
        message.bodies.append(leaf)
    elif (kind.startswith("image/") and leaf.cid and leaf.inline and len(leaf.data) < _SMALL_PICTURE) or kind in {
        sniff.CALENDAR,
        "text/x-amp-html",
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
    }:
        return
    else:
        message.files.append(leaf)


def _outlook(leaf: Part, message: Message, depth: int, budget: _Budget) -> None:
    """The files of a winmail.dat are the mail's own; so is its text where the mail has none; mails in it are nested."""
    held = tnef.read(leaf.data)
    for index, (name, data) in enumerate(held.files, 1):
        if budget.take(len(data)):
            part = Part(f"{leaf.path}.{index}", sniff.media_type(data, name, ""), name, data)
            _place(part, message, depth, budget, attached=True)
    for index, data in enumerate(held.mails, len(held.files) + 1):
        if budget.take(len(data)):
            headers = replace(message.headers, subject=clean(tnef.read(data).subject) or message.headers.subject)
            inner = Message(headers, path=f"{leaf.path}.{index}")
            if depth < MAX_DEPTH:
                _outlook(Part(f"{inner.path}/1", sniff.TNEF, "", data), inner, depth + 1, budget)
                message.nested.append(inner)
            else:
                budget.note("mails are nested more than five deep; the innermost were left aside")
    if all(not part.data.strip() for part in message.bodies):
        if held.html:
            message.bodies.append(Part(f"{leaf.path}.0", sniff.HTML, "", held.html))
        elif held.text.strip():
            message.bodies.append(Part(f"{leaf.path}.0", sniff.TEXT, "", held.text.encode("utf-8", "replace"), "utf-8"))


def _nested(raw: bytes, message: Message, path: str, depth: int, budget: _Budget) -> None:
    if depth >= MAX_DEPTH:
        budget.note("mails are nested more than five deep; the innermost were left aside")
        return
    if budget.take(0):
        message.nested.append(_parse(raw, path, depth + 1, budget))


def _inside(raw: bytes, message: Message, path: str, depth: int, budget: _Budget) -> None:
    """The parts of a signed body belong to the mail itself."""
    if depth >= MAX_DEPTH:
        return
    inner = _parse(raw, path, depth + 1, budget)
    message.bodies += inner.bodies
    message.files += inner.files
    message.nested += inner.nested


def _unzip(leaf: Part, message: Message, depth: int, budget: _Budget) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(leaf.data)) as archive:
            for index, info in enumerate(archive.infolist()[:60], 1):
                if info.is_dir() or info.flag_bits & 1:
                    continue
                if info.file_size > 25_000_000 or info.file_size > 200 * max(info.compress_size, 500):
                    budget.note("a file of the archive is too large when unpacked and was left aside")
                    continue
                with archive.open(info) as file:
                    data = file.read(25_000_001)
                if len(data) > 25_000_000 or not budget.take(len(data)):
                    budget.note("a file of the archive is too large when unpacked and was left aside")
                    continue
                name = clean(info.filename.rpartition("/")[2])[:200]
                _place(
                    Part(f"{leaf.path}.{index}", sniff.media_type(data, name, ""), name, data),
                    message,
                    depth,
                    budget,
                    attached=True,
                )
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        budget.note("the archive is broken or locked")


def _office(leaf: Part) -> bool:
    return leaf.filename.lower().endswith((".docx", ".xlsx", ".pptx", ".odt", ".ods", ".jar", ".apk", ".epub"))


# -- pieces of one part ----------------------------------------------------------------------------


def _bytes_of(part: object) -> bytes:
    if isinstance(part, email.message.Message):
        try:
            return part.as_bytes(policy=email.policy.compat32)
        except Exception:  # noqa: BLE001 - a header or charset that cannot be written again
            lines = "".join(f"{name}: {' '.join(str(value).split())}\n" for name, value in part.items())
            body = part.get_payload(decode=True)
            return lines.encode("utf-8", "replace") + b"\n" + (body if isinstance(body, bytes) else b"")
    return str(part).encode("utf-8", "replace")


def _content_type(part: email.message.Message) -> str:
    try:
        return part.get_content_type().lower()
    except Exception:  # noqa: BLE001 - broken headers
        return "text/plain"


def _payload(part: email.message.Message, budget: _Budget) -> bytes | None:
    try:
        data = part.get_payload(decode=True)
    except Exception as error:  # noqa: BLE001 - broken encodings raise what they like
        budget.note(f"a part's encoding is broken ({type(error).__name__})")
        text = part.get_payload()
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else None
    return data if isinstance(data, bytes) else None


def _charset(part: email.message.Message) -> str:
    try:
        value = part.get_param("charset")
    except Exception:  # noqa: BLE001
        return ""
    if isinstance(value, tuple):
        value = value[2]
    return str(value or "").strip().strip("\"'")


def _filename(part: email.message.Message) -> str:
    try:
        name = part.get_filename() or ""
    except Exception:  # noqa: BLE001
        name = ""
    return safe_name(decode_header(name))


def safe_name(name: str) -> str:
    """A file name without path and control signs."""
    return " ".join(clean(name).replace("\\", "/").rpartition("/")[2].split())[:200]


def decode_header(value: object) -> str:
    """A header as text: encoded words, raw bytes of any charset, no NUL, no lone surrogates."""
    text = str(value or "")
    if "=?" in text:
        try:
            pieces = []
            for data, charset in email.header.decode_header(text):
                if isinstance(data, bytes):
                    pieces.append(decode_bytes(data, charset or ""))
                else:
                    pieces.append(data)
            text = "".join(pieces)
        except Exception:  # noqa: BLE001 - broken encoded words stay as they are
            text = str(value)
    if any("\ud800" <= c <= "\udfff" for c in text):
        text = decode_bytes(
            text.encode("utf-8", "surrogateescape") if _escaped(text) else text.encode("utf-8", "replace"), ""
        )
    return " ".join(clean(text).split())[:2000]


def _escaped(text: str) -> bool:
    return all("\udc80" <= c <= "\udcff" for c in text if "\ud800" <= c <= "\udfff")


def _raw(parsed: email.message.Message, name: str) -> str:
    """A header as it stands, bytes beyond ASCII as surrogates: Message.get() would have put marks in their place."""
    return next((str(value) for key, value in parsed.raw_items() if key.lower() == name.lower()), "")


def _headers(parsed: email.message.Message) -> Headers:
    def get(name: str) -> str:
        try:
            return decode_header(_raw(parsed, name))
        except Exception:  # noqa: BLE001
            return ""

    sender = get("From") or get("Sender")
    try:
        # The address is taken before encoded words are decoded: they may hold a line of their own that names another.
        name, address = email.utils.parseaddr(_raw(parsed, "From") or _raw(parsed, "Sender"))
        name = decode_header(name)
    except Exception:  # noqa: BLE001
        name, address = "", ""
    if not address or "@" not in address:
        found = re.search(r"[\w.+-]+@[\w.-]+", sender)
        address = found.group() if found else ""
        name = name or re.sub(r"[<\[].*", "", sender).strip(" \"'")
    return Headers(
        get("Message-ID"), name.strip(" \"'")[:300], address.lower()[:300], get("To"), get("Subject"), _date(parsed)
    )


def _date(parsed: email.message.Message) -> datetime | None:
    for name in ("Date", "X-Date", "Received"):
        value = str(parsed.get(name, "") or "")
        if name == "Received":
            value = value.rpartition(";")[2]
        try:
            when = email.utils.parsedate_to_datetime(value.strip())
        except Exception:  # noqa: BLE001, S112 - whatever stands in a Date header
            continue
        if 1990 <= when.year <= 2100:
            return when if when.tzinfo else when.replace(tzinfo=UTC)
    return None
