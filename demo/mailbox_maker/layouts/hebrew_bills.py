"""Bills of Israeli utilities: electricity on two pages, a mobile bill with its calls, water in a grid of cells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from demo.mailbox_maker.formats import day, number, quantity
from demo.mailbox_maker.layouts.hebrew import nis
from demo.mailbox_maker.paper import GREY, Sheet
from demo.mailbox_maker.sale import Sale

WHITE = (255, 255, 255)


def electric_bill(sale: Sale) -> bytes:
    """A yellow band, the sum to pay in a box, meter readings; page two breaks it down."""
    band, dark = (247, 184, 36), (38, 50, 72)
    page = Sheet("Rubik", sale.date, rtl=True, order="shaped", producer="LumenBill 11")
    page.box(0, 0, 210, 34, fill=band, edge=None)
    page.text(192, 17, sale.vendor, 21, bold=True, colour=dark)
    page.text(192, 25, sale.word("slogan"), 10, colour=dark)
    page.text(18, 15, sale.word("title"), 14, bold=True, align="l", colour=dark)
    page.text(18, 22, f"חשבון מס' {sale.number}", 10.5, align="l", colour=dark)
    page.text(18, 28, "עמוד 1 מתוך 2", 8.5, align="l", colour=dark)
    page.block(192, 46, sale.rows("customer"), 11, lead=5.4, bold_first=True)
    page.block(
        80,
        46,
        [
            f"מספר חוזה: {sale.word('contract')}",
            f"תאריך עריכת החשבון: {day(sale.date, '%d.%m.%Y')}",
            f"תקופת החשבון: {sale.word('period')}",
        ],
        10,
        lead=5.4,
    )
    page.box(18, 76, 174, 36, fill=(250, 246, 235), edge=band, line=0.6, round_=3)
    page.text(184, 88, "סכום לתשלום", 12, colour=dark)
    page.text(184, 102, nis(sale.total), 26, bold=True, colour=dark)
    page.text(78, 88, "לתשלום עד", 12, colour=dark)
    page.text(78, 100, day(sale.due or sale.date, "%d.%m.%Y"), 18, bold=True, colour=dark)
    page.text(78, 107, sale.word("collect"), 8.5, colour=GREY)
    y = 128.0
    page.text(192, y, "קריאת מונה", 12.5, bold=True, colour=dark)
    heads = ["מספר מונה", "קריאה קודמת", "קריאה נוכחית", 'צריכה בקוט"ש']
    for x, head, cell in zip((192, 146, 104, 58), heads, sale.rows("meter"), strict=True):
        page.text(x, y + 8, head, 9, colour=GREY)
        page.text(x, y + 14, cell, 12)
    y += 30
    page.text(192, y, 'צריכה חודשית בקוט"ש', 11, bold=True, colour=dark)
    for i, use in enumerate(sale.words.get("history", [])):
        height = float(use) / 14
        x = 182 - i * 14
        page.box(x, y + 47 - height, 8, height, fill=band if i else dark, edge=None)
        page.text(x + 4, y + 52, f"{12 - (i * 2) % 12:02d}", 8, align="c", colour=GREY)
        page.text(x + 4, y + 45 - height, str(use), 7.5, align="c", colour=GREY)
    page.dashes(10, 232, 200)
    page.text(192, 240, "ספח לתשלום", 11, bold=True)
    page.bars(18, 244, 84, 16, sale.number)
    page.block(
        192,
        248,
        [f"מספר חשבון {sale.number}", f"סכום {nis(sale.total)}", f"לתשלום עד {day(sale.due or sale.date, '%d.%m.%Y')}"],
        10.5,
        lead=6,
    )
    page.text(105, 287, " · ".join(sale.rows("about")), 8, align="c", colour=GREY)
    page.page()
    page.box(0, 0, 210, 14, fill=band, edge=None)
    page.text(192, 9.5, "פירוט החשבון", 13, bold=True, colour=dark)
    page.text(18, 9.5, "עמוד 2 מתוך 2", 8.5, align="l", colour=dark)
    y = 30.0
    for head, x in (("תיאור החיוב", 192), ("כמות", 96), ("תעריף", 68), ('סכום בש"ח', 38)):
        page.text(x, y, head, 9.5, bold=True)
    page.line(18, y + 2, 192, y + 2, 0.5, band)
    for line in sale.lines:
        y += 9
        page.text(192, y, line.text, 10.5)
        page.text(96, y, quantity(line.quantity, "he"), 10.5)
        page.text(68, y, f"{line.price}", 10.5)
        page.text(38, y, number(line.amount, "he"), 10.5)
    y += 5
    page.line(18, y, 192, y, 0.2)
    rows = [('סה"כ לפני מע"מ', sale.net), *((f'מע"מ בשיעור {quantity(t.rate, "he")}%', t.amount) for t in sale.taxes)]
    for label, amount in rows:
        y += 8
        page.text(192, y, label, 10.5)
        page.text(38, y, number(amount, "he"), 10.5)
    y += 10
    page.box(18, y - 6, 174, 10, fill=(250, 246, 235), edge=None)
    page.text(190, y + 0.8, 'סה"כ לתשלום כולל מע"מ', 12, bold=True)
    page.text(38, y + 0.8, number(sale.total, "he"), 12, bold=True)
    y += 18
    for paragraph in sale.rows("notes"):
        y = page.wrapped(192, y, paragraph, 174, 9, colour=GREY) + 3
    return page.finished()


def mobile_bill(sale: Sale) -> bytes:
    """A telephone company's bill: sums by line number, then a page of calls in small print."""
    violet = (86, 44, 140)
    page = Sheet("Heebo", sale.date, rtl=True, order="words", producer="BillStream 9.4")
    page.circle(184, 22, 9, violet)
    page.circle(184, 22, 5.5, WHITE)
    page.circle(187, 19, 2.4, (250, 130, 60))
    page.text(170, 21, sale.vendor, 17, bold=True, colour=violet)
    page.block(170, 27, sale.rows("about"), 8.5, lead=4.2, colour=GREY)
    page.text(18, 20, sale.word("title"), 15, bold=True, align="l")
    page.text(18, 27, f"מספר: {sale.number}", 10, align="l")
    page.text(18, 32, f"תאריך: {day(sale.date, '%d/%m/%y')}", 10, align="l")
    page.text(18, 37, f"לקוח: {sale.word('account')}", 10, align="l")
    page.block(192, 52, sale.rows("customer"), 10.5, lead=5, bold_first=True)
    y = 78.0
    page.box(18, y, 174, 9, fill=violet, edge=None, round_=1.5)
    page.text(188, y + 6.2, f"ריכוז חיובים לתקופה {sale.word('period')}", 11, bold=True, colour=WHITE)
    y += 17
    for line in sale.lines:
        page.text(190, y, line.text, 10.5)
        if line.detail:
            page.text(110, y, line.detail, 9.5, colour=GREY)
        page.text(22, y, number(line.amount, "he"), 10.5, align="l")
        y += 7.5
    page.line(18, y - 2, 192, y - 2, 0.3, violet)
    y += 6
    for label, amount in (
        ('סה"כ חיובים ללא מע"מ', sale.net),
        *((f'מע"מ {quantity(t.rate, "he")}.00%', t.amount) for t in sale.taxes),
    ):
        page.text(190, y, label, 10.5)
        page.text(22, y, number(amount, "he"), 10.5, align="l")
        y += 7
    page.box(18, y - 2, 174, 11, fill=(240, 235, 248), edge=None, round_=1.5)
    page.text(188, y + 5.2, 'סה"כ לתשלום (ש"ח)', 12.5, bold=True, colour=violet)
    page.text(22, y + 5.2, number(sale.total, "he"), 13, bold=True, align="l", colour=violet)
    y += 20
    for row in sale.rows("payment"):
        page.text(190, y, row, 9.5)
        y += 5
    page.text(105, 286, sale.word("footer"), 8, align="c", colour=GREY)
    page.page()
    page.text(192, 20, "פירוט שיחות וגלישה", 12, bold=True, colour=violet)
    y = 30.0
    when = sale.date - timedelta(days=30)
    for i in range(34):
        when += timedelta(hours=7 + (i * 5) % 23)
        page.text(192, y, day(when, "%d/%m/%y"), 8, font="Cousine")
        page.text(150, y, f"05{i % 9}-{(7351942 + i * 918273) % 10_000_000:07d}", 8, font="Cousine")
        page.text(104, y, f"{(i * 7) % 31:02d}:{(i * 13) % 60:02d}", 8, font="Cousine")
        page.text(60, y, "כלול בחבילה", 8)
        page.text(26, y, "0.00", 8, font="Cousine")
        y += 7
    return page.finished()


def water_bill(sale: Sale) -> bytes:
    """A water corporation's bill: everything in cells of a grid, the label small above the value."""
    blue = (20, 110, 170)
    page = Sheet("Assistant", sale.date, rtl=True, producer="MeterSoft Reports")
    page.text(192, 22, sale.vendor, 19, bold=True, colour=blue)
    page.text(192, 28.5, " | ".join(sale.rows("about")), 9, colour=GREY)
    cells = [
        ("סוג מסמך", sale.word("title")),
        ("מספר חשבון", sale.number),
        ("תאריך", day(sale.date, "%d/%m/%Y")),
        ("שם המשלם", sale.rows("customer")[0]),
        ("כתובת הנכס", sale.rows("customer")[1]),
        ("תקופה", sale.word("period")),
        ("מספר נכס", sale.word("contract")),
        ("מד מים", sale.rows("meter")[0]),
        ("לתשלום עד", day(sale.due or sale.date, "%d/%m/%Y")),
    ]
    for i, (label, value) in enumerate(cells):
        x, y = 192.0 - (i % 3) * 58, 40.0 + (i // 3) * 17
        page.box(x - 56, y, 56, 15, edge=blue, line=0.25)
        page.text(x - 2, y + 5, label, 8, colour=GREY)
        page.text(x - 2, y + 11.5, value, 11, bold=True)
    y = 102.0
    for line in sale.lines:
        page.text(192, y, line.text, 11)
        page.text(104, y, f"{quantity(line.quantity, 'he')} × {line.price}", 10.5, colour=GREY)
        page.text(24, y, number(line.amount, "he"), 11, align="l")
        page.line(18, y + 2.6, 192, y + 2.6, 0.1, (190, 205, 215))
        y += 9
    y += 4
    tax = sale.taxes[0]
    summary = [
        ('חייב במע"מ', tax.base),
        (f'מע"מ {quantity(tax.rate, "he")}%', tax.amount),
        ('סה"כ לתשלום בש"ח', sale.total),
    ]
    for i, (label, amount) in enumerate(summary):
        x = 192 - i * 58
        last = i == 2
        page.box(x - 56, y, 56, 20, fill=blue if last else None, edge=blue, line=0.4)
        page.text(x - 28, y + 7, label, 9.5, align="c", colour=WHITE if last else GREY)
        page.text(
            x - 28,
            y + 15.5,
            number(amount, "he"),
            16 if last else 13,
            bold=True,
            align="c",
            colour=WHITE if last else (28, 28, 30),
        )
    y += 34
    for row in sale.rows("notes"):
        y = page.wrapped(192, y, row, 174, 9.5, colour=GREY) + 3
    page.bars(60, 262, 90, 12, sale.number)
    page.text(105, 279, sale.number, 9, align="c", font="Cousine")
    return page.finished()


LAYOUTS: dict[str, Callable[[Sale], bytes]] = {
    "electric_bill": electric_bill,
    "mobile_bill": mobile_bill,
    "water_bill": water_bill,
}
