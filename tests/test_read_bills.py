"""Bills that hold more than one sum: earlier balances, commissions, taxes added below, slips paid by two means."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from receipts.types import Kind, Reading
from tests.support.papers import read, slip


def flagged(receipt: Reading) -> set[str]:
    return {flag.field for flag in receipt.flags}


def test_an_earlier_balance_is_due_but_not_this_bills_total() -> None:
    receipt = read(
        "Harbour Water Ltd",
        ("Invoice number", "HW-2201"),
        ("Invoice date", "3 June 2025"),
        ("Previous balance", "$40.00"),
        ("Total current charges", "$61.50"),
        ("Amount due", "$101.50"),
    )
    assert (receipt.total.value, receipt.payable.value) == (Decimal("61.50"), Decimal("101.50"))


def test_a_german_premium_is_read_with_what_was_left_unpaid_beside_it() -> None:
    receipt = read(
        "Nordlicht Versicherung a.G.",
        "Beitragsrechnung zum Vertrag Nr. 00.445.981.2   11. März 2025",
        ("Jahresbeitrag inklusive 19 % Versicherungsteuer", "220,00 EUR"),
        ("Ausstehende Forderung", "110,00 EUR"),
        ("Zu zahlender Beitrag", "330,00 EUR"),
    )
    assert (receipt.total.value, receipt.payable.value) == (Decimal("220.00"), Decimal("330.00"))
    assert receipt.kind.value is Kind.INVOICE
    assert receipt.date.value == date(2025, 3, 11)


def test_what_an_agency_keeps_is_part_of_the_price() -> None:
    receipt = read(
        "Channel Nine Broadcasting Inc",
        ("Invoice number", "88120-1"),
        ("Invoice date", "02/24/2025"),
        ("Gross Total", "$5,430.00"),
        ("Agency Commission", "($814.50)"),
        ("Net Total", "$4,615.50"),
    )
    assert (receipt.total.value, receipt.payable.value) == (Decimal("5430.00"), Decimal("4615.50"))


@pytest.mark.parametrize("label", ["Discount 15%", "Coupon SAVE15", "SAVE15", "Loyalty"])
def test_a_discount_as_large_as_an_agencys_share_stays_a_discount(label: str) -> None:
    receipt = read(
        "Elm Hosting Ltd",
        ("Invoice number", "771"),
        ("Invoice date", "2 October 2025"),
        ("Hosting", "60.00"),
        ("Domain", "40.00"),
        ("Subtotal", "100.00"),
        (label, "-15.00"),
        ("Total EUR", "85.00"),
    )
    assert receipt.total.value == Decimal("85.00")


def test_a_total_to_which_the_next_lines_add_a_tax_was_the_net() -> None:
    receipt = read(
        "Elbe Werkzeug GmbH",
        ("Rechnungsnummer", "2025-118"),
        ("Rechnungsdatum", "04.03.2025"),
        ("Gesamtbetrag", "50,00 EUR"),
        ("Versicherungsteuer 19 %", "9,50 EUR"),
        ("Summe mit allem", "59,50 EUR"),
    )
    assert receipt.total.value == Decimal("59.50")


def test_one_of_two_payments_is_not_the_total() -> None:
    receipt = read(
        "Markt Lindenhof e.K.",
        ("Kartoffeln", "30,00"),
        ("Brot", "9,44"),
        ("SUMME EUR", "39,44"),
        ("Geg. Gutschein EUR", "2,08"),
        ("Geg. EC-Cash EUR", "37,36"),
        ("Steuer  %  Netto  Steuer  Brutto", ""),
        ("11.08.2025  16:09  Bon-Nr.:558", ""),
    )
    assert receipt.total.value == Decimal("39.44")
    assert receipt.date.value == date(2025, 8, 11)


def test_the_tills_line_says_the_day_when_the_cards_terminal_says_another() -> None:
    receipt = read(
        "Markt Lindenhof e.K.",
        ("Brot", "9,44"),
        ("SUMME EUR", "9,44"),
        ("Geg. EC-Cash EUR", "9,44"),
        "Kundenbeleg",
        "Datum: 01.01.2025",
        "Terminal-ID 88888888",
        "Trace-Nr. 100000",
        "Kartenzahlung girocard",
        "Betrag EUR 9,44",
        "Steuer netto brutto",
        "A 7,0% 8,82 0,62 9,44",
        "Vielen Dank",
        "Bis bald",
        "12.01.2025 12:00 Bon-Nr.:9999",
    )
    assert receipt.date.value == date(2025, 1, 12)


def test_two_prices_by_way_of_paying_are_told_as_rivals() -> None:
    receipt = read(
        "Harbour Radio Inc",
        ("Invoice number", "HR-99120"),
        ("Invoice date", "23 February 2025"),
        ("Total Regular Price if paying by card", "$4,838.00"),
        ("Total Discount Price if paying by check", "$4,720.00"),
    )
    assert receipt.total.value in {Decimal("4838.00"), Decimal("4720.00")}
    assert "total" in flagged(receipt)


def test_words_between_a_label_and_a_value_label_something_else() -> None:
    receipt = read(
        "Harbour Radio Inc",
        ("Invoice #", "HR-99120"),
        ("Contract Line Remarks:", "630p Evening"),
        ("Invoice date", "23 February 2025"),
        ("Total", "$4,720.00"),
    )
    assert receipt.number.value == "HR-99120"


def test_a_name_over_two_lines_is_one_name() -> None:
    receipt = read(
        "Verkäufer:",
        "Nordlicht Musterhafter",
        "Versicherungsverein Elbstadt a.G.",
        "Musterstr. 12",
        "12345 Elbstadt",
        "Rechnungsnummer 4711-22",
        "Rechnungsdatum 04.03.2025",
        ("Gesamtbetrag", "50,00 EUR"),
    )
    assert receipt.vendor.value == "Nordlicht Musterhafter Versicherungsverein Elbstadt a.G."


@pytest.mark.parametrize(
    ("label", "kind"),
    [("Reparaturrechnung Nr. 4411-9", Kind.INVOICE), ("Einspeisegutschrift Nr. 4411-9", Kind.CREDIT_NOTE)],
)
def test_a_compound_word_is_what_its_last_part_is(label: str, kind: Kind) -> None:
    receipt = read("Elbe Werkzeug GmbH", label, "Datum 04.03.2025", ("Gesamtbetrag", "50,00 EUR"))
    assert receipt.kind.value is kind


def test_cash_rounding_is_a_rounding_and_a_label_keeps_its_brackets() -> None:
    receipt = slip(
        "GARDEN PHARMACY SDN BHD",
        "Bill No: 88120",
        "24/05/2025 18:15",
        "Plasters  RM 4.80",
        "SUBTOTAL  RM 4.51",
        "CASH ROUNDING  RM 0.01-",
        "TOTAL (GST INCL)  RM 4.50",
        "CASH  RM 4.50",
    )
    assert receipt.total.value == Decimal("4.50")
    assert "total" not in flagged(receipt)


def test_a_heading_above_the_shops_name_is_no_rival_of_it() -> None:
    rows = ["Bill No: 88120", "24/05/2025 18:15", "Plasters  RM 4.50", "TOTAL  RM 4.50", "CASH  RM 4.50"]
    below = slip("TAX INVOICE", "GARDEN SUPPLIES SDN BHD", *rows)
    assert below.vendor.value == "GARDEN SUPPLIES SDN BHD"
    assert "vendor" not in flagged(below)
    other = slip("TAN WOON YANN", "JL KAYA", "GARDEN SUPPLIES SDN BHD", *rows)
    assert "vendor" in flagged(other)


def test_a_trade_in_the_first_line_makes_a_name() -> None:
    rows = ["Bill No: 88120", "24/05/2025 18:15", "Bread  RM 4.50", "TOTAL  RM 4.50", "CASH  RM 4.50"]
    assert "vendor" not in flagged(slip("WAN SHENG BAKERY", *rows))
    assert "vendor" in flagged(slip("WAN SHENG", *rows))
