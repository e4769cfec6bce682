"""German papers: a business letter after DIN 5008, a craftsman's bill, a railway's ticket, a hotel's two rates."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random

from demo.mailbox_maker.einvoice import cii
from demo.mailbox_maker.formats import day, number, quantity
from demo.mailbox_maker.paper import GREY, Sheet
from demo.mailbox_maker.sale import Sale


def euro(amount: Decimal) -> str:
    """1.234,56 €."""
    return f"{number(amount, 'de')} €"


def din_letter(sale: Sale) -> bytes:
    """The business letter: address window, references, positions, sums under them, three columns at the foot."""
    page = Sheet("Heebo", sale.date, producer="mPDF 8.2.4", title=f"{sale.word('title')} {sale.number}")
    tone = (0, 84, 120)
    page.text(185, 24, sale.word("brand", sale.vendor), 20, bold=True, align="r", colour=tone)
    page.text(25, 50, " · ".join([sale.vendor, *sale.rows("about")[:2]]), 6.5, colour=GREY)
    page.line(25, 51.5, 110, 51.5, 0.1, GREY)
    page.block(25, 58, sale.rows("customer"), 10.5, lead=5)
    facts = [
        (sale.word("number_label", "Rechnungsnummer"), sale.number),
        (sale.word("date_label", "Rechnungsdatum"), day(sale.date, "%d.%m.%Y")),
        *(tuple(r.split("|", 1)) for r in sale.rows("facts")),
    ]
    y = 58.0
    for label, value in facts:
        page.text(128, y, label, 9, colour=GREY)
        page.text(185, y, value, 9, align="r")
        y += 5.2
    page.text(25, 100, f"{sale.word('title')} {sale.number}", 14, bold=True)
    y = page.wrapped(25, 110, sale.word("greeting"), 160, 9.5)
    y += 5
    page.box(25, y - 4.5, 160, 7, fill=(232, 240, 244), edge=None)
    heads = (
        (27, "Pos.", "l"),
        (38, sale.word("item_label", "Bezeichnung"), "l"),
        (122, "Menge", "r"),
        (152, "Einzelpreis", "r"),
        (183, "Gesamt", "r"),
    )
    for x, head, side in heads:
        page.text(x, y, head, 8.5, bold=True, align=side)
    for i, line in enumerate(sale.lines, 1):
        y += 8
        page.text(27, y, str(i), 9)
        page.text(38, y, line.text, 9)
        page.text(122, y, quantity(line.quantity, "de"), 9, align="r")
        page.text(152, y, euro(line.price), 9, align="r")
        page.text(183, y, euro(line.amount), 9, align="r")
        if line.detail:
            y += 4.4
            page.text(38, y, line.detail, 8, colour=GREY)
    y += 5
    page.line(25, y, 185, y, 0.2)
    rows = []
    if sale.discount:
        rows.append((sale.word("discount_label", "Rabatt"), -sale.discount))
    if sale.gross:
        rows += [(f"enthaltene MwSt. {quantity(t.rate, 'de')} % auf {euro(t.base)}", t.amount) for t in sale.taxes]
    else:
        rows.append(("Nettobetrag", sale.net))
        rows += [(f"zzgl. {quantity(t.rate, 'de')} % USt.", t.amount) for t in sale.taxes]
    for label, amount in rows:
        y += 6
        page.text(152, y, label, 9, align="r")
        page.text(183, y, euro(amount), 9, align="r")
    y += 8
    page.line(110, y - 5, 185, y - 5, 0.4, tone)
    page.text(152, y, sale.word("total_label", "Rechnungsbetrag"), 10.5, bold=True, align="r")
    page.text(183, y, euro(sale.total), 10.5, bold=True, align="r")
    if sale.prepaid:
        for label, amount in (("bereits gezahlt", -sale.prepaid), ("Zahlbetrag", sale.due_now)):
            y += 6
            page.text(152, y, label, 9.5, align="r", bold=label == "Zahlbetrag")
            page.text(183, y, euro(amount), 9.5, align="r", bold=label == "Zahlbetrag")
    page.line(110, y + 2, 185, y + 2, 0.4, tone)
    y += 14
    for paragraph in sale.rows("notes"):
        y = page.wrapped(25, y, paragraph, 160, 9.5) + 2.5
    for x, key in ((25, "foot1"), (80, "foot2"), (135, "foot3")):
        page.block(x, 272, sale.rows(key), 7, lead=3.4, colour=GREY)
    if sale.word("facturx"):
        page.attach(sale.word("facturx"), cii(sale), sale.date)
    return page.finished()


def craftsman(sale: Sale) -> bytes:
    """A one-man firm's bill out of a word processor: few lines, no tax (small business), thanks by hand."""
    page = Sheet("FrankRuhlLibre", sale.date, producer="LibreOffice 7.4")
    page.text(25, 28, sale.vendor, 18, bold=True)
    page.text(25, 34, sale.word("trade"), 11)
    page.block(185, 24, sale.rows("about"), 9.5, lead=4.8, align="r")
    page.line(25, 44, 185, 44, 0.3)
    page.block(25, 58, sale.rows("customer"), 11, lead=5.4)
    page.text(185, 88, sale.word("place") + ", " + day(sale.date, "de:%-d. %B %Y"), 11, align="r")
    page.text(25, 102, f"Rechnung Nr. {sale.number}", 15, bold=True)
    y = page.wrapped(25, 114, sale.word("greeting"), 160, 11, lead=5.6) + 4
    for line in sale.lines:
        page.text(30, y, f"{quantity(line.quantity, 'de')} {line.detail}", 11)
        page.text(56, y, line.text, 11)
        page.text(180, y, euro(line.amount), 11, align="r")
        y += 7
    page.line(120, y - 2, 182, y - 2, 0.3)
    page.text(56, y + 4, sale.word("total_label", "Gesamtbetrag"), 12, bold=True)
    page.text(180, y + 4, euro(sale.total), 12, bold=True, align="r")
    page.line(120, y + 6.4, 182, y + 6.4, 0.2)
    page.line(120, y + 7.4, 182, y + 7.4, 0.2)
    y += 20
    for paragraph in sale.rows("notes"):
        y = page.wrapped(25, y, paragraph, 160, 11, lead=5.6) + 3
    return page.finished()


def rail_ticket(sale: Sale) -> bytes:
    """An online ticket: bar code, connection, and the price in a corner, as railways print it."""
    page = Sheet("Rubik", sale.date, producer="Fernlinie Ticketing 4.2", title="Online-Ticket")
    green = (0, 110, 84)
    page.box(0, 0, 210, 20, fill=green, edge=None)
    page.text(14, 13, sale.word("brand"), 17, bold=True, colour=(255, 255, 255))
    page.text(196, 13, "Online-Ticket", 13, align="r", colour=(255, 255, 255))
    page.text(14, 34, sale.word("route"), 17, bold=True)
    page.text(14, 41, sale.word("fare"), 10, colour=GREY)
    page.box(14, 50, 118, 60, edge=(180, 190, 186), line=0.3, round_=2)
    y = 60.0
    for row in sale.rows("journey"):
        time, place, note = row.split("|")
        page.text(20, y, time, 11, bold=True)
        page.text(46, y, place, 11)
        page.text(128, y, note, 9, align="r", colour=GREY)
        y += 11
    dots = Random(sale.number).randbytes(29 * 29)
    page.pdf.set_fill_color(28, 28, 30)
    for i, dot in enumerate(dots):
        if dot < 118 or i % 29 == 0 or i // 29 == 28:
            page.pdf.rect(144 + i % 29 * 1.8, 50 + i // 29 * 1.8, 1.8, 1.8, style="F")
    page.text(144, 108, f"Auftragsnummer {sale.number}", 9)
    page.text(14, 126, "Preisübersicht / Rechnung", 12, bold=True, colour=green)
    page.line(14, 128, 196, 128, 0.4, green)
    y = 136.0
    for line in sale.lines:
        page.text(14, y, line.text, 10)
        page.text(196, y, f"{number(line.amount, 'de')} EUR", 10, align="r")
        y += 6.4
    page.text(14, y + 2, "Gesamtpreis", 11, bold=True)
    page.text(196, y + 2, f"{number(sale.total, 'de')} EUR", 11, bold=True, align="r")
    y += 10
    for tax in sale.taxes:
        page.text(
            14,
            y,
            f"davon MwSt. {quantity(tax.rate, 'de')}% : {number(tax.amount, 'de')} EUR"
            f"  (netto {number(tax.base, 'de')} EUR)",
            8.5,
            colour=GREY,
        )
        y += 5
    y += 4
    page.block(14, y, [f"Buchungsdatum: {day(sale.date, '%d.%m.%Y')}", *sale.rows("payment")], 9, lead=5)
    page.block(14, 262, [sale.vendor, *sale.rows("about")], 7.5, lead=3.6, colour=GREY)
    return page.finished()


def hotel_bill(sale: Sale) -> bytes:
    """A small hotel's bill: prices with tax, a table of both rates, the tourist tax outside it."""
    page = Sheet("Assistant", sale.date, producer="HotelLine 6")
    wine = (122, 34, 52)
    page.text(105, 24, sale.vendor, 20, bold=True, align="c", colour=wine)
    page.text(105, 30, " – ".join(sale.rows("about")), 8.5, align="c", colour=GREY)
    page.block(22, 50, sale.rows("customer"), 10, lead=5)
    page.text(188, 50, f"Rechnung {sale.number}", 12, bold=True, align="r")
    page.block(188, 56, [day(sale.date, "%d.%m.%Y"), *sale.rows("facts")], 9.5, lead=4.8, align="r", colour=GREY)
    y = 92.0
    for line in sale.lines:
        page.text(22, y, line.detail, 9.5, colour=GREY)
        page.text(48, y, line.text, 10)
        page.text(148, y, f"{quantity(line.quantity, 'de')} x {number(line.price, 'de')}", 9.5, align="r", colour=GREY)
        page.text(188, y, number(line.amount, "de"), 10, align="r")
        page.dashes(22, y + 2.4, 188)
        y += 8.4
    page.box(108, y + 1, 82, 11, fill=wine, edge=None)
    page.text(111, y + 8, "Summe EUR", 12, bold=True, colour=(255, 255, 255))
    page.text(188, y + 8, number(sale.total, "de"), 13, bold=True, align="r", colour=(255, 255, 255))
    y += 26
    for x, head in ((60, "MwSt.-Satz"), (95, "Netto"), (130, "MwSt."), (165, "Brutto")):
        page.text(x, y, head, 9, bold=True, align="r")
    for tax in sale.taxes:
        y += 5.6
        for x, cell in (
            (60, f"{quantity(tax.rate, 'de')} %"),
            (95, number(tax.base, "de")),
            (130, number(tax.amount, "de")),
            (165, number(tax.base + tax.amount, "de")),
        ):
            page.text(x, y, cell, 9, align="r")
    y += 12
    for row in sale.rows("notes"):
        page.text(22, y, row, 9.5)
        y += 5.4
    return page.finished()


LAYOUTS: dict[str, Callable[[Sale], bytes]] = {
    "din_letter": din_letter,
    "craftsman": craftsman,
    "rail_ticket": rail_ticket,
    "hotel_bill": hotel_bill,
}
