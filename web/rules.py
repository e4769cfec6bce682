"""Vendor rules: what corrections taught and where, what it did; applied to earlier receipts, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import clock
from store import rule_edits, rule_effects, rules
from web import answers, shapes, values
from web.routing import route

if TYPE_CHECKING:
    from models import VendorRule
    from web.call import Call

RULE = shapes.obj(
    id=shapes.WHOLE, vendor=shapes.TEXT, field=shapes.TEXT, value=shapes.TEXT, state=shapes.TEXT,
    known_by=shapes.obj(tax_id=shapes.OPT_TEXT, domain=shapes.OPT_TEXT, name=shapes.OPT_TEXT),
    receipt=shapes.OPT_WHOLE, created_by=shapes.TEXT, created_at=shapes.TIME,
)  # fmt: skip
_COUNTED = {"allOf": [RULE, shapes.obj(uses=shapes.WHOLE)]}
_EFFECTS = shapes.obj(
    uses=shapes.many(shapes.WHOLE), used=shapes.WHOLE, earlier=shapes.many(shapes.WHOLE), would_change=shapes.WHOLE
)
_SHOWN = 200


def brief(rule: VendorRule) -> dict[str, Any]:
    """A rule as the API writes it."""
    return {
        "id": rule.id,
        "vendor": rule.vendor,
        "field": rule.field,
        "value": rule.value,
        "state": rule.state,
        "known_by": {"tax_id": rule.tax_id, "domain": rule.domain, "name": rule.name},
        "receipt": rule.receipt_id,
        "created_by": rule.created_by,
        "created_at": clock.iso(rule.created_at),
    }


@route(
    "GET",
    "/api/rules",
    role="accountant",
    summary="Vendor rules, newest first",
    query={"vendor": values.text(1000, about="of this vendor alone")},
    answers={200: shapes.listed(_COUNTED)},
)
def listing(call: Call) -> dict[str, Any]:
    """`uses`: receipts that bear what the rule made of them; a rule on `trial` asks to be confirmed."""
    found = rules.listing(call.business_id, call.query["vendor"])
    return answers.listing([{**brief(rule), "uses": uses} for rule, uses in found], None)


@route(
    "POST",
    "/api/rules",
    role="member",
    summary="Always, for the vendor of this receipt",
    body={
        "receipt": values.row_id().needed(),
        "field": values.choice(*rule_effects.FIELDS).needed(),
        "value": values.text(1000, shortest=1, about="the receipt's own value otherwise"),
    },
    answers={201: RULE},
)
def add(call: Call) -> bytes:
    """`approve`: they approve themselves when nothing is flagged. `total`: by the words of the total's line."""
    body = call.body
    made = rules.say(call.business_id, body["receipt"], body["field"], body.get("value"), call.actor)
    return answers.json(brief(made), 201)


@route("POST", "/api/rules/<id:int>/confirm", role="member", summary="Yes, always", body={}, answers={200: RULE})
def confirm(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """The rule is on trial no more, and the flags that asked go."""
    return brief(rule_edits.confirm(call.business_id, id))


@route(
    "GET",
    "/api/rules/<id:int>/effects",
    role="accountant",
    summary="What a rule did, and what it would do to earlier receipts",
    answers={200: _EFFECTS},
)
def effects(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """Ids of up to 200 of either, and how many there are."""
    rule = rules.one(call.business_id, id)
    used, earlier = [row.id for row in rules.uses(rule)], rules.earlier(rule)
    return {"uses": used[:_SHOWN], "used": len(used), "earlier": earlier[:_SHOWN], "would_change": len(earlier)}


@route(
    "POST",
    "/api/rules/<id:int>/apply",
    role="member",
    summary="Apply a rule to earlier receipts",
    body={},
    answers={200: shapes.CHANGED},
)
def apply(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """Never to a field set by hand, nor to what was handed over."""
    changed, undo = rule_edits.apply(call.business_id, id)
    return {"changed": changed, "undo": undo}


@route(
    "DELETE",
    "/api/rules/<id:int>",
    role="member",
    summary="Take a rule back",
    query={"back": values.yes_no(default=False, about="1: receipts that it changed go back to what was read")},
    body={},
    answers={200: shapes.CHANGED},
)
def remove(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """Later receipts are not touched by it any more; `undo` brings it back."""
    changed, undo = rule_edits.retire(call.business_id, id, back=bool(call.query["back"]))
    return {"changed": changed, "undo": undo}
