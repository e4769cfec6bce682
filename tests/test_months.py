"""Months: closing one, being asked before it changes, reopening it; and the tax of a period."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models import Business, Receipt
from tests.support.web import Browser, Web, receipt, serving


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("months")) as web:
        yield web


@pytest.fixture
def business(site: Web) -> Business:
    return site.business()


@pytest.fixture
def browser(site: Web, business: Business) -> Browser:
    return site.browser(business)


def _closed(browser: Browser, month: str = "2026-10") -> None:
    assert browser.post(f"/api/months/{month}/close", {}).status_code == 204


def test_a_change_in_a_closed_month_asks_first_and_then_does_it(business: Business, browser: Browser) -> None:
    row = receipt(business, date="2026-10-05")
    _closed(browser)
    path = f"/api/receipts/{row.id}"
    asked = browser.patch(path, {"total": "5.00"}, version=1)
    assert (asked.status_code, asked.json()["code"], asked.json()["months"]) == (409, "month_closed", ["2026-10"])
    assert Receipt.get_by_id(row.id).total_minor == 18400
    assert browser.patch(f"{path}?confirm=month_closed", {"total": "5.00"}, version=1).status_code == 200
    assert Receipt.get_by_id(row.id).total_minor == 500
    assert browser.patch(path, {"note": "seen"}, version=2).status_code == 200  # no figure of the month


def test_nothing_moves_into_or_out_of_a_closed_month_unasked(business: Business, browser: Browser) -> None:
    row = receipt(business, date="2026-11-05")
    _closed(browser)
    moved = browser.patch(f"/api/receipts/{row.id}", {"date": "2026-10-31"}, version=1)
    assert moved.json()["code"] == "month_closed"
    assert browser.patch(f"/api/receipts/{row.id}", {"date": "2026-11-01"}, version=1).status_code == 200


@pytest.mark.parametrize("action", ["delete", "approve", "reject"])
def test_many_at_once_are_asked_before_the_first_changes(business: Business, browser: Browser, action: str) -> None:
    rows = [receipt(business, date=f"2026-1{month}-05") for month in (1, 0)]
    _closed(browser)
    body = {"ids": [row.id for row in rows], "action": action}
    assert browser.post("/api/receipts/bulk", body).json()["code"] == "month_closed"
    assert Receipt.select().where(Receipt.business == business, Receipt.version > 1).count() == 0
    done = browser.post("/api/receipts/bulk?confirm=month_closed", body)
    assert done.json()["changed"] == 2
    assert browser.post("/api/undo", {"undo": done.json()["undo"]}).json()["code"] == "month_closed"
    undone = browser.post("/api/undo?confirm=month_closed", {"undo": done.json()["undo"]})
    assert undone.json()["changed"] == 2


def test_deleting_and_restoring_ask_too(business: Business, browser: Browser) -> None:
    row = receipt(business, date="2026-10-05")
    _closed(browser)
    path = f"/api/receipts/{row.id}"
    assert browser.delete(path).json()["code"] == "month_closed"
    assert browser.delete(f"{path}?confirm=month_closed").status_code == 204
    assert browser.post(f"{path}/restore", {}).json()["code"] == "month_closed"


def test_a_reopened_month_asks_no_more(business: Business, browser: Browser) -> None:
    row = receipt(business, date="2026-10-05")
    _closed(browser)
    assert browser.post("/api/months/2026-10/reopen", {}).status_code == 204
    assert browser.patch(f"/api/receipts/{row.id}", {"total": "5.00"}, version=1).status_code == 200


def test_a_month_tells_what_it_holds_and_what_came_late(business: Business, browser: Browser) -> None:
    receipt(business, date="2026-10-05", status="to_review")
    receipt(business, date="2026-10-06", exported_at=Receipt.exported_at.python_value(1))
    receipt(business, date="2026-10-07", status="rejected")
    _closed(browser)
    receipt(business, date="2026-10-08")
    receipt(business, date="2026-11-01")
    items = browser.get("/api/months").json()["items"]
    assert [(one["month"], one["count"], one["to_review"], one["new"], one["late"]) for one in items] == [
        ("2026-11", 1, 0, 1, 0),
        ("2026-10", 3, 1, 2, 1),
    ]
    assert (items[0]["closed_at"], items[1]["closed_at"] is not None) == (None, True)


def test_only_a_month_that_has_begun_can_be_closed(browser: Browser) -> None:
    assert browser.post("/api/months/2099-01/close", {}).json()["code"] == "bad_date"
    assert browser.post("/api/months/2026-13/close", {}).json()["code"] == "bad_date"


def test_the_tax_of_a_period_stands_by_month_and_rate(business: Business, browser: Browser) -> None:
    tax = [{"rate": "18", "base_minor": 10_000, "amount_minor": 1800}]
    two = [*tax, {"rate": "0.0", "base_minor": 500, "amount_minor": 0}]
    receipt(business, date="2026-10-05", tax=tax, tax_minor=1800)
    receipt(business, date="2026-10-20", tax=two, tax_minor=1800)
    receipt(business, date="2026-11-20", tax_minor=170, net_minor=1000)
    receipt(business, date="2025-01-02", currency="USD", tax=tax, tax_minor=1800)
    receipt(business, date="2026-10-20", tax=tax, status="rejected")
    answer = browser.get("/api/vat?from_date=2026-10-01&to_date=2026-11-30").json()
    lines = [
        (one["month"], one["rate"], one["count"], one["base"]["minor"], one["tax"]["minor"]) for one in answer["items"]
    ]
    assert lines == [
        ("2026-10", "0.00", 1, 500, 0),
        ("2026-10", "18.00", 2, 20_000, 3600),
        ("2026-11", None, 1, 1000, 170),
    ]
    (foreign,) = browser.get("/api/vat?to_date=2025-12-31").json()["items"]
    assert foreign["tax"]["minor"] == 1800
    assert 5000 < foreign["base_tax"]["minor"] < 8000
