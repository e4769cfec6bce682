"""Events through the real processes: two workers, one that is killed in the middle, a Redis that forgets everything."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import post
from tests.support.processes import until
from tests.support.product import Business, Product, product
from tests.support.receiver import Receiver, answer, hang, receiver


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Product]:
    with product(tmp_path, PRIVATE_HOSTS="127.0.0.1") as started:
        started.start_web()
        yield started


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as listening:
        yield listening


def _listening(running: Product, there: Receiver, receipts: int) -> Business:
    """A business with so many receipts in a connected mailbox, and a webhook for each of them."""
    for number in range(receipts):
        running.standin.deliver(post.receipt(number))
    business = running.business("Kedem")
    made = business.call("POST", "/api/webhooks", json={"url": there.url, "events": ["receipt.created"]})
    assert made.status_code == 201, made.text
    business.connect()
    return business


def _webhook(business: Business) -> dict[str, Any]:
    (hook,) = business.get("/api/webhooks")["items"]
    return dict(hook)


def _lease_runs_out(running: Product) -> None:
    """What half a minute would bring."""
    database = sqlite3.connect(running.folder / "prosaas.db", timeout=30)
    with database:
        database.execute("update endpoint set lease_until = 0, wake_at = null, rung_at = null")
        database.execute("update delivery set next_try_at = 0 where state = 'waiting'")
    database.close()


def test_two_workers_deliver_each_event_once_and_in_order(running: Product, there: Receiver) -> None:
    business = _listening(running, there, 12)
    running.start_worker()
    running.start_worker()
    until(lambda: len(there.got) >= 12, "all is delivered")
    business.finished()
    assert there.busiest == 1
    sequences = there.sequences()
    assert sequences == sorted(set(sequences))
    told = {one.event["data"]["receipt"]["id"] for one in there.got}
    assert told == {row["id"] for row in business.everything("/api/receipts")}
    until(lambda: _webhook(business)["waiting"] == 0, "the last answer is written down")
    assert len(there.got) == 12
    log = running.log("worker")
    assert there.url not in log
    assert "whsec_" not in log


def test_a_worker_killed_while_it_delivers_loses_no_event(running: Product, there: Receiver) -> None:
    business = _listening(running, there, 3)
    there.way = hang
    worker = running.start_worker()
    until(lambda: there.got, "the first event is on its way")
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    first = there.got[0].event["id"]
    there.way = answer(200)
    running.start_worker()
    business.finished()
    _lease_runs_out(running)
    until(lambda: len({one.event["id"] for one in there.got}) == 3, "all is delivered")
    until(lambda: _webhook(business)["waiting"] == 0, "the last answer is written down")
    assert [one.event["id"] for one in there.got].count(first) == 2, "at least once: the try that was cut off counts"
    log = business.get(f"/api/webhooks/{_webhook(business)['id']}/deliveries")["items"][-1]["log"]
    assert [entry["error"] and entry["error"]["code"] for entry in log] == ["interrupted", None]


def test_events_outlive_a_redis_that_forgets_everything(running: Product, there: Receiver) -> None:
    business = _listening(running, there, 1)
    running.start_worker()
    until(lambda: there.got, "the first event is delivered")
    (row,) = business.everything("/api/receipts")
    business.call("PATCH", f"/api/webhooks/{_webhook(business)['id']}", json={"events": ["*"]})
    business.finished()
    there.got.clear()
    running.redis.kill(wipe=True)
    done = business.call("PATCH", f"/api/receipts/{row['id']}", json={"note": "mine"}, headers={"If-Match": '"1"'})
    assert done.ok, done.text
    assert there.got == []
    running.redis.start()
    until(lambda: "receipt.updated" in {one.event["type"] for one in there.got}, "what was told meanwhile arrives")
