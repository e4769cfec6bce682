"""Mail taken apart: nested mails, files of every wrapping, broken charsets, and limits."""

from __future__ import annotations

import base64
import datetime as dt
import io
import struct
import zipfile
from email.message import EmailMessage

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from receipts import mime
from receipts.reader import read_file, read_message
from receipts.types import MessageReading, Outcome
from tests.support.papers import mail, pdf

INVOICE = pdf(
    [
        "Harbour Tools Ltd",
        [(20, "Invoice No: HT-2031"), (120, "Date: 2 May 2025")],
        [(20, "Spanner"), (160, "£100.00")],
        [(20, "VAT 20%"), (160, "£20.00")],
        [(20, "Total"), (160, "£120.00")],
    ]
)
PLAIN = b"Subject: hi\n\n"


def check(reading: MessageReading) -> None:
    assert reading.outcome is Outcome.RECEIPT, reading.reasons
    assert [str(r.total.value) for r in reading.receipts] == ["120.00"]
    assert reading.receipts[0].number.value == "HT-2031"
    assert reading.receipts[0].part in {d.part for d in reading.documents}
    assert len({d.part for d in reading.documents}) == len(reading.documents)


@pytest.mark.parametrize("kind", ["application/pdf", "application/octet-stream", "text/plain", "image/jpeg"])
def test_a_pdf_is_known_by_its_bytes_whatever_it_is_declared(kind: str) -> None:
    raw = mail(files=[("x.bin", "application/octet-stream", INVOICE)]).replace(
        b"application/octet-stream", kind.encode()
    )
    check(read_message(raw))


def test_an_inline_pdf_is_read() -> None:
    raw = mail(files=[("a.pdf", "application/pdf", INVOICE)]).replace(
        b"Content-Disposition: attachment", b"Content-Disposition: inline"
    )
    check(read_message(raw))


def test_a_mail_within_a_mail_is_read_with_its_own_place() -> None:
    outer = EmailMessage()
    outer["From"], outer["Subject"] = "friend@example.com", "Fwd: your invoice"
    outer.set_content("see attached")
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "Harbour Tools <bill@harbour-tools.example>", "Invoice HT-2031"
    inner.set_content("Invoice attached")
    inner.add_attachment(INVOICE, maintype="application", subtype="pdf", filename="i.pdf")
    outer.add_attachment(inner)
    reading = read_message(outer.as_bytes())
    check(reading)
    assert reading.receipts[0].part == "2/2"
    assert "Harbour Tools" in str(reading.receipts[0].vendor.value)


def test_an_eml_sent_as_octet_stream_is_opened() -> None:
    inner = mail("Invoice attached", subject="Invoice", files=[("i.pdf", "application/pdf", INVOICE)])
    check(read_message(mail(files=[("mail.eml", "application/octet-stream", inner)])))


def test_the_files_of_an_archive_are_read() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("folder/invoice.pdf", INVOICE)
        archive.writestr("note.txt", "hello")
    check(read_message(mail(files=[("all.zip", "application/zip", packed.getvalue())])))
    check(read_file(packed.getvalue(), "all.zip"))


def test_a_zip_bomb_is_left_aside_and_named() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", b"0" * 30_000_000)
    reading = read_message(mail(files=[("all.zip", "application/zip", packed.getvalue())]))
    assert reading.outcome is Outcome.NOT_RECEIPT
    assert any("too large" in defect for defect in reading.defects)


def winmail(name: str, data: bytes) -> bytes:
    def attribute(level: int, number: int, body: bytes) -> bytes:
        return struct.pack("<BII", level, number, len(body)) + body + struct.pack("<H", sum(body) & 0xFFFF)

    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + attribute(2, 0x00069002, bytes(14))
        + attribute(2, 0x00018010, name.encode() + b"\x00")
        + attribute(2, 0x0006800F, data)
    )


def test_the_files_of_a_winmail_dat_are_read() -> None:
    check(read_message(mail(files=[("winmail.dat", "application/ms-tnef", winmail("invoice.pdf", INVOICE))])))


def test_what_an_smime_signature_wraps_is_read() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "me")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    inner = mail("Invoice attached", subject="", files=[("i.pdf", "application/pdf", INVOICE)])
    signer = pkcs7.PKCS7SignatureBuilder().set_data(inner).add_signer(certificate, key, hashes.SHA256())
    der = signer.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    head = (
        b"From: Harbour Tools <a@b.example>\nSubject: Invoice\nContent-Transfer-Encoding: base64\n"
        b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n\n"
    )
    check(read_message(head + base64.encodebytes(der)))


def test_a_locked_pdf_is_told_and_read_with_its_password() -> None:
    locked = pdf(
        ["Harbour Tools Ltd", "Invoice No: HT-2031", "VAT 20% £20.00", "Net £100.00", "Total £120.00"],
        password="open sesame",
    )
    raw = mail(subject="Your invoice", files=[("i.pdf", "application/pdf", locked)])
    closed = read_message(raw)
    assert closed.receipts == ()
    assert "pdf_password" in {reason.code for reason in closed.reasons}
    check(read_message(raw, passwords=["wrong", "open sesame"]))


@pytest.mark.parametrize("declared", ["windows-1255", "iso-8859-8-i", "iso-8859-1", "x-unknown", "utf-8"])
def test_hebrew_bytes_are_read_whatever_charset_they_claim(declared: str) -> None:
    body = 'קבלה מספר 4410\nסה"כ לתשלום: 118.00 ש"ח\nתודה על התשלום'.encode("cp1255")
    head = f"From: a@b.example\nSubject: Receipt\nContent-Type: text/plain; charset={declared}\n\n"
    reading = read_message(head.encode() + body)
    assert reading.receipts[0].currency.value == "ILS"
    assert reading.receipts[0].number.value == "4410"


def test_western_bytes_without_a_charset_stay_western() -> None:
    parsed = mime.parse(PLAIN + "Résumé: café, naïve, Zürich, Straße".encode("latin-1"))
    from receipts.charsets import decode_bytes

    assert decode_bytes(parsed.bodies[0].data, "") == "Résumé: café, naïve, Zürich, Straße"


def test_headers_carry_no_nul_and_no_lone_surrogate() -> None:
    raw = b"From: =?utf-8?q?A=00B?= <a@b.example>\nSubject: x\xff\xfe\x00y =?utf-16?b?2AA=?=\n\nhello"
    headers = read_message(raw).headers
    for text in (headers.from_name, headers.subject, headers.to, headers.from_address):
        assert "\x00" not in text
        text.encode("utf-8")


def test_ten_thousand_parts_are_cut_and_named() -> None:
    parts = b"".join(b"--x\nContent-Type: text/plain\n\npart\n" for _ in range(10_000))
    reading = read_message(b"Subject: many\nContent-Type: multipart/mixed; boundary=x\n\n" + parts + b"--x--\n")
    assert reading.outcome is Outcome.NOT_RECEIPT
    assert any("parts" in defect for defect in reading.defects)


def test_mails_nested_twenty_deep_end() -> None:
    raw = PLAIN + b"core"
    for _ in range(20):
        raw = b"Subject: on\nContent-Type: message/rfc822\n\n" + raw
    reading = read_message(raw)
    assert reading.outcome is Outcome.NOT_RECEIPT
    assert any("nested" in defect for defect in reading.defects)


def test_a_small_picture_within_the_page_is_no_document() -> None:
    page = '<html><body><img src="cid:logo">hello there, this is a letter</body></html>'
    message = EmailMessage()
    message["Subject"] = "hi"
    message.set_content("hello")
    message.add_alternative(page, subtype="html")
    related = message.get_payload()[1]  # type: ignore[index]
    related.add_related(b"\x89PNG\r\n\x1a\n" + bytes(500), "image", "png", cid="<logo>")  # type: ignore[union-attr, call-arg]
    assert read_message(message.as_bytes()).documents == ()
