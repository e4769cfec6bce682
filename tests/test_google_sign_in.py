"""Signing in with Google against the stand-in, and the ways in which somebody might try to come in as somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

import clock
import models
from demo.standin.server import StandIn
from store import people
from tests.support.standin import standin_thread
from tests.support.web import Browser, Web, serving

ACCOUNT = "me@example.com"


@pytest.fixture(scope="module")
def google() -> Iterator[StandIn]:
    with standin_thread() as standin:
        yield standin


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, google: StandIn) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), **google.client.environment) as web:
        yield web


@pytest.fixture(autouse=True)
def _fresh(site: Web, google: StandIn) -> Iterator[None]:
    """Nobody is connected, nothing is forged, no try was counted."""
    models.User.update(google_id=None).execute()
    site.redis.client().flushdb()
    yield
    identities = google.world.oauth.identities
    identities.claims, identities.header, identities.strange_key = {}, {}, False


def away(browser: Browser, path: str = "/api/session/google", **body: str) -> str:
    """Google's address that the browser is sent to."""
    answer = browser.post(path, body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["auth_url"])


def back(google: StandIn, address: str) -> str:
    """Consent given: where Google sends the browser, without the host."""
    parts = urlsplit(google.client.consent(address, account=ACCOUNT))
    assert parts.path == "/api/session/google/callback"
    return f"{parts.path}?{parts.query}"


def connect(browser: Browser, google: StandIn) -> str:
    """A signed-in person connects their account; where they land."""
    return str(browser.get(back(google, away(browser, "/api/me/google"))).headers["Location"])


def landed(browser: Browser, google: StandIn) -> str:
    """A sign-in up to the page that it lands on."""
    answer = browser.get(back(google, away(browser)))
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def token_of(location: str) -> str:
    mark, _, token = location.rpartition("=")
    assert mark == "/app/sign-in#google", location
    return token


@pytest.fixture
def noa(site: Web, google: StandIn) -> Browser:
    """A person whose Google account is connected."""
    browser = site.browser(site.business())
    assert connect(browser, google) == "/app/settings/security?google=connected"
    assert browser.get("/api/me").json()["user"]["has_google"] is True
    return browser


def test_a_connected_account_signs_in_and_the_token_works_once(site: Web, google: StandIn, noa: Browser) -> None:
    visitor = Browser(site)
    assert visitor.get("/api/session").json() == {"me": None, "google": True}
    token = token_of(landed(visitor, google))
    answer = visitor.post("/api/session", {"google": token})
    assert answer.json()["me"]["user"]["id"] == noa.get("/api/me").json()["user"]["id"]
    assert visitor.get("/api/me").status_code == 200
    assert visitor.post("/api/session", {"google": token}).json()["code"] == "bad_link"


def test_the_question_to_google_has_state_nonce_and_pkce_and_asks_for_no_mail(site: Web) -> None:
    first, second = (
        {name: one[0] for name, one in parse_qs(urlsplit(away(Browser(site))).query).items()} for _ in range(2)
    )
    assert first["scope"] == "openid email"
    assert first["code_challenge_method"] == "S256"
    assert first["redirect_uri"] == f"{site.config.public_url}/api/session/google/callback"
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
        assert len(first[name]) >= 43


def test_an_account_that_nobody_connected_signs_in_nobody_even_with_a_known_address(site: Web, google: StandIn) -> None:
    people.add_member(site.business(), people.add_user(ACCOUNT), "owner")
    assert landed(Browser(site), google) == "/app/sign-in?error=google_unknown"


def test_the_token_is_of_no_use_in_another_browser(site: Web, google: StandIn, noa: Browser) -> None:
    assert noa
    token = token_of(landed(Browser(site), google))
    thief = Browser(site)
    away(thief)
    assert thief.post("/api/session", {"google": token}).json()["code"] == "bad_link"
    assert thief.get("/api/me").status_code == 401


def test_an_answer_brought_to_another_browser_is_refused_and_used_up(site: Web, google: StandIn, noa: Browser) -> None:
    """An attacker's own answer slipped to a victim, or a victim's stolen by an attacker."""
    assert noa
    one, other = Browser(site), Browser(site)
    answer, _ = back(google, away(one)), away(other)
    for browser in (other, Browser(site), one):
        assert browser.get(answer).headers["Location"] == "/app/sign-in?error=bad_state"


def test_a_swapped_state_is_refused(site: Web, google: StandIn, noa: Browser) -> None:
    assert noa
    one, other = Browser(site), Browser(site)
    mine, theirs = back(google, away(one)), parse_qs(urlsplit(away(other)).query)["state"][0]
    own = parse_qs(urlsplit(mine).query)["state"][0]
    assert one.get(mine.replace(own, theirs)).headers["Location"] == "/app/sign-in?error=bad_state"
    assert one.get("/api/session/google/callback?code=x").headers["Location"] == "/app/sign-in?error=bad_state"


def test_a_code_of_another_question_does_not_fit(site: Web, google: StandIn, noa: Browser) -> None:
    """PKCE: the code was made for another verifier."""
    assert noa
    one, other = Browser(site), Browser(site)
    mine, stolen = (parse_qs(urlsplit(back(google, away(who))).query) for who in (one, other))
    answer = one.get("/api/session/google/callback", params={"state": mine["state"][0], "code": stolen["code"][0]})
    assert answer.headers["Location"] == "/app/sign-in?error=consent_expired"


def test_an_old_answer_is_refused(site: Web, google: StandIn, noa: Browser) -> None:
    assert noa
    browser = Browser(site)
    answer = back(google, away(browser))
    models.GoogleSignIn.update(expires_at=clock.now()).execute()
    assert browser.get(answer).headers["Location"] == "/app/sign-in?error=bad_state"


@pytest.mark.parametrize(
    ("claims", "header", "code"),
    [
        ({"nonce": "of another sign-in"}, {}, "google_not_proven"),
        ({"nonce": None}, {}, "google_not_proven"),
        ({"aud": "somebody-elses.apps.googleusercontent.com"}, {}, "google_not_proven"),
        ({"azp": "somebody-elses.apps.googleusercontent.com"}, {}, "google_not_proven"),
        ({"iss": "https://accounts.evil.example"}, {}, "google_not_proven"),
        ({"exp": 1_700_000_000, "iat": 1_699_990_000}, {}, "google_not_proven"),
        ({"iat": 4_000_000_000, "exp": 4_000_003_600}, {}, "google_not_proven"),
        ({"sub": ""}, {}, "google_not_proven"),
        ({"sub": 17}, {}, "google_not_proven"),
        ({}, {"alg": "none"}, "google_not_proven"),
        ({}, {"alg": "HS256"}, "google_not_proven"),
        ({}, {"alg": "ES256"}, "google_not_proven"),
        ({}, {"kid": "unknown"}, "google_not_proven"),
        ({"email_verified": False}, {}, "google_unverified"),
        ({"email_verified": "true"}, {}, "google_unverified"),
    ],
    ids=str,
)
def test_a_token_that_is_no_true_answer_signs_in_nobody(
    site: Web, google: StandIn, noa: Browser, claims: dict[str, Any], header: dict[str, Any], code: str
) -> None:
    assert noa
    google.world.oauth.identities.claims, google.world.oauth.identities.header = claims, header
    assert landed(Browser(site), google) == f"/app/sign-in?error={code}"


def test_a_token_signed_by_somebody_else_signs_in_nobody(site: Web, google: StandIn, noa: Browser) -> None:
    assert noa
    google.world.oauth.identities.strange_key = True
    assert landed(Browser(site), google) == "/app/sign-in?error=google_not_proven"


def test_the_second_factor_is_asked_for_all_the_same(site: Web, google: StandIn, noa: Browser) -> None:
    secret = noa.post("/api/me/factor", {}).json()["secret"]
    assert noa.post("/api/me/factor/confirm", {"code": pyotp.TOTP(secret).now()}).status_code == 200
    visitor = Browser(site)
    token = token_of(landed(visitor, google))
    assert visitor.post("/api/session", {"google": token}).json()["code"] == "code_needed"
    assert visitor.post("/api/session", {"google": token, "code": "000000"}).json()["code"] == "bad_code"
    models.User.update(totp_step=0).execute()
    now = {"google": token, "code": pyotp.TOTP(secret).now()}
    assert visitor.post("/api/session", now).status_code == 200


def test_connecting_needs_password_session_and_an_account_of_ones_own(site: Web, google: StandIn, noa: Browser) -> None:
    ruth = site.browser(site.business())
    assert connect(ruth, google) == "/app/settings/security?error=google_taken"
    people.set_password(ruth.get("/api/me").json()["user"]["id"], "a long password", but_session=10**9)
    ruth = site.browser(site.business())
    user = ruth.get("/api/me").json()["user"]["id"]
    models.User.update(password_hash="x").where(models.User.id == user).execute()
    assert ruth.post("/api/me/google", {"password": "wrong"}).json()["code"] == "wrong_password"
    answer = back(google, away(noa, "/api/me/google"))
    noa.http.cookies.pop("prosaas")  # the browser's session is another one by now
    assert noa.get(answer).headers["Location"] == "/app/settings/security?error=bad_state"


def test_disconnecting_leaves_nobody_outside(site: Web, google: StandIn, noa: Browser) -> None:
    assert noa.delete("/api/me/google").json()["code"] == "password_missing"
    noa.patch("/api/me", {"password": "a long password"})
    assert noa.delete("/api/me/google").status_code == 204
    assert landed(Browser(site), google) == "/app/sign-in?error=google_unknown"


def test_a_consent_that_was_declined_says_so(site: Web, google: StandIn) -> None:
    browser = Browser(site)
    parts = urlsplit(google.client.consent(away(browser), approve=False))
    assert browser.get(f"{parts.path}?{parts.query}").headers["Location"] == "/app/sign-in?error=google_declined"


def test_without_a_google_client_there_is_no_such_way(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("alone")) as alone:
        assert Browser(alone).get("/api/session").json()["google"] is False
        assert Browser(alone).post("/api/session/google", {}).json()["code"] == "google_client_missing"
