"""Ways in and out: files dropped, pasted, photographed; a sync and its progress; offline; every size and language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

import clock
from tests.support.product import Product
from tests.ui.desk import DESKTOP, PHONE, Desk, Theme

PDF = (
    "Nordbyte Hosting GmbH\nInvoice\nInvoice number: NB-77120\nInvoice date: 2026-11-02\nServer XL 41.09 EUR\n"
    "Net amount 41.09 EUR\nVAT 19% 7.81 EUR\nTotal 48.90 EUR\nPaid by card ending 4417\n"
)


def make_pdf(path: Path, text: str = PDF) -> Path:
    """A small invoice of today."""
    from fpdf import FPDF

    text = text.replace("2026-11-02", clock.now().date().isoformat())

    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    pdf.multi_cell(0, 8, text)
    pdf.output(str(path))
    return path


DROP = """(files) => { const data = new DataTransfer();
  for (const [name, type, bytes] of files) data.items.add(new File([new Uint8Array(bytes)], name, {type}));
  window.dispatchEvent(new DragEvent('dragenter', {dataTransfer: data, bubbles: true}));
  window.testData = data; }"""


def test_ui_p18_files_are_dropped_anywhere_each_with_its_fate(desk: Desk, tmp_path: Path) -> None:
    page = desk.open()
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(800)
    good = list(make_pdf(tmp_path / "nordbyte.pdf").read_bytes())
    page.evaluate(
        DROP,
        [
            ["nordbyte.pdf", "application/pdf", good],
            ["song.mp3", "audio/mpeg", [1, 2, 3]],
            ["empty.pdf", "application/pdf", []],
        ],
    )
    expect(page.locator(".dropzone")).to_contain_text("Drop to add receipts")
    page.evaluate("window.dispatchEvent(new DragEvent('drop', {dataTransfer: window.testData, bubbles: true}))")
    expect(page.locator(".dropzone")).to_have_count(0)
    tray = page.locator(".tray")
    expect(tray.locator("li", has_text="song.mp3")).to_contain_text("This kind of file cannot be read")
    expect(tray.locator("li", has_text="empty.pdf")).to_contain_text("The file is empty")
    expect(tray.locator("li", has_text="nordbyte.pdf")).to_contain_text("Added", timeout=60_000)


def test_ui_p18_a_pasted_picture_goes_in(desk: Desk) -> None:
    page = desk.open()
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(800)
    page.evaluate(
        """async () => { const canvas = document.createElement('canvas'); canvas.width = canvas.height = 40;
        const blob = await new Promise((r) => canvas.toBlob(r, 'image/png'));
        const data = new DataTransfer(); data.items.add(new File([blob], 'pasted.png', {type: 'image/png'}));
        window.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); }"""
    )
    expect(page.locator(".tray")).to_contain_text("pasted.png")


def test_ui_p19_the_camera_button_opens_the_camera_and_photos_wait_for_the_network(desk: Desk, tmp_path: Path) -> None:
    page = desk.open("receipts", PHONE)
    page.wait_for_selector(".row .a")
    page.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Scan a receipt").tap()
    assert chooser.value.is_multiple()
    assert chooser.value.element.get_attribute("capture") == "environment"
    page.context.set_offline(True)
    shots = [make_pdf(tmp_path / f"shot{n or ''}.pdf", PDF.replace("77120", f"8800{n}")) for n in (0, 2)]
    chooser.value.set_files(shots)
    expect(page.locator(".tray li", has_text="Kept here; sent when the network is back")).to_have_count(2)
    expect(page.locator(".banner")).to_contain_text("You are offline")
    page.context.set_offline(False)
    expect(page.locator(".tray li", has_text="shot.pdf")).to_contain_text(re.compile("Reading|Added"), timeout=30_000)
    expect(page.locator(".tray li", has_text="shot.pdf")).to_contain_text("Added", timeout=60_000)
    desk.said[:] = [line for line in desk.said if "ERR_INTERNET_DISCONNECTED" not in line]


def test_ui_p19_it_can_be_installed_shared_to_and_looked_at_offline(desk: Desk) -> None:
    page = desk.open()
    page.wait_for_selector(".row .a")
    manifest = json.loads(page.evaluate("fetch('/manifest.webmanifest').then((r) => r.text())"))
    assert manifest["display"] == "standalone"
    assert manifest["share_target"]["action"] == "/app/share"
    for icon in manifest["icons"]:
        assert page.evaluate("src => fetch(src).then((r) => r.status)", icon["src"]) == 200
    page.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(1000)
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector(".row .a")
    expect(page.locator(".row", has_text="Café Alma")).to_have_count(1)
    page.context.set_offline(False)
    desk.said[:] = [line for line in desk.said if "ERR_INTERNET_DISCONNECTED" not in line and "ERR_FAILED" not in line]


def test_ui_p20_a_new_file_is_a_row_at_once_and_becomes_the_receipt(desk: Desk, tmp_path: Path) -> None:
    page = desk.open()
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(1000)
    page.evaluate(
        """() => { window.moved = 0; new PerformanceObserver((list) => { for (const one of list.getEntries())
        if (!one.hadRecentInput) window.moved += one.value; }).observe({type: 'layout-shift', buffered: false}); }"""
    )
    page.get_by_role("button", name="Add receipt").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("menuitem", name="Choose files").click()
    page.evaluate(
        """() => { window.sawRow = new Promise((done) => { const began = performance.now();
        new MutationObserver(() => { if (document.querySelector('.pending .row')) done(performance.now() - began); })
        .observe(document.body, {subtree: true, childList: true}); }); }"""
    )
    chooser.value.set_files(make_pdf(tmp_path / "fresh.pdf", PDF.replace("77120", "99321").replace("48.90", "51.23")))
    assert page.evaluate("window.sawRow") < 1500  # 300 on a quiet machine
    expect(page.locator(".pending .row")).to_contain_text("Reading")
    expect(page.locator(".row[data-id]", has_text="NB-99321")).to_have_count(1, timeout=60_000)
    expect(page.locator(".pending .row")).to_have_count(0)
    assert page.evaluate("window.moved") <= 0.1


def test_ui_p21_the_button_counts_while_a_sync_runs_and_other_tabs_see_it(
    running_product: Product, desk: Desk, syncing_desk: Desk
) -> None:
    running_product.standin.set_habits(latency_s=0.2)
    syncing_desk.business.connect()  # the first sync begins by itself
    page = syncing_desk.open()
    other = page.context.new_page()
    other.goto(syncing_desk.path("status"))
    other.wait_for_selector(".checks")
    for tab in (page, other):
        tab.bring_to_front()
        expect(tab.locator("#sync")).to_contain_text(re.compile(r"Syncing \d+ of \d+"), timeout=60_000)
    page.bring_to_front()
    page.locator("#sync").click()
    panel = page.locator(".syncpop")
    for told in ("Messages found", "Fetched and read", "New receipts", "Left"):
        expect(panel).to_contain_text(told)
    expect(panel.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"\d+"))
    page.locator(".nav").get_by_text("Mail").click()
    expect(page.locator("#sync")).to_contain_text("Syncing")
    page.locator("#sync").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#sync")).to_contain_text("Sync now", timeout=60_000)
    expect(page.locator(".toast", has_text="stopped")).to_be_visible()
    page.locator("#sync").click()
    expect(page.locator("#sync")).to_contain_text("Syncing")
    other.bring_to_front()
    expect(other.locator("#sync")).to_contain_text("Syncing", timeout=30_000)
    other.locator("#sync").click()
    other.get_by_role("button", name="Stop").click()
    running_product.standin.set_habits(latency_s=0)
    syncing_desk.close()
    assert not syncing_desk.said
    assert desk


VIEWS = (
    "receipts",
    "receipts?status=to_review",
    "mail",
    "exports",
    "exports/months",
    "vendors",
    "contacts",
    "contacts/tasks",
    "calls?view=all",
    "status",
    "settings/business",
    "settings/exportplan",
    "settings/phone",
    "settings/webhooks",
    "settings/you",
)
SIZES = ((320, 700), PHONE, (820, 1100), (1024, 768), DESKTOP)


# Themes differ in colours alone; the other two pairs are looked at every night.
NIGHTLY = [pytest.param(*pair, marks=pytest.mark.nightly) for pair in (("en", "light"), ("he", "dark"))]


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("he", "light"), *NIGHTLY])
def test_ui_p25_every_view_fits_every_size_in_both_languages_and_themes(desk: Desk, lang: str, theme: Theme) -> None:
    context = desk.context(DESKTOP, lang=lang, theme=theme)
    page = context.new_page()
    for view in VIEWS:
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        page.goto(desk.path(view))
        page.wait_for_selector("h1")
        page.wait_for_load_state("networkidle")
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            fits(page, view)
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    page.goto(desk.path("receipts?status=to_review"))
    page.locator(".row").first.click(position={"x": 150, "y": 15})
    page.wait_for_selector(".page.ready img")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        fits(page, "review")
    assert page.evaluate("document.documentElement.dir") == ("rtl" if lang == "he" else "ltr")
    assert page.evaluate("document.documentElement.dataset.theme") == theme


def fits(page: Page, view: str) -> None:
    """Nothing makes the page scroll sideways, and its words are in place."""
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, (view, page.viewport_size, wide)
    raw = re.findall(r"\b[a-z]+\.[a-z_]+(?:\.[a-z_]+)*\b", page.locator("#app").inner_text())
    assert not [
        word for word in raw if word.split(".")[0] in {"nav", "act", "sum", "tab", "status", "field", "sync", "empty"}
    ]


def test_ui_p25_a_keyboard_alone_reviews_chooses_and_leaves(desk: Desk) -> None:
    page = desk.open("receipts?status=to_review")
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(600)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.classList.contains('row')"):
            break
    assert page.evaluate("document.activeElement.matches('.row:focus-visible')")
    page.keyboard.press("Enter")
    expect(page.locator("#f-total")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#f-currency")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast")).to_contain_text("Approved Café Alma")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement?.classList.contains('row')")
    page.keyboard.press("x")
    expect(page.get_by_role("toolbar", name=re.compile("1 selected"))).to_be_visible()


@pytest.mark.parametrize("late", ["core/keys.js", "receipts/listkeys.js"])
def test_a_key_pressed_before_its_module_is_here_is_not_lost(desk: Desk, late: str) -> None:
    page = desk.context().new_page()
    held: list[Route] = []
    page.route(f"**/js/{late}", lambda route: held.append(route))
    page.goto(desk.path())
    page.wait_for_selector(".row .a")
    while not held:
        page.wait_for_timeout(20)
    page.keyboard.press("j")
    page.keyboard.press("x")
    for route in held:
        route.continue_()
    expect(page.locator(".bulk .cnt")).to_contain_text("1 selected")


def test_ui_p25_at_320_pixels_and_double_size_a_review_can_be_done(desk: Desk) -> None:
    page = desk.open("receipts?status=to_review", (320, 640))
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.wait_for_selector(".row .a")
    page.get_by_text("Café Alma").first.tap()
    page.wait_for_selector(".rfoot")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name=re.compile("Approve")).tap()
    expect(page.locator(".toast")).to_contain_text("Approved Café Alma")


def test_a_name_with_both_directions_and_an_emoji_stays_in_its_place(desk: Desk) -> None:
    page = desk.open("receipts?q=PO-7")
    row = page.locator(".row", has_text="A.B.C.")
    expect(row.locator(".a a")).to_contain_text("🧾")
    amount, name = row.locator(".amt").bounding_box(), row.locator(".a").bounding_box()
    assert amount
    assert name
    assert name["x"] + name["width"] <= amount["x"]
