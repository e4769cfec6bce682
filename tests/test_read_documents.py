"""PDF, HTML and e-invoices as documents: columns, turned pages, Hebrew in every order, evidence and exact figures."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import pytest
from bidi import get_display
from fpdf import FPDF
from PIL import Image

from cli.read import as_json
from receipts.documents import einvoice, html, image
from receipts.documents.pdf import Pdf, PdfError
from receipts.reader import read_file
from receipts.types import Kind, Outcome
from tests.support.papers import FONTS, pdf

LINES = [
    [(20, "Harbour Tools Ltd"), (120, "Invoice No: HT-2031")],
    [(20, "Bill to"), (120, "Date: 2 May 2025")],
    "Someone Else GmbH",
    [(20, "Spanner"), (160, "£100.00")],
    [(20, "VAT 20%"), (160, "£20.00")],
    [(20, "Total"), (160, "£120.00")],
]
UBL = """<?xml version="1.0" encoding="UTF-8"?>
<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>R-77</cbc:ID><cbc:IssueDate>2025-05-02</cbc:IssueDate>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty><cac:Party><cac:PartyLegalEntity><cbc:RegistrationName>Muster AG</cbc:RegistrationName>
</cac:PartyLegalEntity></cac:Party></cac:AccountingSupplierParty>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">19.00</cbc:TaxAmount><cac:TaxSubtotal>
<cbc:TaxableAmount currencyID="EUR">100.00</cbc:TaxableAmount><cbc:TaxAmount currencyID="EUR">19.00</cbc:TaxAmount>
<cac:TaxCategory><cbc:Percent>19</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount currencyID="EUR">100.00</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount currencyID="EUR">{total}</cbc:TaxInclusiveAmount>
<cbc:PayableAmount currencyID="EUR">69.00</cbc:PayableAmount></cac:LegalMonetaryTotal>
</{root}>"""


def ubl(root: str = "Invoice", total: str = "119.00") -> bytes:
    return UBL.format(root=root, total=total).encode()


def test_the_columns_of_a_pdf_stay_columns() -> None:
    with Pdf(pdf(LINES)) as paper:
        text = paper.text()
    assert [s.text for s in text.lines[0].segments] == ["Harbour Tools Ltd", "Invoice No: HT-2031"]
    assert text.sizes == ((pytest.approx(595.28, abs=1), pytest.approx(841.89, abs=1)),)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_turned_page_reads_the_same_and_shows_where(rotate: int) -> None:
    (receipt,) = read_file(pdf(LINES, rotate=rotate), "i.pdf").receipts
    assert (receipt.total.value, receipt.number.value) == (Decimal("120.00"), "HT-2031")
    assert receipt.vendor.value == "Harbour Tools Ltd"
    box = receipt.total.box
    assert box is not None
    assert 0 <= box.x0 < box.x1 <= 1
    assert 0 <= box.y0 < box.y1 <= 1
    if rotate == 0:
        assert (round(box.x0, 1), round(box.y0, 1)) == (0.8, 0.2)
    assert receipt.total.quote == "Total  £120.00"


def hebrew(drawn: list[str]) -> bytes:
    paper = FPDF()
    paper.add_page()
    paper.add_font("Arimo", fname=FONTS / "Arimo-Regular.ttf")
    paper.set_font("Arimo", size=12)
    for number, line in enumerate(drawn):
        paper.text(60, 20 + 8 * number, line)
    return bytes(paper.output())


HEBREW = [
    'מכון אורים בע"מ',
    "ח.פ. 514302777",
    "חשבונית מס/קבלה מס' 20418",
    "תאריך: 12/03/2026",
    'סה"כ לפני מע"מ 100.00',
    'מע"מ 18% 18.00',
    'סה"כ לתשלום 118.00 ₪',
]


@pytest.mark.parametrize("order", ["as seen", "as read"])
def test_hebrew_is_read_in_whichever_order_a_file_holds_it(order: str) -> None:
    lines = [str(get_display(line)) for line in HEBREW] if order == "as seen" else HEBREW
    (receipt,) = read_file(hebrew(lines), "x.pdf").receipts
    assert (receipt.total.value, receipt.currency.value) == (Decimal("118.00"), "ILS")
    assert receipt.kind.value is Kind.INVOICE_RECEIPT
    assert receipt.vendor_tax_id.value == "514302777"
    if order == "as seen":
        assert receipt.number.value == "20418"
        assert receipt.vendor.value == 'מכון אורים בע"מ'
        assert str(receipt.date.value) == "2026-03-12"


def test_an_html_table_keeps_its_columns_and_hides_what_is_hidden() -> None:
    text = html.read(
        "<table><tr><td>Date<br>Jan 22, 2025</td><td><table><tr><td>Order ID</td></tr><tr><td>MT8</td></tr></table>"
        '</table><div style="display:none">Total 1.00</div><p>a<b>b</b></p><script>x</script>'
    )
    assert [[s.text for s in line.segments] for line in text.lines] == [
        ["Date", "Order ID"],
        ["Jan 22, 2025", "MT8"],
        ["ab"],
    ]


def test_a_page_of_a_hundred_thousand_nested_tables_ends() -> None:
    assert html.read("<table><tr><td>" * 100_000 + "Total 5.00").lines is not None


def test_the_einvoice_within_a_pdf_has_the_last_word() -> None:
    paper = FPDF()
    paper.add_page()
    paper.set_font("Helvetica")
    for number, line in enumerate(
        ["Harbour Tools Ltd", "Invoice No: HT-2031", "2 May 2025", "VAT 20% 20.00 EUR", "Total 120.00 EUR"]
    ):
        paper.text(20, 20 + 8 * number, line)
    paper.embed_file(bytes=ubl(), basename="factur-x.xml")
    data = bytes(paper.output())
    (exact,) = read_file(data, "x.pdf").receipts
    assert (exact.total.value, exact.payable.value, exact.vendor.value) == (
        Decimal("119.00"),
        Decimal("69.00"),
        "Muster AG",
    )
    assert exact.source == "einvoice"
    assert exact.flags == ()
    (printed,) = read_file(data, "x.pdf", ignore_xml=True).receipts
    assert printed.total.value == Decimal("120.00")


def test_a_credit_note_is_negative_inside_and_as_printed_outside() -> None:
    reading = read_file(ubl("CreditNote"), "c.xml")
    (receipt,) = reading.receipts
    assert (receipt.kind.value, receipt.total.value) == (Kind.CREDIT_NOTE, Decimal("-119.00"))
    told = as_json("c.xml", reading)["receipts"][0]
    assert (told["total"], told["tax"][0]["amount"], told["kind"]) == ("119.00", "19.00", "credit_note")


def test_an_einvoice_whose_sums_do_not_hold_is_flagged() -> None:
    (receipt,) = read_file(ubl(total="200.00"), "i.xml").receipts
    assert [(f.field, f.code) for f in receipt.flags] == [("total", "total_mismatch")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<Invoice", "xml_broken"),
        (
            b'<!DOCTYPE Invoice [<!ENTITY e SYSTEM "file:///etc/passwd">]><Invoice><ID>&e;</ID></Invoice>',
            "xml_entities",
        ),
        (b'<?xml version="1.0"?><feed/>', "xml_unknown"),
    ],
)
def test_xml_that_is_broken_hostile_or_strange_is_refused_with_a_code(data: bytes, code: str) -> None:
    with pytest.raises(einvoice.XmlRefused) as refused:
        einvoice.parse(data)
    assert refused.value.code == code
    assert read_file(data, "i.xml").receipts == ()


def test_a_billion_laughs_do_not_grow() -> None:
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "ha"}">' for i in range(12))
    data = f"<!DOCTYPE Invoice [{entities}]><Invoice><ID>&a11;</ID></Invoice>".encode()
    assert read_file(data, "i.xml").outcome in {Outcome.NOT_RECEIPT, Outcome.FAILED}


def test_a_broken_pdf_is_told_by_its_code() -> None:
    with pytest.raises(PdfError) as refused:
        Pdf(b"%PDF-1.7 nothing follows")
    assert refused.value.code == "pdf_broken"


def test_a_phones_heic_photo_and_a_scan_of_two_pages_are_opened() -> None:
    photo = (Path(__file__).parent / "data" / "photo.heic").read_bytes()
    assert [p.mode for p in image.frames(photo)] == ["RGB"]
    scan = io.BytesIO()
    pages = [Image.new("L", (300, 400), 255) for _ in range(2)]
    pages[0].save(scan, "TIFF", save_all=True, append_images=pages[1:])
    assert [p.size for p in image.frames(scan.getvalue())] == [(300, 400), (300, 400)]
