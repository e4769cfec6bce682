"""Invoices of Israeli businesses on A4: a print shop's ruled form, a designer's quiet page, an invoicing service's."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from demo.mailbox_maker.formats import day, number, quantity
from demo.mailbox_maker.paper import GREY, Sheet
from demo.mailbox_maker.sale import Sale


def nis(amount: Decimal) -> str:
    """An amount with the sign behind it."""
    return f"{number(amount, 'he')} ₪"


def classic_boxed(sale: Sale) -> bytes:
    """Letterhead in the middle, a ruled table, sums in a box at the foot: as small print shops have it."""
    page = Sheet("FrankRuhlLibre", sale.date, rtl=True, producer="PrintBooks 7.2")
    page.text(105, 24, sale.vendor, 22, bold=True, align="c")
    for i, row in enumerate(sale.rows("about")):
        page.text(105, 31 + 5 * i, row, 10, align="c", colour=GREY)
    page.line(18, 44, 192, 44, 0.6)
    page.line(18, 45.2, 192, 45.2, 0.2)
    page.box(66, 50, 78, 13, line=0.5)
    page.text(105, 58.6, f"{sale.word('title')} מס' {sale.number}", 15, bold=True, align="c")
    page.text(48, 58, sale.word("copy", "מקור"), 11, align="c", bold=True)
    page.text(192, 75, "לכבוד", 10, colour=GREY)
    page.block(192, 81, sale.rows("customer"), 11, lead=5.4, bold_first=True)
    page.text(62, 75, f"תאריך: {day(sale.date, '%d/%m/%Y')}", 11)
    page.text(62, 81, f"אסמכתא: {sale.word('reference', '—')}", 11)
    edges = [192, 180, 96, 78, 48, 18]
    heads = ["#", "תיאור", "כמות", "מחיר יחידה", 'סה"כ']
    top, row_height = 100.0, 8.5
    page.box(18, top, 174, row_height, fill=(236, 233, 226), line=0.3)
    for i, head in enumerate(heads):
        page.text((edges[i] + edges[i + 1]) / 2, top + 5.8, head, 10.5, bold=True, align="c")
    y = top + row_height
    for i, line in enumerate(sale.lines):
        page.text((edges[0] + edges[1]) / 2, y + 5.8, str(i + 1), 10.5, align="c")
        page.text(edges[1] - 2, y + 5.8, line.text, 10.5)
        page.text((edges[2] + edges[3]) / 2, y + 5.8, quantity(line.quantity, "he"), 10.5, align="c")
        page.text(edges[4] + 2, y + 5.8, number(line.price, "he"), 10.5, align="l")
        page.text(edges[5] + 2, y + 5.8, number(line.amount, "he"), 10.5, align="l")
        y += row_height
        page.line(18, y, 192, y, 0.15)
    for edge in edges:
        page.line(edge, top, edge, y, 0.2)
    y += 8
    rows = [('סה"כ לפני מע"מ', sale.net)]
    if sale.discount:
        rows = [('סה"כ פריטים', sale.line_sum), ("הנחה", -sale.discount), *rows]
    rows += [(f'מע"מ {quantity(row.rate, "he")}%', row.amount) for row in sale.taxes]
    height = 8 * (len(rows) + 1) + 3
    page.box(18, y, 82, height, line=0.5)
    for label, amount in rows:
        page.text(98, y + 6, label, 11)
        page.text(21, y + 6, number(amount, "he"), 11, align="l")
        y += 8
    page.box(18, y, 82, height - 8 * len(rows), fill=(28, 28, 30))
    page.text(98, y + 7.4, 'סה"כ לתשלום', 12.5, bold=True, colour=(255, 255, 255))
    page.text(21, y + 7.4, nis(sale.total), 12.5, bold=True, align="l", colour=(255, 255, 255))
    y += 24
    if sale.paid:
        page.text(192, y, "פרטי תשלום", 11, bold=True)
        page.block(192, y + 6, sale.rows("payment"), 10, lead=5.2)
    page.line(30, y + 24, 78, y + 24)
    page.text(54, y + 29, "חתימה וחותמת", 9, align="c", colour=GREY)
    page.text(105, 286, sale.word("footer"), 8.5, align="c", colour=GREY)
    return page.finished()


def quiet_modern(sale: Sale) -> bytes:
    """Much air, one accent, sums set large: a designer's own page."""
    accent = (196, 78, 53)
    page = Sheet("Assistant", sale.date, rtl=True, order="words", producer="Affinity Publisher 2.5")
    page.circle(184, 27, 8, accent)
    page.text(184, 29.2, sale.word("initials"), 15, bold=True, align="c", colour=(255, 255, 255))
    page.text(170, 25, sale.vendor, 17, bold=True)
    page.text(170, 31.5, sale.word("trade"), 10.5, colour=GREY)
    page.block(22, 23, sale.rows("about"), 9, lead=4.5, colour=GREY, align="l")
    page.text(192, 66, sale.word("title"), 26, bold=True)
    page.text(192, 74, f"מספר {sale.number}", 12, colour=accent, bold=True)
    page.text(110, 66, "תאריך", 9, colour=GREY)
    page.text(110, 72, day(sale.date, "he:%-d ב%B %Y"), 11)
    page.text(66, 66, "עבור", 9, colour=GREY)
    page.block(66, 72, sale.rows("customer"), 11, lead=5)
    y = 104.0
    page.line(18, y - 7, 192, y - 7, 0.5)
    for line in sale.lines:
        page.text(192, y, line.text, 12, bold=True)
        if line.detail:
            page.text(192, y + 5.6, line.detail, 9.5, colour=GREY)
        page.text(18, y, nis(line.amount), 12, align="l")
        y += 16
        page.line(18, y - 6.5, 192, y - 6.5, 0.15, (205, 205, 208))
    y += 6
    for label, amount in [
        ("סכום ביניים", sale.net),
        *((f'מע"מ ({quantity(t.rate, "he")}%)', t.amount) for t in sale.taxes),
    ]:
        page.text(86, y, label, 11, colour=GREY)
        page.text(18, y, nis(amount), 11, align="l")
        y += 7
    y += 6
    page.text(86, y, sale.word("total_label", "לתשלום"), 12, bold=True)
    page.text(18, y + 1.5, nis(sale.total), 24, bold=True, align="l", colour=accent)
    y += 22
    for row in sale.rows("payment"):
        page.text(192, y, row, 10)
        y += 5.4
    page.text(192, 280, sale.word("footer"), 8.5, colour=GREY)
    return page.finished()


def service_invoice(sale: Sale) -> bytes:
    """What an online invoicing service prints for its customers: coloured strip, badges, a table of payments."""
    tone = {"green": (22, 128, 96), "blue": (38, 88, 160), "plum": (112, 52, 120)}[sale.word("tone", "green")]
    page = Sheet("Heebo", sale.date, rtl=True, order=sale.word("order", "visual"), producer="KalaInvoice PDF 3.1")
    page.box(0, 0, 210, 5, fill=tone, edge=None)
    page.text(194, 22, sale.vendor, 18, bold=True)
    page.block(194, 28.5, sale.rows("about"), 9.5, lead=4.8, colour=GREY)
    page.box(16, 14, 62, 24, fill=(244, 246, 245), edge=None, round_=2)
    page.text(75, 22, sale.word("title"), 13, bold=True, colour=tone)
    page.text(75, 28.5, f"מס' {sale.number}", 11)
    page.text(75, 34.5, f"{sale.word('copy', 'מסמך ממוחשב')} | {day(sale.date, '%d/%m/%Y')}", 8.5, colour=GREY)
    y = 58.0
    page.text(194, y, "לכבוד:", 9.5, colour=GREY)
    page.block(194, y + 5.5, sale.rows("customer"), 11, lead=5.2, bold_first=True)
    if sale.word("allocation"):
        page.box(16, y - 5, 62, 11, edge=tone, line=0.4, round_=2)
        page.text(75, y + 2, f"מספר הקצאה: {sale.word('allocation')}", 10.5, bold=True)
    if sale.word("subject"):
        page.text(194, y + 26, sale.word("subject"), 12, bold=True)
    y += 33
    page.box(16, y, 178, 8, fill=tone, edge=None)
    white = (255, 255, 255)
    for x, head, side in ((191, "פירוט", "r"), (92, "כמות", "c"), (62, "מחיר", "c"), (19, 'סה"כ', "l")):
        page.text(x, y + 5.5, head, 10, bold=True, align=side, colour=white)
    y += 14
    for line in sale.lines:
        page.text(191, y, line.text, 10.5)
        page.text(92, y, quantity(line.quantity, "he"), 10.5, align="c")
        page.text(62, y, f"₪{number(line.price, 'he')}", 10.5, align="c")
        page.text(19, y, f"₪{number(line.amount, 'he')}", 10.5, align="l")
        page.line(16, y + 3, 194, y + 3, 0.15, (210, 214, 212))
        y += 9
    y += 3
    rows = []
    if sale.discount:
        rows.append((sale.word("discount_label", "הנחה"), -sale.discount))
    if sale.taxes:
        rows.append(('סה"כ חייב במע"מ', sale.net))
        rows += [(f'מע"מ {quantity(t.rate, "he")}%', t.amount) for t in sale.taxes]
    for label, amount in rows:
        page.text(82, y, label, 10.5)
        page.text(19, y, f"₪{number(amount, 'he')}", 10.5, align="l")
        y += 6.4
    page.box(16, y - 3, 70, 10, fill=(232, 243, 238) if tone[1] > 100 else (238, 238, 246), edge=None, round_=1.5)
    page.text(82, y + 3.6, sale.word("total_label", 'סה"כ כולל מע"מ'), 12, bold=True)
    page.text(19, y + 3.6, f"₪{number(sale.total, 'he')}", 13, bold=True, align="l", colour=tone)
    y += 22
    if sale.rows("payment"):
        page.text(194, y, "תקבולים", 11.5, bold=True, colour=tone)
        y += 3
        page.box(16, y, 178, 7.5, fill=(244, 246, 245), edge=None)
        cells = [(191, "אמצעי"), (140, "פרטים"), (84, "תאריך"), (40, "סכום")]
        for x, head in cells:
            page.text(x, y + 5.2, head, 9.5, bold=True)
        method, detail = [*sale.rows("payment"), ""][:2]
        for x, cell in zip(
            (191, 140, 84, 40), (method, detail, day(sale.date, "%d/%m/%Y"), nis(sale.total)), strict=True
        ):
            page.text(x, y + 13.5, cell, 10)
        y += 26
    page.wrapped(194, y, sale.word("note"), 178, 9.5, colour=GREY)
    page.text(
        105,
        285,
        sale.word("footer", "המסמך הופק באמצעות חשבונית קלה · מסמך ממוחשב חתום דיגיטלית"),
        8,
        align="c",
        colour=GREY,
    )
    return page.finished()


LAYOUTS: dict[str, Callable[[Sale], bytes]] = {
    "classic_boxed": classic_boxed,
    "quiet_modern": quiet_modern,
    "service_invoice": service_invoice,
}
