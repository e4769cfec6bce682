"""The sync engine against the Gmail stand-in: what is found, what is fetched, and what each fault leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from demo.standin.server import StandIn
from jobs import adapters, mails, sync
from models import Business, Document, Mail, Mailbox, Receipt, SyncRun
from receipts.child import Reader
from sources.ports import Found
from store import ledger, runs, senders
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


def test_every_mail_gets_an_outcome_and_a_reason_and_the_counters_add_up(works: desk.Desk, business: Business) -> None:
    _fill(works)
    works.client.deliver(post.receipt(90), labels=["SPAM"])
    works.client.deliver(post.letter(91), labels=["SENT"])
    run = works.sync(business)
    assert run.status == "completed"
    assert (run.found, run.fetched, run.receipts, run.skipped, run.failed, run.left) == (9, 7, 4, 2, 0, 0)
    outcomes = {mail.source_id: mail.outcome for mail in Mail.select()}
    assert len(outcomes) == 9
    assert sorted(outcomes.values()) == ["not_receipt"] * 3 + ["receipt"] * 4 + ["skipped"] * 2
    assert all(mail.reason_code and mail.reason_text for mail in Mail.select())


def test_what_was_read_is_in_the_books_with_its_evidence(works: desk.Desk, business: Business) -> None:
    raw = post.receipt(7, total="1,234.50")
    works.client.deliver(raw)
    works.sync(business)
    receipt = Receipt.get()
    assert (receipt.total_minor, receipt.currency, receipt.number) == (123450, "USD", "HC-00007")
    assert receipt.date == date(2026, 10, 8)
    assert receipt.vendor is not None
    assert "Harbour Coffee" in receipt.vendor
    assert receipt.fields["total"]["why"]
    assert receipt.status == ("to_review" if receipt.flags else "ready")
    mail = Mail.get()
    assert works.shop.blobs.get(mail.raw_sha256) == raw
    assert works.shop.blobs.get(Document.get().sha256)


def test_a_second_sync_without_new_mail_is_one_history_call_and_no_download(
    works: desk.Desk, business: Business
) -> None:
    _fill(works)
    works.sync(business)
    works.client.reset_stats()
    run = works.sync(business)
    assert run.status == "completed"
    assert [str(entry["method"]) for entry in _calls(works)] == ["history.list"]
    assert works.client.stats()["units"] == 2
    assert (run.found, run.fetched) == (0, 0)


def test_new_mail_is_found_by_history_alone(works: desk.Desk, business: Business) -> None:
    _fill(works)
    works.sync(business)
    works.client.reset_stats()
    works.client.deliver(post.receipt(50))
    run = works.sync(business)
    assert (run.found, run.fetched, run.receipts) == (1, 1, 1)
    assert _calls(works, "messages.list") == []


def test_a_full_sync_fetches_nothing_that_is_already_here(works: desk.Desk, business: Business) -> None:
    _fill(works)
    works.sync(business)
    works.client.reset_stats()
    run = works.sync(business, mode="full")
    assert run.status == "completed"
    assert _calls(works, "messages.get") == []
    assert Receipt.select().count() == 4


def test_a_history_that_is_too_old_leads_to_a_full_pass_and_nothing_between_is_missed(
    works: desk.Desk, business: Business
) -> None:
    _fill(works)
    works.sync(business)
    works.client.deliver(post.receipt(60))
    works.client.expire_history()
    run = works.sync(business)
    assert run.status == "completed"
    assert run.receipts == 1
    assert Mail.select().count() == len(works.client.messages())


def test_mail_that_arrives_during_a_full_pass_is_found_in_the_same_run(works: desk.Desk, business: Business) -> None:
    """The mark is of the moment before the pass began, so history tells what came in between."""
    _fill(works, receipts=2, letters=0)
    works.client.set_habits(index_lag_s=3600)  # lists do not show what history already knows
    works.client.deliver(post.receipt(70))
    box = Mailbox.get()
    run = runs.request(business)
    claimed = runs.claim(run.id)
    assert claimed is not None
    source = works.shop.open_source(box)
    ledger.record(claimed[1], box, (), full_mark=source.mark())
    runs.park(claimed[1])
    works.client.deliver(post.receipt(71))
    works.bell.append(run.id)
    works.work(run)
    assert post.receipt(71) in {works.shop.blobs.get(mail.raw_sha256) for mail in Mail.select() if mail.raw_sha256}
    assert Mailbox.get().full_mark is None


def test_a_run_is_done_in_many_short_steps(works: desk.Desk, business: Business) -> None:
    _fill(works, receipts=12, letters=12)
    run = works.with_steps_of(0.0).sync(business)
    assert run.status == "completed"
    assert run.fence > 5
    assert (run.receipts, run.left) == (12, 0)


def test_days_are_the_businesss_own_and_both_ends_belong_to_them(works: desk.Desk, business: Business) -> None:
    zone = ZoneInfo("Asia/Jerusalem")
    moments = {
        1: datetime(2026, 9, 30, 23, 59, 30, tzinfo=zone),
        2: datetime(2026, 10, 1, 0, 0, 30, tzinfo=zone),
        3: datetime(2026, 10, 31, 23, 30, tzinfo=zone),
        4: datetime(2026, 11, 1, 0, 0, 30, tzinfo=zone),
    }
    ids = {
        works.client.deliver(post.receipt(number), internal_date_ms=int(at.timestamp() * 1000)): number
        for number, at in moments.items()
    }
    run = works.sync(business, from_date=date(2026, 10, 1), to_date=date(2026, 10, 31))
    assert run.status == "completed"
    assert {ids[mail.source_id] for mail in Mail.select()} == {2, 3}


def test_mail_that_vanishes_between_list_and_get_is_gone_not_an_error(works: desk.Desk, business: Business) -> None:
    ids = _fill(works, receipts=2, letters=0)
    run = runs.request(business)
    claimed = runs.claim(run.id)
    assert claimed is not None
    box = Mailbox.get()
    ledger.record(claimed[1], box, [Found("18c0000000000abc"), Found(ids[0])])
    runs.park(claimed[1])
    works.bell.append(run.id)
    run = works.work(run)
    assert run.status == "completed"
    mail = Mail.get(Mail.source_id == "18c0000000000abc")
    assert (mail.outcome, mail.reason_code) == ("gone", "gone_at_source")
    assert mail.tries == mails.TRIES_GONE


def test_deleting_at_the_source_never_deletes_here(works: desk.Desk, business: Business) -> None:
    ids = _fill(works, receipts=2, letters=0)
    works.sync(business)
    works.client.delete(ids[0])
    works.sync(business)
    assert Receipt.select().count() == 2
    assert Mail.get(Mail.source_id == ids[0]).deleted_at_source is not None


def test_mail_taken_out_of_spam_is_read_after_all(works: desk.Desk, business: Business) -> None:
    spam = works.client.deliver(post.receipt(5), labels=["SPAM"])
    works.sync(business)
    assert Receipt.select().count() == 0
    works.client.spam(spam, spam=False)
    works.sync(business)
    assert Receipt.select().count() == 1


def test_a_draft_that_only_its_fetch_shows_to_be_one_is_left_alone_with_its_label(
    works: desk.Desk, business: Business
) -> None:
    _, draft = works.client.save_draft(post.receipt(5))
    box, run = Mailbox.get(), runs.request(business)
    claimed = runs.claim(run.id)
    assert claimed is not None
    now = works.shop.open_source(box).mark()  # history will not tell of the draft
    ledger.record(claimed[1], box, [Found(draft, labels=frozenset())], cursor=now)
    runs.park(claimed[1])
    works.bell.append(run.id)
    run = works.work(run)
    mail = Mail.get()
    assert (mail.outcome, mail.reason_code, mail.labels) == ("skipped", "draft", ["DRAFT"])
    assert (run.status, run.skipped, run.left) == ("completed", 1, 0)
    assert mail.raw_sha256 is None


def test_mail_in_spam_is_read_when_a_person_says_take_this_one(works: desk.Desk, business: Business) -> None:
    works.client.deliver(post.receipt(5), labels=["SPAM"])
    works.sync(business)
    assert Mail.get().reason_code == "in_spam"
    senders.take(Mail.get())
    works.sync(business, mode="full")
    assert (Mail.get().outcome, Mail.get().labels, Receipt.select().count()) == ("receipt", ["SPAM"], 1)


def test_the_same_document_in_another_mail_is_no_second_receipt(works: desk.Desk, business: Business) -> None:
    works.client.deliver(post.receipt(5))
    works.sync(business)
    again = post.receipt(5).replace(b"<receipt-5@", b"<receipt-5-again@")
    works.client.deliver(again)
    run = works.sync(business)
    assert (run.receipts, Receipt.select().count()) == (0, 1)
    copy = Mail.select().order_by(Mail.id.desc()).first()
    assert (copy.outcome, copy.reason_code) == ("duplicate", "same_file")


def test_a_deleted_receipt_does_not_come_back(works: desk.Desk, business: Business) -> None:
    import clock

    works.client.deliver(post.receipt(5))
    works.sync(business)
    Receipt.update(deleted_at=clock.now()).execute()
    works.client.deliver(post.receipt(5).replace(b"<receipt-5@", b"<receipt-5-again@"))
    works.sync(business, mode="full")
    assert Receipt.select().where(Receipt.deleted_at.is_null()).count() == 0


def test_a_field_set_by_hand_survives_a_second_reading(works: desk.Desk, business: Business) -> None:
    works.client.deliver(post.receipt(5))
    works.sync(business)
    Receipt.update(vendor="My Café", hand_set=["vendor"], note="mine").execute()
    ledger.retry(Mail.get())
    works.sync(business)
    receipt = Receipt.get()
    assert (receipt.vendor, receipt.note, receipt.version) == ("My Café", "mine", 2)
    assert receipt.number == "HC-00005"


def test_garbage_is_settled_with_a_sentence_and_the_run_goes_on(works: desk.Desk, business: Business) -> None:
    garbage = [
        b"\n",
        b"\x00\xff" * 500,
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n",
        b"Subject: =?x?b?!!!?=\n\n",
    ]
    for raw in garbage:
        works.client.deliver(raw)
    works.client.deliver(post.receipt(1))
    run = works.sync(business)
    assert run.status == "completed"
    assert run.left == 0
    assert Receipt.select().count() == 1
    assert not Mail.select().where(Mail.outcome == "waiting").exists()


def test_two_businesses_with_the_same_mailbox_do_not_share_a_row(works: desk.Desk, business: Business) -> None:
    other = installation.business("other")
    works.connect(other)
    _fill(works, receipts=2, letters=1)
    works.sync(business)
    works.sync(other)
    assert Receipt.select().where(Receipt.business == business).count() == 2
    assert Receipt.select().where(Receipt.business == other).count() == 2


def test_never_from_this_sender_leaves_its_mail_and_taking_the_rule_back_reads_it(
    works: desk.Desk, business: Business
) -> None:
    works.client.deliver(post.receipt(1))
    rule = senders.set_rule(business, "Harbour-Coffee.example", "leave", "user:1")
    works.sync(business)
    mail = Mail.get()
    assert (mail.outcome, mail.reason_code) == ("not_receipt", "sender_left_alone")
    senders.forget(rule)
    ledger.retry(mail)
    works.sync(business)
    assert Mail.get().outcome == "receipt"


def test_always_from_this_sender_takes_what_the_reader_would_not(works: desk.Desk, business: Business) -> None:
    works.client.deliver(post.letter(1))
    works.sync(business)
    assert Mail.get().outcome == "not_receipt"
    rule = senders.set_rule(business, "noa@friends.example", "take", "user:1")
    assert senders.again(business, rule) == 1
    works.sync(business)
    assert (Mail.get().outcome, Mail.get().reason_code) == ("receipt", "person_said_so")
    assert Receipt.get().status == "to_review"


def test_take_this_one_is_for_this_one_alone(works: desk.Desk, business: Business) -> None:
    ids = [works.client.deliver(post.letter(number)) for number in range(2)]
    works.sync(business)
    senders.take(Mail.get(Mail.source_id == ids[0]))
    works.sync(business)
    assert {mail.source_id: mail.outcome for mail in Mail.select()} == {ids[0]: "receipt", ids[1]: "not_receipt"}


def test_what_looks_like_a_receipt_is_fetched_before_the_rest(works: desk.Desk, business: Business) -> None:
    early = works.client.deliver(post.receipt(1), internal_date_ms=1_700_000_000_000)
    for number in range(6):
        works.client.deliver(post.letter(number))
    works.sync(business)
    fetched = [str(call["params"]["id"]) for call in _calls(works, "messages.get")]
    assert early in fetched[:4]  # of four that are under way at once
    assert len(fetched) == 7


def test_a_full_pass_tells_how_ledger_and_mailbox_differed(works: desk.Desk, business: Business) -> None:
    ids = _fill(works, receipts=3, letters=0)
    works.sync(business)
    Mail.update(first_seen_at=Mail.first_seen_at - 7_200_000).execute()
    works.client.delete(ids[0])
    missed = works.client.deliver(post.receipt(9))
    run = works.sync(business, mode="full")
    assert run.status == "completed"
    audit = Mailbox.get().audit
    assert (audit["listed"], audit["missing"], audit["gone"]) == (3, 1, 1)
    assert Mail.get(Mail.source_id == missed).outcome == "receipt"
    assert Mail.get(Mail.source_id == ids[0]).deleted_at_source is not None


def test_a_deletion_that_no_history_tells_of_is_seen_by_the_full_pass_even_of_young_mail(
    works: desk.Desk, business: Business
) -> None:
    ids = _fill(works, receipts=2, letters=0)
    spam = works.client.deliver(post.receipt(7), labels=["SPAM"])
    works.sync(business)
    for gone in (ids[0], spam):
        works.client.delete(gone)
    works.client.expire_history()
    assert works.sync(business).status == "completed"
    assert {mail.source_id for mail in Mail.select() if mail.deleted_at_source} == {ids[0], spam}


def test_a_wait_for_the_quota_does_not_list_the_range_once_more(works: desk.Desk, business: Business) -> None:
    _fill(works, receipts=3, letters=0)
    works.client.fault("user_rate_429", "messages.get", times=4, retry_s=60)
    run = runs.request(business, from_date=date(2020, 1, 1))
    sync.step(works.shop, run.id)
    assert SyncRun.get_by_id(run.id).wake_at is not None
    listed = len(_calls(works, "messages.list"))
    # Another worker: this one's own account keeps the minute that Google asked for.
    works.shop = replace(works.shop, open_source=adapters.opener(works.shop.config, None))  # type: ignore[arg-type]
    works.client.clear_faults()
    run = works.work(run)
    assert (run.status, run.receipts) == ("completed", 3)
    assert len(_calls(works, "messages.list")) == listed
