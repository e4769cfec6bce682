"""The layout of mails held against Chromium's: every word of the sample mailbox's HTML where the browser puts it."""

from __future__ import annotations

import base64
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from receipts.rendering.boxes import page_box
from receipts.rendering.fonts import FOLDER
from receipts.rendering.fragments import Letters
from receipts.rendering.layout import lay_out_page
from receipts.rendering.mail import mail_sheets

MAILBOX = Path(__file__).resolve().parents[2] / "demo" / "mailbox"
WORD = r"[A-Za-z0-9\u05d0-\u05ea€$£₪.,:@-]{3,}"
# Words of the page as the browser placed them: text, left edge, right edge, baseline's neighbourhood.
PLACES = """() => {
  const out = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walk.nextNode();) {
    for (const found of node.data.matchAll(/%s/g)) {
      const range = document.createRange();
      range.setStart(node, found.index); range.setEnd(node, found.index + found[0].length);
      const box = range.getBoundingClientRect();
      if (box.width > 0 && box.height > 2) out.push([found[0], box.left, box.right, box.bottom]);
    }
  }
  return out;
}""".replace("%s", WORD)


def faces() -> str:
    """Our own fonts for the browser, so that only the layout can differ."""
    out = []
    for weight, style in ((400, "normal"), (700, "normal"), (400, "italic"), (700, "italic")):
        name = ("Bold" if weight == 700 else "") + ("Italic" if style == "italic" else "") or "Regular"
        data = base64.b64encode((FOLDER / f"Arimo-{name}.ttf").read_bytes()).decode()
        source = f"url(data:font/ttf;base64,{data})"
        out.append(f"@font-face{{font-family:Own;font-weight:{weight};font-style:{style};src:{source}}}")
    return "".join(out) + "*{font-family:Own!important}body{margin:0}"


@pytest.fixture(scope="module")
def sheet(browser: Browser) -> Iterator[Page]:
    """A page of Chromium that loads nothing from anywhere."""
    context = browser.new_context(viewport={"width": 718, "height": 900})
    context.route("http*://**", lambda route: route.abort())
    yield context.new_page()
    context.close()


def mails(most: int = 60) -> list[tuple[str, str]]:
    """HTML of the sample mailbox, without pictures (the browser would show frames) and fixed-pitch text."""
    out = []
    for path in sorted(MAILBOX.glob("*.eml")):
        page = mail_sheets(path.read_bytes())[0].page
        if re.search("<(?:table|div|p)\\b", page, re.IGNORECASE) and not re.search(
            "monospace|courier|<pre|<tt|<code", page, re.IGNORECASE
        ):
            out.append((path.name, re.sub(r"<img\b[^>]*>|<!doctype[^>]*>", "", page, flags=re.IGNORECASE)))
    return out[:: max(1, len(out) // most)]


def ours(page: str) -> dict[str, list[tuple[float, float]]]:
    """Left and right edge of each word in our layout, in reading order."""
    fragment, _ = lay_out_page(page_box(f"<style>body{{margin:0}}</style>{page}", {}))
    out: dict[str, list[tuple[float, float]]] = {}
    for x, _, one in fragment.flat():
        if isinstance(one, Letters):
            for found in re.finditer(WORD, one.text):
                left = x + one.x + one.face.width(one.text[: found.start()], one.size)
                text = found[0]
                if re.search("[א-ת]", text):
                    text = text[::-1]
                out.setdefault(text, []).append((left, left + one.face.width(found[0], one.size)))
    return out


def test_words_stand_where_a_browser_puts_them(sheet: Page) -> None:
    off: list[float] = []
    lost = total = 0
    style = faces()
    for _, page in mails():
        sheet.set_content(f"<!doctype html><style>{style}</style>{page}", wait_until="domcontentloaded")
        sheet.evaluate("document.fonts.ready")
        found = ours(page)
        for text, left, _, _ in sheet.evaluate(PLACES):
            total += 1
            places = found.get(text, [])
            if places:
                off.append(min(abs(place[0] - left) for place in places))
            else:
                lost += 1
    assert total > 1000
    assert lost / total < 0.04  # where marks of punctuation cling to the other side of a Hebrew word
    assert statistics.median(off) < 0.2
    assert sum(one > 6 for one in off) / len(off) < 0.02  # emoji are left out, and push what follows
