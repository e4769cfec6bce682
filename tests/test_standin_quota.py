"""The Gmail stand-in's limits: units in a window, requests in flight, bytes a day, and the figures it keeps."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import requests

from demo.standin import ControlError
from demo.standin.quota import Limits, Meter, Quota
from demo.standin.refusals import Refusal
from tests.support.discovery import Checked
from tests.support.processes import until
from tests.support.standin import Caller, error, mail


@pytest.fixture
def standin() -> Iterator[Checked]:
    with Checked() as made:
        yield made
        assert made.wrong == []


@pytest.fixture
def caller(standin: Checked) -> Caller:
    return Caller(standin)


def test_each_method_costs_what_googles_price_list_says(standin: Checked, caller: Caller) -> None:
    made = standin.client.deliver(mail(attachments=(("a.pdf", "application/pdf", b"%PDF"),)))
    start = caller.get("profile")["historyId"]
    key = caller.get(f"messages/{made}")["payload"]["parts"][1]["body"]["attachmentId"]
    paths = {
        "profile": (1, 1),
        "labels": (1, 1),
        "messages": (5, 5),
        f"messages/{made}": (20, 5),
        f"messages/{made}/attachments/{key}": (20, 5),
        f"threads/{made}": (40, 10),
    }
    for place, mode in enumerate(("standard", "legacy")):
        standin.client.set_quota(mode)
        for path, units in paths.items():
            standin.client.reset_stats()
            caller.get(path)
            assert standin.client.stats()["units"] == units[place], (path, mode)
        standin.client.reset_stats()
        caller.get("history", startHistoryId=start)
        assert standin.client.stats()["units"] == 2


@pytest.mark.parametrize(("mode", "units"), [("standard", 6_000), ("legacy", 15_000)])
def test_a_full_window_refuses_until_units_leave_it(standin: Checked, caller: Caller, mode: str, units: int) -> None:
    standin.client.set_quota(mode)
    standin.client.eat(units - 10)
    caller.get("messages")
    caller.get("messages")
    assert error(caller.get("messages", 403)) == (403, "rateLimitExceeded")
    standin.client.advance(30)
    caller.get("messages", 403)
    standin.client.advance(31)
    caller.get("messages")
    stats = standin.client.stats()
    assert (stats["units"], stats["max_window_units"], stats["limit"]) == (15, 10, units)
    assert stats["refused"] == {"quota": 2}


def test_limits_can_be_scaled_down_and_lifted(standin: Checked, caller: Caller) -> None:
    assert standin.client.set_quota(units=5, window_s=2.0)["mode"] == "standard"
    caller.get("messages")
    caller.get("messages", 403)
    standin.client.advance(2.1)
    caller.get("messages")
    standin.client.set_quota(units=None)
    for _ in range(3):
        caller.get("messages")
    assert standin.client.set_quota("off")["concurrency"] is None
    with pytest.raises(ControlError):
        standin.client.set_quota("generous")
    with pytest.raises(ControlError):
        standin.client.set_quota(colour="red")


def test_the_projects_limit_counts_all_users_together(standin: Checked) -> None:
    standin.client.add_account("you@example.org")
    standin.client.set_quota(project_units=11)
    mine, yours = Caller(standin), Caller(standin, account="you@example.org")
    mine.get("messages")
    yours.get("messages")
    assert error(mine.get("messages", 403)) == (403, "rateLimitExceeded")
    users = standin.client.stats()["users"]
    assert {user: figures["units"] for user, figures in users.items()} == {"me@example.com": 5, "you@example.org": 5}


def test_more_requests_in_flight_than_the_limit_are_refused(
    standin: Checked, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin.client.set_quota(concurrency=3)
    go_on = threading.Event()
    monkeypatch.setattr(standin.world, "delay", lambda: go_on.wait(60))
    headers = {"Authorization": caller.session.headers["Authorization"]}
    statuses: list[int] = []

    def call() -> None:
        statuses.append(requests.get(f"{caller.base}/profile", headers=headers, timeout=90).status_code)

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: standin.client.stats()["most_in_flight"] == 3, "three requests in flight")
    refused = caller.get("profile", 429)
    assert refused["error"]["message"] == "Too many concurrent requests for user."
    go_on.set()
    for thread in threads:
        thread.join()
    assert statuses == [200, 200, 200]
    caller.get("profile")
    stats = standin.client.stats()
    assert (stats["units"], stats["refused"]) == (4, {"concurrent": 1})


def test_every_part_of_a_batch_is_in_flight_at_once(standin: Checked, caller: Caller) -> None:
    parts = "".join(
        f"--x\r\nContent-Type: application/http\r\nContent-ID: <p{n}>\r\n\r\nGET /gmail/v1/users/me/profile\r\n\r\n"
        for n in range(25)
    )
    kind = {"Content-Type": "multipart/mixed; boundary=x"}
    answer = caller.session.post(f"{standin.url}/batch", data=f"{parts}--x--\r\n".encode(), headers=kind, timeout=30)
    assert (answer.content.count(b"HTTP/1.1 200"), answer.content.count(b"HTTP/1.1 429")) == (20, 5)
    stats = standin.client.stats()
    assert (stats["units"], stats["refused"]) == (20, {"concurrent": 5})


def test_a_days_bytes_run_out_with_the_moment_to_come_back(standin: Checked, caller: Caller) -> None:
    made = standin.client.deliver(mail(text="x" * 4000))
    standin.client.set_quota(bytes_per_day=4000)
    caller.get(f"messages/{made}", format="raw")
    refused = caller.get(f"messages/{made}", 429, format="raw")
    assert refused["error"]["message"].startswith("User-rate limit exceeded.  Retry after 20")
    standin.client.advance(3590)
    caller.get("profile", 429)
    standin.client.advance(86_400)
    Caller(standin).get("profile")


def test_the_fullest_window_is_found_wherever_it_lies() -> None:
    meter = Meter()
    for moment, units in ((0, 10), (30, 10), (59, 10), (60, 10), (200, 25)):
        meter.prune(moment, 60)
        meter.add(moment, units)
    assert (meter.most, meter.total) == (30, 65)


def test_a_refused_call_takes_nothing() -> None:
    quota = Quota(Limits("standard", units=30))
    quota.charge("me", 20, 0.0)
    with pytest.raises(Refusal):
        quota.charge("me", 20, 1.0)
    quota.charge("me", 10, 2.0)
    quota.charge("me", 20, 60.0)
    assert quota.figures("me", 60.0)["window_units"] == 30
