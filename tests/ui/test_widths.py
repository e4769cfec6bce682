"""From 320 to 1,600 pixels nothing is wider than its place, and no amount is cut."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.ui.desk import Desk

WIDEST, NARROWEST, STEP = 1600, 320, 20
LOOK = """() => { const bad = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) bad.push(`the page is ${wide} too wide`);
  const hidden = (box) => box.width === 0 || box.height === 0;
  for (const row of document.querySelectorAll('.row[data-id]')) {
    const box = row.getBoundingClientRect();
    if (hidden(box)) continue;
    const vendor = row.querySelector('.v').getBoundingClientRect();
    for (const cell of row.querySelectorAll('.v, .c-cat, .c-src, .c-date, .c-st, .amt'))
      if (cell.scrollWidth > cell.clientWidth + 1) bad.push(`${cell.className}: ${cell.innerText}`);
    for (const amount of row.querySelectorAll('.amt bdi')) {
      const at = amount.getBoundingClientRect();
      if (hidden(at)) continue;
      if (at.left < box.left - 0.5 || at.right > box.right + 0.5) bad.push(`cut: ${amount.textContent}`);
      const both = Math.min(vendor.right, at.right) - Math.max(vendor.left, at.left);
      if (both > 1) bad.push(`over: ${amount.textContent}`);
    }
  }
  const parts = '.top, .fb, .sum .head, .cats, .rhead, .rfoot, .fields, .meta, .issue, .pick, .f';
  for (const part of document.querySelectorAll(parts)) {
    const scrolls = ['auto', 'scroll'].includes(getComputedStyle(part).overflowX);
    if (part.clientWidth && !scrolls && part.scrollWidth > part.clientWidth + 1) bad.push(part.className);
    const box = part.getBoundingClientRect();
    if (!hidden(box) && (box.left < -1 || box.right > innerWidth + 1)) bad.push(`beyond: ${part.className}`);
  }
  return [...new Set(bad)]; }"""
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def narrower(page: Page) -> dict[int, list[str]]:
    """What does not fit, by the width at which it does not."""
    found = {}
    for width in range(WIDEST, NARROWEST - 1, -STEP):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(DRAWN)
        if bad := page.evaluate(LOOK):
            found[width] = bad
    return found


@pytest.mark.parametrize("lang", ["en", "he"])
def test_no_width_cuts_an_amount_or_makes_anything_overflow(desk: Desk, lang: str) -> None:
    for vendor in ("Rakia_Fuel", "Skylane_Air", "Green_Basket_Market"):
        desk.order("touch", vendor, "total_minor", "123456789")
    page = desk.open("receipts", (WIDEST, 900), lang=lang)
    page.wait_for_selector(".bars")
    page.locator(".amt", has_text="1,234,567.89").first.wait_for()
    assert narrower(page) == {}
    page.set_viewport_size({"width": WIDEST, "height": 900})
    page.locator(".row", has_text="Café Alma").first.click(position={"x": 150, "y": 15})
    page.wait_for_selector(".page.ready img")
    assert narrower(page) == {}
