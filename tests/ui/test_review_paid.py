"""The further fields of the review form: how it was paid, tip, discount, who is billed, the allocation number."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.ui.desk import DESKTOP, PHONE, Desk


def test_how_it_was_paid_is_shown_and_set_under_more_fields(desk: Desk) -> None:
    page = desk.open("receipts?status=to_review", DESKTOP)
    page.locator(".row", has_text="Café Alma").first.click(position={"x": 150, "y": 15})
    page.locator(".morefields summary").click()
    page.get_by_label("Paid by").select_option(label="Card")
    page.get_by_label("Card ends in").fill("4242")
    page.get_by_label("Discount").fill("12.5")
    page.get_by_label("Billed to").fill("Levi Studio Ltd")
    page.get_by_label("Billed to").blur()
    expect(page.get_by_label("Discount")).to_have_value("12.50")  # as the server wrote it
    expect(page.locator(".draft")).to_have_count(0)
    page.reload()
    page.locator(".morefields summary").click()
    expect(page.get_by_label("Paid by")).to_have_value("card")
    expect(page.get_by_label("Card ends in")).to_have_value("4242")
    expect(page.get_by_label("Billed to")).to_have_value("Levi Studio Ltd")


def test_a_missing_allocation_number_opens_the_further_fields(desk: Desk) -> None:
    desk.order("doubt", "Café_Alma", "allocation_number", "allocation_missing")
    page = desk.open("receipts?status=to_review", PHONE, lang="he")
    page.locator(".row", has_text="Café Alma").first.click(position={"x": 150, "y": 15})
    field = page.get_by_label("מספר הקצאה")
    expect(field).to_be_visible()
    field.fill("123456789")
    field.blur()
    expect(page.locator(".issue", has_text="חסר מספר הקצאה")).to_have_count(0)
