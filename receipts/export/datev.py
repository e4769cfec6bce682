"""A DATEV booking batch (Buchungsstapel, EXTF 700, format version 13) for German tax advisers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import BinaryIO, Final

from receipts.export.parts import Part, parts_of
from receipts.export.rows import About, ExportRow, LeftOut, Step, Written, missing, named, no_step
from receipts.export.text import line

EXTENSION: Final = "csv"
MEDIA_TYPE: Final = "text/csv; charset=windows-1252"
COLUMNS: Final = (
    "Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz",
    "WKZ Basis-Umsatz", "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1",
    "Belegfeld 2", "Skonto", "Buchungstext", "Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank",
    "Sachverhalt", "Zinssperre", "Beleglink",
    *(f"Beleginfo - {part} {number}" for number in range(1, 9) for part in ("Art", "Inhalt")),
    "KOST1 - Kostenstelle", "KOST2 - Kostenstelle", "Kost-Menge", "EU-Land u. UStID (Bestimmung)",
    "EU-Steuersatz (Bestimmung)", "Abw. Versteuerungsart", "Sachverhalt L+L", "Funktionsergänzung L+L",
    "BU 49 Hauptfunktionstyp", "BU 49 Hauptfunktionsnummer", "BU 49 Funktionsergänzung",
    *(f"Zusatzinformation - {part} {number}" for number in range(1, 21) for part in ("Art", "Inhalt")),
    "Stück", "Gewicht", "Zahlweise", "Forderungsart", "Veranlagungsjahr", "Zugeordnete Fälligkeit", "Skontotyp",
    "Auftragsnummer", "Buchungstyp", "USt-Schlüssel (Anzahlungen)", "EU-Land (Anzahlungen)",
    "Sachverhalt L+L (Anzahlungen)", "EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)", "Herkunft-Kz",
    "Buchungs GUID", "KOST-Datum", "SEPA-Mandatsreferenz", "Skontosperre", "Gesellschaftername",
    "Beteiligtennummer", "Identifikationsnummer", "Zeichnernummer", "Postensperre bis",
    "Bezeichnung SoBil-Sachverhalt", "Kennzeichen SoBil-Buchung", "Festschreibung", "Leistungsdatum",
    "Datum Zuord. Steuerperiode", "Fälligkeit", "Generalumkehr (GU)", "Steuersatz", "Land", "Abrechnungsreferenz",
    "BVV-Position", "EU-Land u. UStID (Ursprung)", "EU-Steuersatz (Ursprung)", "Abw. Skontokonto",
)  # fmt: skip
_EURO: Final = "EUR"
_CENT: Final = Decimal("0.01")
_AT: Final = {name: index for index, name in enumerate(COLUMNS)}


@dataclass(frozen=True, slots=True)
class Books:
    """The adviser's and client's numbers, and accounts of the chart (SKR03 by default)."""

    adviser: int = 1001
    client: int = 1
    accounts: Mapping[str, str] = field(default_factory=dict)  # by category
    account: str = "4900"  # other operating expenses
    creditor: str = "70000"  # sundry creditors
    account_length: int = 4
    tax_keys: Mapping[Decimal, str] = field(default_factory=lambda: {Decimal(19): "9", Decimal(7): "8"})
    year_starts: int = 1  # month in which the business year starts


def write(
    rows: Iterable[ExportRow], about: About, out: BinaryIO, *, books: Books | None = None, step: Step = no_step
) -> Written:
    """The batch: one booking a tax rate, in euro, all of one business year (that of the first receipt)."""
    books = books or Books()
    left_out: list[LeftOut] = []
    good: list[tuple[date, ExportRow]] = []
    start: date | None = None
    for row in rows:
        lack = missing(row) or _not_euro(row, about)
        if lack is None and row.date is not None:
            start = start or _year_start(row.date, books.year_starts)
            if _year_start(row.date, books.year_starts) != start:
                lack = LeftOut(row.id, f"{named(row)} was left out: it belongs to another business year.")
        if lack is not None or row.date is None:
            left_out += [lack] if lack else []
            continue
        good.append((row.date, row))
    good.sort(key=lambda one: (one[0], one[1].id))
    today = about.made_at.date()
    first, last = (good[0][0], good[-1][0]) if good else (today, today)
    lines = [_header(about, books, start or _year_start(today, books.year_starts), first, last)]
    lines.append(";".join(COLUMNS))
    for count, (day, row) in enumerate(good, 1):
        lines += [_booking(row, day, part, books) for part in _in_euro(row) if part.gross]
        step(count)
    out.write("".join(f"{text}\r\n" for text in lines).encode("cp1252", "replace"))
    return Written(len(good), tuple(left_out))


def _not_euro(row: ExportRow, about: About) -> LeftOut | None:
    if row.currency == _EURO or (about.base_currency == _EURO and row.base_total is not None):
        return None
    return LeftOut(row.id, f"{named(row)} was left out: there is no euro value of its {row.currency} total.")


def _in_euro(row: ExportRow) -> list[Part]:
    """The receipt's parts in euro; the last one takes what rounding leaves."""
    parts = parts_of(row)
    if row.currency == _EURO or row.base_total is None or not row.total:
        return parts
    out: list[Part] = []
    for part in parts:
        share = (part.gross * row.base_total / row.total).quantize(_CENT, ROUND_HALF_UP)
        out.append(Part(part.rate, share, Decimal(0)))
    rest = row.base_total - sum((part.gross for part in out), Decimal(0))
    out[-1] = Part(out[-1].rate, out[-1].net + rest, Decimal(0))
    return out


def _year_start(day: date, month: int) -> date:
    return date(day.year if day.month >= month else day.year - 1, month, 1)


def _header(about: About, books: Books, start: date, first: date, last: date) -> str:
    values: list[object] = [
        '"EXTF"', 700, 21, '"Buchungsstapel"', 13, f"{about.made_at:%Y%m%d%H%M%S}000", "", '"RE"',
        _text(about.business, 25), '""', books.adviser, books.client, f"{start:%Y%m%d}", books.account_length,
        f"{first:%Y%m%d}", f"{last:%Y%m%d}", _text(f"Belege {first:%m/%Y}", 30), '""', 1, 0, 0, f'"{_EURO}"', "",
        '""', "", "", '""', "", "", '""', '""',
    ]  # fmt: skip
    return ";".join(map(str, values))


def _booking(row: ExportRow, day: date, part: Part, books: Books) -> str:
    key = books.tax_keys.get(part.rate, "") if part.rate is not None else ""
    values = [""] * len(COLUMNS)
    foreign = "" if row.currency == _EURO else f" {row.currency} {row.total}"
    for name, value in (
        ("Umsatz (ohne Soll/Haben-Kz)", f"{abs(part.gross).quantize(_CENT, ROUND_HALF_UP):f}".replace(".", ",")),
        ("Soll/Haben-Kennzeichen", '"S"' if part.gross > 0 else '"H"'),
        ("WKZ Umsatz", f'"{_EURO}"'),
        ("Konto", books.accounts.get(row.category or "", books.account)),
        ("Gegenkonto (ohne BU-Schlüssel)", books.creditor),
        ("BU-Schlüssel", f'"{key}"'),
        ("Belegdatum", f"{day:%d%m}"),
        ("Belegfeld 1", f'"{_reference(row)}"'),
        ("Buchungstext", _text(f"{row.vendor}{foreign}", 60)),
        ("Festschreibung", "0"),
    ):
        values[_AT[name]] = value
    return ";".join(values)


def _reference(row: ExportRow) -> str:
    """The document's number in the signs that the field allows."""
    found = re.sub(r"[^A-Za-z0-9$&%*+\-/]+", "-", row.number or f"R{row.id}").strip("-")
    return found[:36] or f"R{row.id}"


def _text(text: str, most: int) -> str:
    flat = line(text).encode("cp1252", "replace").decode("cp1252")[:most]
    return '"' + flat.replace('"', '""') + '"'
