"""A stranger's path: a fresh start, the first page, an account, three files dropped, reviewed, and a CSV in hand."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.support.processes import environment, free_port, prosaas, running, until
from tests.ui.test_patterns_ways import DROP, make_pdf

SLIPS = {
    "hosting.pdf": (
        "Nordbyte Hosting GmbH\nInvoice\nInvoice number: NB-77120\nInvoice date: 2026-11-02\nServer XL 41.09 EUR\n"
        "Net amount 41.09 EUR\nVAT 19% 7.81 EUR\nTotal 48.90 EUR\nPaid by card ending 4417\n"
    ),
    "paper.pdf": (
        "Green Basket Market Ltd\nReceipt\nReceipt number: 20825\nDate: 2026-11-02\nPaper 100.00 ILS\n"
        "VAT 18% 18.00 ILS\nTotal 118.00 ILS\nPaid by card\n"
    ),
    "flight.pdf": (
        "Skylane Air Inc\nInvoice\nInvoice number: QR-20825\nInvoice date: 2026-11-02\nFlight 329.40 USD\n"
        "Total 329.40 USD\nPaid by card\n"
    ),
}


@pytest.fixture(scope="module")
def first_link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What `./prosaas up` prints on its first start."""
    folder = tmp_path_factory.mktemp("stranger")
    env = environment(folder / "data", PORT=free_port(), CALLS_PORT=free_port())
    address = f"http://localhost:{env['PORT']}"

    def well() -> bool:
        try:
            return bool(requests.get(f"{address}/api/health", timeout=5).json()["status"] == "ok")
        except requests.RequestException:
            return False

    with running(prosaas("up"), env, folder / "log"):
        until(well, "ProSaaS is well")
        link = re.search(rf"{address}/app/sign-in#token=\S+", (folder / "log").read_text(encoding="utf-8"))
        assert link
        yield link[0]


def drop(page: Page, files: dict[str, Path]) -> None:
    """Let go of files over the page."""
    page.wait_for_timeout(800)  # the drop zone comes once the first screen stands
    page.evaluate(DROP, [[name, "application/pdf", list(path.read_bytes())] for name, path in files.items()])
    expect(page.locator(".dropzone")).to_be_visible()
    page.evaluate("window.dispatchEvent(new DragEvent('drop', {dataTransfer: window.testData, bubbles: true}))")


def test_a_stranger_gets_from_the_first_start_to_a_csv(browser: Browser, first_link: str, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB", reduced_motion="reduce")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(first_link)
    expect(page.locator("h1")).to_have_text("Make your account")
    page.get_by_label("Your name").fill("Noa Stranger")
    page.get_by_label("E-mail").fill("noa@example.com")
    page.get_by_label("Business name").fill("Noa's Studio")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Make account").click()

    expect(page.get_by_text("Your receipts will land here")).to_be_visible()
    drop(page, {name: make_pdf(tmp_path / name, text) for name, text in SLIPS.items()})
    for name in SLIPS:
        expect(page.locator(".tray li", has_text=name)).to_contain_text("Added", timeout=120_000)
    expect(page.locator(".row[data-id]")).to_have_count(3)

    page.locator(".tray").get_by_role("button", name="Dismiss").click()
    page.locator(".row[data-id]").first.click(position={"x": 150, "y": 15})
    for _ in SLIPS:
        page.wait_for_selector(".page.ready img")
        page.locator(".row.cur").wait_for()
        before = page.locator(".row.cur").get_attribute("data-id")
        page.get_by_role("button", name="Approve & next").click()
        expect(page.locator(f".row.cur[data-id='{before}']")).to_have_count(0)
    page.locator(".tabs").get_by_text("Approved").click()
    expect(page.locator(".row[data-id]")).to_have_count(3)

    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog", name="Export receipts")
    expect(dialog.get_by_role("status")).to_contain_text("3 receipts")
    dialog.get_by_role("button", name="Export", exact=True).click()
    ready = page.get_by_role("dialog", name="Ready")
    expect(ready).to_be_visible(timeout=60_000)
    with page.expect_download() as got:
        ready.get_by_role("link", name=re.compile("Receipts")).first.click()
    rows = list(csv.DictReader(io.StringIO(Path(got.value.path()).read_text("utf-8-sig"), newline="")))
    text = " ".join(" ".join(filter(None, row.values())) for row in rows)
    assert len(rows) == 3
    for told in ("Nordbyte", "48.90", "118.00", "329.40"):
        assert told in text
    context.close()
    assert [line for line in said if "422" not in line] == []  # the first link asks for an account by 422
