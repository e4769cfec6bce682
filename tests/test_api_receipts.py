"""The receipts list and one receipt over HTTP: filters, order, counts, sums, evidence, changes, views."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest

import clock
import models
from store import rates
from tests.support.web import Browser, Script, Web, receipt, serving


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


def ids(script: Browser, query: str = "") -> list[int]:
    answer = script.get(f"/api/receipts?{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def test_a_brief_has_the_agreed_shape(business: models.Business, script: Script) -> None:
    row = receipt(
        business,
        number="20418",
        tax_minor=2807,
        net_minor=15593,
        flags=[{"field": "total", "code": "two_totals", "text": "Two totals."}],
        status="to_review",
    )
    (item,) = script.get("/api/receipts").json()["items"]
    assert item["id"] == row.id
    assert item["total"] == {"minor": 18400, "currency": "ILS", "text": "184.00"}
    assert item["tax_total"]["text"] == "28.07"
    assert item["base_total"] == item["total"]
    assert item["payable"] is None
    assert item["date"] == "2026-11-23"
    assert item["flags"] == [{"field": "total", "code": "two_totals", "text": "Two totals."}]
    assert item["document"]["filename"] == "invoice.pdf"
    assert item["created_at"].endswith("Z")
    assert (item["status"], item["version"], item["hand_set"], item["waiting_for_document"]) == (
        "to_review",
        1,
        [],
        False,
    )


def test_a_foreign_amount_is_not_guessed_in_the_base_currency(business: models.Business, script: Script) -> None:
    receipt(business, currency="XTS", total_minor=1200)
    (item,) = script.get("/api/receipts").json()["items"]
    assert item["total"]["text"] == "12.00"
    assert (item["base_total"], item["base_rate"]) == (None, None)


def test_a_foreign_amount_has_its_value_at_the_rate_of_its_day(business: models.Business, script: Script) -> None:
    receipt(business, currency="JPY", total_minor=1200, date="2025-01-05")
    (item,) = script.get("/api/receipts").json()["items"]
    assert item["total"]["text"] == "1200"
    found = rates.convert(1200, "JPY", "ILS", datetime.date(2025, 1, 5))
    assert found is not None
    assert item["base_total"] == {"minor": found.minor, "currency": "ILS", "text": f"{found.minor / 100:.2f}"}
    assert item["base_rate"] == {"rate": f"{found.rate:f}", "day": "2025-01-03"}


@pytest.mark.parametrize("sort", ["-date", "date", "-total", "total", "vendor", "-vendor", "-created", "created"])
def test_pages_by_cursor_give_each_receipt_once_in_order(business: models.Business, script: Script, sort: str) -> None:
    days = ["2026-11-03", None, "2026-11-01", "2026-11-03", None, "2026-10-31", "2026-11-02", "2026-11-03"]
    for number, day in enumerate(days):
        receipt(
            business,
            date=day,
            vendor=None if number == 3 else f"Vendor {number % 3}",
            total_minor=None if number == 5 else (number * 7919) % 500,
            currency="JPY" if number == 6 else "ILS",
        )
    whole = ids(script, f"sort={sort}&limit=200")
    assert len(whole) == len(set(whole)) == len(days)
    paged, cursor = [], None
    while True:
        answer = script.get("/api/receipts", params={"sort": sort, "limit": 3, "cursor": cursor}).json()
        paged += [item["id"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert paged == whole
    items = {item["id"]: item for item in script.get("/api/receipts").json()["items"]}
    key = {
        "date": lambda item: item["date"],
        "total": lambda item: item["total"] and float(item["total"]["text"]),
        "vendor": lambda item: item["vendor"],
        "created": lambda item: item["id"],
    }[sort.lstrip("-")]
    present = [key(items[id_]) for id_ in whole if key(items[id_]) is not None]
    assert present == sorted(present, reverse=sort.startswith("-"))
    missing = [id_ for id_ in whole if key(items[id_]) is None]
    assert whole[len(whole) - len(missing) :] == missing
    index = script.get(f"/api/receipts/index?sort={sort}").json()
    assert [entry[0] for entry in index["items"]] == whole
    assert (index["total"], index["capped"]) == (len(days), False)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("status=approved", "a"),
        ("status=approved,ready", "abe"),
        ("from_date=2026-11-02", "bcd"),
        ("to_date=2026-11-02", "abe"),
        ("from_date=2026-11-02&to_date=2026-11-02", "b"),
        ("min_amount=100", "abd"),
        ("max_amount=99.99", "ce"),
        ("min_amount=100&max_amount=100", "ad"),
        ("currency=JPY", "d"),
        ("category=meals", "b"),
        ("source=upload", "c"),
        ("flag=two_totals", "c"),
        ("flag=total", "c"),
        ("flag=waiting_for_document", "d"),
        ("exported=1", "a"),
        ("exported=0", "bcde"),
        ("vendor=caf", "a"),
        ("vendor=cafe+alma", "a"),
        ("q=כהן", "b"),
        ("q=דפו", "b"),
        ("q=בע״מ", "b"),
        ("q=100.00", "a"),
        ("q=20418", "d"),
        ("q=spring+shoes", "c"),
        ("q=SPRING", "c"),
        ("q=lunch", "e"),
        ("q=alma+kohen", ""),
        ("q=%25", ""),
        ('q="', ""),
        ("q=a*+OR+b:b1", ""),
        ("q=-+NEAR(", ""),
    ],
)
def test_filters_find_what_they_say(business: models.Business, script: Script, query: str, wanted: str) -> None:
    made = {
        "a": receipt(
            business,
            vendor="Café Alma",
            date="2026-11-01",
            total_minor=10000,
            status="approved",
            exported_at=clock.now(),
        ),
        "b": receipt(business, vendor="דפוס כהן ובניו בע״מ", date="2026-11-02", total_minor=20050, category="meals"),
        "c": receipt(
            business,
            vendor="Shoes",
            date="2026-11-03",
            total_minor=5,
            source="upload",
            status="to_review",
            flags=[{"field": "total", "code": "two_totals", "text": "?"}],
            mail={"subject": "Spring sale: your shoes"},
        ),
        "d": receipt(
            business,
            vendor="Tokyo",
            date="2026-11-04",
            total_minor=100,
            currency="JPY",
            number="20418",
            status="rejected",
            waiting_for_document=True,
        ),
        "e": receipt(business, vendor="Deli", date="2026-10-31", total_minor=9999, note="team lunch"),
    }
    names = {row.id: name for name, row in made.items()}
    assert "".join(sorted(names[id_] for id_ in ids(script, query))) == wanted


def test_search_follows_what_is_edited_and_forgets_what_it_was(business: models.Business, script: Script) -> None:
    row = receipt(business, vendor="Oldname", mail={"subject": "first"})
    script.patch(f"/api/receipts/{row.id}", {"vendor": "Newname", "note": "for the garden"}, 1)
    assert ids(script, "q=oldname") == []
    assert ids(script, "q=newname+garden") == [row.id]
    models.Mail.update(subject="Now it arrived").where(models.Mail.id == row.mail_id).execute()
    assert ids(script, "q=arrived") == [row.id]
    row.delete_instance()
    assert ids(script, "q=newname") == []


def test_search_stays_within_the_business(site: Web, business: models.Business, script: Script) -> None:
    receipt(site.business(), vendor="Shared Word")
    mine = receipt(business, vendor="Shared Word")
    assert ids(script, "q=shared") == [mine.id]


@pytest.mark.parametrize(
    "query",
    [
        "status=new",
        "from_date=2026-02-31",
        "min_amount=ten",
        "min_amount=1e5",
        "limit=0",
        "limit=201",
        "limit=x",
        "sort=size",
        "cursor=nonsense",
        "cursor=WyJkYXRlIiwxLDJd",
        "mailbox=0",
        "mailbox=99999999999999999999",
        "exported=maybe",
        "ids=1,x",
        "source=letter",
        "q=%00",
    ],
)
def test_a_filter_that_makes_no_sense_is_a_400(script: Script, query: str) -> None:
    answer = script.get(f"/api/receipts?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"].startswith("bad_")


def test_a_cursor_of_another_order_is_refused(business: models.Business, script: Script) -> None:
    for _ in range(3):
        receipt(business)
    cursor = script.get("/api/receipts?limit=1").json()["next_cursor"]
    assert script.get(f"/api/receipts?sort=vendor&cursor={cursor}").json()["code"] == "bad_cursor"


def test_receipts_by_ids_come_in_the_order_asked_for(site: Web, business: models.Business, script: Script) -> None:
    made = [receipt(business).id for _ in range(3)]
    foreign = receipt(site.business()).id
    wanted = [made[2], made[0]]
    assert ids(script, f"ids={wanted[0]},{foreign},{wanted[1]},{wanted[0]}") == wanted


def test_counts_tell_every_status_whatever_the_filter_names(business: models.Business, script: Script) -> None:
    for status in ("to_review", "ready", "ready", "approved", "rejected", "not_receipt"):
        receipt(business, status=status, vendor="Deli" if status == "ready" else "Other")
    receipt(business, deleted_at=clock.now())
    models.Mail.update(outcome="failed").where(
        models.Mail.id == receipt(business, deleted_at=clock.now()).mail_id
    ).execute()
    counts = script.get("/api/receipts/counts?status=approved").json()
    assert counts == {
        "to_review": 1,
        "ready": 2,
        "approved": 1,
        "rejected": 1,
        "not_receipt": 1,
        "all": 6,
        "deleted": 2,
        "failed_mail": 1,
        "capped": False,
    }
    assert script.get("/api/receipts/counts?vendor=deli").json()["all"] == 2


def test_sums_never_add_one_currency_to_another(business: models.Business, script: Script) -> None:
    tax = [{"rate": "18", "base_minor": 100, "amount_minor": 18}, {"rate": "0", "base_minor": 5, "amount_minor": 0}]
    receipt(business, total_minor=123, tax_minor=18, tax=tax, category="meals", date="2026-11-01")
    receipt(business, total_minor=118, tax_minor=18, tax=[{**tax[0], "rate": "18.0"}], date="2026-10-31")
    receipt(business, total_minor=500, currency="EUR", vendor="Berlin", date=None)
    receipt(business, total_minor=10_000, status="rejected")
    receipt(business, total_minor=10_000, deleted_at=clock.now())
    twin = receipt(business, total_minor=123)
    models.Receipt.update(duplicate_of=twin.id - 1).where(models.Receipt.id == twin.id).execute()
    stats = script.get("/api/receipts/stats").json()
    assert {(one["currency"], one["count"], one["total"]["text"]) for one in stats["currencies"]} == {
        ("ILS", 2, "2.41"),
        ("EUR", 1, "5.00"),
    }
    assert stats["base"] == {
        "currency": "ILS",
        "total": {"minor": 241, "currency": "ILS", "text": "2.41"},
        "unconverted": 1,
    }
    assert [(one["month"], one["currency"], one["total"]["minor"]) for one in stats["months"]] == [
        (None, "EUR", 500),
        ("2026-10", "ILS", 118),
        ("2026-11", "ILS", 123),
    ]
    assert {(one["vendor"], one["total"]["minor"]) for one in stats["vendors"]} == {("Café Alma", 241), ("Berlin", 500)}
    assert ("18.00", "ILS", 200, 36) in {
        (one["rate"], one["currency"], one["base"]["minor"], one["tax"]["minor"]) for one in stats["tax_rates"]
    }
    assert script.get("/api/receipts/stats?status=rejected").json()["currencies"][0]["total"]["minor"] == 10_000


def test_a_detail_shows_evidence_lines_mail_and_documents(business: models.Business, script: Script) -> None:
    box = {"page": 0, "x0": 0.1, "y0": 0.2, "x1": 0.3, "y1": 0.25}
    candidate = {"value": "164.00", "confidence": 0.4, "why": "Before the tip", "quote": "SUM 164.00", "box": box}
    field = {"value": "184.00", "confidence": 0.6, "why": "Beside TO PAY", "quote": "TO PAY", "box": box}
    row = receipt(
        business,
        fields={"total": {**field, "candidates": [candidate]}},
        tax=[{"rate": "18", "base_minor": 15593, "amount_minor": 2807}],
        items=[{"description": "Soup", "quantity": "2", "amount_minor": 8000}],
        vendor_tax_id="514444444",
    )
    detail = script.get(f"/api/receipts/{row.id}").json()
    assert detail["fields"]["total"]["box"] == box
    assert detail["fields"]["total"]["candidates"][0]["text"] == "SUM 164.00"
    assert detail["tax"][0] == {
        "rate": "18",
        "base": {"minor": 15593, "currency": "ILS", "text": "155.93"},
        "amount": {"minor": 2807, "currency": "ILS", "text": "28.07"},
    }
    assert detail["items"][0]["amount"]["text"] == "80.00"
    assert detail["vendor_tax_id"] == "514444444"
    assert detail["mail"]["from"] == "Shop <shop@vendor.example>"
    assert [document["filename"] for document in detail["documents"]] == ["invoice.pdf"]


# --- what polls


def test_changes_since_a_cursor_come_once_they_have_settled(business: models.Business, script: Script) -> None:
    cursor = script.get("/api/changes").json()["cursor"]
    row, gone = receipt(business), receipt(business)
    script.delete(f"/api/receipts/{gone.id}")
    assert script.get(f"/api/changes?after={cursor}").json()["receipts"] == []  # a slower writer may still slip in
    long_ago = clock.now() - datetime.timedelta(seconds=3)
    models.Receipt.update(updated_at=long_ago).where(models.Receipt.business == business).execute()
    cursor = f"{int((long_ago - datetime.timedelta(seconds=1)).timestamp() * 1000)}.0"
    found = script.get(f"/api/changes?after={cursor}").json()
    assert ([item["id"] for item in found["receipts"]], found["removed"]) == ([row.id], [gone.id])
    again = script.get(f"/api/changes?after={found['cursor']}")
    assert (again.json()["receipts"], again.json()["cursor"]) == ([], found["cursor"])
    assert (
        script.get(
            f"/api/changes?after={found['cursor']}", headers={"If-None-Match": again.headers["ETag"]}
        ).status_code
        == 304
    )


def test_a_run_tells_the_receipts_it_made_beyond_the_last_answer(business: models.Business, script: Script) -> None:
    run = models.SyncRun.create(business=business, mode="full", status="running")
    made = [receipt(business, run=run).id for _ in range(2)]
    receipt(business)
    first = script.get(f"/api/receipts/sync/status?run_id={run.id}").json()["sync_run"]
    assert [item["id"] for item in first["new"]] == made
    made.append(receipt(business, run=run).id)
    second = script.get(f"/api/receipts/sync/status?run_id={run.id}&after={first['seq']}").json()["sync_run"]
    assert [item["id"] for item in second["new"]] == made[2:]
    assert script.get("/api/changes").json()["run"]["id"] == run.id


# --- views and vendors


def test_saved_views_are_ones_own_or_shared_with_a_live_count(site: Web, business: models.Business) -> None:
    noa, dan = site.browser(business), site.browser(business, "accountant")
    receipt(business, status="approved")
    own = noa.post("/api/views", {"name": "Mine", "query": "?status=approved&sort=-total"})
    assert (own.status_code, own.json()["count"], own.json()["mine"]) == (201, 1, True)
    noa.post("/api/views", {"name": "Ours", "query": "status=ready&month=nonsense&min_amount=x", "shared": True})
    assert [view["name"] for view in noa.get("/api/views").json()["items"]] == ["Mine", "Ours"]
    (shared,) = dan.get("/api/views").json()["items"]
    assert (shared["name"], shared["mine"], shared["count"]) == ("Ours", False, 0)
    assert dan.delete(f"/api/views/{shared['id']}").status_code == 404
    noa.post("/api/views", {"name": "Mine", "query": "status=rejected"})
    assert len(noa.get("/api/views").json()["items"]) == 2
    assert noa.delete(f"/api/views/{shared['id']}").status_code == 204


def test_vendors_are_suggested_by_use(business: models.Business, script: Script) -> None:
    for vendor in ("Café Alma", "Deli", "Café Alma"):
        receipt(business, vendor=vendor, category="meals")
    assert [(one["name"], one["count"]) for one in script.get("/api/vendors").json()["items"]] == [
        ("Café Alma", 2),
        ("Deli", 1),
    ]
    assert [one["name"] for one in script.get("/api/vendors?q=al").json()["items"]] == ["Café Alma"]
