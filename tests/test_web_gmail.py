"""Connecting Gmail over HTTP, against the stand-in: consent, return, reconnect, disconnect."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

import models
from demo.standin.client import Client
from tests.support.standin import mail, mail_folder, standin_process
from tests.support.web import Browser, Web, serving

ACCOUNT = "me@example.com"
OTHER = "other@example.com"


@pytest.fixture(scope="module")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = mail_folder(tmp_path_factory.mktemp("mail"), {"a.eml": mail()})
    with standin_process("--account", f"{OTHER}={folder}", mail_folder=folder) as client:
        yield client


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, google: Client) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), **google.environment) as web:
        yield web


def consent(browser: Browser, google: Client, account: str = ACCOUNT, **more: object) -> str:
    """From the button to the address that Google sends the browser back to, without its host."""
    started = browser.get("/api/gmail/oauth/start", params=more.pop("params", None))
    assert started.status_code == 200, started.text
    back = urlsplit(google.consent(started.json()["auth_url"], account=account, **more))
    assert back.path == "/api/gmail/oauth/callback"
    return f"{back.path}?{back.query}"


def test_the_way_to_google_and_back_connects_the_mailbox_and_starts_a_sync(site: Web, google: Client) -> None:
    business = site.business()
    owner = site.browser(business)
    assert owner.get("/api/gmail/oauth/status").json() == {
        "connected": False,
        "status": "disconnected",
        "email": None,
        "last_sync_at": None,
        "error": None,
    }
    answer = owner.get(consent(owner, google))
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/app/b/{business.slug}/receipts?connected=1"
    (mailbox,) = owner.get("/api/mailboxes").json()["items"]
    assert (mailbox["kind"], mailbox["address"], mailbox["status"], mailbox["error"]) == (
        "gmail",
        ACCOUNT,
        "connected",
        None,
    )
    status = owner.get("/api/gmail/oauth/status").json()
    assert (status["connected"], status["email"]) == (True, ACCOUNT)
    run = models.SyncRun.get(models.SyncRun.business == business)
    assert (run.status, run.mailbox_id) == ("queued", mailbox["id"])
    kept = models.Mailbox.get_by_id(mailbox["id"])
    assert kept.refresh_token
    (raw,) = models.db.execute_sql("select refresh_token from mailbox where id = ?", [kept.id]).fetchone()
    assert kept.refresh_token not in raw  # encrypted at rest


def test_the_way_back_works_once_and_for_the_same_session_alone(site: Web, google: Client) -> None:
    business = site.business()
    owner, other = site.browser(business), site.browser(business)
    back = consent(owner, google)
    assert other.get(back).headers["Location"] == "/app/receipts?error=bad_state"
    assert owner.get(back).headers["Location"] == "/app/receipts?error=bad_state"  # the other's try used it up
    assert Browser(site).get(back).headers["Location"] == "/app/receipts?error=signed_out"
    back = consent(owner, google)
    assert owner.get(back).headers["Location"].endswith("?connected=1")
    assert owner.get(back).headers["Location"].endswith("?error=bad_state")
    forged = owner.get("/api/gmail/oauth/callback?state=x&code=y")
    assert forged.headers["Location"].endswith("?error=bad_state")


def test_declining_or_leaving_out_the_mail_is_told(site: Web, google: Client) -> None:
    business = site.business()
    owner = site.browser(business)
    declined = owner.get(consent(owner, google, approve=False))
    assert declined.headers["Location"] == f"/app/b/{business.slug}/receipts?error=consent_denied"
    partly = owner.get(consent(owner, google, scopes=["openid"]))
    assert "?error=" in partly.headers["Location"]
    assert owner.get("/api/mailboxes").json()["items"] == []


def test_reconnecting_keeps_the_mailbox_and_recognises_another_account(site: Web, google: Client) -> None:
    business = site.business()
    owner = site.browser(business)
    owner.get(consent(owner, google))
    mailbox = models.Mailbox.get(models.Mailbox.business == business)
    models.Mailbox.update(status="needs_reconnect", cursor="77", error_code="invalid_grant", error_text="Over.").where(
        models.Mailbox.id == mailbox.id
    ).execute()
    assert owner.get("/api/mailboxes").json()["items"][0]["error"] == {"code": "invalid_grant", "text": "Over."}
    wrong = owner.get(consent(owner, google, OTHER, params={"mailbox": mailbox.id}))
    assert wrong.headers["Location"].endswith("?error=other_account")
    assert owner.get("/api/gmail/oauth/status").json()["status"] == "needs_reconnect"
    right = owner.get(consent(owner, google, params={"mailbox": mailbox.id}))
    assert right.headers["Location"].endswith("?connected=1")
    again = models.Mailbox.get_by_id(mailbox.id)
    assert (again.status, again.cursor, again.error_code) == ("connected", "77", None)


def test_the_hint_names_the_account_to_reconnect(site: Web, google: Client) -> None:
    business = site.business()
    owner = site.browser(business)
    owner.get(consent(owner, google))
    mailbox = models.Mailbox.get(models.Mailbox.business == business)
    address = owner.get(f"/api/gmail/oauth/start?mailbox={mailbox.id}").json()["auth_url"]
    assert parse_qs(urlsplit(address).query)["login_hint"] == [ACCOUNT]


def test_disconnecting_gives_the_permission_back_and_keeps_the_receipts(site: Web, google: Client) -> None:
    business = site.business()
    owner = site.browser(business)
    assert owner.delete("/api/gmail/oauth/disconnect").status_code == 404
    owner.get(consent(owner, google))
    mailbox = models.Mailbox.get(models.Mailbox.business == business)
    assert owner.delete("/api/gmail/oauth/disconnect").status_code == 204
    assert any(call["method"] == "revoke" or "revoke" in str(call) for call in google.journal())
    after = models.Mailbox.get_by_id(mailbox.id)
    assert (after.status, after.refresh_token, after.access_token) == ("disconnected", None, None)
    refused = owner.post("/api/receipts/sync")
    models.SyncRun.delete().where(models.SyncRun.business == business).execute()
    assert refused.status_code in {400, 409}
    assert owner.post("/api/receipts/sync").json()["code"] == "no_mailbox"


def test_only_an_owner_connects(site: Web, google: Client) -> None:
    business = site.business()
    owner, member = site.browser(business), site.browser(business, "member")
    assert member.get("/api/gmail/oauth/start").status_code == 403
    back = consent(owner, google)
    models.Membership.update(role="member").where(models.Membership.business == business).execute()
    assert owner.get(back).headers["Location"].endswith("?error=forbidden")
    assert not models.Mailbox.select().where(models.Mailbox.business == business).exists()


def test_without_a_client_the_operator_is_told_what_to_set(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("bare")) as site:
        answer = site.browser(site.business()).get("/api/gmail/oauth/start")
        assert (answer.status_code, answer.json()["code"]) == (400, "google_client_missing")
        assert "GOOGLE_CLIENT_ID" in answer.json()["error"]
