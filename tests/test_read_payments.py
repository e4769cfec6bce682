"""Tip, discount, means of payment, the card's last digits, who is billed, the allocation number."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jobs import intake
from receipts.fields import payments
from receipts.reader import read_file
from receipts.types import Reading


def _read(text: str) -> Reading:
    return read_file(text.encode(), "slip.txt").receipts[0]


def _slip(*lines: str, total: str = "Total EUR 99.00") -> Reading:
    return _read(
        "\n".join(["Alma Trading Ltd", "Invoice 2231   12/11/2025", "Lamp   99.00", total, *lines, "Thank you"])
    )


def test_a_slip_tells_discount_tip_card_and_buyer_with_their_evidence() -> None:
    reading = _read(
        "Alma Trading Ltd\nBill to: Levi Studio Ltd\nInvoice 2231   12/11/2025\n\nSoup   20.00\nSteak   80.00\n"
        "Subtotal   100.00\nDiscount   -10.00\nTip   9.00\nTotal USD   99.00\nVISA **** **** **** 4242   99.00\n"
    )
    assert (reading.discount.value, reading.tip.value) == (Decimal("10.00"), Decimal("9.00"))
    assert "with it the sums give the total" in reading.tip.why
    assert "with it the sums give the total" in reading.discount.why
    assert (reading.payment_method.value, reading.card_last4.value) == ("card", "4242")
    assert reading.billed_to.value == "Levi Studio Ltd"
    assert reading.card_last4.quote == "VISA **** **** **** 4242  99.00"


@pytest.mark.parametrize(
    ("line", "method"),
    [
        ("Cash   99.00", "cash"),
        ("Payment method: Direct debit", "direct_debit"),
        ("Zahlungsart: Überweisung", "bank_transfer"),
        ("Bezahlt mit PayPal", "paypal"),
        ("Mode de paiement : Carte bancaire", "card"),
        ("Forma de pago: Efectivo", "cash"),
        ("Metodo di pagamento: Bonifico bancario", "bank_transfer"),
        ("Forma de pagamento: MB Way", "wallet"),
        ("Betaalmethode: Automatische incasso", "direct_debit"),
        ("אמצעי תשלום: העברה בנקאית", "bank_transfer"),
        ("שולם באמצעות: ביט", "wallet"),
        ("מזומן   99.00", "cash"),
    ],
)
def test_each_language_names_the_means_of_payment(line: str, method: str) -> None:
    assert _slip(line).payment_method.value == method


@pytest.mark.parametrize(
    "line",
    [
        "You can pay by card, bank transfer or PayPal.",
        "We accept Visa and Mastercard",
        "Cash   0.00",
        "Loyalty card #########9334",
        "Bitte überweisen Sie den Betrag auf unser Konto",
        "IBAN DE** **** **** **** 4242",
        "Wine bar   12.00",
    ],
)
def test_what_only_could_be_paid_with_is_no_payment(line: str) -> None:
    reading = _slip(line)
    assert (reading.payment_method.value, reading.card_last4.value) == (None, None)


@pytest.mark.parametrize(
    "line",
    [
        "Visa **** 4242",
        "MASTERCARD XXXX-XXXX-XXXX-4242",
        "Card 4580 12** **** 4242",
        "Amex ending in 4242",
        "Kreditkarte endet auf 4242",
        "Carte bancaire se terminant par 4242",
        "Visa •••• 4242   99.00",
        "אשראי המסתיים בספרות 4242",
        "ויזה 4242****",
    ],
)
def test_the_last_four_digits_are_read_however_they_are_masked(line: str) -> None:
    reading = _slip(line)
    assert (reading.card_last4.value, reading.payment_method.value) == ("4242", "card")


def test_suggested_tips_are_no_tip() -> None:
    assert _slip("Suggested tip 15%   14.85", "Suggested tip 18%   17.82").tip.value is None


def test_a_service_that_is_sold_is_no_tip() -> None:
    lines = ["Alma Trading Ltd", "Invoice 2231   12/11/2025", "Lamp   99.00", "Yearly service charge plan   20.00"]
    assert _read("\n".join([*lines, "Subtotal   99.00", "Total EUR   119.00"])).tip.value is None
    lines[3] = "Service charge   20.00"
    assert _read("\n".join([*lines, "Subtotal   99.00", "Total EUR   119.00"])).tip.value == Decimal("20.00")


def test_several_discounts_count_together_where_the_sums_say_so() -> None:
    reading = _read(
        "Alma Trading Ltd\nInvoice 2231   12/11/2025\nLamp   60.00\nDesk   40.00\nSubtotal   100.00\n"
        "Discount   -10.00\nCoupon   -7.00\nTotal EUR   83.00\n"
    )
    assert reading.discount.value == Decimal("17.00")


def test_who_is_greeted_or_gets_the_parcel_is_not_who_is_billed() -> None:
    assert _slip("Dear Dana Levi,", "Ship to: Dana Levi").billed_to.value is None


def test_an_allocation_number_is_read_as_it_is_printed() -> None:
    reading = _read(
        'אלמה מסחר בע"מ\nח.פ 514302777\nלכבוד: סטודיו לוי בע"מ\nחשבונית מס 2231\n12/11/2025\nשולחן   30,000.00\n'
        'סה"כ לפני מע"מ   30,000.00\nמע"מ 18%   5,400.00\nסה"כ לתשלום   35,400.00 ₪\nמספר הקצאה: 123 456 789\n'
    )
    assert reading.allocation_number.value == "123456789"
    assert reading.billed_to.value == 'סטודיו לוי בע"מ'
    assert "allocation_missing" not in {flag.code for flag in reading.flags}


def test_an_e_invoice_states_buyer_discount_and_means_of_payment() -> None:
    reading = read_file(_UBL.encode(), "invoice.xml").receipts[0]
    assert reading.billed_to.value == "Levi Studio GmbH"
    assert reading.discount.value == Decimal("10.00")
    assert (reading.payment_method.value, reading.card_last4.value) == ("card", "4242")


def test_what_was_read_goes_into_the_row_with_its_evidence() -> None:
    row = intake.row_of(_slip("Visa **** 4242"))
    assert (row["payment_method"], row["card_last4"], row["tip_minor"]) == ("card", "4242", None)
    assert row["fields"]["card_last4"]["quote"] == "Visa **** 4242"


def test_every_means_of_payment_has_its_word_in_exports() -> None:
    from receipts.export import labels

    for language in labels.LANGUAGES:
        assert all(labels.payment(language, code) != code for code in payments.codes())


_UBL = """<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"><ID>R-1</ID>
<IssueDate>2025-11-12</IssueDate><InvoiceTypeCode>380</InvoiceTypeCode><DocumentCurrencyCode>EUR</DocumentCurrencyCode>
<AccountingSupplierParty><Party><PartyName><Name>Alma GmbH</Name></PartyName></Party></AccountingSupplierParty>
<AccountingCustomerParty><Party><PartyName><Name>Levi Studio GmbH</Name></PartyName></Party></AccountingCustomerParty>
<PaymentMeans><PaymentMeansCode>48</PaymentMeansCode><CardAccount>
<PrimaryAccountNumberID>************4242</PrimaryAccountNumberID></CardAccount></PaymentMeans>
<TaxTotal><TaxAmount currencyID="EUR">17.10</TaxAmount></TaxTotal>
<LegalMonetaryTotal><TaxExclusiveAmount>90.00</TaxExclusiveAmount><TaxInclusiveAmount>107.10</TaxInclusiveAmount>
<AllowanceTotalAmount>10.00</AllowanceTotalAmount><PayableAmount>107.10</PayableAmount></LegalMonetaryTotal></Invoice>"""
