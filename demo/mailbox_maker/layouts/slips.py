"""Slips that arrive as photographs: café, taxi, car park, petrol, book shop, brasserie, pub, kiosk, hardware store."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from demo.mailbox_maker.camera import Row, photographed, printed
from demo.mailbox_maker.formats import day, number, quantity
from demo.mailbox_maker.sale import Sale


def _shot(sale: Sale, rows: list[Row], *, rtl: bool, font: str = "Cousine", width: int = 620, fade: int = 44) -> bytes:
    dice = Random(sale.vendor + sale.number)
    strip = printed(rows, rtl=rtl, font=font, width=width, fade=fade)
    return photographed(
        strip,
        dice,
        table=sale.word("table", "oak"),
        turn=float(sale.word("turn", "2.5")),
        lean=float(sale.word("lean", "0.05")),
    )


def _goods(sale: Sale, style: str) -> list[Row]:
    return [
        (
            "p",
            f"{quantity(line.quantity, style)} {'×' if style == 'en' else 'x'} {line.text}"
            if line.quantity != 1
            else line.text,
            number(line.amount, style),
        )
        for line in sale.lines
    ]


def photo_cafe(sale: Sale) -> bytes:
    """A café's slip in English with a tip: two totals."""
    rows: list[Row] = [("c", sale.vendor, "big"), *(("c", row) for row in sale.rows("about")), ("-",)]
    rows += [("p", day(sale.date, "%d/%m/%Y"), sale.word("time")), ("l", f"{sale.word('title')} {sale.number}"), ("-",)]
    rows += [*_goods(sale, "en"), ("-",), ("p", "Net", number(sale.net, "en"))]
    rows += [("p", f"VAT {quantity(t.rate, 'en')}%", number(t.amount, "en")) for t in sale.taxes]
    rows.append(("p", "TOTAL", number(sale.bill, "en"), "bold"))
    if sale.tip:
        rows += [("p", "Tip", number(sale.tip, "en")), ("p", "TO PAY", f"₪{number(sale.total, 'en')}", "big")]
    rows += [
        ("-",),
        *(("p", *row.split("|", 1)) for row in sale.rows("payment")),
        ("gap",),
        ("c", sale.word("footer")),
        ("gap",),
        ("bars", sale.number * 2),
    ]
    return _shot(sale, rows, rtl=False)


def photo_hebrew(sale: Sale) -> bytes:
    """A Hebrew till slip: goods at the right, prices at the left."""
    rows: list[Row] = [("c", sale.vendor, "big"), *(("c", row) for row in sale.rows("about")), ("-",)]
    rows += [
        ("s", f"{sale.word('title')} {sale.number}", "bold"),
        ("p", day(sale.date, sale.word("date_form", "%d/%m/%Y")), sale.word("time")),
        ("-",),
    ]
    rows += [*_goods(sale, "he"), ("-",)]
    if sale.word("show_net", "yes") == "yes":
        rows.append(("p", 'סה"כ לפני מע"מ', number(sale.net, "he")))
        rows += [("p", f'מע"מ {quantity(t.rate, "he")}%', number(t.amount, "he")) for t in sale.taxes]
    rows.append(("p", sale.word("total_label", 'סה"כ לתשלום'), f"₪{number(sale.total, 'he')}", "big"))
    rows += [("-",), *(("p", *row.split("|", 1)) for row in sale.rows("payment")), ("gap",), ("c", sale.word("footer"))]
    return _shot(
        sale,
        rows,
        rtl=True,
        font=sale.word("font", "Cousine"),
        width=int(sale.word("width", "600")),
        fade=int(sale.word("fade", "44")),
    )


def photo_taxi(sale: Sale) -> bytes:
    """A taximeter's slip: label and value lines, nothing else."""
    rows: list[Row] = [("c", sale.vendor, "bold"), *(("c", row) for row in sale.rows("about")), ("gap",)]
    rows += [("p", *row.split("|", 1)) for row in sale.rows("facts")]
    rows += [("p", "מספר קבלה", sale.number), ("p", "תאריך", day(sale.date, "%d.%m.%y")), ("-",)]
    rows += [("p", line.text, number(line.amount, "he")) for line in sale.lines]
    rows += [
        ("-",),
        ("p", "לתשלום", f'{number(sale.total, "he")} ש"ח', "big"),
        ("s", 'המחיר כולל מע"מ'),
        ("gap",),
        ("c", sale.word("footer")),
    ]
    return _shot(sale, rows, rtl=True, width=480, fade=70)


def photo_english(sale: Sale) -> bytes:
    """A British slip: pub, kiosk or shop, VAT at the foot, service on top where there is one."""
    sign = {"GBP": "£", "USD": "$"}[sale.currency]
    rows: list[Row] = [("c", sale.vendor, "big"), *(("c", row) for row in sale.rows("about")), ("gap",)]
    rows += [("p", *row.split("|", 1)) for row in sale.rows("facts")]
    rows += [("p", day(sale.date, "%d %b %Y"), sale.word("time")), ("-",), *_goods(sale, "en"), ("-",)]
    if sale.tip:
        rows += [
            ("p", "Subtotal", f"{sign}{number(sale.bill, 'en')}"),
            ("p", sale.word("tip_label", "Gratuity"), f"{sign}{number(sale.tip, 'en')}"),
        ]
    rows += [("p", sale.word("total_label", "TOTAL"), f"{sign}{number(sale.total, 'en')}", "big")]
    rows += [("p", *row.split("|", 1)) for row in sale.rows("payment")]
    rows.append(("-",))
    rows += [
        ("p", f"VAT {quantity(t.rate, 'en')}% on {number(t.base, 'en')}", number(t.amount, "en")) for t in sale.taxes
    ]
    rows += [("l", row) for row in sale.rows("tax_lines")]
    rows += [("gap",), ("c", f"{sale.word('title', 'Receipt')} {sale.number}"), ("c", sale.word("footer"))]
    return _shot(sale, rows, rtl=False)


def photo_french(sale: Sale) -> bytes:
    """A brasserie's note: prices with tax, two rates, the table and the covers."""
    rows: list[Row] = [("c", sale.vendor, "big"), *(("c", row) for row in sale.rows("about")), ("-",)]
    rows += [("p", *row.split("|", 1)) for row in sale.rows("facts")]
    rows += [
        ("p", f"Le {day(sale.date, '%d/%m/%Y')}", sale.word("time")),
        ("l", f"Note n° {sale.number}"),
        ("-",),
        *_goods(sale, "fr"),
        ("-",),
    ]
    rows.append(("p", "TOTAL TTC", f"{number(sale.total, 'fr')} €", "big"))
    rows += [
        ("p", f"TVA {number(t.rate, 'fr')}%  HT {number(t.base, 'fr')}", number(t.amount, "fr")) for t in sale.taxes
    ]
    rows += [("-",), *(("p", *row.split("|", 1)) for row in sale.rows("payment")), ("gap",), ("c", sale.word("footer"))]
    return _shot(sale, rows, rtl=False, width=600)


def photo_german(sale: Sale) -> bytes:
    """A kiosk's slip after German rules: both rates, the till's signature."""
    rows: list[Row] = [
        ("c", sale.vendor, "bold"),
        *(("c", row) for row in sale.rows("about")),
        ("-",),
        *_goods(sale, "de"),
        ("-",),
    ]
    rows += [("p", "Gesamt", f"EUR {number(sale.total, 'de')}", "big")]
    rows += [("p", *row.split("|", 1)) for row in sale.rows("payment")]
    rows += [
        ("gap",),
        *(
            ("p", f"{quantity(t.rate, 'de')}% MwSt aus {number(t.base + t.amount, 'de')}", number(t.amount, "de"))
            for t in sale.taxes
        ),
    ]
    rows += [
        ("-",),
        ("p", f"Beleg {sale.number}", f"{day(sale.date, '%d.%m.%Y')} {sale.word('time')}"),
        *(("l", row) for row in sale.rows("till")),
        ("gap",),
        ("c", sale.word("footer")),
    ]
    return _shot(sale, rows, rtl=False, fade=58)


LAYOUTS: dict[str, Callable[[Sale], bytes]] = {
    "photo_cafe": photo_cafe,
    "photo_hebrew": photo_hebrew,
    "photo_taxi": photo_taxi,
    "photo_english": photo_english,
    "photo_french": photo_french,
    "photo_german": photo_german,
}
