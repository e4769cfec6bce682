"""The plan of the monthly pack, and making one now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import clock
import tasks
from jobs import packs
from models import Work
from store import export_plans, exports, months, people, work
from web import answers, shapes, values
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call

_PLAN = shapes.obj(
    active=shapes.BOOL, day=shapes.WHOLE, hour=shapes.WHOLE, formats=shapes.many(shapes.TEXT), language=shapes.TEXT,
    mails=shapes.many(shapes.TEXT), close_month=shapes.BOOL, since=shapes.OPT_DAY, books=shapes.FREE,
    can_mail=shapes.BOOL, next_at=shapes.OPT_TIME, last=shapes.either(shapes.FREE),
)  # fmt: skip


def _mails() -> values.Value:
    one = values.text(200)

    def read(raw: Any, name: str) -> list[str]:
        if not isinstance(raw, list) or len(raw) > 20:
            raise values.fault(name, "must be a list of at most 20 addresses")
        return [one.read(text, name).strip() for text in raw]

    return values.Value(read, {"type": "array", "items": one.schema, "maxItems": 20})


def _told(call: Call) -> dict[str, Any]:
    plan = export_plans.of(call.business_id)
    last = Work.select().where(Work.business == call.business_id, Work.kind == "pack").order_by(Work.id.desc()).first()
    return {
        **export_plans.facts(plan),
        "can_mail": bool(call.site.config.smtp_url),
        "next_at": clock.iso(packs.next_due(plan)) if plan.active else None,
        "last": None if last is None else {**work.facts(last), "month": last.args["month"]},
    }


@route(
    "GET", "/api/exports/plan", role="accountant", summary="The plan of the monthly pack", answers={200: _PLAN}
)  # fmt: skip
def plan(call: Call) -> bytes:
    """When it is made, of what, for whom, and how the last one went."""
    return answers.polled(_told(call))


@route(
    "PATCH",
    "/api/exports/plan",
    role="owner",
    summary="Change the plan of the monthly pack",
    body={
        "active": values.yes_no(),
        "day": values.whole(1, 28, about="of the month, in the business's zone"),
        "hour": values.whole(0, 23),
        "formats": values.words(*exports.FORMATS),
        "language": values.choice(*people.LANGUAGES),
        "mails": _mails(),
        "close_month": values.yes_no(about="close the month once the pack is sent"),
        "books": values.free(most_bytes=20_000, about="account numbers by format: docs/exports.md"),
    },
    answers={200: _PLAN},
)
def change(call: Call) -> dict[str, Any]:
    """What is not named stays as it is."""
    export_plans.change(call.business_id, call.body)
    return _told(call)


@route(
    "POST", "/api/exports/pack", role="owner", summary="Make a month's pack now and send it",
    body={"month": values.text(7, shortest=7).needed()}, answers={202: _PLAN},
)  # fmt: skip
def now(call: Call) -> bytes:
    """Of what is not handed over yet up to that month's end."""
    month = months.parse(call.body["month"])
    row, _ = work.ask("pack", call.business_id, {"month": month}, unique="now", requested_by=call.actor)
    tasks.ring_work(row.id)
    return answers.json(_told(call), 202)
