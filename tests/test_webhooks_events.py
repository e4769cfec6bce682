"""Which events there are, what they hold, and that they stand or fall with the change that they tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import clock
import models
from demo.standin.server import StandIn
from errors import Tellable
from jobs import sweep
from models import Business, Delivery, Event, Mailbox, Receipt
from receipts.child import Reader
from store import events, ledger, mailboxes, receipt_edits, receipt_writes, receipts, runs, webhooks
from store.outbox import TYPES
from tests.support import desk, installation, post
from tests.support.standin import standin_thread
from tests.support.web import receipt


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Business]:
    with installation.database(installation.settings(tmp_path)):
        yield installation.business()


def listen(business: Business, *types: str) -> models.Endpoint:
    """An endpoint that wants these, or all that is told of receipts, syncs and mailboxes."""
    return webhooks.add(
        business.id, "https://hook.example/", types or [one for one in TYPES if one != "contact.created"]
    )


def told(business: Business) -> list[tuple[int, str, Any]]:
    rows = Event.select().where(Event.business == business).order_by(Event.sequence)
    return [(row.sequence, row.type, row.data) for row in rows]


def types(business: Business) -> list[str]:
    return [type_ for _, type_, _ in told(business)]


def test_where_nobody_listens_no_row_is_written(business: Business) -> None:
    row = receipt(business)
    receipt_edits.update(business.id, row.id, 1, {"note": "mine"})
    off = listen(business)
    webhooks.change(off, active=False)
    listen(installation.business("other"))
    receipt_edits.update(business.id, row.id, 2, {"note": "yours"})
    assert not Event.select().exists()
    assert Business.get_by_id(business.id).events_told == 0


def test_an_endpoint_gets_only_what_it_wants(business: Business) -> None:
    approvals, everything = listen(business, "receipt.approved"), listen(business)
    row = receipt(business)
    receipt_edits.update(business.id, row.id, 1, {"total": Decimal("12.50")})
    receipt_edits.update(business.id, row.id, 2, {"status": "approved"})
    assert types(business) == ["receipt.updated", "receipt.updated", "receipt.approved"]
    got = {
        hook.id: [one.event.type for one in Delivery.select().where(Delivery.endpoint == hook)]
        for hook in (approvals, everything)
    }
    assert got == {approvals.id: ["receipt.approved"], everything.id: types(business)}


def test_an_update_says_what_changed_and_holds_the_receipt_as_it_is_now(business: Business) -> None:
    listen(business)
    row = receipt(business, flags=[{"field": "total", "code": "two_totals", "text": "?"}], status="to_review")
    receipt_edits.update(business.id, row.id, 1, {"total": Decimal("12.50"), "date": clock.parse_day("2026-01-02")})
    ((sequence, type_, data),) = told(business)
    assert (sequence, type_) == (1, "receipt.updated")
    assert data["changed"] == ["date", "flags", "hand_set", "status", "total"]
    facts = data["receipt"]
    assert facts["total"] == {"minor": 1250, "currency": "ILS", "text": "12.50"}
    assert (facts["date"], facts["status"], facts["version"], facts["flags"]) == ("2026-01-02", "ready", 2, [])


def test_a_change_that_is_rolled_back_was_never_told(business: Business) -> None:
    listen(business)
    row = receipt(business)
    with models.db.atomic() as outer:
        receipt_edits.update(business.id, row.id, 1, {"note": "mine"})
        assert types(business) == ["receipt.updated"]
        outer.rollback()
    assert told(business) == []
    assert Receipt.get_by_id(row.id).note == ""
    receipt_edits.update(business.id, row.id, 1, {"note": "mine"})
    assert [sequence for sequence, _, _ in told(business)] == [1]


def test_what_changes_nothing_is_not_told(business: Business) -> None:
    listen(business)
    row = receipt(business)
    receipt_edits.restore(business.id, row.id)
    receipt_edits.update(business.id, row.id, 1, {"vendor": row.vendor, "status": "ready", "note": ""})
    hand_set_only = types(business)
    assert hand_set_only in ([], ["receipt.updated"])  # a field that a person confirms becomes hand-set
    receipt_edits.delete(business.id, row.id)
    receipt_edits.delete(business.id, row.id)
    assert types(business) == [*hand_set_only, "receipt.updated"]


def test_many_at_once_and_their_undoing_keep_one_sequence(business: Business) -> None:
    listen(business, "receipt.approved", "receipt.updated")
    listen(business, "receipt.updated")
    ids = [receipt(business).id for _ in range(230)]
    _, undo = receipt_edits.bulk(business.id, "approve", ids=ids, values={})
    assert types(business) == ["receipt.updated", "receipt.approved"] * 230
    receipt_writes.undo(business.id, undo)
    rows = told(business)
    assert [sequence for sequence, _, _ in rows] == list(range(1, 691))
    assert {data["receipt"]["status"] for _, _, data in rows[460:]} == {"ready"}
    assert Delivery.select().count() == 690 + 460


def test_two_businesses_have_sequences_of_their_own(business: Business) -> None:
    other = installation.business("other")
    for one in (business, other):
        listen(one)
        with models.write():
            events.told(one.id, [("export.ready", {}), ("export.ready", {})])
    assert [sequence for sequence, _, _ in told(business)] == [1, 2]
    assert [sequence for sequence, _, _ in told(other)] == [1, 2]


def test_the_end_of_a_sync_is_told_and_a_cancelled_one_is_not(business: Business) -> None:
    listen(business)
    installation.mailbox(business)

    def ended(status: str, error: Tellable | None = None) -> None:
        run = runs.request(business)
        claimed = runs.claim(run.id)
        assert claimed is not None
        runs.finish(claimed[1], status, error)

    ended("completed")
    ended("cancelled")
    ended("failed", Tellable("invalid_grant", "Over."))
    assert types(business) == ["sync.finished", "sync.failed"]
    facts = told(business)[1][2]["sync_run"]
    assert (facts["status"], facts["error"]) == ("failed", {"code": "invalid_grant", "text": "Over."})
    assert facts["counters"]["receipts"] == 0


def test_a_mailbox_that_needs_reconnecting_is_told_once(business: Business) -> None:
    listen(business)
    mailbox = installation.mailbox(business)
    over = Tellable("invalid_grant", "Over.")
    mailboxes.needs_reconnect(mailbox.id, over)
    mailboxes.needs_reconnect(mailbox.id, over)
    assert types(business) == ["mailbox.needs_reconnect"]
    facts = told(business)[0][2]["mailbox"]
    assert (facts["id"], facts["status"], facts["error"]["code"]) == (mailbox.id, "needs_reconnect", "invalid_grant")
    mailboxes.connect_gmail(business, address=mailbox.address, refresh_token="1//new")
    mailboxes.needs_reconnect(mailbox.id, over)
    assert types(business) == ["mailbox.needs_reconnect"] * 2


def test_the_end_of_a_permission_is_told_two_days_before_and_once(business: Business) -> None:
    listen(business)
    mailbox = installation.mailbox(business, token_expires_at=clock.now() + timedelta(hours=49))
    installation.mailbox(business, "endless@example.com")
    sweep.look_after_events()
    assert types(business) == []
    Mailbox.update(token_expires_at=clock.now() + timedelta(hours=47)).where(Mailbox.id == mailbox.id).execute()
    sweep.look_after_events()
    sweep.look_after_events()
    assert types(business) == ["mailbox.token_ends_soon"]
    week = clock.now() + timedelta(days=7)
    mailboxes.connect_gmail(business, address=mailbox.address, refresh_token="1//new", token_expires_at=week)
    assert Mailbox.get_by_id(mailbox.id).end_told_at is None, "the next permission has an end of its own"


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with standin_thread() as running:
        yield running


def test_a_sync_tells_of_receipts_and_of_its_own_end(tmp_path: Path, standin: StandIn) -> None:
    config = desk.settings(tmp_path, standin)
    with installation.database(config):
        business = installation.business()
        listen(business)
        reader = Reader()
        try:
            here = desk.Desk(config, standin, reader)
            here.connect(business)
            standin.client.deliver(post.receipt(1))
            standin.client.deliver(post.letter(1))
            here.sync(business)
            assert types(business) == ["receipt.created", "sync.finished"]
            facts = told(business)[0][2]["receipt"]
            stored = receipts.detail(business.id, facts["id"])
            assert (facts["vendor"], facts["number"]) == (stored["vendor"], stored["number"])
            assert facts["total"]["minor"] == stored["total_minor"]
            assert told(business)[1][2]["sync_run"]["counters"]["receipts"] == 1

            # Read again with the same result, there is no news; with another one there is.
            mail = Receipt.get_by_id(facts["id"]).mail
            ledger.retry(mail)
            here.sync(business, mode="upload", mailbox=mail.mailbox)
            assert types(business) == ["receipt.created", "sync.finished", "sync.finished"]
            Receipt.update(vendor="Somebody else").execute()
            ledger.retry(mail)
            here.sync(business, mode="upload", mailbox=mail.mailbox)
            assert types(business)[3:] == ["receipt.updated", "sync.finished"]
            assert told(business)[3][2]["changed"] == ["vendor"]

            standin.client.revoke()
            Mailbox.update(access_token=None).execute()
            here.sync(business)
            assert types(business)[5:] == ["mailbox.needs_reconnect", "sync.failed"]
        finally:
            reader.close()
