"""The Gmail stand-in: OAuth, reading the mailbox, its history, and what the control API does."""

from __future__ import annotations

import base64
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from demo.standin import Client, Options, StandIn
from demo.standin.client import READONLY
from errors import Tellable
from tests.support.standin import Caller, error, mail, mail_folder, refreshed, standin_process, standin_thread

DAY_S = 86400
NOW = time.time()


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with standin_thread(options=Options(quota="off")) as made:
        yield made


@pytest.fixture
def caller(standin: StandIn) -> Caller:
    return Caller(standin)


def test_a_folder_of_mail_is_served_byte_for_byte(tmp_path: Path) -> None:
    mails = {f"{n:02}.eml": mail(f"Number {n}", date_s=NOW - n * DAY_S) for n in range(5)}
    mails["odd.eml"] = b"not really a mail\xff\xfe\x00"
    labels = {
        "00.eml": {"labels": ["SPAM"]},
        "01.eml": {"labels": ["INBOX", "Bills"], "internal_date_ms": 1700000000123},
    }
    with standin_thread(mail_folder(tmp_path / "mail", mails, labels)) as standin:
        caller = Caller(standin)
        files = {told["file"]: told["id"] for told in standin.client.messages()}
        for name, raw in mails.items():
            got = caller.get(f"messages/{files[name]}", format="raw")
            assert base64.urlsafe_b64decode(got["raw"] + "==") == raw
        assert caller.get(f"messages/{files['01.eml']}", format="minimal")["internalDate"] == "1700000000123"
        assert files["00.eml"] not in caller.ids()
        assert set(caller.ids(includeSpamTrash="true")) == set(files.values())
        assert caller.ids(labelIds=["Label_1", "INBOX"]) == [files["01.eml"]]
        names = {label["id"]: label["name"] for label in caller.get("labels")["labels"]}
        assert names["Label_1"] == "Bills"
        assert names["INBOX"] == "INBOX"
        assert caller.get("profile")["messagesTotal"] == 6


def test_the_same_folder_and_seed_give_the_same_ids(tmp_path: Path) -> None:
    folder = mail_folder(tmp_path / "mail", {f"{n}.eml": mail(str(n), date_s=NOW) for n in range(4)})
    seen = []
    for seed in (1, 1, 2):
        with standin_thread(options=Options(accounts={"me@example.com": folder}, seed=seed)) as standin:
            seen.append([message["id"] for message in standin.client.messages()])
    assert seen[0] == seen[1] != seen[2]


def test_a_listing_hands_out_every_message_once_over_its_pages(standin: StandIn, caller: Caller) -> None:
    made = {standin.client.deliver(mail(f"n{n}")) for n in range(23)}
    found = caller.ids(maxResults=5)
    assert len(found) == 23
    assert set(found) == made
    assert found != sorted(found, reverse=True)  # newest first is a habit, not a promise


def test_a_page_token_is_good_for_its_own_question_only(standin: StandIn, caller: Caller) -> None:
    for n in range(3):
        standin.client.deliver(mail(f"n{n}"))
    token = caller.get("messages", maxResults=1, q="receipt OR n0 OR n1 OR n2")["nextPageToken"]
    assert error(caller.get("messages", 400, maxResults=1, q="other", pageToken=token)) == (400, "invalidArgument")
    assert error(caller.get("messages", 400, pageToken="made-up")) == (400, "invalidArgument")


def test_nothing_found_has_no_messages_key(caller: Caller) -> None:
    assert caller.get("messages", q="subject:nowhere") == {"resultSizeEstimate": 0}


def test_history_tells_each_change_once_and_then_nothing(standin: StandIn, caller: Caller) -> None:
    start = caller.get("profile")["historyId"]
    first = standin.client.deliver(mail())
    standin.client.set_labels(first, add=["STARRED"])
    standin.client.trash(first)
    second = standin.client.deliver(mail())
    standin.client.delete(second)
    told, token = [], None
    while True:
        page = caller.get("history", startHistoryId=start, maxResults=2, **({"pageToken": token} if token else {}))
        told += page.get("history", [])
        token = page.get("nextPageToken")
        if not token:
            break
    kinds = [next(key for key in record if key not in {"id", "messages"}) for record in told]
    added = ["messagesAdded", "labelsAdded", "labelsAdded", "labelsRemoved", "messagesAdded", "messagesDeleted"]
    assert kinds == added
    ids = [int(record["id"]) for record in told]
    assert ids == sorted(set(ids))
    assert told[1]["labelsAdded"] == [
        {
            "message": {"id": first, "threadId": first, "labelIds": ["INBOX", "STARRED", "UNREAD"]},
            "labelIds": ["STARRED"],
        }
    ]
    assert caller.get("history", startHistoryId=page["historyId"]) == {"historyId": page["historyId"]}
    only = caller.get("history", startHistoryId=start, historyTypes="messageDeleted")["history"]
    assert [record["messagesDeleted"][0]["message"]["id"] for record in only] == [second]


def test_history_that_is_too_old_answers_404(standin: StandIn, caller: Caller) -> None:
    start = caller.get("profile")["historyId"]
    standin.client.deliver(mail())
    standin.client.expire_history()
    assert error(caller.get("history", 404, startHistoryId=start)) == (404, "notFound")
    again = caller.get("profile")["historyId"]
    standin.client.deliver(mail())
    assert len(caller.get("history", startHistoryId=again)["history"]) == 1
    standin.client.advance(8 * DAY_S)
    fresh = Caller(standin)
    assert error(fresh.get("history", 404, startHistoryId=again)) == (404, "notFound")


def test_an_odd_or_unknown_id_is_refused_as_gmail_refuses_it(caller: Caller) -> None:
    assert error(caller.get("messages/zz", 400)) == (400, "invalidArgument")
    assert error(caller.get("messages/ffffffffffffffff", 400)) == (400, "invalidArgument")
    assert error(caller.get("messages/19a0000000000000", 404)) == (404, "notFound")


def test_without_a_good_token_nothing_is_told(standin: StandIn) -> None:
    url = f"{standin.url}/gmail/v1/users/me/profile"
    bare = requests.get(url, timeout=30)
    assert bare.status_code == 401
    assert bare.json()["error"]["errors"][0]["reason"] == "required"
    wrong = Caller(standin, "nonsense").get("profile", 401)
    assert error(wrong) == (401, "authError")
    assert wrong["error"]["status"] == "UNAUTHENTICATED"


def test_the_scope_granted_decides_what_may_be_done(standin: StandIn) -> None:
    made = standin.client.deliver(mail())
    reader = Caller(standin)
    refused = reader.session.post(f"{reader.base}/messages/{made}/trash", timeout=30)
    assert refused.status_code == 403
    assert refused.json()["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    looker = Caller(standin, scope="https://www.googleapis.com/auth/gmail.metadata")
    assert error(looker.get("messages", 403, q="x")) == (403, "forbidden")
    assert error(looker.get(f"messages/{made}", 403, format="raw")) == (403, "forbidden")
    assert looker.get(f"messages/{made}", format="metadata")["payload"]["headers"]


# -- OAuth


def ask(client: Client, **changes: str) -> str:
    asked = {
        "client_id": "one",
        "redirect_uri": "http://localhost/back",
        "response_type": "code",
        "scope": READONLY,
        "access_type": "offline",
        "prompt": "consent",
        "state": "s1",
    }
    asked |= changes
    return f"{client.environment['GOOGLE_AUTH_URL']}?{urlencode({k: v for k, v in asked.items() if v})}"


def came_back(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query, keep_blank_values=True).items()}


def redeem(client: Client, code: str, **changes: str) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": "one",
        "client_secret": "two",
        "redirect_uri": "http://localhost/back",
    }
    return requests.post(client.environment["GOOGLE_TOKEN_URL"], data=form | changes, timeout=30)


def test_the_consent_page_is_for_a_person_and_one_post_approves(standin: StandIn) -> None:
    url = ask(standin.client)
    page = requests.get(url, timeout=30)
    assert page.status_code == 200
    for text in ("me@example.com", READONLY, "stand-in", 'value="approve"', 'value="deny"'):
        assert text in page.text
    plain = requests.post(url, allow_redirects=False, timeout=30)  # a POST with nothing in it approves
    assert plain.status_code == 302
    back = came_back(plain.headers["Location"])
    assert (back["state"], back["scope"]) == ("s1", READONLY)
    assert redeem(standin.client, back["code"]).json()["scope"] == READONLY
    hidden = requests.post(url, data={"form": "1", "account": "me@example.com"}, allow_redirects=False, timeout=30)
    assert came_back(hidden.headers["Location"])["scope"] == READONLY  # no button clicked, so no box unticked


def test_denying_and_unticking_are_told_to_the_program(standin: StandIn) -> None:
    denied = came_back(standin.client.consent(ask(standin.client), approve=False))
    assert denied == {"error": "access_denied", "state": "s1"}
    both = ask(standin.client, scope=f"openid {READONLY}")
    less = came_back(standin.client.consent(both, scopes=["openid"]))
    assert less["scope"] == "openid"
    nothing = came_back(standin.client.consent(ask(standin.client), scopes=[]))
    assert (nothing["scope"], redeem(standin.client, nothing["code"]).json()["scope"]) == ("", "")
    token = redeem(standin.client, less["code"]).json()["access_token"]
    Caller(standin, token).get("profile", 403)


def test_a_code_is_good_once_for_ten_minutes_and_its_own_address(standin: StandIn) -> None:
    def code() -> str:
        return came_back(standin.client.consent(ask(standin.client)))["code"]

    assert redeem(standin.client, code(), redirect_uri="http://other/").json()["error"] == "redirect_uri_mismatch"
    used = code()
    assert redeem(standin.client, used).status_code == 200
    assert redeem(standin.client, used).json()["error"] == "invalid_grant"
    late = code()
    standin.client.advance(601)
    assert redeem(standin.client, late).json()["error"] == "invalid_grant"
    assert redeem(standin.client, code(), client_id="another").json()["error"] == "invalid_grant"


def test_the_verifier_must_fit_the_challenge(standin: StandIn) -> None:
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    url = ask(standin.client, code_challenge=challenge, code_challenge_method="S256")
    for given, status in (({}, 400), ({"code_verifier": verifier[::-1]}, 400), ({"code_verifier": verifier}, 200)):
        code = came_back(standin.client.consent(url))["code"]
        assert redeem(standin.client, code, **given).status_code == status
    plain = requests.get(ask(standin.client, code_challenge="x", code_challenge_method="plain"), timeout=30)
    assert plain.status_code == 400


def test_a_refresh_token_comes_with_the_first_consent_or_when_asked_for(standin: StandIn) -> None:
    def consented(**changes: str) -> Any:
        code = came_back(standin.client.consent(ask(standin.client, **changes)))["code"]
        return redeem(standin.client, code).json()

    assert "refresh_token" in consented(prompt="")
    assert "refresh_token" not in consented(prompt="")
    assert "refresh_token" in consented()
    assert "refresh_token" not in consented(access_type="online")


def test_access_runs_out_after_its_hour_and_is_renewed(standin: StandIn) -> None:
    tokens = standin.client.grant()
    caller = Caller(standin, tokens["access_token"])
    caller.get("profile")
    standin.client.advance(3600)
    caller.get("profile", 401)
    fresh = refreshed(standin.client, tokens["refresh_token"]).json()
    assert "refresh_token" not in fresh
    Caller(standin, fresh["access_token"]).get("profile")
    standin.client.expire_access()
    Caller(standin, fresh["access_token"]).get("profile", 401)


@pytest.mark.parametrize("reason", ["revoked", "password", "admin"])
def test_after_revocation_nothing_works_and_later_calls_are_counted(
    standin: StandIn, reason: Literal["revoked", "password", "admin"]
) -> None:
    tokens = standin.client.grant()
    assert standin.client.revoke(reason) == 1
    caller = Caller(standin, tokens["access_token"])
    caller.get("profile", 401)
    assert standin.client.stats()["calls_after_invalid_grant"] == 0
    refused = refreshed(standin.client, tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert standin.client.stats()["calls_after_invalid_grant"] == 0
    caller.get("profile", 401)
    refreshed(standin.client, tokens["refresh_token"])
    assert standin.client.stats()["calls_after_invalid_grant"] == 2


def test_in_testing_status_a_refresh_token_dies_after_seven_days(standin: StandIn) -> None:
    standin.client.set_client(refresh_token_expires_in=604799)
    tokens = standin.client.grant()
    assert tokens["refresh_token_expires_in"] == 604799
    standin.client.advance(6 * DAY_S)
    assert refreshed(standin.client, tokens["refresh_token"]).json()["refresh_token_expires_in"] < 2 * DAY_S
    standin.client.advance(DAY_S)
    assert refreshed(standin.client, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_the_programs_own_revocation_drops_all_tokens_of_the_user(standin: StandIn) -> None:
    one, two = standin.client.grant(), standin.client.grant()
    url = standin.client.environment["GOOGLE_REVOKE_URL"]
    assert requests.post(url, data={"token": one["refresh_token"]}, timeout=30).status_code == 200
    assert refreshed(standin.client, two["refresh_token"]).json()["error"] == "invalid_grant"
    Caller(standin, two["access_token"]).get("profile", 401)
    again = requests.post(url, data={"token": one["refresh_token"]}, timeout=30)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")


def test_a_named_client_keeps_strangers_out(standin: StandIn) -> None:
    standin.client.set_client(clients={"one": "two"}, redirect_uris=["http://localhost/back"])
    assert requests.get(ask(standin.client, client_id="stranger"), timeout=30).status_code == 401
    wrong = requests.get(ask(standin.client, redirect_uri="http://evil/"), timeout=30)
    assert wrong.status_code == 400
    assert "redirect_uri_mismatch" in wrong.text
    code = came_back(standin.client.consent(ask(standin.client)))["code"]
    refused = redeem(standin.client, code, client_secret="wrong")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert redeem(standin.client, code).status_code == 200


def test_each_account_has_its_own_mailbox(standin: StandIn) -> None:
    standin.client.add_account("you@example.org")
    theirs = standin.client.deliver(mail(), account="you@example.org")
    mine, yours = Caller(standin), Caller(standin, account="you@example.org")
    assert mine.ids() == []
    assert yours.ids() == [theirs]
    assert mine.get("profile")["emailAddress"] == "me@example.com"
    other = mine.session.get(f"{standin.url}/gmail/v1/users/you@example.org/profile", timeout=30)
    assert other.status_code == 403


def test_a_broken_request_closes_its_own_connection_and_nothing_else(standin: StandIn, caller: Caller) -> None:
    for request in (
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"POST /token HTTP/1.1\r\nContent-Length: 50\r\n\r\nshort",
        b"POST /token HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST /token HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ):
        with socket.create_connection(("127.0.0.1", standin.port), timeout=10) as raw:
            raw.sendall(request)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                pass
    basic = requests.post(f"{standin.url}/token", headers={"Authorization": "Basic ??"}, timeout=30)
    assert (basic.status_code, basic.json()["error"]) == (400, "invalid_request")
    assert caller.get("profile")["messagesTotal"] == 0


# -- as a command


def test_the_command_serves_and_keeps_its_state_across_a_restart(tmp_path: Path) -> None:
    folder = mail_folder(tmp_path / "mail", {"a.eml": mail("A"), "b.eml": mail("B")})
    state = tmp_path / "state.json"
    with standin_process("--state", str(state), mail_folder=folder) as client:
        tokens = client.grant()
        caller = Caller(client, tokens["access_token"])
        before = set(caller.ids())
        late = client.deliver(mail("C"), labels=["INBOX", "Bills"])
        start = caller.get("profile")["historyId"]
    mail_folder(folder, {"d.eml": mail("D")})
    with standin_process("--state", str(state), mail_folder=folder) as client:
        caller = Caller(client, tokens["access_token"])
        after = set(caller.ids())
        assert after > before | {late}
        assert caller.get(f"messages/{late}")["labelIds"] == ["INBOX", "Label_1"]
        new = caller.get("history", startHistoryId=start)["history"]
        assert [record["messagesAdded"][0]["message"]["id"] for record in new] == list(after - before - {late})
        assert refreshed(client, tokens["refresh_token"]).status_code == 200


def test_a_bad_folder_a_bad_file_and_a_taken_port_are_each_a_sentence(standin: StandIn, tmp_path: Path) -> None:
    with pytest.raises(Tellable) as none:
        StandIn(tmp_path / "nowhere")
    assert none.value.code == "standin_no_folder"
    bad = mail_folder(tmp_path / "bad", {})
    (bad / "labels.json").write_text("[")
    with pytest.raises(Tellable) as labels:
        StandIn(bad)
    assert labels.value.code == "standin_bad_labels"
    with pytest.raises(Tellable) as port:
        StandIn(port=standin.port)
    assert port.value.code == "port_taken"
    (tmp_path / "state").write_text("{}")
    with pytest.raises(Tellable) as state:
        StandIn(options=Options(state=tmp_path / "state"))
    assert state.value.code == "standin_bad_state"
