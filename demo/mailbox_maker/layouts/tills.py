"""Till slips as PDF, narrow and as long as they need: an Israeli and a German supermarket's, a French bakery's."""

from __future__ import annotations

from collections.abc import Callable

from demo.mailbox_maker.formats import day, number, quantity
from demo.mailbox_maker.paper import GREY, Sheet
from demo.mailbox_maker.sale import Sale


def green_till(sale: Sale) -> bytes:
    """A Hebrew supermarket's digital slip: goods right, prices left, what bears no tax marked with a star."""
    height = 128 + 6.2 * len(sale.lines)
    page = Sheet("Heebo", sale.date, size=(80, height), rtl=True, order="words", producer="POS Digital Slip")
    page.circle(40, 12, 6, (76, 150, 60))
    page.text(40, 14, sale.word("initials"), 13, bold=True, align="c", colour=(255, 255, 255))
    page.text(40, 25, sale.vendor, 13, bold=True, align="c")
    y = page.block(40, 30, sale.rows("about"), 7.5, lead=3.6, align="c", colour=GREY)
    page.dashes(5, y, 75)
    page.text(75, y + 5, f"{sale.word('title')} {sale.number}", 9, bold=True)
    page.text(75, y + 10, f"{day(sale.date, '%d/%m/%y')}  {sale.word('time')}", 8)
    page.text(5, y + 10, f"קופה {sale.word('till')}", 8, align="l")
    y += 14
    page.dashes(5, y, 75)
    y += 6
    for line in sale.lines:
        star = "" if line.rate else " *"
        page.text(75, y, line.text + star, 8.5)
        page.text(5, y, number(line.amount, "he"), 8.5, align="l", font="Cousine")
        if line.quantity != 1:
            page.text(71, y + 3.2, f"{quantity(line.quantity, 'he')} X {number(line.price, 'he')}", 6.5, colour=GREY)
        y += 6.2
    if sale.discount:
        page.text(75, y, sale.word("discount_label"), 8.5)
        page.text(5, y, number(-sale.discount, "he"), 8.5, align="l", font="Cousine")
        y += 6.2
    page.dashes(5, y, 75)
    page.text(75, y + 8, 'סה"כ לתשלום', 12, bold=True)
    page.text(5, y + 8, f"₪{number(sale.total, 'he')}", 13, bold=True, align="l")
    y += 15
    for tax in sale.taxes:
        label = f"חייב {quantity(tax.rate, 'he')}%" if tax.rate else '* פטור / מע"מ אפס'
        page.text(75, y, f"{label}: {number(tax.base, 'he')}", 7.5)
        page.text(5, y, f'מע"מ {number(tax.amount, "he")}', 7.5, align="l")
        y += 4.2
    y += 3
    for row in sale.rows("payment"):
        page.text(75, y, row, 8)
        y += 4.4
    page.bars(12, y + 2, 56, 10, sale.number)
    page.text(40, y + 18, sale.word("footer"), 8, align="c")
    return page.finished()


def korn_till(sale: Sale) -> bytes:
    """A German supermarket's e-slip in one fixed-width column: letters for the rates, a table of tax at the end."""
    rows: list[tuple[str, str]] = [("c", row) for row in (sale.vendor, *sale.rows("about"))]
    rows += [("", ""), ("r", "EUR")]
    letters = {tax.rate: "AB"[i] for i, tax in enumerate(sale.taxes)}
    for line in sale.lines:
        mark = letters[line.rate] if line.rate is not None else " "
        rows.append(("p", f"{line.text}|{number(line.amount, 'de')} {mark}"))
        if line.quantity != 1:
            rows.append(("l", f"       {quantity(line.quantity, 'de')} Stk x {number(line.price, 'de'):>6}"))
    rows += [("l", "-" * 40), ("b", f"SUMME EUR|{number(sale.total, 'de')}"), ("l", "=" * 40)]
    rows += [("p", row) for row in sale.rows("payment")]
    rows += [("", ""), ("l", f"{'Steuer %':<12}{'Netto':>9}{'Steuer':>9}{'Brutto':>10}")]
    for tax in sale.taxes:
        name = f"{letters[tax.rate]}= {number(tax.rate, 'de', 1)}%"
        rows.append(
            (
                "l",
                f"{name:<12}{number(tax.base, 'de'):>9}{number(tax.amount, 'de'):>9}"
                f"{number(tax.base + tax.amount, 'de'):>10}",
            )
        )
    rows.append(
        (
            "l",
            f"{'Gesamtbetrag':<12}{number(sale.net, 'de'):>9}{number(sale.tax, 'de'):>9}{number(sale.total, 'de'):>10}",
        )
    )
    rows += [("", ""), ("p", f"{day(sale.date, '%d.%m.%Y')}  {sale.word('time')}|Bon-Nr.:{sale.number}")]
    rows += [("p", row) for row in sale.rows("till")]
    rows += [("", ""), *(("c", row) for row in sale.rows("footer"))]
    page = Sheet("Cousine", sale.date, size=(84, 20 + 4 * len(rows)), producer="ebon-service 2.3")
    y = 12.0
    for kind, row in rows:
        left, _, right = row.partition("|")
        if kind == "c":
            page.text(42, y, left, 8.5, align="c")
        elif kind == "r":
            page.text(79, y, left, 8.5, align="r")
        else:
            page.text(5, y, left, 8.5, bold=kind == "b")
            page.text(79, y, right, 8.5, bold=kind == "b", align="r")
        y += 4
    return page.finished()


def bakery_till(sale: Sale) -> bytes:
    """A French bakery's slip on receipt paper: prices with tax, VAT by rate in one line each."""
    page = Sheet("Cousine", sale.date, size=(74, 100 + 5 * len(sale.lines)), producer="CaissePro")
    y = 12.0
    page.text(37, y, sale.vendor, 12, bold=True, align="c")
    y = page.block(37, y + 5, sale.rows("about"), 7.5, lead=3.5, align="c")
    page.text(4, y + 4, f"Ticket {sale.number}", 8)
    page.text(70, y + 4, f"{day(sale.date, '%d/%m/%y')} {sale.word('time')}", 8, align="r")
    y += 11
    for line in sale.lines:
        page.text(4, y, f"{quantity(line.quantity, 'fr')} {line.text}", 8.5)
        page.text(70, y, number(line.amount, "fr"), 8.5, align="r")
        y += 5
    page.line(4, y - 2, 70, y - 2)
    page.text(4, y + 4, "TOTAL TTC", 11, bold=True)
    page.text(70, y + 4, f"{number(sale.total, 'fr')} EUR", 11, bold=True, align="r")
    y += 11
    for tax in sale.taxes:
        page.text(
            4, y, f"dont TVA {number(tax.rate, 'fr', 1 if tax.rate % 1 else 0)}%  HT {number(tax.base, 'fr')}", 7.5
        )
        page.text(70, y, number(tax.amount, "fr"), 7.5, align="r")
        y += 4
    y += 4
    for row in sale.rows("payment"):
        left, _, right = row.partition("|")
        page.text(4, y, left, 8)
        page.text(70, y, right, 8, align="r")
        y += 4.4
    page.text(37, y + 6, sale.word("footer"), 8, align="c")
    return page.finished()


LAYOUTS: dict[str, Callable[[Sale], bytes]] = {
    "green_till": green_till,
    "korn_till": korn_till,
    "bakery_till": bakery_till,
}
