"""What corrections taught, seen in the browser: right the next time, the rule seen, made sure and taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.papers import mail, pdf
from tests.support.processes import until
from tests.ui.desk import PHONE, Desk


def paper(number: int, day: str, *, note: str = "Thank you!", total: str = "118.00") -> bytes:
    return mail(
        f"Alma Cafe Ltd\nTax invoice no. A-{number:05d}\nDate: {day}\n\nCoffee {total}\nTotal USD {total}\n\n{note}\n",
        subject=f"Your invoice A-{number:05d}",
        sender="Alma Cafe <billing@alma-cafe.example>",
        date="Mon, 23 Nov 2026 09:30:00 +0200",
    )


def bring(desk: Desk, raw: bytes, name: str) -> dict[str, Any]:
    """Upload one file and give the receipt that it made."""
    before = {one["id"] for one in desk.business.get("/api/receipts?limit=200")["items"]}
    answer = desk.business.call("POST", "/api/receipts", files={"file": (name, raw)})
    assert answer.ok, answer.text
    found: list[dict[str, Any]] = []

    def made() -> bool:
        items = desk.business.get("/api/receipts?limit=200")["items"]
        found[:] = [one for one in items if one["id"] not in before]
        return bool(found)

    until(made, "the file is read", 120)
    return found[0]


@pytest.fixture(scope="module")
def shop(new_desk: Callable[[str], Desk]) -> Desk:
    return new_desk("Rule Makers")


def review(desk: Desk, id_: int, **how: Any) -> Page:
    page = desk.open(f"receipts/{id_}", **how)
    page.wait_for_selector("#f-vendor")
    return page


def vendor(page: Page) -> Any:
    return page.locator("#f-vendor")


def test_a_vendor_corrected_once_is_right_the_next_time_and_the_rule_is_seen_and_taken_back(shop: Desk) -> None:
    first = bring(shop, paper(1, "2026-09-05"), "first.eml")
    page = review(shop, first["id"])
    read = vendor(page).input_value()
    vendor(page).fill("Café Alma")
    vendor(page).press("Tab")
    expect(page.locator(".toast")).to_contain_text("next receipts will have it too")
    page.close()

    second = bring(shop, paper(2, "2026-10-05"), "second.eml")
    page = review(shop, second["id"])
    expect(vendor(page)).to_have_value("Café Alma")
    asked = page.locator(".issue", has_text="Right like this?")
    expect(asked).to_contain_text("By your rule for this vendor: Vendor “Café Alma”")
    asked.get_by_role("button", name="Always").click()
    expect(page.locator(".toast")).to_contain_text("without asking")
    expect(page.locator(".issue", has_text="Right like this?")).to_have_count(0)

    page.goto(shop.path("vendors/rules"))
    rule = page.locator(".rules .check")
    expect(rule).to_have_count(1)
    expect(rule).to_contain_text("Vendor: Café Alma")
    expect(rule).to_contain_text("sender alma-cafe.example")
    rule.get_by_role("button", name="See and change").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("1 receipt bears what it did.")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    box = dialog.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE[0]
    dialog.get_by_role("button", name=re.compile("also on 1 receipt")).click()
    expect(page.locator(".toast").last).to_contain_text("1 receipt is as it was read")
    expect(page.locator(".empty")).to_contain_text("No rules yet")
    assert shop.business.get(f"/api/receipts/{second['id']}")["vendor"] == read
    assert shop.business.get(f"/api/receipts/{first['id']}")["vendor"] == "Café Alma"  # by hand, it stays
    page.locator(".toast").last.get_by_role("button", name="Undo").click()
    expect(page.locator(".rules .check")).to_have_count(1)
    assert shop.business.get(f"/api/receipts/{second['id']}")["vendor"] == "Café Alma"
    assert not shop.said, shop.said
    page.close()


def test_undoing_an_older_edit_leaves_a_later_approval(shop: Desk) -> None:
    row = bring(shop, paper(7, "2026-08-05", total="77.00"), "undo.eml")
    page = review(shop, row["id"])
    page.locator("#f-note").fill("lunch")
    page.locator("#f-note").press("Tab")
    undo = page.locator(".toast", has_text="Saved: Note").get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    page.keyboard.press("Control+Enter")
    until(lambda: shop.business.get(f"/api/receipts/{row['id']}")["status"] == "approved", "it is approved")
    undo.click()
    until(lambda: shop.business.get(f"/api/receipts/{row['id']}")["note"] == "", "the note is taken back")
    assert shop.business.get(f"/api/receipts/{row['id']}")["status"] == "approved"
    page.close()


def test_two_papers_of_one_purchase_are_compared_merged_and_split(shop: Desk) -> None:
    first = bring(shop, paper(11, "2026-07-05", total="64.00"), "one.eml")
    second = bring(shop, paper(11, "2026-07-05", total="64.00", note="A copy for your records."), "two.eml")
    page = review(shop, second["id"])
    issue = page.locator(".issue.bad")
    expect(issue).to_contain_text("has the same vendor, number and total")
    issue.get_by_role("button", name="Compare").click()
    dialog = page.locator("dialog[open]")
    expect(dialog.locator(".papers img")).to_have_count(2)
    dialog.get_by_role("button", name="Same: merge").click()
    until(lambda: shop.business.get(f"/api/receipts/{second['id']}")["deleted_at"], "it is merged")
    page.goto(shop.path(f"receipts/{first['id']}"))
    kin = page.locator(".issue", has_text="Another paper of this purchase was merged into it.")
    kin.get_by_role("button", name="Split").click()
    expect(page.locator(".toast")).to_contain_text("two purchases again")
    until(lambda: not shop.business.get(f"/api/receipts/{second['id']}")["deleted_at"], "it is back")
    page.close()


def test_a_locked_document_is_opened_on_the_review_panel(shop: Desk) -> None:
    data = pdf(["Locked Ltd", "Tax invoice no. L-1", "Date: 2026-11-05", "Total USD 42.00"], password="1234")
    row = bring(shop, data, "locked.pdf")
    page = review(shop, row["id"])
    field = page.get_by_label("Its password. It is kept, encrypted, for this vendor's next ones.")
    field.fill("guess")
    field.press("Enter")
    expect(page.locator(".issue.unlock")).to_contain_text("does not open the document")
    field.fill("1234")
    field.press("Enter")
    expect(page.locator("#f-total")).to_have_value("42.00", timeout=60_000)
    expect(page.locator(".page.ready img")).to_have_count(1, timeout=30_000)
    page.goto(shop.path("settings/passwords"))
    expect(page.locator(".checks .check")).to_have_count(1)
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".checks .check")).to_have_count(0)
    page.close()


def test_the_file_that_a_receipt_waits_for_is_brought_on_its_panel(shop: Desk) -> None:
    raw = mail(
        html='<p>Hello, your invoice for October is ready.</p><p><a href="https://cloud.example/i/41">'
        "Download your invoice</a></p>",
        subject="Your invoice is ready",
        sender="Cloud Nine <billing@cloud.example>",
        date="Mon, 23 Nov 2026 09:30:00 +0200",
    )
    row = bring(shop, raw, "wait.eml")
    page = review(shop, row["id"])
    awaited = page.locator(".issue.awaited")
    expect(awaited.get_by_role("link")).to_have_attribute("href", "https://cloud.example/i/41")
    lines = ["Cloud Nine Ltd", "Tax invoice no. C-41", "Date: 2026-11-05", "Total USD 19.00"]
    file = {"name": "invoice.pdf", "mimeType": "application/pdf", "buffer": pdf(lines)}
    awaited.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(page.locator("#f-total")).to_have_value("19.00", timeout=60_000)
    expect(page.locator(".issue.awaited")).to_have_count(0)
    page.close()


@pytest.mark.parametrize("lang", ["en", "he"])
def test_the_page_of_vendors_tells_sums_rhythm_and_what_is_missing(desk: Desk, lang: str) -> None:
    for size in ((1440, 900), PHONE):
        page = desk.open("vendors", size, lang=lang)
        expect(page.locator(".vendorrow").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator(".vendorrow").first.click()
        expect(page.locator("dialog[open] dl.facts")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        page.goto(desk.path("vendors/missing"))
        expect(page.locator(".monthpick select")).to_be_visible()


def test_two_vendors_become_one_by_a_name_and_two_again_by_undo(desk: Desk) -> None:
    names = [one["name"] for one in desk.business.get("/api/vendors?limit=200")["items"]][:2]
    page = desk.open(f"vendors?v={names[0]}")
    page.get_by_role("button", name="Rename or merge").click()
    page.get_by_label("Name from now on").fill(names[1])
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text(names[1])
    left = [one["name"] for one in desk.business.get("/api/vendors?limit=200")["items"]]
    assert names[0] not in left
    page.locator(".toast").get_by_role("button", name="Undo").click()
    until(
        lambda: names[0] in [one["name"] for one in desk.business.get("/api/vendors?limit=200")["items"]],
        "the name is back",
    )


def test_the_months_sum_says_what_usually_comes_and_is_not_here(new_desk: Callable[[str], Desk]) -> None:
    desk = new_desk("Usual Things")
    for month in range(3, 10):
        bring(desk, paper(month, f"2026-{month:02d}-03"), f"{month}.eml")
    page = desk.open("receipts?month=2026-10")
    link = page.locator(".sum .missing")
    expect(link).to_have_text("1 usual one missing")
    link.click()
    expect(page.locator(".check.warn")).to_contain_text("Alma Cafe")
    page.get_by_role("button", name="Not expected any more").click()
    expect(page.locator(".empty")).to_contain_text("Nothing is missing")
    page.close()
    desk.close()
