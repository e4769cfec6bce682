"""The Gmail stand-in against Google's own client library and discovery document."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import httplib2
import pytest
import requests
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped]
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from demo.standin import Options
from demo.standin.methods import FULL, METHODS, READONLY
from demo.standin.shapes import Shape
from tests.support.discovery import Checked, document, faults_in, methods
from tests.support.standin import mail

PDF = b"%PDF-1.4 not a real one"
NOW = time.time()


@pytest.fixture
def standin() -> Iterator[Checked]:
    with Checked(options=Options(quota="off")) as made:
        yield made
        assert made.wrong == []


def google(standin: Checked, scope: str = READONLY) -> Any:
    """Google's library, led to the stand-in by the addresses of its document alone."""
    described = json.loads(json.dumps(document()))
    described |= {"rootUrl": f"{standin.url}/", "baseUrl": f"{standin.url}/", "batchPath": "batch/gmail/v1"}
    tokens = standin.client.grant(scope=scope)
    settings = standin.client.environment
    credentials = Credentials(  # type: ignore[no-untyped-call]
        token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        token_uri=settings["GOOGLE_TOKEN_URL"],
        client_id=settings["GOOGLE_CLIENT_ID"],
        client_secret=settings["GOOGLE_CLIENT_SECRET"],
    )
    http = AuthorizedHttp(credentials, http=httplib2.Http(timeout=30))
    return build_from_document(described, http=http)


def refused(call: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        call.execute()
    return caught.value.resp.status, json.loads(caught.value.content)["error"]["errors"][0]["reason"]


def test_the_table_of_methods_says_what_googles_document_says() -> None:
    described = dict(methods())
    for method in METHODS:
        theirs = described[method.name]
        own = {name: (param.repeated, tuple(sorted(param.values))) for name, param in method.params.items()}
        google_s = {
            name: (param.get("repeated", False), tuple(sorted(param.get("enum", ()))))
            for name, param in theirs["parameters"].items()
            if param["location"] == "query"
        }
        assert theirs["flatPath"] == f"gmail/v1/users/{{userId}}/{method.path}"
        assert theirs["httpMethod"] == method.verb
        assert own == google_s, method.name
        assert method.scopes == {scope for scope in theirs["scopes"] if ".addons." not in scope}, method.name
        assert method.upload == ("mediaUpload" in theirs)
        assert (method.shape is None) == ("response" not in theirs)


def test_the_shapes_for_field_masks_are_googles_schemas() -> None:
    def same(shape: Shape, schema: Any, depth: int = 0) -> None:
        properties = document()["schemas"][schema]["properties"]
        assert shape.keys() == properties.keys(), schema
        for name, inner in shape.items():
            ref = properties[name].get("$ref") or properties[name].get("items", {}).get("$ref")
            assert (inner is None) == (ref is None), (schema, name)
            if inner is not None and depth < 6:
                same(inner, ref, depth + 1)

    described = dict(methods())
    for method in METHODS:
        if method.shape is not None:
            same(method.shape, described[method.name]["response"]["$ref"])


def test_the_check_of_answers_can_fail() -> None:
    good = {"id": "1", "threadId": "1", "historyId": "12", "internalDate": "1", "sizeEstimate": 3, "raw": "QUI"}
    assert faults_in(good, "Message") == []
    bad: list[dict[str, Any]] = [
        {"made_up": 1},
        {"historyId": 12},
        {"historyId": "-1"},
        {"raw": "a+b/"},
        {"labelIds": []},
        {"sizeEstimate": "3"},
        {"payload": {"body": {"size": 2.5}}},
    ]
    for wrong in bad:
        assert len(faults_in(good | wrong, "Message")) == 1, wrong


def test_googles_library_reads_a_mailbox(standin: Checked) -> None:
    users = google(standin).users()
    made = {standin.client.deliver(mail(f"n{n}", attachments=(("a.pdf", "application/pdf", PDF),))) for n in range(7)}
    assert users.getProfile(userId="me").execute()["messagesTotal"] == 7
    assert users.labels().list(userId="me").execute()["labels"][0]["id"] == "INBOX"
    assert users.labels().get(userId="me", id="INBOX").execute()["messagesUnread"] == 7
    found, request = set(), users.messages().list(userId="me", maxResults=3, labelIds="INBOX")
    while request is not None:
        page = request.execute()
        found |= {message["id"] for message in page["messages"]}
        request = users.messages().list_next(request, page)
    assert found == made
    one = sorted(made)[0]
    for form in ("minimal", "metadata", "full", "raw"):
        assert users.messages().get(userId="me", id=one, format=form).execute()["id"] == one
    whole = users.messages().get(userId="me", id=one).execute()
    part = whole["payload"]["parts"][1]
    body = users.messages().attachments().get(userId="me", messageId=one, id=part["body"]["attachmentId"]).execute()
    assert base64.urlsafe_b64decode(body["data"] + "==") == PDF
    assert users.threads().get(userId="me", id=whole["threadId"]).execute()["messages"][0]["id"] == one
    assert len(users.threads().list(userId="me").execute()["threads"]) == 7
    assert standin.checked == 14


def test_googles_library_follows_history_and_meets_its_end(standin: Checked) -> None:
    users = google(standin).users()
    start = users.getProfile(userId="me").execute()["historyId"]
    made = [standin.client.deliver(mail()) for _ in range(3)]
    standin.client.set_labels(made[0], add=["Bills"])
    standin.client.spam(made[1])
    standin.client.delete(made[2])
    told, request = [], users.history().list(userId="me", startHistoryId=start, maxResults=2)
    while request is not None:
        page = request.execute()
        told += page.get("history", [])
        request = users.history().list_next(request, page)
    assert len(told) == 7
    standin.client.expire_history()
    assert refused(users.history().list(userId="me", startHistoryId=start)) == (404, "notFound")


def test_googles_library_writes_and_deletes(standin: Checked) -> None:
    users = google(standin, FULL).users()
    raw = base64.urlsafe_b64encode(mail("put in", date_s=NOW - 9999)).decode()
    body = {"raw": raw, "labelIds": ["INBOX"]}
    one = users.messages().insert(userId="me", body=body).execute()["id"]
    two = users.messages().import_(userId="me", body=body).execute()["id"]
    dates = {
        told["id"]: told["internal_date_ms"]
        for told in standin.client.messages()
    }  # fmt: skip
    assert dates[one] > dates[two] == int(NOW - 9999) * 1000
    label = users.labels().create(userId="me", body={"name": "Taxes"}).execute()["id"]
    changed = users.messages().modify(userId="me", id=one, body={"addLabelIds": [label]}).execute()
    assert label in changed["labelIds"]
    assert "TRASH" in users.messages().trash(userId="me", id=one).execute()["labelIds"]
    assert "TRASH" not in users.messages().untrash(userId="me", id=one).execute()["labelIds"]
    users.messages().batchModify(userId="me", body={"ids": [one, two], "addLabelIds": ["STARRED"]}).execute()
    assert users.messages().delete(userId="me", id=one).execute() == ""
    users.messages().batchDelete(userId="me", body={"ids": [two]}).execute()
    assert standin.client.messages() == []
    assert refused(users.messages().delete(userId="me", id=one)) == (404, "notFound")


def test_googles_library_uploads_media(standin: Checked, tmp_path: Any) -> None:
    from googleapiclient.http import MediaInMemoryUpload

    users = google(standin, FULL).users()
    raw = mail("uploaded")
    media = MediaInMemoryUpload(raw, mimetype="message/rfc822")
    for body in (None, {"labelIds": ["INBOX"]}):
        made = users.messages().insert(userId="me", body=body, media_body=media).execute()
        got = users.messages().get(userId="me", id=made["id"], format="raw").execute()
        assert base64.urlsafe_b64decode(got["raw"] + "==") == raw
        assert made.get("labelIds") == (body or {}).get("labelIds")


def test_saving_a_draft_again_gives_its_message_a_new_id(standin: Checked) -> None:
    users = google(standin, FULL).users()

    def body(text: str) -> Any:
        return {"message": {"raw": base64.urlsafe_b64encode(mail(text)).decode()}}

    start = users.getProfile(userId="me").execute()["historyId"]
    draft = users.drafts().create(userId="me", body=body("one")).execute()
    again = users.drafts().update(userId="me", id=draft["id"], body=body("two")).execute()
    assert again["id"] == draft["id"]
    assert again["message"]["id"] != draft["message"]["id"]
    got = users.drafts().get(userId="me", id=draft["id"]).execute()
    assert got["message"]["id"] == again["message"]["id"]
    assert [entry["id"] for entry in users.drafts().list(userId="me").execute()["drafts"]] == [draft["id"]]
    records = users.history().list(userId="me", startHistoryId=start).execute()["history"]
    assert [sorted(record.keys() - {"id", "messages"}) for record in records] == [
        ["messagesAdded"],
        ["messagesDeleted"],
        ["messagesAdded"],
    ]
    users.drafts().delete(userId="me", id=draft["id"]).execute()
    assert refused(users.drafts().get(userId="me", id=draft["id"])) == (404, "notFound")
    assert "drafts" not in users.drafts().list(userId="me").execute()


def test_watch_answers_with_its_seven_days_and_stop_with_nothing(standin: Checked) -> None:
    users = google(standin).users()
    answer = users.watch(userId="me", body={"topicName": "projects/p/topics/t", "labelIds": ["INBOX"]}).execute()
    assert abs(int(answer["expiration"]) / 1000 - standin.client.now() - 7 * 86400) < 60
    assert users.stop(userId="me").execute() == ""
    assert refused(users.watch(userId="me", body={"topicName": "t"})) == (400, "invalidArgument")


def test_a_batch_of_googles_library_holds_good_parts_and_refusals(standin: Checked) -> None:
    service = google(standin)
    users = service.users()
    made = [standin.client.deliver(mail(f"n{n}")) for n in range(4)]
    standin.client.fault("concurrent_429", "messages.get", nth=2, in_batch=True)
    seen: dict[str, Any] = {}

    def note(request_id: str, answer: Any, error: HttpError | None) -> None:
        seen[request_id] = error.resp.status if error else answer["id"]

    batch = service.new_batch_http_request(callback=note)
    for number, one in enumerate([*made, "1234"]):
        batch.add(users.messages().get(userId="me", id=one, format="minimal"), request_id=f"r{number}")
    batch.execute()
    assert len(seen) == 5
    assert seen["r4"] == 404
    assert sorted(str(value) for key, value in seen.items() if key != "r4") == sorted(
        [*(one for key, one in zip(("r0", "r1", "r2", "r3"), made, strict=True) if seen[key] == one), "429"]
    )


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("messages", {"made_up": "1"}),
        ("messages", {"maxResults": "many"}),
        ("messages", {"maxResults": "-1"}),
        ("messages", {"includeSpamTrash": "perhaps"}),
        ("messages", {"labelIds": "NOWHERE"}),
        ("messages/19a0000000000000", {"format": "pretty"}),
        ("messages/19a0000000000000", {"alt": "yaml"}),
        ("history", {}),
        ("history", {"startHistoryId": "soon"}),
        ("history", {"startHistoryId": "1", "historyTypes": "everything"}),
        ("profile", {"fields": "nothing"}),
        ("messages", {"fields": "messages(id"}),
    ],
)
def test_a_request_that_the_description_does_not_allow_is_400(
    standin: Checked, path: str, params: dict[str, str]
) -> None:
    token = standin.client.grant()["access_token"]
    url = f"{standin.url}/gmail/v1/users/me/{path}"
    answer = requests.get(url, params=params, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
