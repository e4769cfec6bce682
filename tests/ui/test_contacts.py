"""Contacts and tasks in the browser: from a new vendor's receipt, and from a missed call to a task."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from playwright.sync_api import expect

from tests.support.processes import ROOT
from tests.ui.desk import PHONE, Desk

_MISSED = """
import sys, config
from store import schema
from models import Business, PhoneCall
schema.open_database(config.load())
business = Business.get(Business.slug == sys.argv[1])
PhoneCall.create(business=business, sid=sys.argv[2], caller=sys.argv[3], number="+97231112222", status="no-answer",
                 outcome="missed")
"""


def misses_a_call(desk: Desk, sid: str, number: str) -> None:
    """A call of that number that nobody took, as the phone's webhooks leave it."""
    slug = desk.business.slug
    subprocess.run(
        [sys.executable, "-c", _MISSED, slug, sid, number],
        cwd=ROOT,
        env={**os.environ, **desk.product.env, "PYTHONPATH": str(ROOT)},
        check=True,
        timeout=60,
    )


def test_a_new_vendors_receipt_is_found_under_its_contact(desk: Desk) -> None:
    raw = (
        b"From: Zenith Paper <billing@zenith-paper.example>\r\nTo: me@example.com\r\nSubject: Your receipt Z-100\r\n"
        b"Date: Mon, 23 Nov 2026 09:30:00 +0200\r\nMessage-ID: <z-100@zenith-paper.example>\r\n\r\n"
        b"Zenith Paper Ltd\nReceipt no. Z-00100\nDate: 2026-11-20\nPaper EUR 48.20\nTotal paid EUR 48.20\n"
    )
    answer = desk.business.call("POST", "/api/receipts", files={"file": ("z.eml", raw)})
    assert answer.ok, answer.text
    page = desk.open("contacts?q=zenith")
    row = page.locator(".personrow", has_text="Zenith Paper")
    for _ in range(60):  # the worker reads it
        if row.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(row).to_have_count(1)
    row.click()
    card = page.locator("dialog.contactcard")
    expect(card.get_by_text("from receipts")).to_be_visible()
    story = card.locator("li", has_text="48.20")
    expect(story).to_have_count(1)
    story.get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/receipts/\d+"))


def test_from_a_missed_call_to_a_contact_with_a_task(desk: Desk) -> None:
    misses_a_call(desk, "CA-missed-1", "+972547654321")
    page = desk.open("calls")
    page.get_by_text("+972547654321").first.click()
    page.get_by_role("button", name="More").last.click()
    page.get_by_role("menuitem", name="contact").click()
    page.get_by_role("dialog").get_by_role("link", name="+972547654321").first.click()
    card = page.locator("dialog.contactcard")
    expect(card.locator("li", has_text="Call").first).to_be_visible()
    card.get_by_label("What is to be done").fill("Call back about the quote")
    card.get_by_label("Due").fill("2099-01-02")
    card.get_by_role("button", name="Add").first.click()
    expect(card.get_by_role("checkbox", name="Call back about the quote: done")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Tasks", exact=True).click()
    task = page.locator(".tasks li", has_text="Call back about the quote")
    expect(task.get_by_role("link", name="+972547654321")).to_be_visible()
    task.get_by_role("checkbox").check()
    expect(task).to_have_count(0)
    page.keyboard.press("z")
    expect(task).to_have_count(1)


def test_a_contact_is_made_changed_written_about_and_put_away(desk: Desk) -> None:
    page = desk.open("contacts", PHONE, lang="he")
    page.get_by_role("button", name="איש קשר חדש").click()
    page.get_by_label("שם", exact=True).fill("דנה לוי")
    page.get_by_label("טלפון", exact=True).fill("054-111-2233")
    page.get_by_role("button", name="שמירה").click()
    card = page.locator("dialog.contactcard")
    expect(card.get_by_role("link", name="+972541112233")).to_be_visible()
    card.get_by_label("הערה", exact=True).fill("מעדיפה בבוקר")
    card.locator("form.notes button").click()
    expect(card.get_by_text("מעדיפה בבוקר")).to_be_visible()
    card.get_by_role("button", name="הסרה").last.click()
    expect(page.locator(".personrow", has_text="דנה לוי")).to_have_count(0)
    page.get_by_role("button", name="ביטול").last.click()
    expect(page.locator(".personrow", has_text="דנה לוי")).to_have_count(1)


def test_a_wrong_phone_is_said_in_the_form_and_nothing_is_lost(desk: Desk) -> None:
    page = desk.open("contacts")
    page.get_by_role("button", name="New contact").click()
    page.get_by_label("Name", exact=True).fill("Avi")
    page.get_by_label("Phone", exact=True).fill("12")
    desk.said.clear()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("phone number")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Avi")
    desk.said.clear()  # the browser's own line about the 400
