"""What a document's bytes are, whatever its media type says."""

from __future__ import annotations

import re
from enum import StrEnum


class DocumentKind(StrEnum):
    """How a document is turned into pages."""

    PDF = "pdf"
    IMAGE = "image"
    MAIL = "mail"
    HTML = "html"
    XML = "xml"
    TEXT = "text"
    UNKNOWN = "unknown"


_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*")
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|div|p|br|span|meta|style)\b", re.IGNORECASE)
_MAIL_HEAD = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}\r?\n")


def is_heif(data: bytes) -> bool:
    """Whether the bytes open like a HEIC or HEIF photo."""
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS


def kind_of(data: bytes, media_type: str = "") -> DocumentKind:
    """Judge by the bytes where they are plain, by the media type (with or without parameters) where not."""
    head = data[:4096]
    if b"%PDF-" in head[:1024]:
        return DocumentKind.PDF
    if head.startswith(_IMAGES) or is_heif(head) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return DocumentKind.IMAGE
    media_type = media_type.split(";", 1)[0].strip().lower()
    text = head
    for bom in _BOMS:
        text = text.removeprefix(bom)
    text = text.replace(b"\0", b"").lstrip()
    if media_type == "message/rfc822":
        return DocumentKind.MAIL
    if media_type == "application/pdf":
        return DocumentKind.PDF
    if media_type in {"text/html", "application/xhtml+xml"}:
        return DocumentKind.HTML
    if media_type.startswith("image/svg") or b"<svg" in text[:512]:
        return DocumentKind.UNKNOWN  # a drawing language with scripts and addresses: not drawn
    if text.startswith(b"<?xml") or media_type.endswith(("/xml", "+xml")):
        return DocumentKind.HTML if _MARKUP.search(text[:1024]) else DocumentKind.XML
    if media_type == "text/plain":
        return DocumentKind.TEXT
    if _MARKUP.match(text) or _MARKUP.search(text[:512]):
        return DocumentKind.HTML
    if media_type.startswith("image/"):
        return DocumentKind.IMAGE
    if _MAIL_HEAD.match(text) and re.search(rb"^(?:from|received|return-path):", text, re.IGNORECASE | re.MULTILINE):
        return DocumentKind.MAIL
    if text.startswith(b"<"):
        return DocumentKind.XML
    if media_type.startswith("text/") or (text and _is_text(data)):
        return DocumentKind.TEXT
    return DocumentKind.UNKNOWN


def _is_text(data: bytes) -> bool:
    head = data[:4096]
    if head.startswith(_BOMS):
        return True
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    return controls * 200 <= len(head)
