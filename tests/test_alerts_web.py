"""Alerts over HTTP, and the web process's watch over a worker that cannot say that it is silent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import models
import tasks
from models import Alert, AlertLetter, Delivery
from store import alerts, webhooks
from tests.support.post_office import PostOffice, post_office
from tests.support.receiver import receiver
from tests.support.web import Script, Web, serving
from web.watch import Watch


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    with post_office() as open_:
        yield open_


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, office: PostOffice) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("web")
    with serving(folder, SMTP_URL=office.url, PRIVATE_HOSTS="127.0.0.1", DISK_LOW_MB="0") as web:
        yield web


def test_alerts_are_listed_in_the_language_asked_for_and_read_by_each_person_alone(site: Web) -> None:
    business = site.business()
    noa, ruth = site.browser(business), site.browser(business, "accountant")
    alerts.settle("mailbox", business.id, {"1": {"address": "me@kedem.example"}, "2": {"address": "us@kedem.example"}})
    page = noa.get("/api/alerts?limit=1").json()
    assert (page["unread"], len(page["items"])) == (2, 1)
    rest = noa.get(f"/api/alerts?limit=1&language=he&cursor={page['next_cursor']}").json()
    (item,) = rest["items"]
    assert rest["next_cursor"] is None
    assert (item["kind"], item["page"], item["urgent"], item["read"]) == ("mailbox", "settings/mailboxes", True, False)
    assert "יש לחבר מחדש" in item["text"]
    assert noa.post("/api/alerts/read", {"ids": [item["id"]]}).json() == {"unread": 1}
    assert noa.get("/api/changes").json()["alerts"] == 1
    assert noa.post("/api/alerts/read", {}).json() == {"unread": 0}
    assert ruth.get("/api/changes").json()["alerts"] == 2
    alerts.settle("mailbox", business.id, {"1": {"address": "me@kedem.example"}})
    assert [one["facts"]["address"] for one in ruth.get("/api/alerts?lasting=1").json()["items"]] == [
        "me@kedem.example"
    ]
    assert len(ruth.get("/api/alerts").json()["items"]) == 2


def test_each_person_chooses_and_the_webhooks_are_an_owners_to_choose(site: Web) -> None:
    business = site.business()
    owner, member = site.browser(business), site.browser(business, "member")
    told = owner.get("/api/alerts/choices").json()
    assert told["mail_works"] is True
    assert {one["kind"]: one["mail"] for one in told["items"]} == {
        "mailbox": True, "run": True, "missing": True, "review": False
    }  # fmt: skip
    now = owner.patch("/api/alerts/choices", {"kind": "run", "mail": False, "webhook": False}).json()
    assert {"kind": "run", "app": True, "mail": False, "webhook": False} in now["items"]
    theirs = {one["kind"]: one for one in member.get("/api/alerts/choices").json()["items"]}
    assert theirs["run"] == {"kind": "run", "app": True, "mail": False, "webhook": False}
    assert member.patch("/api/alerts/choices", {"kind": "run", "webhook": True}).status_code == 403
    assert owner.patch("/api/alerts/choices", {"kind": "disk", "mail": True}).status_code == 403  # no operator
    operator = site.browser(business, operator=True)
    assert {"worker", "disk"} < {one["kind"] for one in operator.get("/api/alerts/choices").json()["items"]}
    operator.patch("/api/alerts/choices", {"kind": "disk", "app": False})
    alerts.settle("disk", None, {"h": {"host": "h", "free_gb": 0.1}})
    assert operator.get("/api/alerts").json()["items"] == []
    alerts.settle("disk", None, {})


def test_a_token_sees_its_business_alone_and_reads_nothing(site: Web) -> None:
    business = site.business()
    script: Script = site.script(business, "accountant")
    alerts.settle("run", business.id, {"": {"run": 1}})
    alerts.settle("worker", None, {"": {}})
    assert [one["kind"] for one in script.get("/api/alerts").json()["items"]] == ["run"]
    assert script.post("/api/alerts/read", {}).status_code == 401
    alerts.settle("worker", None, {})


def test_the_web_notices_a_silent_worker_and_sends_what_it_cannot(site: Web, office: PostOffice) -> None:
    business = site.business()
    operator = site.browser(business, operator=True)
    address = operator.get("/api/me").json()["user"]["email"]
    with receiver() as there:
        with models.write():
            webhooks.add(business.id, there.url, ["alert.raised"])
        patient, watch = Watch(site.config, silent_s=3600), Watch(site.config, silent_s=0)
        patient.look()
        assert not Alert.select().where(Alert.kind == "worker", ~Alert.lasting.is_null()).exists()
        watch.look()
        watch.look()
        (alert,) = Alert.select().where(Alert.kind == "worker", ~Alert.lasting.is_null())
        (mail,) = [mail for mail in office.mails if mail["To"] == address]
        assert "No worker gives a sign of life" in mail.get_content()
        (delivery,) = Delivery.select().join(models.Event).where(models.Event.business == business)
        assert delivery.state == "delivered"
        assert operator.get("/api/changes").json()["alerts"] == 1
        tasks._seen(tasks.redis_client(site.config))  # as a worker does
        Watch(site.config, silent_s=60).look()
        assert Alert.get_by_id(alert.id).cleared_at is not None
        assert operator.get("/api/changes").json()["alerts"] == 0
    assert not AlertLetter.select().where(AlertLetter.sent_at.is_null()).exists()
