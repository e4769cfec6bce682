"""One purchase in two papers: proposed with the reason, never dropped, merged, split, told apart and undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import clock
import models
from receipts.child import Reader
from store import receipt_edits
from tests.support.papers import mail, pdf
from tests.support.web import Script, Web, serving
from tests.support.workroom import Workroom


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture(scope="module")
def room(site: Web) -> Iterator[Workroom]:
    with Reader() as reader:
        yield Workroom(site.config, reader)


@pytest.fixture
def business(site: Web) -> models.Business:
    return site.business()


@pytest.fixture
def script(site: Web, business: models.Business) -> Script:
    return site.script(business)


def paper(
    kind: str = "Tax invoice", number: str = "A-00041", day: str = "2026-10-05", *, total: str = "118.00",
    shop: str = "Alma Cafe", note: str = "", sender: str = "billing@alma-cafe.example", **headers: str,
) -> bytes:  # fmt: skip
    return mail(
        f"{shop} Ltd\n{kind} no. {number}\nDate: {day}\n\nCoffee beans {total}\n"
        f"Total USD {total}\n{note}\nThank you!\n",
        subject=f"Your {kind.lower()} {number}",
        sender=f"{shop} <{sender}>",
        date="Mon, 23 Nov 2026 09:30:00 +0200",
        headers=headers,
    )


def shown(script: Script, id_: int) -> dict[str, Any]:
    answer = script.get(f"/api/receipts/{id_}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def pair(room: Workroom, business: models.Business, script: Script, *raws: bytes) -> list[dict[str, Any]]:
    """The receipts of these mails, read one after the other."""
    rows = [room.receipts(business, raw)[0] for raw in raws]
    return [shown(script, row.id) for row in rows]


def codes(told: dict[str, Any]) -> list[str]:
    return [flag["code"] for flag in told["flags"] if flag["field"] == "*"]


def test_the_same_invoice_in_two_mails_is_proposed_as_one(
    room: Workroom, business: models.Business, script: Script
) -> None:
    first, second = pair(room, business, script, paper(), paper(note="This is a friendly copy for your records."))
    assert (first["duplicate_of"], second["duplicate_of"]) == (None, first["id"])
    assert codes(second) == ["same_number"]
    assert second["flags"][-1]["text"] == f"Receipt {first['id']} has the same vendor, number and total."
    assert second["status"] == "to_review"
    listed = script.get("/api/receipts?flag=duplicate").json()["items"]
    assert [one["id"] for one in listed] == [second["id"]]
    assert len(script.get("/api/receipts").json()["items"]) == 2


def test_what_seems_one_purchase_counts_once(room: Workroom, business: models.Business, script: Script) -> None:
    pair(room, business, script, paper(), paper(note="A copy."))
    (currency,) = script.get("/api/receipts/stats").json()["currencies"]
    assert (currency["count"], currency["total"]["text"]) == (1, "118.00")


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (paper("Receipt", "R-99", "2026-10-06", note="Payment for invoice A-00041"), "same_payment"),
        (paper("Receipt", "R-99", "2026-11-20", note="Invoice no. A-00041 was paid."), "same_payment"),
        (paper("Order confirmation", "556677", "2026-10-01"), "same_order"),
    ],
    ids=["paid at once", "paid six weeks later", "its order"],
)
def test_an_invoice_and_what_belongs_to_it_are_one_expense_and_the_invoice_stands(
    room: Workroom, business: models.Business, script: Script, other: bytes, code: str
) -> None:
    for raws in ((paper(), other), (other, paper())):
        models.Receipt.delete().where(models.Receipt.business == business).execute()
        models.Mail.delete().where(models.Mail.business == business).execute()
        told = pair(room, business, script, *raws)
        invoice = next(one for one in told if one["number"] == "A-00041" and one["kind"] != "order")
        rest = next(one for one in told if one["id"] != invoice["id"])
        invoice, rest = shown(script, invoice["id"]), shown(script, rest["id"])
        assert (invoice["duplicate_of"], rest["duplicate_of"]) == (None, invoice["id"]), (invoice["kind"], rest["kind"])
        assert codes(rest) == [code]


@pytest.mark.parametrize(
    "other",
    [
        paper(number="A-00042"),
        paper(number="A-00042", day="2026-11-05"),
        paper(total="119.00"),
        paper(shop="Harbour Books", sender="shop@harbour-books.example"),
        paper("Receipt", "R-99", "2026-03-06"),
    ],
    ids=["two invoices on one day", "the next month's", "another total", "another vendor", "a receipt long before"],
)
def test_two_purchases_that_are_alike_stay_two(
    room: Workroom, business: models.Business, script: Script, other: bytes
) -> None:
    told = pair(room, business, script, paper(), other)
    assert [(one["duplicate_of"], codes(one)) for one in told] == [(None, []), (None, [])]


def test_the_same_mail_from_another_mailbox_with_other_bytes_is_proposed(
    room: Workroom, business: models.Business, script: Script
) -> None:
    same = {"Message-ID": "<one@alma-cafe.example>"}
    first, second = pair(room, business, script, paper(**same), paper(note="Scanned by your mail gateway.", **same))
    assert (second["duplicate_of"], codes(second)) == (first["id"], ["same_mail"])


def test_the_same_bytes_make_no_second_receipt(room: Workroom, business: models.Business) -> None:
    data = pdf(["Alma Cafe Ltd", "Tax invoice no. A-00041", "Date: 2026-10-05", "Total USD 118.00"])
    file = ("invoice.pdf", "application/pdf", data)
    words = ("Here it is.", "Here it is once more.")
    first, second = room.deliver(business, *(mail(text, subject="Your invoice", files=[file]) for text in words))
    assert {first.outcome, second.outcome} == {"receipt", "duplicate"}
    assert models.Receipt.select().where(models.Receipt.business == business).count() == 1


def test_keeping_both_is_remembered_by_the_next_reading(
    room: Workroom, business: models.Business, script: Script
) -> None:
    _, second = pair(room, business, script, paper(), paper(note="A copy."))
    kept = script.patch(f"/api/receipts/{second['id']}", {"duplicate_of": None}, second["version"]).json()
    assert (kept["duplicate_of"], codes(kept)) == (None, [])
    script.post(f"/api/receipts/{second['id']}/reread", {})
    room.work(business)
    assert shown(script, second["id"])["duplicate_of"] is None
    assert script.post("/api/undo", {"undo": kept["undo"]}).json() == {"changed": 1}
    assert shown(script, second["id"])["duplicate_of"] is not None


def test_merged_receipts_are_split_again_and_both_can_be_undone(
    room: Workroom, business: models.Business, script: Script
) -> None:
    first, second = pair(room, business, script, paper(), paper(note="A copy."))
    merged = script.post(f"/api/receipts/{first['id']}/merge", {"other": second["id"]}).json()
    told = shown(script, first["id"])
    assert [(one["id"], one["merged"]) for one in told["kin"]] == [(second["id"], True)]
    assert [one["id"] for one in script.get("/api/receipts").json()["items"]] == [first["id"]]
    long_ago = clock.now().timestamp() * 1000 - 40 * 86_400_000
    models.Receipt.update(deleted_at=int(long_ago)).where(models.Receipt.id == second["id"]).execute()
    receipt_edits.empty_trash()
    split = script.post(f"/api/receipts/{first['id']}/split", {})
    assert split.json()["changed"] == 1
    apart = shown(script, second["id"])
    assert (apart["duplicate_of"], apart["deleted_at"], codes(apart)) == (None, None, [])
    assert script.post(f"/api/receipts/{first['id']}/split", {}).status_code == 409
    script.post("/api/undo", {"undo": split.json()["undo"]})
    assert shown(script, second["id"])["duplicate_of"] == first["id"]
    assert script.post("/api/undo", {"undo": merged["undo"]}).status_code == 200
