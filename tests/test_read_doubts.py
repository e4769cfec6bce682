"""What makes a figure doubtful, and what settles it: parcels of one order, vouchers, firms beside firms, slips."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from receipts.reader import read_file, read_message
from receipts.types import Reading
from tests.support.papers import mail, read, slip, table


def flags(receipt: Reading) -> set[str]:
    return {flag.code for flag in receipt.flags}


def page(*rows: tuple[str, str]) -> tuple[Reading, ...]:
    return read_file(table(rows).encode(), "order.html").receipts


def test_the_totals_of_an_orders_parcels_are_parts_of_its_total() -> None:
    (receipt,) = page(
        ("Order number", "771-3308841"),
        ("Order placed", "4 March 2025"),
        ("Total for this shipment", "$31.60"),
        ("Total for this shipment", "$12.00"),
        ("Total for this shipment", "$12.00"),
        ("Grand total", "$55.60"),
    )
    assert receipt.total.value == Decimal("55.60")
    assert "total_rivals" not in flags(receipt)


@pytest.mark.parametrize(
    ("before", "voucher", "after"),
    [("Summe", "Gutschein eingelöst", "Gesamtsumme"), ("Totale", "Buono", "Totale ordine")],
)
def test_what_stands_between_two_totals_with_a_minus_settles_which_one_holds(
    before: str, voucher: str, after: str
) -> None:
    (receipt,) = page(
        ("Bestellnummer", "393-26082799"),
        ("Bestelldatum", "15.05.2025"),
        (before, "EUR 16,58"),
        (voucher, "-EUR 0,83"),
        (after, "EUR 15,75"),
    )
    assert receipt.total.value == Decimal("15.75")
    assert "total_rivals" not in flags(receipt)


def test_a_purchase_with_an_orders_and_a_transactions_number_is_one() -> None:
    receipts = page(
        ("Transaction ID", "33K41628H0320913"),
        ("You paid", "$12.71 USD"),
        ("Total", "$12.71 USD"),
        ("Order number", "6576010"),
        ("Total", "$12.71 USD"),
    )
    assert [r.total.value for r in receipts] == [Decimal("12.71")]


def test_two_orders_of_one_mail_are_two() -> None:
    receipts = page(
        ("Order number", "202-12809193"),
        ("Order total", "£69.95"),
        ("Order number", "202-92460997"),
        ("Order total", "£15.99"),
    )
    assert [r.total.value for r in receipts] == [Decimal("69.95"), Decimal("15.99")]


def test_a_heading_that_names_the_document_labels_no_day_below_it() -> None:
    (receipt,) = page(
        ("Receipt & Renewal Notice", ""), ("June 16, 2024", ""), ("Order ID", "MSD1TBTDQZ"), ("Total", "$99.99")
    )
    assert receipt.date.value == date(2024, 6, 16)
    assert not {"date_doubtful", "date_missing"} & flags(receipt)


def test_another_firm_that_the_documents_own_address_speaks_for_makes_the_vendor_doubtful() -> None:
    lines = (
        "Kostenlieferant GmbH",
        ("Rechnung Nr.", "KR-8765"),
        ("Datum", "06.10.2024"),
        ("Gesamtbetrag", "1.256,70 EUR"),
        "Grauwacke Handel GmbH   www.grauwacke-handel.de",
    )
    assert "vendor_doubtful" in flags(read(*lines))
    assert "vendor_doubtful" not in flags(read(*lines[:4], "www.kostenlieferant.de"))


def test_an_orders_number_beside_the_word_for_an_invoice_is_doubtful() -> None:
    receipt = read(
        "Contract agreement",
        "Harbour Radio LLC   Invoice  7261968",
        ("Order date", "25 February 2025"),
        ("Gross total", "$5,430.00"),
    )
    assert receipt.number.value != "7261968" or "number_doubtful" in flags(receipt)


# -- slips -----------------------------------------------------------------------------------------


def test_a_slip_may_print_a_labels_value_below_it() -> None:
    receipt = slip(
        "RESTAURANT SIN DU", "80300 JOHOR BAHRU", "09/03/2018", "DPT.05  149.00", "DPT.04  21.00", "CASH", "RM  170.00"
    )
    assert receipt.total.value == Decimal("170.00")


def test_labels_and_values_that_stand_in_two_stacks_are_not_paired_by_their_nearness() -> None:
    receipt = slip(
        "SIN DU RESTAURANT",
        "RECEIPT 4411",
        "09/03/2018",
        "SUBTOTAL",
        "TAX",
        "TOTAL",
        "RM 100.00",
        "RM 6.00",
        "RM 106.00",
    )
    assert receipt.total.value != Decimal("100.00") or flags(receipt) & {"total_doubtful", "total_not_largest"}


def test_what_was_given_is_the_total_where_net_and_tax_give_it() -> None:
    receipt = slip(
        "YONG CEN ENTERPRISE",
        "RECEIPT # CS006339",
        "25/04/2017",
        "SUB-TOTAL  92.50",
        "GST  1.50",
        "T L  94.00",
        "CASH  94.00",
    )
    assert receipt.total.value == Decimal("94.00")


def test_two_firms_at_the_top_of_a_slip_make_its_vendor_doubtful() -> None:
    rest = ("TAX INVOICE", "11/05/2018", "TOTAL  9.45", "CASH  10.00", "CHANGE  0.55")
    assert "vendor_doubtful" in flags(slip("AMPHAWA TEA & CO.", "OWNED BY T PLUS SDN BHD", *rest))
    assert "vendor_doubtful" not in flags(slip("AMPHAWA TEA SDN BHD", "12 JALAN ANGSA", *rest))


def test_a_shop_and_the_firm_of_its_name_are_one() -> None:
    receipt = slip(
        "SANYU BOOKS SHOP",
        "SETIA INDAH",
        "SETIA ALAM BAHRU",
        "TAX INVOICE",
        "TEL: 603-33624137",
        "OWNED BY :",
        "SANYU SUPPLY SDN BHD",
        "28/03/2017",
        "TOTAL  16.50",
        "CASH  16.50",
    )
    assert receipt.vendor.value == "SANYU BOOKS SHOP"
    assert "vendor_doubtful" not in flags(receipt)


def test_a_name_that_runs_over_two_lines_of_a_slip_is_sure() -> None:
    receipt = slip(
        "POPULAR BOOK", "CO. (M) SDN BHD", "56000 KUALA LUMPUR", "27/02/18", "TOTAL RM  41.00", "CASH  41.00"
    )
    assert receipt.vendor.value == "POPULAR BOOK CO. (M) SDN BHD"
    assert "vendor_doubtful" not in flags(receipt)


def test_a_digit_between_initials_is_the_letter_that_it_looks_like() -> None:
    receipt = slip(
        "MR. D.1.Y. (M) SDN BHD", "43300 SELANGOR", "20/03/18", "TOTAL RM  35.90", "CASH  50.00", "CHANGE  14.10"
    )
    assert receipt.vendor.value == "MR. D.I.Y. (M) SDN BHD"


def test_who_stood_at_the_till_is_no_vendor() -> None:
    receipt = slip(
        "CASHIER [P.NISANTHI]  MACHINE [003]", "FIVE STAR CASH & CARRY", "19/06/17", "NET TOTAL  45.00", "CASH  45.00"
    )
    assert receipt.vendor.value == "FIVE STAR CASH & CARRY"


@pytest.mark.parametrize(
    "line", ["TM and © 2024 Pomelo Inc.", "Copyright © 1999-2024 Pomelo Inc.", "(c) 2024 Pomelo Inc"]
)
def test_a_line_of_copyright_names_the_firm_alone(line: str) -> None:
    body = table([["Order ID", "MSD1TBTDQZ"], ["June 16, 2024", ""], ["Total", "$99.99"]]) + f"<p>{line}</p>"
    (receipt,) = read_message(mail(html=body, subject="Your receipt", sender="no-reply@gmail.com")).receipts
    assert str(receipt.vendor.value).rstrip(".") == "Pomelo Inc"


# -- taxes -----------------------------------------------------------------------------------------


def test_a_credit_notes_net_and_tax_with_their_minus_prove_its_total() -> None:
    receipt = read(
        "Papeterie Lenoir SARL",
        ("Avoir N°", "AV26-00112"),
        ("Date", "29/09/2025"),
        ("Total HT", "-175,00 EUR"),
        ("Total TVA 20 %", "-35,00 EUR"),
        ("Total TTC", "-210,00 EUR"),
    )
    assert receipt.total.value == Decimal("-210.00")
    assert sum(t.amount or 0 for t in receipt.tax) == Decimal("-35.00")
    assert "tax_unproved" not in flags(receipt)


@pytest.mark.parametrize(("tax", "proved"), [("3,14 EUR", True), ("3,41 EUR", False)])
def test_a_tax_within_the_total_is_proved_by_its_rate(tax: str, proved: bool) -> None:
    receipt = read(
        "Kaffeehaus Blau GmbH",
        ("Rechnung Nr.", "2204"),
        ("Datum", "13.11.2025"),
        ("Summe", "34,50 EUR"),
        ("inkl. 10 % USt.", tax),
    )
    assert receipt.total.value == Decimal("34.50")
    assert ("tax_unproved" in flags(receipt)) is not proved


def test_what_a_town_takes_of_its_guests_is_no_vat() -> None:
    receipt = read(
        "Logis Montparnasse SARL",
        ("Reçu n°", "RP-2025-4417"),
        ("Date", "22/09/2025"),
        ("Chambre double", "264,00 EUR"),
        ("Taxe de séjour", "10,40 EUR"),
        ("Total TTC réglé", "274,40 EUR"),
        ("dont TVA 10 %", "24,00 EUR"),
    )
    assert [(t.rate, t.amount) for t in receipt.tax] == [(Decimal(10), Decimal("24.00"))]


def test_a_rate_may_have_three_decimals() -> None:
    (receipt,) = page(
        ("Receipt number", "B7-4417"), ("Subtotal", "$8.50"), ("Sales tax (8.875%)", "$0.75"), ("Total", "$9.25")
    )
    assert [t.rate for t in receipt.tax] == [Decimal("8.875")]
