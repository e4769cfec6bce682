"""Settings and status: webhooks with their log, the history of syncs."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.support.receiver import answer, receiver
from tests.ui.desk import PHONE, Desk


def test_a_webhook_is_made_tried_looked_into_switched_off_and_removed(desk: Desk) -> None:
    page = desk.open("settings/webhooks")
    with receiver() as listener:
        page.get_by_label("Address").fill(listener.url)
        page.get_by_label("All events").uncheck()
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("alert")).to_contain_text("Choose at least one event")
        page.get_by_label("receipt.approved").check()
        page.get_by_role("button", name="Add").click()
        expect(page.locator(".made code")).to_have_text(re.compile("^whsec_"))
        hook = page.locator(".check", has_text=listener.url)
        expect(hook).to_contain_text("receipt.approved")
        hook.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="Send a test event").click()
        expect(page.locator(".toast")).to_contain_text("The test arrived, answer 200")
        assert [one.event["type"] for one in listener.got] == ["webhook.test"]
        listener.way = answer(500)
        hook.get_by_role("button", name="Log").click()
        sent = page.get_by_role("dialog").locator(".check", has_text="webhook.test")
        expect(sent).to_contain_text("Delivered")
        sent.get_by_text("Every try").click()
        expect(sent.locator("table")).to_contain_text("200")
        sent.get_by_role("button", name="Send again").click()
        expect(page.locator(".toast", has_text="It is sent again")).to_be_visible()
        page.keyboard.press("Escape")
        hook.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="Switch off").click()
        expect(hook).to_contain_text("Switched off")
        page.locator(".toast", has_text="Switched off").get_by_role("button", name="Undo").click()
        expect(hook).not_to_contain_text("Switched off")
        hook.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="Remove").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        expect(hook).to_have_count(0)


def test_every_sync_stands_in_the_history_and_opens_by_its_address(desk: Desk) -> None:
    sent = desk.business.call("POST", "/api/receipts", files={"files": ("note.txt", b"Total 12.00 EUR", "text/plain")})
    assert sent.status_code in {200, 201, 202}, sent.text
    runs = desk.business.get("/api/receipts/sync/runs")["items"]
    page = desk.open("status", PHONE)
    rows = page.locator(".runs tbody tr")
    expect(rows).to_have_count(min(20, len(runs)))
    rows.first.get_by_role("link").first.tap()
    expect(page).to_have_url(re.compile(rf"\?run={runs[0]['id']}$"))
    expect(page.get_by_role("dialog")).to_contain_text("Messages found")
    page.reload()
    expect(page.get_by_role("dialog")).to_contain_text("Messages found")
    page.get_by_role("dialog").get_by_role("button", name="Close").tap()
    expect(page.get_by_role("dialog")).to_have_count(0)
