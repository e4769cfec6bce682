"""The API's description in the browser: searched, opened, with a line for curl; nothing from elsewhere."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.ui.desk import DESKTOP, PHONE, Desk
from tests.ui.test_axe import AXE, RUN


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["wide", "phone"])
def test_a_route_is_found_and_shows_values_examples_and_a_line_for_curl(desk: Desk, size: tuple[int, int]) -> None:
    page = desk.context(size, signed_in=False).new_page()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(f"{desk.url}/api/docs")
    expect(page.locator("#count")).to_have_text(re.compile(r"^[1-9]\d\d routes$"))
    page.get_by_label("Find a route").fill("post webhooks test")
    expect(page.locator("#count")).to_have_text("1 routes")
    page.get_by_label("Find a route").fill("patch receipts")
    page.locator("#patch_receipts_id summary").click()
    inside = page.locator("#patch_receipts_id .inside")
    expect(inside).to_contain_text('curl -X PATCH -H "Authorization: Bearer $TOKEN"')
    expect(inside.locator("tbody tr", has_text="If-Match")).to_contain_text("header")
    expect(inside.locator("pre").last).to_contain_text('"success": false')
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(desk.url).netloc}
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []
    page.goto(f"{desk.url}/api/docs#get_receipts")
    page.reload()
    expect(page.locator("#get_receipts .inside")).to_contain_text("next_cursor")
