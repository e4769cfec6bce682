"""The status page of those who look after the installation: the doctor's checks, in words."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.ui.desk import Desk


def test_an_operator_sees_what_the_doctor_sees_and_nobody_else_does(desk: Desk) -> None:
    page = desk.open("status")
    expect(page.get_by_role("heading", name="The whole installation")).to_have_count(0)
    desk.business.product.command("user", "add", desk.business.email, "--operator")
    page = desk.open("status")
    expect(page.get_by_role("heading", name="The whole installation")).to_be_visible(timeout=30_000)
    expect(page.get_by_text(re.compile("No backup was ever made here"))).to_be_visible()
    expect(page.get_by_text(re.compile("schema is current and the encryption key is the right one"))).to_be_visible()
    page = desk.open("status", lang="he")
    expect(page.get_by_role("heading", name="ההתקנה כולה")).to_be_visible(timeout=30_000)
    database = page.locator(".check", has_text="schema is current")  # the verdict in one's own words, then the finding
    expect(database).to_contain_text("תקין.")
