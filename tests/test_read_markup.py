"""What a page states for machines: schema.org orders, invoices and bookings."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from receipts.reader import read_message
from receipts.types import Kind, MessageReading, Outcome
from tests.support.papers import mail

ORDER: dict[str, Any] = {
    "@context": "http://schema.org",
    "@type": "Order",
    "merchant": {"@type": "Organization", "name": "Harbour Books"},
    "orderNumber": "HB-20417",
    "orderDate": "2025-03-09T21:10:00-05:00",
    "priceCurrency": "CAD",
    "price": "61.35",
    "acceptedOffer": [
        {
            "@type": "Offer",
            "itemOffered": {"@type": "Product", "name": "Atlas of Tides"},
            "price": "54.30",
            "eligibleQuantity": {"@type": "QuantitativeValue", "value": "1"},
        }
    ],
}
TEXT = "<p>Thank you for your order. We will let you know when it is on its way.</p>"


def ld(*values: Any) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(v)}</script>' for v in values)


def read(html: str, subject: str = "Your order") -> MessageReading:
    return read_message(mail("", html=html, subject=subject, sender="Orders <noreply@mailer.example>"))


@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [v], lambda v: {"@graph": [v]}])
def test_an_order_that_only_the_mark_up_tells_is_read_from_it(wrap: Any) -> None:
    (receipt,) = read(ld(wrap(ORDER)) + TEXT).receipts
    assert receipt.vendor.value == "Harbour Books"
    assert (receipt.total.value, receipt.currency.value) == (Decimal("61.35"), "CAD")
    assert (receipt.number.value, str(receipt.date.value)) == ("HB-20417", "2025-03-09")
    assert receipt.kind.value is Kind.ORDER
    assert receipt.source == "schema_org"
    assert "schema.org" in receipt.total.why
    assert [(i.description, i.quantity, i.amount) for i in receipt.items] == [("Atlas of Tides", 1, Decimal("54.30"))]
    assert not receipt.flags


def test_microdata_says_the_same() -> None:
    html = """<div itemscope itemtype="http://schema.org/Order">
      <div itemprop="merchant" itemscope itemtype="http://schema.org/Organization">
        <meta itemprop="name" content="Harbour Books"></div>
      <meta itemprop="orderNumber" content="HB-20417"><meta itemprop="priceCurrency" content="CAD">
      <time itemprop="orderDate" datetime="2025-03-09">9 March</time>
      <p>You pay <span itemprop="price">61.35</span></p></div>"""
    (receipt,) = read(html + TEXT).receipts
    assert receipt.vendor.value == "Harbour Books"
    assert (receipt.total.value, receipt.currency.value) == (Decimal("61.35"), "CAD")
    assert (receipt.number.value, str(receipt.date.value)) == ("HB-20417", "2025-03-09")


def test_an_invoice_states_what_is_due_and_until_when() -> None:
    bill = {
        "@type": "Invoice",
        "provider": {"name": "Northern Power"},
        "accountId": "77-1",
        "confirmationNumber": "F-9002",
        "paymentDueDate": "2025-04-30",
        "totalPaymentDue": {"@type": "PriceSpecification", "price": 118.4, "priceCurrency": "EUR"},
    }
    (receipt,) = read(ld(bill) + TEXT, "Your bill").receipts
    assert (receipt.total.value, receipt.currency.value) == (Decimal("118.4"), "EUR")
    assert str(receipt.due_date.value) == "2025-04-30"


def test_a_booking_is_an_order() -> None:
    stay = {
        "@type": "LodgingReservation",
        "reservationNumber": "QX81",
        "reservationFor": {"@type": "LodgingBusiness", "name": "Hotel Linde", "provider": {"name": "Linde GmbH"}},
        "totalPrice": "240.00 EUR",
    }
    (receipt,) = read(ld(stay) + TEXT, "Your booking").receipts
    assert (receipt.total.value, receipt.currency.value, receipt.number.value) == (Decimal(240), "EUR", "QX81")


def test_two_stated_orders_are_two_receipts() -> None:
    other = {**ORDER, "orderNumber": "HB-20418", "price": "12.00"}
    receipts = read(ld(ORDER, other) + TEXT).receipts
    assert [(r.number.value, str(r.total.value)) for r in receipts] == [("HB-20417", "61.35"), ("HB-20418", "12.00")]


def test_text_and_mark_up_that_disagree_are_flagged() -> None:
    text = (
        "<h1>Your receipt</h1><table><tr><td>Subtotal</td><td>CA$40.00</td></tr>"
        "<tr><td>GST</td><td>CA$4.00</td></tr><tr><td>Total</td><td>CA$44.00</td></tr></table>"
    )
    (receipt,) = read(ld(ORDER) + text + TEXT).receipts
    assert [f.code for f in receipt.flags if f.field == "total"] == ["total_rivals"]
    assert {str(c.value) for c in receipt.total.candidates} >= {"44.00", "61.35"}


@pytest.mark.parametrize(
    "broken",
    [
        '{"@type": "Order", "price": ',
        '{"@type": "Order", "price": {"price": []}, "orderNumber": {"a": 1}, "acceptedOffer": 7}',
        '{"@type": ["Order"], "price": NaN, "orderNumber": true, "orderDate": "2025-02-31", "merchant": 3}',
        '{"@type": "Order", "price": 1e400, "priceCurrency": ["x"], "orderNumber": "N' + "9" * 400 + '"}',
        "[" * 3000,
        '{"@graph": ' * 50 + "1" + "}" * 50,
    ],
)
def test_broken_mark_up_leaves_the_text_to_tell(broken: str) -> None:
    text = "<p>Order number 5512-77</p><p>Total: $44.00</p><p>Paid with Visa ending 4417 on 3 May 2025</p>"
    reading = read(f'<script type="application/ld+json">{broken}</script>' + text + TEXT)
    assert reading.outcome is Outcome.RECEIPT
    assert str(reading.receipts[0].total.value) == "44.00"


@pytest.mark.parametrize(
    "other",
    [
        {"@type": "ParcelDelivery", "trackingNumber": "1Z99", "partOfOrder": {"@type": "Order", "orderNumber": "7"}},
        {"@type": "Product", "name": "Kettle", "offers": {"price": "39.00", "priceCurrency": "USD"}},
        {**ORDER, "orderStatus": "http://schema.org/OrderCancelled"},
        {"@type": "EmailMessage", "potentialAction": {"@type": "ViewAction"}},
    ],
)
def test_mark_up_of_other_things_is_no_receipt(other: Any) -> None:
    assert read(ld(other) + "<p>Here is something new.</p>", "News").outcome is Outcome.NOT_RECEIPT
