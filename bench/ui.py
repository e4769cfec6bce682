"""The screen at 10,000 receipts: bytes of the first load, rows drawn, CPU of scrolling and reviewing, shifts, axe."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from bench import report
from errors import Tellable
from tests.support.processes import ROOT
from tests.support.product import Business, product

RECEIPTS = 10_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
VIEWS = ("receipts", "receipts?status=to_review", "mail", "status", "settings/business", "settings/you")
AXE = ROOT / "tests" / "ui" / "axe" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SHIFTS = """window.shifted = 0; new PerformanceObserver((list) => { for (const one of list.getEntries())
if (!one.hadRecentInput) window.shifted += one.value; }).observe({type: 'layout-shift', buffered: true});"""
FRAMES = """async (step) => { const s = document.querySelector('.vscroll'); for (let i = 0; i < 60; i++) {
s.scrollTop += step; await new Promise((r) => requestAnimationFrame(r)); } }"""
TWO_FRAMES = "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"


class Bench:
    """One business in one browser."""

    def __init__(self, browser: Browser, url: str, slug: str, state: Any) -> None:
        """`state`: cookies of somebody signed in."""
        self.browser, self.url, self.slug, self.state = browser, url, slug, state
        self.said: list[str] = []

    def context(self, **more: Any) -> BrowserContext:
        """A fresh browser: empty cache, signed in."""
        size = more.pop("viewport", {"width": 1440, "height": 900})
        made = self.browser.new_context(viewport=size, storage_state=self.state, **more)
        made.on("console", lambda message: self.said.append(message.text))
        made.on("weberror", lambda error: self.said.append(str(error.error)))
        return made

    def path(self, view: str) -> str:
        """The address of a view."""
        return f"{self.url}/app/b/{self.slug}/{view}"


def cpu_ms(session: CDPSession) -> float:
    """Time that the page's main thread has worked, other programs' time not counted."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration")) * 1000


def first_load(bench: Bench) -> dict[str, float]:
    """Bytes (as sent, without headers) until the first rows can be used, the requests for them, and the CPU."""
    context = bench.context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    asset: dict[str, bool] = {}
    size = {"files": 0.0, "answers": 0.0, "requests": 0.0}

    def begun(event: dict[str, Any]) -> None:
        asset[event["requestId"]] = "/api/" not in event["request"]["url"]

    def part(event: dict[str, Any]) -> None:
        size["files" if asset.get(event["requestId"], True) else "answers"] += event["encodedDataLength"]

    def ended(_: dict[str, Any]) -> None:
        size["requests"] += 1

    session.on("Network.requestWillBeSent", begun)
    session.on("Network.dataReceived", part)
    session.on("Network.loadingFinished", ended)
    before = cpu_ms(session)
    page.goto(bench.path("receipts"))
    page.wait_for_selector(".row .a")
    now = {**size, "cpu": cpu_ms(session) - before}
    context.close()
    return now


def open_row(page: Page) -> None:
    """Open a receipt from the list."""
    page.locator(".row").nth(1).click(position={"x": 150, "y": 20})
    page.wait_for_selector(".rfoot")


def approve(page: Page) -> None:
    """Approve and go on."""
    page.keyboard.press("Control+Enter")


def open_palette(page: Page) -> None:
    """Open the command palette."""
    page.keyboard.press("Control+k")
    page.wait_for_selector(".pal li")


def session_figures(bench: Bench) -> dict[str, float]:
    """One go through list and review: CPU per scrolled frame, per opening, per approving; rows, nodes, shifts."""
    context = bench.context()
    context.add_init_script(SHIFTS)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(bench.path("receipts"))
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(1500)

    def timed(act: Callable[[], object]) -> float:
        page.wait_for_timeout(150)
        before = cpu_ms(session)
        act()
        page.evaluate(TWO_FRAMES)
        return cpu_ms(session) - before

    figures = {"scroll_ms": timed(lambda: page.evaluate(FRAMES, 120)) / 60}
    figures["scroll_400_ms"] = timed(lambda: page.evaluate(FRAMES, 400)) / 60
    figures["rows_in_dom"] = page.evaluate("document.querySelectorAll('.row').length")
    figures["nodes"] = page.evaluate("document.querySelectorAll('*').length")
    page.evaluate("document.querySelector('.vscroll').scrollTop = 0")
    page.wait_for_timeout(400)
    open_row(page)  # once to fetch what review is made of
    page.keyboard.press("Escape")
    page.wait_for_selector(".rfoot", state="detached")
    figures["open_review_ms"] = timed(lambda: open_row(page))
    page.wait_for_timeout(700)
    figures["approve_next_ms"] = timed(lambda: approve(page))
    page.wait_for_timeout(700)
    figures["palette_ms"] = timed(lambda: open_palette(page))
    figures["cls"] = page.evaluate("window.shifted")
    figures["heap_mb"] = page.evaluate("performance.memory.usedJSHeapSize / 1e6")
    context.close()
    return figures


def axe(bench: Bench, *, quick: bool) -> int:
    """Violations over every view in both languages, both themes, two widths."""
    source = AXE.read_text(encoding="utf-8")
    found = 0
    wide, phone = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
    for lang, theme, size in ((a, b, c) for a in ("en", "he") for b in ("light", "dark") for c in (wide, phone)):
        if quick and (lang, theme) not in {("en", "light"), ("he", "dark")}:
            continue
        context = bench.context(viewport=size, bypass_csp=True, color_scheme=theme, reduced_motion="reduce")
        context.add_init_script(f"if (location.origin !== 'null') localStorage['prosaas.lang'] = '{lang}'")
        page = context.new_page()
        for view in VIEWS[:2] if quick else VIEWS:
            page.goto(bench.path(view))
            page.wait_for_load_state("networkidle")
            page.evaluate(source)
            found += page.evaluate(
                "async (tags) => (await axe.run(document, {runOnly: {type: 'tag', values: tags}})).violations.length",
                TAGS,
            )
        context.close()
    return found


def sign_in(browser: Browser, business: Business) -> Any:
    """The cookies of the business's owner."""
    context = browser.new_context()
    page: Page = context.new_page()
    page.goto(business.product.command("user", "add", business.email).split()[-1])
    page.wait_for_selector(".side")
    cookies = context.storage_state()["cookies"]
    context.close()
    return {"cookies": cookies, "origins": []}


@contextmanager
def ready(count: int) -> Iterator[Bench]:
    """The product with that many receipts, and a browser that is signed in."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise Tellable("no_chromium", "Chromium is not installed; apt-get install chromium brings it.")
    with tempfile.TemporaryDirectory() as folder, product(Path(folder)) as made, sync_playwright() as tools:
        made.start_web()
        business = made.business("Ten Thousand")
        helper = [sys.executable, "-m", "tests.ui.sample"]
        subprocess.run(helper, env=made.env, cwd=ROOT, input=f"many {business.slug} {count}\n", text=True, check=True,
                       capture_output=True)  # fmt: skip
        browser = tools.chromium.launch(executable_path=chromium, args=FLAGS)
        yield Bench(browser, made.url, business.slug, sign_in(browser, business))
        browser.close()


def main(argv: list[str]) -> int:
    """`./prosaas bench ui`: medians of several goes."""
    options = report.parser("ui", __doc__ or "").parse_args(argv)
    goes = 2 if options.quick else 5
    with ready(RECEIPTS) as bench:
        loads = [first_load(bench) for _ in range(goes)]
        rounds = [session_figures(bench) for _ in range(goes)]
        bench.said = [text for text in bench.said if text]
        spoken = len(bench.said)
        violations = axe(bench, quick=options.quick)
    middle = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    load = {name: statistics.median(one[name] for one in loads) for name in loads[0]}
    figures: dict[str, report.Figure] = {
        "first_load_kb": load["files"] / 1000,
        "first_load_answers_kb": load["answers"] / 1000,
        "first_load_requests": load["requests"],
        "first_load_cpu_ms": load["cpu"],
        **middle,
        "axe_violations": violations,
        "console_messages": spoken,
    }
    report.publish("ui", figures, as_json=options.json, quick=options.quick)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
