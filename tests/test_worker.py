"""The real processes together: sync over HTTP, killed workers, a Redis that goes away, and what the logs say."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from jobs.mails import COUNTED
from tests.support import post
from tests.support.processes import until
from tests.support.product import Business, Product, product

LETTERS = 6


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Product]:
    with product(tmp_path) as started:
        started.start_web()
        yield started


def _deliver(running: Product, receipts: int) -> None:
    for number in range(receipts):
        running.standin.deliver(post.receipt(number))
    for number in range(LETTERS):
        running.standin.deliver(post.letter(number))


def _connected(running: Product, name: str = "Kedem") -> Business:
    business = running.business(name)
    business.connect()
    return business


def _numbers(business: Business) -> Counter[str]:
    return Counter(receipt["number"] for receipt in business.everything("/api/receipts"))


def _whole(receipts: int) -> Counter[str]:
    return Counter(f"HC-{number:05d}" for number in range(receipts))


def test_a_sync_from_the_click_to_the_receipts_and_the_log_tells_it_in_order(running: Product) -> None:
    _deliver(running, 5)
    business = _connected(running)
    running.start_worker()
    business.finished()  # connecting begins a first sync by itself
    running.standin.deliver(post.receipt(5))
    answer = business.sync()
    assert answer.status_code == 202
    body = answer.json()
    assert (body["success"], body["status"], body["worker"]) == (True, "queued", "alive")
    assert body["job_id"]
    assert body["message"]
    run = business.finished(body["run_id"])
    assert (run["status"], run["progress_percentage"]) == ("completed", 100)
    assert (run["counters"]["found"], run["counters"]["receipts"], run["counters"]["left"]) == (1, 1, 0)
    assert _numbers(business) == _whole(6)
    assert len(business.everything("/api/mail")) == 6 + LETTERS

    worker, web = running.log("worker"), running.log("web")
    _in_order(
        worker,
        "🔔 WORKER_START: ProSaaS Background Worker",
        "✓ Redis connection successful",
        "✓ Database ready",
        "✓ Job functions imported successfully",
        "Listening to queues: ['high', 'default', 'low']",
        "🚀 Worker is now READY and LISTENING for jobs...",
        "🔔 JOB_START: Gmail receipts sync",
        "🔔 JOB_DONE: Gmail sync completed successfully",
    )
    _in_order(web, "✓ Redis connection verified", "ENQUEUING JOB queue: default", "🔔 JOB ENQUEUED SUCCESSFULLY")
    for line in worker.splitlines():
        if "JOB_" in line and "Gmail" in line:  # a nightly backup may fall into this minute
            assert re.search(r"run=\d+", line), line
            assert re.search(r"business=\d+", line), line
    for secret in ("me@example.com", "billing@", "Your receipt", "Lunch on day", business.token, "Bearer", "1//"):
        assert secret not in worker
        assert secret not in web


def _in_order(log: str, *lines: str) -> None:
    at = 0
    for line in lines:
        found = log.find(line, at)
        assert found >= 0, f"not in the log, or not in its place: {line}\n{log}"
        at = found


def test_without_redis_the_answer_is_503_within_two_seconds_and_it_recovers_by_itself(running: Product) -> None:
    _deliver(running, 2)
    business = _connected(running)
    running.start_worker()
    business.finished()
    running.redis.kill()
    began = time.monotonic()
    answer = business.sync()
    assert time.monotonic() - began < 2
    assert answer.status_code == 503
    body = answer.json()
    assert body["error"] == "Redis not available - worker queue disabled. Please contact support."
    assert (body["success"], body["code"]) == (False, "redis_unavailable")
    assert body["technical_details"]
    assert business.call("GET", "/api/health").status_code == 503
    assert "✗ Redis not available" in running.log("web")
    running.redis.start()
    answer = business.sync()
    assert answer.status_code == 202
    assert business.finished(answer.json()["run_id"])["status"] == "completed"


def test_of_two_requests_at_once_one_is_taken_and_one_is_told_of_it(running: Product) -> None:
    _deliver(running, 3)
    business = _connected(running)
    worker = running.start_worker()
    business.finished()
    os.killpg(worker.pid, signal.SIGSTOP)  # however late the second request comes, the first one's run is not over
    answers: list[requests.Response] = []
    together = threading.Barrier(2)

    def press() -> None:
        together.wait()
        answers.append(business.sync())

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.killpg(worker.pid, signal.SIGCONT)
    taken, told = sorted(answers, key=lambda answer: answer.status_code)
    assert (taken.status_code, told.status_code) == (202, 409)
    assert told.json()["run_id"] == taken.json()["run_id"]
    assert business.finished(taken.json()["run_id"])["status"] == "completed"


def test_a_worker_killed_in_mid_sync_costs_nothing_and_the_run_goes_on_by_itself(running: Product) -> None:
    _deliver(running, 40)
    running.standin.set_habits(latency_s=0.05)
    business = _connected(running)
    worker = running.start_worker()
    until(lambda: business.run()["counters"]["fetched"] >= 8, "some mails are fetched")
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    run = business.run()
    assert run["status"] == "running"
    assert run["counters"]["left"] > 0
    running.standin.set_habits(latency_s=0.0)
    running.start_worker()
    run = business.finished(run["id"])
    assert run["status"] == "completed"
    assert _numbers(business) == _whole(40)
    mails = business.everything("/api/mail")
    assert Counter(mail["outcome"] for mail in mails) == {"receipt": 40, "not_receipt": LETTERS}
    gets = Counter(call["params"].get("id") or call["n"] for call in running.standin.journal(method="messages.get"))
    # What was under way when it died, at most, and what had come while so many were being read.
    assert sum(gets.values()) <= 40 + LETTERS + 4 + COUNTED
    assert max(gets.values()) <= 2


def test_redis_killed_and_wiped_in_mid_sync_loses_no_run(running: Product) -> None:
    _deliver(running, 30)
    running.standin.set_habits(latency_s=0.05)
    business = _connected(running)
    running.start_worker()
    until(lambda: business.run()["counters"]["fetched"] >= 5, "some mails are fetched")
    running.redis.kill(wipe=True)
    time.sleep(0.5)
    running.redis.start()
    run = business.finished()
    assert run["status"] == "completed"
    assert _numbers(business) == _whole(30)


def test_two_businesses_sync_at_the_same_time_in_two_workers(running: Product) -> None:
    _deliver(running, 30)
    running.standin.set_habits(latency_s=0.1)
    first, second = _connected(running, "Kedem"), _connected(running, "Other")
    running.start_worker()
    running.start_worker()
    both = []

    def overlap() -> bool:
        now = [business.run() for business in (first, second)]
        both.append(all(run["status"] == "running" and run["counters"]["fetched"] for run in now))
        return both[-1]

    until(overlap, "both run at once")
    running.standin.set_habits(latency_s=0.0)
    for business in (first, second):
        assert business.finished()["status"] == "completed"
        assert _numbers(business) == _whole(30)


def test_a_worker_that_is_told_to_stop_does_so_at_once_and_the_run_waits_for_the_next(running: Product) -> None:
    _deliver(running, 40)
    running.standin.set_habits(latency_s=0.1)
    business = _connected(running)
    worker = running.start_worker()
    until(lambda: business.run()["counters"]["fetched"] >= 3, "some mails are fetched")
    began = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    worker.wait(20)
    assert time.monotonic() - began < 8
    assert worker.returncode == 0
    assert business.run()["status"] == "running"
    running.standin.set_habits(latency_s=0.0)
    running.start_worker()
    assert business.finished()["status"] == "completed"
    assert _numbers(business) == _whole(40)
