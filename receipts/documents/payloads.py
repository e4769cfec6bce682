"""What the QR codes of bills and receipts hold: EPC payments, Swiss QR-bills, ZATCA, Portugal's tax authority."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from stdnum import iban

from receipts.layout import clean
from receipts.types import Box, Kind, TaxLine

_MOST = 4000  # signs of a payload; a QR code holds fewer
_PORTUGUESE = {
    "FT": Kind.INVOICE, "FS": Kind.INVOICE, "FR": Kind.INVOICE_RECEIPT, "ND": Kind.INVOICE, "NC": Kind.CREDIT_NOTE,
    "RC": Kind.RECEIPT, "RG": Kind.RECEIPT,
}  # fmt: skip
_RATES = {3: (4, 5, 6), 5: (9, 10, 12, 13), 7: (15, 16, 18, 22, 23)}  # by the number of the base's field
_CENT = Decimal("0.02")


@dataclass(frozen=True)
class Code:
    """A payload as it states a bill: what it does not state is None; amounts positive, as written.

    `total` is a fiscal code's grand total, `payable` what a payment code asks for; `box` is where the code stands.
    """

    standard: str  # "EPC", "Swiss QR-bill", "ZATCA", "Portuguese AT"
    vendor: str | None = None
    vendor_tax_id: str | None = None
    billed_to: str | None = None
    number: str | None = None
    text: str = ""  # what the payer is to quote: mostly the number, among other words
    date: dt.date | None = None
    due_date: dt.date | None = None
    currency: str | None = None
    total: Decimal | None = None
    payable: Decimal | None = None
    taxes: tuple[TaxLine, ...] = ()
    kind: Kind | None = None
    box: Box | None = None

    @property
    def fiscal(self) -> bool:
        """Whether the seller had to put it there, with the figures that go to the tax authority."""
        return self.total is not None


def read(payload: str) -> Code | None:
    """The payload of a QR code; None where it is none of these, or not as its standard wants it."""
    text = payload[:_MOST].lstrip("\ufeff\r\n ")
    if text.startswith("BCD"):
        return _epc(text)
    if text.startswith("SPC"):
        return _swiss(text)
    if re.match(r"A:\d{9}\*B:", text):
        return _portuguese(text)
    return _zatca(text)


def _word(text: str, most: int = 200) -> str | None:
    return " ".join(clean(text[:most]).split()) or None


def _amount(text: str) -> Decimal | None:
    """An amount with a point before at most two decimals."""
    if not re.fullmatch(r"\d{1,12}(?:\.\d{1,2})?", text.strip(), re.ASCII):
        return None
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


def _day(text: str, form: str) -> dt.date | None:
    try:
        day = dt.datetime.strptime(text, form).date()  # noqa: DTZ007 - a calendar day
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


# -- payments --------------------------------------------------------------------------------------


def _epc(text: str) -> Code | None:
    """EPC069-12: the quick response code of a SEPA credit transfer, a line a field."""
    lines = [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), *[""] * 12]
    if lines[1].strip() not in {"001", "002"} or lines[3].strip() != "SCT" or not iban.is_valid(lines[6].strip()):
        return None
    money = lines[7].strip()
    amount = _amount(money[3:]) if money.startswith("EUR") else None
    if money and not amount:
        return None
    told = _word(f"{lines[9]} {lines[10]}") or ""
    return Code("EPC", vendor=_word(lines[5], 70), text=told, currency="EUR" if amount else None, payable=amount)


def _swiss(text: str) -> Code | None:
    """The Swiss QR-bill (SIX, version 2): thirty-one lines, and Swico's billing information behind them."""
    lines = [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), *[""] * 34]
    if not lines[1].strip().startswith("02") or not iban.is_valid(lines[3].strip()) or "EPD" not in lines[29:32]:
        return None
    amount = _amount(lines[18]) if lines[18].strip() else None
    currency = lines[19].strip()
    if currency not in {"CHF", "EUR"} or (lines[18].strip() and amount is None):
        return None
    more = _swico(lines[lines.index("EPD", 29) + 1])
    number, day = _word(more.get("10", ""), 60), _day(more.get("11", ""), "%y%m%d")
    uid = more.get("30", "")
    wait = re.fullmatch(r"0:(\d{1,3})", more.get("40", "").split(";")[-1])
    return Code(
        "Swiss QR-bill",
        vendor=_word(lines[5], 70),
        vendor_tax_id=f"CHE{uid}" if re.fullmatch(r"\d{9}", uid, re.ASCII) else None,
        billed_to=_word(lines[21], 70),
        number=number,
        text=_word(f"{lines[28]} {lines[29] if lines[29] != 'EPD' else ''}") or "",
        date=day,
        due_date=day + dt.timedelta(int(wait.group(1))) if day and wait else None,
        currency=currency if amount else None,
        payable=amount or None,
        taxes=_swico_taxes(more.get("32", "")),
    )


def _swico(text: str) -> dict[str, str]:
    """Swico's syntax S1: "//S1/10/number/11/date…"; a slash within a value is written with a backslash."""
    if not text.startswith("//S1/"):
        return {}
    parts = [part.replace("\\/", "/").replace("\\\\", "\\") for part in re.split(r"(?<!\\)/", text[5:400])]
    return dict(zip(parts[::2], parts[1::2], strict=False))


def _swico_taxes(text: str) -> tuple[TaxLine, ...]:
    """Rate and base as in "8.1:100.00;2.6:50"; a rate alone holds for the whole bill and is left to the text."""
    out = []
    for part in text.split(";")[:6]:
        rate, base = map(_amount, part.split(":")) if part.count(":") == 1 else (None, None)
        if rate is not None and base is not None:
            out.append(TaxLine(rate, base, (base * rate / 100).quantize(Decimal("0.01"))))
    return tuple(out)


# -- fiscal codes ----------------------------------------------------------------------------------


def _zatca(text: str) -> Code | None:
    """Saudi Arabia's e-invoice: base64 of tag, length and value; seller, VAT number, time, total, VAT."""
    if len(text) < 40 or not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", text):
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    found: dict[int, str] = {}
    at = 0
    while at + 2 <= len(data) and len(found) < 12:
        tag, size = data[at], data[at + 1]
        value = data[at + 2 : at + 2 + size]
        if len(value) != size:
            break
        if tag <= 5:
            try:
                found[tag] = value.decode("utf-8")
            except UnicodeDecodeError:
                return None
        at += 2 + size
    tax_id, total, tax = found.get(2, "").strip(), _amount(found.get(4, "")), _amount(found.get(5, ""))
    if not re.fullmatch(r"3\d{13}3", tax_id, re.ASCII) or total is None or tax is None or tax > total / 2:
        return None
    when = found.get(3, "").strip()
    day = _day(when[:10], "%Y-%m-%d")
    if day is None:
        return None
    net = total - tax
    rate = next((r for r in (Decimal(15), Decimal(5)) if abs(net * r / 100 - tax) <= _CENT), None)
    taxes = (TaxLine(rate, net, tax),) if tax else ()
    vendor = _word(found.get(1, ""))
    return Code(
        "ZATCA",
        vendor=vendor,
        vendor_tax_id=tax_id,
        date=day,
        currency="SAR",
        total=total,
        taxes=taxes,
    )


def _portuguese(text: str) -> Code | None:
    """Portugal's fiscal code (Portaria 195/2020): "A:…*B:…", bases and taxes by region and rate."""
    found = {name: value for name, _, value in (part.partition(":") for part in text.split("*")) if value}
    total, tax = _amount(found.get("O", "")), _amount(found.get("N", ""))
    day = _day(found.get("F", ""), "%Y%m%d")
    if total is None or tax is None or day is None or found.get("E") == "A":  # "A" is cancelled
        return None
    taxes = []
    held = tax + sum((_amount(found.get(name, "")) or Decimal(0) for name in ("I2", "J2", "K2", "L")), Decimal(0))
    for region in "IJK":  # the mainland, the Azores, Madeira
        for place, rates in _RATES.items():
            base, amount = _amount(found.get(f"{region}{place}", "")), _amount(found.get(f"{region}{place + 1}", ""))
            if base is not None and amount is not None:
                rate = next((Decimal(r) for r in rates if abs(base * r / 100 - amount) <= _CENT), None)
                taxes.append(TaxLine(rate, base, amount))
                held += base
    if abs(held - total) > _CENT * 2:
        return None  # not what an authority's own program makes
    return Code(
        "Portuguese AT",
        vendor_tax_id=found["A"],
        number=_word(found.get("G", ""), 60),
        date=day,
        currency="EUR",
        total=total,
        taxes=tuple(taxes),
        kind=_PORTUGUESE.get(found.get("D", "")),
    )
