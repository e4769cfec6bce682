"""Alerts: what somebody should see to, what was read of it, and by which ways a person wants to be told."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from errors import Tellable
from jobs import alert_words
from models import Alert
from store import alert_choices, alerts, people
from web import answers, shapes, values
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call

_ALERT = shapes.obj(
    id=shapes.WHOLE, kind=shapes.TEXT, urgent=shapes.BOOL, installation=shapes.BOOL, text=shapes.TEXT,
    page=shapes.TEXT, facts=shapes.FREE, raised_at=shapes.TIME, cleared_at=shapes.OPT_TIME, read=shapes.BOOL,
)  # fmt: skip
_WAYS = shapes.obj(kind=shapes.TEXT, app=shapes.BOOL, mail=shapes.BOOL, webhook=shapes.BOOL)
_CHOICES = shapes.obj(items=shapes.many(_WAYS), mail_works=shapes.BOOL)
_UNREAD = shapes.obj(unread=shapes.WHOLE)


@route(
    "GET",
    "/api/alerts",
    role="accountant",
    summary="Alerts: what somebody should see to",
    query={
        "lasting": values.yes_no(about="only those whose cause is still there", default=False),
        "language": values.choice(*people.LANGUAGES, default="en", about="of the sentences"),
        "limit": values.whole(1, 100, default=30),
        "cursor": values.whole(1, 2**53),
    },
    answers={200: {"allOf": [shapes.listed(_ALERT), _UNREAD]}},
)
def listing(call: Call) -> dict[str, Any]:
    """Newest first. Operators see the installation's own too; `page` is where to see to it, below the business."""
    who, limit = reader(call), call.query["limit"]
    rows = alerts.listing(who, limit + 1, call.query["cursor"], lasting=call.query["lasting"])
    read = alerts.read_of(who.user_id, [row.id for row in rows])
    items = [_told(row, call.query["language"], read=row.id in read) for row in rows[:limit]]
    more = str(rows[limit - 1].id) if len(rows) > limit else None
    return {**answers.listing(items, more), "unread": alerts.unread(who)}


@route(
    "POST",
    "/api/alerts/read",
    role="accountant",
    summary="Mark alerts as read, for oneself",
    body={"ids": values.id_list(100, about="these; all unless given")},
    answers={200: _UNREAD},
    example={"ids": [12, 13]},
    quiet=True,
)
def mark_read(call: Call) -> dict[str, int]:
    """How many are unread then. Ids of alerts that one does not see change nothing."""
    _ = call.who
    return {"unread": alerts.mark_read(reader(call), call.body.get("ids"))}


@route(
    "GET",
    "/api/alerts/choices",
    role="accountant",
    summary="By which ways alerts reach oneself",
    answers={200: _CHOICES},
)
def choices(call: Call) -> dict[str, Any]:
    """In the app, by mail; `webhook` is the business's own choice."""
    return _choices(call)


def _choices(call: Call) -> dict[str, Any]:
    who = call.who
    ways = alert_choices.of(call.business_id, who.user_id, call.business.role, operator=who.operator)
    return {"items": [asdict(one) for one in ways], "mail_works": bool(call.site.config.smtp_url)}


@route(
    "PATCH",
    "/api/alerts/choices",
    role="accountant",
    summary="Choose by which ways a kind of alert reaches oneself",
    body={
        "kind": values.choice(*alert_choices.KINDS).needed(),
        "app": values.yes_no(),
        "mail": values.yes_no(),
        "webhook": values.yes_no(about="whether the business's webhooks are told; an owner's to choose"),
    },
    answers={200: _CHOICES},
    example={"kind": "missing", "mail": False},
    quiet=True,
)
def choose(call: Call) -> dict[str, Any]:
    """Only what is given."""
    who, body = call.who, call.body
    kind = body["kind"]
    if "webhook" in body and call.business.role != "owner":
        raise Tellable("forbidden", f"Your role here ({call.business.role}) may not do this.", needs="owner")
    if alert_choices.KINDS[kind].installation and not who.operator:
        raise Tellable("forbidden", "Only an operator of this installation may do this.")
    own = {name: body[name] for name in ("app", "mail") if name in body}
    if own:
        alert_choices.choose(kind, call.business_id, who.user_id, **own)
    if "webhook" in body:
        alert_choices.choose(kind, call.business_id, None, webhook=body["webhook"])
    return _choices(call)


def reader(call: Call) -> alerts.Reader:
    """Who looks, as alerts know it."""
    person = call.person
    return alerts.Reader(call.business_id, person.user_id if person else None, bool(person and person.operator))


def _told(row: Alert, language: str, *, read: bool) -> dict[str, Any]:
    return {
        **alerts.told(row),
        "text": alert_words.sentence(row.kind, row.facts, language),
        "page": alert_words.page(row.kind),
        "read": read,
    }
