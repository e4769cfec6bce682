"""The sample mailbox's Hebrew, German and French receipts on the screen: read right, the evidence lit on the words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from bench import sample
from tests.support.processes import until
from tests.ui.desk import Desk

LANGUAGES = ("he", "de", "fr")
SLACK = 0.004  # of the page: a box is drawn around its words


@dataclass
class Sample:
    """A receipt of the sample mailbox, as the product has read it."""

    name: str
    truth: dict[str, Any]
    receipt: dict[str, Any]  # its detail in the API


@pytest.fixture(scope="module")
def samples(new_desk: Callable[[str], Desk]) -> tuple[Desk, list[Sample]]:
    """A business to which the mails in these languages were brought as files, read to the end."""
    desk = new_desk("Babel Books")
    mails = {
        name: truth
        for name, truth in sample.mails().items()
        if truth["receipts"] and all(r["language"] in LANGUAGES and r["source"] != "photo" for r in truth["receipts"])
    }
    files = [("files", (name, (sample.MAILBOX / name).read_bytes(), "message/rfc822")) for name in mails]
    answer = desk.business.call("POST", "/api/receipts", files=files)
    assert answer.ok, answer.text
    taken = {item["mail_id"]: item["filename"] for item in answer.json()["items"] if item["code"] == "taken"}
    assert len(taken) == len(mails)
    assert desk.business.finished(answer.json()["run_id"], seconds=600)["status"] == "completed"
    found = [desk.business.get(f"/api/receipts/{row['id']}") for row in desk.business.everything("/api/receipts?")]
    out = []
    for detail in found:
        name = taken[detail["mail"]["id"]]
        rows = mails[name]["receipts"]
        mine = [row for row in rows if Decimal(row["total"]) == Decimal(detail["total"]["text"])] or rows
        out.append(Sample(name, mine[0], detail))
    told_once = {name for name, truth in mails.items() if not any(r["same_purchase_as"] for r in truth["receipts"])}
    assert told_once <= {one.name for one in out}
    return desk, out


def place(desk: Desk, one: Sample) -> dict[str, Any]:
    """Where the total stands; a mail's page is drawn when it is first looked at, which may take a while."""
    kept: dict[str, Any] = one.receipt["fields"]["total"]

    def known() -> bool:
        if not kept["box"]:
            kept.update(desk.business.get(f"/api/receipts/{one.receipt['id']}")["fields"]["total"])
        return bool(kept["box"])

    until(known, f"the total of {one.name} has a place", 120)
    found: dict[str, Any] = kept["box"]
    return found


def under(desk: Desk, receipt: dict[str, Any], box: dict[str, Any]) -> str:
    """The text of the page whose middle lies in the box, without blanks."""
    words = desk.business.get(f"/api/receipts/{receipt['id']}/words?page={box['page']}")["words"]
    x0, y0, x1, y1 = box["x0"] - SLACK, box["y0"] - SLACK, box["x1"] + SLACK, box["y1"] + SLACK
    hit = [text for text, *edge in words if x0 < (edge[0] + edge[2]) / 2 < x1 and y0 < (edge[1] + edge[3]) / 2 < y1]
    return "".join(hit)


def printed(amount: str) -> str:
    """An amount's digits without what signs and zeroes a document may leave out."""
    whole, _, part = amount.lstrip("-").partition(".")
    return whole + ("" if set(part) <= {"0"} else part)


def test_each_is_read_right(samples: tuple[Desk, list[Sample]]) -> None:
    wrong = []
    for one in samples[1]:
        got = one.receipt
        if got["currency"] != one.truth["currency"] or Decimal(got["total"]["text"]) != Decimal(one.truth["total"]):
            wrong.append(f"{one.name}: total")
        if got["date"] != one.truth["date"]:
            wrong.append(f"{one.name}: date {got['date']}")
        if not got["vendor"]:
            wrong.append(f"{one.name}: vendor")
    assert not wrong


def test_each_ones_evidence_lies_on_the_words_that_say_so(samples: tuple[Desk, list[Sample]]) -> None:
    desk, every = samples
    astray = []
    for one in every:
        box = place(desk, one)
        there = re.sub(r"\D", "", under(desk, one.receipt, box))
        if printed(one.truth["total"]) not in there:
            astray.append(f"{one.name}: {there}")
    assert not astray


def test_the_evidence_is_lit_on_the_page_that_the_screen_shows(samples: tuple[Desk, list[Sample]]) -> None:
    desk, every = samples
    chosen: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for one in every:
        chosen[one.truth["language"], one.truth["source"]].append(one)
    page = desk.open("receipts")
    for sort, some in chosen.items():
        for one in some[: 2 if sort[1] == "pdf" else 1]:
            box = place(desk, one)
            page.goto(desk.path(f"receipts/{one.receipt['id']}"))
            field = page.locator("#f-total")
            expect(field).to_have_value(one.receipt["total"]["text"])
            field.focus()
            picture = page.locator(f".page.ready[data-page='{box['page']}'] img")
            expect(picture).to_be_visible()
            lit = page.locator(".ev.on").first
            expect(lit).to_be_visible()
            sheet, mark = picture.bounding_box(), lit.bounding_box()
            assert sheet
            assert mark
            shown = (mark["x"] - sheet["x"], mark["y"] - sheet["y"], mark["width"], mark["height"])
            x0, y0, x1, y1 = (box[edge] for edge in ("x0", "y0", "x1", "y1"))
            wide, high = sheet["width"], sheet["height"]
            assert shown == pytest.approx((x0 * wide, y0 * high, (x1 - x0) * wide, (y1 - y0) * high), abs=2.5), one.name
    assert {sort[0] for sort in chosen} == set(LANGUAGES)
    desk.close()
    assert not desk.said, desk.said
