"""What a reader of receipts has got wrong before, each as a test named so.

Amounts: the first amount instead of the total; the subtotal; lines that do not add up; the year; any number where
nothing is labelled; thousands and decimals confused; pounds unseen; a refund turned positive; a total far down
a long page.
Currency: the most frequent sign; the local one where none is printed; a sender's usual one.
Days and names: the month first; the sender's domain as a name.
Mail: sub-domains; one single HTML part; a PDF in a mail within a mail; a body without attachment; newsletters and
chargers "for your order"; a logo alone; blank mail; strings that a database refuses; the same files twice.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from email.message import EmailMessage

import pytest

from receipts.reader import read_message
from receipts.types import Kind, MessageReading, Outcome, Reading
from tests.support.papers import mail, pdf, read, table

PAPER = pdf(["Acme Ltd", "Invoice No. 7712-A", "Date 2 May 2025", "Net £40.00", "VAT 10% £4.00", "Total £44.00"])


def page(*rows: tuple[str, str], before: str = "", sender: str = "Shop <orders@shop.example>") -> Reading:
    body = before + table([("Order number", "A-48213"), ("Order date", "4 March 2025"), *rows])
    (receipt,) = read_message(mail(html=body, subject="Your order confirmation", sender=sender)).receipts
    return receipt


# -- amounts ---------------------------------------------------------------------------------------


def test_the_subtotal_that_comes_first_is_not_the_total() -> None:
    assert page(("Subtotal", "$100.00"), ("Tax", "$17.00"), ("Total", "$117.00")).total.value == Decimal("117.00")


def test_a_hosters_lines_and_subtotal_are_not_its_total() -> None:
    receipt = read(
        "Nordbyte Hosting GmbH",
        ("Invoice / Rechnung", "INV-2026-001234"),
        ("Date", "2026-01-20"),
        ("VPS S", "12.99 EUR"),
        ("Snapshot", "3.50 EUR"),
        ("Subtotal", "16.49 EUR"),
        ("VAT 19 %", "3.13 EUR"),
        ("Total", "19.62 EUR"),
    )
    assert (receipt.total.value, receipt.currency.value) == (Decimal("19.62"), "EUR")


def test_lines_that_do_not_add_up_leave_the_labelled_total() -> None:
    receipt = page(("Cable", "US $33.95"), ("Case", "US $12.99"), ("Strap", "US $5.50"), ("Order total", "US $67.89"))
    assert (receipt.total.value, receipt.currency.value) == (Decimal("67.89"), "USD")


def test_the_year_of_a_day_of_payment_is_no_amount() -> None:
    receipt = page(("Paid on", "12/05/2025"), ("Currency", "USD"), ("Total", "45.90"))
    assert receipt.total.value == Decimal("45.90")


def test_no_number_is_taken_where_none_is_labelled() -> None:
    text = "Hello, we are 35 people in room 4711 and the parcel weighs 1200 grams. Order reference 88123."
    reading = read_message(mail(text, subject="About your order"))
    assert all(receipt.total.value is None for receipt in reading.receipts)


@pytest.mark.parametrize(
    ("printed", "value", "currency"),
    [
        ("1.234,56 €", "1234.56", "EUR"),
        ("1 234,56 €", "1234.56", "EUR"),
        ("CHF 1'234.56", "1234.56", "CHF"),
        ("£1,234.56", "1234.56", "GBP"),
        ("1,234.56 ₪", "1234.56", "ILS"),
    ],
)
def test_thousands_and_decimals_are_told_apart(printed: str, value: str, currency: str) -> None:
    receipt = page(("Total", printed))
    assert (receipt.total.value, receipt.currency.value) == (Decimal(value), currency)


def test_a_refund_stays_negative() -> None:
    body = table([("Refund total", "-$15.00"), ("Refund date", "4 March 2025"), ("Order number", "A-48213")])
    (receipt,) = read_message(mail(html=body, subject="Your refund of $15.00")).receipts
    assert receipt.total.value == Decimal("-15.00")


def test_a_total_far_down_a_long_page_is_found() -> None:
    filler = "<style>.x{color:red}</style>" + "<p>Read about our autumn garden in this issue of the letter.</p>" * 400
    assert page(("Total", "$44.00"), before=filler).total.value == Decimal("44.00")


def test_the_hebrew_sum_to_be_paid_wins_over_the_sum_before_tax() -> None:
    receipt = page(('סה"כ לפני מע"מ', "100.00 ₪"), ('מע"מ 18%', "18.00 ₪"), ('סה"כ לתשלום', "118.00 ₪"))
    assert (receipt.total.value, receipt.currency.value) == (Decimal("118.00"), "ILS")


# -- currency --------------------------------------------------------------------------------------


def test_the_most_frequent_sign_is_not_the_totals_currency() -> None:
    receipt = page(("List price", "$41.00"), ("Was", "$44.00"), ("You save", "$3.00"), ("Total charged", "€34.40"))
    assert (receipt.total.value, receipt.currency.value) == (Decimal("34.40"), "EUR")


def test_where_no_currency_is_printed_none_is_made_up() -> None:
    receipt = page(("Total", "44.00"))
    assert receipt.currency.value is None
    assert "currency_missing" in {flag.code for flag in receipt.flags}


def test_a_sender_that_usually_writes_in_dollars_may_write_in_euros() -> None:
    receipt = page(("Amount paid", "€34.40"), sender="Stripe <receipts@stripe.com>")
    assert (receipt.total.value, receipt.currency.value) == (Decimal("34.40"), "EUR")


# -- days and names --------------------------------------------------------------------------------


def test_a_month_that_comes_first_is_read_as_one() -> None:
    receipt = read(
        "Harbour Radio LLC", "Austin, TX 78723", ("Invoice", "77120"), ("Date", "02/25/2020"), ("Total", "$9.00")
    )
    assert receipt.date.value == date(2020, 2, 25)


@pytest.mark.parametrize(
    "sender", ["Green Books <no-reply@mail.greenbooks.example>", "Green Books <a@email.greenbooks.example>"]
)
def test_a_vendor_is_called_by_its_name_and_not_by_its_host(sender: str) -> None:
    assert page(("Total", "$44.00"), sender=sender).vendor.value == "Green Books"


# -- mail ------------------------------------------------------------------------------------------


def test_a_mail_of_one_html_part_is_read_to_its_end() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "Shop <orders@eu.mail.shop.example>", "Your order confirmation"
    message["Date"] = "Tue, 04 Mar 2025 09:30:00 +0200"
    message.set_content(table([("Order number", "A-48213"), ("Total", "$44.00")]), subtype="html")
    (receipt,) = read_message(message.as_bytes()).receipts
    assert receipt.total.value == Decimal("44.00")


def test_a_pdf_in_a_mail_within_a_mail_is_found() -> None:
    inner = mail("Attached.", subject="Invoice 7712-A", files=[("i.pdf", "application/pdf", PAPER)])
    outer = EmailMessage()
    outer["From"], outer["Subject"], outer["Date"] = "Dana <d@kedem.example>", "Fwd", "Tue, 04 Mar 2025 09:30:00 +0200"
    outer.set_content("see below")
    outer.add_attachment(inner, maintype="application", subtype="octet-stream", filename="forwarded.eml")
    (receipt,) = read_message(outer.as_bytes()).receipts
    assert receipt.total.value == Decimal("44.00")


def test_a_receipt_without_an_attachment_is_one() -> None:
    assert page(("Total", "$44.00")).kind.value is Kind.ORDER


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Weekly newsletter", "Thank you for reading! Our best stories, and shoes for $49.90. Unsubscribe."),
        ("A charger for your order of days", "This charger costs $80. Would you like one? Unsubscribe here."),
    ],
)
def test_words_of_thanks_and_prices_make_no_receipt(subject: str, text: str) -> None:
    assert read_message(mail(text, subject=subject)).outcome is Outcome.NOT_RECEIPT


def test_a_logo_alone_makes_no_receipt() -> None:
    logo = ("logo.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(9000))
    assert read_message(mail("Best regards", subject="Hello", files=[logo])).outcome is Outcome.NOT_RECEIPT


def test_a_receipt_with_a_logo_beside_it_is_not_lost() -> None:
    logo = ("logo.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(9000))
    files = [logo, ("i.pdf", "application/pdf", PAPER)]
    (receipt,) = read_message(mail("Attached.", subject="Invoice 7712-A", files=files)).receipts
    assert receipt.total.value == Decimal("44.00")


@pytest.mark.parametrize("body", ["", " \n\t ", "\u200b\u200b"])
def test_a_blank_mail_is_told_so(body: str) -> None:
    reading = read_message(mail(body, html="<html><body></body></html>", subject=""))
    assert reading.outcome is Outcome.NOT_RECEIPT
    assert reading.reasons


def test_nothing_that_a_database_refuses_comes_out() -> None:
    raw = mail(html=table([("Order number", "A-48\x00213"), ("Total", "$44.00")]), subject="Your order HALF A-48213")
    reading = read_message(raw.replace(b"HALF", b"\xed\xa0\x80"))
    assert reading.receipts
    assert not refused(reading)


def refused(reading: MessageReading) -> list[str]:
    """Strings with a NUL byte or a lone surrogate."""
    told = [r.text for r in reading.reasons] + [reading.headers.subject, reading.headers.from_name]
    for receipt in reading.receipts:
        told += [
            str(receipt.vendor.value),
            str(receipt.number.value),
            *(str(c.quote) for c in receipt.total.candidates),
        ]
    return [text for text in told if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text)]


def test_the_same_file_twice_in_a_mail_is_one_receipt() -> None:
    files = [("a.pdf", "application/pdf", PAPER), ("b.pdf", "application/pdf", PAPER)]
    assert len(read_message(mail("Attached.", subject="Invoice 7712-A", files=files)).receipts) == 1
