"""What goes wrong: an API slow, failing, gone; a session ended; two people at once; huge and many files; odd names."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.ui.desk import Desk
from tests.ui.test_patterns_review import open_first
from tests.ui.test_patterns_ways import DROP

PASSWORD = "correct horse battery"
ODD = ("שלום Ωmega 🧾 דפוס (1987) A.B.C. בע״מ " * 6)[:120].strip()


def drop(page: Page, files: list[tuple[str, str, list[int]]]) -> None:
    """Let go of files over the page."""
    page.wait_for_selector(".row .a, .empty")
    page.wait_for_timeout(800)  # the drop zone comes once the first screen stands
    page.evaluate(DROP, [list(one) for one in files])
    page.evaluate("window.dispatchEvent(new DragEvent('drop', {dataTransfer: window.testData, bubbles: true}))")


def forgive(desk: Desk, *parts: str) -> None:
    """The console's own words about answers that this test has made fail."""
    parts = (*parts, "Service Worker registration blocked")
    desk.said[:] = [line for line in desk.said if not any(part in line for part in parts)]


def test_an_api_that_takes_two_seconds_shows_that_it_is_on_its_way_and_loses_nothing(desk: Desk) -> None:
    page = desk.context(service_workers="block").new_page()

    def slowly(route: Route) -> None:
        page.wait_for_timeout(2000)
        route.continue_()

    page.route(re.compile(r"/api/receipts(\?|/index|/counts|/stats)"), slowly)
    page.goto(desk.path())
    expect(page.locator("[aria-busy=true], .sk").first).to_be_visible()
    expect(page.locator(".row .a").first).to_be_visible(timeout=30_000)
    page.locator("#q").fill("Nordbyte")
    page.locator("#q").press("Enter")
    expect(page).to_have_url(re.compile("q=Nordbyte"))
    expect(page.locator(".row[data-id] .v .a")).to_have_text(["Nordbyte Hosting GmbH"], timeout=30_000)
    expect(page.locator("#q")).to_have_value("Nordbyte")
    page.unroute_all(behavior="ignoreErrors")
    forgive(desk)


def test_a_list_that_answers_500_says_so_and_comes_on_the_next_try(desk: Desk) -> None:
    page = desk.context(service_workers="block").new_page()
    broken = [True]

    def meddle(route: Route) -> None:
        if broken[0]:
            route.fulfill(status=500, json={"success": False, "error": "It broke.", "code": "internal_error"})
        else:
            route.continue_()

    page.route(re.compile(r"/api/receipts(\?|/index|/counts|/stats)"), meddle)
    page.goto(desk.path())
    expect(page.get_by_role("alert")).to_contain_text("It broke.", timeout=30_000)
    broken[0] = False
    page.get_by_role("alert").get_by_role("button", name="Try again").click()
    expect(page.locator(".row .a").first).to_be_visible()
    forgive(desk, "500")


def test_a_receipt_that_answers_500_opens_on_the_next_try_and_the_list_stands(desk: Desk) -> None:
    page = desk.open("receipts?status=to_review", service_workers="block")
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(600)
    page.route(
        re.compile(r"/api/receipts/\d+$"),
        lambda route: route.fulfill(
            status=500, json={"success": False, "error": "It broke.", "code": "internal_error"}
        ),
    )
    page.locator(".row", has_text="Harbor Parking").click(position={"x": 150, "y": 15})
    expect(page.locator(".rev")).to_contain_text("It broke.")
    expect(page.locator(".row", has_text="Café Alma")).to_be_visible()
    page.unroute_all()
    page.locator(".rev").get_by_role("button", name="Try again").click()
    expect(page.locator("#f-vendor")).to_have_value("Harbor Parking")
    forgive(desk, "500")


def test_a_picture_that_many_wait_for_comes_when_it_is_its_turn(desk: Desk) -> None:
    page = desk.context(service_workers="block").new_page()
    refused: list[str] = []

    def busy(route: Route) -> None:
        if len(refused) < 3:
            refused.append(route.request.url)
            told = {"success": False, "error": "Many pages are being drawn.", "code": "drawing_busy"}
            route.fulfill(status=503, json=told)
        else:
            route.continue_()

    page.route("**/thumbnail?*", busy)
    page.goto(desk.path())
    page.wait_for_function("() => document.querySelector('.row .thumb img')?.naturalWidth > 0")
    assert len(refused) == 3
    forgive(desk, "503")


def test_a_receipt_that_is_gone_says_so(desk: Desk) -> None:
    page = desk.open("receipts/999999?status=to_review")
    expect(page.locator(".rev")).to_contain_text("This receipt does not exist any more")
    page.locator(".rev").get_by_role("button", name="Close").click()
    expect(page.locator(".row .a").first).to_be_visible()
    forgive(desk, "404")


def test_without_the_server_what_was_typed_is_kept_and_saved_once_it_is_back(desk: Desk) -> None:
    page = desk.open("receipts?status=to_review")
    open_first(page)
    page.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.locator("#f-note").fill("typed on the train")
    page.locator("#f-vendor").focus()
    expect(page.locator(".toast.bad")).to_be_visible()
    expect(page.locator(".banner")).to_contain_text("offline")
    expect(page.locator("#f-note")).to_have_value("typed on the train")
    expect(page.get_by_text("not saved yet")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator(".meta [role=status]")).to_have_text("Saved", timeout=30_000)
    page.reload()
    expect(page.locator("#f-note")).to_have_value("typed on the train")
    expect(page.get_by_text("not saved yet")).to_have_count(0)
    forgive(desk, "ERR_INTERNET_DISCONNECTED")


def test_a_session_that_ends_in_mid_edit_is_begun_again_and_the_edit_is_saved(
    new_desk: Callable[[str], Desk],
) -> None:
    desk = new_desk("Ended Session")  # another password ends the sessions that were
    desk.order("fill")
    account = desk.business.session()
    account.patch(f"{desk.url}/api/me", json={"password": PASSWORD}, timeout=30).raise_for_status()
    page = desk.open("receipts?status=to_review")
    open_first(page)
    page.context.clear_cookies()
    page.locator("#f-note").fill("typed while signed out")
    page.locator("#f-vendor").focus()
    again = page.get_by_role("dialog")
    expect(again).to_contain_text("Please sign in again")
    again.get_by_label("Password").fill("wrong words indeed")
    again.get_by_role("button", name="Sign in").click()
    expect(again.get_by_role("alert")).to_be_visible()
    again.get_by_label("Password").fill(PASSWORD)
    again.get_by_role("button", name="Sign in").click()
    expect(again).to_have_count(0)
    expect(page.locator(".meta [role=status]")).to_have_text("Saved", timeout=30_000)
    page.reload()
    expect(page.locator("#f-note")).to_have_value("typed while signed out")
    desk.close()
    assert all("401" in line for line in desk.said)


def test_when_two_people_changed_one_field_theirs_can_be_taken_and_other_fields_are_both_kept(desk: Desk) -> None:
    page = desk.open("receipts?status=to_review")
    open_first(page)
    desk.order("touch", "Café_Alma", "note", "theirs_words")
    page.locator("#f-note").fill("my words")
    page.locator("#f-vendor").focus()
    page.get_by_role("alertdialog").get_by_role("button", name="Take theirs").click()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    expect(page.locator("#f-note")).to_have_value("theirs words")
    desk.order("touch", "Café_Alma", "note", "their_second_thought")
    page.locator("#f-number").fill("B-12")
    page.locator("#f-vendor").focus()
    expect(page.locator(".toast", has_text="Saved: ")).to_be_visible()
    page.reload()
    expect(page.locator("#f-number")).to_have_value("B-12")
    expect(page.locator("#f-note")).to_have_value("their second thought")
    forgive(desk, "409")


def test_a_photo_of_forty_megabytes_goes_in_and_a_larger_file_is_named(desk: Desk, tmp_path: Path) -> None:
    photo, huge = tmp_path / "till.jpg", tmp_path / "huge.jpg"
    Image.new("RGB", (1200, 1600), "white").save(photo, quality=80)
    with photo.open("ab") as file:
        file.write(b"\0" * (40 * 1024 * 1024))  # what a camera puts behind the picture
    huge.write_bytes(photo.read_bytes() + b"\0" * (11 * 1024 * 1024))
    page = desk.open()
    page.wait_for_selector(".row .a")
    page.get_by_role("button", name="Add receipt").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("menuitem", name="Choose files").click()
    chooser.value.set_files([photo, huge])
    tray = page.locator(".tray")
    expect(tray.locator("li", has_text="huge.jpg")).to_contain_text("larger than 50 MB")
    expect(tray.locator("li", has_text="till.jpg")).to_contain_text(
        re.compile("Reading|No receipt|Added"), timeout=60_000
    )
    expect(tray.locator("li", has_text="till.jpg")).to_contain_text(
        re.compile("No receipt|Added|like|speak"), timeout=90_000
    )


@pytest.mark.timeout(600)
def test_three_hundred_files_are_all_told_of_and_the_page_stays_quick(desk: Desk) -> None:
    page = desk.open()
    good = [(f"{n:03}.txt", "text/plain", list(f"words {n}".encode())) for n in range(294)]
    bad = [(f"song {n}.mp3", "audio/mpeg", [1, 2, 3]) for n in range(6)]
    drop(page, good[:150] + bad + good[150:])
    tray = page.locator(".tray")
    expect(tray.locator("header")).to_contain_text(re.compile(r"Sending 2\d\d files"))
    expect(tray.locator("li").first).to_contain_text("This kind of file cannot be read")
    expect(tray).to_contain_text("and 240 more")
    page.keyboard.press("j")  # the list is alive meanwhile
    page.wait_for_function("() => document.activeElement?.classList.contains('row')")
    expect(tray.locator("header")).to_have_text("6 files were not added", timeout=400_000)
    forgive(desk, "503")  # a busy server is asked again


def test_a_name_of_120_letters_in_both_directions_and_an_emoji_is_kept_whole(desk: Desk) -> None:
    page = desk.open("receipts?status=to_review")
    open_first(page)
    page.locator("#f-vendor").fill(ODD)
    page.locator("#f-note").focus()
    expect(page.locator(".meta [role=status]")).to_have_text("Saved")
    page.reload()
    expect(page.locator("#f-vendor")).to_have_value(ODD)
    row = page.locator(".row.cur")
    expect(row.locator(".a")).to_contain_text("Ωmega 🧾")
    name, amount = row.locator(".a").bounding_box(), row.locator(".amt").bounding_box()
    assert name
    assert amount
    assert name["x"] + name["width"] <= amount["x"] + 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
