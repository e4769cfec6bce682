"""Setting Gmail up: what Google's form asks for, how long the permission lasts, and the service account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import clock
import models
from demo.standin.client import Client
from jobs import adapters
from models import Mailbox
from sources.oauth import SCOPE
from sources.ports import NeedsReconnect
from store import mailboxes
from tests.support import installation
from tests.support.standin import mail, mail_folder, standin_process
from tests.support.web import Web, serving
from web import gmail_setup

ACCOUNT = "me@example.com"
EMAIL = "reader@project.iam.example"


@pytest.fixture(scope="module")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = mail_folder(tmp_path_factory.mktemp("mail"), {"a.eml": mail()})
    with standin_process(mail_folder=folder) as client:
        yield client


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, google: Client) -> Iterator[Web]:
    more = {"PUBLIC_URL": "https://receipts.example.com"}
    with serving(tmp_path_factory.mktemp("web"), **google.environment, **more) as web:
        yield web


def pem(key: Any) -> tuple[str, str]:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@pytest.fixture(scope="module")
def service_key(google: Client) -> dict[str, str]:
    """The file that Google hands out, which says more than we keep."""
    private, public = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    google.add_service_account(EMAIL, public, [SCOPE])
    return {
        "type": "service_account",
        "project_id": "project",
        "private_key_id": "k1",
        "private_key": private,
        "client_email": EMAIL,
        "client_id": "1",
        "token_uri": "http://169.254.169.254/token",
        "auth_uri": "https://accounts.example/auth",
    }


def test_the_values_for_googles_form_are_told(site: Web) -> None:
    told = site.script(site.business(), "owner").get("/api/gmail/setup").json()
    assert told == {
        "client_configured": True,
        "redirect_uri": "https://receipts.example.com/api/gmail/oauth/callback",
        "javascript_origin": "https://receipts.example.com",
        "problem": None,
        "testing_suspected": False,
        "token_expires_at": None,
        "seconds_left": None,
    }


def test_without_a_client_it_says_so(tmp_path: Path) -> None:
    with serving(tmp_path) as bare:
        told = bare.script(bare.business(), "owner").get("/api/gmail/setup").json()
        assert (told["client_configured"], told["problem"]) == (False, None)
        assert told["redirect_uri"] == "http://localhost:5000/api/gmail/oauth/callback"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://localhost:5000", None),
        ("http://127.0.0.1:5000", None),
        ("https://receipts.example.com", None),
        ("http://receipts.example.com", "public_url_not_https"),
        ("http://192.168.1.5:5000", "public_url_is_an_ip"),
        ("https://203.0.113.7", "public_url_is_an_ip"),
        ("https://nas", "public_url_not_public"),
        ("https://nas.local:8443", "public_url_not_public"),
    ],
)
def test_an_address_that_google_would_refuse_is_told_before_google_does(url: str, code: str | None) -> None:
    problem = gmail_setup._problem(url)
    assert (problem and problem["code"]) == code


def test_the_seven_days_are_counted_down(site: Web) -> None:
    business = site.business()
    owner = site.script(business, "owner")
    week = timedelta(days=7)
    box = installation.mailbox(business, connected_at=clock.now(), token_expires_at=clock.now() + week)
    installation.mailbox(business, "endless@example.com", connected_at=clock.now())
    told = owner.get("/api/gmail/setup").json()
    assert told["testing_suspected"]
    assert told["token_expires_at"] == clock.iso(box.token_expires_at)
    assert week.total_seconds() - 60 < told["seconds_left"] <= week.total_seconds()
    first, second = owner.get("/api/mailboxes").json()["items"]
    assert first["warning"] is None

    def warned(left: timedelta) -> dict[str, str] | None:
        Mailbox.update(token_expires_at=clock.now() + left).where(Mailbox.id == box.id).execute()
        warning: dict[str, str] | None = owner.get("/api/mailboxes").json()["items"][0]["warning"]
        return warning

    assert warned(timedelta(hours=48, minutes=5)) is None
    near = warned(timedelta(hours=47, minutes=30))
    assert near is not None
    assert near["code"] == "token_ends_soon"
    assert "in 47 hours" in near["text"]
    over = warned(timedelta(minutes=-5))
    assert over is not None
    assert "within the hour" in over["text"]
    assert owner.get("/api/gmail/setup").json()["seconds_left"] == 0
    assert second["warning"] is None


def test_a_time_that_the_person_chose_is_no_sign_of_testing(site: Web) -> None:
    business = site.business()
    month = clock.now() + timedelta(days=30)
    installation.mailbox(business, connected_at=clock.now(), token_expires_at=month)
    told = site.script(business, "owner").get("/api/gmail/setup").json()
    assert (told["testing_suspected"], told["token_expires_at"]) == (False, clock.iso(month))


def test_a_workspace_mailbox_is_connected_by_a_service_account(
    site: Web, google: Client, service_key: dict[str, str]
) -> None:
    business = site.business()
    owner = site.script(business, "owner")
    made = owner.post("/api/gmail/delegated", {"service_account": service_key, "subject": ACCOUNT})
    assert made.status_code == 201, made.text
    assert (made.json()["kind"], made.json()["address"], made.json()["status"]) == ("gmail", ACCOUNT, "connected")
    assert owner.get("/api/gmail/oauth/status").json()["connected"]
    run = models.SyncRun.get(models.SyncRun.business == business)
    assert run.status == "queued"
    (raw,) = models.db.execute_sql("select service_account from mailbox where id = ?", [made.json()["id"]]).fetchone()
    assert EMAIL not in raw
    assert "PRIVATE KEY" not in raw
    kept = json.loads(Mailbox.get_by_id(made.json()["id"]).service_account)
    assert "token_uri" not in kept, "where to ask is ours to say"

    # The worker reads it by the same key, with a token of its own once the first one is over.
    mailbox = Mailbox.get_by_id(made.json()["id"])
    mailbox.access_token = mailbox.access_expires_at = None
    google.reset_stats()
    source = adapters.opener(site.config, None)(mailbox)  # type: ignore[arg-type]  # no quota, so no Redis
    assert [page for page in source.everything(None, None) if page.found]
    assert len(google.journal(method="token")) == 1
    assert Mailbox.get_by_id(mailbox.id).access_token
    assert f"mailbox-{mailbox.id}" in google.stats()["users"]

    assert owner.delete("/api/gmail/oauth/disconnect").status_code == 204
    after = Mailbox.get_by_id(mailbox.id)
    assert (after.status, after.service_account, after.access_token) == ("disconnected", None, None)


def test_a_key_that_was_withdrawn_needs_somebody(site: Web, google: Client, service_key: dict[str, str]) -> None:
    business = site.business()
    owner = site.script(business, "owner")
    made = owner.post("/api/gmail/delegated", {"service_account": service_key, "subject": ACCOUNT}).json()
    _, other = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    _, mine = pem(serialization.load_pem_private_key(service_key["private_key"].encode(), None))
    google.add_service_account(EMAIL, other, [SCOPE])
    try:
        mailbox = Mailbox.get_by_id(made["id"])
        mailbox.access_token = None
        source = adapters.opener(site.config, None)(mailbox)  # type: ignore[arg-type]
        with pytest.raises(NeedsReconnect):
            source.mark()
    finally:
        google.add_service_account(EMAIL, mine, [SCOPE])


def test_connecting_by_consent_takes_the_service_accounts_place(
    site: Web, google: Client, service_key: dict[str, str]
) -> None:
    business = site.business()
    owner = site.script(business, "owner")
    made = owner.post("/api/gmail/delegated", {"service_account": service_key, "subject": ACCOUNT}).json()
    grant = google.grant(account=ACCOUNT)
    again = mailboxes.connect_gmail(business, address=ACCOUNT, refresh_token=grant["refresh_token"])
    kept = Mailbox.get_by_id(made["id"])
    assert (again.id, kept.service_account, kept.refresh_token) == (made["id"], None, grant["refresh_token"])
    back = owner.post("/api/gmail/delegated", {"service_account": service_key, "subject": ACCOUNT}).json()
    kept = Mailbox.get_by_id(made["id"])
    assert (back["id"], bool(kept.service_account), kept.refresh_token) == (made["id"], True, None)


def test_what_is_no_key_is_refused(site: Web, service_key: dict[str, str]) -> None:
    owner = site.script(site.business(), "owner")
    elliptic, _ = pem(ec.generate_private_key(ec.SECP256R1()))
    wrong: list[tuple[Any, str, str]] = [
        ({"installed": {"client_id": "x"}}, ACCOUNT, "bad_service_key"),
        ({**service_key, "private_key": "no key"}, ACCOUNT, "bad_service_key"),
        ({**service_key, "private_key": elliptic}, ACCOUNT, "bad_service_key"),
        ({**service_key, "private_key": 7}, ACCOUNT, "bad_service_key"),
        ({**service_key, "client_email": "stranger@project.iam.example"}, ACCOUNT, "invalid_grant"),
        (service_key, "nobody", "bad_email"),
        (service_key, "stranger@example.com", "mail_not_enabled"),
        ("a key", ACCOUNT, "bad_value"),
    ]
    for key, subject, code in wrong:
        refused = owner.post("/api/gmail/delegated", {"service_account": key, "subject": subject})
        assert (refused.status_code, refused.json()["code"]) == (400, code), refused.text
        assert "PRIVATE KEY" not in refused.text
    assert owner.get("/api/mailboxes").json()["items"] == []


def test_only_an_owner_sets_gmail_up(site: Web, service_key: dict[str, str]) -> None:
    member = site.script(site.business(), "member")
    assert member.get("/api/gmail/setup").status_code == 403
    body = {"service_account": service_key, "subject": ACCOUNT}
    assert member.post("/api/gmail/delegated", body).status_code == 403
