"""Papers that are no receipts: an offer, a life's record, terms, a contract, a bank's statement, a leaflet."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from demo.mailbox_maker.formats import day, number, quantity
from demo.mailbox_maker.paper import GREY, HEBREW, Sheet
from demo.mailbox_maker.sale import Sale


def prose(sale: Sale) -> bytes:
    """Headings and paragraphs over as many pages as they need (contracts, terms, leaflets)."""
    rtl = bool(HEBREW.search(sale.word("title")))
    page = Sheet(sale.word("font", "FrankRuhlLibre"), sale.date, rtl=rtl, producer="Microsoft Word for Microsoft 365")
    start, width = (186.0, 162.0) if rtl else (24.0, 162.0)
    page.text(105, 32, sale.word("title"), 18, bold=True, align="c")
    y = 48.0
    for paragraph in sale.rows("paragraphs"):
        if y > 262:
            page.page()
            y = 28.0
        if paragraph.startswith("# "):
            page.text(start, y + 3, paragraph[2:], 12.5, bold=True)
            y += 10
        else:
            y = page.wrapped(start, y, paragraph, width, 10.5, lead=5.4) + 3
    page.text(105, 286, sale.word("footer"), 8, align="c", colour=GREY)
    return page.finished()


def life_record(sale: Sale) -> bytes:
    """A curriculum vitae: a column of facts, a column of years."""
    page = Sheet("Assistant", sale.date, producer="Google Docs Renderer")
    tone = (60, 90, 150)
    page.box(0, 0, 70, 297, fill=(238, 241, 247), edge=None)
    page.text(80, 30, sale.vendor, 26, bold=True, colour=tone)
    page.text(80, 38, sale.word("trade"), 12, colour=GREY)
    page.block(10, 60, sale.rows("about"), 9.5, lead=5.4)
    y = 60.0
    for row in sale.rows("paragraphs"):
        head, _, rest = row.partition("|")
        page.text(80, y, head, 11.5, bold=True, colour=tone)
        y = page.wrapped(80, y + 5.6, rest, 118, 10, lead=5) + 6
    return page.finished()


def offer(sale: Sale) -> bytes:
    """An offer: looks like an invoice, with prices and a total, but nothing was bought and it says so."""
    hebrew = sale.language == "he"
    page = Sheet(
        "Rubik" if hebrew else "Heebo", sale.date, rtl=hebrew, producer="Angebotix 4" if not hebrew else "Office PDF"
    )
    tone = (150, 84, 20)
    a, b = (192.0, 18.0) if hebrew else (18.0, 192.0)
    other = "l" if hebrew else "r"
    style = {"he": "he", "de": "de", "fr": "fr"}.get(sale.language, "en")
    money = {"ILS": "₪", "EUR": "€", "USD": "$", "GBP": "£"}[sale.currency]
    page.text(a, 24, sale.vendor, 18, bold=True, colour=tone)
    page.block(a, 30, sale.rows("about"), 9, lead=4.6, colour=GREY)
    page.text(a, 62, f"{sale.word('title')} {sale.number}", 17, bold=True)
    page.text(a, 69, day(sale.date, "%d.%m.%Y"), 10, colour=GREY)
    page.block(b, 60, sale.rows("customer"), 10, lead=5, align=other)
    y = page.wrapped(a, 84, sale.word("greeting"), 174, 10) + 6
    for line in sale.lines:
        page.text(a, y, line.text, 10.5)
        page.text((a + b) / 2 + (b - a) / 6, y, quantity(line.quantity, style), 10, align=other)
        page.text(b, y, f"{number(line.amount, style)} {money}", 10.5, align=other)
        page.line(18, y + 2.6, 192, y + 2.6, 0.1, (220, 214, 206))
        y += 9
    for label, amount in (
        (sale.word("net_label"), sale.net),
        (sale.word("tax_label"), sale.tax),
        (sale.word("total_label"), sale.total),
    ):
        y += 7
        page.text(a + (b - a) * 0.55, y, label, 10, bold=label == sale.word("total_label"))
        page.text(b, y, f"{number(amount, style)} {money}", 10, bold=label == sale.word("total_label"), align=other)
    y += 16
    for row in sale.rows("notes"):
        y = page.wrapped(a, y, row, 174, 10) + 2
    return page.finished()


def bank_statement(sale: Sale) -> bytes:
    """A month's movements on an account, with the balance running along."""
    hebrew = sale.language == "he"
    page = Sheet("Heebo", sale.date, rtl=hebrew, producer="CoreBank Output")
    tone = (20, 60, 110)
    a, b = (192.0, 18.0) if hebrew else (18.0, 192.0)
    other = "l" if hebrew else "r"
    style = "he" if hebrew else "de"
    page.box(0, 0, 210, 16, fill=tone, edge=None)
    page.text(a, 10.5, sale.vendor, 14, bold=True, colour=(255, 255, 255))
    page.text(a, 30, sale.word("title"), 16, bold=True)
    page.block(a, 38, sale.rows("customer"), 10, lead=5)
    y = 66.0
    heads = sale.rows("heads")
    steps = [a, a + (b - a) * 0.14, a + (b - a) * 0.66, a + (b - a) * 0.82]
    for x, head in zip(steps, heads, strict=False):
        page.text(x, y, head, 9.5, bold=True)
    page.text(b, y, heads[-1], 9.5, bold=True, align=other)
    page.line(18, y + 2, 192, y + 2, 0.4, tone)
    balance = Decimal(sale.word("opening"))
    for line in sale.lines:
        y += 7
        balance += line.amount
        page.text(steps[0], y, line.detail, 9)
        page.text(steps[1], y, line.text, 9)
        page.text(steps[2] if line.amount < 0 else steps[3], y, number(abs(line.amount), style), 9)
        page.text(b, y, number(balance, style), 9, align=other)
    page.line(18, y + 3, 192, y + 3, 0.4, tone)
    page.text(a, y + 11, sale.word("closing"), 10.5, bold=True)
    page.text(b, y + 11, number(balance, style), 10.5, bold=True, align=other)
    page.text(105, 286, sale.word("footer"), 8, align="c", colour=GREY)
    return page.finished()


LAYOUTS: dict[str, Callable[[Sale], bytes]] = {
    "prose": prose,
    "life_record": life_record,
    "offer": offer,
    "bank_statement": bank_statement,
}
