"""The list: rows that tell all, keyboard, keys, palette, address, views, editing in place, bulk, very many rows."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.ui.desk import DESKTOP, PHONE, Desk


def rows(page: Page) -> list[str]:
    """The vendors in the order of the list."""
    page.wait_for_selector(".row .v .a")
    return page.locator(".row[data-id] .v .a").all_inner_texts()


def has_keyboard(page: Page) -> str:
    """The vendor of the row that has the keyboard."""
    return str(page.evaluate("document.activeElement?.closest('.row')?.querySelector('.a')?.innerText || ''"))


def test_ui_p05_a_row_tells_all_and_a_resting_pointer_or_space_shows_the_document(desk: Desk) -> None:
    page = desk.open()
    row = page.locator(".row", has_text="Nordbyte Hosting GmbH")
    for told in ("Invoice SK-20492", "Software", "Gmail", "Ready", "€48.90"):
        expect(row).to_contain_text(told)
    assert re.search(r"\d+ \w{3}", row.locator(".c-date").inner_text())
    page.wait_for_timeout(600)
    row.locator(".thumb").hover()
    expect(page.locator(".peek img")).to_be_visible()
    page.locator(".peek").hover()
    expect(page.locator(".peek")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".peek")).to_have_count(0)
    page.mouse.move(5, 5)
    page.keyboard.press("j")
    page.keyboard.press("Space")
    expect(page.locator(".peek")).to_contain_text(has_keyboard(page))
    page.keyboard.press("Escape")
    expect(page.locator(".peek")).to_have_count(0)


def test_ui_p06_the_list_is_driven_by_keys_and_keeps_its_place(desk: Desk) -> None:
    page = desk.open()
    order = rows(page)
    page.wait_for_timeout(500)
    for key, at in (("j", 0), ("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0)):
        page.keyboard.press(key)
        page.wait_for_function(
            "name => document.activeElement?.closest('.row')?.innerText.includes(name)", arg=order[at]
        )
    page.keyboard.press("x")
    expect(page.locator(".row[aria-selected=true]")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.wait_for_function("name => document.activeElement?.closest('.row')?.innerText.includes(name)", arg=order[2])
    page.keyboard.press("Shift+X")
    expect(page.locator(".row[aria-selected=true]")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.locator(".row[aria-selected=true]")).to_have_count(0)

    page.keyboard.press("End")
    page.wait_for_timeout(300)
    last, scrolled = has_keyboard(page), page.evaluate("document.querySelector('.vscroll').scrollTop")
    assert scrolled > 400
    page.keyboard.press("Enter")
    page.wait_for_selector(".rfoot")
    page.locator(".rhead").click()
    page.keyboard.press("Escape")
    page.wait_for_function("name => document.activeElement?.closest('.row')?.innerText.includes(name)", arg=last)
    assert abs(page.evaluate("document.querySelector('.vscroll').scrollTop") - scrolled) < 80


def test_ui_p07_global_keys_work_are_listed_are_dead_while_typing_and_can_be_switched_off(desk: Desk) -> None:
    page = desk.open()
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(500)
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("gs?")
    expect(page.locator("#q")).to_have_value("gs?")
    page.locator("#q").fill("")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog")
    for told in ("Everywhere", "Undo the last action", "Next row", "Go to Status"):
        expect(sheet).to_contain_text(told)
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    for key, name in (("c", "Calls"), ("p", "Contacts & tasks"), ("x", "Exports"), ("v", "Vendors"), ("s", "Status")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.locator("h1")).to_have_text(name)
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.locator("h1")).to_have_text("Receipts")

    page.goto(desk.path("settings/you"))
    page.get_by_label("Single-key shortcuts").uncheck()
    page.goto(desk.path())
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(500)
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.keyboard.press("?")
    page.wait_for_timeout(300)
    expect(page.locator("h1")).to_have_text("Receipts")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_ui_p08_the_palette_finds_actions_pages_and_vendors(desk: Desk) -> None:
    page = desk.open()
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(500)
    page.keyboard.press("j")
    before = has_keyboard(page)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    took = page.evaluate(
        """() => new Promise((done) => { const began = performance.now();
        new MutationObserver((_, seen) => { if (document.querySelector('.pal li')) {
            seen.disconnect(); done(performance.now() - began); } })
            .observe(document.body, {subtree: true, childList: true});
        const press = {key: 'k', code: 'KeyK', ctrlKey: true, bubbles: true};
        document.dispatchEvent(new KeyboardEvent('keydown', press)); })"""
    )
    assert took < 500  # 100 on a quiet machine
    expect(page.get_by_role("combobox")).to_be_focused()
    expect(page.locator(".pal li[role=option]", has_text="Go to Status").locator("kbd")).to_have_text(["G", "S"])
    page.keyboard.type("drk thm")  # fuzzy
    expect(page.locator(".pal [aria-selected=true]")).to_contain_text("Dark theme")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("skyl")
    option = page.get_by_role("option", name="Skylane Air", exact=True)  # its receipts are found beside it
    expect(option).to_be_visible()
    while page.locator(".pal [aria-selected=true]").inner_text() != "Skylane Air":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"vendor=Skylane"))
    page.go_back()
    page.keyboard.press("Control+k")
    page.wait_for_selector(".pal")
    page.keyboard.press("Escape")
    expect(page.locator(".pal")).to_have_count(0)
    assert before


def test_ui_p12_the_address_is_the_state(desk: Desk) -> None:
    page = desk.open()
    page.wait_for_selector(".row .a")
    page.locator(".tabs").get_by_text("Ready").click()
    page.locator("#q").fill("20")
    expect(page).to_have_url(re.compile(r"status=ready&q=20$"))
    page.get_by_role("button", name="Newest first").click()
    page.get_by_role("menuitemradio", name="Largest first").click()
    expect(page).to_have_url(re.compile(r"status=ready&q=20&sort=-total"))
    page.wait_for_timeout(600)
    order = rows(page)
    assert order
    page.locator(".row").first.click(position={"x": 150, "y": 15})
    page.wait_for_selector(".rfoot")
    address = page.url
    assert re.search(r"/receipts/\d+\?status=ready&q=20&sort=-total$", address)
    page.reload()
    expect(page.locator(".row.cur .a")).to_have_text(order[0])
    page.go_back()
    expect(page.locator(".rfoot")).to_have_count(0)
    assert rows(page) == order
    page.go_forward()
    expect(page.locator(".row.cur .a")).to_have_text(order[0])
    other = page.context.new_page()
    other.goto(address)
    expect(other.locator(".row.cur .a")).to_have_text(order[0])
    expect(other.locator("#q")).to_have_value("20")


def test_ui_p13_a_filter_is_kept_under_a_name_with_its_count(desk: Desk) -> None:
    page = desk.open("receipts?category=office")
    page.wait_for_selector(".row .a")
    page.get_by_role("button", name="Save this view").click()
    page.get_by_label("Name", exact=True).fill("Office things")
    page.get_by_role("button", name="Save", exact=True).click()
    view = page.locator(".views a", has_text="Office things")
    expect(view.locator(".n")).to_have_text(re.compile(r"\d+"))
    count = int(view.locator(".n").inner_text())
    assert count > 3
    page.locator(".tabs").get_by_text("All").click()
    page.goto(desk.path())
    page.locator(".views a", has_text="Office things").click()
    expect(page).to_have_url(re.compile("category=office"))
    page.wait_for_selector(".row .a")
    page.locator(".row").first.locator("input").check()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".views a", has_text="Office things").locator(".n")).to_have_text(str(count - 1))
    page.locator(".view", has_text="Office things").hover()
    page.get_by_role("button", name="Remove view Office things").click()
    expect(page.locator(".views a", has_text="Office things")).to_have_count(0)
    page.locator(".toast", has_text="Removed view").get_by_role("button", name="Undo").click()
    expect(page.locator(".views a", has_text="Office things")).to_have_count(1)


def test_ui_p14_cells_are_edited_in_place(desk: Desk) -> None:
    page = desk.open()
    order = rows(page)
    page.wait_for_timeout(500)
    page.keyboard.press("j")
    page.keyboard.press("e")
    cell = page.locator(".in.cell")
    expect(cell).to_be_focused()
    cell.select_option("meals")
    page.keyboard.press("Tab")
    expect(page.locator(".c-date .in.cell")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".amt .in.cell")).to_be_focused()
    page.keyboard.press("Escape")
    expect(cell).to_have_count(0)
    expect(page.locator(".row", has_text=order[0]).locator(".c-cat")).to_contain_text("Meals")

    page.locator(".row", has_text="Rakia Fuel").first.locator(".amt").dblclick()
    expect(cell).to_be_focused()
    cell.fill("1.234,5")
    page.keyboard.press("Enter")
    expect(page.locator(".row", has_text="Rakia Fuel").first.locator(".amt")).to_contain_text("₪1,234.50")
    expect(cell).to_have_count(1)  # the same column of the row below
    page.keyboard.press("Escape")
    page.locator(".row", has_text="Skylane Air").first.locator(".amt").dblclick()
    cell.fill("9")
    page.keyboard.press("Escape")
    expect(page.locator(".row", has_text="Skylane Air").first.locator(".amt")).to_contain_text("$329.40")
    expect(page.locator(".rfoot")).to_have_count(0)


def test_ui_p15_everything_that_matches_is_chosen_summed_and_changed_at_once(desk: Desk) -> None:
    desk.order("many", "1284")
    page = desk.open("receipts?source=gmail")
    page.wait_for_selector(".row .a")
    page.locator(".row").first.locator("input").check()
    page.locator(".row").nth(2).locator("input").click(modifiers=["Shift"])
    bar = page.get_by_role("toolbar", name=re.compile("selected"))
    expect(bar).to_contain_text("3 selected")
    page.get_by_role("button", name=re.compile("Select all")).click()
    count = int(re.sub(r"\D", "", bar.locator(".cnt").inner_text().split("selected")[0]))
    assert count > 500
    for sign in ("₪", "€", "$"):
        expect(bar.locator(".cnt")).to_contain_text(sign)
    for act in ("Approve", "Category", "Export", "Delete"):
        expect(bar.get_by_role("button", name=act)).to_be_visible()
    bar.get_by_role("button", name="Category").click()
    page.get_by_role("menuitem", name="Travel").click()
    expect(page.locator(".toast")).to_contain_text(f"{count} receipts changed")
    expect(page.locator(".row .c-cat").first).to_contain_text("Travel")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast", has_text="Undone")).to_be_visible(timeout=30_000)
    page.goto(desk.path("receipts?source=gmail&category=travel"))
    page.wait_for_selector(".row .a")
    assert all("Skylane" in vendor for vendor in rows(page))


def test_ui_p16_ten_thousand_receipts_scroll_without_gaps(desk: Desk) -> None:
    desk.order("many", "10000")
    page = desk.open()
    page.wait_for_selector(".row .a")
    page.wait_for_timeout(500)
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", re.compile("^(8|9|10)[0-9]{3}"))
    total = int(page.get_by_role("grid").get_attribute("aria-rowcount") or 0)
    seen = page.evaluate(
        """async () => { const s = document.querySelector('.vscroll'); const out = {most: 0, blank: 0};
        for (let i = 0; i < 80; i++) { s.scrollTop += 400;
            await new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)));
            out.most = Math.max(out.most, document.querySelectorAll('.row').length);
            const box = s.getBoundingClientRect();
            const hit = document.elementFromPoint(box.left + 200, box.top + box.height / 2);
            if (!hit?.closest('.row, .ghead')) out.blank += 1; }
        return out; }"""
    )
    assert seen["most"] <= 60
    assert seen["blank"] == 0
    assert page.evaluate("document.querySelectorAll('*').length") <= 1800
    page.keyboard.press("End")
    expect(page.locator(f".row[aria-rowindex='{total}']")).to_be_visible()
    expect(page.locator(f".row[aria-rowindex='{total}'] .a")).to_be_visible()
    place = page.evaluate("document.querySelector('.vscroll').scrollTop")
    page.locator(".nav").get_by_text("Mail").click()
    expect(page.locator("h1")).to_have_text("Mail")
    page.go_back()
    page.wait_for_selector(".row .a")
    page.wait_for_function("place => Math.abs(document.querySelector('.vscroll').scrollTop - place) < 100", arg=place)


def test_ui_p17_days_have_sums_and_months_are_buttons_with_names(desk: Desk) -> None:
    page = desk.open()
    page.wait_for_selector(".row .a")
    head = page.locator(".ghead", has_text="Yesterday")
    expect(head).to_contain_text("₪450.35")
    bars = page.locator(".bars button")
    expect(bars).to_have_count(12)
    expect(page.locator(".avg")).to_have_count(1)
    name = bars.nth(10).inner_text()
    assert re.search(r"₪[\d,]+", name)
    assert re.search(r"20\d\d", name)
    bars.nth(10).click()
    expect(page).to_have_url(re.compile(r"month=20\d\d-\d\d"))
    expect(bars.nth(10)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".chip", has_text=re.compile(r"20\d\d"))).to_be_visible()
    page.get_by_role("button", name="As a table").click()
    table = page.get_by_role("dialog").locator("table")
    expect(table.locator("tbody tr")).not_to_have_count(0)
    expect(table).to_contain_text("€144.90")


def test_ui_p22_there_are_four_kinds_of_nothing_and_nothing_vanishes(desk: Desk) -> None:
    page = desk.open("receipts?q=no-such-thing-anywhere")
    expect(page.locator(".empty h2")).to_have_text("Nothing matches")
    page.get_by_role("link", name="Clear filters").click()
    page.wait_for_selector(".row .a")
    page.goto(desk.path("receipts?status=to_review"))
    page.wait_for_selector(".row .a")
    page.locator(".row").first.locator("input").check()
    page.get_by_role("button", name=re.compile("Select all")).click()
    page.keyboard.press("a")
    expect(page.locator(".empty h2")).to_have_text("All reviewed")
    page.get_by_role("button", name="More lists").click()
    for tab in ("Rejected", "Not receipts", "Trash", "Mail that could not be read"):
        expect(page.get_by_role("menu").get_by_text(tab, exact=False)).to_be_visible()
    page.get_by_role("menuitemradio", name=re.compile("Rejected")).click()
    expect(page.locator(".row", has_text="Double Charge Ltd")).to_have_count(1)
    page.goto(desk.path("receipts?status=not_receipt"))
    expect(page.locator(".row", has_text="Unwanted Newsletter")).to_have_count(1)
    page.goto("about:blank")
    desk.order("clear")
    page.goto(desk.path())
    expect(page.locator(".empty h2")).to_have_text("Your receipts will land here")


def test_the_phone_opens_and_returns_to_the_same_row(desk: Desk) -> None:
    page = desk.open("receipts", PHONE)
    page.wait_for_selector(".row .a")
    page.evaluate("document.querySelector('.vscroll').scrollTop = 700")
    page.wait_for_timeout(400)
    row = page.locator(".row", has_text="Lumen Electric").first
    row.tap()
    page.wait_for_selector(".rfoot")
    page.locator(".backb").tap()
    expect(row).to_be_in_viewport()
    assert DESKTOP
