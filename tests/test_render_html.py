"""HTML, plain text, mails and e-invoices as PDFs: what they say, where it stands, what is kept out."""

from __future__ import annotations

import contextlib
import itertools
import re
import subprocess
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import Tellable
from receipts.render import locate, page_count, to_pdf
from receipts.rendering import bidi, css
from tests.support.documents import mail, picture, tool


def text_of(pdf: bytes) -> str:
    """All text of a PDF as poppler reads it (logical order, also for Hebrew)."""
    done = subprocess.run([tool("pdftotext"), "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return re.sub("[\u202a-\u202e\u200e\u200f]", "", done.stdout.decode())


def words(pdf: bytes) -> dict[str, tuple[float, float, float, float]]:
    """Each word's box in points, origin top left (the last one where a word comes twice)."""
    done = subprocess.run([tool("pdftotext"), "-bbox", "-", "-"], input=pdf, capture_output=True, check=True)
    pattern = r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>'
    found = re.findall(pattern, done.stdout.decode())
    return {_logical(unescape(word)): tuple(map(float, box)) for *box, word in found}  # type: ignore[misc]


def _logical(word: str) -> str:
    """A word as it is read; poppler gives Hebrew here as it is drawn."""
    return word[::-1].translate(str.maketrans("()", ")(")) if re.search("[א-ת]", word) else word


def html(body: str, **named: object) -> bytes:
    """A PDF of an HTML page."""
    return to_pdf(body.encode(), "text/html; charset=utf-8", **named)  # type: ignore[arg-type]


def pixels(pdf: bytes, page: int = 0) -> pypdfium2.PdfBitmap:
    """A page at 72 dpi, so that a pixel is a point."""
    return pypdfium2.PdfDocument(pdf)[page].render().to_pil().convert("RGB")


def test_columns_of_nested_tables_stand_side_by_side() -> None:
    out = words(
        html(
            "<table width=600 align=center><tr><td><table width='100%'><tr><td>Espresso</td>"
            "<td align=right>3.50</td></tr><tr><td>Totalsum</td><td align=right>13.50</td></tr></table>"
            "</td></tr></table>"
        )
    )
    assert abs(out["Espresso"][1] - out["3.50"][1]) < 1
    assert abs(out["3.50"][2] - out["13.50"][2]) < 0.5  # right-aligned: the right edges agree
    assert out["3.50"][0] > out["Espresso"][2] + 200
    left, right = out["Espresso"][0], out["13.50"][2]
    assert abs((left + right) / 2 - 595.28 / 2) < 4  # the table is centred on the page
    assert abs((right - left) - 600 * 0.75) < 12


def test_bold_colour_links_and_grounds_are_kept() -> None:
    pdf = html(
        "<div style='background:#0b6656;padding:20px'><b style='color:#ff0000;font-size:40px'>Paid</b></div>"
        "<p><a href='https://shop.example/o/1'>Your order</a></p><a href='javascript:alert(1)'>bad</a>"
    )
    image = pixels(pdf)
    colors = {color for _, color in image.getcolors(1_000_000)}
    assert (11, 102, 86) in colors
    assert any(c[0] > 240 and c[1] < 30 for c in colors)
    assert b"https://shop.example/o/1" in pdf
    assert b"javascript" not in pdf


def test_fonts_are_embedded_and_cut_to_what_is_used() -> None:
    pdf = html("<p>Total <b>12.00</b> סה״כ</p>")
    listing = subprocess.run([tool("pdffonts"), "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    rows = listing.splitlines()[2:]
    assert len(rows) == 2
    assert all(re.search(r"\byes yes yes\b", row) for row in rows)  # embedded, subset, with a way back to Unicode
    assert len(pdf) < 30_000


def test_hebrew_reads_in_its_order_with_numbers_and_brackets_right() -> None:
    line = 'חשבונית מס/קבלה (מקור) מס׳ 1234 סה"כ לתשלום: 1,234.50 ₪ כולל Café'
    pdf = html(f"<div dir=rtl>{line}</div>")
    at = words(pdf)
    places = [at[word] for word in line.split()]
    assert all(box[2] <= before[0] for before, box in itertools.pairwise(places))  # each left of the last
    assert places[0][2] > 560  # from the right edge on
    assert {"חשבונית", "לתשלום", "1,234.50"} <= set(re.findall(r"[\w,.]+", text_of(pdf)))  # searchable


@pytest.mark.parametrize(
    ("logical", "drawn"),
    [
        ("abc", "abc"),
        ("שלום", "םולש"),
        ("שלום 123", "123 םולש"),
        ("(1987) בע״מ", "מ״עב (1987)"),
        ("50% הנחה", "החנה 50%"),
        ("טל: 03-1234567", "03-1234567 :לט"),
        ("מחיר: 12.50 ₪", "₪ 12.50 :ריחמ"),
    ],
)
def test_a_line_is_drawn_in_visual_order(logical: str, drawn: str) -> None:
    assert bidi.line(logical, rtl=max(logical) > "\u05d0") == drawn


def test_a_mail_shows_its_header_lines_and_its_own_pictures_and_fetches_none() -> None:
    page = (
        "<p>Thank you</p><img src='cid:logo@x' width=100><img src='https://tracker.example/p.gif' width=1 height=1>"
        "<img src='https://cdn.example/big.png' alt='Our logo'>"
    )
    pdf = to_pdf(mail(page, subject="קבלה 123", pictures={"logo@x": picture(size=(200, 100))}), "message/rfc822")
    text = text_of(pdf)
    for line in (
        "Café Alma <billing@alma.example>",
        "me@example.com",
        "2026-11-12 09:30 +0200",
        "Thank you",
        "Our logo",
    ):
        assert line in text
    assert {"קבלה", "123"} <= set(words(pdf))
    assert "plain words" not in text
    assert b"tracker" not in pdf
    assert any(c[0] > 240 and c[1] < 20 and c[2] < 20 for _, c in pixels(pdf).getcolors(1_000_000))  # the red picture


def test_the_same_document_gives_the_same_bytes() -> None:
    raw = mail("<p>Total <b>12.50</b></p><img src=cid:a>", pictures={"a": picture()})
    first = to_pdf(raw, "message/rfc822")
    time.sleep(1.1)  # a PDF's dates count in seconds
    assert to_pdf(raw, "message/rfc822") == first


def test_a_forwarded_mail_stands_below_under_its_own_header_lines() -> None:
    outer = EmailMessage()
    outer["From"] = "yoav@example.com"
    outer["Subject"] = "Fwd: receipt"
    outer.set_content("here it is")
    inner = message_from_bytes(
        mail("<p>Total 12.50</p><img src='cid:a'>", subject="Your order", pictures={"a": picture()}),
        policy=policy.default,
    )
    outer.add_attachment(inner)
    pdf = to_pdf(outer.as_bytes(), "message/rfc822")
    at = words(pdf)
    assert at["here"][1] < at["order"][1] < at["12.50"][1]
    assert "billing@alma.example" in text_of(pdf)
    assert any(c[0] > 240 and c[1] < 20 for _, c in pixels(pdf).getcolors(1_000_000))


def test_pictures_come_also_from_data_addresses_and_from_an_argument() -> None:
    import base64

    inline = base64.b64encode(picture(size=(60, 60), color=(0, 200, 0))).decode()
    pdf = html(
        f"<img src='data:image/png;base64,{inline}'><img src='cid:a'>", pictures={"a": picture(color=(0, 0, 255))}
    )
    colors = {c for _, c in pixels(pdf).getcolors(1_000_000)}
    assert (0, 200, 0) in colors
    assert (0, 0, 255) in colors
    broken = html("<p>Still here</p><img src='data:image/png;base64,iVBORw0KGgo='><img src='cid:none' alt='Picture'>")
    assert "Still here" in text_of(broken)
    assert "Picture" in text_of(broken)


def test_plain_text_keeps_its_columns_and_its_links() -> None:
    lines = (
        "Item        Price\r\nCoffee       3.50\r\nTotal       13.50\r\nhttps://shop.example/r/9.\r\n\r\nתודה רבה\r\n"
    )
    pdf = to_pdf(lines.encode(), "text/plain; charset=utf-8")
    at = words(pdf)
    assert abs(at["3.50"][2] - at["13.50"][2]) < 1
    assert abs(at["Item"][0] - at["Coffee"][0]) < 1
    assert b"(https://shop.example/r/9)" in pdf
    assert at["תודה"][2] > 500


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        ("סכום לתשלום 12.00 תודה רבה לכם".encode("cp1255"), "text/plain; charset=iso-8859-8-i"),
        ("סכום לתשלום 12.00 תודה רבה לכם".encode("cp1255"), "text/plain"),
        ("סכום לתשלום 12.00 תודה רבה לכם".encode("utf-16"), "text/plain"),
        ("<meta charset=windows-1255><p>סכום לתשלום 12.00 תודה רבה לכם".encode("cp1255"), "text/html"),
        ("סכום לתשלום 12.00 תודה רבה לכם".encode(), "text/plain; charset=us-ascii"),
        ("סכום לתשלום 12.00 תודה רבה לכם".encode(), "text/plain; charset=x-unknown"),
    ],
)
def test_charsets_as_declared_or_as_they_are(data: bytes, media_type: str) -> None:
    assert "סכום לתשלום" in text_of(to_pdf(data, media_type))


def test_style_sheets_hold_by_weight_and_only_for_a_wide_screen() -> None:
    pdf = html(
        "<style>p.x{color:#00ff00} p{color:#ff0000} #y{color:#0000ff!important}"
        "@media (max-width:480px){p{display:none}} @media print{.x{display:none}} .gone{display:none}"
        "</style><p class=x style='font-size:60px'>XXX<p id=y style='color:#123456;font-size:60px'>XXX"
        "<p class=gone>hidden"
    )
    colors = {c for _, c in pixels(pdf).getcolors(1_000_000)}
    assert (0, 255, 0) in colors
    assert (0, 0, 255) in colors
    assert (255, 0, 0) not in colors
    assert "hidden" not in text_of(pdf)


@pytest.mark.parametrize(
    "hidden",
    [
        "<div style='display:none'>secret</div>",
        "<div style='max-height:0;overflow:hidden'>secret</div>",
        "<span style='font-size:0'>secret</span>",
        "<span style='mso-hide:all'>secret</span>",
        "<p hidden>secret</p>",
        "<script>secret</script><style>secret{}</style><noscript>secret</noscript><template>secret</template>",
        "<!-- secret --><!--[if mso]>secret<![endif]-->",
        "<span style='opacity:0'>secret</span>",
    ],
)
def test_what_a_mail_hides_stays_hidden(hidden: str) -> None:
    assert "secret" not in text_of(html(f"<p>seen</p>{hidden}<p>end</p>"))


def test_a_long_mail_breaks_between_lines_never_within() -> None:
    rows = "".join(f"<tr><td>Item{n}</td><td align=right>{n}.00</td></tr>" for n in range(200))
    pdf = html(f"<table width=600>{rows}</table>")
    assert page_count(pdf, "application/pdf") > 3
    done = subprocess.run(
        [tool("pdftotext"), "-bbox", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()
    found = re.findall(r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">Item(\d+)<', done)
    assert sorted(int(n) for _, _, n in found) == list(range(200))
    assert all(float(top) > 20 and float(bottom) < 822 for top, bottom, _ in found)


def test_a_mail_wider_than_the_page_is_shrunk_to_fit() -> None:
    at = words(html("<table width=1100><tr><td>Left</td><td align=right>Right</td></tr></table>"))
    assert at["Left"][0] > 20
    assert at["Right"][2] < 575


def test_floats_flex_and_inline_blocks_stand_beside_one_another() -> None:
    for beside in (
        "<div style='float:left;width:45%'>One</div><div style='float:right;width:45%'>Two</div>",
        "<div style='display:flex;justify-content:space-between'><span>One</span><span>Two</span></div>",
        "<div style='display:inline-block;width:49%'>One</div><div style='display:inline-block;width:49%'>Two</div>",
        "<table align=left width=200><tr><td>One</table><table align=left width=200><tr><td>Two</table>",
    ):
        at = words(html(beside))
        assert abs(at["One"][1] - at["Two"][1]) < 1.5, beside
        assert at["Two"][0] > at["One"][2] + 50, beside


def test_lists_spans_and_headings_keep_their_shape() -> None:
    pdf = html(
        "<h1>Heading</h1><ul><li>Alpha<li>Beta</ul><ol start=3><li>Gamma</ol>"
        "<table border=1><tr><td rowspan=2>Tall</td><td>Upper</td></tr><tr><td>Lower</td></tr>"
        "<tr><td colspan=2>Wide</td></tr></table>"
    )
    at = words(pdf)
    assert at["Heading"][3] - at["Heading"][1] > 1.5 * (at["Alpha"][3] - at["Alpha"][1])
    assert "3." in text_of(pdf)
    assert at["Upper"][0] == pytest.approx(at["Lower"][0], abs=0.6)
    assert at["Upper"][1] < at["Tall"][1] < at["Lower"][1]


# --- e-invoices ---------------------------------------------------------------------------------------------------

UBL = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>R-2026-77</cbc:ID><cbc:IssueDate>2026-10-05</cbc:IssueDate><cbc:DueDate>2026-11-04</cbc:DueDate>
<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty><cac:Party><cac:PostalAddress><cbc:CityName>Lindau</cbc:CityName></cac:PostalAddress>
<cac:PartyTaxScheme><cbc:CompanyID>DE123456789</cbc:CompanyID></cac:PartyTaxScheme>
<cac:PartyLegalEntity><cbc:RegistrationName>Nordlicht Papier GmbH</cbc:RegistrationName></cac:PartyLegalEntity>
</cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party><cac:PartyName><cbc:Name>Kedem Studio</cbc:Name></cac:PartyName></cac:Party>
</cac:AccountingCustomerParty>
<cac:TaxTotal><cbc:TaxAmount>228.00</cbc:TaxAmount><cac:TaxSubtotal><cbc:TaxableAmount>1200.00</cbc:TaxableAmount>
<cbc:TaxAmount>228.00</cbc:TaxAmount><cac:TaxCategory><cbc:Percent>19</cbc:Percent></cac:TaxCategory>
</cac:TaxSubtotal></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount>1200.00</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount>1428.00</cbc:TaxInclusiveAmount><cbc:PayableAmount>1428.00</cbc:PayableAmount>
</cac:LegalMonetaryTotal>
<cac:InvoiceLine><cbc:InvoicedQuantity unitCode="H87">12</cbc:InvoicedQuantity>
<cbc:LineExtensionAmount>1200.00</cbc:LineExtensionAmount><cac:Item><cbc:Name>Paper A3</cbc:Name></cac:Item>
<cac:Price><cbc:PriceAmount>100</cbc:PriceAmount></cac:Price></cac:InvoiceLine></Invoice>"""

CII = """<rsm:CrossIndustryInvoice xmlns:rsm="urn:r" xmlns:ram="urn:a" xmlns:udt="urn:u">
<rsm:ExchangedDocument><ram:ID>C-9</ram:ID><ram:TypeCode>381</ram:TypeCode><ram:IssueDateTime>
<udt:DateTimeString format="102">20261005</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeAgreement>
<ram:SellerTradeParty><ram:Name>Seller AG</ram:Name>
</ram:SellerTradeParty><ram:BuyerTradeParty><ram:Name>Buyer Ltd</ram:Name></ram:BuyerTradeParty>
</ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeSettlement>
<ram:InvoiceCurrencyCode>CHF</ram:InvoiceCurrencyCode>
<ram:ApplicableTradeTax><ram:CalculatedAmount>8.10</ram:CalculatedAmount><ram:BasisAmount>100.00</ram:BasisAmount>
<ram:RateApplicablePercent>8.1</ram:RateApplicablePercent></ram:ApplicableTradeTax>
<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:TaxBasisTotalAmount>100.00</ram:TaxBasisTotalAmount>
<ram:TaxTotalAmount>8.10</ram:TaxTotalAmount><ram:GrandTotalAmount>108.10</ram:GrandTotalAmount>
</ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement>
</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"""


def test_a_ubl_invoice_is_a_page_with_parties_lines_and_totals() -> None:
    text = text_of(to_pdf(UBL.encode(), "application/xml"))
    for said in ("Invoice", "R-2026-77", "2026-10-05", "2026-11-04", "Nordlicht Papier GmbH", "VAT DE123456789"):
        assert said in text
    for said in ("Lindau", "Kedem Studio", "Paper A3", "12 pcs", "Tax 19 % on 1,200.00", "228.00", "1,428.00 EUR"):
        assert said in text


def test_a_cii_credit_note_is_a_page_too() -> None:
    text = text_of(to_pdf(CII.encode(), "text/xml"))
    for said in ("Credit note", "C-9", "2026-10-05", "Seller AG", "Buyer Ltd", "Tax 8.1 % on 100.00", "108.10 CHF"):
        assert said in text


def test_other_xml_is_shown_as_text_and_entities_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("top secret")
    data = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><a><b>hello</b>&x;</a>'
    text = text_of(to_pdf(data.encode(), "application/xml"))
    assert "hello" in text
    assert "top secret" not in text


# --- hostile pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: "<div>" * 20_000 + "deep" + "</div>" * 20_000,
        lambda: "<table><tr><td>" * 300 + "deep",
        lambda: "<b>" * 3000 + "deep",
        lambda: "<p>deep " + "x" * 1_000_000,
        lambda: "<table>" + "<tr>" + "<td>deep" * 3000,
        lambda: "<table><tr><td colspan=99999999 rowspan=99999999 width=99999999>deep</table>",
        lambda: "<p style='font-size:99999px;padding:99999999px;margin:-99999px;width:1e30px'>deep",
        lambda: "<style>" + "a{color:red}" * 20_000 + "</style>deep",
        lambda: "<div style='width:100%;float:left'>" * 150 + "deep",
        lambda: "deep" + "<hr>" * 20_000,
        lambda: "deep" + "א" * 30_000,
        lambda: "deep<table height=100000000><tr height=1e9><td>x",
    ],
)
def test_hostile_pages_end_in_a_pdf_in_bounded_time(make: Callable[[], str]) -> None:
    start = time.process_time()
    pdf = html(make())
    assert time.process_time() - start < 20
    assert page_count(pdf, "application/pdf") <= 200
    assert "deep" in text_of(pdf) or len(pdf) > 500


_JUMBLE = [
    "<table>",
    "</table>",
    "<tr>",
    "<td colspan=3>",
    "<td width=50%>",
    "</td>",
    "<div style='float:right'>",
    "</div>",
    "<p>",
    "text words",
    "שלום 12",
    "<img src=x alt=y>",
    "<br>",
    "<span style='padding:4px;background:red'>",
    "</span>",
    "<div style='display:flex'>",
    "<li>",
    "<ul>",
    "<b>",
    "</b>",
    "<a href='http://x'>",
    "</a>",
    "<div dir=rtl>",
    "\u200f(",
    "<td rowspan=4>",
    "<center>",
    "<h2>",
    "<pre>",
    "\n",
    "&nbsp;",
    "<hr>",
    "<div style='display:inline-block;width:30%'>",
    "<table width=100% style='border-collapse:collapse'>",
    "<button>x",
    "<div style='display:table-cell'>",
    "<caption>",
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(_JUMBLE), max_size=40))
def test_any_jumble_of_tags_becomes_a_pdf(parts: list[str]) -> None:
    assert html("".join(parts)).startswith(b"%PDF-")


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_style_attribute_is_read_without_error(text: str) -> None:
    css.inline(text)
    css.rules(text)


@given(st.binary(max_size=400), st.sampled_from(["text/html", "text/plain", "message/rfc822"]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_of_a_text_kind_become_a_pdf(data: bytes, media_type: str) -> None:
    with contextlib.suppress(Tellable):
        assert to_pdf(data, media_type).startswith((b"%PDF-", data))


# --- finding a quote ----------------------------------------------------------------------------------------------


def test_a_quoted_line_is_found_where_it_stands() -> None:
    pdf = html(
        "<p>Your order</p><table width=600><tr><td>Subtotal</td><td align=right>$10.00</td></tr>"
        "<tr><td>Order total</td><td align=right>$12.50</td></tr></table>"
    )
    at = words(pdf)
    box = locate(pdf, "Order total  $12.50")[0]
    assert box.page == 0
    assert box.x0 * 595.28 == pytest.approx(at["Order"][0], abs=3)
    assert box.x1 * 595.28 == pytest.approx(at["$12.50"][2], abs=3)
    assert box.y0 * 841.89 < (at["$12.50"][1] + at["$12.50"][3]) / 2 < box.y1 * 841.89


def test_a_hebrew_quote_is_found() -> None:
    pdf = html('<div dir=rtl><p>שורה אחרת</p><p>סה"כ לתשלום: 1,234.50 ₪</p></div>')
    box = locate(pdf, 'סה"כ לתשלום: 1,234.50 ₪')[0]
    at = words(pdf)
    assert box.x1 * 595.28 > at["לתשלום:"][2]
    assert box.x0 * 595.28 < at["לתשלום:"][0]


def test_a_quote_that_was_wrapped_is_found_over_its_lines() -> None:
    said = "Your invoice number 2026-011884 of the 12th of January 2026 has been paid in full by card, thank you"
    pdf = html(f"<p>Other words stand here.</p><div style='width:260px'>{said}</div><p>12 other words</p>")
    box = locate(pdf, said)[0]
    at = words(pdf)
    assert box.y0 * 841.89 < at["invoice"][3]
    assert box.y1 * 841.89 > at["card,"][1]


def test_what_stands_nowhere_is_not_found() -> None:
    pdf = html("<p>Order total 12.50</p>")
    assert locate(pdf, "Amount due 99.00") == []
    assert locate(pdf, "") == []
    assert locate(pdf, " — ") == []
