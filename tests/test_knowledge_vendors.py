"""Vendors: their sums and rhythm, what is missing this month, one name for several with undo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

import clock
import models
from receipts.child import Reader
from store import rhythm
from tests.support.papers import mail
from tests.support.web import Script, Web, receipt, serving
from tests.support.workroom import Workroom


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def business(site: Web) -> models.Business:
    return site.business()


@pytest.fixture
def script(site: Web, business: models.Business) -> Script:
    return site.script(business)


def days(*text: str) -> list[date]:
    return [date.fromisoformat(f"2026-{one}") if len(one) == 5 else date.fromisoformat(one) for one in text]


@pytest.mark.parametrize(
    ("papers", "months", "due"),
    [
        (days("01-05", "02-05", "03-05", "04-05"), 1, days("05-05", "06-05")),
        (days("01-31", "03-01", "03-31", "04-30"), 1, days("05-30", "06-30")),  # drifts over the month's end
        (days("01-05", "02-07", "04-04", "05-05", "06-06"), 1, days("03-07", "07-06", "08-06")),  # a hole
        (days("01-05", "01-20", "02-05", "02-20", "03-05", "03-20", "04-05"), 1, days("05-05", "06-05")),  # two a month
        (days("01-10", "03-12", "05-09", "07-11"), 2, days("09-11", "11-11")),
        (days("01-15", "04-14", "07-16"), 3, days("10-16")),
        (days("2024-06-01", "2025-06-03", "06-02"), 12, days("2027-06-02")),
    ],
    ids=["monthly", "month's end", "hole", "two a month", "two-monthly", "quarterly", "yearly"],
)
def test_a_rhythm_is_found_in_spite_of_drift_and_holes(papers: list[date], months: int, due: list[date]) -> None:
    found = rhythm.of(papers)
    assert found is not None
    assert found.months == months
    assert [(mine - theirs).days for mine, theirs in zip(found.due, due, strict=True)] == [0] * len(due)


@pytest.mark.parametrize(
    "papers",
    [
        days("01-05"),
        days("01-05", "02-05"),
        days("01-05", "01-09", "03-02", "03-30", "06-11", "09-30"),
        [date(2026, 1, 1) + timedelta(days=3 * number) for number in range(60)],
    ],
    ids=["once", "twice", "now and then", "every few days"],
)
def test_what_has_no_rhythm_is_not_waited_for(papers: list[date]) -> None:
    assert rhythm.of(papers) is None


def test_what_usually_comes_and_did_not_is_told(business: models.Business, script: Script) -> None:
    today = clock.now().date()
    for back in range(1, 7):
        receipt(
            business, vendor="Bezeq", date=today - timedelta(days=30 * back + 12), total_minor=11800, currency="ILS"
        )
        receipt(business, vendor="Cellcom", date=today - timedelta(days=30 * back - 25), total_minor=5900)
        receipt(business, vendor="Corner shop", date=today - timedelta(days=17 * back * back), total_minor=900)
    due = today - timedelta(days=12)
    answer = script.get(f"/api/vendors/missing?month={due:%Y-%m}").json()
    told = {item["vendor"]: item for item in answer["items"]}
    assert set(told) <= {"Bezeq", "Cellcom"}
    assert told["Bezeq"]["state"] == "missing"
    assert told["Bezeq"]["rhythm"] == "monthly"
    assert told["Bezeq"]["usual"]["text"] == "118.00"
    assert script.post("/api/vendors/expect", {"name": "Bezeq", "expected": False}).status_code == 200
    after = script.get(f"/api/vendors/missing?month={due:%Y-%m}").json()["items"]
    assert "Bezeq" not in [item["vendor"] for item in after]
    assert script.get("/api/vendors/profile?name=Bezeq").json()["expected"] is False
    assert script.get("/api/vendors/missing?month=2026-13").status_code == 400


def test_a_vendor_is_told_with_its_sums_and_rhythm(business: models.Business, script: Script) -> None:
    today = clock.now().date()
    for back in range(4):
        receipt(business, vendor="Alma", date=today - timedelta(days=30 * back), total_minor=10000 + back)
    receipt(business, vendor="Alma", date=today, total_minor=500, currency="USD", vendor_tax_id="514321987")
    receipt(business, vendor="Alma", date=today, status="rejected")
    receipt(business, vendor="Zest", date=today)
    listed = {one["name"]: one for one in script.get("/api/vendors?full=1&limit=200").json()["items"]}
    assert list(listed) == ["Alma", "Zest"]
    alma = listed["Alma"]
    assert (alma["count"], alma["rhythm"], alma["last"]) == (5, "monthly", str(today))
    assert [(one["currency"], one["count"], one["total"]["text"]) for one in alma["sums"]] == [
        ("ILS", 4, "400.06"), ("USD", 1, "5.00"),
    ]  # fmt: skip
    profile = script.get("/api/vendors/profile", params={"name": "Alma"}).json()
    assert profile["tax_ids"] == ["514321987"]
    assert profile["senders"] == ["shop@vendor.example"]
    assert script.get("/api/vendors/profile?name=Nobody").json()["count"] == 0


def test_vendors_get_one_name_now_and_later_and_back(site: Web, business: models.Business, script: Script) -> None:
    def paper(number: int, shop: str) -> bytes:
        return mail(
            f"{shop} Ltd\nTax invoice no. H-{number:04d}\nDate: 2026-{number:02d}-05\n\n"
            "Books 118.00\nTotal USD 118.00\n",
            subject="Your invoice", sender=f"{shop} <papers@billing-house.example>",
            date="Mon, 23 Nov 2026 09:30:00 +0200",
        )  # fmt: skip

    def names() -> list[str]:
        items = script.get("/api/receipts?sort=created").json()["items"]
        return [item["vendor"] for item in items]

    with Reader() as reader:
        room = Workroom(site.config, reader)
        for number, shop in enumerate(["Harbour Books", "Harbor Bookstore"], start=1):
            room.receipts(business, paper(number, shop))
        before = names()
        answer = script.post("/api/vendors/rename", {"names": before, "to": "Harbour"})
        assert answer.json()["changed"] == 2
        assert names() == ["Harbour", "Harbour"]
        room.receipts(business, paper(3, "Harbor Bookstore"))
        assert names()[2] == "Harbour"
        told: dict[str, Any] = script.get("/api/receipts?sort=-created").json()["items"][0]
        assert told["flags"] == []
        script.post("/api/undo", {"undo": answer.json()["undo"]})
        assert names()[:2] == before
        assert script.get("/api/rules").json()["items"] == []
        room.receipts(business, paper(4, "Harbor Bookstore"))
        assert names()[3] == before[1]
    assert script.post("/api/vendors/rename", {"names": ["x"], "to": "  "}).json()["code"] == "bad_name"
