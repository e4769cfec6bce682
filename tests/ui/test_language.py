"""The language may change while its words are still on their way: no key is ever left on the screen."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

from tests.ui.desk import DESKTOP, Desk

KEY = re.compile(r"\b(act|field|review|flag)\.[a-z_]+")


def test_the_accounts_own_language_comes_whole_though_another_was_begun(desk: Desk) -> None:
    """The browser begins in English, the account says Hebrew, and the words cross on their way."""
    account = desk.business.session()
    account.patch(f"{desk.url}/api/me", json={"language": "he"}, timeout=30).raise_for_status()
    try:
        context = desk.context(DESKTOP, lang="en")
        context.add_init_script("if (location.origin !== 'null') localStorage.removeItem('prosaas.lang.chosen')")
        page = context.new_page()
        held: list[Route] = []
        page.route("**/i18n/he.json", lambda route: held.append(route))
        with page.expect_response("**/i18n/en.more.json"):
            page.goto(desk.path("receipts"))
        while not held:
            page.wait_for_timeout(20)
        page.wait_for_timeout(200)
        held[0].continue_()
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        page.locator(".row").first.click(position={"x": 150, "y": 15})
        expect(page.locator(".rfoot")).to_contain_text("אישור")
        assert KEY.search(page.inner_text("body")) is None
    finally:
        account.patch(f"{desk.url}/api/me", json={"language": "en"}, timeout=30)
