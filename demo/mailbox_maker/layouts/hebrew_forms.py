"""Less usual Israeli papers: a lawyer's letter, a receipt form, a donation's certificate, a credit note."""

from __future__ import annotations

from collections.abc import Callable

from demo.mailbox_maker.formats import day, number, quantity
from demo.mailbox_maker.layouts.hebrew import nis
from demo.mailbox_maker.paper import GREY, Sheet
from demo.mailbox_maker.sale import Sale


def law_letter(sale: Sale) -> bytes:
    """A lawyers' office asks for its fee in a letter; the sums stand at the end of it."""
    page = Sheet("FrankRuhlLibre", sale.date, rtl=True, order="shaped", producer="LibreOffice 24.8")
    page.text(105, 26, sale.vendor, 20, bold=True, align="c")
    page.text(105, 33, sale.word("trade"), 11, align="c", colour=GREY)
    page.line(40, 37, 170, 37, 0.3)
    page.text(18, 50, day(sale.date, "he:%-d ב%B %Y"), 11, align="l")
    page.text(18, 56, f"מספרנו: {sale.word('reference')}", 10, align="l", colour=GREY)
    page.text(188, 56, "לכבוד", 11)
    y = page.block(188, 62, sale.rows("customer"), 11.5, lead=5.8, bold_first=True)
    page.text(105, y + 10, f"הנדון: {sale.word('title')} מס' {sale.number}", 14, bold=True, align="c")
    y += 24
    for paragraph in sale.rows("paragraphs"):
        y = page.wrapped(188, y, paragraph, 166, 11.5, lead=6.4) + 4
    for line in sale.lines:
        page.text(180, y, line.text, 11.5)
        page.text(34, y, number(line.amount, "he"), 11.5, align="l")
        y += 7.5
    page.line(30, y - 2, 182, y - 2, 0.2)
    y += 5
    for row in sale.taxes:
        page.text(180, y, f'מע"מ כדין ({quantity(row.rate, "he")}%)', 11.5)
        page.text(34, y, number(row.amount, "he"), 11.5, align="l")
        y += 7.5
    page.line(30, y - 2.5, 182, y - 2.5, 0.2)
    page.text(180, y + 4, sale.word("total_label", 'סך הכל לתשלום בש"ח'), 12.5, bold=True)
    page.text(34, y + 4, number(sale.total, "he"), 12.5, bold=True, align="l")
    page.line(30, y + 6.5, 182, y + 6.5, 0.6)
    y += 20
    for paragraph in sale.rows("closing"):
        y = page.wrapped(188, y, paragraph, 166, 11, lead=6) + 3
    page.text(60, y + 10, "בכבוד רב,", 11.5, align="c")
    page.text(60, y + 20, sale.word("signed"), 12, bold=True, align="c")
    page.text(105, 284, " · ".join(sale.rows("about")), 9, align="c", colour=GREY)
    return page.finished()


def receipt_form(sale: Sale) -> bytes:
    """A receipt as from a receipt book: who paid, how, for what; no table of goods, half a page high."""
    page = Sheet("Rubik", sale.date, size=(210, 148), rtl=True, producer="KabalaPro")
    page.box(8, 8, 194, 132, line=0.6, round_=4)
    page.text(194, 22, sale.vendor, 16, bold=True)
    page.block(194, 28, sale.rows("about"), 9, lead=4.6, colour=GREY)
    page.text(20, 24, sale.word("title"), 22, bold=True, align="l")
    page.text(20, 32, f"מספר {sale.number}", 12, align="l", colour=(180, 30, 40))
    page.text(20, 38, sale.word("copy", "מקור"), 9, align="l", colour=GREY)
    page.line(14, 44, 196, 44)
    who = sale.rows("customer")[0]
    rows = [
        ("התקבל מאת", who),
        ("בתאריך", day(sale.date, "%d.%m.%Y")),
        ("סך של", nis(sale.total)),
        ("במילים", sale.word("in_words")),
        ("עבור", sale.lines[0].text),
    ]
    y = 54.0
    for label, value in rows:
        page.text(194, y, f"{label}:", 10.5, colour=GREY)
        page.text(162, y, value, 12, bold=label == "סך של")
        page.dashes(60, y + 2, 163)
        y += 10
    page.box(14, 101, 182, 17, fill=(246, 244, 238), edge=None)
    cells = zip((190, 144, 98, 52), ("אופן התשלום", "בנק / כרטיס", "אסמכתא", "סכום"), sale.rows("payment"), strict=True)
    for x, head, value in cells:
        page.text(x, 107, head, 8.5, colour=GREY)
        page.text(x, 114, value, 11)
    page.text(194, 126, sale.word("note"), 9, colour=GREY)
    page.line(22, 130, 66, 130)
    page.text(44, 135, "חתימת המקבל", 8, align="c", colour=GREY)
    return page.finished()


def donation(sale: Sale) -> bytes:
    """A certificate of a gift, framed, with everything in the middle."""
    green = (46, 110, 70)
    page = Sheet("FrankRuhlLibre", sale.date, rtl=True, order="words", producer="Gift Desk")
    page.box(12, 12, 186, 273, edge=green, line=1.2)
    page.box(15, 15, 180, 267, edge=green, line=0.3)
    page.circle(105, 44, 13, green)
    page.text(105, 47.5, sale.word("initials"), 22, bold=True, align="c", colour=(255, 255, 255))
    page.text(105, 72, sale.vendor, 24, bold=True, align="c", colour=green)
    y = page.block(105, 80, sale.rows("about"), 10, lead=5, align="c", colour=GREY)
    page.text(105, y + 18, sale.word("title"), 20, bold=True, align="c")
    page.text(105, y + 27, f"מספר {sale.number}", 13, align="c")
    page.text(105, y + 48, "קיבלנו בתודה מאת", 13, align="c", colour=GREY)
    page.text(105, y + 58, sale.rows("customer")[0], 17, bold=True, align="c")
    page.text(105, y + 76, "סך של", 13, align="c", colour=GREY)
    page.text(105, y + 88, nis(sale.total), 26, bold=True, align="c", colour=green)
    page.text(105, y + 98, sale.word("in_words"), 12, align="c")
    page.text(105, y + 112, sale.lines[0].text, 12, align="c")
    page.text(105, y + 128, f"תאריך התרומה: {day(sale.date, '%d/%m/%Y')}", 12, align="c")
    page.text(105, 262, sale.word("note"), 9.5, align="c", colour=GREY)
    page.text(105, 268, sale.word("footer"), 9, align="c", colour=GREY)
    return page.finished()


def credit_note(sale: Sale) -> bytes:
    """A credit note: the sums with a minus before them, and the invoice that it takes back."""
    page = Sheet("Heebo", sale.date, rtl=True, producer="Mazkir Office 5")
    red = (176, 40, 46)
    page.text(190, 24, sale.vendor, 16, bold=True)
    page.block(190, 30, sale.rows("about"), 9.5, lead=4.8)
    page.line(18, 46, 192, 46, 0.8, red)
    page.text(190, 58, f"{sale.word('title')} {sale.number}", 19, bold=True, colour=red)
    page.text(190, 66, sale.word("against"), 11)
    page.text(20, 58, day(sale.date, "%d/%m/%Y"), 12, align="l")
    page.text(190, 80, "שם הלקוח:", 10, colour=GREY)
    page.text(168, 80, "  ".join(sale.rows("customer")), 11)
    y = 96.0
    for x, head in ((190, 'מק"ט'), (164, "תיאור"), (84, "כמות"), (64, "מחיר"), (38, 'סה"כ בש"ח')):
        page.text(x, y, head, 10, bold=True)
    page.line(18, y + 2.5, 192, y + 2.5, 0.3)
    for i, line in enumerate(sale.lines):
        y += 9
        page.text(190, y, f"{70412 + i * 118}", 10)
        page.text(164, y, line.text, 10)
        page.text(84, y, quantity(line.quantity, "he"), 10)
        page.text(64, y, number(line.price, "he"), 10)
        page.text(38, y, number(-line.amount, "he"), 10)
    y += 14
    rows = [('סה"כ', -sale.net), *((f'מע"מ {quantity(t.rate, "he")}%', -t.amount) for t in sale.taxes)]
    for label, amount in rows:
        page.text(74, y, label, 10.5)
        page.text(38, y, number(amount, "he"), 10.5)
        y += 7
    page.line(18, y - 4, 76, y - 4, 0.3)
    page.text(74, y + 2, 'סה"כ לזיכוי', 12, bold=True, colour=red)
    page.text(38, y + 2, number(-sale.total, "he"), 12, bold=True, colour=red)
    page.wrapped(190, y + 20, sale.word("note"), 150, 10)
    return page.finished()


LAYOUTS: dict[str, Callable[[Sale], bytes]] = {
    "law_letter": law_letter,
    "receipt_form": receipt_form,
    "donation": donation,
    "credit_note_he": credit_note,
}
