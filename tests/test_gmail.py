"""Gmail as a source: full passes, history and whole messages, against the stand-in's real HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256

import pytest

from demo.standin import Options
from sources.gmail import Gmail
from sources.ports import Change, CursorExpired, Found, Gone, MailSource, Page, RawMail, Unfetchable
from sources.quota import LEGACY, STANDARD
from tests.support.gmail import Desk, desk
from tests.support.standin import mail


def named(pages: Iterable[Page]) -> dict[str, Found]:
    """What pages name, the last word on each id."""
    return {found.id: found for page in pages for found in page.found}


def walk(gmail: Gmail, cursor: str) -> tuple[list[Found], str]:
    """What changed and the new cursor, which only the last page may carry."""
    pages = list(gmail.changes(cursor))
    assert all(page.cursor is None for page in pages[:-1])
    assert pages[-1].cursor is not None
    return [found for page in pages for found in page.found], pages[-1].cursor


def test_gmail_is_a_mail_source() -> None:
    with desk() as at:
        source: MailSource = at.gmail
        assert source.mark() == at.gmail.profile().history_id


def test_the_profile_tells_whose_mailbox_it_is() -> None:
    with desk(mails=3) as at:
        profile = at.gmail.profile()
        assert (profile.address, profile.messages_total) == ("me@example.com", 3)
        assert int(profile.history_id) > 0


def test_a_full_pass_names_every_mail_and_what_sets_it_aside() -> None:
    with desk(mails=4) as at:
        spam = at.sim.deliver(mail("spam"), labels=["SPAM"])
        trash = at.sim.deliver(mail("trash"), labels=["TRASH"])
        sent = at.sim.deliver(mail("sent"), labels=["SENT"])
        both = at.sim.deliver(mail("sent and thrown away"), labels=["SENT", "TRASH"])
        _, draft = at.sim.save_draft(mail("draft"))
        chat = at.sim.deliver(mail("chat"), labels=["CHAT"])
        found = named(at.gmail.everything(None, None))
        assert set(found) == {row["id"] for row in at.sim.messages()}
        assert {each: found[each].labels for each in (spam, trash, sent, both, draft, chat)} == {
            spam: {"SPAM"},
            trash: {"TRASH"},
            sent: {"SENT"},
            both: {"SENT", "TRASH"},
            draft: {"DRAFT"},
            chat: {"CHAT"},
        }
        rest = set(found) - {spam, trash, sent, both, draft, chat}
        assert [found[each].labels for each in rest] == [frozenset()] * 4
        assert all(page.cursor is None for page in at.gmail.everything(None, None))


def test_a_full_pass_over_many_pages_names_each_mail_once() -> None:
    with desk(options=Options(quota="off", synthetic=1700)) as at:
        pages = list(at.gmail.everything(None, None))
        found = [each.id for page in pages for each in page.found]
        assert len(found) == len(set(found)) == 1700
        # four pages, once more until a pass adds nothing, and one page for each label that sets aside
        assert len(at.calls("messages.list")) == 4 + 4 + 5


def test_an_empty_mailbox_is_no_error() -> None:
    with desk() as at:
        assert named(at.gmail.everything(None, None)) == {}


def test_a_range_of_time_holds_its_first_moment_and_not_its_last() -> None:
    start = datetime(2026, 10, 31, 22, 0, tzinfo=UTC)  # midnight in Jerusalem, at the end of a month
    end = start + timedelta(days=1)
    ms = int(start.timestamp() * 1000)
    with desk() as at:
        inside = {
            at.sim.deliver(mail(f"at {offset}"), internal_date_ms=ms + offset)
            for offset in (0, 999, 43_200_000, 86_399_000, 86_399_999)
        }
        outside = {
            at.sim.deliver(mail(f"at {offset}"), internal_date_ms=ms + offset)
            for offset in (-86_400_000, -2_000, 86_401_000, 172_800_000)
        }
        found = set(named(at.gmail.everything(start, end)))
        assert inside <= found
        assert not found & outside
        assert outside <= set(named(at.gmail.everything(None, None)))
        assert set(named(at.gmail.everything(end, None))) < outside | inside


def test_a_query_ranks_within_the_range() -> None:
    with desk(mails=2) as at:
        likely = at.sim.deliver(mail("Invoice 7"))
        assert set(named(at.gmail.everything(None, None, query="subject:invoice"))) == {likely}


def test_listing_costs_five_units_a_page_and_ids_only() -> None:
    with desk(mails=10, plan=STANDARD) as at:
        at.forget()
        list(at.gmail.everything(None, None))
        assert sum(row["units"] for row in at.calls()) == 5 * 7
        assert max(row["bytes"] for row in at.calls("messages.list")) < 1500


def test_without_changes_history_is_one_call_of_two_units() -> None:
    with desk(mails=3) as at:
        cursor = at.gmail.mark()
        at.forget()
        assert walk(at.gmail, cursor) == ([], cursor)
        assert [(row["method"], row["units"]) for row in at.calls()] == [("history.list", 2)]


def test_history_tells_what_came_moved_and_went() -> None:
    with desk(mails=2) as at:
        first, second = (row["id"] for row in at.sim.messages())
        cursor = at.gmail.mark()
        new = at.sim.deliver(mail("new"))
        at.sim.spam(first)
        at.sim.spam(first, spam=False)
        at.sim.trash(second)
        at.sim.delete(second)
        found, cursor = walk(at.gmail, cursor)
        assert found[0] == Found(new, found[0].thread_id, Change.ADDED, frozenset({"INBOX", "UNREAD"}))
        moves = [each.labels for each in found if each.id == first and each.change is Change.LABELS]
        assert moves
        assert any("SPAM" in (labels or ()) for labels in moves)
        assert "SPAM" not in (moves[-1] or ())
        assert [each.change for each in found if each.id == second][-1] is Change.DELETED
        assert walk(at.gmail, cursor) == ([], cursor)


def test_a_saved_draft_is_a_new_message_and_the_old_one_is_gone() -> None:
    with desk() as at:
        draft, old = at.sim.save_draft(mail("first words"))
        cursor = at.gmail.mark()
        _, new = at.sim.save_draft(mail("more words"), draft)
        found, _ = walk(at.gmail, cursor)
        assert {(each.id, each.change) for each in found} >= {(new, Change.ADDED), (old, Change.DELETED)}
        assert next(each.labels for each in found if each.id == new) == {"DRAFT"}


def test_history_over_many_pages_keeps_its_start_and_takes_the_first_pages_mark() -> None:
    with desk() as at:
        cursor = at.gmail.mark()
        ids = {at.sim.deliver(mail(f"{number}")) for number in range(501)}
        at.forget()
        pages = at.gmail.changes(cursor)
        first = next(pages)
        # what comes while we read belongs to the next time, which must begin before it
        late = at.sim.deliver(mail("late"))
        rest = list(pages)
        assert {each.id for page in (first, *rest) for each in page.found} >= ids
        assert len({row["params"]["startHistoryId"] for row in at.calls("history.list")}) == 1
        assert rest[-1].cursor is not None
        again, _ = walk(at.gmail, rest[-1].cursor)
        assert late in {each.id for each in again}


def test_a_mark_too_old_says_so() -> None:
    with desk(mails=1) as at:
        cursor = at.gmail.mark()
        at.sim.deliver(mail("new"))
        at.sim.expire_history()
        with pytest.raises(CursorExpired) as expired:
            walk(at.gmail, cursor)
        assert expired.value.code == "history_expired"


def test_a_mailbox_that_was_set_back_says_so() -> None:
    with desk(mails=1) as at:
        cursor = at.gmail.mark()
        at.sim.history_back(5000)
        with pytest.raises(CursorExpired):
            walk(at.gmail, cursor)


@pytest.mark.parametrize("cursor", ["", "abc", "-5", "12 34", "١٢"])
def test_a_cursor_that_is_none_asks_for_a_full_pass_without_a_call(cursor: str) -> None:
    with desk() as at:
        at.forget()
        with pytest.raises(CursorExpired):
            walk(at.gmail, cursor)
        assert at.calls() == []


def test_a_message_comes_whole_byte_for_byte() -> None:
    raw = mail(
        "קבלה", html="<p>סה״כ 184.00 ₪</p>", attachments=(("קבלה.pdf", "application/pdf", bytes(range(256)) * 99),)
    )
    with desk() as at:
        moment = 1_790_000_000_123
        message_id = at.sim.deliver(raw, labels=["INBOX", "STARRED"], internal_date_ms=moment)
        fetched = at.gmail.fetch(message_id)
        assert fetched.raw == raw
        assert (fetched.id, fetched.labels) == (message_id, {"INBOX", "STARRED"})
        assert fetched.received_at == datetime.fromtimestamp(moment / 1000, UTC)
        assert fetched.thread_id


def test_a_message_costs_one_call_compressed() -> None:
    with desk(plan=STANDARD) as at:
        message_id = at.sim.deliver(mail("big", text="the same line again\n" * 20_000))
        at.forget()
        at.gmail.fetch(message_id)
        (call,) = at.calls()
        assert (call["method"], call["units"], call["gzip"]) == ("messages.get", 20, True)
        assert call["bytes"] < 100_000


@pytest.mark.parametrize("unpadded", [0.0, 1.0])
def test_base64_is_read_with_its_padding_and_without(unpadded: float) -> None:
    with desk() as at:
        at.sim.set_habits(unpadded=unpadded)
        for size in range(4):
            raw = mail("odd", text="x" * size)
            assert at.gmail.fetch(at.sim.deliver(raw)).raw == raw


def test_a_message_that_is_gone_says_so() -> None:
    with desk(mails=1) as at:
        (row,) = at.sim.messages()
        at.sim.delete(row["id"])
        with pytest.raises(Gone):
            at.gmail.fetch(row["id"])


@pytest.mark.parametrize("message_id", ["", "../profile", "a b", "zzzz", "ffffffffffffffffff", "é"])
def test_an_id_that_gmail_cannot_have_is_unfetchable(message_id: str) -> None:
    with desk() as at, pytest.raises(Unfetchable):
        at.gmail.fetch(message_id)


def outcomes(at: Desk, ids: Iterable[str], **how: int) -> dict[str, type]:
    return {each: type(result) for each, result in at.gmail.fetch_many(ids, **how)}


@pytest.mark.parametrize("batch", [1, 7])
def test_many_messages_come_whole_whatever_happens_to_single_ones(batch: int) -> None:
    with desk(mails=30) as at:
        truth = {row["id"]: row["sha256"] for row in at.sim.messages(hashed=True)}
        ids = [*list(truth)[:15], "19d0000000000001", "nonsense!", *list(truth)[15:]]
        fetched = dict(at.gmail.fetch_many(iter(ids), batch=batch))
        assert list(map(type, (fetched.pop("19d0000000000001"), fetched.pop("nonsense!")))) == [Gone, Unfetchable]
        assert {each: sha256(got.raw).hexdigest() for each, got in fetched.items() if isinstance(got, RawMail)} == truth


def test_calls_overlap_up_to_the_workers() -> None:
    with desk(mails=40) as at:
        ids = [row["id"] for row in at.sim.messages()]
        at.sim.set_habits(latency_s=0.05)
        assert set(outcomes(at, ids, workers=4).values()) == {RawMail}
        assert 2 <= at.sim.stats()["most_in_flight"] <= 4


def test_batches_charge_every_message() -> None:
    with desk(mails=25, plan=LEGACY, options=Options(quota="legacy")) as at:
        ids = [row["id"] for row in at.sim.messages()]
        at.forget()
        assert set(outcomes(at, ids).values()) == {RawMail}
        assert len(at.calls("batch")) == 3
        assert sum(row["units"] for row in at.calls("messages.get")) == 25 * 5


def test_stopping_begins_nothing_new_and_hands_over_what_is_under_way() -> None:
    with desk(mails=20) as at:
        ids = [row["id"] for row in at.sim.messages()]
        got: list[str] = []
        for message_id, result in at.gmail.fetch_many(ids, 2, stop=lambda: len(got) >= 5):
            assert isinstance(result, RawMail)
            got.append(message_id)
        assert 5 <= len(got) <= 7
        assert len(at.calls("messages.get")) == len(got), "nothing is fetched and thrown away"


def test_messages_are_asked_for_as_late_as_can_be() -> None:
    with desk(mails=20) as at:
        asked: list[str] = []

        def ids() -> Iterable[str]:
            for row in at.sim.messages():
                asked.append(row["id"])
                yield row["id"]

        stream = at.gmail.fetch_many(ids(), 2)
        next(stream)
        assert len(asked) <= 3
        stream.close()  # type: ignore[attr-defined]


def test_every_call_stays_within_the_scope_of_reading() -> None:
    with desk(mails=2) as at:
        cursor = at.gmail.mark()
        list(at.gmail.everything(None, None))
        walk(at.gmail, cursor)
        for call in (partial(at.gmail.fetch, row["id"]) for row in at.sim.messages()):
            call()
        assert {row["method"] for row in at.calls() if row["account"]} <= {
            "getProfile",
            "messages.list",
            "messages.get",
            "history.list",
            "consent",
            "token",
        }
        assert {row["status"] for row in at.calls()} <= {200, 302}
