"""The language may change while its words are still on their way: no key is ever left on the screen."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

from tests.ui.desk import DESKTOP, Desk

KEY = re.compile(r"\b(act|field|review|flag)\.[a-z_]+")


def test_a_language_chosen_while_words_are_on_their_way_comes_whole(desk: Desk) -> None:
    page = desk.context(DESKTOP, lang="en").new_page()
    held: list[Route] = []
    page.route("**/i18n/he.json", lambda route: held.append(route))
    page.goto(desk.path("receipts"))
    page.wait_for_selector(".row")
    page.evaluate(
        """async () => {
          const main = document.querySelector("script[type=module]").src;
          const words = await import(main.replace("main.js", "core/i18n.js"));
          words.setLanguage("he");
        }"""
    )
    while not held:
        page.wait_for_timeout(20)
    page.locator(".row").first.click(position={"x": 150, "y": 15})
    page.wait_for_selector(".rfoot")
    held[0].continue_()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator(".rfoot")).to_contain_text("אישור")
    assert KEY.search(page.inner_text("body")) is None
