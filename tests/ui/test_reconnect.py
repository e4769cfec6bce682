"""A permission that ends in the middle of a sync: the screen says so with the way back, and nothing is read twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.support import post
from tests.support.processes import until
from tests.support.product import Product, product
from tests.ui.desk import Desk

ONE_POLL_MS = 30_000  # of an idle screen on a busy machine
MAILS = 60


@pytest.fixture(scope="module")
def slow_mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product, reading a mailbox that takes its time."""
    with product(tmp_path_factory.mktemp("reconnect")) as made:
        made.start_web()
        made.start_worker()
        yield made


# Google answers the three alike; each is seen every night.
NIGHTLY = [pytest.param(reason, marks=pytest.mark.nightly) for reason in ("expired", "password")]


@pytest.mark.parametrize("reason", ["revoked", *NIGHTLY])
def test_a_permission_that_ends_in_mid_sync_is_told_and_given_again_where_it_stopped(
    slow_mail: Product, browser: Browser, reason: Literal["revoked", "expired", "password"]
) -> None:
    account = f"{reason}@example.com"
    standin = slow_mail.standin
    standin.add_account(account)
    for number in range(MAILS):
        standin.deliver(post.receipt(number), account=account)
    business = slow_mail.business(f"Studio {reason}", account)
    business.connect()
    standin.set_habits(latency_s=3.0)  # there is time to open the screen, on a busy machine too
    desk = Desk(slow_mail, business, browser, None)  # type: ignore[arg-type]  # no rows are made by hand
    page = desk.open("receipts")
    until(lambda: business.run()["counters"]["fetched"] >= 4, "some mail is fetched")

    standin.revoke(reason, account=account)
    if reason == "expired":
        standin.expire_access(account=account)
    banner = page.locator(".banner", has_text=account)
    expect(banner).to_be_visible(timeout=ONE_POLL_MS)
    expect(banner).to_contain_text("has to be connected again")
    standin.set_habits(latency_s=0.0)
    stopped = business.finished()
    assert (stopped["status"], stopped["error"]["code"]) == ("failed", "invalid_grant")
    assert stopped["counters"]["left"] > 0
    assert standin.stats()["calls_after_invalid_grant"] == 0

    banner.get_by_role("button", name="Connect again").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.locator(".toast", has_text="Gmail is connected")).to_be_visible()
    expect(page.locator(".banner", has_text=account)).to_have_count(0)
    assert business.finished()["status"] == "completed"
    mails = business.everything("/api/mail")
    assert Counter(mail["outcome"] for mail in mails) == {"receipt": MAILS}
    gets = Counter(
        call["params"]["id"]
        for call in standin.journal(method="messages.get", limit=10_000)
        if call["account"] == account and call["status"] == 200
    )
    assert set(gets.values()) == {1}
    assert len(gets) == MAILS
    desk.close()
    assert not desk.said, desk.said
