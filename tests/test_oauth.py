"""Permission: the consent flow, its refusals, refresh, revoke and delegation, against the stand-in's real HTTP."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from demo.standin import Client, Options, StandIn
from errors import Tellable, Temporary
from sources import oauth
from sources.gmail import Gmail
from sources.gmail_api import GmailApi
from sources.oauth import SCOPE, Access, GoogleClient, TokenSource
from sources.ports import NeedsReconnect, Refused
from tests.support.gmail import REDIRECT, google


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn(options=Options(quota="off")) as running:
        yield running


@pytest.fixture
def sim(standin: StandIn) -> Client:
    standin.client.clear_faults()
    standin.client.set_client(clients={}, redirect_uris=[], access_s=3599, refresh_token_expires_in=None)
    return standin.client


@pytest.fixture
def client(sim: Client) -> GoogleClient:
    return google(sim)


def answered(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def consented(sim: Client, client: GoogleClient, scopes: list[str] | None = None) -> oauth.Grant:
    asked = oauth.authorization(client, REDIRECT)
    back = answered(sim.consent(asked.url, scopes=scopes))
    return oauth.exchange(client, back["code"], asked.verifier, REDIRECT)


def told(call: functools.partial[object]) -> Tellable:
    with pytest.raises(Tellable) as raised:
        call()
    assert raised.value.sentence.endswith(".")
    return raised.value


def test_a_consent_gives_tokens_that_read_the_mailbox(sim: Client, client: GoogleClient) -> None:
    asked = oauth.authorization(client, REDIRECT, login_hint="me@example.com")
    back = answered(sim.consent(asked.url))
    assert back["state"] == asked.state
    grant = oauth.exchange(client, back["code"], asked.verifier, REDIRECT)
    assert grant.scope == SCOPE
    assert timedelta(minutes=58) < grant.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    assert grant.refresh_expires_at is None
    assert Gmail(GmailApi(lambda: grant.access_token, sim.url)).profile().address == "me@example.com"


def test_the_consent_asks_for_one_scope_offline_with_pkce_and_a_state_of_its_own(client: GoogleClient) -> None:
    first, second = (oauth.authorization(client, REDIRECT, login_hint="a@b.example") for _ in range(2))
    query = answered(first.url)
    assert query["scope"] == "https://www.googleapis.com/auth/gmail.readonly"
    assert (query["access_type"], query["prompt"], query["response_type"]) == ("offline", "consent", "code")
    assert query["code_challenge_method"] == "S256"
    assert query["login_hint"] == "a@b.example"
    assert "=" not in query["code_challenge"]
    assert "include_granted_scopes" not in query
    assert len(first.state) >= 32
    assert first.state != second.state
    assert first.verifier != second.verifier
    assert first.verifier not in first.url


def test_a_grant_of_testing_status_says_when_google_ends_it(sim: Client, client: GoogleClient) -> None:
    sim.set_client(refresh_token_expires_in=604_799)
    ends_at = consented(sim, client).refresh_expires_at
    assert ends_at is not None
    assert timedelta(days=6, hours=23) < ends_at - datetime.now(UTC) < timedelta(days=7)


def test_a_box_that_was_not_ticked_is_told(sim: Client, client: GoogleClient) -> None:
    error = told(functools.partial(consented, sim, client, scopes=[]))
    assert isinstance(error, Refused)
    assert error.code == "scope_missing"


def test_a_code_serves_once_and_only_with_its_verifier(sim: Client, client: GoogleClient) -> None:
    asked = oauth.authorization(client, REDIRECT)
    code = answered(sim.consent(asked.url))["code"]
    assert (
        told(functools.partial(oauth.exchange, client, code, "another-verifier" * 4, REDIRECT)).code
        == "consent_expired"
    )
    code = answered(sim.consent(asked.url))["code"]
    oauth.exchange(client, code, asked.verifier, REDIRECT)
    again = told(functools.partial(oauth.exchange, client, code, asked.verifier, REDIRECT))
    assert again.code == "consent_expired"
    assert not isinstance(again, NeedsReconnect), "a consent that failed says nothing of a mailbox that is connected"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "consent_denied"),
        ("admin_policy_enforced", "consent_blocked"),
        ("org_internal", "consent_internal"),
        ("redirect_uri_mismatch", "redirect_uri_mismatch"),
        ("something_new", "consent_failed"),
    ],
)
def test_what_the_callback_says_becomes_a_sentence(error: str, code: str) -> None:
    refused = oauth.not_granted(error)
    assert refused.code == code
    assert refused.sentence.endswith(".")


def test_declining_comes_back_as_access_denied(sim: Client, client: GoogleClient) -> None:
    back = answered(sim.consent(oauth.authorization(client, REDIRECT).url, approve=False))
    assert oauth.not_granted(back["error"]).code == "consent_denied"


def test_a_refresh_gives_another_access_token(sim: Client, client: GoogleClient) -> None:
    grant = consented(sim, client)
    access = oauth.refresh(client, grant.refresh_token)
    assert access.token != grant.access_token
    assert access.expires_at > datetime.now(UTC) + timedelta(minutes=58)


@pytest.mark.parametrize("reason", ["revoked", "expired", "password", "admin"])
def test_a_permission_that_ended_means_connecting_again(sim: Client, client: GoogleClient, reason: str) -> None:
    grant = consented(sim, client)
    sim.revoke(reason)  # type: ignore[arg-type]
    error = told(functools.partial(oauth.refresh, client, grant.refresh_token))
    assert isinstance(error, NeedsReconnect)
    assert error.code == "invalid_grant"


def test_a_wrong_client_secret_is_the_operators_to_mend(sim: Client, client: GoogleClient) -> None:
    grant = consented(sim, client)
    sim.set_client(clients={client.client_id: "another secret"})
    error = told(functools.partial(oauth.refresh, client, grant.refresh_token))
    assert isinstance(error, Refused)
    assert error.code == "google_client_refused"
    assert "GOOGLE_CLIENT_SECRET" in error.sentence
    assert "standin-secret" not in str(error.details) + error.sentence


def test_a_token_endpoint_in_trouble_is_temporary(sim: Client, client: GoogleClient) -> None:
    grant = consented(sim, client)
    sim.fault("token_503", "token")
    error = told(functools.partial(oauth.refresh, client, grant.refresh_token))
    assert isinstance(error, Temporary)
    sim.clear_faults()
    sim.fault("garbage", "token")
    assert isinstance(told(functools.partial(oauth.refresh, client, grant.refresh_token)), Temporary)


def test_google_out_of_reach_is_temporary(client: GoogleClient) -> None:
    nowhere = GoogleClient("id", "secret", client.auth_url, "http://127.0.0.1:9/token", "http://127.0.0.1:9/revoke")
    for call in (functools.partial(oauth.refresh, nowhere, "r"), functools.partial(oauth.revoke, nowhere, "r")):
        error = told(call)
        assert isinstance(error, Temporary)
        assert error.code == "google_unreachable"


def test_a_revoked_token_is_over_and_revoking_twice_is_no_error(sim: Client, client: GoogleClient) -> None:
    grant = consented(sim, client)
    oauth.revoke(client, grant.refresh_token)
    with pytest.raises(NeedsReconnect):
        oauth.refresh(client, grant.refresh_token)
    oauth.revoke(client, grant.refresh_token)


def test_secrets_do_not_show_in_a_representation(sim: Client, client: GoogleClient) -> None:
    grant = consented(sim, client)
    shown = f"{client!r} {grant!r} {oauth.refresh(client, grant.refresh_token)!r}"
    for secret in (client.client_secret, grant.refresh_token, grant.access_token):
        assert secret not in shown


def test_ten_threads_on_one_stale_token_make_one_renewal(sim: Client, client: GoogleClient) -> None:
    grant = consented(sim, client)
    sim.reset_stats()
    stale = Access(grant.access_token, datetime.now(UTC) + timedelta(seconds=30))
    tokens = TokenSource(functools.partial(oauth.refresh, client, grant.refresh_token), stale)
    start = threading.Barrier(10)
    got: list[str] = []

    def use() -> None:
        start.wait()
        got.append(tokens.token())
        got.append(tokens.renew(grant.access_token))

    threads = [threading.Thread(target=use) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(got)) == 1
    assert grant.access_token not in got
    assert len(sim.journal(method="token")) == 1
    assert tokens.access is not None
    assert tokens.access.token == got[0]


def test_a_fresh_token_is_used_without_asking_google(sim: Client, client: GoogleClient) -> None:
    grant = consented(sim, client)
    sim.reset_stats()
    tokens = TokenSource(
        functools.partial(oauth.refresh, client, grant.refresh_token), Access(grant.access_token, grant.expires_at)
    )
    assert [tokens.token() for _ in range(3)] == [grant.access_token] * 3
    assert sim.journal(method="token") == []


def test_short_lived_tokens_are_not_renewed_at_every_call(sim: Client, client: GoogleClient) -> None:
    sim.set_client(access_s=60)
    grant = consented(sim, client)
    sim.reset_stats()
    tokens = TokenSource(functools.partial(oauth.refresh, client, grant.refresh_token))
    assert len({tokens.token() for _ in range(5)}) == 1
    assert len(sim.journal(method="token")) == 1


def test_once_the_permission_is_over_google_is_not_asked_again(sim: Client, client: GoogleClient) -> None:
    grant = consented(sim, client)
    tokens = TokenSource(functools.partial(oauth.refresh, client, grant.refresh_token))
    sim.revoke()
    sim.reset_stats()
    for _ in range(3):
        with pytest.raises(NeedsReconnect):
            tokens.token()
        with pytest.raises(NeedsReconnect):
            tokens.renew("whatever")
    assert len(sim.journal(method="token")) == 1


def test_trouble_at_the_token_endpoint_is_forgotten_when_it_is_over(sim: Client, client: GoogleClient) -> None:
    grant = consented(sim, client)
    tokens = TokenSource(functools.partial(oauth.refresh, client, grant.refresh_token))
    sim.fault("token_503", "token", times=1)
    with pytest.raises(Temporary):
        tokens.token()
    assert tokens.token()


@pytest.fixture(scope="module")
def service_key() -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "type": "service_account",
        "client_email": "reader@project.iam.example",
        "private_key_id": "k1",
        "private_key": private.decode(),
        "public": public.decode(),
    }


def test_a_service_account_reads_a_workspace_mailbox(sim: Client, service_key: dict[str, str]) -> None:
    sim.add_service_account(service_key["client_email"], service_key["public"], [SCOPE])
    key = {name: value for name, value in service_key.items() if name != "public"}
    renewal = functools.partial(oauth.delegated, json.loads(json.dumps(key)), "me@example.com", f"{sim.url}/token")
    gmail = Gmail(GmailApi(TokenSource(renewal), sim.url, quota_user="mailbox-7"))
    assert gmail.profile().address == "me@example.com"
    assert "mailbox-7" in sim.stats()["users"], "each mailbox is charged to its own name"


def test_delegation_says_what_is_missing(sim: Client, service_key: dict[str, str]) -> None:
    sim.add_service_account(service_key["client_email"], service_key["public"], [])
    asked = functools.partial(oauth.delegated, service_key, "me@example.com", f"{sim.url}/token")
    assert told(asked).code == "delegation_missing"
    sim.add_service_account(service_key["client_email"], service_key["public"], [SCOPE])
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = other.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    sim.add_service_account(service_key["client_email"], public.decode(), [SCOPE])
    withdrawn = told(asked)
    assert isinstance(withdrawn, NeedsReconnect)
    assert withdrawn.code == "invalid_grant"
    for broken in ({**service_key, "private_key": "no key"}, {"client_email": "x"}):
        assert told(functools.partial(oauth.delegated, broken, "me@example.com", "http://x")).code == "bad_service_key"
