"""A correction becomes a rule of its vendor: right the next time, seen, confirmed, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import models
from receipts.child import Reader
from tests.support.papers import mail
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


def paper(number: int, *, shop: str = "Alma Cafe", sender: str = "billing@alma-cafe.example", **more: str) -> bytes:
    """A shop's monthly paper: the month is the number's."""
    month = number % 12 + 1
    return mail(
        f"{shop} Ltd\nTax invoice no. A-{number:05d}\nDate: 2026-{month:02d}-05\n\n"
        f"Coffee {more.get('total', '118.00')}\n"
        f"Subtotal USD {more.get('net', '100.00')}\nVAT 18% USD {more.get('tax', '18.00')}\n"
        f"Total USD {more.get('total', '118.00')}\n\nThank you!\n",
        subject=f"Your invoice A-{number:05d}",
        sender=f"{shop} <{sender}>",
        date="Mon, 23 Nov 2026 09:30:00 +0200",
    )


def shown(script: Script, id_: int) -> dict[str, Any]:
    answer = script.get(f"/api/receipts/{id_}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def correct(script: Script, id_: int, **values: str | None) -> dict[str, Any]:
    answer = script.patch(f"/api/receipts/{id_}", values, shown(script, id_)["version"])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def rules(script: Script) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = script.get("/api/rules").json()["items"]
    return found


def test_a_vendor_corrected_once_is_right_the_next_time(
    room: Workroom, business: models.Business, script: Script
) -> None:
    (first,) = room.receipts(business, paper(1))
    learnt = correct(script, first.id, vendor="Café Alma", category="meals")["learnt"]
    assert [(rule["field"], rule["value"], rule["state"]) for rule in learnt] == [
        ("vendor", "Café Alma", "trial"), ("category", "meals", "trial"),
    ]  # fmt: skip
    (second,) = room.receipts(business, paper(2))
    told = shown(script, second.id)
    assert (told["vendor"], told["category"], told["status"]) == ("Café Alma", "meals", "to_review")
    assert [(flag["field"], flag["code"]) for flag in told["flags"]] == [("vendor", "rule_on_trial")]
    evidence = told["fields"]["vendor"]
    assert evidence["rule"] == learnt[0]["id"]
    assert "Alma Cafe" in evidence["why"]
    assert evidence["read"] in [one["value"] for one in evidence["candidates"]]
    assert told["hand_set"] == []


def test_approving_what_a_rule_did_confirms_it(room: Workroom, business: models.Business, script: Script) -> None:
    first, second = room.receipts(business, paper(1), paper(2))
    correct(script, first.id, vendor="Café Alma")
    (third,) = room.receipts(business, paper(3))
    correct(script, third.id, status="approved")
    assert [rule["state"] for rule in rules(script)] == ["confirmed"]
    (fourth,) = room.receipts(business, paper(4))
    told = shown(script, fourth.id)
    assert (told["vendor"], told["status"], told["flags"]) == ("Café Alma", "ready", [])
    assert shown(script, second.id)["vendor"] != "Café Alma"  # earlier ones only on request


def test_the_same_correction_twice_confirms_it(room: Workroom, business: models.Business, script: Script) -> None:
    first, second = room.receipts(business, paper(1), paper(2))
    correct(script, first.id, vendor="Café Alma")
    correct(script, second.id, vendor="Café Alma")
    assert [(rule["value"], rule["state"]) for rule in rules(script)] == [("Café Alma", "confirmed")]


def test_a_slip_put_right_leaves_no_rule(room: Workroom, business: models.Business, script: Script) -> None:
    (first,) = room.receipts(business, paper(1))
    correct(script, first.id, vendor="Cfaé Alma")
    assert [rule["value"] for rule in correct(script, first.id, vendor="Café Alma")["learnt"]] == ["Café Alma"]
    assert len(rules(script)) == 1
    read = shown(script, first.id)["fields"]["vendor"]["value"]
    correct(script, first.id, vendor=read)
    assert rules(script) == []


def test_undoing_the_correction_takes_its_rule_and_its_mark_away(
    room: Workroom, business: models.Business, script: Script
) -> None:
    (first,) = room.receipts(business, paper(1))
    read = shown(script, first.id)
    token = correct(script, first.id, vendor="Café Alma")["undo"]
    approved = correct(script, first.id, status="approved")
    assert script.post("/api/undo", {"undo": token}).json() == {"changed": 1}
    back = shown(script, first.id)
    assert (back["vendor"], back["hand_set"], back["status"]) == (read["vendor"], [], "approved")
    assert rules(script) == []
    assert script.post("/api/undo", {"undo": approved["undo"]}).json() == {"changed": 1}
    assert shown(script, first.id)["status"] == read["status"]


def test_a_rule_speaks_of_its_own_vendor_alone(room: Workroom, business: models.Business, script: Script) -> None:
    (first,) = room.receipts(business, paper(1))
    correct(script, first.id, vendor="Café Alma")
    (other,) = room.receipts(business, paper(2, shop="Harbour Books", sender="shop@harbour-books.example"))
    assert shown(script, other.id)["vendor"] != "Café Alma"


def test_a_messenger_of_many_vendors_is_no_sign(room: Workroom, business: models.Business, script: Script) -> None:
    first, _, _ = room.receipts(
        business, *(paper(number, shop=shop, sender="papers@billing-house.example")
                    for number, shop in enumerate(["Alma Cafe", "Harbour Books", "Lemon Garage"])),
    )  # fmt: skip
    (rule,) = correct(script, first.id, vendor="Café Alma")["learnt"]
    assert rule["known_by"]["domain"] is None
    assert rule["known_by"]["name"] == "alma cafe"
    (stripe,) = room.receipts(business, paper(9, shop="Lemon Repair", sender="invoice@stripe.com"))
    (rule,) = correct(script, stripe.id, vendor="Lemon")["learnt"]
    assert rule["known_by"]["domain"] is None


def test_set_by_hand_is_overwritten_by_no_rule_and_no_reading(
    room: Workroom, business: models.Business, script: Script
) -> None:
    first, second = room.receipts(business, paper(1), paper(2))
    correct(script, second.id, vendor="My own name for it")
    correct(script, first.id, vendor="Café Alma")
    (rule,) = [one for one in rules(script) if one["value"] == "Café Alma"]
    script.post(f"/api/rules/{rule['id']}/confirm", {})
    assert script.post(f"/api/receipts/{second.id}/reread", {}).status_code in {202, 503}
    room.work(business)
    told = shown(script, second.id)
    assert (told["vendor"], told["hand_set"]) == ("My own name for it", ["vendor"])


def test_a_rule_is_applied_to_earlier_receipts_on_request_and_undone(
    room: Workroom, business: models.Business, script: Script
) -> None:
    rows = room.receipts(business, *(paper(number) for number in range(1, 5)))
    read = shown(script, rows[0].id)["vendor"]
    correct(script, rows[3].id, vendor="Café Alma")
    correct(script, rows[0].id, status="approved")
    models.Receipt.update(exported_at=1).where(models.Receipt.id == rows[1].id).execute()
    (rule,) = rules(script)
    effects = script.get(f"/api/rules/{rule['id']}/effects").json()
    assert (sorted(effects["earlier"]), effects["would_change"]) == (sorted([rows[0].id, rows[2].id]), 2)
    answer = script.post(f"/api/rules/{rule['id']}/apply", {}).json()
    assert answer["changed"] == 2
    assert [shown(script, row.id)["vendor"] for row in rows] == ["Café Alma", read, "Café Alma", "Café Alma"]
    assert shown(script, rows[0].id)["status"] == "approved"
    assert [(one["uses"], one["state"]) for one in rules(script)] == [(2, "confirmed")]
    assert shown(script, rows[2].id)["flags"] == []  # asked for in so many words: nothing is asked once more
    assert script.post("/api/undo", {"undo": answer["undo"]}).json() == {"changed": 2}
    assert shown(script, rows[0].id)["vendor"] == read
    assert [(one["uses"], one["state"]) for one in rules(script)] == [(0, "trial")]


def test_a_rule_is_taken_back_with_or_without_what_it_did(
    room: Workroom, business: models.Business, script: Script
) -> None:
    (first,) = room.receipts(business, paper(1))
    read = shown(script, first.id)["vendor"]
    correct(script, first.id, vendor="Café Alma")
    second, third = room.receipts(business, paper(2), paper(3))
    correct(script, third.id, vendor="Mine")
    (rule,) = [one for one in rules(script) if one["value"] != "Mine"] or rules(script)
    answer = script.delete(f"/api/rules/{rule['id']}?back=1").json()
    assert answer["changed"] == 1
    told = shown(script, second.id)
    assert (told["vendor"], told["flags"], told["status"]) == (read, [], "ready")
    assert told["fields"]["vendor"]["value"] == read
    assert [shown(script, row.id)["vendor"] for row in (first, third)] == ["Café Alma", "Mine"]
    assert script.get(f"/api/rules/{rule['id']}/effects").status_code == 404
    (fourth,) = room.receipts(business, paper(4))
    assert shown(script, fourth.id)["vendor"] == read
    script.post("/api/undo", {"undo": answer["undo"]})
    assert shown(script, second.id)["vendor"] == "Café Alma"
    assert rule["id"] in [one["id"] for one in rules(script)]


def test_a_read_currency_stands_against_a_rule(room: Workroom, business: models.Business, script: Script) -> None:
    (first,) = room.receipts(business, paper(1))
    correct(script, first.id, currency="CAD")
    (second,) = room.receipts(business, paper(2))
    assert shown(script, second.id)["currency"] == "USD"


def test_receipts_approve_themselves_only_where_a_person_said_so_and_nothing_is_flagged(
    room: Workroom, business: models.Business, script: Script
) -> None:
    (first,) = room.receipts(business, paper(1))
    answer = script.post("/api/rules", {"receipt": first.id, "field": "approve"})
    assert (answer.status_code, answer.json()["state"]) == (201, "confirmed")
    good, doubtful = room.receipts(business, paper(2), paper(3, total="130.00"))
    told = shown(script, good.id)
    assert (told["status"], bool(told["approved_at"])) == ("approved", True)
    assert told["fields"]["status"]["rule"] == answer.json()["id"]
    told = shown(script, doubtful.id)
    assert told["flags"]
    assert told["status"] == "to_review"
    (copy,) = room.receipts(business, paper(2).replace(b"Thank you!", b"A copy for your records."))
    told = shown(script, copy.id)
    assert (told["duplicate_of"], told["status"]) == (good.id, "to_review")


def test_the_line_of_the_total_is_learnt_and_an_unproved_figure_stays_flagged(
    room: Workroom, business: models.Business, script: Script
) -> None:
    def slip(number: int, total: str, tip: str) -> bytes:
        return mail(
            f"Bistro Nord Ltd\nReceipt no. B-{number:05d}\nDate: 2026-0{number}-05\n\nDinner USD {total}\n"
            f"Total USD {total}\nTotal with tip USD {tip}\nThank you!\n",
            subject="Your receipt", sender="Bistro Nord <hello@bistro-nord.example>",
            date="Mon, 23 Nov 2026 09:30:00 +0200",
        )  # fmt: skip

    (first,) = room.receipts(business, slip(1, "80.00", "92.00"))
    told = shown(script, first.id)
    evidence = told["fields"]["total"]
    values = {evidence["value"], *(one["value"] for one in evidence["candidates"])}
    other = ({"80.00", "92.00"} & values) - {told["total"]["text"]}
    assert len(other) == 1, values
    (rule,) = correct(script, first.id, total=other.pop())["learnt"]
    assert rule["field"] == "total"
    (second,) = room.receipts(business, slip(2, "70.00", "81.00"))
    told_again = shown(script, second.id)
    expected = "81.00" if told["total"]["text"] == "80.00" else "70.00"
    assert told_again["total"]["text"] == expected
    assert ("total", "total_by_rule") in [(flag["field"], flag["code"]) for flag in told_again["flags"]]
    assert told_again["fields"]["total"]["rule"] == rule["id"]


def test_another_tenants_rule_is_missing(site: Web, room: Workroom, business: models.Business, script: Script) -> None:
    (first,) = room.receipts(business, paper(1))
    (rule,) = correct(script, first.id, vendor="Café Alma")["learnt"]
    stranger = site.script(site.business())
    for answer in (
        stranger.get(f"/api/rules/{rule['id']}/effects"),
        stranger.post(f"/api/rules/{rule['id']}/apply", {}),
        stranger.delete(f"/api/rules/{rule['id']}"),
        stranger.post("/api/rules", {"receipt": first.id, "field": "approve"}),
    ):
        assert answer.status_code == 404
