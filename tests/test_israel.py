"""Israeli rules by date: the VAT rate, and the tax invoice whose VAT needs an allocation number."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from receipts.countries import israel
from receipts.types import Field, Kind, Reading, TaxLine

WITH = "חשבונית מס 1044\nמספר הקצאה: 123456789\nסה״כ לתשלום 11,800.00"
WITHOUT = "חשבונית מס 1044\nע.מ. 514302776\nסה״כ לתשלום 11,800.00"


def _reading(
    net: str,
    day: date | None = date(2026, 11, 1),
    kind: Kind = Kind.TAX_INVOICE,
    currency: str = "ILS",
    rate: str = "18",
) -> Reading:
    def field(value: Any) -> Field[Any]:
        return Field(value, 0.9, "")

    base = Decimal(net)
    tax = base * Decimal(rate) / 100
    nothing = field(None)
    return Reading(
        part="1", kind=field(kind), vendor=nothing, vendor_tax_id=nothing, number=nothing, date=field(day),
        due_date=nothing, currency=field(currency), total=field(base + tax), payable=nothing, net=field(base),
        tax=(TaxLine(Decimal(rate), base, tax),),
    )  # fmt: skip


def _codes(reading: Reading, text: str = WITHOUT) -> list[str]:
    return [flag.code for flag in israel.doubts(reading, text)]


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        (date(2013, 6, 1), "17"),
        (date(2013, 6, 2), "18"),
        (date(2015, 9, 30), "18"),
        (date(2015, 10, 1), "17"),
        (date(2024, 12, 31), "17"),
        (date(2025, 1, 1), "18"),
    ],
)
def test_the_vat_rate_is_that_of_the_day(day: date, rate: str) -> None:
    assert israel.vat_rate(day) == Decimal(rate)


@pytest.mark.parametrize(
    ("day", "above"),
    [
        (date(2024, 5, 4), None),
        (date(2024, 5, 5), "25000"),
        (date(2025, 1, 1), "20000"),
        (date(2025, 12, 31), "20000"),
        (date(2026, 1, 1), "10000"),
        (date(2026, 5, 31), "10000"),
        (date(2026, 6, 1), "5000"),
    ],
)
def test_the_threshold_is_that_of_the_day(day: date, above: str | None) -> None:
    assert israel.allocation_above(day) == (None if above is None else Decimal(above))


def test_a_tax_invoice_above_the_threshold_without_a_number_is_flagged() -> None:
    assert _codes(_reading("10000")) == ["allocation_missing"]
    assert _codes(_reading("10000", kind=Kind.INVOICE_RECEIPT)) == ["allocation_missing"]
    assert _codes(_reading("10000"), WITH) == []


@pytest.mark.parametrize(
    "reading",
    [
        _reading("5000"),  # not above
        _reading("10000", kind=Kind.RECEIPT),
        _reading("10000", kind=Kind.CREDIT_NOTE),
        _reading("10000", currency="EUR"),
        _reading("10000", day=None),
        _reading("10000", rate="0"),  # no VAT to deduct
        _reading("9000", day=date(2026, 3, 1)),
    ],
)
def test_where_none_is_needed_nothing_is_said(reading: Reading) -> None:
    assert _codes(reading) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("מספר הקצאה 987654321", True),
        ("מס׳ הקצאה:\n20261101 1234 987654321", True),
        ("987654321\nמספר הקצאה", True),
        ("Allocation number 987654321", True),
        ("מספר הקצאה: 12345", False),
        ("מספר הקצאה:\n\n514302776", False),
        ("ע.מ. 514302776", False),
    ],
)
def test_the_number_stands_on_its_labels_line_or_beside_it(text: str, found: bool) -> None:
    assert israel.has_allocation(text) is found


def test_a_rate_that_was_not_the_days_is_doubted_and_one_just_before_the_change_is_not() -> None:
    assert _codes(_reading("100", day=date(2026, 11, 1), rate="17")) == ["vat_rate_odd"]
    assert _codes(_reading("100", day=date(2025, 2, 1), rate="17")) == []
    assert _codes(_reading("100", day=date(2024, 12, 1), rate="18")) == ["vat_rate_odd"]
    assert _codes(_reading("100", day=date(2026, 11, 1), rate="0")) == []
