"""Batches and limits: what many messages at a time do to an answer, and what they cost."""

from __future__ import annotations

import functools
import threading
import time
from typing import Any

import pytest

from demo.standin import Options
from sources.gmail_api import GmailApi
from sources.ports import RateLimited, RawMail
from sources.quota import LocalLimiter, Pace, Plan
from tests.support.gmail import Desk, desk, refusal
from tests.support.standin import mail


@pytest.mark.parametrize(
    ("kind", "method", "settings"),
    [
        ("batch_shuffle", "batch", {}),
        ("batch_drop_part", "batch", {"times": 2, "count": 2}),
        ("batch_fail_parts", "batch", {"times": 2, "count": 3, "part_kind": "burst_429"}),
        ("batch_fail_parts", "batch", {"times": 2, "count": 3, "part_kind": "error_500"}),
        ("unauthorized", "messages.get", {"times": 1, "in_batch": True}),
        ("empty_raw", "messages.get", {"times": 2, "in_batch": True}),
        ("concurrent_429", "messages.get", {"times": 3, "in_batch": True}),
        ("error_503", "batch", {"times": 1}),
        ("cut", "batch", {"times": 1, "framing": "close"}),
        ("cut", "batch", {"times": 1, "framing": "gzip"}),
        ("cut", "batch", {"times": 1, "framing": "chunked"}),
        ("garbage", "batch", {"times": 1}),
        ("empty", "batch", {"times": 1}),
    ],
)
def test_a_batch_loses_nothing_and_mixes_nothing_up(kind: str, method: str, settings: dict[str, Any]) -> None:
    with desk(mails=20) as at:
        at.sim.fault(kind, method, **settings)
        ids = [row["id"] for row in at.sim.messages()]
        results = list(at.gmail.fetch_many(ids, 2, batch=10))
        assert sorted(message_id for message_id, _ in results) == sorted(ids)
        for message_id, result in results:
            assert isinstance(result, RawMail)
            assert result.id == message_id
        subjects = {result.raw.split(b"Subject: ")[1].split(b"\r\n")[0] for _, result in results}  # type: ignore[union-attr]
        assert len(subjects) == 20
        assert at.sim.faults()[0]["fired"] > 0


def test_only_the_parts_that_failed_are_fetched_again() -> None:
    with desk(mails=10) as at:
        ids = [row["id"] for row in at.sim.messages()]
        at.sim.fault("batch_fail_parts", "batch", times=1, count=3, part_kind="error_500")
        list(at.gmail.fetch_many(ids, 1, batch=10))
        assert len([row for row in at.calls("messages.get") if row["in_batch"] and row["status"] == 200]) == 10
        assert len(at.calls("batch")) == 2


def test_a_batch_is_never_larger_than_25_parts() -> None:
    with desk(mails=60, pace=Pace(100)) as at:
        ids = [row["id"] for row in at.sim.messages()]
        assert len(list(at.gmail.fetch_many(ids, 1, batch=1000))) == 60
        assert len(at.calls("batch")) == 3


# -- quota


def test_the_quota_is_never_overdrawn_and_nothing_is_refused() -> None:
    plan = Plan("test", 300, None, message=20)
    with desk(mails=40, options=Options(quota="standard"), sleep=time.sleep, now=time.monotonic) as at:
        at.sim.set_quota("standard", units=300, window_s=1.0)
        at.forget()
        api = GmailApi(at.tokens, at.sim.url, limiter=LocalLimiter(plan, window_s=1.2))
        ids = [row["id"] for row in at.sim.messages()]
        assert all(isinstance(result, RawMail) for _, result in type(at.gmail)(api).fetch_many(ids, 4))
        stats = at.sim.stats()
        assert stats["max_window_units"] <= 300
        assert {row["status"] for row in at.calls("messages.get")} == {200}


def test_another_program_on_the_quota_slows_us_down_and_loses_nothing() -> None:
    with desk(mails=30, options=Options(quota="standard"), sleep=time.sleep, now=time.monotonic) as at:
        at.sim.set_quota("standard", units=600, window_s=0.5)
        api = GmailApi(at.tokens, at.sim.url, limiter=LocalLimiter(Plan("test", 600, None, message=20), window_s=0.6))
        at.sim.fault("eat_quota", "messages.get", every=10, units=300)
        ids = [row["id"] for row in at.sim.messages()]
        assert all(isinstance(result, RawMail) for _, result in type(at.gmail)(api).fetch_many(ids, 4))


def test_collisions_lower_the_calls_at_once() -> None:
    with desk(mails=40) as at:
        at.sim.set_quota("off", concurrency=2)
        at.sim.set_habits(latency_s=0.03)
        api = GmailApi(
            at.tokens,
            at.sim.url,
            sleep=at.waits.sleep,
            now=at.waits.now,
            limiter=LocalLimiter(clock=at.waits.now),
            pace=Pace(8, clock=at.waits.now),
        )
        lowest = [8]
        watching = threading.Event()

        def watch() -> None:
            while not watching.wait(0.005):
                lowest.append(api.pace.allowed)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            ids = [row["id"] for row in at.sim.messages()]
            assert all(isinstance(result, RawMail) for _, result in type(at.gmail)(api).fetch_many(ids, 8))
        finally:
            watching.set()
            watcher.join()
        assert min(lowest) <= 4


def test_an_exhausted_window_of_our_own_is_told_without_a_call() -> None:
    with desk(mails=9, plan=Plan("test", 100, None, message=20), patience_s=3.0) as at:
        ids = [row["id"] for row in at.sim.messages()]
        at.forget()
        got: list[object] = []
        error = refusal(functools.partial(_drain, at, ids, got))
        assert isinstance(error, RateLimited)
        assert error.code == "quota_wait"
        assert error.retry_after_s is not None
        assert 50 < error.retry_after_s <= 61
        assert len(got) == len(at.calls("messages.get")) == 4


def _drain(at: Desk, ids: list[str], got: list[object]) -> None:
    got.extend(result for _, result in _each(at, ids, got))


def _each(at: Desk, ids: list[str], got: list[object]) -> Any:
    for message_id, result in at.gmail.fetch_many(ids, 1):
        got.append(result)
        yield from ()
        assert message_id


def test_a_listing_longer_than_a_minutes_quota_waits_and_ends() -> None:
    with desk(
        options=Options(quota="off", synthetic=3000), plan=Plan("test", 30, None, message=20), patience_s=3.0
    ) as at:
        pages = list(at.gmail.everything(None, None))
        found = [each.id for page in pages for each in page.found]
        assert len(found) == len(set(found)) == 3000
        assert [page for page in pages if not page.found], "it shows signs of life meanwhile"
        assert len(at.calls("messages.list")) == 5 + 6 + 6
        assert max(at.waits.slept) <= 3.0


def test_likely_receipts_are_found_by_gmails_search() -> None:
    with desk(mails=3) as at:
        likely = {at.sim.deliver(mail(subject)) for subject in ("Your invoice 7", "קבלה 12", "Votre facture")}
        likely.add(at.sim.deliver(mail("x", attachments=(("a.pdf", "application/pdf", b"%PDF-"),))))
        at.sim.deliver(mail("invoice nobody asked for"), labels=["SPAM"])
        assert {each for page in at.gmail.likely(None, None) for each in page} == likely
