"""Old mail of chosen days, asked for where the sync is watched."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.support.processes import until
from tests.ui.desk import Desk


@pytest.fixture(scope="module")
def mailed(new_desk: Callable[[str], Desk]) -> Desk:
    desk = new_desk("Back-fill")
    desk.business.connect()
    desk.business.finished()
    return desk


def test_the_mail_of_some_days_is_fetched_again_on_request(mailed: Desk) -> None:
    page = mailed.open()
    page.locator("#sync").click()
    panel = page.locator(".syncpop")
    panel.get_by_role("button", name="Some days").click(timeout=60_000)
    panel.get_by_label("From").fill("2026-10-01")
    panel.get_by_label("To").fill("2026-10-31")
    panel.get_by_role("button", name="Fetch these days").click()
    until(lambda: mailed.business.run()["from_date"] == "2026-10-01", "the days are asked for")
    done = mailed.business.finished()
    assert (done["mode"], done["to_date"], done["status"]) == ("full", "2026-10-31", "completed")
    expect(page.locator("#sync")).to_contain_text("Sync now", timeout=30_000)
    mailed.close()
    assert not mailed.said
