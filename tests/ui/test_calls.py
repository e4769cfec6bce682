"""Calls on the screen: the list, a message played where it stands, notes, settling, and the phone's settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.support.processes import ROOT, until
from tests.support.twilio_standin import pcm_wav, speech
from tests.ui.desk import DESKTOP, PHONE, Desk, Theme
from tests.ui.test_axe import AXE, RUN


@pytest.fixture(scope="module")
def home(new_desk: Callable[[str], Desk]) -> Desk:
    desk = new_desk("Phone House")
    environment = {**os.environ, **desk.product.env}
    command = [sys.executable, "-m", "tests.ui.calls_sample", desk.business.slug]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=120)
    return desk


@pytest.fixture(autouse=True)
def _silent_console(home: Desk) -> None:
    home.said.clear()


def _finished(home: Desk) -> None:
    home.close()
    assert home.said == []


def test_what_is_to_do_comes_first_and_a_message_is_played_where_it_stands(home: Desk) -> None:
    page = home.open("calls")
    rows = page.locator(".calllist > li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Dana Levi")
    expect(rows.first).to_contain_text("invoice of October")
    expect(page.locator(".side")).to_contain_text("Calls")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_selector(".wave rect.on", state="attached")
    page.get_by_role("slider").fill("40")
    page.get_by_role("button", name="Speed").click()
    expect(page.get_by_role("button", name="Speed 1.5 times")).to_be_visible()
    until(lambda: home.business.get("/api/calls?open=1")["items"][0]["recordings"][0]["heard"], "it counts as heard")
    _finished(home)


def test_a_missed_call_is_settled_taken_back_and_called(home: Desk) -> None:
    page = home.open("calls")
    row = page.locator(".calllist > li").filter(has_text="14155550123")
    expect(row.get_by_role("link", name="Call back")).to_have_attribute("href", "tel:+14155550123")
    row.get_by_role("button", name="Done").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name=re.compile("Undo")).click()
    expect(row).to_have_count(1)
    _finished(home)


def test_one_call_has_its_note_which_saves_itself(home: Desk) -> None:
    page = home.open("calls?view=all")
    page.locator(".callrow").filter(has_text="דפוס כהן").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("+972521112222")
    dialog.get_by_label("Note").fill("He wants a quote")
    expect(dialog).to_contain_text("Saved")
    page.keyboard.press("Escape")
    expect(page.locator(".calllist")).to_contain_text("He wants a quote")
    assert page.url.endswith("/calls?view=all")
    _finished(home)


def test_texts_lead_to_their_receipt_and_say_what_was_answered(home: Desk) -> None:
    page = home.open("calls?view=texts", PHONE, lang="he")
    expect(page.locator(".calllist")).to_contain_text("Reply 1 to confirm")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    _finished(home)


def test_the_phone_s_settings_are_changed_and_what_is_wrong_is_said(home: Desk) -> None:
    page = home.open("settings/phone")
    page.get_by_label("Greeting", exact=True).fill("Good day, this is the studio.")
    page.get_by_label("Monday").fill("9:00-13:00, 14:00 – 17:00")
    page.get_by_role("button", name="Add a choice").click()
    page.get_by_label("Number", exact=True).last.fill("052-111 2222")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    told = home.business.get("/api/phone")
    assert told["greeting"] == "Good day, this is the studio."
    assert told["hours"]["0"] == ["09:00-13:00", "14:00-17:00"]
    assert told["hours"]["5"] == []
    assert told["menu"][0]["value"] == "+972521112222"
    page.get_by_label("Monday").fill("nine to five")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("09:00-17:00")
    home.said.clear()  # the browser tells of the answer 400
    home.close()


def test_a_greeting_is_uploaded_from_any_sound_the_browser_knows(home: Desk) -> None:
    page = home.open("settings/phone")
    page.set_input_files(
        "input[type=file]", {"name": "hi.wav", "mimeType": "audio/wav", "buffer": pcm_wav(speech(1.5))}
    )
    expect(page.locator("audio")).to_be_visible()
    assert home.business.get("/api/phone")["sound"] == {"seconds": 1.5}
    _finished(home)


@pytest.mark.parametrize(("lang", "theme", "size"), [("en", "light", DESKTOP), ("he", "dark", PHONE)])
def test_a_filled_page_has_no_violation(home: Desk, lang: str, theme: Theme, size: tuple[int, int]) -> None:
    page = home.open("calls?view=all", size, lang=lang, theme=theme)
    page.wait_for_selector(".calllist")
    for do in (None, ".callrow"):
        if do:
            page.locator(do).first.click()
            page.wait_for_selector("dialog .player")
        page.evaluate(AXE)
        assert page.evaluate(RUN) == []
    home.close()
