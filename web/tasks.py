"""Tasks: listed by day, made, changed, done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import clock
from errors import Tellable
from store import tasks
from web import answers, briefs, shapes, values
from web.contacts import version_of
from web.routing import route

if TYPE_CHECKING:
    from datetime import date

    from web.call import Call

_FIELDS = {
    "title": values.text(500, shortest=1),
    "notes": values.text(10_000),
    "due_on": values.day(nullable=True),
    "remind_at": values.moment(nullable=True, about="when whoever it is for is reminded"),
    "contact_id": values.row_id(nullable=True),
    "receipt_id": values.row_id(nullable=True),
    "assignee_id": values.row_id("a person of the business", nullable=True),
}
EXAMPLE = {"title": "Call back about the invoice", "due_on": "2026-12-01", "contact_id": 7}


def brief(row: dict[str, Any]) -> dict[str, Any]:
    """A task as the API writes it."""
    told = {name: value for name, value in row.items() if name not in {"contact_id", "assignee_id"}}
    told["due_on"] = None if row["due_on"] is None else str(row["due_on"])
    return {**told, **{name: briefs.when(row[name]) for name in ("remind_at", "done_at", "created_at", "updated_at")}}


def today(call: Call) -> date:
    """The day it is in the business."""
    return clock.now().astimezone(clock.zone(call.business.time_zone)).date()


@route(
    "GET",
    "/api/tasks",
    role="accountant",
    summary="Tasks, page by page",
    query={
        "state": values.choice(*tasks.STATES, default="open"),
        "q": values.text(200),
        "contact": values.row_id(),
        "assignee": values.row_id(),
        "limit": values.whole(1, 200, default=50),
        "cursor": values.text(300),
    },
    answers={200: shapes.listed(shapes.ref("Task"))},
)
def listing(call: Call) -> dict[str, Any]:
    """Open ones by their day, those without one last; done ones newest first."""
    rows, cursor = tasks.page(call.business_id, today=today(call), **call.query)
    return answers.listing([brief(row) for row in rows], cursor)


@route(
    "GET",
    "/api/tasks/counts",
    role="accountant",
    summary="How many tasks are open and due",
    answers={200: shapes.obj(open=shapes.WHOLE, due=shapes.WHOLE)},
)
def counts(call: Call) -> bytes:
    """Due: today or before."""
    return answers.polled(tasks.counts(call.business_id, today(call)))


@route(
    "POST",
    "/api/tasks",
    role="member",
    summary="Make a task",
    body={**_FIELDS, "title": _FIELDS["title"].needed()},
    answers={201: shapes.ref("Task")},
    example=EXAMPLE,
)
def add(call: Call) -> bytes:
    """For a contact, a receipt, or neither."""
    return answers.json(brief(tasks.one(call.business_id, tasks.add(call.business_id, call.body).id)), 201)


@route("GET", "/api/tasks/<id:int>", role="accountant", summary="One task", answers={200: shapes.ref("Task")})
def detail(call: Call, id: int) -> dict[str, Any]:  # noqa: A002 - the name in the address
    """As in lists."""
    return brief(tasks.one(call.business_id, id))


@route(
    "PATCH",
    "/api/tasks/<id:int>",
    role="member",
    summary="Change a task, or say that it is done",
    body={**_FIELDS, "done": values.yes_no()},
    answers={200: shapes.ref("Task"), 409: shapes.ref("Error")},
    example={"done": True},
)
def change(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """With `If-Match: "<version>"` only that version is changed."""
    try:
        tasks.change(call.business_id, id, version_of(call), call.body)
    except Tellable as error:
        if error.code == "version_conflict":
            error.details["theirs"] = brief(tasks.one(call.business_id, id))
        raise
    return brief(tasks.one(call.business_id, id))


@route("DELETE", "/api/tasks/<id:int>", role="member", summary="Take a task away", answers={204: None})
def delete(call: Call, id: int) -> None:  # noqa: A002
    """For good."""
    tasks.remove(call.business_id, id)
