"""Alerts: raised once for a cause, cleared with it, mailed together, told by webhook, each person as they chose."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import clock
import models
from config import Config
from errors import Tellable
from jobs import alert_words, alerting, kinds
from jobs import work as steps
from jobs.workshop import Workshop
from models import Alert, AlertLetter, Business, Mailbox, User, Work
from store import alert_causes, alert_choices, alert_letters, alerts, mailboxes, people, runs, webhooks
from tests.support import installation, web
from tests.support.post_office import PostOffice, post_office

LOST = Tellable("invalid_grant", "The permission is over.")


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as open_:
        yield open_


@pytest.fixture
def config(tmp_path: Path, office: PostOffice) -> Iterator[Config]:
    settings = installation.settings(tmp_path, SMTP_URL=office.url, PUBLIC_URL="https://books.example")
    with installation.database(settings):
        yield settings


@pytest.fixture
def shop(config: Config) -> Workshop:
    nothing: Any = None
    return Workshop(config, nothing, nothing, lambda _: True, nothing, lambda: False, nothing)


@pytest.fixture
def kedem(config: Config) -> Business:
    assert config
    return installation.business(name="Kedem Books")


def person(business: Business, role: str = "owner", **values: Any) -> User:
    user = people.add_user(f"{role}{User.select().count()}@desk.example", **values)
    people.add_member(business, user, role)
    return user


def mail_all(shop: Workshop) -> int:
    """What the worker does of a minute: ask for the mails that are due, and send them."""
    asked = alerting.ask_for_mails(shop.config)
    for work_id, _ in asked:
        steps.step(shop, work_id, kinds.KINDS)
    return len(asked)


def lasting() -> list[tuple[str, str]]:
    return [(row.kind, row.about) for row in Alert.select().where(~Alert.lasting.is_null()).order_by(Alert.id)]


def an_hour_passes() -> None:
    AlertLetter.update(sent_at=clock.now() - alert_letters.PAUSE * 1.1).where(~AlertLetter.sent_at.is_null()).execute()


def test_a_lost_mailbox_is_told_once_until_it_is_connected_again(kedem: Business) -> None:
    box = installation.mailbox(kedem)
    mailboxes.needs_reconnect(box.id, LOST)
    assert [alert_causes.mailboxes() for _ in range(3)] == [1, 0, 0]
    assert lasting() == [("mailbox", str(box.id))]
    Mailbox.update(status="connected").where(Mailbox.id == box.id).execute()
    assert alert_causes.mailboxes() == 0
    assert lasting() == []
    mailboxes.needs_reconnect(box.id, LOST)
    assert alert_causes.mailboxes() == 1
    assert Alert.select().count() == 2


def test_two_who_look_at_once_tell_it_once(kedem: Business) -> None:
    causes = {"": {"count": 3}}
    with models.write():
        assert alerts.settle("review", kedem.id, causes) == 1
        known, alerts._lasting = alerts._lasting, lambda *_: []  # what the other one saw a moment before
        try:
            assert alerts.settle("review", kedem.id, causes) == 0
        finally:
            alerts._lasting = known
    assert Alert.select().count() == 1


def test_a_failed_sync_is_told_in_the_transaction_of_its_end(kedem: Business) -> None:
    installation.mailbox(kedem)
    for status, told in (("failed", ["run"]), ("failed", ["run"]), ("completed", []), ("failed", ["run"])):
        run = runs.request(kedem)
        claimed = runs.claim(run.id)
        assert claimed is not None
        runs.finish(claimed[1], status, Tellable("google_error", "Google has trouble.") if status == "failed" else None)
        assert [kind for kind, _ in lasting()] == told
    assert Alert.select().count() == 2


def test_a_sync_that_failed_with_its_mailbox_is_told_of_the_mailbox_alone(kedem: Business) -> None:
    box = installation.mailbox(kedem)
    run = runs.request(kedem)
    claimed = runs.claim(run.id)
    assert claimed is not None
    mailboxes.needs_reconnect(box.id, LOST)
    runs.finish(claimed[1], "failed", LOST)
    alert_causes.mailboxes()
    assert [kind for kind, _ in lasting()] == ["mailbox"]


def test_receipts_that_wait_longer_than_a_day_are_told_with_their_number(kedem: Business, shop: Workshop) -> None:
    old, fresh = clock.now() - timedelta(hours=30), clock.now()
    rows = [web.receipt(kedem, status="to_review", created_at=at) for at in (old, old, fresh)]
    row, new = next(iter(alerting.plan()))
    assert new
    steps.step(shop, row.id, kinds.KINDS)
    assert Work.get_by_id(row.id).result == {"raised": 1}
    (alert,) = Alert.select()
    assert (alert.kind, alert.facts["count"]) == ("review", 2)
    assert next(iter(alerting.plan()))[1] is False  # this hour is done
    models.Receipt.update(status="approved").where(models.Receipt.id == rows[0].id).execute()
    alert_causes.of_business(kedem.id)
    assert Alert.get_by_id(alert.id).facts["count"] == 1
    models.Receipt.update(status="approved").where(models.Receipt.id == rows[1].id).execute()
    alert_causes.of_business(kedem.id)
    assert lasting() == []


def test_a_paper_that_usually_comes_and_does_not_is_told_and_clears_when_it_comes(kedem: Business) -> None:
    today = clock.now().date()
    due = today - timedelta(days=12)  # late by more than a monthly paper's drift, and of this month or the last
    for months in range(1, 6):
        web.receipt(kedem, vendor="Bezek", date=due - timedelta(days=round(30.44 * months)))
    assert alert_causes.of_business(kedem.id) == 1
    (alert,) = Alert.select()
    assert (alert.kind, alert.facts["vendor"]) == ("missing", "Bezek")
    assert alert_causes.of_business(kedem.id) == 0
    web.receipt(kedem, vendor="Bezek", date=due)
    alert_causes.of_business(kedem.id)
    assert lasting() == []


def test_urgent_things_are_mailed_at_once_and_the_rest_once_an_hour(
    kedem: Business, shop: Workshop, office: PostOffice
) -> None:
    noa = person(kedem)
    alerts.settle("run", kedem.id, {"": {"run": 1}})
    assert mail_all(shop) == 1
    assert office.mails[-1]["To"] == noa.email
    assert "ProSaaS: The last sync failed." in office.mails[-1]["Subject"]
    alerts.settle("missing", kedem.id, {"a": {"vendor": "Bezek", "expected_on": "2026-11-05"}})
    alerts.settle("missing", kedem.id, {"a": {"vendor": "Bezek", "expected_on": "2026-11-05"},
                                        "b": {"vendor": "Partner", "expected_on": "2026-11-07"}})  # fmt: skip
    assert mail_all(shop) == 0
    alerts.settle("mailbox", kedem.id, {"7": {"address": "me@kedem.example"}})
    assert mail_all(shop) == 1
    text = office.mails[-1].get_content()
    assert "me@kedem.example has to be connected again" in text
    assert "https://books.example/app/b/kedem/settings/mailboxes" in text
    assert "Bezek" in text  # what waited goes along
    assert "Partner" in text
    assert "last sync" not in text  # and nothing goes twice
    an_hour_passes()
    assert mail_all(shop) == 0
    assert len(office.mails) == 2


def test_what_flutters_fills_nobodys_mailbox(kedem: Business, shop: Workshop, office: PostOffice) -> None:
    person(kedem)
    for _ in range(8):
        alerts.settle("mailbox", kedem.id, {"7": {"address": "me@kedem.example"}})
        mail_all(shop)
        alerts.settle("mailbox", kedem.id, {})
    assert len(office.mails) == alert_letters.MOST_URGENT


def test_what_was_over_before_its_mail_is_not_mailed(kedem: Business, shop: Workshop, office: PostOffice) -> None:
    person(kedem)
    alerts.settle("run", kedem.id, {"": {"run": 1}})
    alerts.settle("run", kedem.id, {})
    assert mail_all(shop) == 0
    assert office.mails == []
    assert AlertLetter.select().count() == 0


def test_a_worker_that_dies_over_the_mail_loses_nothing_and_the_retry_is_the_same_mail(
    kedem: Business, shop: Workshop, office: PostOffice
) -> None:
    person(kedem)
    alerts.settle("run", kedem.id, {"": {"run": 1}})
    ((work_id, _),) = alerting.ask_for_mails(shop.config)
    real, alert_letters.sent = alert_letters.sent, _dies
    try:
        steps.step(shop, work_id, kinds.KINDS)  # the mail went out, its mark did not come into the database
    finally:
        alert_letters.sent = real
    alerts.settle("missing", kedem.id, {"a": {"vendor": "Bezek", "expected_on": "2026-11-05"}})
    Work.update(next_try_at=clock.now()).where(Work.id == work_id).execute()
    steps.step(shop, work_id, kinds.KINDS)
    first, again = office.mails
    assert first["Message-ID"] == again["Message-ID"]
    assert first.get_content() == again.get_content()
    assert AlertLetter.select().where(AlertLetter.sent_at.is_null()).count() == 1  # the newer one has its own mail


def _dies(letters: Collection[int]) -> None:
    raise RuntimeError(f"the lights go out over {letters}")


def test_a_refused_address_is_not_asked_again_every_minute(kedem: Business, shop: Workshop, office: PostOffice) -> None:
    person(kedem)
    office.answer = "550 No such person"
    alerts.settle("run", kedem.id, {"": {"run": 1}})
    assert mail_all(shop) == 1
    assert mail_all(shop) == 0
    Work.update(finished_at=clock.now() - alert_letters.PAUSE * 1.1).execute()
    office.answer = ""
    assert mail_all(shop) == 1
    assert len(office.mails) == 1


def test_without_a_mail_server_nothing_is_kept_for_later(kedem: Business, config: Config) -> None:
    person(kedem)
    alerts.settle("run", kedem.id, {"": {"run": 1}})
    assert AlertLetter.select().count() == 1
    assert alerting.ask_for_mails(replace(config, smtp_url="")) == []
    assert AlertLetter.select().count() == 0


def test_each_person_gets_what_they_chose(kedem: Business, shop: Workshop, office: PostOffice) -> None:
    noa, ruth, dan = person(kedem), person(kedem, "accountant", language="he"), person(kedem, "member")
    alert_choices.choose("run", kedem.id, noa.id, mail=False)
    alert_choices.choose("run", kedem.id, ruth.id, mail=True)
    alert_choices.choose("run", kedem.id, dan.id, app=False)
    alerts.settle("run", kedem.id, {"": {"run": 1}})
    mail_all(shop)
    assert [mail["To"] for mail in office.mails] == [ruth.email]
    assert "הסנכרון האחרון נכשל" in office.mails[0].get_content()
    seen = {user.id: len(alerts.listing(alerts.Reader(kedem.id, user.id), 10)) for user in (noa, ruth, dan)}
    assert seen == {noa.id: 1, ruth.id: 1, dan.id: 0}


def test_webhooks_are_told_unless_the_business_said_otherwise(kedem: Business) -> None:
    with models.write():
        webhooks.add(kedem.id, "https://hook.example/", ["alert.raised"])
    alerts.settle("run", kedem.id, {"": {"run": 1}})
    alert_choices.choose("review", kedem.id, None, webhook=False)
    alerts.settle("review", kedem.id, {"": {"count": 2, "since": "2026-11-01T00:00:00Z"}})
    (event,) = models.Event.select()
    assert (event.type, event.data["alert"]["kind"]) == ("alert.raised", "run")


def test_a_full_disk_is_the_operators_and_clears_with_room_to_spare(kedem: Business, config: Config) -> None:
    noa = person(kedem, operator=True)
    ruth = person(kedem)
    full, fine = replace(config, disk_low_mb=10**9), replace(config, disk_low_mb=0)
    assert [alerting.watch_disk(one, "alma") for one in (fine, full, full)] == [0, 1, 0]
    assert [letter.user_id for letter in AlertLetter.select()] == [noa.id]
    assert len(alerts.listing(alerts.Reader(kedem.id, noa.id, operator=True), 10)) == 1
    assert alerts.listing(alerts.Reader(kedem.id, ruth.id), 10) == []
    alerting.watch_disk(fine, "beth")  # another machine's disk is another thing
    assert lasting() == [("disk", "alma")]
    alerting.watch_disk(fine, "alma")
    assert lasting() == []


def test_what_a_host_that_is_gone_told_does_not_last_for_ever(kedem: Business, config: Config) -> None:
    assert kedem
    alerting.watch_disk(replace(config, disk_low_mb=10**9), "gone")
    alerts.prune()
    assert lasting() == [("disk", "gone")]
    Alert.update(seen_at=clock.now() - timedelta(hours=2)).execute()
    alerts.prune()
    assert lasting() == []
    Alert.update(cleared_at=clock.now() - alerts.KEPT * 1.1).execute()
    assert alerts.prune() == 1


def test_every_kind_has_its_words_in_every_language() -> None:
    facts = {"address": "a@b.example", "vendor": "V", "expected_on": "2026-11-05", "count": 2, "free_gb": 0.4,
             "since": "2026-11-01T10:00:00Z"}  # fmt: skip
    for kind in alert_choices.KINDS:
        for more in ({}, {"host": "alma"}, {"host": "alma", "count": 1}):
            told = {alert_words.sentence(kind, {"host": "h", **facts, **more}, one) for one in people.LANGUAGES}
            assert len(told) == len(people.LANGUAGES)
            assert not any("{" in text for text in told)
        assert alert_words.page(kind)
