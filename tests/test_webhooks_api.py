"""Webhooks over HTTP: made, tried out, changed, sent again; and what is refused."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator

import pytest
import requests

import models
from models import Delivery
from store import webhooks
from tests.support.outbox import deliver_now
from tests.support.processes import until
from tests.support.receiver import Receiver, answer, hang, receiver
from tests.support.web import Web, receipt, serving


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), PRIVATE_HOSTS="127.0.0.1") as web:
        yield web


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def test_a_webhook_is_made_tried_changed_and_forgotten(site: Web, there: Receiver) -> None:
    owner = site.browser(site.business())
    made = owner.post("/api/webhooks", {"url": there.url, "events": ["receipt.approved"]})
    assert made.status_code == 201
    hook = made.json()
    assert (hook["status"], hook["events"]) == ("ok", ["receipt.approved"])
    listed = owner.get("/api/webhooks").json()
    assert listed["items"] == [{name: value for name, value in hook.items() if name != "secret"}]
    assert "receipt.created" in listed["types"]
    (raw,) = models.db.execute_sql("select secret from endpoint where id = ?", [hook["id"]]).fetchone()
    assert hook["secret"] not in raw
    where = f"/api/webhooks/{hook['id']}"

    tried = owner.post(f"{where}/test", {}).json()
    assert (tried["state"], tried["last_status"], tried["event"]["type"]) == ("delivered", 200, "webhook.test")
    parts = dict(part.split("=", 1) for part in there.got[0].headers["X-ProSaaS-Signature"].split(","))
    signed = f"{parts['t']}.".encode() + there.got[0].body
    assert parts["v1"] == hmac.new(hook["secret"].encode(), signed, hashlib.sha256).hexdigest()
    there.way = answer(404)
    tried = owner.post(f"{where}/test", {}).json()
    assert (tried["state"], tried["last_error"]) == ("failed", "The receiver answered with 404.")
    assert owner.get("/api/webhooks").json()["items"][0]["status"] == "ok", "a trial is no failure of the webhook"

    rotated = owner.patch(where, {"rotate_secret": True}).json()
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != hook["secret"]
    off = owner.patch(where, {"active": False, "events": ["*"]}).json()
    assert (off["status"], off["events"], "secret" in off) == ("off", ["*"], False)
    history = owner.get(f"{where}/deliveries").json()["items"]
    assert [one["state"] for one in history] == ["failed", "delivered"]
    assert [one["state"] for one in owner.get(f"{where}/deliveries?state=failed").json()["items"]] == ["failed"]
    first = owner.get(f"{where}/deliveries?limit=1").json()
    second = owner.get(f"{where}/deliveries?limit=1&cursor={first['next_cursor']}").json()
    assert [*first["items"], *second["items"]] == history
    assert second["next_cursor"] is None
    assert owner.delete(where).status_code == 204
    assert owner.get("/api/webhooks").json()["items"] == []
    assert not Delivery.select().where(Delivery.endpoint == hook["id"]).exists()


def test_an_approval_over_the_api_is_told_and_can_be_sent_again(site: Web, there: Receiver) -> None:
    business = site.business()
    owner = site.browser(business)
    hook = owner.post("/api/webhooks", {"url": there.url, "events": ["receipt.approved"]}).json()
    row = receipt(business)
    assert owner.patch(f"/api/receipts/{row.id}", {"status": "approved"}, version=1).ok
    deliver_now(site.config)
    (got,) = there.got
    assert got.event["data"]["receipt"]["id"] == row.id
    (delivery,) = owner.get(f"/api/webhooks/{hook['id']}/deliveries").json()["items"]
    replay = f"/api/webhooks/{hook['id']}/deliveries/{delivery['id']}/replay"
    again = owner.post(replay, {})
    assert (again.json()["state"], again.json()["tries"]) == ("waiting", 0)
    deliver_now(site.config)
    assert [one.event["id"] for one in there.got] == [got.event["id"]] * 2
    owner.patch(f"/api/webhooks/{hook['id']}", {"active": False})
    refused = owner.post(replay, {})
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_paused")
    other = owner.post("/api/webhooks", {"url": there.url}).json()
    assert owner.post(f"/api/webhooks/{other['id']}/deliveries/{delivery['id']}/replay", {}).status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://169.254.169.254/latest"}, "address_not_public"),
        ({"url": "http://localhost/"}, "address_not_public"),
        ({"url": "ftp://127.0.0.1/"}, "bad_url"),
        ({"url": "http://127.0.0.1/", "events": ["receipt.eaten"]}, "bad_value"),
        ({"url": "http://127.0.0.1/", "events": []}, "bad_value"),
        ({"url": "http://127.0.0.1/", "events": [["*"]]}, "bad_value"),
        ({}, "field_missing"),
    ],
)
def test_what_cannot_be_a_webhook_is_refused(site: Web, body: dict[str, object], code: str) -> None:
    owner = site.browser(site.business())
    refused = owner.post("/api/webhooks", body)
    assert (refused.status_code, refused.json()["code"]) == (400, code)
    good = owner.post("/api/webhooks", {"url": "http://127.0.0.1/"}).json()
    if body:
        assert owner.patch(f"/api/webhooks/{good['id']}", body).json()["code"] == code


def test_a_business_has_so_many_and_no_more(site: Web) -> None:
    owner = site.browser(site.business())
    for _ in range(webhooks.MOST):
        assert owner.post("/api/webhooks", {"url": "http://127.0.0.1/"}).status_code == 201
    assert owner.post("/api/webhooks", {"url": "http://127.0.0.1/"}).json()["code"] == "too_many_webhooks"


def test_trying_out_receivers_that_hang_does_not_take_up_the_web(site: Web, there: Receiver) -> None:
    owner = site.browser(site.business())
    hook = owner.post("/api/webhooks", {"url": there.url}).json()
    there.way = hang
    answers: list[requests.Response] = []

    def press() -> None:
        answers.append(owner.post(f"/api/webhooks/{hook['id']}/test", {}))

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: len(there.got) == 2, "both wait for the receiver")
    third = owner.post(f"/api/webhooks/{hook['id']}/test", {})
    assert (third.status_code, third.json()["code"]) == (429, "too_many_tries")
    assert owner.get("/api/receipts").status_code == 200
    there.over.set()
    for thread in threads:
        thread.join(30)
    assert {response.json()["state"] for response in answers} == {"failed"}
