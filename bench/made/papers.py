"""One made document: its figures drawn by chance, and the same figures laid out as PDF, HTML page or plain text."""

from __future__ import annotations

import datetime as dt
import html
import random
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from bidi import get_display
from fpdf import FPDF

from bench.made.words import LOCALES, Locale

FONT = Path(__file__).resolve().parents[2] / "receipts" / "fonts" / "Arimo-Regular.ttf"
_CENT = Decimal("0.01")
Row = tuple[str, ...]


@dataclass(frozen=True)
class Paper:
    """A made document and what it says."""

    name: str
    data: bytes
    locale: str
    truth: dict[str, str]


@dataclass
class _Facts:
    words: Locale
    vendor: str
    head: str
    number: str
    day: dt.date
    due: dt.date | None
    lines: list[tuple[str, int, Decimal]]
    rate: int
    discount: Decimal
    sign: str
    pick: random.Random

    @property
    def net(self) -> Decimal:
        return sum((count * price for _, count, price in self.lines), Decimal(0)) - self.discount

    @property
    def tax(self) -> Decimal:
        return (self.net * self.rate / 100).quantize(_CENT, ROUND_HALF_UP)

    def money(self, value: Decimal, *, sign: bool = True) -> str:
        point, comma, before = self.words.money
        whole, _, cents = f"{value:,.2f}".partition(".")
        text = whole.replace(",", comma) + point + cents
        if not sign or not self.sign:
            return text
        if before or (self.sign == "₪" and self.pick.random() < 0.5):
            return self.sign + text
        return f"{text} {self.sign}"

    def date(self, day: dt.date, pattern: str) -> str:
        name = self.words.months[day.month - 1]
        return pattern.format(
            d=day.day, m=day.month, y=day.year, dd=f"{day.day:02}", mm=f"{day.month:02}", yy=f"{day.year % 100:02}",
            name=name,
        )  # fmt: skip


def make(seed: int, locale: str) -> Paper:
    """The document of this number in this locale; the same one each time."""
    pick = random.Random(f"{locale}/{seed}")
    facts, kind = _facts(pick, LOCALES[locale])
    form = ("pdf", "pdf", "pdf", "html", "html", "text")[seed % 6]
    data = {"pdf": _pdf, "html": _html, "text": _text}[form](facts)
    truth = {
        "vendor": facts.vendor,
        "date": facts.day.isoformat(),
        "total": str(facts.net + facts.tax),
        "tax": str(facts.tax),
        "currency": facts.words.currency,
        "number": facts.number,
        "kind": kind,
    }
    return Paper(f"{locale}-{seed}.{'txt' if form == 'text' else form}", data, locale, truth)


def _facts(pick: random.Random, words: Locale) -> tuple[_Facts, str]:
    head, kind = pick.choice(words.heads)
    day = dt.date(2024, 1, 1) + dt.timedelta(days=pick.randrange(700))
    goods = pick.sample(words.goods, pick.randint(1, 4))
    lines = [(name, pick.choice((1, 1, 2, 3, 12)), Decimal(pick.randint(150, 99_900)) / 100) for name in goods]
    if pick.random() < 0.1:
        lines = [(name, count, price * 20) for name, count, price in lines]
    number = pick.choice(
        (f"{day.year}-{pick.randint(100, 9999)}", f"INV-{pick.randint(1000, 99999)}", f"{pick.randint(10000, 9999999)}",
         f"RE{day.year}/{pick.randint(10, 999):04}", f"F{pick.randint(100, 999)}-{pick.randint(10, 99)}")
    )  # fmt: skip
    due = day + dt.timedelta(days=pick.choice((10, 14, 30))) if pick.random() < 0.5 else None
    discount = Decimal(0)
    whole = sum((count * price for _, count, price in lines), Decimal(0))
    if pick.random() < 0.12:
        discount = (whole / 10).quantize(_CENT)
    facts = _Facts(
        words, pick.choice(words.vendors), head, number, day, due, lines, _rate(pick, words, day), discount,
        pick.choice(words.signs), pick,
    )  # fmt: skip
    return facts, kind


def _rate(pick: random.Random, words: Locale, day: dt.date) -> int:
    return 17 if words.rtl and day < dt.date(2025, 1, 1) else pick.choice(words.rates)


_DISCOUNT = {
    "GBP": "Discount 10%", "USD": "Discount", "ILS": "הנחה 10%",
}  # fmt: skip


def _parts(facts: _Facts) -> tuple[list[Row], list[Row], list[Row], list[str]]:
    """What every layout prints: head rows, rows of goods, rows of sums, and lines of the vendor."""
    words, pick = facts.words, facts.pick
    pattern = pick.choice(words.dates)
    heads: list[Row] = [
        (pick.choice(words.number), facts.number),
        (pick.choice(words.date), facts.date(facts.day, pattern)),
    ]
    if facts.due:
        heads.append((pick.choice(words.due), facts.date(facts.due, pattern)))
    signed = pick.random() < 0.6
    goods: list[Row] = [
        (name, str(count), facts.money(price, sign=signed), facts.money(price * count, sign=signed))
        for name, count, price in facts.lines
    ]
    sums: list[Row] = []
    if facts.discount:
        sums.append((_DISCOUNT.get(words.currency, _discount(words)), "-" + facts.money(facts.discount, sign=signed)))
    sums += [
        (pick.choice(words.net), facts.money(facts.net, sign=signed)),
        (pick.choice(words.tax).format(r=facts.rate), facts.money(facts.tax, sign=signed)),
        (pick.choice(words.total), facts.money(facts.net + facts.tax)),
    ]
    label = pick.choice(words.tax_id)
    vendor = [facts.vendor, pick.choice(words.streets), pick.choice(words.towns), _tax_id(label, pick, rtl=words.rtl)]
    return heads, goods, sums, vendor


def _discount(words: Locale) -> str:
    return {"MwSt": "Rabatt 10 %", "TVA": "Remise 10 %", "BTW": "Korting 10%"}.get(
        next((t for t in ("MwSt", "TVA", "BTW") if any(t in x for x in words.tax)), ""),
        "Sconto" if "Imponibile" in words.net else "Desconto" if "Total sem IVA" in words.net else "Descuento",
    )


def _tax_id(label: str, pick: random.Random, *, rtl: bool) -> str:
    if rtl:
        digits = f"5{pick.randint(1000000, 9999999)}"
        total = sum(n - 9 if n > 9 else n for n in (int(c) * (1 + i % 2) for i, c in enumerate(digits)))
        return f"{label} {digits}{-total % 10}"
    return f"{label}{'' if label[-1].isupper() else ' '}{pick.randint(100000000, 999999999)}"


# -- PDF -------------------------------------------------------------------------------------------


class _Page:
    """A page on which right-to-left text is mirrored: what stands left elsewhere stands right here."""

    def __init__(self, facts: _Facts) -> None:
        self.rtl = facts.words.rtl
        self.paper = FPDF(unit="mm", format="A4")
        self.paper.add_page()
        self.paper.add_font("made", fname=FONT)
        self.size = facts.pick.choice((9, 10, 11))

    def put(self, x: float, y: float, text: str, *, size: float = 0, end: bool = False) -> None:
        """Text that begins (or ends) at x millimetres of the reading direction."""
        self.paper.set_font("made", size=size or self.size)
        seen = get_display(text, base_dir="R") if self.rtl else text
        width = self.paper.get_string_width(seen)
        left = x - width if end else x
        self.paper.text(210 - left - width if self.rtl else left, y, seen)


def _pdf(facts: _Facts) -> bytes:
    heads, goods, sums, vendor = _parts(facts)
    pick, words = facts.pick, facts.words
    page = _Page(facts)
    step = 6.0
    large = pick.random() < 0.6
    y = 20.0
    for i, line in enumerate(vendor):
        page.put(20, y, line, size=15 if large and not i else 0)
        y += step + (2 if large and not i else 0)
    style = pick.choice(("right", "row", "above"))
    page.put(130 if style == "right" else 20, 20 if style == "right" else y + 6, facts.head, size=16)
    top = 32.0 if style == "right" else y + 16
    if style == "above":
        for i, (label, value) in enumerate(heads):
            page.put(20 + 55 * i, top, label.rstrip(":"))
            page.put(20 + 55 * i, top + 5, value)
        top += 12
    else:
        for label, value in heads:
            page.put(125 if style == "right" else 20, top, label)
            page.put(165 if style == "right" else 60, top, value)
            top += step
    y = max(y, top) + 8
    page.put(20, y, pick.choice(words.bill_to))
    page.put(20, y + 5, pick.choice(words.buyers))
    page.put(20, y + 10, pick.choice(words.streets))
    y += 24
    for x, name in zip((20, 105, 145, 190), words.columns, strict=True):
        page.put(x, y, name, end=x > 100)
    for row in goods:
        y += step
        for x, cell in zip((20, 105, 145, 190), row, strict=True):
            page.put(x, y, cell, end=x > 100)
    y += step
    for label, value in sums:
        y += step
        page.put(150, y, label, end=True)
        page.put(190, y, value, end=True)
    y += 14
    for line in _foot(facts):
        page.put(20, y, line)
        y += step
    return bytes(page.paper.output())


def _foot(facts: _Facts) -> list[str]:
    words, pick = facts.words, facts.pick
    lines = [pick.choice(words.thanks)]
    if pick.random() < 0.5:
        lines.append(pick.choice(words.paid))
    if words.notes and pick.random() < 0.6:
        lines.append(pick.choice(words.notes))
    return lines


# -- HTML and plain text ---------------------------------------------------------------------------


def _html(facts: _Facts) -> bytes:
    heads, goods, sums, vendor = _parts(facts)
    pick, words = facts.pick, facts.words
    style = pick.choice(("table", "divs"))

    def row(cells: Row) -> str:
        inside = [html.escape(cell, quote=False) for cell in cells]
        if style == "table":
            return "<tr>" + "".join(f"<td>{cell}</td>" for cell in inside) + "</tr>"
        return "<p>" + " ".join(inside) + "</p>"

    def cells(values: Row) -> str:
        return "<tr>" + "".join(f"<td>{html.escape(value, quote=False)}</td>" for value in values) + "</tr>"

    def block(rows: list[Row]) -> str:
        text = "".join(map(row, rows))
        return f"<table>{text}</table>" if style == "table" else f"<div>{text}</div>"

    page = (
        f'<html dir="{"rtl" if words.rtl else "ltr"}"><head><meta charset="utf-8"><title>{facts.head} {facts.vendor}'
        f"</title></head><body><h1>{html.escape(facts.vendor)}</h1>"
        f"<p>{'<br>'.join(html.escape(line, quote=False) for line in vendor[1:])}</p><h2>{facts.head}</h2>"
        f"{block(heads)}<p>{pick.choice(words.bill_to)}<br>{html.escape(pick.choice(words.buyers))}</p>"
        f"<table>{''.join(map(cells, [words.columns, *goods]))}</table>"
        f"{block(sums)}<p>{'<br>'.join(_foot(facts))}</p></body></html>"
    )
    return page.encode()


def _text(facts: _Facts) -> bytes:
    heads, goods, sums, vendor = _parts(facts)
    words = facts.words
    lines = [*vendor, "", facts.head]
    lines += [f"{label}{'' if label.endswith(':') else ':'} {value}" for label, value in heads]
    lines += ["", facts.pick.choice(words.bill_to), facts.pick.choice(words.buyers), ""]
    lines += [f"{name:<28}{count:>5}{price:>16}{amount:>18}" for name, count, price, amount in [words.columns, *goods]]
    lines += ["", *(f"{label}{'' if label.endswith(':') else ':'} {value}" for label, value in sums), "", *_foot(facts)]
    return "\n".join(lines).encode()
