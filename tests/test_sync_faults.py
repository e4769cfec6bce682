"""Every fault that the stand-in knows ends well: the mail is read, or a sentence stands on it or on its mailbox."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import pytest
from redis import Redis

from demo.standin import faults
from demo.standin.server import StandIn
from jobs import adapters
from models import Business, Mail, Mailbox, Receipt, SyncRun
from receipts.child import Reader
from sources import gmail
from sources.gmail_api import GmailApi
from store import ledger, runs
from tests.support import desk, installation, post
from tests.support.redis_server import RedisServer

Ends = Literal["fine", "mail", "mailbox"]


@dataclass(frozen=True)
class Case:
    """Where a fault strikes, and what it must end in: all is read, a mail says why, or the mailbox says why."""

    method: str = "messages.get"
    ends: Ends = "fine"
    rule: dict[str, Any] = field(default_factory=dict)
    full: bool = False  # only a full pass lists
    token: bool = False  # only a token that is over is renewed
    legacy: bool = False  # only there are calls put in batches


LIST: dict[str, Any] = {"method": "messages.list", "full": True}
HISTORY: dict[str, Any] = {"method": "history.list"}
TOKEN: dict[str, Any] = {"method": "token", "token": True}
BATCH: dict[str, Any] = {"method": "batch", "legacy": True}

TABLE: dict[str, list[Case]] = {
    "concurrent_429": [Case(), Case(**LIST), Case(**HISTORY), Case("messages.get", legacy=True)],
    "burst_429": [Case(), Case(**LIST), Case(**HISTORY)],
    "user_rate_429": [Case(rule={"retry_s": 1}), Case(rule={"retry_s": 60}), Case(rule={"retry_s": 2}, **HISTORY)],
    "quota_403": [Case(), Case(**LIST), Case(**HISTORY)],
    "user_rate_403": [Case()],
    "daily_403": [Case(), Case(**HISTORY)],
    "domain_policy": [Case(ends="mailbox"), Case(ends="mailbox", **HISTORY)],
    "not_configured": [Case(ends="mailbox"), Case(ends="mailbox", **LIST)],
    "insufficient_scopes": [Case(ends="mailbox"), Case(ends="mailbox", legacy=True)],
    "precondition": [Case(ends="mailbox"), Case(ends="mailbox", **HISTORY)],
    "error_500": [Case(), Case(**LIST), Case(**HISTORY), Case("getProfile", full=True)],
    "error_502": [Case(), Case(**HISTORY), Case("getProfile", full=True)],
    "error_503": [Case(), Case(**BATCH)],
    "error_504": [Case()],
    "unauthorized": [Case(), Case(**LIST), Case(**HISTORY), Case("messages.get", legacy=True)],
    "not_found": [Case(), Case(ends="mail", rule={"times": None, "nth": ()}), Case(**HISTORY)],
    "slow_first_byte": [Case(rule={"delay_s": 0.3}), Case(rule={"delay_s": 2})],
    "drip": [Case(rule={"bytes_per_s": 9000}), Case(rule={"bytes_per_s": 150})],
    "reset": [Case(), Case(rule={"after_bytes": 300}), Case(**LIST), Case(**HISTORY), Case(**BATCH)],
    "cut": [Case(rule={"framing": framing}) for framing in ("content-length", "chunked", "gzip", "close")]
    + [Case(rule={"framing": "gzip"}, **LIST), Case(rule={"framing": "close"}, **HISTORY)]
    + [Case(rule={"framing": "close"}, **BATCH)],
    "empty": [Case(), Case(**LIST), Case(**HISTORY), Case("getProfile", full=True)],
    "garbage": [Case(), Case(**LIST), Case(**HISTORY), Case(**BATCH)],
    "token_503": [Case(**TOKEN)],
    "invalid_grant": [
        Case(ends="mailbox", rule={"reason": reason}, **TOKEN) for reason in ("revoked", "expired", "password")
    ],
    "history_404": [Case(**HISTORY)],
    "history_empty_page": [Case(**HISTORY)],
    "history_backwards": [Case(rule={"by": 1000}, **HISTORY), Case("getProfile", full=True, rule={"by": 1000})],
    "list_duplicate": [Case(**LIST)],
    "list_overlap": [Case(**LIST)],
    "list_missing": [Case(**LIST)],
    "list_empty_page": [Case(**LIST)],
    "page_token_rejected": [Case(**LIST), Case(**HISTORY)],
    "vanish": [Case(ends="mail")],
    "late_404": [Case(rule={"age_s": 3600, "times": 2, "nth": ()})],
    "label_change": [Case(), Case(ends="mail", rule={"add": ["TRASH"], "remove": ["INBOX"]})],
    "empty_raw": [Case()],
    "eat_quota": [Case(rule={"units": 190})],
    "batch_shuffle": [Case(**BATCH)],
    "batch_drop_part": [Case(**BATCH)],
    "batch_fail_parts": [Case(rule={"part_kind": kind}, **BATCH) for kind in ("error_503", "burst_429", "unauthorized")]
    + [Case(ends="mailbox", rule={"part_kind": "domain_policy"}, **BATCH)],
}
OLD, NEW = 1, 3  # mails that are here before the fault, and that come with it


def test_the_table_names_every_fault_that_the_stand_in_knows() -> None:
    assert set(TABLE) == set(faults.KINDS)


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[desk.Desk]:
    # Short waits and time limits, and pages of two mails: what matters is what is done, not how long it is waited.
    brief = partial(GmailApi, sleep=lambda seconds: time.sleep(min(seconds, 0.02)), timeout_s=(2.0, 1.0), whole_s=1.5)
    folder = tmp_path_factory.mktemp("faults")
    with pytest.MonkeyPatch.context() as patch, StandIn() as standin, Reader() as reader:
        patch.setattr(adapters, "GmailApi", brief)
        patch.setattr(gmail, "_PAGE", 2)
        config = desk.settings(folder, standin)
        with installation.database(config):
            yield desk.Desk(config, standin, reader)


@dataclass(frozen=True)
class Mails:
    """A mailbox of its own at the stand-in, connected to a business of its own."""

    business: Business
    mailbox: Mailbox

    def deliver(self, works: desk.Desk, number: int) -> str:
        return works.client.deliver(post.receipt(number), account=self.mailbox.address)


@pytest.fixture
def mails(works: desk.Desk) -> Iterator[Mails]:
    name = f"case-{Business.select().count()}"
    works.client.set_quota("off")
    works.client.add_account(f"{name}@example.com")
    business = installation.business(name)
    yield Mails(business, works.connect(business, f"{name}@example.com"))
    works.client.clear_faults()


CASES = [
    pytest.param(kind, case, id=f"{kind}-{case.method}-{number}")
    for kind, cases in TABLE.items()
    for number, case in enumerate(cases)
]


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_the_fault_ends_in_mail_that_is_read_or_in_a_sentence(
    works: desk.Desk, mails: Mails, kind: str, case: Case, redis_server: RedisServer
) -> None:
    plan = "legacy" if case.legacy else "off"
    redis = redis_server.client()
    for number in range(OLD):
        mails.deliver(works, number)
    assert _through(works, mails, "incremental", plan, redis).status == "completed"
    new = {mails.deliver(works, OLD + number) for number in range(NEW)}
    if case.token:
        works.client.expire_access(account=mails.mailbox.address)
    if kind == "eat_quota":
        works.client.set_quota("standard", units=200, window_s=1.0)
    works.client.fault(kind, case.method, **{"nth": 1, "times": 1, **case.rule})
    run = _through(works, mails, "full" if case.full else "incremental", plan, redis)
    assert works.client.faults()[0]["fired"], "the fault was not met"

    box = Mailbox.get_by_id(mails.mailbox.id)
    if case.ends == "mailbox":
        assert run.status == "failed"
        assert run.error_text
        assert box.error_text == run.error_text
        assert (box.status == "needs_reconnect") == (kind == "invalid_grant")
        assert works.client.stats()["calls_after_invalid_grant"] == 0
        works.client.clear_faults()
        if kind == "invalid_grant":
            works.connect(mails.business, box.address)
        run = _through(works, mails, "incremental", plan, redis)
        box = Mailbox.get_by_id(mails.mailbox.id)
    assert (run.status, run.left) == ("completed", 0), (run.error_code, run.error_text)
    assert (box.status, box.error_text) == ("connected", None)
    rows = list(Mail.select().where(Mail.mailbox == box))
    assert len(rows) == OLD + NEW
    marked = {row.source_id for row in rows if row.outcome != "receipt"}
    assert all(row.outcome in {"receipt", "gone", "failed", "skipped"} and row.reason_text for row in rows)
    assert bool(marked) == (case.ends == "mail")
    assert marked <= new
    assert Receipt.select().where(Receipt.business == mails.business).count() == OLD + NEW - len(marked)


def test_a_mail_that_never_comes_whole_is_set_aside_with_a_sentence(works: desk.Desk, mails: Mails) -> None:
    _through(works, mails)
    mails.deliver(works, 1)
    works.client.fault("empty_raw", "messages.get")
    run = _through(works, mails)
    assert (run.status, run.failed, run.left) == ("completed", 1, 0)
    mail = Mail.get(Mail.mailbox == mails.mailbox)
    assert (mail.outcome, mail.reason_code) == ("failed", "answer_cut")
    assert mail.reason_text
    works.client.clear_faults()
    ledger.retry(mail)
    assert _through(works, mails).receipts == 1


def test_an_outage_that_does_not_end_fails_the_run_with_its_sentence_and_the_next_run_makes_up_for_it(
    works: desk.Desk, mails: Mails
) -> None:
    for number in range(3):
        mails.deliver(works, number)
    works.client.fault("error_503")
    run = _through(works, mails)
    assert (run.status, run.error_code) == ("failed", "google_error")
    assert run.error_text
    works.client.clear_faults()
    run = _through(works, mails)
    assert (run.status, run.receipts) == ("completed", 3)


def test_a_limit_never_fails_a_run_however_long_it_lasts(works: desk.Desk, mails: Mails) -> None:
    mails.deliver(works, 1)
    works.client.fault("daily_403", "messages.get", times=40)
    run = runs.request(mails.business)
    works.bell.append(run.id)
    for _ in range(40):
        works.work(run, steps=2)
        _rested(works, "off", None)
    assert works.client.faults()[0]["fired"] > 12
    works.client.clear_faults()
    _rested(works, "off", None)
    run = works.work(run)
    assert (run.status, run.failed, run.receipts) == ("completed", 0, 1)


def _through(
    works: desk.Desk,
    mails: Mails,
    mode: str = "incremental",
    plan: str = "off",
    redis: Redis | None = None,
) -> SyncRun:
    """A run to its end, however long Google asks to wait: the hours go by in a moment."""
    run = runs.request(mails.business, mode=mode)
    works.bell.append(run.id)
    for _ in range(30):
        _rested(works, plan, redis)
        run = works.work(run, steps=12)
        if run.status not in runs.ACTIVE:
            break
    return run


def _rested(works: desk.Desk, plan: str, redis: Redis | None) -> None:
    """The time has passed that Google asked to wait: its quota begins afresh."""
    if redis is not None:
        redis.flushall()
    config = replace(works.shop.config, gmail_quota=plan)
    works.shop = replace(works.shop, open_source=adapters.opener(config, redis))  # type: ignore[arg-type]
