"""What bytes are, judged by their beginning; names and declared types only where the bytes do not tell."""

from __future__ import annotations

import re

PDF, XML, HTML, TEXT, EML = "application/pdf", "application/xml", "text/html", "text/plain", "message/rfc822"
ZIP, TNEF, PKCS7, CALENDAR = "application/zip", "application/ms-tnef", "application/pkcs7-mime", "text/calendar"
OTHER = "application/octet-stream"

_HEADER = re.compile(
    rb"^(?:From |(?:Received|Return-Path|Delivered-To|From|To|Subject|Date|Message-ID|MIME-Version|Content-Type|"
    rb"X-[\w-]+|DKIM-Signature|Reply-To)\s?:)",
    re.IGNORECASE,
)
_TAG = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|div|meta|style|p|center|span)\b", re.IGNORECASE)
_BY_NAME = {
    "pdf": PDF,
    "xml": XML,
    "htm": HTML,
    "html": HTML,
    "txt": TEXT,
    "eml": EML,
    "zip": ZIP,
    "ics": CALENDAR,
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "heic": "image/heic",
    "tif": "image/tiff",
    "tiff": "image/tiff",
}


def media_type(data: bytes, filename: str = "", declared: str = "") -> str:
    """The media type of a file."""
    head = data[:1024]
    for magic, name in (
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"II*\x00", "image/tiff"),
        (b"MM\x00*", "image/tiff"),
        (b"BM", "image/bmp"),
        (b"PK\x03\x04", ZIP),
        (b"\x78\x9f\x3e\x22", TNEF),
    ):
        if head.startswith(magic) and (magic != b"BM" or declared.startswith("image/")):
            return name
    if b"%PDF-" in head:
        return PDF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"mif1", b"heim", b"hevc", b"msf1", b"avif"}:
        return "image/heic"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = head.decode("utf-16", "ignore").strip().encode()
    if text.startswith(b"<?xml") or re.match(rb"<(?:\w+:)?(?:Invoice|CreditNote|CrossIndustry)", text):
        return HTML if re.search(rb"<(?:!doctype\s+)?html", text[:600], re.IGNORECASE) else XML
    if _TAG.search(text) and (
        text.startswith(b"<") or declared == HTML or filename.lower().endswith((".html", ".htm"))
    ):
        return HTML
    declared = declared.lower().strip()
    by_name = _BY_NAME.get(filename.lower().rpartition(".")[2], "")
    if declared in {TEXT, HTML, EML, CALENDAR, XML, "text/xml"} and declared != TEXT:
        return XML if declared == "text/xml" else declared
    if _HEADER.match(text) and sum(1 for line in head.split(b"\n")[:8] if _HEADER.match(line)) >= 2:
        return EML
    if by_name and by_name not in {PDF, ZIP} and not by_name.startswith("image/"):
        return by_name
    if declared.startswith("text/"):
        return declared
    if head and b"\x00" not in head and sum(b >= 32 or b in b"\t\r\n\x0c" for b in head) > 0.97 * len(head):
        return TEXT
    return OTHER
