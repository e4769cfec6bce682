"""Deliveries: at least once, in order, one at a time, through outages."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import clock
import models
from config import Config
from jobs import deliver
from models import Business, Delivery, Endpoint, Event
from store import deliveries, webhooks
from tests.support import installation
from tests.support.outbox import deliver_now, tell, time_passes
from tests.support.processes import until
from tests.support.receiver import Handler, Receiver, answer, receiver


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Config]:
    settings = installation.settings(tmp_path, PRIVATE_HOSTS="127.0.0.1")
    with installation.database(settings):
        yield settings


@pytest.fixture
def business(config: Config) -> Business:
    return installation.business()


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def endpoint(business: Business, there: Receiver, *types: str) -> Endpoint:
    return webhooks.add(business.id, there.url, types or ("*",))


def states() -> Counter[str]:
    return Counter(row.state for row in Delivery.select())


def test_an_event_arrives_with_its_envelope_and_a_signature_that_holds(
    config: Config, business: Business, there: Receiver
) -> None:
    hook = endpoint(business, there)
    tell(business)
    assert deliver_now(config) == 1
    (got,) = there.got
    event = Event.get()
    assert got.event == {
        "id": event.uid,
        "type": "export.ready",
        "time": clock.iso(event.created_at),
        "business": business.slug,
        "sequence": 1,
        "data": {"number": 0},
    }
    parts = dict(part.split("=", 1) for part in got.headers["X-ProSaaS-Signature"].split(","))
    wanted = hmac.new(hook.secret.encode(), f"{parts['t']}.".encode() + got.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(parts["v1"], wanted)
    row = Delivery.get()
    assert (row.state, row.tries, row.last_status, row.last_error) == ("delivered", 1, 200, None)
    assert row.log[0]["status"] == 200
    assert row.log[0]["error"] is None
    assert deliver_now(config) == 0


def test_a_receiver_that_was_down_gets_every_event_once_it_is_back_in_order(config: Config, business: Business) -> None:
    with receiver() as gone:
        port = gone.port
    hook = webhooks.add(business.id, f"http://127.0.0.1:{port}/", ["*"])
    tell(business, 30)
    for _ in range(6):
        deliver_now(config)
        time_passes()
    row = Endpoint.get_by_id(hook.id)
    assert (row.failures, webhooks.state(row)) == (6, "failing")
    assert states() == {"waiting": 30}
    assert Delivery.select().where(Delivery.tries > 0).count() == 1, "one probe, not thirty"
    with receiver(port) as back:
        until(lambda: not deliver_now(config) and states() == {"delivered": 30}, "all is delivered", 30)
        assert back.sequences() == list(range(1, 31))
        assert len({one.event["id"] for one in back.got}) == 30
    row = Endpoint.get_by_id(hook.id)
    assert (row.failures, row.failing_since, webhooks.state(row)) == (0, None, "ok")


def test_what_waited_for_hours_goes_at_once_when_the_receiver_is_back(
    config: Config, business: Business, there: Receiver
) -> None:
    endpoint(business, there)
    there.way = answer(502)
    tell(business, 3)
    for _ in range(4):
        deliver_now(config)
        time_passes()
    Delivery.update(next_try_at=clock.now() + timedelta(hours=8)).where(Delivery.tries > 0).execute()
    there.way = answer(200)
    there.got.clear()
    while deliver_now(config):
        pass
    assert states() == {"delivered": 3}
    assert sorted(there.sequences()) == [1, 2, 3]


def test_one_event_that_the_receiver_chokes_on_does_not_hold_up_the_others(
    config: Config, business: Business, there: Receiver
) -> None:
    endpoint(business, there)

    def picky(handler: Handler) -> None:
        answer(500 if there.got[-1].event["sequence"] == 2 else 200)(handler)

    there.way = picky
    tell(business, 5)
    deliver_now(config)
    Endpoint.update(wake_at=None, rung_at=None).execute()  # its own pause of five seconds, not the event's
    Delivery.update(next_try_at=clock.now() + timedelta(minutes=1)).where(Delivery.tries > 0).execute()
    deliver_now(config)
    assert there.sequences() == [1, 2, 3, 4, 5]
    assert states() == {"delivered": 4, "waiting": 1}
    for _ in range(len(deliveries.BACK_OFF)):
        time_passes()
        deliver_now(config)
    assert states() == {"delivered": 4, "failed": 1}
    assert 20 < sum(deliveries.BACK_OFF) / 3600 <= 24
    failed = Delivery.get(Delivery.state == "failed")
    assert failed.last_error == "The receiver answered with 500."
    assert len(failed.log) == len(deliveries.BACK_OFF) + 1


def test_a_day_without_a_success_pauses_it_and_resuming_sends_all_that_was_missed(
    config: Config, business: Business, there: Receiver
) -> None:
    hook = endpoint(business, there)
    there.way = answer(500)
    tell(business, 2)
    for _ in range(len(deliveries.BACK_OFF) + 1):
        deliver_now(config)
        time_passes()
    assert states()["failed"] == 1
    Endpoint.update(failing_since=clock.now() - timedelta(hours=24)).execute()
    deliver_now(config)
    assert webhooks.state(Endpoint.get_by_id(hook.id)) == "paused"
    time_passes()
    tell(business)
    assert deliver_now(config) == 0
    there.way = answer(200)
    there.got.clear()
    webhooks.change(Endpoint.get_by_id(hook.id), resume=True)
    deliver_now(config)
    assert there.sequences() == [1, 2, 3]
    assert states() == {"delivered": 3}


def test_a_receiver_that_says_gone_is_paused_at_once(config: Config, business: Business, there: Receiver) -> None:
    hook = endpoint(business, there)
    there.way = answer(410)
    tell(business)
    deliver_now(config)
    assert webhooks.state(Endpoint.get_by_id(hook.id)) == "paused"


def test_what_the_receiver_asks_for_is_kept_within_an_hour(config: Config, business: Business, there: Receiver) -> None:
    hook = endpoint(business, there)
    for asked, least, most in (("600", 590, 601), ("999999", 3590, 3601)):
        there.way = answer(429, Retry_After=asked)
        tell(business)
        deliver_now(config)
        pause = (Endpoint.get_by_id(hook.id).wake_at - clock.now()).total_seconds()
        assert least < pause < most
        Delivery.delete().execute()
        time_passes()


def test_two_workers_never_deliver_one_delivery_at_once(config: Config, business: Business, there: Receiver) -> None:
    hook = endpoint(business, there)
    tell(business, 20)

    def slowly(handler: Handler) -> None:
        time.sleep(0.005)
        answer(200)(handler)

    there.way = slowly
    start = threading.Barrier(3)
    faults: list[BaseException] = []

    def work() -> None:
        try:
            with models.db.connection_context():
                start.wait()
                while Delivery.select().where(Delivery.state == "waiting").exists():
                    deliver.step(config, hook.id, lambda: False, seconds=0.05)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert there.busiest == 1
    assert there.sequences() == list(range(1, 21))
    assert {row.tries for row in Delivery.select()} == {1}


def test_a_worker_that_lost_its_turn_writes_nothing_more(config: Config, business: Business, there: Receiver) -> None:
    hook = endpoint(business, there)
    tell(business, 2)
    turn = deliveries.take(hook.id)
    assert turn is not None
    assert deliveries.take(hook.id) is None, "somebody has it"
    late = deliveries.pick(turn)
    assert late is not None
    # It stops for longer than its lease; another worker goes on.
    Endpoint.update(lease_until=clock.now() - timedelta(seconds=1)).execute()
    time_passes()
    deliver_now(config)
    assert states() == {"delivered": 2}
    assert deliveries.settle(late, status=500, code="refused_by_receiver", text="Late.", took_ms=1) == "lost"
    assert deliveries.pick(turn) is None
    deliveries.give_back(turn)
    assert states() == {"delivered": 2}
    assert Endpoint.get_by_id(hook.id).failures == 0


def test_a_try_that_killed_its_worker_leaves_its_trace_and_is_made_again(
    config: Config, business: Business, there: Receiver
) -> None:
    hook = endpoint(business, there)
    tell(business)
    turn = deliveries.take(hook.id)
    assert turn is not None
    assert deliveries.pick(turn) is not None
    assert deliver_now(config) == 0, "the lease still stands"
    Endpoint.update(lease_until=clock.now() - timedelta(seconds=1)).execute()
    time_passes()
    deliver_now(config)
    row = Delivery.get()
    assert [entry["error"] and entry["error"]["code"] for entry in row.log] == ["interrupted", None]
    assert (row.state, row.tries) == ("delivered", 2)


def test_only_the_last_tries_are_kept(config: Config, business: Business, there: Receiver) -> None:
    endpoint(business, there)
    tell(business)
    there.way = answer(500)
    for _ in range(deliveries.LOG_KEPT + 5):
        Delivery.update(tries=0).execute()
        deliver_now(config)
        time_passes()
    assert len(Delivery.get().log) == deliveries.LOG_KEPT


def test_a_stopping_worker_begins_nothing_new(config: Config, business: Business, there: Receiver) -> None:
    hook = endpoint(business, there)
    tell(business)
    assert deliver.step(config, hook.id, lambda: True) is False
    assert (there.got, states()) == ([], {"waiting": 1})
    deliver_now(config)
    assert states() == {"delivered": 1}


def test_a_private_address_is_refused_at_the_time_of_sending_too(
    config: Config, business: Business, there: Receiver, tmp_path: Path
) -> None:
    endpoint(business, there)
    tell(business)
    closed = installation.settings(tmp_path)
    deliver_now(closed)
    assert there.got == []
    assert Delivery.get().log[0]["error"]["code"] == "address_not_public"
    time_passes()
    deliver_now(installation.settings(tmp_path, N8N_URL=f"http://127.0.0.1:{there.port}"))
    assert len(there.got) == 1, "where n8n is may be reached"


def test_old_events_are_forgotten(config: Config, business: Business, there: Receiver) -> None:
    endpoint(business, there)
    tell(business, 3)
    Event.update(created_at=clock.now() - timedelta(days=31)).where(Event.sequence < 3).execute()
    assert deliveries.prune() == 2
    assert [row.event.sequence for row in Delivery.select()] == [3]


def test_a_trial_under_way_is_not_sent_by_a_worker_too(config: Config, business: Business, there: Receiver) -> None:
    hook = endpoint(business, there)
    parcel = deliveries.test(hook)
    assert deliver_now(config) == 0
    assert there.got == []
    deliver.send(config, parcel)
    assert there.got[0].event["type"] == "webhook.test"
    assert states() == {"delivered": 1}
