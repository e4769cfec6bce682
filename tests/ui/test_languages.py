"""German and French on every page: in their own words, and no wider than the narrowest phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.ui.desk import Desk
from tests.ui.test_axe import PAGES
from tests.ui.test_widths import DRAWN, LOOK

NARROW = (320, 800)
GO = """(address) => { history.pushState(null, '', address); dispatchEvent(new PopStateEvent('popstate')); }"""
NAMES = {"de": "Deutsch", "fr": "Français"}
KEY = re.compile(r"\b(act|calls|contacts|exports|field|flag|phone|settings|status|vendors|webhooks|why)\.[a-z_]+\b")


def settled(page: Page) -> None:
    """The page is there with its words and sheets, and its lists have come."""
    page.wait_for_selector("#main h1, #main h2")
    page.wait_for_function("() => !document.querySelector('#main .wait')")
    page.wait_for_load_state("networkidle")
    page.evaluate(DRAWN)


@pytest.mark.parametrize("lang", ["de", "fr"])
def test_every_page_fits_the_narrowest_phone_in_long_words(desk: Desk, lang: str) -> None:
    page = desk.open("receipts", NARROW, lang=lang)
    expect(page.locator("html")).to_have_attribute("lang", lang)
    page.wait_for_selector(".row .a")
    bad: dict[str, object] = {}
    for name, address in {address: name for name, address in PAGES.items()}.items():
        page.evaluate(GO, desk.path(name))
        settled(page)
        found = page.evaluate(LOOK)
        if found or KEY.search(page.inner_text("body")):
            bad[address] = found or KEY.findall(page.inner_text("body"))
    page.evaluate(GO, desk.path("receipts"))
    page.locator(".row", has_text="Café Alma").first.click(position={"x": 150, "y": 15})
    page.wait_for_selector(".page.ready img")
    settled(page)
    if found := page.evaluate(LOOK):
        bad["review"] = found
    assert bad == {}


def test_a_language_is_chosen_in_the_menu_by_its_own_name_and_numbers_follow(desk: Desk) -> None:
    page = desk.open("receipts")
    row = page.locator(".row", has_text="Noa Levi Design")
    try:
        for lang, amount in (("de", "3.510,00 ₪"), ("fr", "3 510,00 ₪")):
            page.locator(".me").first.click()
            page.get_by_role("menuitem", name=NAMES[lang]).click()
            expect(page.locator("html")).to_have_attribute("lang", lang)
            expect(row.locator(".amt")).to_contain_text(amount)  # narrow spaces count as spaces
            expect(page.locator("#main h1")).to_have_text({"de": "Belege", "fr": "Reçus"}[lang])
    finally:
        desk.business.session().patch(f"{desk.url}/api/me", json={"language": "en"}, timeout=30)
