"""What Gmail's answers mean: its errors in every wording, base64 in every form, batches however broken."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import GMAIL_API_URL, GOOGLE_AUTH_URL, GOOGLE_REVOKE_URL, GOOGLE_TOKEN_URL
from errors import Tellable, Temporary
from sources.batch import decode, encode
from sources.gmail import raw_mail
from sources.gmail_api import Answer
from sources.google_errors import BadRequest, TooManyAtOnce, Unauthorized, told
from sources.ports import Gone, RateLimited, RawMail, Refused, Unfetchable


def envelope(code: int, message: str, reason: str = "", status: str = "", **more: Any) -> bytes:
    errors = [{"message": message, "domain": "global", "reason": reason}] if reason else []
    return json.dumps(
        {"error": {"code": code, "message": message, "errors": errors, "status": status, **more}}
    ).encode()


PER_USER = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service 'gmail'"
TABLE = [
    (401, envelope(401, "Request had invalid authentication credentials.", "authError"), Unauthorized, None),
    (403, envelope(403, PER_USER, "rateLimitExceeded"), RateLimited, "rate_limited"),
    (403, envelope(403, "User Rate Limit Exceeded", "userRateLimitExceeded"), RateLimited, "rate_limited"),
    (403, envelope(403, "Daily Limit Exceeded", "dailyLimitExceeded"), RateLimited, "daily_limit"),
    (
        403,
        envelope(403, "The domain administrators have disabled Gmail apps.", "domainPolicy"),
        Refused,
        "domain_policy",
    ),
    (403, envelope(403, "Insufficient Permission", "insufficientPermissions"), Refused, "scope_missing"),
    (
        403,
        envelope(403, "Scopes.", status="PERMISSION_DENIED", details=[{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]),
        Refused,
        "scope_missing",
    ),
    (403, envelope(403, "Gmail API has not been used", "accessNotConfigured"), Refused, "gmail_api_off"),
    (403, envelope(403, "Something new", "somethingNew"), Refused, "google_refused"),
    (403, b"<html>Forbidden by a proxy</html>", Refused, "google_refused"),
    (429, envelope(429, "Too many concurrent requests for user.", "rateLimitExceeded"), TooManyAtOnce, None),
    (429, envelope(429, "Resource has been exhausted (e.g. check quota).", "rateLimitExceeded"), RateLimited, None),
    (429, b"", RateLimited, "rate_limited"),
    (404, envelope(404, "Requested entity was not found.", "notFound"), Gone, "gone"),
    (400, envelope(400, "Invalid id value", "invalidArgument"), BadRequest, None),
    (400, envelope(400, "Precondition check failed.", "failedPrecondition"), Refused, "mail_not_enabled"),
    (400, envelope(400, "Precondition check failed.", status="FAILED_PRECONDITION"), Refused, "mail_not_enabled"),
    (410, b"{}", Unfetchable, None),
    (500, envelope(500, "Backend Error", "backendError"), Temporary, "google_error"),
    (502, b"<!DOCTYPE html><title>Error 502</title>", Temporary, "google_error"),
    (503, b"[]", Temporary, "google_error"),
    (302, b"", Temporary, "google_error"),
]


@pytest.mark.parametrize(("status", "body", "kind", "code"), TABLE)
def test_every_refusal_is_what_its_reason_says(
    status: int, body: bytes, kind: type[Tellable], code: str | None
) -> None:
    error = told(status, {}, body)
    assert isinstance(error, kind)
    assert code in {None, error.code}
    assert error.sentence.endswith(".")
    if not issubclass(kind, RateLimited):
        assert not isinstance(error, RateLimited)


@pytest.mark.parametrize(
    ("message", "headers", "low", "high"),
    [
        (
            "User-rate limit exceeded.  Retry after 2026-11-23T12:01:00.196Z",
            {"Date": "Mon, 23 Nov 2026 12:00:00 GMT"},
            60,
            61,
        ),
        ("Slow down.", {"Retry-After": "17"}, 17, 17),
        (
            "Slow down.",
            {"Retry-After": "Mon, 23 Nov 2026 12:00:30 GMT", "Date": "Mon, 23 Nov 2026 12:00:00 GMT"},
            30,
            30,
        ),
    ],
)
def test_the_wait_that_google_names_is_taken_by_its_own_clock(
    message: str, headers: dict[str, str], low: float, high: float
) -> None:
    error = told(429, headers, envelope(429, message, "rateLimitExceeded"))
    assert isinstance(error, RateLimited)
    assert error.retry_after_s is not None
    assert low <= error.retry_after_s <= high


def test_a_moment_that_is_past_leaves_the_wait_to_us() -> None:
    body = envelope(429, "User-rate limit exceeded.  Retry after 2020-01-21T12:57:51.196Z", "rateLimitExceeded")
    error = told(429, {"Retry-After": "soon"}, body)
    assert isinstance(error, RateLimited)
    assert error.retry_after_s is None


@given(st.integers(300, 599), st.binary(max_size=200) | st.builds(lambda text: json.dumps(text).encode(), st.text()))
def test_no_error_answer_breaks_it(status: int, body: bytes) -> None:
    assert told(status, {"Retry-After": "x", "Date": "y"}, body).sentence


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["error", "errors", "message", "reason", "details", "status"]), inner)
        ),
        max_leaves=8,
    )
)
def test_no_json_in_an_error_breaks_it(value: Any) -> None:
    assert told(403, {}, json.dumps({"error": value}).encode()).sentence


def message(raw: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "19d0",
        "threadId": "19d0",
        "labelIds": ["INBOX"],
        "internalDate": "1790000000123",
        "raw": raw,
        **more,
    }


@given(st.binary(min_size=1, max_size=300), st.booleans(), st.booleans(), st.booleans())
def test_raw_is_read_padded_or_not_escaped_or_not(data: bytes, padded: bool, escaped: bool, spaced: bool) -> None:
    text = base64.urlsafe_b64encode(data).decode()
    text = text if padded else text.rstrip("=")
    body = json.dumps(message(text, sizeEstimate=7), indent=2 if spaced else None)
    body = body.replace("=", "\\u003d") if escaped else body
    assert raw_mail(Answer(200, {}, body.encode()), "19d0").raw == data


@pytest.mark.parametrize(
    "body",
    [
        message(""),
        message("QUJD" * 300 + "Q"),
        message("QUJD!"),
        message("QU=D"),
        {**message("QUJD"), "id": "another"},
        {**message("QUJD"), "internalDate": "soon"},
        {**message("QUJD"), "internalDate": "9" * 16},
        {**message("QUJD"), "internalDate": "9" * 30},
        {"id": "19d0"},
        {"raw": "QUJD"},
        {"id": "19d0", "snippet": '"raw": "QUJD"', "internalDate": "1"},
        ["raw"],
    ],
)
def test_a_message_that_is_not_whole_is_asked_for_again(body: Any) -> None:
    with pytest.raises(Temporary):
        raw_mail(Answer(200, {}, json.dumps(body).encode()), "19d0")


def test_a_message_cut_anywhere_is_never_taken_for_whole() -> None:
    body = json.dumps(message("QUJDREVG"), indent=1).encode()
    for end in range(len(body)):
        with pytest.raises(Temporary):
            raw_mail(Answer(200, {}, body[:end]), "19d0")


def part(key: str, status: str, body: bytes, newline: bytes = b"\r\n") -> bytes:
    lines = [b"Content-Type: application/http", f"Content-ID: <response-{key}>".encode(), b""]
    lines += [f"HTTP/1.1 {status}".encode(), b"Content-Type: application/json", b"", body]
    return newline.join(lines) + newline


def batch(*parts: bytes) -> Answer:
    body = b"".join(b"--b7\r\n" + each for each in parts) + b"--b7--\r\n"
    return Answer(200, {"Content-Type": 'multipart/mixed; boundary="b7"'}, body)


def test_a_batch_carries_paths_only_and_answers_are_matched_by_name() -> None:
    content_type, body = encode({"m1": "/gmail/v1/users/me/messages/19d0?format=raw", "m2": "/x"})
    assert content_type.startswith("multipart/mixed; boundary=batch_")
    assert body.count(b"\r\nContent-ID: <m") == 2
    assert b"GET /gmail/v1/users/me/messages/19d0?format=raw HTTP/1.1\r\n" in body
    assert b"Authorization" not in body
    found = decode(batch(part("m2", "404 Not Found", b"{}"), part("m1", "200 OK", b'{"a": 1}')), ["m1", "m2", "m3"])
    assert {key: each.status for key, each in found.items()} == {"m1": 200, "m2": 404}
    assert found["m1"].json() == {"a": 1}


def test_parts_nobody_asked_for_and_half_parts_are_left_out() -> None:
    answer = batch(part("m1", "200 OK", b'{"a": 1}', b"\n"), part("m9", "200 OK", b"{}"), b"nothing\r\n")
    assert list(decode(answer, ["m1", "m2"])) == ["m1"]


@pytest.mark.parametrize("content_type", ["", "text/html", "multipart/mixed", "application/json; boundary=b7"])
def test_an_answer_that_is_no_batch_is_asked_for_again(content_type: str) -> None:
    with pytest.raises(Temporary):
        decode(Answer(200, {"Content-Type": content_type}, b"--b7\r\n\r\n--b7--"), ["m1"])


@given(st.binary(max_size=200), st.integers(0, 300))
def test_no_bytes_of_a_batch_break_it(noise: bytes, at: int) -> None:
    whole = bytes(batch(part("m1", "200 OK", b'{"a": 1}'), part("m2", "200 OK", b"{}")).body)
    headers = {"Content-Type": "multipart/mixed; boundary=b7"}
    for answer in decode(Answer(200, headers, whole[:at] + noise + whole[at:]), ["m1", "m2"]).values():
        assert isinstance(answer, Answer)


def test_a_message_comes_out_of_a_part_as_out_of_an_answer_of_its_own() -> None:
    raw = base64.urlsafe_b64encode(b"Subject: x\r\n\r\n--b7\r\n").decode()
    found = decode(batch(part("m1", "200 OK", json.dumps(message(raw)).encode())), ["m1"])
    mail = raw_mail(found["m1"], "19d0")
    assert isinstance(mail, RawMail)
    assert mail.raw == b"Subject: x\r\n\r\n--b7\r\n"


def test_the_four_addresses_are_googles_unless_somebody_says_otherwise() -> None:
    assert (GOOGLE_AUTH_URL, GOOGLE_TOKEN_URL, GOOGLE_REVOKE_URL, GMAIL_API_URL) == (
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
        "https://oauth2.googleapis.com/revoke",
        "https://gmail.googleapis.com",
    )
