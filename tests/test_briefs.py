"""The API's short ways of writing money and times say the same as the long ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

import clock
import money
from web import briefs

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["ILS", "JPY", "KWD", "CLF", None, "XXX"]))
def test_an_amount_is_written_as_money_writes_it(minor: int, currency: str | None) -> None:
    assert briefs.amount(minor, currency) == money.Money(minor, currency).as_json()


@given(st.integers(-(10**12), 10**14))
def test_a_time_is_written_as_the_clock_writes_it(milliseconds: int) -> None:
    assert briefs.when(milliseconds) == clock.iso(EPOCH + timedelta(milliseconds=milliseconds))
