"""Signing in with Google on screen: connected in the settings, then in with one button."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.ui.desk import Desk


def test_an_account_is_connected_signs_in_and_a_strange_one_is_told_what_to_do(
    new_desk: Callable[[str], Desk],
) -> None:
    desk = new_desk("Alma Google")
    visitor = desk.context(signed_in=False).new_page()
    visitor.goto(f"{desk.url}/app/sign-in")
    visitor.get_by_role("button", name="Continue with Google").click()
    visitor.get_by_role("button", name="Allow").click()
    expect(visitor.get_by_role("alert")).to_contain_text("connected to nobody here")
    page = desk.open("settings/security")
    page.get_by_role("button", name="Connect Google").click()
    page.get_by_role("button", name="Allow").click()
    expect(page).to_have_url(re.compile(r"/settings/security"))
    expect(page.get_by_role("button", name="Disconnect")).to_be_visible()
    visitor.get_by_role("button", name="Continue with Google").click()
    visitor.get_by_role("button", name="Allow").click()
    expect(visitor.locator(".side")).to_be_visible()
    expect(visitor).to_have_url(re.compile(rf"/app/b/{desk.business.slug}/receipts"))
