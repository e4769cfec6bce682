"""What is one's own: how long mails are kept, a Workspace's mailbox, tasks with a reminder, erasing for good."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.sync_api import expect

from sources.oauth import SCOPE
from tests.ui.desk import PHONE, Desk

ROBOT = "reader@kedem.iam.gserviceaccount.example"


def test_mails_are_kept_as_long_as_was_chosen(desk: Desk) -> None:
    page = desk.open("settings/business")
    page.get_by_label("Keep mails").select_option(label="3 years")
    with page.expect_response("**/api/business") as saved:
        page.get_by_role("button", name="Save").click()
    assert saved.value.json()["keep_mail_days"] == 3 * 365
    page.reload()
    expect(page.get_by_label("Keep mails")).to_have_value("1095")
    page.get_by_label("Keep mails").select_option(label="For good")
    with page.expect_response("**/api/business") as saved:
        page.get_by_role("button", name="Save").click()
    assert saved.value.json()["keep_mail_days"] is None


def test_a_business_is_erased_only_after_its_name_was_typed(new_desk: Callable[[str], Desk]) -> None:
    desk = new_desk("Short Lived")
    desk.order("fill")
    page = desk.open("settings/business", PHONE)
    page.get_by_role("button", name="Erase this business").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("dl")).to_have_text(re.compile(r"Receipts[1-9]\d*Documents[1-9]"))
    yes = dialog.get_by_role("button", name="Erase for good")
    expect(yes).to_be_disabled()
    dialog.get_by_label("Type Short Lived to confirm").fill("short live")
    expect(yes).to_be_disabled()
    dialog.get_by_label("Type Short Lived to confirm").fill("Short Lived")
    yes.click()
    expect(page.locator("body")).to_contain_text("You are not a member of any business yet")
    assert desk.business.call("GET", "/api/receipts").status_code in {401, 403}
    desk.close()


def test_the_last_owner_keeps_the_account_and_is_told_why(desk: Desk) -> None:
    page = desk.open("settings/you")
    page.get_by_role("button", name="Erase my account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(f"Type {desk.business.email} to confirm").fill(desk.business.email)
    dialog.get_by_role("button", name="Erase for good").click()
    expect(dialog.get_by_role("alert")).to_contain_text("A business needs an owner")
    desk.said.clear()  # the browser tells of the refusal


def test_a_workspace_mailbox_is_connected_with_a_service_accounts_key(syncing_desk: Desk) -> None:
    desk = syncing_desk
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    desk.product.standin.add_service_account(ROBOT, public.decode(), [SCOPE])
    given = {"type": "service_account", "client_email": ROBOT, "private_key": secret.decode(), "private_key_id": "1"}
    page = desk.open("settings/mailboxes")
    page.get_by_text("Google Workspace mailbox").click()
    page.get_by_label("JSON key").set_input_files({"name": "a.json", "mimeType": "application/json", "buffer": b"no"})
    page.get_by_label("Address of the mailbox").fill("me@example.com")
    form = page.locator("form", has_text="Address of the mailbox")
    form.get_by_role("button", name="Connect").click()
    expect(form.get_by_role("alert")).to_contain_text("not the JSON key of a service account")
    page.get_by_label("JSON key").set_input_files(
        {"name": "a.json", "mimeType": "application/json", "buffer": json.dumps(given).encode()}
    )
    form.get_by_role("button", name="Connect").click()
    expect(page.locator(".check", has_text="me@example.com")).to_contain_text("Connected")


def test_a_task_reminds_whom_it_is_for(desk: Desk) -> None:
    page = desk.open("contacts/tasks")
    page.get_by_label("What is to be done").fill("Ask for the missing bill")
    page.get_by_role("button", name="Add a reminder or a person").click()
    page.get_by_label("Remind at").fill("2031-02-03T09:30")
    page.get_by_role("button", name="Add", exact=True).click()
    row = page.locator(".check", has_text="Ask for the missing bill")
    expect(row.locator(".remind")).to_contain_text("3 Feb 2031")
    task = next(one for one in desk.business.get("/api/tasks")["items"] if one["title"] == "Ask for the missing bill")
    assert task["remind_at"].startswith("2031-02-03T07:30")  # the browser's zone is Israel's
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def test_the_palette_finds_what_there_is(desk: Desk) -> None:
    page = desk.open("status")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("skylane")
    option = page.get_by_role("option", name="Skylane Air ·")
    option.first.click()
    expect(page.locator(".rfoot")).to_be_visible()
    expect(page.get_by_label("Vendor", exact=True)).to_have_value("Skylane Air")
