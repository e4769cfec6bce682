"""Mail from files: Takeout's and other mboxes read as a stream, .eml, folders and zips of them."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO

from errors import Tellable
from sources.ports import RawMail

MOST_BYTES = 64 << 20  # of one message or file; Gmail takes in mail of 50 MB
_DEPTH = 2  # of zips in zips
_HEAD = 64 << 10  # enough of a message for its headers
_TAKEOUT = re.compile(rb"From (\d{10,20})@xxx (.*)")
_FROM = re.compile(
    rb"From \S.* ?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) +(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2} "
    rb"+\d\d:\d\d(?::\d\d)?\b.*\d{4}|From - .*\d{4}"
)
_QUOTED_FROM = re.compile(rb">+From ")
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")
_MBOXES = frozenset({".mbox", ".mbx"})
_FILES = frozenset(
    {".pdf", ".png", ".jpg", ".jpeg", ".webp", ".heic", ".heif", ".tif", ".tiff", ".gif", ".bmp", ".xml"}
    | {".html", ".htm", ".txt"}
)
# Takeout writes labels in the account's language
_LABELS = {
    "SPAM": ("spam", "junk", "דואר זבל", "ספאם"),
    "TRASH": ("trash", "bin", "papierkorb", "corbeille", "papelera", "cestino", "אשפה"),
    "DRAFT": ("draft", "drafts", "entwürfe", "brouillons", "borradores", "bozze", "טיוטות"),
    "SENT": ("sent", "gesendet", "messages envoyés", "enviados", "posta inviata", "דואר יוצא", "נשלח"),
    "CHAT": ("chat", "chats"),
    "INBOX": ("inbox", "posteingang", "boîte de réception", "recibidos", "posta in arrivo", "דואר נכנס"),
}
_LABEL_OF = {name: label for label, names in _LABELS.items() for name in names}
_ADDED = re.compile(rb"(?:X-GM-THRID|X-Gmail-Labels):[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE)
_LINE = 1 << 20  # the longest piece that is held at once


@dataclass(frozen=True, slots=True)
class LooseFile:
    """A file that is no mail but may be a document: PDF, picture, XML, HTML, text."""

    id: str
    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or message that was not taken, and why."""

    name: str
    error: Tellable


Item = RawMail | LooseFile | LeftOut


def read(path: Path, *, most_bytes: int = MOST_BYTES) -> Iterator[Item]:
    """Everything in a file or folder, one after the other; memory holds one message at a time.

    Ids are Gmail's own in a Takeout mbox (the same as over the API), else the SHA-256 of the bytes. Tellable
    `not_found` when there is nothing at `path`; whatever is wrong with a single file or message is a LeftOut.
    """
    if path.is_dir():
        yield from _folder(path, most_bytes)
    elif path.is_file():
        yield from _file(path, path.name, most_bytes)
    else:
        raise Tellable("not_found", f"There is no file or folder “{path.name}”.")


def read_stream(file: IO[bytes], name: str, *, most_bytes: int = MOST_BYTES, depth: int = 0) -> Iterator[Item]:
    """As read(), of an open file that can be sought; its name tells what to try first."""
    head = file.read(_HEAD)
    ending = PurePosixPath(name).suffix.lower()
    if head.startswith(b"PK\x03\x04") and ending in {".zip", ""}:
        file.seek(0)
        yield from _zip(file, name, most_bytes, depth)
    elif ending in _MBOXES or _separates(head.split(b"\n", 1)[0].rstrip(b"\r")):
        file.seek(0)
        yield from mbox(file, name, most_bytes=most_bytes)
    elif ending in _FILES or ending == ".eml" or _looks_like_mail(head):
        data = head + file.read(most_bytes + 1 - len(head))
        if len(data) > most_bytes:
            yield _left_out(name, "file_too_large", f"The file is larger than {most_bytes >> 20} MB.")
        elif not data:
            yield _left_out(name, "empty_file", "The file is empty.")
        elif ending in _FILES:
            yield LooseFile(sha256(data).hexdigest(), name, data)
        else:
            yield mail(data)
    else:
        yield _left_out(name, "not_a_mail_file", "This kind of file is no mail and no document that can be read.")


def mail(data: bytes) -> RawMail:
    """A single message (.eml); the moment is that of its newest Received header, else its Date."""
    return _mail(sha256(data).hexdigest(), data, None)


def mbox(file: IO[bytes], name: str, *, most_bytes: int = MOST_BYTES) -> Iterator[Item]:
    """The messages of an mbox.

    A line separates only if it stands at the start or after an empty line and is a whole separator: in a Takeout file
    Gmail's own, with the message's number, else "From", a sender and a date. `>From ` becomes `From ` again, and the
    two headers that Takeout adds are taken off, so that a message has the bytes it has over the API.

    Args:
        file: from its beginning.
        name: for what is left out.
        most_bytes: of one message; a larger one is left out.
    """
    first = file.readline(_LINE).rstrip(b"\r\n")
    if not _separates(first):
        yield _left_out(name, "not_an_mbox", "The file does not begin as an mbox does.")
        return
    pattern = _TAKEOUT if _TAKEOUT.fullmatch(first) else _FROM
    separator, message, size = first, bytearray(), 0
    at_start, empty_before = True, False  # of a line: a very long one comes in pieces
    while line := file.readline(_LINE):
        if at_start and empty_before and line.startswith(b"From "):
            bare = line.rstrip(b"\r\n")
            if pattern.fullmatch(bare):
                yield _separated(separator, message, size, name, most_bytes)
                separator, message, size, empty_before = bare, bytearray(), 0, False
                continue
        empty_before = at_start and line in {b"\n", b"\r\n"}
        if at_start and line.startswith(b">") and _QUOTED_FROM.match(line):
            line = line[1:]
        at_start = line.endswith(b"\n")
        size += len(line)
        if size <= most_bytes:
            message += line
    yield _separated(separator, message, size, name, most_bytes)


def _separated(separator: bytes, message: bytearray, size: int, name: str, most_bytes: int) -> Item:
    if size > most_bytes:
        return _left_out(name, "mail_too_large", f"A message is larger than {most_bytes >> 20} MB.")
    # the empty line before the next separator belongs to the mbox
    raw = bytes(message.removesuffix(b"\r\n") if message.endswith(b"\n\r\n") else message)
    raw = raw.removesuffix(b"\n") if raw.endswith(b"\n\n") else raw
    if not raw.strip():
        return _left_out(name, "empty_mail", "A message has no content.")
    takeout = _TAKEOUT.fullmatch(separator)
    if takeout is None:
        return mail(raw)
    added = b""
    while header := _ADDED.match(raw):
        added, raw = added + header[0], raw[header.end() :]
    moment = None
    with suppress(ValueError):
        moment = datetime.strptime(takeout[2].decode("ascii", "replace").strip(), "%a %b %d %H:%M:%S %z %Y")
    return _mail(f"{int(takeout[1]):x}", raw, moment, added)


def _mail(message_id: str, raw: bytes, moment: datetime | None, added: bytes = b"") -> RawMail:
    headers = message_from_bytes(added + _head(raw), policy=policy.compat32)
    thread = str(headers.get("X-GM-THRID") or "").strip()
    return RawMail(
        id=message_id,
        thread_id=f"{int(thread):x}" if thread.isascii() and thread.isdigit() else "",
        labels=_labels(headers),
        received_at=(moment or _moment(headers)).astimezone(UTC),
        raw=raw,
    )


def _head(raw: bytes) -> bytes:
    """The headers, and the empty line behind them."""
    ends = [end for end in (raw.find(b"\n\r\n"), raw.find(b"\n\n")) if end >= 0]
    return raw[: min(ends) + 1] if ends else raw[:_HEAD]


def _labels(headers: Message) -> frozenset[str]:
    told = headers.get("X-Gmail-Labels")
    if told is None:
        return frozenset()
    text = str(told)
    with suppress(ValueError, LookupError):
        text = str(make_header(decode_header(text)))
    names = (name.strip().strip('"') for name in re.sub(r"\s+", " ", text).split(","))
    return frozenset(_LABEL_OF.get(name.lower(), name) for name in names if name)


def _moment(headers: Message) -> datetime:
    """When it arrived, as its headers tell; the beginning of time when they do not."""
    received = str(headers.get("Received") or "")
    for text in (received.rpartition(";")[2], str(headers.get("Date") or "")):
        with suppress(ValueError, TypeError, IndexError, OverflowError):
            moment = parsedate_to_datetime(text.strip())
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC)
    return datetime.fromtimestamp(0, UTC)


def _separates(line: bytes) -> bool:
    return _TAKEOUT.fullmatch(line) is not None or _FROM.fullmatch(line) is not None


def _looks_like_mail(head: bytes) -> bool:
    """Two headers at the start, as in a Maildir's files, which have no ending."""
    return all(_HEADER.match(line) or line[:1] in b" \t" for line in head.splitlines()[:2]) and head.count(b"\n") > 1


def _folder(folder: Path, most_bytes: int) -> Iterator[Item]:
    """Its files in the order of their names, those in folders too; hidden ones and links are passed over."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            yield from _folder(path, most_bytes)
        elif path.is_file():
            yield from _file(path, path.name, most_bytes)


def _file(path: Path, name: str, most_bytes: int) -> Iterator[Item]:
    try:
        with path.open("rb") as file:
            yield from read_stream(file, name, most_bytes=most_bytes)
    except OSError as error:
        yield _left_out(name, "file_unreadable", f"The file cannot be read ({error.strerror}).")


def _zip(file: IO[bytes], name: str, most_bytes: int, depth: int) -> Iterator[Item]:
    if depth >= _DEPTH:
        yield _left_out(name, "zip_too_deep", "It is a zip within a zip within a zip.")
        return
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                inside = PurePosixPath(entry.filename).name
                if entry.is_dir() or inside.startswith(".") or entry.filename.startswith("__MACOSX/"):
                    continue
                yield from _entry(archive, entry, inside, most_bytes, depth)
    except (zipfile.BadZipFile, EOFError) as error:
        yield _left_out(name, "zip_broken", "The zip is broken.", error)


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, most_bytes: int, depth: int) -> Iterator[Item]:
    if entry.flag_bits & 1:
        yield _left_out(name, "zip_locked", "The zip wants a password.")
        return
    if name.lower().endswith(".zip") and entry.file_size > most_bytes:
        yield _left_out(name, "file_too_large", f"The file is larger than {most_bytes >> 20} MB.")
        return
    try:
        with archive.open(entry) as stream:
            yield from read_stream(stream, name, most_bytes=most_bytes, depth=depth + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        yield _left_out(name, "zip_broken", "This part of the zip is broken.", error)


def _left_out(name: str, code: str, sentence: str, _: Exception | None = None) -> LeftOut:
    return LeftOut(name, Tellable(code, sentence))
