"""Every fault that Gmail is known for ends in one of: tried again and fine, or an error that says whose it is."""

from __future__ import annotations

import time
from typing import Any

import pytest

from demo.standin import Options
from errors import Temporary
from sources.gmail_api import GmailApi
from sources.ports import (
    CursorExpired,
    Gone,
    NeedsReconnect,
    RateLimited,
    RawMail,
    Refused,
)
from sources.quota import STANDARD, LocalLimiter
from tests.support.gmail import Desk, desk, refusal
from tests.support.standin import mail

PASSING: list[tuple[str, dict[str, Any]]] = [
    ("concurrent_429", {}),
    ("burst_429", {}),
    ("quota_403", {}),
    ("user_rate_403", {}),
    ("error_500", {}),
    ("error_502", {}),
    ("error_503", {}),
    ("error_504", {}),
    ("reset", {}),
    ("reset", {"after_bytes": 40}),
    ("cut", {"framing": "content-length"}),
    ("cut", {"framing": "chunked"}),
    ("cut", {"framing": "gzip"}),
    ("cut", {"framing": "close"}),
    ("empty", {}),
    ("garbage", {}),
]


def only(at: Desk) -> str:
    (row,) = at.sim.messages()
    return str(row["id"])


@pytest.mark.parametrize(("kind", "settings"), PASSING, ids=lambda value: str(value))
def test_a_passing_fault_is_waited_out(kind: str, settings: dict[str, Any]) -> None:
    with desk(mails=1) as at:
        message_id, cursor = only(at), at.gmail.mark()
        raw = at.gmail.fetch(message_id).raw
        for method, call in (
            ("messages.get", lambda: at.gmail.fetch(message_id).raw == raw),
            ("messages.list", lambda: any(page.found for page in at.gmail.everything(None, None))),
            ("history.list", lambda: list(at.gmail.changes(cursor))[-1].cursor == cursor),
            ("getProfile", lambda: at.gmail.mark() == cursor),
        ):
            at.sim.fault(kind, method, times=2, **settings)
            assert call(), method
            assert [rule["fired"] for rule in at.sim.faults()] == [2], method
            at.sim.clear_faults()
        assert len(at.waits.slept) >= 8
        assert all(1 <= wait <= 33 for wait in at.waits.slept), "the first wait is a second, none is longer than 32"


@pytest.mark.parametrize("kind", ["error_500", "reset", "garbage", "empty_raw"])
def test_tries_are_counted_and_end(kind: str) -> None:
    with desk(mails=1) as at:
        message_id = only(at)
        at.sim.fault(kind, "messages.get")
        error = refusal(lambda: at.gmail.fetch(message_id))
        assert isinstance(error, Temporary)
        assert not isinstance(error, RateLimited)
        assert at.sim.faults()[0]["fired"] == 5


def test_limits_end_in_a_rate_error_that_says_when_to_come_back() -> None:
    with desk(mails=1) as at:
        message_id = only(at)
        at.sim.fault("burst_429", "messages.get")
        error = refusal(lambda: at.gmail.fetch(message_id))
        assert isinstance(error, RateLimited)
        assert error.retry_after_s is not None
        assert error.retry_after_s >= 1
        assert sum(at.waits.slept) <= 90


def test_a_call_never_waits_longer_than_its_patience() -> None:
    with desk(mails=1, patience_s=3.0) as at:
        message_id = only(at)
        for kind in ("burst_429", "error_503"):
            before = at.waits.at
            at.sim.fault(kind, "messages.get")
            error = refusal(lambda: at.gmail.fetch(message_id))
            assert isinstance(error, Temporary)
            assert error.retry_after_s is not None
            assert at.waits.at - before <= 3.0
            at.sim.clear_faults()


def test_the_moment_that_google_names_is_waited_for_by_every_call() -> None:
    with desk(mails=2, plan=STANDARD) as at:
        first, second = (row["id"] for row in at.sim.messages())
        at.sim.fault("user_rate_429", "messages.get", times=1, retry_s=40)
        at.api.patience_s = 1.0
        error = refusal(lambda: at.gmail.fetch(first))
        at.api.patience_s = 90.0
        assert isinstance(error, RateLimited)
        assert error.retry_after_s is not None
        assert 35 <= error.retry_after_s <= 41
        assert 35 <= at.api.limiter.charge(1) <= 41, "no other call goes out before"
        assert at.gmail.fetch(second).raw
        assert 35 <= sum(at.waits.slept) <= 45


def test_the_daily_limit_holds_the_mailbox_for_long() -> None:
    with desk(mails=1) as at:
        message_id = only(at)
        at.sim.fault("daily_403", "messages.get", times=1)
        error = refusal(lambda: at.gmail.fetch(message_id))
        assert isinstance(error, RateLimited)
        assert error.code == "daily_limit"
        assert at.api.limiter.charge(1) > 3000


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("domain_policy", "domain_policy"),
        ("not_configured", "gmail_api_off"),
        ("insufficient_scopes", "scope_missing"),
        ("precondition", "mail_not_enabled"),
    ],
)
@pytest.mark.parametrize("batch", [1, 5])
def test_what_only_a_person_can_mend_stops_at_once(kind: str, code: str, batch: int) -> None:
    with desk(mails=12) as at:
        cursor, ids = at.gmail.mark(), [row["id"] for row in at.sim.messages()]
        at.sim.fault(kind, "history.list")
        at.sim.fault(kind, "messages.get")
        for call in (
            lambda: list(at.gmail.changes(cursor)),
            lambda: at.gmail.fetch(ids[0]),
            lambda: list(at.gmail.fetch_many(ids, 2, batch=batch)),
        ):
            error = refusal(call)
            assert isinstance(error, Refused)
            assert error.code == code
        assert at.waits.slept == [], "nothing is tried again"
        assert len(at.calls("messages.get")) <= 1 + 2 * batch


def test_a_refused_token_is_renewed_once_and_the_call_goes_on() -> None:
    with desk(mails=1) as at:
        message_id = only(at)
        at.sim.expire_access()
        at.forget()
        assert at.gmail.fetch(message_id).raw
        assert [row["method"] for row in at.calls()] == ["messages.get", "token", "messages.get"]
        assert at.waits.slept == []


def test_ten_calls_that_meet_a_dead_token_make_one_renewal() -> None:
    with desk(mails=10) as at:
        ids = [row["id"] for row in at.sim.messages()]
        at.sim.set_habits(latency_s=0.05)
        at.sim.expire_access()
        at.forget()
        assert all(isinstance(result, RawMail) for _, result in at.gmail.fetch_many(ids, 10))
        assert len(at.calls("token")) == 1


def test_a_token_that_is_refused_again_stops_the_call() -> None:
    with desk(mails=1) as at:
        message_id = only(at)
        at.sim.fault("unauthorized", "messages.get")
        at.forget()
        error = refusal(lambda: at.gmail.fetch(message_id))
        assert error.code == "google_unauthorized"
        assert not isinstance(error, NeedsReconnect), "a token that Google has just given is no proof of a lost grant"
        assert len(at.calls("messages.get")) == 2


@pytest.mark.parametrize("reason", ["revoked", "password", "admin"])
def test_after_invalid_grant_not_one_call_is_made(reason: Any) -> None:
    with desk(mails=20) as at:
        cursor, ids = at.gmail.mark(), [row["id"] for row in at.sim.messages()]
        at.sim.revoke(reason)
        at.forget()
        assert isinstance(refusal(lambda: list(at.gmail.fetch_many(ids, 4))), NeedsReconnect)
        assert len(at.calls("token")) == 1
        before = len(at.calls())
        for call in (
            at.gmail.profile,
            lambda: at.gmail.fetch(ids[0]),
            lambda: list(at.gmail.changes(cursor)),
            lambda: list(at.gmail.everything(None, None)),
            lambda: list(at.gmail.fetch_many(ids)),
            lambda: list(at.gmail.fetch_many(ids, batch=10)),
        ):
            assert isinstance(refusal(call), NeedsReconnect)
        assert len(at.calls()) == before
        assert at.sim.stats()["calls_after_invalid_grant"] == 0


def test_trouble_at_the_token_endpoint_is_waited_out() -> None:
    with desk(mails=1) as at:
        message_id = only(at)
        at.sim.expire_access()
        at.sim.fault("token_503", "token", times=2)
        assert at.gmail.fetch(message_id).raw
        assert len(at.waits.slept) == 2


@pytest.mark.parametrize("kind", ["slow_first_byte", "drip"])
def test_an_answer_that_does_not_come_is_given_up_and_asked_for_again(kind: str) -> None:
    with desk(
        mails=1,
        timeout_s=(5.0, 0.5),
        whole_s=0.5,
        now=time.monotonic,
        sleep=lambda _: None,
        limiter=LocalLimiter(),
    ) as at:
        message_id = only(at)
        at.sim.fault(kind, "messages.get", times=1, delay_s=30, bytes_per_s=100)
        assert at.gmail.fetch(message_id).raw
        assert len(at.calls("messages.get")) == 2


def test_nobody_at_the_other_end_is_temporary() -> None:
    api = GmailApi(lambda: "token", "http://127.0.0.1:9", sleep=lambda _: None)
    error = refusal(lambda: api.get("/profile", {}, 1, lambda answer: answer))
    assert isinstance(error, Temporary)
    assert error.code == "google_unreachable"


# -- discovery


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("list_duplicate", {"count": 20}),
        ("list_overlap", {"count": 20}),
        ("list_missing", {"times": 1, "count": 40}),
        ("list_empty_page", {"nth": [6, 7, 8]}),
        ("page_token_rejected", {"times": 1}),
        ("error_503", {"every": 3}),
        ("burst_429", {"every": 3}),
    ],
)
def test_a_full_pass_is_complete_whatever_the_listing_does(kind: str, settings: dict[str, Any]) -> None:
    with desk(options=Options(quota="off", synthetic=1300)) as at:
        at.sim.fault(kind, "messages.list", **settings)
        found = [each.id for page in at.gmail.everything(None, None) for each in page.found]
        assert len(found) == len(set(found))
        assert set(found) == {row["id"] for row in at.sim.messages()}
        assert at.sim.faults()[0]["fired"] > 0


def test_a_listing_that_refuses_every_page_token_ends_in_a_sentence() -> None:
    with desk(options=Options(quota="off", synthetic=1300)) as at:
        at.sim.fault("page_token_rejected", "messages.list")
        assert isinstance(refusal(lambda: list(at.gmail.everything(None, None))), Refused)


def test_a_listing_of_empty_pages_without_end_is_given_up_for_now() -> None:
    with desk(options=Options(quota="off", synthetic=5)) as at:
        at.sim.fault("list_empty_page", "messages.list")
        error = refusal(lambda: list(at.gmail.everything(None, None)))
        assert isinstance(error, Temporary)
        assert "leads nowhere" in error.sentence


def test_mail_that_moves_between_two_listings_is_named_all_the_same() -> None:
    with desk(options=Options(quota="off", synthetic=1200)) as at:
        pages = at.gmail.everything(None, None)
        found = {each.id for _ in range(6) for each in next(pages).found}
        late = at.sim.deliver(mail("late"))
        victim = next(row["id"] for row in at.sim.messages() if row["id"] not in found)
        at.sim.spam(victim)
        found |= {each.id for page in pages for each in page.found}
        assert victim in found
        assert found >= {row["id"] for row in at.sim.messages()} - {late}


@pytest.mark.parametrize("times", [1, 7])
def test_a_history_page_without_history_leads_on(times: int) -> None:
    with desk(mails=1) as at:
        cursor = at.gmail.mark()
        new = at.sim.deliver(mail("new"))
        at.sim.fault("history_empty_page", "history.list", times=times)
        pages = list(at.gmail.changes(cursor))
        assert new in {each.id for page in pages for each in page.found}
        assert pages[-1].cursor is not None
        assert int(pages[-1].cursor) > int(cursor)
        assert len(at.calls("history.list")) == times + 1


def test_history_that_leads_nowhere_ends_in_a_full_pass() -> None:
    with desk(mails=1) as at:
        cursor = at.gmail.mark()
        at.sim.fault("history_empty_page", "history.list")
        error = refusal(lambda: list(at.gmail.changes(cursor)))
        assert isinstance(error, CursorExpired)
        assert error.code == "history_stuck"


def test_history_of_another_server_that_lags_does_not_move_the_cursor_back() -> None:
    with desk(mails=1) as at:
        cursor = at.gmail.mark()
        at.sim.fault("history_backwards", "history.list", by=500, times=1)
        assert list(at.gmail.changes(cursor))[-1].cursor == cursor


def test_a_history_page_token_that_is_refused_starts_over() -> None:
    with desk() as at:
        cursor = at.gmail.mark()
        ids = {at.sim.deliver(mail(f"{number}")) for number in range(501)}
        at.sim.fault("page_token_rejected", "history.list", times=1)
        assert {each.id for page in at.gmail.changes(cursor) for each in page.found} >= ids


def test_history_404_is_told_apart_from_a_message_that_is_gone() -> None:
    with desk(mails=1) as at:
        at.sim.fault("history_404", "history.list")
        cursor = at.gmail.mark()
        assert isinstance(refusal(lambda: list(at.gmail.changes(cursor))), CursorExpired)


# -- messages


@pytest.mark.parametrize(("kind", "settings"), [("vanish", {}), ("late_404", {"age_s": 3})])
def test_a_message_that_is_not_there_is_gone_for_now(kind: str, settings: dict[str, Any]) -> None:
    with desk(mails=1) as at:
        message_id = only(at)
        at.sim.fault(kind, "messages.get", **settings)
        assert isinstance(refusal(lambda: at.gmail.fetch(message_id)), Gone)
        if kind == "late_404":
            at.sim.advance(4)
            assert at.gmail.fetch(message_id).raw


def test_labels_that_change_during_the_fetch_are_the_new_ones_or_told_by_history() -> None:
    with desk(mails=1) as at:
        cursor, message_id = at.gmail.mark(), only(at)
        at.sim.fault("label_change", "messages.get", times=1, add=["TRASH"], remove=["INBOX"])
        fetched = at.gmail.fetch(message_id)
        later = [each.labels for page in at.gmail.changes(cursor) for each in page.found]
        assert "TRASH" in (later[-1] if later else fetched.labels) or set()


@pytest.mark.parametrize("batch", [1, 5])
def test_one_message_that_never_comes_is_its_own_fault(batch: int) -> None:
    with desk(mails=20) as at:
        ids = [row["id"] for row in at.sim.messages()]
        # the eighth call for a message, and each of those that ask for the same one again
        tries = [8, 9, 10, 11, 12] if batch == 1 else [8, 11, 12, 13, 14]
        at.sim.fault("error_500", "messages.get", nth=tries, in_batch=batch > 1)
        results = dict(at.gmail.fetch_many(ids, 1, batch=batch))
        assert sorted(results) == sorted(ids)
        assert [type(result) for result in results.values()].count(RawMail) == 19
        assert sum(isinstance(result, Temporary) for result in results.values()) == 1


@pytest.mark.parametrize("batch", [1, 5])
def test_an_outage_blames_no_message(batch: int) -> None:
    with desk(mails=20) as at:
        ids = [row["id"] for row in at.sim.messages()]
        at.sim.fault("error_503")
        at.sim.fault("error_503", in_batch=True)
        got: list[object] = []
        error = refusal(lambda: got.extend(at.gmail.fetch_many(ids, 3, batch=batch)))
        assert isinstance(error, Temporary)
        assert got == []


@pytest.mark.parametrize("batch", [1, 5])
def test_a_limit_blames_no_message_and_keeps_what_came(batch: int) -> None:
    with desk(mails=20) as at:
        ids = [row["id"] for row in at.sim.messages()]
        at.sim.fault("burst_429", "messages.get", nth=list(range(9, 2000)), in_batch=batch > 1)
        got: dict[str, object] = {}

        def take() -> None:
            for message_id, result in at.gmail.fetch_many(ids, 2, batch=batch):
                got[message_id] = result

        assert isinstance(refusal(take), RateLimited)
        assert len(got) == 8
        assert all(isinstance(result, RawMail) for result in got.values())
