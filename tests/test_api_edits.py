"""Receipts edited over HTTP: by hand, by status, into the trash, many at once, and taken back."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import clock
import models
from jobs import sweep
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


def test_a_field_set_by_hand_loses_its_flag_and_the_status_follows(business: models.Business, script: Script) -> None:
    flags = [{"field": "total", "code": "two_totals", "text": "?"}, {"field": "date", "code": "missing", "text": "?"}]
    row = receipt(business, status="to_review", flags=flags, date=None)
    first = script.patch(f"/api/receipts/{row.id}", {"total": "190.5"}, 1).json()
    assert (first["total"]["minor"], first["status"], first["version"]) == (19050, "to_review", 2)
    assert [flag["field"] for flag in first["flags"]] == ["date"]
    second = script.patch(f"/api/receipts/{row.id}", {"date": "2026-11-30"}, 2).json()
    assert (second["status"], second["flags"], second["hand_set"]) == ("ready", [], ["date", "total"])


def test_how_it_was_paid_and_who_is_billed_are_set_by_hand(business: models.Business, script: Script) -> None:
    row = receipt(business, tip_minor=900, payment_method="cash", fields={"tip": {"value": "9.00", "why": "TIP"}})
    before = script.get(f"/api/receipts/{row.id}").json()
    assert (before["tip"]["text"], before["payment_method"], before["discount"]) == ("9.00", "cash", None)
    values = {
        "tip": None, "discount": "12.5", "payment_method": "card", "card_last4": "4242",
        "billed_to": "Levi Studio Ltd", "allocation_number": "123456789",
    }  # fmt: skip
    answer = script.patch(f"/api/receipts/{row.id}", values, 1).json()
    assert {name: answer[name] for name in values} == {**values, "discount": answer["discount"]}
    assert (answer["discount"]["text"], answer["hand_set"]) == ("12.50", sorted(values))
    assert script.patch(f"/api/receipts/{row.id}", {"card_last4": "42424"}, 2).status_code == 400


def test_an_allocation_number_set_by_hand_answers_its_flag(business: models.Business, script: Script) -> None:
    flag = {"field": "allocation_number", "code": "allocation_missing", "text": "?"}
    row = receipt(business, status="to_review", flags=[flag])
    answer = script.patch(f"/api/receipts/{row.id}", {"allocation_number": "123456789"}, 1).json()
    assert (answer["flags"], answer["status"]) == ([], "ready")


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


def test_the_trash_keeps_a_receipt_for_thirty_days(business: models.Business, script: Script) -> None:
    fresh, old = receipt(business), receipt(business)
    kept = receipt(business)
    for row, days in ((fresh, 29), (old, 31)):
        gone = clock.now() - datetime.timedelta(days=days)
        models.Receipt.update(deleted_at=gone).where(models.Receipt.id == row.id).execute()
    sweep.tidy()
    assert ids(script, "deleted=1") == [fresh.id]
    assert ids(script) == [kept.id]
    assert models.Mail.get_by_id(old.mail_id).outcome == "receipt"  # what was seen stays in the ledger


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
