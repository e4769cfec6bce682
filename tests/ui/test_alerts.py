"""Alerts in the browser: the unread count in the frame, the list, the way to the thing, and each person's choices."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable

from playwright.sync_api import expect

from tests.support.processes import ROOT
from tests.ui.desk import PHONE, Desk

_LOSE = """
import sys, config
from store import alert_causes, alerts, schema
from models import Business, Mailbox
schema.open_database(config.load())
business = Business.get(Business.slug == sys.argv[1])
Mailbox.get_or_create(business=business, kind="gmail", address="me@kedem.example")
Mailbox.update(status=sys.argv[2]).where(Mailbox.business == business).execute()
alert_causes.mailboxes()
alerts.settle("run", business.id, {"": {"run": 1}})
"""


def mailbox_is(desk: Desk, status: str) -> None:
    """The business's mailbox has this status, its newest sync has failed, and a worker has looked."""
    subprocess.run(
        [sys.executable, "-c", _LOSE, desk.business.slug, status],
        cwd=ROOT,
        env={**os.environ, **desk.product.env, "PYTHONPATH": str(ROOT)},
        check=True,
        timeout=60,
    )


def test_an_alert_is_counted_in_the_frame_read_on_its_page_and_gone_with_its_cause(
    new_desk: Callable[[str], Desk],
) -> None:
    desk = new_desk("Alma Alerts")
    mailbox_is(desk, "needs_reconnect")
    page = desk.open("alerts")
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name=re.compile("Alerts"))
    lost = page.locator(".alert", has_text="me@kedem.example has to be connected again")
    expect(lost).to_contain_text("new")
    expect(link.locator(".n")).to_have_text("2")
    page.locator(".alert", has_text="The last sync failed").get_by_role("link", name="See to it").click()
    expect(page).to_have_url(re.compile(r"/status$"))
    expect(link.locator(".n")).to_have_text("1")
    phone = desk.open("receipts", PHONE)
    phone.get_by_role("button", name="More (1)").click()
    expect(phone.get_by_role("menuitem", name="Alerts (1)")).to_be_visible()
    link.click()
    page.get_by_role("button", name="Mark all as read").click()
    expect(link.locator(".n")).to_have_count(0)
    expect(lost).not_to_contain_text("new")
    mailbox_is(desk, "disconnected")
    page.reload()
    expect(page.locator(".alert", has_text="The last sync failed")).to_be_visible()
    expect(lost).to_have_count(0)
    page.get_by_role("link", name="All", exact=True).click()
    expect(lost).to_contain_text("over")


def test_each_way_of_each_kind_is_chosen_and_kept(new_desk: Callable[[str], Desk]) -> None:
    page = new_desk("Alma Choices").open("settings/alerts")
    box = page.get_by_label("Receipts waiting for review: In the app")
    expect(box).to_be_checked()
    box.uncheck()
    expect(page.locator(".toast")).to_contain_text("Your choice is kept")
    page.reload()
    expect(box).not_to_be_checked()
    expect(page.get_by_label("Sync failed: Webhooks")).to_be_checked()
