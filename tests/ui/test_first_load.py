"""What a first load costs in requests, and that it asks for nothing twice."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Request

from tests.ui.desk import Desk


def test_the_first_list_takes_few_requests_none_of_them_twice_or_elsewhere(desk: Desk) -> None:
    page = desk.context().new_page()
    asked: list[Request] = []
    page.on("request", lambda one: asked.append(one))
    page.goto(desk.path("receipts"))
    page.wait_for_selector(".row .a")
    before = [one.url for one in asked if "/thumbnail" not in one.url]  # pictures of rows come as they are seen
    page.wait_for_load_state("networkidle")
    assert len(before) <= 20, before
    urls = [one.url for one in asked]
    assert len(urls) == len(set(urls)), sorted(url for url in urls if urls.count(url) > 1)
    assert {urlsplit(url).netloc for url in urls} == {urlsplit(desk.url).netloc}
