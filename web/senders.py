"""What people said of senders: always take their mail as receipts, or never."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import clock
from models import SenderRule
from store import senders
from web import answers, shapes, values
from web.mail import look_everywhere
from web.routing import route
from web.sync import queued

if TYPE_CHECKING:
    from web.call import Call

_RULE = shapes.obj(id=shapes.WHOLE, sender=shapes.TEXT, verdict=shapes.TEXT, created_at=shapes.TIME)


@route("GET", "/api/senders", role="accountant", summary="Rules for senders", answers={200: shapes.listed(_RULE)})
def listing(call: Call) -> dict[str, Any]:
    """Newest first."""
    return answers.listing([_brief(rule) for rule in senders.listing(call.business_id)], None)


@route(
    "POST",
    "/api/senders",
    role="member",
    summary="Always or never from this sender",
    body={
        "sender": values.text(254, about="an address, or a domain with all below it").needed(),
        "verdict": values.choice(*senders.VERDICTS, code="bad_verdict").needed(),
        "again": values.yes_no(about="put the mails that this changes back to be read"),
    },
    answers={201: {"allOf": [_RULE, shapes.obj(mails=shapes.WHOLE, run_id=shapes.OPT_WHOLE)]}},
)
def add(call: Call) -> bytes:
    """Goes before what the reader thinks; another verdict for the same sender takes its place."""
    body = call.body
    rule = senders.set_rule(call.business_id, body["sender"], body["verdict"], call.actor)
    mails = senders.again(call.business_id, rule) if body.get("again") else 0
    run_id = queued(call, look_everywhere(call), "They will be read again.")["run_id"] if mails else None
    return answers.json({**_brief(rule), "mails": mails, "run_id": run_id}, 201)


@route("DELETE", "/api/senders/<id:int>", role="member", summary="Take a rule back", answers={204: None})
def remove(call: Call, id: int) -> None:  # noqa: A002
    """Mails that it decided keep their outcome until they are read again."""
    senders.forget(SenderRule.find(call.business_id, id))


def _brief(rule: SenderRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "sender": rule.sender,
        "verdict": rule.verdict,
        "created_at": clock.iso(rule.created_at),
    }
