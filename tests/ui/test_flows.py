"""Whole ways through the screen: by keys alone, and on a window of 320 pixels at double size: review, bulk, export."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.ui.desk import Desk


def rows_of(page: Page, press: str) -> list[dict[str, str]]:
    """Take the file of the export that is ready: by a key, or by a tap."""
    ready = page.get_by_role("dialog", name="Ready")
    expect(ready).to_be_visible(timeout=60_000)
    link = ready.get_by_role("link", name=re.compile("Receipts")).first
    with page.expect_download() as got:
        if press == "tap":
            link.tap()
        else:
            link.focus()
            page.keyboard.press(press)
    text = Path(got.value.path()).read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def tab_to(page: Page, what: str, most: int = 80) -> None:
    """Press Tab until that has the keyboard."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement?.matches(what)", what):
            return
    raise AssertionError(what)


def test_ui_p24_what_is_seen_is_exported_in_each_format_with_its_period_in_the_name(desk: Desk) -> None:
    page = desk.open("receipts?category=office")
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(600)
    count = desk.business.get("/api/exports/preview?category=office")["count"]
    assert count > 3
    for name, end in (("CSV", "csv"), ("Excel|XLSX", "xlsx"), ("ZIP", "zip"), ("PDF", "pdf")):
        page.get_by_role("button", name="Export", exact=True).click()
        dialog = page.get_by_role("dialog", name="Export receipts")
        dialog.get_by_role("radio", name=re.compile(name)).first.check()
        fresh = dialog.locator("#fresh")
        if fresh.is_checked():
            fresh.uncheck()
        expect(dialog.get_by_role("status")).to_contain_text(f"{count} receipts")
        expect(dialog.get_by_role("status")).to_contain_text(re.compile(r"[₪€$][\d,]+\.\d\d"))
        dialog.get_by_role("button", name="Export", exact=True).click()
        ready = page.get_by_role("dialog", name="Ready")
        expect(ready).to_be_visible(timeout=90_000)
        link = ready.locator("a[download]").first
        file = str(link.get_attribute("download"))
        assert file.endswith(f".{end}"), file
        assert "kedem" in file.lower(), file
        assert re.search(r"20\d\d", file), file
        page.keyboard.press("Escape")
        expect(ready).to_have_count(0)


def test_ui_p25_keys_alone_go_through_review_bulk_and_export(desk: Desk) -> None:
    page = desk.open("receipts?status=to_review")
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(800)
    tab_to(page, ".row")
    page.keyboard.press("Enter")
    expect(page.locator(".fields :focus")).to_have_count(1)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast").first).to_contain_text("Approved")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement?.classList.contains('row')")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    bar = page.get_by_role("toolbar", name=re.compile("2 selected"))
    expect(bar).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator(".toast", has_text="2 receipts approved")).to_be_visible()
    page.wait_for_function("() => !document.querySelector('.bulk')")
    tab_to(page, ".row")
    page.keyboard.press("x")
    expect(page.get_by_role("toolbar", name=re.compile("1 selected"))).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(
            "document.activeElement?.innerText.trim() === 'Export' && !!document.activeElement.closest('.bulk')"
        ):
            break
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Export receipts")
    expect(dialog.get_by_role("status")).to_contain_text("1 receipt")
    page.locator("#fresh, #mark").first.focus()
    page.keyboard.press("Enter")  # a form is sent by Enter
    assert len(rows_of(page, "Enter")) == 1


def hold(page: Page, selector: str) -> None:
    """A finger that rests on it."""
    box = page.locator(selector).first.bounding_box()
    assert box
    touch = page.context.new_cdp_session(page)
    at = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
    page.wait_for_timeout(700)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_ui_p25_a_window_of_320_pixels_at_double_size_reviews_chooses_and_exports(desk: Desk) -> None:
    page = desk.open("receipts?status=to_review", (320, 640))
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(800)
    page.locator(".row .a").first.tap()
    page.get_by_role("button", name=re.compile("Approve")).tap()
    expect(page.locator(".toast").first).to_contain_text("Approved")
    page.locator(".toast .shut").first.tap()
    page.locator(".backb").tap()
    page.wait_for_timeout(600)
    hold(page, ".row .a")
    expect(page.locator(".row[aria-selected=true]")).to_have_count(1)
    page.locator(".row[aria-selected=false] .a").first.tap()
    expect(page.locator(".row[aria-selected=true]")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".bulk").get_by_role("button", name="Export").tap()
    dialog = page.get_by_role("dialog", name="Export receipts")
    expect(dialog.get_by_role("status")).to_contain_text(re.compile(r"\d receipt"))
    told = dialog.get_by_role("status").inner_text()
    count = 2 - ("duplicate left out" in told)  # the other one of a pair stays
    assert told.startswith(f"{count} receipt"), told
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dialog.get_by_role("button", name="Export", exact=True).tap()
    assert len(rows_of(page, "tap")) == count
