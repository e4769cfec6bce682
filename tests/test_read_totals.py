"""The total and its parts: labels, sums, and the traps that cost the former system wrong amounts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from receipts.reader import read_message
from receipts.types import Kind, Outcome, Reading
from tests.support.papers import mail, table


def read(
    rows: list[list[str]], *, subject: str = "Your receipt", before: str = "Thank you for your purchase."
) -> Reading:
    page = f"<html><body><p>{before}</p>{table(rows)}</body></html>"
    reading = read_message(mail(html=page, subject=subject))
    assert reading.outcome is Outcome.RECEIPT, reading.reasons
    (receipt,) = reading.receipts
    return receipt


def test_the_total_is_not_the_subtotal() -> None:
    receipt = read([["Receipt no.", "A-77123"], ["Subtotal", "$100.00"], ["Tax", "$17.00"], ["Total", "$117.00"]])
    assert receipt.total.value == Decimal("117.00")
    assert receipt.net.value == Decimal("100.00")
    assert [t.amount for t in receipt.tax] == [Decimal("17.00")]
    assert "net + tax" in receipt.total.why


def test_a_year_is_no_amount() -> None:
    raw = mail("Receipt #4711-22\nPaid on 12/05/2025. USD.\nTotal 45.90\nThank you for your payment", subject="Receipt")
    assert read_message(raw).receipts[0].total.value == Decimal("45.90")


def test_german_numbers_and_labels() -> None:
    receipt = read(
        [
            ["Rechnung Nr.", "2026-001"],
            ["Zwischensumme", "1.040,00 €"],
            ["MwSt. 19 %", "197,60 €"],
            ["Gesamtbetrag", "1.237,60 €"],
        ],
        subject="Ihre Rechnung",
        before="Vielen Dank für Ihre Bestellung.",
    )
    assert (receipt.total.value, receipt.currency.value) == (Decimal("1237.60"), "EUR")
    assert receipt.tax[0].rate == 19
    assert receipt.flags == () or {f.field for f in receipt.flags} <= {"date"}


def test_hebrew_before_and_with_tax() -> None:
    receipt = read(
        [
            ['סה"כ לפני מע"מ', "₪100.00"],
            ['מע"מ 18%', "₪18.00"],
            ['סה"כ לתשלום', "₪118.00"],
            ["חשבונית מס/קבלה מספר", "20418"],
        ],
        subject="חשבונית מס/קבלה 20418",
        before="תודה על התשלום",
    )
    assert (receipt.total.value, receipt.currency.value, receipt.number.value) == (Decimal("118.00"), "ILS", "20418")
    assert receipt.kind.value is Kind.INVOICE_RECEIPT
    assert receipt.net.value == Decimal("100.00")


def test_lines_of_goods_are_not_the_total() -> None:
    receipt = read(
        [
            ["Invoice number", "INV-2026-001234"],
            ["Server S", "12.99 EUR"],
            ["Backup", "3.50 EUR"],
            ["Subtotal", "16.49 EUR"],
            ["VAT 19 %", "3.13 EUR"],
            ["Amount due", "19.62 EUR"],
        ]
    )
    assert receipt.total.value == Decimal("19.62")
    assert [str(item.amount) for item in receipt.items] == ["12.99", "3.50"]


def test_the_currency_is_the_documents_own_and_never_guessed() -> None:
    assert read([["Receipt no.", "A-77123"], ["Total", "£34.40"], ["Paid by", "Visa"]]).currency.value == "GBP"
    bare = read(
        [["Receipt no.", "A-77123"], ["Subtotal", "30.00"], ["VAT", "4.40"], ["Total", "34.40"], ["Card", "34.40"]]
    )
    assert bare.currency.value is None
    assert "currency_missing" in {f.code for f in bare.flags}


def test_a_refund_is_negative() -> None:
    receipt = read(
        [["Order number", "204-44177"], ["Refund total", "€15.00"]],
        subject="Refund on your order",
        before="Your refund was issued.",
    )
    assert receipt.total.value == Decimal("-15.00")
    assert receipt.kind.value is Kind.CREDIT_NOTE
    assert receipt.turned


def test_cash_is_rounded_and_the_rounded_sum_is_the_total() -> None:
    receipt = read(
        [
            ["Receipt no.", "77123"],
            ["Total", "RM45.34"],
            ["Rounding adjustment", "0.01"],
            ["Rounded total", "RM45.35"],
            ["Cash", "RM50.00"],
            ["Change", "RM4.65"],
        ]
    )
    assert receipt.total.value == Decimal("45.35")


def test_what_was_handed_over_is_not_the_total() -> None:
    receipt = read([["Receipt no.", "77123"], ["Total", "€13.05"], ["Cash", "€20.00"], ["Change", "€6.95"]])
    assert receipt.total.value == Decimal("13.05")
    assert "paid − change" in receipt.total.why


def test_a_prepayment_leaves_less_due_than_the_total() -> None:
    receipt = read(
        [["Invoice no.", "R-77123"], ["Gross total", "€197.65"], ["Deposit", "€50.00"], ["Amount due", "€147.65"]]
    )
    assert (receipt.total.value, receipt.payable.value) == (Decimal("197.65"), Decimal("147.65"))


def test_two_payments_for_one_purchase_add_up() -> None:
    receipt = read([["Receipt no.", "77123"], ["Total", "€39.44"], ["Gift card", "€2.08"], ["Visa", "€37.36"]])
    assert receipt.total.value == Decimal("39.44")
    assert "payments add up" in receipt.total.why


def test_tip_and_shipping_belong_to_the_total() -> None:
    receipt = read(
        [
            ["Order number", "NL-77123"],
            ["Subtotal", "$42.00"],
            ["Delivery", "$3.99"],
            ["Tip", "$8.40"],
            ["Discount", "-$2.00"],
            ["Total", "$52.39"],
        ]
    )
    assert receipt.total.value == Decimal("52.39")
    assert "subtotal + extras" in receipt.total.why


def test_two_totals_that_nothing_explains_are_flagged() -> None:
    receipt = read([["Receipt no.", "A-77123"], ["Total", "€40.00"], ["Total", "€55.00"]])
    assert "total_rivals" in {f.code for f in receipt.flags}


def test_a_total_without_a_label_of_its_own_is_flagged() -> None:
    receipt = read(
        [["Receipt no.", "A-77123"], ["Item subtotal", "€40.00"]], before="Thank you for your order, payment received"
    )
    assert "total_unlabelled" in {f.code for f in receipt.flags}


def test_several_tax_rates_are_kept_apart() -> None:
    receipt = read(
        [
            ["Rechnung Nr.", "R-77123"],
            ["Netto", "Steuer", "Brutto"],
            ["19,0 %", "0,75", "0,14", "0,89"],
            ["7,0 %", "11,36", "0,80", "12,16"],
            ["Gesamtbetrag EUR", "13,05"],
        ]
    )
    assert [(str(t.rate), str(t.base), str(t.amount)) for t in receipt.tax] == [
        ("19.0", "0.75", "0.14"),
        ("7.0", "11.36", "0.80"),
    ]
    assert receipt.total.value == Decimal("13.05")


def test_two_orders_in_one_mail_are_two_receipts() -> None:
    rows = [
        ["Order Confirmation"],
        ["Order #204-4417719"],
        ["Lamp", "£39.99"],
        ["Order total:", "£39.99"],
        ["Order #204-7718204"],
        ["Mat", "£24.50"],
        ["Order total:", "£24.50"],
    ]
    reading = read_message(mail(html=f"<html><body>{table(rows)}</body></html>", subject="Your order confirmation"))
    assert [(r.number.value, str(r.total.value)) for r in reading.receipts] == [
        ("204-4417719", "39.99"),
        ("204-7718204", "24.50"),
    ]


def test_one_sum_for_several_orders_is_shared_out_by_their_items() -> None:
    rows = [
        ["Lamp"],
        ["Item price: £4.95"],
        ["Order number: 15-06943-08636"],
        ["Ring"],
        ["Item price: £2.99"],
        ["Order number: 15-06943-08637"],
        ["Total charged", "£7.94"],
    ]
    reading = read_message(
        mail(
            html=f"<html><body>Thanks for shopping with us.{table(rows)}</body></html>",
            subject="Your order is confirmed",
        )
    )
    assert [str(r.total.value) for r in reading.receipts] == ["4.95", "2.99"]


@pytest.mark.parametrize(
    ("printed", "currency", "expected"),
    [
        ("03/04/2025", "$", date(2025, 3, 4)),
        ("03/04/2025", "£", date(2025, 4, 3)),
        ("2025-03-04", "$", date(2025, 3, 4)),
    ],
)
def test_day_and_month_follow_the_mails_own_day(printed: str, currency: str, expected: date) -> None:
    page = table(
        [["Receipt no.", "A-77123"], ["Date", printed], ["Total", f"{currency}40.00"], ["Paid by", "Visa ending 4417"]]
    )
    when = "Thu, 03 Apr 2025 09:30:00 +0000" if currency == "£" else "Tue, 04 Mar 2025 09:30:00 +0000"
    (receipt,) = read_message(
        mail(html=f"<html><body>{page}</body></html>", subject="Your receipt", date=when)
    ).receipts
    assert receipt.date.value == expected
    assert "date" not in {f.field for f in receipt.flags}


def test_goods_below_a_total_in_the_head_are_read_with_the_price_of_one() -> None:
    receipt = read(
        [
            ["Order number: 771-2201"],
            ["Order Total:", "$36.50"],
            ["Items Ordered", "Price"],
            ["2 of: Ballpoint Pen, blue", "$12.00"],
            ["Sold by: Northlight Shop"],
            ["1 of: Weekly Planner", "$14.00"],
            ["Item(s) Subtotal:", "$38.00"],
            ["Gift voucher:", "-$1.50"],
            ["Grand Total:", "$36.50"],
        ]
    )
    found = [(item.description, item.quantity, item.amount) for item in receipt.items]
    assert found == [
        ("Ballpoint Pen, blue", Decimal(2), Decimal("24.00")),
        ("Weekly Planner", Decimal(1), Decimal("14.00")),
    ]
