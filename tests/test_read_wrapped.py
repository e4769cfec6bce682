"""What mail programs wrap: winmail.dat with texts and nested mails, opaque S/MIME, scans of pages, broken texts."""

from __future__ import annotations

import base64
import io
import struct
from decimal import Decimal

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from receipts import containers, tnef
from receipts.layout import Text
from receipts.reader import read_file, read_message
from receipts.types import MessageReading, Outcome
from tests.support.papers import mail, pdf

INVOICE = pdf(["Harbour Tools Ltd", "Invoice No: HT-2031", "Date: 2 May 2025", "VAT 20% £20.00", "Total £120.00"])
HTML = (
    b"<table><tr><td>Harbour Tools Ltd</td></tr><tr><td>Your receipt: thank you for your purchase</td></tr>"
    b"<tr><td>Invoice No</td><td>HT-2031</td></tr><tr><td>Date</td><td>2 May 2025</td></tr>"
    b"<tr><td>Spanner</td><td>&pound;120.00</td></tr><tr><td>Total</td><td>&pound;120.00</td></tr></table>"
)
IMESSAGE = bytes.fromhex("0703020000000000c000000000000046")


def check(reading: MessageReading) -> None:
    assert reading.outcome is Outcome.RECEIPT, reading.reasons
    assert [(r.total.value, r.number.value) for r in reading.receipts] == [(Decimal("120.00"), "HT-2031")]
    assert reading.receipts[0].part in {d.part for d in reading.documents}


# --- winmail.dat


def attribute(level: int, number: int, body: bytes) -> bytes:
    return struct.pack("<BII", level, number, len(body)) + body + struct.pack("<H", sum(body) & 0xFFFF)


def value(kind: int, number: int, data: bytes) -> bytes:
    return struct.pack("<HHII", kind, number, 1, len(data)) + data + bytes(-len(data) % 4)


def mapi(*values: bytes) -> bytes:
    # A whole number, a named property and several texts stand before, as they do in a real one.
    before = [
        struct.pack("<HHI", 0x0003, 0x0E07, 1),
        struct.pack("<HH", 0x0003, 0x8001) + bytes(16) + struct.pack("<III", 0, 0x8233, 7),
        struct.pack("<HH", 0x101F, 0x6001)
        + struct.pack("<I", 2)
        + 2 * (struct.pack("<I", 4) + "a\0".encode("utf-16-le")),
    ]
    return struct.pack("<I", len(before) + len(values)) + b"".join([*before, *values])


def stream(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def attached(name: str, data: bytes) -> bytes:
    return (
        attribute(2, 0x00069002, bytes(14))
        + attribute(2, 0x0006800F, data)
        + attribute(2, 0x00069005, mapi(value(0x1F, 0x3707, f"{name}\0".encode("utf-16-le"))))
    )


def within(inner: bytes) -> bytes:
    return attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x00069005, mapi(value(0x0D, 0x3701, IMESSAGE + inner)))


def winmail(data: bytes, text: str = " ") -> bytes:
    return mail(text, subject="Your invoice", files=[("winmail.dat", "application/ms-tnef", data)])


def test_a_file_of_a_winmail_dat_keeps_its_long_name() -> None:
    reading = read_message(winmail(stream(attached("Rechnung Mai – Größe.pdf", INVOICE))))
    check(reading)
    assert reading.documents[0].filename == "Rechnung Mai – Größe.pdf"


def test_a_mail_within_a_winmail_dat_is_read_with_its_own_place() -> None:
    inner = stream(attribute(1, 0x00018004, b"Fwd: invoice\0"), attached("invoice.pdf", INVOICE))
    reading = read_message(winmail(stream(within(inner))))
    check(reading)
    assert "/" in reading.receipts[0].part


def test_the_page_of_a_winmail_dat_is_the_mails_text_where_it_has_none() -> None:
    check(read_message(winmail(stream(attribute(1, 0x00069003, mapi(value(0x102, 0x1013, HTML)))))))


def test_winmail_dats_in_one_another_end() -> None:
    inner = stream(attached("invoice.pdf", INVOICE))
    for _ in range(12):
        inner = stream(within(inner))
    reading = read_message(winmail(inner))
    assert reading.receipts == ()
    assert any("nested" in defect for defect in reading.defects)


def test_a_winmail_dat_alone_is_opened() -> None:
    check(read_file(stream(attached("invoice.pdf", INVOICE)), "winmail.dat"))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 600), st.binary(min_size=1, max_size=8))
def test_any_winmail_dat_is_opened_or_left(tail: bytes, place: int, change: bytes) -> None:
    whole = stream(within(stream(attached("a.txt", b"x" * 40))), attached("b.txt", b"y" * 40))
    broken = whole[:place] + change + whole[place + len(change) :] + tail
    assert len(tnef.read(broken).files) <= 50
    assert isinstance(tnef.properties(tail), dict)


# --- S/MIME without a clear text


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body).to_bytes(4, "big").lstrip(b"\0") or b"\0"
    return bytes([tag]) + (size if len(body) < 0x80 else bytes([0x80 | len(size)]) + size) + body


def endless(tag: int, *parts: bytes) -> bytes:
    return bytes([tag, 0x80]) + b"".join(parts) + b"\0\0"


def opaque(content: bytes) -> bytes:
    """Signed data as mail programs stream it: lengths left open, the content in pieces."""
    data_oid, signed_oid = bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("06092a864886f70d010702")
    pieces = [der(0x04, content[at : at + 1000]) for at in range(0, len(content), 1000)]
    inner = endless(0x30, data_oid, endless(0xA0, endless(0x24, *pieces)))
    return endless(0x30, signed_oid, endless(0xA0, endless(0x30, der(0x02, b"\1"), der(0x31), inner, der(0x31))))


def signed(content: bytes, name: str = "smime.p7m") -> bytes:
    head = (
        "From: Harbour Tools <a@b.example>\nSubject: Invoice\nContent-Transfer-Encoding: base64\n"
        f"Content-Type: application/pkcs7-mime; smime-type=signed-data; name={name}\n\n"
    )
    return head.encode() + base64.encodebytes(content)


def test_a_streamed_signature_gives_its_mail() -> None:
    inner = mail("Invoice attached", files=[("i.pdf", "application/pdf", INVOICE)])
    check(read_message(signed(opaque(inner))))


def test_a_signed_file_that_is_no_mail_is_a_file() -> None:
    reading = read_message(signed(opaque(INVOICE), "invoice.pdf.p7m"))
    check(reading)
    assert reading.documents[0].filename == "invoice.pdf"


def test_what_is_encrypted_is_named() -> None:
    enveloped = endless(0x30, bytes.fromhex("06092a864886f70d010703"), endless(0xA0, endless(0x30, der(0x02, b"\0"))))
    reading = read_message(signed(enveloped))
    assert "encrypted mail (S/MIME) cannot be read" in reading.defects


@pytest.mark.parametrize("data", [b"\x30\x80" * 5000, opaque(b"x")[:40], b"\x30\x84\xff\xff\xff\xff" + opaque(b"x")])
def test_a_broken_signature_is_left_and_the_rest_of_the_mail_read(data: bytes) -> None:
    signature = bytes.fromhex("06092a864886f70d010702")
    assert containers.signed_content(data[:2] + signature + data[2:]) is None
    raw = mail("hello", files=[("s.p7m", "application/pkcs7-mime", data[:2] + signature + data[2:]),
                               ("i.pdf", "application/pdf", INVOICE)])  # fmt: skip
    check(read_message(raw))


# --- scans and texts


def test_a_scan_of_two_pages_is_read_on_both() -> None:
    class Blind:
        def ready(self) -> None:
            """Nothing."""

        def read(self, picture: Image.Image, *, page: int = 0) -> Text:
            """No word of any page."""
            return Text([], "ocr", sizes=tuple((float(picture.width), float(picture.height)) for _ in range(page + 1)))

    code = io.BytesIO()
    payload = "A:509442013*B:999999990*C:PT*D:FS*E:N*F:20251112*G:FS A1/55*H:0-55*I1:PT*I7:10.00*I8:2.30*N:2.30*O:12.30"
    segno.make(payload, micro=False).save(code, kind="png", scale=5)
    second = Image.new("L", (800, 1000), 255)
    second.paste(Image.open(code).convert("L"), (100, 100))
    scan = io.BytesIO()
    Image.new("L", (800, 1000), 255).save(scan, "TIFF", save_all=True, append_images=[second])
    reading = read_file(scan.getvalue(), "scan.tif", ocr=Blind()).receipts[0]
    assert (reading.total.value, reading.number.value) == (Decimal("12.30"), "FS A1/55")
    assert reading.total.box is not None
    assert reading.total.box.page == 1


TOTALS = "Harbour Tools Ltd\nInvoice No: HT-2031\nDate: 2 May 2025\nThank you for your payment\nTotal: £120.00\n"


@pytest.mark.parametrize(
    ("declared", "body"),
    [
        ("utf-8", TOTALS.replace("Total", "\0Total").encode()),
        ("utf-8", TOTALS.replace("\n", "\0\n").encode()),
        ("utf-8", TOTALS.encode().replace(b"Thank", b"\xed\xa0\x80 Thank")),  # half of a pair of surrogates
        ("utf-8", TOTALS.encode("cp1252")),
        ("us-ascii", TOTALS.encode()),
        ("iso-8859-1", TOTALS.encode()),
        ("utf-16", TOTALS.encode("utf-16")),
        ("utf-16le", TOTALS.encode("utf-16-le")),
        ("x-no-such-charset", TOTALS.encode()),
        ("\0", TOTALS.encode()),
        ("", b"\xef\xbb\xbf" + TOTALS.encode()),
    ],
)
def test_a_text_is_read_whatever_bytes_and_charset_it_comes_in(declared: str, body: bytes) -> None:
    head = (
        "From: Harbour Tools Ltd <a@harbour.example>\nSubject: Your invoice\nContent-Transfer-Encoding: base64\n"
        f"Content-Type: text/plain; charset={declared}\n\n"
    )
    reading = read_message(head.encode() + base64.encodebytes(body))
    check(reading)
    assert reading.receipts[0].currency.value == "GBP"
    for one in reading.receipts[0].total.candidates:
        (one.quote or "").encode()  # no lone surrogate
        assert "\0" not in (one.quote or "")
