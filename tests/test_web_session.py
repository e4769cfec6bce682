"""Signing in and out, accounts, roles, and what a browser is told about security."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

import clock
import models
from store import people
from tests.support.web import Browser, Script, Web, receipt, serving

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Web]:
    """An installation of this test's own."""
    with serving(tmp_path) as web:
        yield web


def test_the_first_run_link_makes_the_owners_account_once(alone: Web) -> None:
    link = people.first_run_link(alone.config.public_url)
    assert link is not None
    assert link.startswith(f"{alone.config.public_url}/app/sign-in#token=")
    other = people.first_run_link(alone.config.public_url)
    assert other is not None
    browser = Browser(alone)
    asked = browser.sign_in(link)
    assert (asked.status_code, asked.json()["code"]) == (422, "account_needed")
    answer = browser.sign_in(link, email=" Noa@Kedem.Example ", name="Noa", business_name="Kedem Studio")
    me = answer.json()["me"]
    assert me["user"]["email"] == "noa@kedem.example"
    assert me["user"]["operator"] is True
    assert me["businesses"] == [{"slug": "kedem-studio", "name": "Kedem Studio", "role": "owner"}]
    assert browser.get("/api/receipts").status_code == 200
    for used in (link, other):
        again = Browser(alone).sign_in(used, email="eve@evil.example", name="Eve")
        assert (again.status_code, again.json()["code"]) == (401, "bad_link")
    assert people.first_run_link(alone.config.public_url) is None


def test_nobody_is_told_so_without_a_fault_and_a_person_who_they_are(site: Web) -> None:
    browser = Browser(site)
    answer = browser.get("/api/session")
    assert (answer.status_code, answer.json()) == (200, {"me": None, "google": False})
    browser.sign_in(people.sign_in_link(people.add_user("who@web.example"), site.config.public_url))
    assert browser.get("/api/session").json()["me"] == browser.get("/api/me").json()


def test_a_bad_address_spoils_neither_the_link_nor_the_account(alone: Web) -> None:
    link = people.first_run_link(alone.config.public_url)
    assert link is not None
    answer = Browser(alone).sign_in(link, email="not an address", name="Noa")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_email")
    assert not models.User.select().exists()
    assert Browser(alone).sign_in(link, email="noa@kedem.example", name="Noa").status_code == 200


def test_a_link_signs_in_once_and_not_after_its_end(site: Web) -> None:
    user = people.add_user("once@web.example")
    link = people.sign_in_link(user, site.config.public_url)
    assert Browser(site).sign_in(link).status_code == 200
    assert Browser(site).sign_in(link).status_code == 401
    late = people.sign_in_link(user, site.config.public_url)
    models.OneTimeLink.update(expires_at=clock.now()).execute()
    assert Browser(site).sign_in(late).status_code == 401


def test_of_two_browsers_with_one_link_one_gets_in(site: Web) -> None:
    link = people.sign_in_link(people.add_user("race@web.example"), site.config.public_url)
    start = threading.Barrier(4)
    statuses: list[int] = []

    def enter() -> None:
        browser = Browser(site)
        start.wait()
        statuses.append(browser.sign_in(link).status_code)

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 401, 401, 401]


def test_the_cookie_is_for_this_browser_alone_and_its_value_is_kept_nowhere(site: Web) -> None:
    answer = Browser(site).sign_in(people.sign_in_link(people.add_user("c@web.example"), site.config.public_url))
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie  # the address is http here
    value = cookie.partition("=")[2].partition(";")[0]
    assert len(value) >= 43
    database = (site.config.data_dir / "prosaas.db").read_bytes()
    database += (site.config.data_dir / "prosaas.db-wal").read_bytes()
    assert value.encode() not in database
    assert models.digest(value).encode() in database


def test_over_tls_the_cookie_is_secure_and_bound_to_the_host(tmp_path: Path) -> None:
    with serving(tmp_path, PUBLIC_URL="https://prosaas.example") as site:
        link = people.sign_in_link(people.add_user("c@web.example"), site.config.public_url)
        answer = Browser(site).sign_in(link)
        assert answer.headers["Set-Cookie"].startswith("__Host-prosaas=")
        assert "; Secure" in answer.headers["Set-Cookie"]
        assert "max-age=" in answer.headers["Strict-Transport-Security"]


def test_a_session_survives_foreign_cookies(site: Web) -> None:
    browser = site.browser()
    value = browser.http.cookies["prosaas"]
    odd = f'other="a b{{}}; [x]=1; prosaas={value}; z'
    answer = requests.get(f"{site.url}/api/me", headers={"Cookie": odd}, timeout=30)
    assert answer.status_code == 200


def test_a_password_signs_in_and_changing_it_ends_the_other_sessions(site: Web) -> None:
    browser = site.browser(site.business())
    email = browser.get("/api/me").json()["user"]["email"]
    weak = browser.patch("/api/me", {"password": "short"})
    assert (weak.status_code, weak.json()["code"]) == (400, "bad_value")
    assert browser.patch("/api/me", {"password": PASSWORD}).json()["user"]["has_password"] is True
    other = Browser(site)
    signed_in = other.post("/api/session", {"email": email.upper(), "password": PASSWORD})
    assert signed_in.status_code == 200
    refused = browser.patch("/api/me", {"password": "another long one", "old_password": "wrong"})
    assert (refused.status_code, refused.json()["code"]) == (400, "wrong_password")
    assert browser.patch("/api/me", {"password": "another long one", "old_password": PASSWORD}).ok
    assert other.get("/api/me").status_code == 401
    assert browser.get("/api/me").status_code == 200


def test_wrong_passwords_and_unknown_people_look_the_same_and_tries_are_counted(alone: Web) -> None:
    user = people.add_user("known@web.example")
    people.set_password(user.id, PASSWORD)
    browser = Browser(alone)
    wrong = browser.post("/api/session", {"email": "known@web.example", "password": "guess"})
    unknown = browser.post("/api/session", {"email": "unknown@web.example", "password": "guess"})
    assert (wrong.status_code, wrong.json()) == (401, unknown.json())
    statuses = [
        browser.post("/api/session", {"email": "known@web.example", "password": f"guess {n}"}).status_code
        for n in range(12)
    ]
    assert 429 in statuses
    refused = browser.post("/api/session", {"email": "known@web.example", "password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_tries")
    assert int(refused.headers["Retry-After"]) > 0


def test_tries_are_counted_without_redis_too(alone: Web) -> None:
    alone.redis.kill()
    browser = Browser(alone)
    statuses = [browser.post("/api/session", {"token": f"guess-{n}"}).status_code for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2


def test_good_tries_are_not_held_against_anybody(site: Web) -> None:
    for _ in range(15):
        site.browser()


def test_a_locked_database_is_a_sentence_for_writers_and_none_for_readers(alone: Web) -> None:
    script = alone.script(business := alone.business())
    row = receipt(business)
    with sqlite3.connect(alone.config.data_dir / "prosaas.db", isolation_level=None) as other:
        other.execute("begin immediate")
        assert script.get("/api/receipts").status_code == 200
        answer = script.patch(f"/api/receipts/{row.id}", {"note": "x"}, 1)
        other.execute("rollback")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_busy")
    assert answer.headers["Retry-After"] == "1"
    assert script.patch(f"/api/receipts/{row.id}", {"note": "x"}, 1).status_code == 200


def test_prefs_and_name_are_kept(site: Web) -> None:
    browser = site.browser(site.business())
    body = {"name": "Noa", "language": "he", "prefs": {"density": "compact", "keys": False}}
    user = browser.patch("/api/me", body).json()["user"]
    assert {name: user[name] for name in body} == body
    assert browser.patch("/api/me", {"prefs": {"x": "y" * 20_000}}).status_code == 400
    assert browser.patch("/api/me", {"prefs": []}).status_code == 400
    assert browser.patch("/api/me", {"operator": True}).json()["code"] == "unknown_field"


def test_who_belongs_to_two_businesses_has_to_name_one(site: Web) -> None:
    first, second = site.business(), site.business()
    browser = site.browser(first)
    person = people.find_user(browser.get("/api/me").json()["user"]["email"])
    people.add_member(second, person, "accountant")
    receipt(second, vendor="Second's")
    assert browser.get("/api/receipts").json()["items"] == []
    browser.slug = None
    assert browser.get("/api/receipts").json()["code"] == "business_needed"
    assert browser.get(f"/api/receipts?b={second.slug}").json()["items"][0]["vendor"] == "Second's"
    assert browser.post("/api/receipts/sync", headers={"X-Business": second.slug}).status_code == 403


def test_people_are_invited_changed_and_taken_out(site: Web) -> None:
    business = site.business()
    owner = site.browser(business)
    made = owner.post("/api/users", {"email": "Dan@web.example", "name": "Dan", "role": "accountant"}).json()
    dan = Browser(site, business.slug)
    assert dan.sign_in(made["link"]).ok
    assert dan.get("/api/receipts").status_code == 200
    assert dan.get("/api/users").status_code == 403
    again = owner.post("/api/users", {"email": "dan@web.example", "role": "member"}).json()
    assert (again["role"], again["link"]) == ("member", None)  # no link into an account that exists
    assert [one["role"] for one in owner.get("/api/users").json()["items"]] == ["owner", "member"]
    assert owner.patch(f"/api/users/{made['id']}", {"role": "owner"}).json()["role"] == "owner"
    assert owner.patch(f"/api/users/{made['id']}", {"role": "king"}).json()["code"] == "bad_role"
    assert owner.delete(f"/api/users/{made['id']}").status_code == 204
    assert dan.get("/api/receipts").status_code == 404
    own = owner.get("/api/users").json()["items"][0]["id"]
    for answer in (owner.delete(f"/api/users/{own}"), owner.patch(f"/api/users/{own}", {"role": "member"})):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")


def test_a_business_is_changed_within_reason(site: Web) -> None:
    owner = site.browser(site.business())
    body = {"name": "Alma", "country": "DE", "time_zone": "Europe/Berlin", "base_currency": "EUR", "language": "de"}
    changed = owner.patch("/api/business", body).json()
    assert {name: changed[name] for name in body} == body
    for bad, code in (
        ({"time_zone": "Mars/Base"}, "bad_time_zone"),
        ({"base_currency": "eur"}, "bad_value"),
        ({"country": "D"}, "bad_value"),
        ({"name": ""}, "bad_value"),
        ({"slug": "x"}, "unknown_field"),
    ):
        answer = owner.patch("/api/business", bad)
        assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_token_is_shown_once_and_works_with_its_role(site: Web) -> None:
    business = site.business()
    owner = site.browser(business)
    made = owner.post("/api/tokens", {"name": "n8n", "role": "accountant"})
    assert made.status_code == 201
    script = Script(site, made.json()["token"])
    assert script.get("/api/receipts").status_code == 200
    assert script.post("/api/receipts/sync").status_code == 403
    (listed,) = owner.get("/api/tokens").json()["items"]
    assert "token" not in listed
    assert listed["last_used_at"]
    assert script.get("/api/me").status_code == 403
    assert (
        requests.get(f"{site.url}/api/receipts", headers={"Authorization": "Basic eDp5"}, timeout=30).status_code == 401
    )


def test_every_answer_bears_the_security_headers(site: Web) -> None:
    browser = site.browser(site.business())
    for path in ("/", "/app/receipts", "/api/me", "/api/receipts", "/api/nothing", "/healthz", "/api/openapi.json"):
        headers = browser.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "DENY", path
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "require-trusted-types-for 'script'" in policy, path
        assert "unsafe" not in policy, path
        assert headers["Referrer-Policy"], path
        assert "Server" not in headers, path
    assert browser.get("/api/receipts").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "not_found"),
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/api/receipts/x", 404, "not_found"),
        ("GET", "/api/receipts/-1", 404, "not_found"),
        ("GET", f"/api/receipts/{2**64}", 404, "not_found"),
        ("GET", "/api/receipts/0", 404, "not_found"),
        ("PUT", "/api/receipts", 405, "wrong_method"),
        ("DELETE", "/api/health", 405, "wrong_method"),
        ("GET", "/assets/x/../../config.py", 404, "not_found"),
        ("GET", "/assets/x/%2e%2e/%2e%2e/config.py", 404, "not_found"),
        ("GET", "/assets/x//etc/passwd", 404, "not_found"),
        ("GET", "/assets/x/%00", 404, "not_found"),
    ],
)
def test_what_is_not_there_is_told_in_the_one_shape(site: Web, method: str, path: str, status: int, code: str) -> None:
    browser = site.browser(site.business())
    request = requests.Request(method, site.url + path, headers={"X-CSRF-Token": browser.csrf})
    prepared = browser.http.prepare_request(request)
    prepared.url = site.url + path  # as written, dots and all
    answer = browser.http.send(prepared, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["success"] is False


def test_a_body_that_is_too_large_is_refused_before_it_is_read(site: Web) -> None:
    script = site.script(site.business())
    answer = script.call("POST", "/api/receipts/sync", data=b"{" + b" " * 1_000_001)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_defect_is_a_500_in_the_one_shape_with_its_traceback_in_the_log_alone(
    site: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    script = site.script(site.business())
    monkeypatch.setattr(people, "by_bearer", lambda _token: 1 / 0)
    answer = script.get("/api/receipts")
    assert answer.status_code == 500
    assert answer.json() == {
        "success": False,
        "error": "Something went wrong here. It was written to the log; please try again.",
        "code": "internal_error",
    }
    assert "ZeroDivisionError" in caplog.text


def test_the_log_tells_the_route_and_never_what_was_asked(site: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="web")
    business = site.business()
    browser, script = site.browser(business), site.script(business)
    row = receipt(business, vendor="Hushhush")
    browser.get(f"/api/receipts/{row.id}")
    script.get("/api/receipts?q=Hushhush&b=" + business.slug)
    browser.post("/api/session", {"email": "hush@hush.example", "password": "hushhush"})
    assert re.search(
        rf"request method=GET route=/api/receipts/<id:int> status=200 ms=[\d.]+ business={business.id}\b", caplog.text
    )
    assert "hush" not in caplog.text.lower()
    assert script.http.headers["Authorization"] not in caplog.text
    assert "@" not in caplog.text


def test_metrics_are_for_this_machine_and_operators(site: Web) -> None:
    script = Browser(site)
    site.browser(operator=True).get("/api/me")
    text = script.get("/metrics").text
    assert re.search(r'prosaas_http_requests_total\{method="GET",route="/api/me",status="200"\} \d+', text)
    assert 'prosaas_queue_depth{priority="high"} 0' in text
    assert "prosaas_redis_up 1" in text
    for line in (
        "prosaas_database_up 1",
        'prosaas_jobs{kind="sync",state="queued"} ',
        'prosaas_mailboxes{state="stale"} ',
    ):
        assert f"\n{line}" in text
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert script.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403
        operator = site.browser(operator=True)
        assert operator.get("/metrics", headers={header: "203.0.113.9"}).status_code == 200
    business = site.business()
    away = {"X-Forwarded-For": "203.0.113.9"}
    assert site.script(business, "owner").get("/metrics", headers=away).status_code == 403
    assert Script(site, people.new_token(business, "watch", operator=True)).get("/metrics", headers=away).ok


def test_only_an_operator_gives_an_operators_token(site: Web) -> None:
    business = site.business()
    body = {"name": "watch", "operator": True}
    assert site.browser(business).post("/api/tokens", body).status_code == 403
    assert site.script(business, "owner").post("/api/tokens", body).status_code == 403
    made = site.browser(business, operator=True).post("/api/tokens", body)
    assert Script(site, made.json()["token"]).get("/api/queue/diagnostics").status_code == 200


def test_diagnostics_count_what_waits(site: Web) -> None:
    operator = site.browser(operator=True)
    models.SyncRun.create(business=site.business(), mode="full")
    body = operator.get("/api/queue/diagnostics").json()
    assert body["redis"] == "ok"
    assert body["queues"] == ["high", "default", "low"]
    assert body["runs"]["queued"] >= 1
    assert body["runs"]["oldest_queued_s"] >= 0
