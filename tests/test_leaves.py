"""Money, time and blobs: what everything else stands on."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clock
import money
from blobs import FolderBlobs
from errors import Tellable, Temporary


@given(st.integers(-(10**12), 10**12), st.sampled_from(["ILS", "JPY", "KWD", "CLF", None]))
def test_minor_units_survive_the_way_to_decimal_and_back(minor: int, currency: str | None) -> None:
    assert money.to_minor(money.to_decimal(minor, currency), currency) == minor


def test_money_is_written_with_the_decimals_of_its_currency() -> None:
    assert money.Money(12345, "ILS").as_json() == {"minor": 12345, "currency": "ILS", "text": "123.45"}
    assert money.Money(12345, "JPY").as_json()["text"] == "12345"
    assert money.Money(-5, "KWD").as_json()["text"] == "-0.005"


def test_halves_are_rounded_away_from_zero() -> None:
    assert money.to_minor(Decimal("0.125"), "EUR") == 13
    assert money.to_minor(Decimal("-0.125"), "EUR") == -13


def test_a_month_end_evening_in_jerusalem_is_inside_its_month() -> None:
    start, end = clock.day_range(date(2026, 10, 1), date(2026, 10, 31), "Asia/Jerusalem")
    last_evening = datetime(2026, 10, 31, 21, 30, tzinfo=UTC)  # 23:30 there, winter time has begun
    assert start is not None
    assert end is not None
    assert start <= last_evening < end
    assert end == datetime(2026, 10, 31, 22, tzinfo=UTC)


def test_a_day_of_summer_time_has_its_own_length() -> None:
    start, end = clock.day_range(date(2026, 3, 27), date(2026, 3, 27), "Asia/Jerusalem")
    assert start is not None
    assert end is not None
    assert (end - start).total_seconds() == 23 * 3600


@pytest.mark.parametrize("text", ["2026-02-31", "31/12/2026", "2026-1-1", "", "２０２６-01-01", "20260101ab"])
def test_what_is_no_day_is_told(text: str) -> None:
    with pytest.raises(Tellable) as told:
        clock.parse_day(text)
    assert told.value.code == "bad_date"


def test_an_unknown_zone_is_told() -> None:
    with pytest.raises(Tellable) as told:
        clock.zone("../etc/passwd")
    assert told.value.code == "bad_time_zone"


def test_a_blob_comes_back_byte_for_byte_and_twice_is_once(tmp_path: Path) -> None:
    store = FolderBlobs(tmp_path)
    data = bytes(range(256)) * 100
    keys = {store.put(data) for _ in range(2)}
    assert len(keys) == 1
    assert store.get(keys.pop()) == data
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_many_threads_may_put_the_same_blob(tmp_path: Path) -> None:
    store, keys = FolderBlobs(tmp_path), []
    threads = [threading.Thread(target=lambda: keys.append(store.put(b"same" * 1000))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert store.get(keys[0]) == b"same" * 1000


@pytest.mark.parametrize("key", ["0" * 64, "../../etc/passwd", "", "A" * 64])
def test_a_key_that_is_none_is_told(tmp_path: Path, key: str) -> None:
    with pytest.raises(Tellable) as told:
        FolderBlobs(tmp_path).get(key)
    assert told.value.code == "blob_missing"


def test_a_folder_that_cannot_be_written_is_a_reason_to_wait(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file is in the way")
    with pytest.raises(Temporary) as told:
        FolderBlobs(tmp_path / "blobs").put(b"x")
    assert told.value.code == "disk_full"
