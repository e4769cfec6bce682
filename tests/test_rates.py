"""Exchange rates: the bank's own figures at a document's day, the last one known before it, or none."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from config import Config
from errors import Temporary
from jobs import money_rates
from models import EcbRate
from sources import ecb
from store import base_sums, rates
from store.receipt_filter import Filter
from tests.support import exports as making
from tests.support import installation, web


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Config]:
    rates.forget()
    with installation.database(installation.settings(tmp_path)):
        yield installation.settings(tmp_path)
    rates.forget()


def _table(*rows: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([["Date", "USD", "ILS", "XTS", ""], *rows])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("eurofxref-hist.csv", text.getvalue())
    return out.getvalue()


@contextmanager
def _bank(status: int, body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_value_is_the_banks_cross_rate_of_that_day(config: Config) -> None:
    # As published for 2 January 2025: 1 EUR = 1.0321 USD = 3.7613 ILS.
    usd, ils = _published("2025-01-02", "USD"), _published("2025-01-02", "ILS")
    found = rates.convert(10_000, "USD", "ILS", date(2025, 1, 2))
    assert found is not None
    assert found.day == date(2025, 1, 2)
    assert found.minor == int((Decimal(100) * ils / usd * 100).quantize(Decimal(1)))
    euro = rates.convert(10_000, "EUR", "USD", date(2025, 1, 2))
    assert euro is not None
    assert euro.minor == int(usd * 10_000)


def _published(day: str, currency: str) -> Decimal:
    from importlib.resources import files

    packed = files("currency_converter").joinpath("eurofxref-hist.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        for row in csv.DictReader(io.TextIOWrapper(archive.open(archive.namelist()[0]), "ascii")):
            if row["Date"] == day:
                return Decimal(row[currency])
    raise AssertionError(day)


def test_on_a_weekend_the_last_rate_before_it_is_used_and_its_day_told(config: Config) -> None:
    friday, sunday = date(2025, 1, 3), date(2025, 1, 5)
    at_sunday, at_friday = (rates.convert(10_000, "USD", "ILS", day) for day in (sunday, friday))
    assert at_sunday == at_friday
    assert at_sunday is not None
    assert at_sunday.day == friday


def test_without_a_rate_there_is_no_guess(config: Config) -> None:
    assert rates.convert(100, "XTS", "ILS", date(2025, 1, 2)) is None
    assert rates.convert(100, "USD", "ILS", None) is None
    assert rates.convert(100, "USD", "ILS", date(1990, 1, 1)) is None
    newest = rates.newest()
    assert newest is not None
    assert rates.convert(100, "USD", "ILS", newest + timedelta(days=rates.OLDEST)) is not None
    assert rates.convert(100, "USD", "ILS", newest + timedelta(days=rates.OLDEST + 1)) is None


def test_currencies_without_cents_keep_their_own_units(config: Config) -> None:
    found = rates.convert(10_000, "JPY", "EUR", date(2025, 1, 2))
    assert found is not None
    assert found.minor == int((Decimal(10_000) / _published("2025-01-02", "JPY") * 100).quantize(Decimal(1)))


def test_new_rates_are_fetched_kept_and_used(config: Config) -> None:
    newest = rates.newest()
    assert newest is not None
    later = newest + timedelta(days=20)
    table = _table([later.isoformat(), "2", "8", "N/A"], [newest.isoformat(), "3", "3", ""])
    with _bank(200, table) as url:
        assert rates.keep(ecb.fetch(url)) == 2
        assert rates.keep(ecb.fetch(url)) == 0
    found = rates.convert(100, "USD", "ILS", later)
    assert found is not None
    assert (found.minor, found.rate, found.day) == (400, Decimal(4), later)
    before = rates.convert(100, "USD", "ILS", newest)
    assert before is not None
    assert before.day == newest
    assert EcbRate.select().count() == 2


def test_a_bank_that_does_not_answer_is_a_reason_to_wait(config: Config) -> None:
    with _bank(500, b"") as url, pytest.raises(Temporary, match="go on being used"):
        ecb.fetch(url)
    with pytest.raises(zipfile.BadZipFile):
        rates.keep(b"<html>maintenance</html>")


def test_they_are_fetched_once_a_day_and_only_where_somebody_needs_them(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(money_rates, "FROM_HOUR", 0)
    business = installation.business()
    web.receipt(business, currency="ILS")
    assert list(money_rates.plan()) == []
    web.receipt(business, currency="USD")
    ((row, new),) = money_rates.plan()
    assert new
    assert [created for _, created in money_rates.plan()] == [False]
    assert making.done(config, row.id).result == {"off": True}


def test_sums_in_base_currency_are_those_of_each_day(config: Config) -> None:
    business = installation.business()
    web.receipt(business, currency="ILS", total_minor=1000, date="2025-01-02")
    web.receipt(business, currency="USD", total_minor=10_000, date="2025-01-02")
    web.receipt(business, currency="USD", total_minor=10_000, date="2025-03-04")
    web.receipt(business, currency="XTS", total_minor=10_000, date="2025-03-04")
    each = [rates.convert(10_000, "USD", "ILS", day) for day in (date(2025, 1, 2), date(2025, 3, 4))]
    minors = [one.minor for one in each if one is not None]
    sums = base_sums.over(business.id, Filter(), "ILS")
    assert (sums.whole.total, sums.whole.unconverted) == (1000 + sum(minors), 1)
    assert sums.months["2025-03"].total == minors[1]
