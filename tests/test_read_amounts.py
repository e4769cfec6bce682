"""Numbers and days in all their spellings."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from receipts.fields import amounts, dates


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("1.234,56 €", "1234.56", "EUR"),
        ("$1,234.56", "1234.56", "$"),
        ("1 234,56 €", "1234.56", "EUR"),
        ("1\u202f234,56 EUR", "1234.56", "EUR"),
        ("CHF 1'234.56", "1234.56", "CHF"),
        ("Rs. 1,23,456.00", "123456.00", "INR"),
        ("£3.41 GBP", "3.41", "GBP"),
        ("US $67.89", "67.89", "USD"),
        ("CA$12.00", "12.00", "CAD"),
        ("−15,00 €", "-15.00", "EUR"),
        ("-$1.06", "-1.06", "$"),
        ("(12.50)", "-12.50", None),
        ("30.00-", "-30.00", None),
        ("12.50 CR", "-12.50", None),
        ("5,- €", "5", "EUR"),
        ('118 ש"ח', "118", "ILS"),
        ("₪1,026.60", "1026.60", "ILS"),
        ("RM41.45", "41.45", "MYR"),
        ("kr 1 234,00", "1234.00", "kr"),
        ("0,05", "0.05", None),
        ("10.00 PLN", "10.00", "PLN"),
    ],
)
def test_an_amount_is_read_with_its_sign_and_currency(text: str, value: str, currency: str | None) -> None:
    (found,) = amounts.find(text)
    assert found.value == Decimal(value)
    assert found.currency == currency


@pytest.mark.parametrize(
    "text", ["12.05.2025", "12/05/2025", "20:15", "2018-03-05", "Order 202-1391264-5465967", "v1.2.3", "AB-1234"]
)
def test_days_times_and_numbers_of_things_are_no_amounts(text: str) -> None:
    assert [a for a in amounts.find(text) if a.money_like] == []


def test_a_percentage_is_told_from_money() -> None:
    assert [a.percent for a in amounts.find("VAT 19,00 % 3,13")] == [True, False]


@pytest.mark.parametrize(
    ("texts", "sign"),
    [(["1.234,56", "3,00"], ","), (["1,234.56", "3.00"], "."), (["no numbers"], ""), (["1,23", "4.56"], "")],
)
def test_the_document_tells_its_own_decimal_sign(texts: list[str], sign: str) -> None:
    assert amounts.style(texts) == sign


def test_three_digits_behind_one_sign_follow_the_document() -> None:
    assert amounts.parse("1.234", ",") == (Decimal(1234), 0, False)
    assert amounts.parse("1.234", ".") == (Decimal("1.234"), 3, True)
    assert amounts.parse("1.234", "") == (Decimal(1234), 0, True)


def test_signs_that_were_misread_are_mended_in_pictures_only() -> None:
    assert [a.value for a in amounts.find("N184.00", loose=True)] == [Decimal("184.00")]
    assert [a.value for a in amounts.find("12 .50", loose=True)] == [Decimal("12.50")]
    assert amounts.find("N184.00") == ()


@pytest.mark.parametrize("word", ["all", "try", "cop", "1 all"])
def test_words_are_no_currencies(word: str) -> None:
    assert amounts.currencies(word) == []


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-03-04", date(2025, 3, 4)),
        ("04.03.2025", date(2025, 3, 4)),
        ("4. März 2025", date(2025, 3, 4)),
        ("4 mars 2025", date(2025, 3, 4)),
        ("March 4th, 2025", date(2025, 3, 4)),
        ("4 de marzo de 2025", date(2025, 3, 4)),
        ("4 marzo 2025", date(2025, 3, 4)),
        ("4 de março de 2025", date(2025, 3, 4)),
        ("4 maart 2025", date(2025, 3, 4)),
        ("4 במרץ 2025", date(2025, 3, 4)),
        ("ב-04/03/2025", date(2025, 3, 4)),
        ("04-Mar-25", date(2025, 3, 4)),
        ("20250304", date(2025, 3, 4)),
        ("25/03/2025", date(2025, 3, 25)),
        ("03/25/2025", date(2025, 3, 25)),
    ],
)
def test_a_day_is_read_in_every_spelling(text: str, day: date) -> None:
    (found,) = dates.find(text)
    assert found.day("dmy") == day


@pytest.mark.parametrize("text", ["2026-02-31", "31.02.2026", "99/99/2026", "12.50", "1.5 kg", "version 2.1"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert [f for f in dates.find(text) if f.has_year] == []


def test_a_day_that_can_be_read_twice_keeps_both() -> None:
    (found,) = dates.find("03/04/2025")
    assert (found.day("dmy"), found.day("mdy")) == (date(2025, 4, 3), date(2025, 3, 4))


def test_other_days_of_the_document_prove_its_order() -> None:
    found = [*dates.find("03/04/2025"), *dates.find("03/25/2025")]
    assert dates.order(found) == ("mdy", True)
    assert dates.order(dates.find("03/04/2025")) == ("dmy", False)
    assert dates.order(dates.find("03/04/2025"), anchor=date(2025, 3, 4)) == ("mdy", True)


def test_a_day_without_a_year_takes_the_mails() -> None:
    (found,) = dates.find("Saturday, 28 December")
    assert found.day("dmy", date(2026, 1, 3)) == date(2025, 12, 28)


def test_a_time_stuck_to_the_day_is_parted_in_pictures() -> None:
    assert dates.find("Date 03/02/201815:28", loose=True)[0].day("dmy") == date(2018, 2, 3)
    assert dates.find("06 0ct 2026", loose=True)[0].day("dmy") == date(2026, 10, 6)
