"""How amounts and days are written in the countries of the sample mailbox."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

# Thousands sign and decimal sign; fr is the narrow no-break space of good typography, frs the plain one of bad.
STYLES = {
    "en": (",", "."),
    "he": (",", "."),
    "de": (".", ","),
    "fr": ("\u202f", ","),
    "frn": ("\u00a0", ","),
    "frs": (" ", ","),
    "ch": ("'", "."),
    "raw": ("", "."),
    "deraw": ("", ","),
}

MONTHS = {
    "en": "January,February,March,April,May,June,July,August,September,October,November,December",
    "de": "Januar,Februar,März,April,Mai,Juni,Juli,August,September,Oktober,November,Dezember",
    "fr": "janvier,février,mars,avril,mai,juin,juillet,août,septembre,octobre,novembre,décembre",
    "he": "ינואר,פברואר,מרץ,אפריל,מאי,יוני,יולי,אוגוסט,ספטמבר,אוקטובר,נובמבר,דצמבר",
}


def number(amount: Decimal, style: str, places: int = 2) -> str:
    """1234.5 as "1,234.50", "1.234,50", "1 234,50" or "1'234.50"."""
    thousands, point = STYLES[style]
    text = f"{abs(amount):,.{places}f}".replace(",", "\0").replace(".", point).replace("\0", thousands)
    return ("-" if amount < 0 else "") + text


def quantity(amount: Decimal, style: str) -> str:
    """A quantity without needless zeros."""
    whole = amount == amount.to_integral()
    places = 0 if whole else -int(amount.normalize().as_tuple().exponent)
    return number(amount, style, places)


def rate(percent: Decimal, style: str) -> str:
    """A tax rate without needless zeros: "18", "5,5"."""
    return quantity(percent, style)


def day(when: date, pattern: str) -> str:
    """A day by strftime's numbers, with %B and %b as month names by a leading language ("fr:%-d %B %Y")."""
    language, _, form = pattern.rpartition(":")
    month = MONTHS[language or "en"].split(",")[when.month - 1]
    short = month if len(month) <= 4 else month[:3] + ("." if language in ("de", "fr") else "")
    return when.strftime(form.replace("%B", month).replace("%b", short))


def filled(template: str, values: dict[str, str]) -> str:
    """Put values into `{{name}}`, `{{name|de}}` (an amount) or `{{name|%d/%m/%Y}}` (a day)."""
    out, rest = [], template
    while "{{" in rest:
        before, _, tail = rest.partition("{{")
        inner, _, rest = tail.partition("}}")
        name, _, form = inner.partition("|")
        value = values[name]
        if form in STYLES:
            value = number(Decimal(value), form)
        elif form:
            value = day(date.fromisoformat(value[:10]), form)
        out += [before, value]
    return "".join([*out, rest])
