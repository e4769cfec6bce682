"""Exports on the screen: what is on screen becomes a file, is taken back, and a closed month asks first."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.ui.desk import PHONE, Desk


def _download(page: Page, name: str) -> bytes:
    with page.expect_download() as got:
        page.get_by_role("dialog").get_by_role("link", name=re.compile(name)).first.click()
    return Path(got.value.path()).read_bytes()


def _numbers(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_what_is_on_screen_becomes_a_file_and_is_taken_back(desk: Desk) -> None:
    page = desk.open("receipts?status=approved,ready")
    wanted = desk.business.get("/api/exports/preview?status=approved,ready")
    assert wanted["count"] > 0
    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog", name="Export receipts")
    expect(dialog.get_by_role("status")).to_contain_text(f"{wanted['count']} receipts")
    dialog.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_role("dialog", name="Ready")).to_be_visible(timeout=60_000)
    rows = _numbers(_download(page, "Receipts"))
    assert len(rows) == wanted["count"]
    assert desk.business.get("/api/receipts/counts?exported=1")["all"] == wanted["count"]
    page.get_by_role("dialog").get_by_role("link", name="All exports").click()
    row = page.locator(".exlist > li").first
    expect(row).to_contain_text("CSV")
    row.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("Taken back")
    assert desk.business.get("/api/receipts/counts?exported=1")["all"] == 0
    page.keyboard.press("z")
    expect(row).to_contain_text("Ready")
    assert desk.business.get("/api/receipts/counts?exported=1")["all"] == wanted["count"]


def test_a_closed_month_asks_before_it_changes(desk: Desk) -> None:
    months = desk.business.get("/api/months")["items"]
    month = months[0]["month"]
    page = desk.open("exports/months")
    page.get_by_role("row").nth(1).get_by_role("button", name="Close").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Closed")
    page.goto(desk.path(f"receipts?month={month}&status=to_review,ready,approved"))
    page.locator(".row").first.click()
    page.get_by_label("Number", exact=False).first.wait_for()
    number = page.locator("#f-number, [name=number]").first
    number.fill("CLOSED-1")
    number.press("Tab")
    ask = page.get_by_role("dialog").filter(has_text="is closed")
    expect(ask).to_be_visible()
    ask.get_by_role("button", name="Change it all the same").click()
    expect(ask).to_be_hidden()
    page.wait_for_function(
        "() => fetch('/api/receipts?q=CLOSED-1', {headers: {'X-Business': location.pathname.split('/')[3]}})"
        ".then(r => r.json()).then(p => p.items.length === 1)"
    )
    desk.business.call("POST", f"/api/months/{month}/reopen", json={})
    desk.said[:] = [line for line in desk.said if "409" not in line]


def test_on_a_hebrew_phone_an_export_is_made_with_hebrew_headers(new_desk: Callable[[str], Desk]) -> None:
    desk = new_desk("Yona Phone")
    desk.order("fill")
    page = desk.open("exports", PHONE, lang="he")
    page.get_by_role("button", name="ייצוא קבלות").first.click()
    dialog = page.get_by_role("dialog", name="ייצוא קבלות")
    dialog.get_by_role("radio", name=re.compile("CSV")).check()
    dialog.get_by_role("button", name="ייצוא", exact=True).click()
    expect(page.get_by_role("dialog", name="מוכן")).to_be_visible(timeout=60_000)
    assert "ספק" in _numbers(_download(page, "קבלות"))[0]
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not desk.said
    desk.close()


def test_the_monthly_pack_is_planned_in_settings(desk: Desk) -> None:
    page = desk.open("settings/exportplan")
    page.get_by_label("Make a pack every month").check()
    page.get_by_label("Day of the month").select_option("3")
    page.get_by_label("Send it to").fill("books@accountant.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The plan is saved.")).to_be_visible()
    plan = desk.business.get("/api/exports/plan")
    assert (plan["active"], plan["day"], plan["mails"]) == (True, 3, ["books@accountant.example"])
    desk.business.call("PATCH", "/api/exports/plan", json={"active": False, "mails": []})


def test_a_foreign_receipt_shows_its_value_with_the_rate_and_its_day(desk: Desk) -> None:
    found = desk.business.get("/api/receipts?currency=EUR")["items"][0]
    page = desk.open(f"receipts/{found['id']}")
    shown = page.locator(".f.total .hint").filter(has_text="European Central Bank")
    expect(shown).to_contain_text(found["base_rate"]["rate"][:6])
    expect(shown).to_contain_text("₪")
