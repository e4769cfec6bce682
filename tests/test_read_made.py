"""Documents made from general facts in nine locales: other words and layouts than any that a rule was made on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from bench.made.papers import make
from bench.made.words import LOCALES
from bench.reading import same
from cli.read import as_json
from receipts.fields import dates
from receipts.reader import read_file
from tests.support.papers import table


@pytest.mark.parametrize("locale", sorted(LOCALES))
def test_made_documents_of_a_locale_are_read_or_flagged(locale: str) -> None:
    right = 0
    for seed in range(12):
        paper = make(seed, locale)
        (receipt,) = as_json(paper.name, read_file(paper.data, paper.name))["receipts"]
        flagged = {flag["field"] for flag in receipt["flags"]}
        for name in ("vendor", "date", "total", "currency", "number", "kind"):
            good = same(name, receipt[name], paper.truth[name])
            assert good or name in flagged, (paper.name, name, receipt[name], paper.truth[name])
            right += good
    assert right >= 0.97 * 12 * 6


def test_a_day_behind_its_label_is_found_whatever_stands_before_it() -> None:
    (found,) = dates.find("Date 8 April 2025")
    assert found.day("dmy", None) == date(2025, 4, 8)
    first, second = dates.find("Room 12 3 May 2025 to 5 May 2025")
    assert (first.day("dmy", None), second.day("dmy", None)) == (date(2025, 5, 3), date(2025, 5, 5))


def test_letters_before_a_number_belong_to_it() -> None:
    page = table([["Invoice # INV-86394", "8 April 2025"], ["Acme Ltd", ""], ["Total", "$44.00"]])
    (receipt,) = read_file(f"<html><body><h1>Invoice</h1>{page}</body></html>".encode(), "a.html").receipts
    assert receipt.number.value == "INV-86394"
    assert receipt.total.value == Decimal("44.00")
