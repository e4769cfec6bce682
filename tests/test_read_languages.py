"""Eight languages: each is one file, and an invoice in each of them is read."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal

import pytest

from receipts.fields import labels
from receipts.reader import read_file
from tests.support.papers import table

# language -> vendor, invoice, number, date, net, tax, total as such an invoice prints them
INVOICES = {
    "en": (
        "Harbour Tools Ltd",
        "Invoice",
        "Invoice number",
        "Invoice date",
        "2 May 2025",
        "Net amount",
        "VAT 20%",
        "Total due",
        "£",
    ),
    "de": (
        "Werkzeug Nord GmbH",
        "Rechnung",
        "Rechnungsnummer",
        "Rechnungsdatum",
        "2. Mai 2025",
        "Nettobetrag",
        "MwSt. 20 %",
        "Gesamtbetrag",
        "€",
    ),
    "fr": (
        "Outils du Port SARL",
        "Facture",
        "Numéro de facture",
        "Date de facture",
        "2 mai 2025",
        "Total HT",
        "TVA 20 %",
        "Total TTC",
        "€",
    ),
    "es": (
        "Herramientas Puerto S.L.",
        "Factura",
        "Número de factura",
        "Fecha de factura",
        "2 de mayo de 2025",
        "Base imponible",
        "IVA 20 %",
        "Total a pagar",
        "€",
    ),
    "it": (
        "Utensili Porto S.r.l.",
        "Fattura",
        "Numero fattura",
        "Data fattura",
        "2 maggio 2025",
        "Imponibile",
        "IVA 20 %",
        "Totale da pagare",
        "€",
    ),
    "pt": (
        "Ferramentas Porto Lda",
        "Fatura",
        "Número da fatura",
        "Data da fatura",
        "2 de maio de 2025",
        "Total sem IVA",
        "IVA 20 %",
        "Total a pagar",
        "€",
    ),
    "nl": (
        "Gereedschap Haven B.V.",
        "Factuur",
        "Factuurnummer",
        "Factuurdatum",
        "2 mei 2025",
        "Totaal excl. btw",
        "BTW 20%",
        "Totaal incl. btw",
        "€",
    ),
    "he": (
        'כלי הנמל בע"מ',
        "חשבונית מס",
        "מספר חשבונית",
        "תאריך",
        "2 במאי 2025",
        'סה"כ לפני מע"מ',
        'מע"מ 20%',
        'סה"כ לתשלום',
        "₪",
    ),
}
CURRENCY = {"£": "GBP", "€": "EUR", "₪": "ILS"}
SECTIONS = {"amounts", "kinds", "numbers", "dates", "parties", "detect"}


@pytest.mark.parametrize("language", INVOICES)
def test_an_invoice_in_each_language_is_read(language: str) -> None:
    vendor, heading, number, day, when, net, tax, total, sign = INVOICES[language]
    point = "." if language in {"en", "he"} else ","
    rows = [
        [number, "2025-0417"],
        [day, when],
        [net, f"{sign} 100{point}00"],
        [tax, f"{sign} 20{point}00"],
        [total, f"{sign} 120{point}00"],
    ]
    page = f"<html><body><p>{vendor}</p><h1>{heading}</h1>{table(rows)}</body></html>"
    (receipt,) = read_file(page.encode(), "invoice.html").receipts
    assert receipt.total.value == Decimal("120.00")
    assert receipt.currency.value == CURRENCY[sign]
    assert receipt.date.value == date(2025, 5, 2)
    assert receipt.number.value == "2025-0417"
    assert receipt.vendor.value == vendor
    assert receipt.net.value == Decimal("100.00")
    assert [t.amount for t in receipt.tax] == [Decimal("20.00")]
    odd = {"tax"} if language == "he" else set()  # Israel's VAT has never been 20 %
    assert {"total", "currency", "date", "tax"} & {f.field for f in receipt.flags} == odd


def test_every_language_file_has_every_section_and_twelve_months() -> None:
    files = sorted(labels.FOLDER.glob("*.toml"))
    assert {path.stem for path in files} == set(INVOICES)
    wanted = tomllib.loads((labels.FOLDER / "en.toml").read_text(encoding="utf-8"))["amounts"].keys()
    for path in files:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        assert len(data["months"]) == 12
        assert data.keys() >= SECTIONS
        assert data["amounts"].keys() >= wanted, path.name


def test_the_longest_phrase_wins() -> None:
    (hit,) = labels.find("Sub-total")
    assert hit.classes(frozenset({"en"})) == {"subtotal"}
    assert [h.classes(frozenset({"de"})) for h in labels.find("Rechnungssumme brutto")] == [{"grand"}]


def test_a_misread_word_is_mended_in_pictures_only() -> None:
    assert [set(h.classes(frozenset({"en"}))) for h in labels.find("T0TAL", loose=True)] == [{"total"}]
    assert [set(h.classes(frozenset({"en"}))) for h in labels.find("SUBTOTAI", loose=True)] == [{"subtotal"}]
    assert labels.find("SUBTOTAI") == ()
