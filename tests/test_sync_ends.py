"""How runs end: cancelled, refused by a mailbox, or after a permission that was over and given again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.standin.server import StandIn
from jobs import mails, sync
from models import Business, Mail, Mailbox, Receipt, SyncRun
from receipts.child import Reader
from store import runs
from tests.support import desk, installation, post


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    shared = Reader()
    yield shared
    shared.close()


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as running:
        running.client.set_quota("off")
        yield running


@pytest.fixture
def works(tmp_path: Path, standin: StandIn, reader: Reader) -> Iterator[desk.Desk]:
    config = desk.settings(tmp_path, standin)
    with installation.database(config):
        yield desk.Desk(config, standin, reader)


@pytest.fixture
def business(works: desk.Desk) -> Business:
    owner = installation.business()
    works.connect(owner)
    return owner


def _fill(works: desk.Desk, receipts: int = 4, letters: int = 3) -> list[str]:
    ids = [works.client.deliver(post.receipt(number)) for number in range(receipts)]
    return ids + [works.client.deliver(post.letter(number)) for number in range(letters)]


def _calls(works: desk.Desk, method: str = "") -> list[dict[str, object]]:
    return [entry for entry in works.client.journal() if method in str(entry["method"])]


@pytest.mark.parametrize("reason", ["revoked", "expired", "password"])
def test_when_the_permission_is_over_no_further_call_is_made(works: desk.Desk, business: Business, reason: str) -> None:
    _fill(works)
    works.client.revoke(reason)  # type: ignore[arg-type]
    run = works.sync(business)
    assert (run.status, run.error_code) == ("failed", "invalid_grant")
    box = Mailbox.get()
    assert box.status == "needs_reconnect"
    assert box.error_text
    assert works.client.stats()["calls_after_invalid_grant"] == 0


def test_connecting_again_goes_on_where_it_stopped_and_fetches_nothing_twice(
    works: desk.Desk, business: Business
) -> None:
    _fill(works, receipts=6, letters=0)
    works.sync(business)
    works.client.deliver(post.receipt(80))
    works.client.revoke()
    works.sync(business)
    works.client.reset_stats()
    works.connect(business)
    run = works.sync(business)
    assert run.status == "completed"
    assert len(_calls(works, "messages.get")) == 1
    assert Receipt.select().count() == 7


def _two_mailboxes(works: desk.Desk, business: Business) -> None:
    """A second Gmail account at the same business; the first one is asked first."""
    works.client.add_account("second@example.com")
    works.connect(business, "second@example.com")
    for number in range(3):
        works.client.deliver(post.receipt(number), account="me@example.com")
        works.client.deliver(post.receipt(50 + number), account="second@example.com")


def test_a_mailbox_whose_permission_is_over_keeps_no_other_mailbox_waiting(
    works: desk.Desk, business: Business
) -> None:
    _two_mailboxes(works, business)
    works.client.revoke(account="me@example.com")
    run = works.sync(business)
    assert (run.status, run.error_code, run.receipts) == ("failed", "invalid_grant", 3)
    assert {box.address: box.status for box in Mailbox.select()} == {
        "me@example.com": "needs_reconnect",
        "second@example.com": "connected",
    }
    run = works.sync(business)
    assert run.status == "completed"  # only of the mailbox that is connected


def test_a_mailbox_that_does_not_answer_keeps_no_other_mailbox_waiting(works: desk.Desk, business: Business) -> None:
    _two_mailboxes(works, business)
    works.client.fault("error_503", account="me@example.com")
    run = runs.request(business)
    works.bell.append(run.id)
    for _ in range(2):
        sync.step(works.shop, run.id)
    run = SyncRun.get_by_id(run.id)
    assert (run.status, run.receipts) == ("running", 3)
    assert run.wake_at is not None
    works.client.clear_faults()
    run = works.work(run)
    assert (run.status, run.receipts) == ("completed", 6)


def test_a_token_that_expires_in_the_middle_is_renewed_in_silence(works: desk.Desk, business: Business) -> None:
    _fill(works)
    works.sync(business)
    works.client.expire_access()
    works.client.deliver(post.receipt(81))
    assert works.sync(business).status == "completed"
    assert Receipt.select().count() == 5


def test_a_run_that_is_cancelled_blames_no_mail_for_it(
    works: desk.Desk, business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tries that were counted ahead are given back, however often a run is cancelled."""
    monkeypatch.setattr(mails, "LOOK_S", 0.0)
    _fill(works, receipts=12, letters=0)
    for _ in range(3):
        run = runs.request(business)
        reading = works.shop.reader.read_message

        def read_and_cancel(raw: bytes, run_id: int = run.id, read: Callable[[bytes], Any] = reading) -> Any:
            SyncRun.update(cancel_requested=True).where(SyncRun.id == run_id).execute()
            return read(raw)

        works.shop = replace(works.shop, reader=_Wrapped(read_and_cancel))  # type: ignore[arg-type]
        works.bell.append(run.id)
        assert works.work(run).status == "cancelled"
        assert {mail.tries for mail in Mail.select().where(Mail.outcome == "waiting")} <= {0}
        works.shop = replace(works.shop, reader=_Wrapped(reading))  # type: ignore[arg-type]
    assert works.sync(business).status == "completed"
    assert {mail.outcome for mail in Mail.select()} == {"receipt"}


class _Wrapped:
    """A reader by another name; the passwords of locked documents are no matter of these tests."""

    def __init__(self, read: Callable[[bytes], Any]) -> None:
        self._read = read

    def read_message(self, raw: bytes, **_: object) -> Any:
        return self._read(raw)


def test_a_run_that_is_cancelled_stops_and_keeps_what_it_has(works: desk.Desk, business: Business) -> None:
    _fill(works, receipts=8, letters=0)
    works.with_steps_of(0.0)
    run = runs.request(business)
    sync.step(works.shop, run.id)
    runs.cancel(SyncRun.get_by_id(run.id))
    run = works.work(run)
    assert run.status == "cancelled"
    assert 0 < Receipt.select().count() < 8


def test_a_policy_of_the_domain_is_told_on_the_mailbox_and_the_run(works: desk.Desk, business: Business) -> None:
    _fill(works, receipts=2, letters=0)
    works.client.fault("domain_policy", "messages.get")
    run = works.sync(business)
    assert run.status == "failed"
    assert Mailbox.get().error_text == run.error_text
    works.client.clear_faults()
    assert works.sync(business).status == "completed"
    assert Receipt.select().count() == 2
    assert Mailbox.get().error_text is None


def test_what_another_run_left_behind_counts_in_the_run_that_does_it(works: desk.Desk, business: Business) -> None:
    _fill(works, receipts=6, letters=0)
    works.with_steps_of(0.0)
    run = runs.request(business)
    sync.step(works.shop, run.id)
    runs.cancel(SyncRun.get_by_id(run.id))
    works.work(run)
    waiting = Mail.select().where(Mail.outcome == "waiting").count()
    assert waiting
    run = works.sync(business)
    assert (run.status, run.found, run.left) == ("completed", waiting, 0)
