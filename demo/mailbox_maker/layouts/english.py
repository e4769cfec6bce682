"""Invoices in English: a card processor's, a cloud's, a consultant's, an advertiser's, a hotel's folio, a shop's."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from demo.mailbox_maker.formats import day, number, quantity
from demo.mailbox_maker.paper import GREY, Sheet
from demo.mailbox_maker.sale import Sale

SIGNS = {"USD": "$", "GBP": "£", "EUR": "€", "ILS": "₪"}
WHITE = (255, 255, 255)


def sign(amount: Decimal, currency: str) -> str:
    """$1,234.56, with the minus before the sign."""
    return ("-" if amount < 0 else "") + SIGNS[currency] + number(abs(amount), "en")


def card_invoice(sale: Sale) -> bytes:
    """What software houses send: black on white, the amount due as a sentence, sums at the right."""
    page = Sheet("Heebo", sale.date, size=(215.9, 279.4), producer="Skia/PDF m138", title=sale.word("title"))
    page.text(18, 26, sale.word("title"), 20, bold=True)
    page.text(198, 26, sale.vendor.split(",")[0], 14, bold=True, align="r", colour=(130, 132, 140))
    labels = [
        (sale.word("number_label", "Invoice number"), sale.number),
        *(tuple(r.split("|", 1)) for r in sale.rows("facts")),
    ]
    y = 37.0
    for label, value in labels:
        page.text(18, y, label, 9, bold=True)
        page.text(56, y, value, 9)
        y += 5
    y += 8
    page.block(18, y, [sale.vendor, *sale.rows("about")], 9, lead=4.8, bold_first=True)
    page.text(110, y, "Bill to", 9, bold=True)
    page.block(110, y + 4.8, sale.rows("customer"), 9, lead=4.8)
    y += 42
    page.text(18, y, sale.word("headline"), 15, bold=True)
    if sale.word("link"):
        page.text(18, y + 8, sale.word("link"), 9, bold=True, colour=(99, 91, 255))
    y += 22
    for x, head, side in ((18, "Description", "l"), (132, "Qty", "r"), (164, "Unit price", "r"), (198, "Amount", "r")):
        page.text(x, y, head, 8, align=side, colour=GREY)
    page.line(18, y + 2.4, 198, y + 2.4, 0.2)
    y += 9
    for line in sale.lines:
        page.text(18, y, line.text, 9)
        page.text(132, y, quantity(line.quantity, "en"), 9, align="r")
        page.text(164, y, sign(line.price, sale.currency), 9, align="r")
        page.text(198, y, sign(line.amount, sale.currency), 9, align="r")
        if line.detail:
            y += 4.6
            page.text(18, y, line.detail, 8, colour=GREY)
        y += 9
    y += 2
    rows = [("Subtotal", sign(sale.line_sum, sale.currency), False)]
    if sale.discount:
        rows.append((sale.word("discount_label", "Discount"), sign(-sale.discount, sale.currency), False))
    for tax in sale.taxes:
        if tax.rate:
            base = sign(tax.base, sale.currency)
            rows.append(
                (
                    f"{sale.word('tax_label', 'Sales tax')} ({quantity(tax.rate, 'en')}% on {base})",
                    sign(tax.amount, sale.currency),
                    False,
                )
            )
    rows.append(("Total", sign(sale.total, sale.currency), False))
    if sale.paid:
        rows.append(("Amount paid", sign(sale.total, sale.currency), True))
    else:
        rows.append(("Amount due", f"{sign(sale.due_now, sale.currency)} {sale.currency}", True))
    for label, amount, strong in rows:
        page.line(108, y - 4.4, 198, y - 4.4, 0.1, (220, 220, 224))
        page.text(108, y, label, 9, bold=strong)
        page.text(198, y, amount, 9, bold=strong, align="r")
        y += 7
    y += 12
    for row in sale.rows("payment"):
        page.text(18, y, row, 9)
        y += 5.2
    page.text(18, 268, sale.word("footer"), 7.5, colour=GREY)
    page.text(198, 268, "Page 1 of 1", 7.5, colour=GREY, align="r")
    return page.finished()


def cloud_statement(sale: Sale) -> bytes:
    """A cloud's monthly invoice: a grey summary box first, services in an indented list below."""
    page = Sheet("Rubik", sale.date, producer="Apache FOP Version 2.9", title="Invoice")
    orange = (222, 110, 30)
    page.text(16, 22, sale.word("brand"), 20, bold=True, colour=orange)
    page.block(194, 16, sale.rows("about"), 8, lead=4, align="r", colour=GREY)
    page.text(16, 44, "Account number:", 9)
    page.text(16, 49, sale.word("account"), 9, bold=True)
    page.text(16, 58, "Bill to Address:", 9)
    page.block(16, 63, sale.rows("customer"), 9, lead=4.6)
    page.box(96, 38, 98, 44, fill=(243, 243, 243), edge=None)
    page.text(100, 45, "Invoice Summary", 11, bold=True)
    facts = [
        ("Invoice Number:", sale.number),
        ("Invoice Date:", day(sale.date, "%B %d , %Y")),
        ("Billing period:", sale.word("period")),
    ]
    y = 53.0
    for label, value in facts:
        page.text(100, y, label, 9)
        page.text(190, y, value, 9, align="r")
        y += 6
    page.line(100, y - 2, 190, y - 2, 0.3, orange)
    page.text(100, y + 5, f"TOTAL AMOUNT DUE ON {day(sale.due or sale.date, '%B %d , %Y')}", 8.5, bold=True)
    page.text(190, y + 5, sign(sale.total, sale.currency), 10.5, bold=True, align="r")
    page.wrapped(16, 96, sale.word("note"), 178, 8.5, colour=GREY)
    page.text(16, 114, "Summary", 12, bold=True, colour=orange)
    page.line(16, 116, 194, 116, 0.4, orange)
    y = 124.0
    for label, amount in (
        ("Service charges", sale.net),
        ("Charges", sale.line_sum),
        ("Credits", -sale.discount),
        (sale.word("tax_label", "VAT") + " **", sale.tax),
        ("Total for this invoice", sale.total),
    ):
        indent = 22 if label in ("Charges", "Credits") else 18
        page.text(indent, y, label, 9, bold=label.startswith("Total"))
        page.text(192, y, sign(amount, sale.currency), 9, align="r", bold=label.startswith("Total"))
        y += 6.4
    y += 8
    page.text(16, y, "Detail", 12, bold=True, colour=orange)
    page.line(16, y + 2, 194, y + 2, 0.4, orange)
    y += 10
    for line in sale.lines:
        page.text(18, y, line.text, 9.5, bold=True)
        page.text(192, y, sign(line.amount, sale.currency), 9.5, align="r")
        y += 5.4
        page.text(24, y, line.detail or "Usage charges", 8.5, colour=GREY)
        page.text(192, y, sign(line.amount, sale.currency), 8.5, align="r", colour=GREY)
        y += 8
    page.text(16, 280, sale.word("footer"), 7, colour=GREY)
    page.text(
        16,
        284,
        "** " + sale.word("tax_note", "This is not a VAT invoice unless a VAT number is stated."),
        7,
        colour=GREY,
    )
    return page.finished()


def consulting_bar(sale: Sale) -> bytes:
    """A dark bar down the left side with who and where; hours and sums at the right."""
    dark = (34, 52, 64)
    page = Sheet("Assistant", sale.date, producer="Canva")
    page.box(0, 0, 64, 297, fill=dark, edge=None)
    page.text(10, 30, sale.word("initials"), 34, bold=True, colour=(240, 196, 110))
    y = page.block(10, 48, [sale.vendor, *sale.rows("about")], 9, lead=5, colour=WHITE, bold_first=True)
    page.text(10, y + 14, "BILLED TO", 7.5, colour=(240, 196, 110), spacing=0.6)
    y = page.block(10, y + 20, sale.rows("customer"), 9, lead=5, colour=WHITE)
    page.text(10, y + 14, "PAYMENT", 7.5, colour=(240, 196, 110), spacing=0.6)
    page.block(10, y + 20, sale.rows("payment"), 8.5, lead=4.8, colour=WHITE)
    page.text(76, 32, sale.word("title", "Invoice"), 30, bold=True, colour=dark)
    page.text(76, 42, f"No. {sale.number}", 11)
    page.text(198, 32, day(sale.date, sale.word("date_form", "%d %B %Y")), 10, align="r")
    if sale.due:
        page.text(198, 38, f"Due {day(sale.due, sale.word('date_form', '%d %B %Y'))}", 10, align="r", colour=GREY)
    y = 66.0
    for line in sale.lines:
        page.text(76, y, line.text, 10.5, bold=True)
        page.text(76, y + 5, line.detail, 9, colour=GREY)
        page.text(160, y, f"{quantity(line.quantity, 'en')} × {number(line.price, 'en')}", 9.5, align="r", colour=GREY)
        page.text(198, y, number(line.amount, "en"), 10.5, align="r")
        y += 15
        page.line(76, y - 7, 198, y - 7, 0.15, (208, 210, 214))
    y += 4
    rows = [("Net", sale.net), *((f"VAT @ {quantity(t.rate, 'en')}%", t.amount) for t in sale.taxes)]
    if sale.discount:
        rows = [("Lines", sale.line_sum), (sale.word("discount_label", "Discount"), -sale.discount), *rows]
    for label, amount in rows:
        page.text(150, y, label, 10, align="r", colour=GREY)
        page.text(198, y, number(amount, "en"), 10, align="r")
        y += 6.6
    page.box(112, y - 1, 88, 15, fill=(240, 196, 110), edge=None)
    page.text(116, y + 8.4, sale.word("total_label", "Total payable"), 11, bold=True, colour=dark)
    page.text(198, y + 8.8, sign(sale.total, sale.currency), 15, bold=True, align="r", colour=dark)
    page.wrapped(76, y + 32, sale.word("note"), 120, 9, colour=GREY)
    return page.finished()


def ads_receipt(sale: Sale) -> bytes:
    """An advertising platform's payment receipt: label over value in two columns, the amount large."""
    page = Sheet("Heebo", sale.date, size=(215.9, 279.4), producer="wkhtmltopdf 0.12.6")
    blue = (24, 100, 220)
    page.circle(24, 24, 6, blue)
    page.text(34, 26.4, sale.word("brand"), 16, bold=True)
    page.text(198, 26.4, f"Receipt for {sale.word('account_name')}", 12, align="r")
    page.text(198, 32, f"Account ID: {sale.word('account')}", 9, align="r", colour=GREY)
    page.line(18, 40, 198, 40, 0.2, (200, 204, 210))
    left = [
        (sale.word("date_label", "Invoice/Payment Date"), sale.word("moment")),
        ("Payment Method", sale.word("method")),
        ("Reference Number", sale.word("reference")),
        ("Transaction ID", sale.number),
        ("Product Type", sale.word("product")),
    ]
    y = 52.0
    for label, value in left:
        page.text(18, y, label, 8.5, colour=GREY)
        page.text(18, y + 5.2, value, 10.5)
        y += 15
    page.text(198, 54, "Paid", 11, align="r", colour=(20, 130, 70), bold=True)
    page.text(198, 66, f"{sign(sale.total, sale.currency)} {sale.currency}", 24, bold=True, align="r")
    page.text(198, 73, sale.word("reason"), 9, align="r", colour=GREY)
    page.text(18, y + 8, "Campaigns", 12, bold=True)
    y += 12
    for line in sale.lines:
        y += 8
        page.text(18, y, line.text, 9.5)
        page.text(130, y, line.detail, 8.5, colour=GREY, align="r")
        page.text(198, y, sign(line.amount, sale.currency), 9.5, align="r")
        page.line(18, y + 2.6, 198, y + 2.6, 0.1, (222, 224, 228))
    y += 12
    for tax in sale.taxes:
        base, amount = sign(tax.base, sale.currency), sign(tax.amount, sale.currency)
        page.text(
            198,
            y,
            f"Subtotal: {base}   VAT rate: {quantity(tax.rate, 'en')}%   VAT amount: {amount}",
            9,
            align="r",
            colour=GREY,
        )
        y += 6
    page.block(18, 250, [sale.vendor, *sale.rows("about")], 8.5, lead=4.2, colour=GREY)
    return page.finished()


def hotel_folio(sale: Sale) -> bytes:
    """A hotel's account: a night a line with its date, charges and credits, the balance nil, page two for the tax."""
    page = Sheet("FrankRuhlLibre", sale.date, producer="InnKeeper PMS 8", title="Guest Folio")
    navy = (30, 44, 84)
    page.text(105, 26, sale.vendor, 21, bold=True, align="c", colour=navy)
    page.text(105, 32, "  ·  ".join(sale.rows("about")), 9, align="c", colour=GREY)
    page.line(60, 36, 150, 36, 0.3, navy)
    page.block(20, 50, sale.rows("customer"), 10, lead=5)
    facts = [
        *(tuple(r.split("|", 1)) for r in sale.rows("facts")),
        (sale.word("number_label", "Folio No."), sale.number),
        ("Date", day(sale.date, "%d-%b-%y")),
    ]
    y = 50.0
    for label, value in facts:
        page.text(130, y, label, 9.5, colour=GREY)
        page.text(190, y, value, 9.5, align="r")
        y += 5
    page.text(20, 84, sale.word("title", "GUEST FOLIO"), 14, bold=True, colour=navy)
    y = 96.0
    for x, head, side in ((20, "Date", "l"), (48, "Description", "l"), (160, "Charges", "r"), (190, "Credits", "r")):
        page.text(x, y, head, 10, bold=True, align=side)
    page.line(20, y + 2, 190, y + 2, 0.4, navy)
    for line in sale.lines:
        y += 7.6
        page.text(20, y, line.detail, 10)
        page.text(48, y, line.text, 10)
        page.text(160, y, number(line.amount, "en"), 10, align="r")
    y += 7.6
    page.text(20, y, day(sale.date, "%d-%b"), 10)
    page.text(48, y, sale.word("method"), 10)
    page.text(190, y, number(sale.total, "en"), 10, align="r")
    page.line(20, y + 3, 190, y + 3, 0.4, navy)
    y += 10
    page.text(48, y, "Totals", 10.5, bold=True)
    page.text(160, y, number(sale.total, "en"), 10.5, bold=True, align="r")
    page.text(190, y, number(sale.total, "en"), 10.5, bold=True, align="r")
    y += 8
    page.text(48, y, "Balance", 10.5, bold=True)
    page.text(190, y, f"0.00 {sale.currency}", 10.5, bold=True, align="r")
    page.text(105, 285, "Page 1 of 2", 8, align="c", colour=GREY)
    page.page()
    page.text(20, 30, f"Folio {sale.number}: VAT summary", 12, bold=True, colour=navy)
    y = 42.0
    for x, head in ((60, "Rate"), (100, "Net"), (140, "VAT"), (190, "Gross")):
        page.text(x, y, head, 10, bold=True, align="r")
    for row in sale.taxes:
        y += 7
        for x, cell in (
            (60, f"{quantity(row.rate, 'en')}%"),
            (100, number(row.base, "en")),
            (140, number(row.amount, "en")),
            (190, number(row.base + row.amount, "en")),
        ):
            page.text(x, y, cell, 10, align="r")
    page.wrapped(20, y + 16, sale.word("note"), 170, 9, colour=GREY)
    page.text(105, 285, "Page 2 of 2", 8, align="c", colour=GREY)
    return page.finished()


def shop_invoice(sale: Sale) -> bytes:
    """A British trade counter's VAT invoice: ruled columns with the VAT code, boxes along the foot."""
    page = Sheet("Cousine", sale.date, producer="Tradebook 2019")
    page.text(14, 20, sale.vendor.upper(), 15, bold=True)
    page.block(14, 26, sale.rows("about"), 8.5, lead=4.2)
    page.box(128, 12, 70, 30)
    for i, (label, value) in enumerate(
        (
            ("VAT INVOICE", ""),
            ("Invoice No", sale.number),
            ("Date/Tax Point", day(sale.date, "%d/%m/%Y")),
            ("Account", sale.word("account")),
            ("Order No", sale.word("reference")),
        )
    ):
        page.text(131, 17.5 + i * 5.4, label, 9, bold=not i)
        page.text(195, 17.5 + i * 5.4, value, 9, align="r")
    page.block(14, 54, sale.rows("customer"), 9.5, lead=4.6)
    page.box(14, 80, 184, 110)
    page.line(14, 87, 198, 87)
    edges = (14, 32, 110, 126, 150, 174, 184, 198)
    for x in edges[1:-1]:
        page.line(x, 80, x, 190, 0.15)
    for x, head, side in (
        (16, "Code", "l"),
        (34, "Description", "l"),
        (124, "Qty", "r"),
        (148, "Price", "r"),
        (172, "Goods", "r"),
        (179, "V", "c"),
        (197, "VAT", "r"),
    ):
        page.text(x, 84.8, head, 8.5, bold=True, align=side)
    y = 93.0
    for i, line in enumerate(sale.lines):
        rate = line.rate or Decimal(0)
        vat = (line.amount * rate / 100).quantize(Decimal("0.01"))
        for x, cell, side in (
            (16, f"{4107 + 331 * i}", "l"),
            (34, line.text, "l"),
            (124, quantity(line.quantity, "en"), "r"),
            (148, number(line.price, "en"), "r"),
            (172, number(line.amount, "en"), "r"),
            (179, "S" if rate else "Z", "c"),
            (197, number(vat, "en"), "r"),
        ):
            page.text(x, y, cell, 8.5, align=side)
        y += 6
    page.text(16, 187, "V: S = 20.00%  Z = 0.00%", 7.5, colour=GREY)
    boxes = (("Goods total", sale.net), ("VAT total", sale.tax), ("INVOICE TOTAL GBP", sale.total))
    for i, (label, amount) in enumerate(boxes):
        x = 84 + i * 38
        page.box(x, 196, 38, 16, line=0.5 if i == 2 else 0.2)
        page.text(x + 19, 201.5, label, 8, align="c")
        page.text(x + 36, 208.5, f"£{number(amount, 'en')}", 11, bold=i == 2, align="r")
    page.block(14, 200, sale.rows("payment"), 8.5, lead=4.4)
    page.text(105, 284, sale.word("footer"), 7.5, align="c", colour=GREY)
    return page.finished()


LAYOUTS: dict[str, Callable[[Sale], bytes]] = {
    "card_invoice": card_invoice,
    "cloud_statement": cloud_statement,
    "consulting_bar": consulting_bar,
    "ads_receipt": ads_receipt,
    "hotel_folio": hotel_folio,
    "shop_invoice": shop_invoice,
}
