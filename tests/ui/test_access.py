"""Ways in, in the browser: an invitation, a second factor, a new password."""

from __future__ import annotations

import re

import pyotp
from playwright.sync_api import expect

from tests.ui.desk import Desk

PASSWORD = "a rather long password"


def test_somebody_is_invited_joins_and_signs_in_with_a_second_factor(desk: Desk) -> None:
    owner = desk.open("settings/people")
    owner.get_by_label("E-mail").fill("ruth@books.example")
    owner.get_by_role("button", name="Invite").click()
    link = owner.locator(".made code").inner_text()
    expect(owner.locator("li", has_text="ruth@books.example")).to_be_visible()

    guest = desk.context(signed_in=False).new_page()
    guest.goto(link)
    expect(guest.get_by_role("heading", level=1)).to_contain_text("Kedem Studio")
    assert "invitation" not in guest.url
    guest.get_by_label("Your name").fill("Ruth")
    guest.get_by_label("Password").fill(PASSWORD)
    guest.get_by_role("button", name="Join").click()
    guest.wait_for_selector(".side")
    guest.goto(desk.path("settings/security"))
    guest.locator("#fpass").fill(PASSWORD)  # Google's form beside it asks for the password too
    guest.get_by_role("button", name="Switch on").click()
    totp = pyotp.TOTP(guest.locator(".made code").inner_text())
    guest.get_by_label("Code").fill(totp.now())
    guest.get_by_role("button", name="Confirm").click()
    expect(guest.locator(".made code")).to_have_text(re.compile(r"^(\w{5}-\w{5}\s*){10}$"))
    codes = guest.locator(".made code").inner_text().split()
    assert len(codes) == 10

    again = desk.context(signed_in=False).new_page()
    again.goto(f"{desk.url}/app/sign-in")
    again.get_by_label("E-mail").fill("ruth@books.example")
    again.get_by_label("Password").fill(PASSWORD)
    again.get_by_role("button", name="Sign in").click()
    again.get_by_label("Code").fill(codes[0])
    again.get_by_role("button", name="Sign in").click()
    again.wait_for_selector(".side")
    desk.said[:] = [line for line in desk.said if "401" not in line]  # the browser's own line: a code was asked for

    guest.reload()
    guest.get_by_role("button", name="Sign out there").click()
    expect(guest.get_by_role("button", name="Sign out there")).to_have_count(0)


def test_the_trail_is_read_and_a_lost_password_is_set_anew(desk: Desk) -> None:
    desk.business.call("POST", "/api/contacts", json={"name": "Trail Blazer"})
    page = desk.open("settings/audit")
    expect(page.locator("li", has_text="Trail Blazer").first).to_contain_text("Contact made")

    desk.product.command("user", "add", "lost@books.example")
    link = desk.product.command("user", "password", "lost@books.example").split()[-1]
    page = desk.context(signed_in=False).new_page()
    page.goto(link)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("E-mail").fill("lost@books.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("business").first).to_be_visible()
