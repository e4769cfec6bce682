"""French papers: a shop's invoice with its VAT table, a craftsman's with boxed sums, a freelance's note of fees."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from demo.mailbox_maker.einvoice import cii
from demo.mailbox_maker.formats import day, number, quantity
from demo.mailbox_maker.paper import GREY, Sheet
from demo.mailbox_maker.sale import Sale


def euro(amount: Decimal, style: str = "fr") -> str:
    """1 234,56 € with the narrow space."""
    return f"{number(amount, style)} €"


def facture_table(sale: Sale) -> bytes:
    """A shop's invoice: rounded boxes, the VAT of each line, a table of VAT beside the sums."""
    page = Sheet("Rubik", sale.date, producer="Facturo 15", title=f"Facture {sale.number}")
    ink = (58, 46, 110)
    page.text(16, 24, sale.vendor, 18, bold=True, colour=ink)
    page.block(16, 30, sale.rows("about"), 8.5, lead=4.2, colour=GREY)
    page.box(116, 16, 78, 30, edge=ink, line=0.4, round_=3)
    page.text(120, 24, f"{sale.word('title', 'FACTURE')} N° {sale.number}", 11.5, bold=True, colour=ink)
    page.block(120, 31, [f"Date : {day(sale.date, '%d/%m/%Y')}", *sale.rows("facts")], 9, lead=5)
    page.text(116, 58, "Adresse de facturation", 8, colour=GREY)
    page.block(116, 63, sale.rows("customer"), 10, lead=4.8, bold_first=True)
    y = 92.0
    page.box(16, y, 178, 8, fill=ink, edge=None, round_=2)
    for x, head, side in (
        (20, "Désignation", "l"),
        (116, "Qté", "r"),
        (140, "P.U. HT", "r"),
        (160, "TVA", "r"),
        (190, "Montant HT", "r"),
    ):
        page.text(x, y + 5.4, head, 9, bold=True, align=side, colour=(255, 255, 255))
    y += 14
    for line in sale.lines:
        page.text(20, y, line.text, 9.5)
        page.text(116, y, quantity(line.quantity, "fr"), 9.5, align="r")
        page.text(140, y, number(line.price, "fr"), 9.5, align="r")
        page.text(160, y, f"{quantity(line.rate or Decimal(0), 'fr')} %", 9.5, align="r")
        page.text(190, y, number(line.amount, "fr"), 9.5, align="r")
        page.line(16, y + 2.6, 194, y + 2.6, 0.1, (214, 212, 228))
        y += 8
    y += 6
    top = y
    for x, head in ((44, "Base HT"), (64, "Taux"), (92, "Montant TVA")):
        page.text(x, y, head, 8.5, bold=True, align="r")
    for tax in sale.taxes:
        y += 5.8
        for x, cell in (
            (44, number(tax.base, "fr")),
            (64, f"{quantity(tax.rate, 'fr')} %"),
            (92, number(tax.amount, "fr")),
        ):
            page.text(x, y, cell, 9, align="r")
    y = top
    rows = [("Total HT", sale.net), ("Total TVA", sale.tax), ("Total TTC", sale.total)]
    if sale.discount:
        rows = [("Sous-total HT", sale.line_sum), (sale.word("discount_label", "Remise"), -sale.discount), *rows]
    for label, amount in rows:
        strong = label == "Total TTC"
        page.text(132, y, label, 10.5 if strong else 9.5, bold=strong)
        page.text(190, y, euro(amount), 10.5 if strong else 9.5, bold=strong, align="r")
        y += 6.4
    page.box(128, y - 2, 66, 11, fill=(236, 233, 250), edge=ink, line=0.4, round_=2)
    page.text(132, y + 5.2, sale.word("total_label", "Net à payer"), 11, bold=True, colour=ink)
    page.text(190, y + 5.2, euro(Decimal(0) if sale.paid else sale.due_now), 12, bold=True, align="r", colour=ink)
    y += 24
    for row in sale.rows("notes"):
        y = page.wrapped(16, y, row, 178, 8.5, colour=GREY) + 1.5
    page.text(105, 286, sale.word("footer"), 7, align="c", colour=GREY)
    return page.finished()


def facture_artisan(sale: Sale) -> bytes:
    """A joiner's invoice: letter type, chapters of work, the sums in three boxes side by side."""
    page = Sheet("FrankRuhlLibre", sale.date, producer="Word 2019")
    brown = (110, 70, 34)
    page.text(22, 26, sale.vendor, 20, bold=True, colour=brown)
    page.text(22, 32, sale.word("trade"), 10.5, colour=GREY)
    page.block(188, 22, sale.rows("about"), 9, lead=4.4, align="r", colour=GREY)
    page.line(22, 40, 188, 40, 0.8, brown)
    page.block(188, 54, sale.rows("customer"), 11, lead=5.2, align="r", bold_first=True)
    page.text(
        22, 80, f"{sale.word('title', 'Facture')} n° {sale.number} du {day(sale.date, 'fr:%-d %B %Y')}", 15, bold=True
    )
    page.text(22, 88, sale.word("subject"), 11)
    y = 104.0
    for line in sale.lines:
        page.text(22, y, line.text, 11)
        page.text(188, y, euro(line.amount), 11, align="r")
        if line.detail:
            page.text(26, y + 5, line.detail, 9.5, colour=GREY)
        y += 13
    y += 4
    boxes = (
        ("Montant HT", sale.net),
        (f"TVA {quantity(sale.taxes[0].rate, 'fr')} %", sale.tax),
        ("MONTANT TTC", sale.total),
    )
    for i, (label, amount) in enumerate(boxes):
        x = 22 + i * 56
        page.box(x, y, 54, 20, edge=brown, line=0.9 if i == 2 else 0.3)
        page.text(x + 27, y + 7, label, 9.5, align="c", colour=GREY)
        page.text(x + 27, y + 15.5, euro(amount), 15, bold=True, align="c")
    y += 34
    for row in sale.rows("notes"):
        y = page.wrapped(22, y, row, 166, 10, lead=5) + 2
    page.text(105, 284, sale.word("footer"), 8, align="c", colour=GREY)
    if sale.word("facturx"):
        page.attach(sale.word("facturx"), cii(sale), sale.date)
    return page.finished()


def note_of_fees(sale: Sale) -> bytes:
    """A freelance's note: one column, no VAT by law, the sum at the end of a dotted line."""
    page = Sheet("Assistant", sale.date, producer="Pages")
    page.text(24, 30, sale.vendor, 22, bold=True)
    page.block(24, 37, sale.rows("about"), 9.5, lead=4.8, colour=GREY)
    page.text(24, 74, sale.word("title"), 13, bold=True, colour=(200, 80, 110))
    page.text(24, 81, f"Réf. {sale.number}   —   {sale.word('place')}, le {day(sale.date, 'fr:%-d %B %Y')}", 10.5)
    page.block(24, 94, ["Client :", *sale.rows("customer")], 10.5, lead=5.2)
    y = 128.0
    for line in [*sale.lines]:
        page.text(24, y, line.text, 11)
        page.dashes(26 + page.measure(line.text, 11), y, 160)
        page.text(186, y, euro(line.amount, "frs"), 11, align="r")
        y += 9
    y += 5
    page.text(24, y, sale.word("total_label", "Total à régler"), 13, bold=True)
    page.text(186, y, euro(sale.total, "frs"), 13, bold=True, align="r")
    y += 12
    for row in sale.rows("notes"):
        y = page.wrapped(24, y, row, 162, 9.5, colour=GREY) + 2
    return page.finished()


LAYOUTS: dict[str, Callable[[Sale], bytes]] = {
    "facture_table": facture_table,
    "facture_artisan": facture_artisan,
    "note_of_fees": note_of_fees,
}
