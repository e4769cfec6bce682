"""The faults that the Gmail stand-in plays, each as its caller meets it."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import requests

from demo.standin import ControlError, Options
from demo.standin.faults import KINDS
from tests.support.discovery import Checked
from tests.support.standin import Caller, error, mail, refreshed


@pytest.fixture
def standin() -> Iterator[Checked]:
    with Checked(options=Options(quota="off")) as made:
        yield made
        assert made.wrong == []


@pytest.fixture
def caller(standin: Checked) -> Caller:
    return Caller(standin)


def arm(standin: Checked, kind: str, method: str = "*", **rule: Any) -> int:
    return standin.client.fault(kind, method, **rule)


@pytest.mark.parametrize(
    ("kind", "status", "reason", "text"),
    [
        ("concurrent_429", 429, "rateLimitExceeded", "Too many concurrent requests for user."),
        ("burst_429", 429, "rateLimitExceeded", "Resource has been exhausted (e.g. check quota)."),
        ("user_rate_429", 429, "rateLimitExceeded", "User-rate limit exceeded.  Retry after 20"),
        ("quota_403", 403, "rateLimitExceeded", "Quota exceeded for quota metric 'Queries'"),
        ("user_rate_403", 403, "userRateLimitExceeded", "User Rate Limit Exceeded"),
        ("daily_403", 403, "dailyLimitExceeded", "Daily Limit Exceeded"),
        ("domain_policy", 403, "domainPolicy", "The domain administrators"),
        ("not_configured", 403, "accessNotConfigured", "Gmail API has not been used"),
        ("insufficient_scopes", 403, "insufficientPermissions", "Request had insufficient"),
        ("precondition", 400, "failedPrecondition", "Precondition check failed."),
        ("error_500", 500, "backendError", "Backend Error"),
        ("error_503", 503, "backendError", "The service is currently unavailable."),
        ("error_504", 504, "backendError", "Deadline expired"),
        ("unauthorized", 401, "authError", "Request had invalid authentication credentials."),
        ("not_found", 404, "notFound", "Requested entity was not found."),
    ],
)
def test_a_refusal_comes_in_googles_words_and_costs_nothing(
    standin: Checked, caller: Caller, kind: str, status: int, reason: str, text: str
) -> None:
    arm(standin, kind, "getProfile", nth=1)
    answer = caller.get("profile", status)
    assert error(answer) == (status, reason)
    assert answer["error"]["message"].startswith(text)
    assert standin.client.stats()["units"] == 0
    caller.get("profile")
    assert standin.client.journal(method="getProfile")[0]["fault"] == kind


def test_502_is_a_page_of_html(standin: Checked, caller: Caller) -> None:
    arm(standin, "error_502", nth=1)
    answer = caller.session.get(f"{caller.base}/profile", timeout=30)
    assert answer.status_code == 502
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<title>Error 502" in answer.text


def test_rules_fire_by_count_chance_method_window_and_limit(standin: Checked, caller: Caller) -> None:
    def statuses(count: int) -> list[int]:
        return [caller.session.get(f"{caller.base}/profile", timeout=30).status_code for _ in range(count)]

    rule = arm(standin, "error_503", "getProfile", nth=[2, 3])
    assert statuses(4) == [200, 503, 503, 200]
    told = next(entry for entry in standin.client.faults() if entry["id"] == rule)
    assert (told["seen"], told["fired"]) == (4, 2)
    standin.client.clear_faults()
    arm(standin, "error_503", "*.list", every=1)
    assert statuses(1) == [200]
    standin.client.clear_faults()
    arm(standin, "error_503", every=2, times=1)
    assert statuses(5) == [200, 503, 200, 200, 200]
    standin.client.clear_faults()
    arm(standin, "error_503", probability=0.5)
    by_chance = statuses(40)
    assert 5 < by_chance.count(503) < 35
    standin.client.clear_faults()
    arm(standin, "error_503", from_s=100, until_s=200)
    assert statuses(1) == [200]
    standin.client.advance(150)
    assert statuses(1) == [503]
    standin.client.advance(100)
    assert statuses(1) == [200]
    standin.client.clear_faults()
    arm(standin, "error_503", account="you@example.org")
    assert statuses(1) == [200]


def test_chance_is_the_same_for_the_same_seed() -> None:
    seen = []
    for _ in range(2):
        with Checked(options=Options(quota="off", seed=7)) as standin:
            caller = Caller(standin)
            arm(standin, "error_500", probability=0.3)
            one = [caller.session.get(f"{caller.base}/profile", timeout=30).status_code for _ in range(30)]
            seen.append(one)
    assert seen[0] == seen[1]
    assert len(set(seen[0])) == 2


def test_a_rule_that_makes_no_sense_is_refused_with_a_sentence(standin: Checked) -> None:
    for rule in (
        {"kind": "earthquake"},
        {"kind": "cut", "framing": "tape"},
        {"kind": "drip", "colour": "red"},
        {"kind": "batch_fail_parts", "part_kind": "drip"},
    ):
        with pytest.raises(ControlError) as refused:
            standin.client.fault(**rule)
        assert str(refused.value).endswith(".")


# -- on the wire


def raw_of(standin: Checked, caller: Caller, agent: str = "plain") -> Callable[[], requests.Response]:
    made = standin.client.deliver(mail(text="receipt " * 3000))
    caller.session.headers["User-Agent"] = agent
    url = f"{caller.base}/messages/{made}"
    return lambda: caller.session.get(url, params={"format": "raw"}, timeout=30)


def test_a_slow_first_byte_and_a_drip_take_their_time_and_arrive_whole(standin: Checked, caller: Caller) -> None:
    get = raw_of(standin, caller)
    whole = get().json()["sizeEstimate"]
    arm(standin, "slow_first_byte", "messages.get", nth=1, delay_s=0.4)
    started = time.monotonic()
    assert get().json()["sizeEstimate"] == whole
    assert time.monotonic() - started > 0.35
    standin.client.clear_faults()
    arm(standin, "drip", "messages.get", nth=1, bytes_per_s=100_000)
    started = time.monotonic()
    assert get().json()["sizeEstimate"] == whole
    assert time.monotonic() - started > 0.2


def test_a_reset_breaks_the_connection_before_or_within_the_answer(standin: Checked, caller: Caller) -> None:
    get = raw_of(standin, caller)
    arm(standin, "reset", "messages.get", nth=1)
    with pytest.raises(requests.ConnectionError):
        get()
    arm(standin, "reset", "messages.get", nth=1, after_bytes=400)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        get()
    assert get().status_code == 200


def test_a_reset_is_a_reset_and_no_polite_end(standin: Checked) -> None:
    arm(standin, "reset", "token", nth=1)
    with socket.create_connection(("127.0.0.1", standin.port), timeout=30) as raw:
        raw.sendall(b"POST /token HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            raw.recv(100)


@pytest.mark.parametrize("framing", ["content-length", "chunked", "gzip", "close"])
def test_a_cut_body_never_gives_the_whole_message(standin: Checked, caller: Caller, framing: str) -> None:
    """The cut gzip and the body without a length raise nothing in requests: only the JSON shows it."""
    get = raw_of(standin, caller, agent="test (gzip)" if framing == "gzip" else "plain")
    assert get().status_code == 200
    arm(standin, "cut", "messages.get", nth=1, framing=framing)
    silent = framing in {"gzip", "close"}
    expected = json.JSONDecodeError if silent else requests.exceptions.RequestException
    arrived: list[requests.Response] = []

    def read() -> None:
        arrived.append(get())
        arrived[0].json()

    with pytest.raises(expected):
        read()
    assert len(arrived) == silent
    assert get().json()["raw"]


def test_an_empty_answer_and_a_page_instead_of_json(standin: Checked, caller: Caller) -> None:
    get = raw_of(standin, caller)
    for kind in ("empty", "garbage"):
        arm(standin, kind, "messages.get", nth=1)
        answer = get()
        assert answer.status_code == 200
        with pytest.raises(requests.JSONDecodeError):
            answer.json()
        standin.client.clear_faults()


# -- tokens


def test_the_token_endpoint_fails_for_a_while_or_for_good(standin: Checked) -> None:
    tokens = standin.client.grant()
    arm(standin, "token_503", nth=1)
    assert refreshed(standin.client, tokens["refresh_token"]).status_code == 503
    assert refreshed(standin.client, tokens["refresh_token"]).status_code == 200
    arm(standin, "invalid_grant", nth=1, reason="password")
    assert refreshed(standin.client, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert refreshed(standin.client, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert standin.client.stats()["calls_after_invalid_grant"] == 1


# -- history and lists


def test_history_is_lost_empty_or_goes_back(standin: Checked, caller: Caller) -> None:
    start = caller.get("profile")["historyId"]
    made = standin.client.deliver(mail())
    arm(standin, "history_404", nth=1)
    caller.get("history", 404, startHistoryId=start)
    arm(standin, "history_empty_page", nth=1)
    page = caller.get("history", startHistoryId=start)
    assert "history" not in page
    after = caller.get("history", startHistoryId=start, pageToken=page["nextPageToken"])
    assert after["history"][0]["messagesAdded"][0]["message"]["id"] == made
    arm(standin, "history_backwards", nth=1, by=5000)
    assert int(caller.get("profile")["historyId"]) < int(start)
    standin.client.clear_faults()
    standin.client.history_back(9000)
    assert int(caller.get("profile")["historyId"]) < int(start)
    assert "history" not in caller.get("history", startHistoryId=start)


def test_lists_repeat_overlap_and_leave_out(standin: Checked, caller: Caller) -> None:
    made = {standin.client.deliver(mail(f"n{n}")) for n in range(12)}
    arm(standin, "list_duplicate", nth=1)
    page = [message["id"] for message in caller.get("messages", maxResults=5)["messages"]]
    assert (len(page), len(set(page))) == (8, 5)
    standin.client.clear_faults()
    arm(standin, "list_overlap", nth=1)
    found = caller.ids(maxResults=5)
    assert set(found) == made
    assert len(found) == 12 + 3
    standin.client.clear_faults()
    arm(standin, "list_missing", nth=2, count=2)
    found = caller.ids(maxResults=5)
    assert len(set(found)) == 10
    standin.client.clear_faults()
    arm(standin, "list_empty_page", nth=1)
    first = caller.get("messages", maxResults=5)
    assert "messages" not in first
    assert len(caller.get("messages", maxResults=500, pageToken=first["nextPageToken"])["messages"]) == 12
    standin.client.clear_faults()
    token = caller.get("messages", maxResults=5)["nextPageToken"]
    arm(standin, "page_token_rejected", "messages.list", times=1)
    assert error(caller.get("messages", 400, pageToken=token, maxResults=5)) == (400, "invalidArgument")
    caller.get("messages", pageToken=token, maxResults=5)


def test_a_message_vanishes_comes_late_changes_or_is_empty(standin: Checked, caller: Caller) -> None:
    one, two = standin.client.deliver(mail()), standin.client.deliver(mail())
    arm(standin, "vanish", nth=1)
    caller.get(f"messages/{one}", 404)
    assert [told["id"] for told in standin.client.messages()] == [two]
    standin.client.clear_faults()
    arm(standin, "late_404", age_s=3)
    caller.get(f"messages/{two}", 404)
    standin.client.advance(4)
    caller.get(f"messages/{two}")
    standin.client.clear_faults()
    arm(standin, "label_change", nth=1, add=["STARRED"], remove=["UNREAD"])
    assert caller.get(f"messages/{two}")["labelIds"] == ["INBOX", "STARRED"]
    arm(standin, "empty_raw", nth=1)
    assert caller.get(f"messages/{two}", format="raw")["raw"] == ""
    assert caller.get(f"messages/{two}", format="raw")["raw"] != ""


def test_another_program_eats_the_quota(standin: Checked, caller: Caller) -> None:
    standin.client.set_quota("standard")
    arm(standin, "eat_quota", "getProfile", nth=1, units=5_999)
    caller.get("profile")
    assert error(caller.get("profile", 403)) == (403, "rateLimitExceeded")
    stats = standin.client.stats()
    assert (stats["units"], stats["window_units_with_others"]) == (1, 6_000)


# -- batch


def send_batch(
    caller: Caller, ids: list[str], *, path: str = "/batch/gmail/v1"
) -> tuple[int, dict[str, int], list[str]]:
    """A batch of minimal gets: the outer status, each part's status by its name, and the names in their order."""
    lines = []
    for index, one in enumerate(ids):
        lines += ["--x", "Content-Type: application/http", f"Content-ID: <p{index}>", ""]
        lines += [f"GET /gmail/v1/users/me/messages/{one}?format=minimal", "", ""]
    body = "\r\n".join([*lines, "--x--", ""])
    kind = {"Content-Type": "multipart/mixed; boundary=x"}
    answer = caller.session.post(caller.client.url + path, data=body.encode(), headers=kind, timeout=30)
    if answer.status_code != 200:
        return answer.status_code, {}, []
    whole = message_from_bytes(f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode() + answer.content)
    order, statuses = [], {}
    for part in whole.get_payload():
        assert isinstance(part, Message)
        name = part["Content-ID"].removeprefix("<response-").rstrip(">")
        order.append(name)
        statuses[name] = int(str(part.get_payload()).split(" ")[1])
    return 200, statuses, order


def test_a_batch_answers_every_part_under_its_name(standin: Checked, caller: Caller) -> None:
    made = [standin.client.deliver(mail(f"n{n}")) for n in range(6)]
    for path in ("/batch", "/batch/gmail/v1"):
        status, parts, order = send_batch(caller, [*made, "zz"], path=path)
        assert status == 200
        assert parts == {**{f"p{n}": 200 for n in range(6)}, "p6": 400}
        assert order == [f"p{n}" for n in range(7)]
    assert standin.client.stats()["units"] == 14 * 20
    assert {entry["in_batch"] for entry in standin.client.journal(method="messages.get")} == {True}


def test_a_batch_comes_shuffled_short_or_with_refused_parts(standin: Checked, caller: Caller) -> None:
    made = [standin.client.deliver(mail(f"n{n}")) for n in range(8)]
    arm(standin, "batch_shuffle", nth=1)
    _, parts, order = send_batch(caller, made)
    assert set(parts.values()) == {200}
    assert order != sorted(order)
    arm(standin, "batch_drop_part", nth=1, count=2)
    assert len(send_batch(caller, made)[1]) == 6
    arm(standin, "batch_fail_parts", nth=1, count=3, part_kind="burst_429")
    assert sorted(send_batch(caller, made)[1].values()) == [200] * 5 + [429] * 3
    arm(standin, "unauthorized", "messages.get", in_batch=True, nth=4)
    assert sorted(send_batch(caller, made)[1].values()) == [200] * 7 + [401]
    arm(standin, "error_503", "batch", nth=1)
    assert send_batch(caller, made)[0] == 503
    assert send_batch(caller, made)[0] == 200


def test_a_batch_of_more_than_a_hundred_is_refused_whole(standin: Checked, caller: Caller) -> None:
    assert send_batch(caller, ["1234"] * 101)[0] == 400
    assert standin.client.stats()["units"] == 0
    assert send_batch(caller, ["1234"] * 100)[0] == 200


def test_what_is_no_batch_is_refused(caller: Caller) -> None:
    answer = caller.session.post(f"{caller.client.url}/batch", data=b"{}", timeout=30)
    assert answer.status_code == 400
    body = b"--x\r\nContent-Type: text/plain\r\nContent-ID: <a>\r\n\r\nhello\r\n--x--\r\n"
    kind = {"Content-Type": "multipart/mixed; boundary=x"}
    inner = caller.session.post(f"{caller.client.url}/batch", data=body, headers=kind, timeout=30)
    assert inner.status_code == 200
    assert b"HTTP/1.1 400" in inner.content


def test_without_credentials_every_part_of_a_batch_is_401(standin: Checked, caller: Caller) -> None:
    made = standin.client.deliver(mail())
    caller.session.headers.pop("Authorization")
    assert send_batch(caller, [made, made])[1] == {"p0": 401, "p1": 401}


def test_every_kind_of_fault_is_tried_in_this_file() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f'"{kind}"' not in source] == []


def test_bytes_survive_base64_with_and_without_padding(standin: Checked, caller: Caller) -> None:
    raw = mail()
    made = standin.client.deliver(raw)
    seen = set()
    for unpadded in (0.0, 1.0):
        standin.client.set_habits(unpadded=unpadded)
        text = caller.get(f"messages/{made}", format="raw")["raw"]
        seen.add(text)
        assert base64.urlsafe_b64decode(text + "==") == raw
    assert len(seen) == (2 if len(raw) % 3 else 1)
