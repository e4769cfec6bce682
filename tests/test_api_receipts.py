"""The receipts list and one receipt over HTTP: filters, order, counts, sums, edits, trash, bulk and undo."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import clock
import models
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
    receipt(business, currency="JPY", total_minor=1200)
    (item,) = script.get("/api/receipts").json()["items"]
    assert item["total"]["text"] == "1200"
    assert item["base_total"] is None


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


# --- edits


def test_a_field_set_by_hand_loses_its_flag_and_the_status_follows(business: models.Business, script: Script) -> None:
    flags = [{"field": "total", "code": "two_totals", "text": "?"}, {"field": "date", "code": "missing", "text": "?"}]
    row = receipt(business, status="to_review", flags=flags, date=None)
    first = script.patch(f"/api/receipts/{row.id}", {"total": "190.5"}, 1).json()
    assert (first["total"]["minor"], first["status"], first["version"]) == (19050, "to_review", 2)
    assert [flag["field"] for flag in first["flags"]] == ["date"]
    second = script.patch(f"/api/receipts/{row.id}", {"date": "2026-11-30"}, 2).json()
    assert (second["status"], second["flags"], second["hand_set"]) == ("ready", [], ["date", "total"])


def test_clearing_a_needed_field_brings_the_receipt_back_to_review(business: models.Business, script: Script) -> None:
    row = receipt(business)
    answer = script.patch(f"/api/receipts/{row.id}", {"vendor": "  "}, 1).json()
    assert (answer["vendor"], answer["status"]) == (None, "to_review")
    assert answer["flags"] == [{"field": "vendor", "code": "missing", "text": "The vendor is missing."}]


def test_an_approved_receipt_stays_approved_when_it_is_edited(business: models.Business, script: Script) -> None:
    row = receipt(business)
    approved = script.patch(f"/api/receipts/{row.id}", {"status": "approved"}, 1).json()
    assert approved["approved_at"]
    edited = script.patch(f"/api/receipts/{row.id}", {"vendor": "Other"}, 2).json()
    assert (edited["status"], edited["approved_at"]) == ("approved", approved["approved_at"])
    back = script.patch(f"/api/receipts/{row.id}", {"status": "ready"}, 3).json()
    assert (back["status"], back["approved_at"]) == ("ready", None)


def test_another_currency_keeps_the_figures_and_its_own_decimals(business: models.Business, script: Script) -> None:
    row = receipt(
        business, total_minor=18400, net_minor=15600, items=[{"description": "", "quantity": "1", "amount_minor": 400}]
    )
    yen = script.patch(f"/api/receipts/{row.id}", {"currency": "jpy"}, 1).json()
    assert (yen["total"]["text"], yen["net"]["text"], yen["items"][0]["amount"]["text"]) == ("184", "156", "4")
    dinar = script.patch(f"/api/receipts/{row.id}", {"currency": "KWD", "total": "1.234"}, 2).json()
    assert (dinar["total"]["text"], dinar["net"]["text"]) == ("1.234", "156.000")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"total": "12.345"}, "bad_amount"),
        ({"total": "1e9"}, "bad_amount"),
        ({"total": "99999999999999.00"}, "bad_amount"),
        ({"total": True}, "bad_amount"),
        ({"total": {"minor": 1}}, "bad_amount"),
        ({"currency": "12"}, "bad_currency"),
        ({"currency": "shekel"}, "bad_value"),
        ({"date": "2026-02-31"}, "bad_date"),
        ({"date": 5}, "bad_date"),
        ({"status": "done"}, "bad_status"),
        ({"kind": "letter"}, "bad_value"),
        ({"vendor": ["x"]}, "bad_value"),
        ({"vendor": "x" * 1001}, "bad_value"),
        ({"vendor": "a\u0000b"}, "bad_value"),
        ({"duplicate_of": 5}, "bad_value"),
        ({"version": 5}, "unknown_field"),
        ({"business": 5}, "unknown_field"),
    ],
)
def test_an_edit_that_makes_no_sense_changes_nothing(
    business: models.Business, script: Script, body: dict[str, Any], code: str
) -> None:
    row = receipt(business)
    answer = script.patch(f"/api/receipts/{row.id}", body, 1)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert models.Receipt.get_by_id(row.id).version == 1


def test_an_edit_needs_the_version_and_an_old_one_gets_theirs(business: models.Business, script: Script) -> None:
    row = receipt(business)
    answer = script.patch(f"/api/receipts/{row.id}", {"note": "x"})
    assert (answer.status_code, answer.json()["code"]) == (428, "version_needed")
    script.patch(f"/api/receipts/{row.id}", {"vendor": "Theirs"}, 1)
    answer = script.patch(f"/api/receipts/{row.id}", {"vendor": "Mine"}, 1)
    assert (answer.status_code, answer.json()["code"]) == (409, "version_conflict")
    assert (answer.json()["theirs"]["vendor"], answer.json()["theirs"]["version"]) == ("Theirs", 2)
    assert models.Receipt.get_by_id(row.id).vendor == "Theirs"


def test_of_two_edits_at_once_one_wins_and_one_is_told(site: Web, business: models.Business) -> None:
    row = receipt(business)
    statuses: list[int] = []
    start = threading.Barrier(6)

    def edit(number: int) -> None:
        script = site.script(business)
        start.wait()
        statuses.append(script.patch(f"/api/receipts/{row.id}", {"note": f"by {number}"}, 1).status_code)

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 409, 409, 409, 409, 409]
    assert models.Receipt.get_by_id(row.id).version == 2


def test_an_edit_that_changes_nothing_keeps_the_version(business: models.Business, script: Script) -> None:
    row = receipt(business)
    answer = script.patch(f"/api/receipts/{row.id}", {"note": ""}, 1).json()
    assert answer["version"] == 1


def test_deleted_receipts_are_in_the_trash_and_come_back(business: models.Business, script: Script) -> None:
    row = receipt(business)
    assert script.delete(f"/api/receipts/{row.id}").status_code == 204
    assert script.delete(f"/api/receipts/{row.id}").status_code == 204
    assert (ids(script), ids(script, "deleted=1")) == ([], [row.id])
    restored = script.post(f"/api/receipts/{row.id}/restore").json()
    assert restored["deleted_at"] is None
    assert ids(script) == [row.id]


def test_bulk_over_a_filter_is_undone_whole(business: models.Business, script: Script) -> None:
    rows = [receipt(business, vendor="Deli" if number < 3 else "Other") for number in range(5)]
    answer = script.post("/api/receipts/bulk", {"filter": {"vendor": "deli", "status": "ready"}, "action": "approve"})
    assert answer.json()["changed"] == 3
    assert ids(script, "status=approved&sort=created") == [row.id for row in rows[:3]]
    models.Receipt.update(version=7).where(models.Receipt.id == rows[0].id).execute()  # somebody edited it meanwhile
    assert script.post("/api/undo", {"undo": answer.json()["undo"]}).json() == {"changed": 2}
    assert ids(script, "status=approved") == [rows[0].id]
    assert models.Receipt.get_by_id(rows[1].id).approved_at is None
    assert script.post("/api/undo", {"undo": answer.json()["undo"]}).status_code == 404


@pytest.mark.parametrize(
    ("action", "values", "changed"),
    [
        (
            "set",
            {"category": "travel", "vendor": "Rail"},
            {"category": "travel", "vendor": "Rail", "hand_set": ["category", "vendor"]},
        ),
        ("reject", None, {"status": "rejected"}),
        ("not_receipt", None, {"status": "not_receipt"}),
        ("to_review", None, {"status": "to_review"}),
    ],
)
def test_each_bulk_action_does_what_it_says_and_is_undone(
    business: models.Business, script: Script, action: str, values: dict[str, str] | None, changed: dict[str, Any]
) -> None:
    row = receipt(business)
    body = {"ids": [row.id], "action": action, **({"values": values} if values else {})}
    answer = script.post("/api/receipts/bulk", body).json()
    assert answer["changed"] == 1
    after = script.get(f"/api/receipts/{row.id}").json()
    assert {name: after[name] for name in changed} == changed
    assert script.post("/api/undo", {"undo": answer["undo"]}).json() == {"changed": 1}
    back = script.get(f"/api/receipts/{row.id}").json()
    assert (back["status"], back["category"], back["vendor"], back["hand_set"]) == ("ready", None, "Café Alma", [])


def test_bulk_delete_and_its_undo_use_the_trash(business: models.Business, script: Script) -> None:
    rows = [receipt(business).id for _ in range(3)]
    undo = script.post("/api/receipts/bulk", {"ids": rows[:2], "action": "delete"}).json()["undo"]
    assert ids(script) == [rows[2]]
    script.post("/api/undo", {"undo": undo})
    assert sorted(ids(script)) == rows


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"action": "approve"}, "field_missing"),
        ({"ids": [1], "filter": {}, "action": "approve"}, "field_missing"),
        ({"ids": [1]}, "field_missing"),
        ({"ids": [], "action": "approve"}, "bad_value"),
        ({"ids": ["x"], "action": "approve"}, "bad_value"),
        ({"ids": [1], "action": "burn"}, "bad_action"),
        ({"ids": [1], "action": "set"}, "field_missing"),
        ({"ids": [1], "action": "set", "values": {"colour": "red"}}, "unknown_field"),
        ({"filter": {"status": "nope"}, "action": "approve"}, "bad_value"),
        ({"filter": [], "action": "approve"}, "bad_value"),
    ],
)
def test_a_bulk_action_that_makes_no_sense_is_a_400(script: Script, body: dict[str, Any], code: str) -> None:
    answer = script.post("/api/receipts/bulk", body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_duplicate_is_merged_kept_or_brought_back(business: models.Business, script: Script) -> None:
    keep, other = receipt(business), receipt(business)
    flag = {"field": "*", "code": "duplicate", "text": "Looks like another one."}
    models.Receipt.update(duplicate_of=keep.id, flags=[flag], status="to_review").where(
        models.Receipt.id == other.id
    ).execute()
    merged = script.post(f"/api/receipts/{keep.id}/merge", {"other": other.id}).json()
    assert ids(script) == [keep.id]
    script.post("/api/undo", {"undo": merged["undo"]})
    assert len(ids(script)) == 2
    version = script.get(f"/api/receipts/{other.id}").json()["version"]
    kept = script.patch(f"/api/receipts/{other.id}", {"duplicate_of": None}, version).json()
    assert (kept["duplicate_of"], kept["flags"], kept["status"]) == (None, [], "ready")
    assert script.post(f"/api/receipts/{keep.id}/merge", {"other": keep.id}).json()["code"] == "same"


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
