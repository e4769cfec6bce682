"""The reading's way in: mails and files to readings with evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from receipts import reader
from receipts.child import Reader
from receipts.types import Kind, MessageReading, Outcome

ORDER = b"""From: Northlight Shop <orders@mail.northlight-shop.example>
To: me@example.com
Subject: Your order confirmation NL-48213
Date: Tue, 04 Mar 2025 09:30:00 +0200
Message-ID: <1@northlight-shop.example>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<html><body><p>Thank you for your order!</p><table>
<tr><td>Order number:</td><td>NL-48213</td></tr>
<tr><td>Order date:</td><td>4 March 2025</td></tr>
<tr><td>Desk lamp</td><td>$100.00</td></tr>
<tr><td>Subtotal</td><td>$100.00</td></tr>
<tr><td>Sales tax</td><td>$17.00</td></tr>
<tr><td>Grand total</td><td>$117.00</td></tr></table></body></html>
"""


@pytest.fixture(scope="module")
def child() -> Iterator[Reader]:
    with Reader(ocr="off") as one:
        yield one


def check_order(reading: MessageReading) -> None:
    assert reading.outcome is Outcome.RECEIPT
    (receipt,) = reading.receipts
    assert receipt.total.value == Decimal("117.00")
    assert receipt.currency.value == "USD"
    assert receipt.date.value == date(2025, 3, 4)
    assert receipt.number.value == "NL-48213"
    assert receipt.kind.value is Kind.ORDER
    assert receipt.vendor.value == "Northlight Shop"
    assert receipt.total.quote is not None
    assert "Grand total" in receipt.total.quote
    assert receipt.flags == ()
    assert reading.documents[0].filename == "message.html"
    assert len(reading.reasons) >= 2


def test_an_html_order_is_read_with_its_total_and_not_its_subtotal() -> None:
    check_order(reader.read_message(ORDER))


def test_the_child_process_gives_the_same_reading_as_the_function(child: Reader) -> None:
    reading = child.read_message(ORDER)
    check_order(reading)
    assert reading == reader.read_message(ORDER)


def test_a_newsletter_with_prices_is_no_receipt() -> None:
    mail = (
        b"From: a@b.example\nSubject: Weekly newsletter: thank you for reading\nList-Unsubscribe: <x>\n\n"
        b"All shoes $20 off! Now $49.90. Unsubscribe."
    )
    reading = reader.read_message(mail)
    assert reading.outcome is Outcome.NOT_RECEIPT
    assert reading.receipts == ()
    assert reading.reasons


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00",
        b"\xff\xfe" * 50,
        b"Content-Type: multipart/mixed\n\n--",
        b"%PDF-1.4 broken",
        b"<?xml version='1.0'?><Invoice",
    ],
)
def test_broken_bytes_get_an_outcome_and_a_reason(raw: bytes) -> None:
    for reading in (reader.read_message(raw), reader.read_file(raw, "x.bin")):
        assert reading.outcome in {Outcome.NOT_RECEIPT, Outcome.FAILED}
        assert reading.reasons
        assert reading.receipts == ()
