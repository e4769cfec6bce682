"""axe over every page in four languages, two themes and two widths: no violation at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.ui.desk import DESKTOP, PHONE, Desk, Theme

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
RUN = """async () => (await axe.run(document, {runOnly: {type: 'tag', values:
['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}})).violations
.map((one) => ({id: one.id, nodes: one.nodes.slice(0, 3).map((node) =>
node.html.slice(0, 160) + ' | ' + node.failureSummary.slice(0, 200))}))"""
PAGES = {
    "receipts": "receipts",
    "review": "receipts?status=to_review",
    "bulk": "receipts",
    "menu": "receipts",
    "palette": "receipts",
    "filter": "receipts",
    "empty": "receipts?q=nothing-of-the-kind",
    "mail": "mail",
    "one mail": "mail",
    "contacts": "contacts",
    "tasks": "contacts/tasks",
    "vendors": "vendors",
    "missing": "vendors/missing",
    "rules": "vendors/rules",
    "passwords": "settings/passwords",
    "exports": "exports",
    "export": "exports?export=1",
    "months": "exports/months",
    "tax": "exports/tax",
    "exportplan": "settings/exportplan",
    "status": "status",
    "business": "settings/business",
    "mailboxes": "settings/mailboxes",
    "senders": "settings/senders",
    "calls": "calls?view=all",
    "texts": "calls?view=texts",
    "phone": "settings/phone",
    "webhooks": "settings/webhooks",
    "alerts": "alerts?all=1",
    "alert choices": "settings/alerts",
    "people": "settings/people",
    "tokens": "settings/tokens",
    "audit": "settings/audit",
    "security": "settings/security",
    "you": "settings/you",
}


def prepare(page: Page, name: str, size: tuple[int, int]) -> None:
    """Bring the page into the state of that name."""
    if name in {"receipts", "review", "bulk", "menu", "palette", "filter"}:
        page.wait_for_selector(".row .a")
    page.wait_for_load_state("networkidle")
    if name == "review":
        page.locator(".row").first.click(position={"x": 150, "y": 15})
        page.wait_for_selector(".page.ready img")
    elif name == "bulk" and size == DESKTOP:
        page.locator(".row input").first.check()
        page.wait_for_selector(".bulk")
    elif name == "menu":
        page.locator(".tabmore").click()
        page.wait_for_selector(".menu [role^=menuitem]")
    elif name == "palette":
        for _ in range(40):  # the keys come once the first screen stands
            page.keyboard.press("Control+k")
            page.wait_for_timeout(500)
            if page.locator(".pal li").count():
                break
        page.wait_for_selector(".pal li")
    elif name == "filter":
        page.locator(".chip.add").click()
        page.wait_for_selector(".filterpop select")
    elif name == "one mail":
        page.locator(".mailrow").first.click()
        page.wait_for_selector(".facts")


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe finds."""
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return found


SIZES = {"desktop": DESKTOP, "phone": PHONE}
ALL = [(lang, theme, size) for lang in ("en", "he", "de", "fr") for theme in ("light", "dark") for size in SIZES]
ALWAYS = {("en", "light", "desktop"), ("he", "dark", "phone")}  # the rest of the matrix each night
MATRIX = [pytest.param(*one, marks=[] if one in ALWAYS else [pytest.mark.nightly]) for one in ALL]


@pytest.mark.parametrize(("lang", "theme", "width"), MATRIX)
def test_no_page_has_a_violation(desk: Desk, lang: str, theme: Theme, width: str) -> None:
    size = SIZES[width]
    page = desk.context(size, lang=lang, theme=theme, bypass_csp=True).new_page()
    found = {}
    for name, path in PAGES.items():
        page.goto(desk.path(path))
        prepare(page, name, size)
        if bad := violations(page):
            found[name] = bad
    page.context.clear_cookies()
    page.goto(f"{desk.url}/app/sign-in")
    page.wait_for_selector("form")
    if bad := violations(page):
        found["sign-in"] = bad
    assert not found
