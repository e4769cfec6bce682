"""The main paths in real Chromium against the real product: signing in, connecting, syncing, looking, approving."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.ui.desk import PHONE, Desk


def test_the_list_shows_receipts_by_day_and_opens_one_beside_its_document(desk: Desk) -> None:
    page = desk.open("receipts?status=to_review")
    expect(page.locator(".row .v .a").first).to_have_text("Café Alma")
    page.get_by_text("Café Alma").click()
    expect(page.locator(".page img")).to_be_visible()
    expect(page.locator("#f-total")).to_have_value("184.00")
    expect(page.locator("#f-vendor")).to_have_value("Café Alma")
    expect(page.locator(".ev.on")).to_be_visible()


def test_the_phone_shows_the_list_and_a_receipt_without_sideways_scrolling(desk: Desk) -> None:
    page = desk.open("receipts", PHONE, lang="he")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.get_by_text("Café Alma").first.click()
    expect(page.locator(".page img")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_new_business_connects_gmail_and_says_that_the_sync_waits_for_the_worker(
    desk: Desk, new_desk: Callable[[str], Desk]
) -> None:
    fresh = new_desk("First Steps")
    page = fresh.open()
    expect(page.get_by_text("Your receipts will land here")).to_be_visible()
    page.locator(".way").get_by_role("button", name="Connect Gmail").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.locator(".toast")).to_contain_text("Gmail is connected")
    expect(page.locator(".side .src")).to_contain_text("Gmail connected")
    expect(page.locator("#sync")).to_contain_text("Syncing")
    fresh.close()
    assert not fresh.said, fresh.said
    assert desk
