"""Which mails are receipts and which are not, with reasons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from receipts.reader import read_message
from receipts.types import MessageReading, Outcome
from tests.support.papers import mail, pdf, table

SUMS = [["Subtotal", "$40.00"], ["Tax", "$4.00"], ["Total", "$44.00"]]


def read(subject: str, text: str, rows: list[list[str]] | None = None, **more: object) -> MessageReading:
    page = f"<html><body><p>{text}</p>{table(rows or [])}</body></html>"
    return read_message(mail(html=page, subject=subject, **more))  # type: ignore[arg-type]


def codes(reading: MessageReading) -> set[str]:
    return {reason.code for reason in reading.reasons}


@pytest.mark.parametrize(
    ("subject", "text", "rows", "code"),
    [
        (
            "Your parcel is out for delivery",
            "Track your package 1Z999. Total weight 2.00",
            [["Order total", "$44.00"]],
            "shipping",
        ),
        (
            "Payment failed for invoice 7712",
            "Your card was declined. Please update your payment.",
            SUMS,
            "payment_failed",
        ),
        ("You received a payment", "You received a payment of $44.00 from Ann.", SUMS, "money_in"),
        (
            "Your account statement",
            "Your statement is ready. Closing balance $812.00",
            [["Total", "$812.00"]],
            "statement",
        ),
        ("Quotation 7712 for you", "This is a quote.", [["Quote number", "Q-7712"], *SUMS], "quote"),
        (
            "Big sale: everything must go",
            "Total savings $40.00. Unsubscribe",
            [["Shoes", "$20.00"], ["Total", "$20.00"]],
            "newsletter",
        ),
    ],
)
def test_mail_that_looks_like_a_receipt_and_is_none(subject: str, text: str, rows: list[list[str]], code: str) -> None:
    reading = read(subject, text, rows)
    assert reading.outcome is Outcome.NOT_RECEIPT, reading.reasons
    assert code in codes(reading)
    assert reading.receipts == ()


@pytest.mark.parametrize(
    "subject", ["Weekly newsletter: thank you for reading", "A charger for your order of life", "Lunch?"]
)
def test_words_of_thanks_and_orders_are_not_enough(subject: str) -> None:
    assert read(subject, "Thank you! The charger costs $20 and the cable $8.").outcome is Outcome.NOT_RECEIPT


def test_a_logo_alone_is_no_receipt() -> None:
    reading = read_message(
        mail(
            "See our new brand.",
            subject="Your receipt",
            files=[("logo.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(9000))],
        )
    )
    assert reading.outcome is Outcome.NOT_RECEIPT


def test_a_subdomain_of_the_sender_does_not_matter() -> None:
    reading = read(
        "Your receipt #A-7712", "Thank you for your purchase", SUMS, sender="Billing <noreply@mail.eu.acme.example>"
    )
    assert reading.outcome is Outcome.RECEIPT
    assert reading.receipts[0].vendor.value == "Acme"


def test_mail_of_one_html_part_is_read_whole() -> None:
    raw = (
        b"From: Acme <a@acme.example>\nSubject: Your receipt #A-7712\nContent-Type: text/html\n\n"
        + table(SUMS).encode()
        + b"Thank you for your purchase"
    )
    assert str(read_message(raw).receipts[0].total.value) == "44.00"


def test_an_attachment_speaks_for_itself_in_a_mail_that_says_nothing() -> None:
    paper = pdf(["Acme Ltd", "Invoice No. 7712-A", "Net $40.00", "VAT $4.00", "Total $44.00"])
    reading = read_message(mail("Hi, see attached.", subject="hello", files=[("a.pdf", "application/pdf", paper)]))
    assert reading.outcome is Outcome.RECEIPT
    assert reading.receipts[0].part == "2"


def test_terms_and_conditions_with_prices_are_no_receipt() -> None:
    paper = pdf(
        [
            "Terms and Conditions",
            "The total amount is due within 30 days of the date of invoice.",
            "A fee of $40.00 is charged.",
        ]
    )
    assert (
        read_message(mail("attached", subject="Our terms", files=[("t.pdf", "application/pdf", paper)])).outcome
        is Outcome.NOT_RECEIPT
    )


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Your November invoice is ready", "<a href='https://acme.example/i/1'>Download your invoice</a>"),
        ("Ihre Rechnung steht bereit", "<a href='https://acme.example/i/1'>Rechnung herunterladen</a>"),
        ("Votre facture est disponible", "<a href='https://acme.example/i/1'>Télécharger ma facture</a>"),
        ("החשבונית שלך מוכנה", "<a href='https://acme.example/i/1'>להורדת החשבונית</a>"),
    ],
)
def test_mail_that_only_links_to_its_invoice_waits_for_it(subject: str, text: str) -> None:
    (receipt,) = read(subject, text).receipts
    assert receipt.flags[0].code == "waiting_document"
    assert receipt.link == "https://acme.example/i/1"


def test_an_invoice_and_its_payment_receipt_are_one_purchase() -> None:
    lines = ["Acme Ltd", "VAT $4.00", "Net $40.00", "Total $44.00", "Date 2 May 2025"]
    files = [
        (
            "Receipt.pdf",
            "application/pdf",
            pdf(["Receipt", "Receipt number 2588-0163", "Invoice number B7D2-0012", *lines]),
        ),
        ("Invoice.pdf", "application/pdf", pdf(["Invoice", "Invoice number B7D2-0012", *lines])),
    ]
    (receipt,) = read_message(mail("attached", subject="Your receipt from Acme", files=files)).receipts
    assert receipt.number.value == "B7D2-0012"


def test_a_forwarded_mail_is_the_sellers_and_not_the_friends() -> None:
    inner = (
        "---------- Forwarded message ---------\nFrom: Acme Ltd <a@acme.example>\nSubject: Your receipt #A-7712\n\n"
        "Thank you for your purchase.\nReceipt no. A-7712\nTotal: $44.00\nPaid by Visa ending 4417\n"
    )
    reading = read_message(mail(inner, subject="Fwd: Your receipt #A-7712", sender="Ann <ann@gmail.com>"))
    assert reading.outcome is Outcome.RECEIPT
    assert reading.receipts[0].vendor.value == "Acme Ltd"


def test_the_docs_name_every_flag_and_every_reason() -> None:
    root = Path(__file__).resolve().parents[1]
    page = (root / "docs" / "reading.md").read_text(encoding="utf-8")
    sources = "".join(
        p.read_text(encoding="utf-8") for p in (root / "receipts").rglob("*.py") if "export" not in p.parts
    )
    found = set(re.findall(r'Flag\(\s*(?:"[\w*]+"),\s*"(\w+)"', sources)) | set(re.findall(r'Reason\("(\w+)"', sources))
    found |= set(re.findall(r'out\.add\("(\w+)"', sources)) | set(re.findall(r'_failed\([^")]*"(\w+)"', sources))
    assert len(found) > 40
    assert not {code for code in found if f"`{code}`" not in page}
