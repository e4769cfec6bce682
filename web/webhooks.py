"""Webhooks: where events go, what came of each, trying one out, sending one again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import clock
from errors import Tellable
from jobs import deliver
from models import Delivery, Endpoint
from sources import hooks
from store import deliveries, events, webhooks
from web import answers, shapes, values
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call

_ENDPOINT = shapes.obj(
    id=shapes.WHOLE, url=shapes.TEXT, events=shapes.many(shapes.TEXT), active=shapes.BOOL, status=shapes.TEXT,
    failures=shapes.WHOLE, failing_since=shapes.OPT_TIME, paused_at=shapes.OPT_TIME, next_try_at=shapes.OPT_TIME,
    delivered_at=shapes.OPT_TIME, waiting=shapes.WHOLE, created_at=shapes.TIME,
)  # fmt: skip
_WITH_SECRET = {"allOf": [_ENDPOINT, shapes.obj(secret=shapes.TEXT)]}
_TRY = shapes.obj(
    at=shapes.TIME, status=shapes.OPT_WHOLE, error=shapes.either(shapes.NOTE), ms=shapes.OPT_WHOLE,
)  # fmt: skip
_DELIVERY = shapes.obj(
    id=shapes.WHOLE,
    event=shapes.obj(
        id=shapes.TEXT, type=shapes.TEXT, sequence=shapes.WHOLE, time=shapes.TIME, data=shapes.FREE,
    ),
    state=shapes.TEXT, tries=shapes.WHOLE, next_try_at=shapes.OPT_TIME, delivered_at=shapes.OPT_TIME,
    last_status=shapes.OPT_WHOLE, last_error=shapes.OPT_TEXT, log=shapes.many(_TRY),
)  # fmt: skip
_URL = values.text(2000, shortest=1, about="http or https; private addresses only where PRIVATE_HOSTS allows them")
_EVENTS = values.words(*events.TYPES, events.ALL, about="types of events; * is all, later ones too")
_testing = threading.BoundedSemaphore(2)  # a receiver that hangs must not take up the threads of the web


@route(
    "GET",
    "/api/webhooks",
    role="owner",
    summary="Webhooks",
    answers={200: {"allOf": [shapes.listed(_ENDPOINT), shapes.obj(types=shapes.many(shapes.TEXT))]}},
)
def listing(call: Call) -> dict[str, Any]:
    """Oldest first, without their secrets; `types` is what they may ask for."""
    rows = webhooks.listing(call.business_id)
    waiting = deliveries.waiting(rows)
    items = [_brief(row, waiting.get(row.id, 0)) for row in rows]
    return {**answers.listing(items, None), "types": list(events.TYPES)}


@route(
    "POST",
    "/api/webhooks",
    role="owner",
    summary="Have events sent to an address",
    body={"url": _URL.needed(), "events": _EVENTS},
    answers={201: _WITH_SECRET},
)
def add(call: Call) -> bytes:
    """The answer is the only place where the secret ever stands."""
    hooks.check(call.body["url"], deliver.allowed(call.site.config))
    row = webhooks.add(call.business_id, call.body["url"], call.body.get("events", (events.ALL,)))
    return answers.json({**_brief(row, 0), "secret": row.secret}, 201)


@route(
    "PATCH",
    "/api/webhooks/<id:int>",
    role="owner",
    summary="Change a webhook, resume it, or give it another secret",
    body={
        "url": _URL,
        "events": _EVENTS,
        "active": values.yes_no(about="off, no event is kept for it"),
        "resume": values.yes_no(about="after it was paused: all that waits is sent"),
        "rotate_secret": values.yes_no(about="the answer holds the new one; the old one is of no use from now on"),
    },
    answers={200: {**_ENDPOINT, "properties": {**_ENDPOINT["properties"], "secret": shapes.TEXT}}},
)
def change(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """Only what is given."""
    row, body = Endpoint.find(call.business_id, id), call.body
    if "url" in body:
        hooks.check(body["url"], deliver.allowed(call.site.config))
    rotate = body.get("rotate_secret", False)
    row = webhooks.change(
        row,
        url=body.get("url"),
        events=body.get("events"),
        active=body.get("active"),
        resume=body.get("resume", False),
        rotate=rotate,
    )
    brief = _brief(row, deliveries.waiting([row]).get(row.id, 0))
    return {**brief, "secret": row.secret} if rotate else brief


@route("DELETE", "/api/webhooks/<id:int>", role="owner", summary="Forget a webhook", answers={204: None})
def remove(call: Call, id: int) -> None:  # noqa: A002
    """With all its deliveries."""
    webhooks.remove(Endpoint.find(call.business_id, id))


@route(
    "POST",
    "/api/webhooks/<id:int>/test",
    role="owner",
    summary="Send a test event now",
    body={},
    answers={200: _DELIVERY},
)
def test(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """Waits for the receiver, ten seconds at most; the answer says what came of it."""
    row = Endpoint.find(call.business_id, id)
    if not _testing.acquire(blocking=False):
        raise Tellable("too_many_tries", "Other webhooks are being tried out; please try again in a moment.")
    try:
        delivery_id = deliver.test(call.site.config, row)
    finally:
        _testing.release()
    return _told(Delivery.find(call.business_id, delivery_id))


@route(
    "GET",
    "/api/webhooks/<id:int>/deliveries",
    role="owner",
    summary="What was sent, and what came of each try",
    query={
        "state": values.choice("waiting", "delivered", "failed"),
        "limit": values.whole(1, 200, default=50),
        "cursor": values.whole(1, 2**53),
    },
    answers={200: shapes.listed(_DELIVERY)},
)
def history(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """Newest first, of the last 30 days."""
    row, limit = Endpoint.find(call.business_id, id), call.query["limit"]
    found = deliveries.listing(row, limit + 1, call.query["cursor"], call.query["state"])
    more, found = len(found) > limit, found[:limit]
    return answers.listing([_told(one) for one in found], str(found[-1].id) if more else None)


@route(
    "POST",
    "/api/webhooks/<id:int>/deliveries/<delivery:int>/replay",
    role="owner",
    summary="Send an event again",
    body={},
    answers={200: _DELIVERY},
)
def replay(call: Call, id: int, delivery: int) -> dict[str, Any]:  # noqa: A002
    """Delivered or not; the same event id, so that the receiver knows it again."""
    endpoint, row = Endpoint.find(call.business_id, id), Delivery.find(call.business_id, delivery)
    if row.endpoint_id != endpoint.id:
        raise Tellable("not_found", "There is no such thing here.")
    if webhooks.state(endpoint) in {"off", "paused"}:
        raise Tellable("webhook_paused", "Nothing is sent to this webhook now; switch it on or resume it first.")
    deliveries.replay(row)
    call.site.queue.ring_endpoint(endpoint.id)
    return _told(Delivery.find(call.business_id, delivery))


def _brief(row: Endpoint, waiting: int) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "events": row.events,
        "active": bool(row.active),
        "status": webhooks.state(row),
        "failures": row.failures,
        "failing_since": clock.iso(row.failing_since),
        "paused_at": clock.iso(row.paused_at),
        "next_try_at": clock.iso(row.wake_at),
        "delivered_at": clock.iso(row.delivered_at),
        "waiting": waiting,
        "created_at": clock.iso(row.created_at),
    }


def _told(row: Delivery) -> dict[str, Any]:
    event = row.event
    return {
        "id": row.id,
        "event": {
            "id": event.uid,
            "type": event.type,
            "sequence": event.sequence,
            "time": clock.iso(event.created_at),
            "data": event.data,
        },
        "state": row.state,
        "tries": row.tries,
        "next_try_at": clock.iso(row.next_try_at) if row.state == "waiting" else None,
        "delivered_at": clock.iso(row.delivered_at),
        "last_status": row.last_status,
        "last_error": row.last_error,
        "log": row.log,
    }
