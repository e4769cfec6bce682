"""Vendors: whom receipts came from, what they came to, their rhythm, what is missing; renamed and merged with undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import clock
from store import rhythm, rules, vendors
from store.vendor_keys import fold
from web import answers, briefs, shapes, values
from web.routing import route
from web.rules import RULE, brief

if TYPE_CHECKING:
    from datetime import date

    from store.rhythm import Rhythm
    from store.vendors import Vendor
    from web.call import Call

_SUM = shapes.obj(currency=shapes.OPT_TEXT, count=shapes.WHOLE, total=shapes.OPT_MONEY)
_VENDOR = shapes.obj(
    id=shapes.TEXT, name=shapes.TEXT, count=shapes.WHOLE, category=shapes.OPT_TEXT, first=shapes.OPT_DAY,
    last=shapes.OPT_DAY, sums=shapes.many(_SUM), rhythm=shapes.OPT_TEXT, next=shapes.OPT_DAY, rules=shapes.WHOLE,
)  # fmt: skip
_SEEN = {**_VENDOR, "required": ["id", "name", "count", "category"]}
_PROFILE = {
    "allOf": [
        _VENDOR,
        shapes.obj(
            newest=shapes.OPT_WHOLE, expected=shapes.BOOL, tax_ids=shapes.many(shapes.TEXT),
            senders=shapes.many(shapes.TEXT),
            their_rules=shapes.many(RULE),
        ),
    ]
}  # fmt: skip
_MISSING = shapes.obj(
    vendor=shapes.TEXT, rhythm=shapes.TEXT, expected_on=shapes.DAY, state=shapes.TEXT, usual=shapes.OPT_MONEY,
    last=shapes.obj(receipt=shapes.WHOLE, date=shapes.DAY),
)  # fmt: skip


def _names(raw: Any, name: str) -> tuple[str, ...]:
    one = values.text(1000, shortest=1)
    if not isinstance(raw, list) or not 0 < len(raw) <= 50:
        raise values.fault(name, "must be 1 to 50 names")
    return tuple(one.read(each, name) for each in raw)


@route(
    "GET",
    "/api/vendors",
    role="accountant",
    summary="Vendors seen in receipts, the most used first",
    query={
        "q": values.text(200),
        "limit": values.whole(1, 200, default=20),
        "full": values.yes_no(default=False, about="1: with rhythm and rules"),
    },
    answers={200: shapes.listed(_SEEN)},
)
def listing(call: Call) -> dict[str, Any]:
    """For the vendor field and the palette, and with `full` for the page of vendors."""
    found = vendors.listing(call.business_id, call.query["q"] or "", call.query["limit"])
    if not call.query["full"]:
        return answers.listing([_short(one) for one in found], None)
    known, counted = _rhythms(call, [one.name for one in found]), _rules(call)
    return answers.listing([_told(one, known, counted) for one in found], None)


@route(
    "GET",
    "/api/vendors/profile",
    role="accountant",
    summary="One vendor, by its exact name",
    query={"name": values.text(1000)},
    answers={200: _PROFILE},
)
def profile(call: Call) -> dict[str, Any]:
    """Its sums, its rhythm, what it is known by and its rules."""
    name = call.query["name"] or ""
    one = vendors.one(call.business_id, name)
    mine = [rule for rule, _ in rules.listing(call.business_id, name)]
    return {
        **_told(one, _rhythms(call, [name]), {fold(name): len(mine)}),
        "newest": vendors.newest(call.business_id, name),
        "expected": rhythm.is_expected(call.business_id, name),
        **vendors.known_by(call.business_id, name),
        "their_rules": [brief(rule) for rule in mine],
    }


@route(
    "GET",
    "/api/vendors/missing",
    role="accountant",
    summary="What usually comes and did not",
    query={"month": values.text(7, about="YYYY-MM; this month otherwise")},
    answers={200: shapes.listed(_MISSING)},
)
def missing(call: Call) -> bytes:
    """By each vendor's own rhythm; `missing` is late, `expected` may still come."""
    today = _today(call)
    month = call.query["month"]
    month = f"{today:%Y-%m}" if month is None else f"{clock.parse_day(f'{month}-01'):%Y-%m}"
    items = [
        {
            "vendor": one.vendor,
            "rhythm": one.rhythm,
            "expected_on": str(one.expected_on),
            "state": "missing" if one.late else "expected",
            "usual": briefs.amount(one.usual_minor, one.currency),
            "last": {"receipt": one.last_id, "date": str(one.last_date)},
        }
        for one in rhythm.missing(call.business_id, month, today)
    ]
    return answers.polled({"month": month, **answers.listing(items, None)})


@route(
    "POST",
    "/api/vendors/rename",
    role="member",
    summary="One name for one vendor or several",
    body={
        "names": values.Value(
            _names,
            {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 50},
            about="as they are now",
        ).needed(),
        "to": values.text(300, shortest=1).needed(),
    },
    answers={200: shapes.CHANGED},
)
def rename(call: Call) -> dict[str, Any]:
    """Several names are merged into one. Later receipts that print an old name get the new one by a rule."""
    changed, undo = vendors.rename(call.business_id, call.body["names"], call.body["to"], call.actor)
    return {"changed": changed, "undo": undo}


@route(
    "POST",
    "/api/vendors/expect",
    role="member",
    summary="Whether a vendor's papers are waited for",
    body={"name": values.text(1000, shortest=1).needed(), "expected": values.yes_no().needed()},
    answers={200: shapes.obj(name=shapes.TEXT, expected=shapes.BOOL)},
)
def expect(call: Call) -> dict[str, Any]:
    """A subscription that was ended is told missing no more."""
    rhythm.expect(call.business_id, call.body["name"], expected=call.body["expected"])
    return {"name": call.body["name"], "expected": call.body["expected"]}


def _today(call: Call) -> date:
    return clock.now().astimezone(clock.zone(call.business.time_zone)).date()


def _short(one: Vendor) -> dict[str, Any]:
    return {"id": one.name, "name": one.name, "count": one.count, "category": one.category}


def _rhythms(call: Call, names: list[str]) -> dict[str, Rhythm]:
    return rhythm.rhythms(call.business_id, _today(call), names)


def _rules(call: Call) -> dict[str | None, int]:
    counted: dict[str | None, int] = {}
    for rule, _ in rules.listing(call.business_id):
        counted[fold(rule.vendor)] = counted.get(fold(rule.vendor), 0) + 1
    return counted


def _told(one: Vendor, known: dict[str, Rhythm], counted: dict[str | None, int]) -> dict[str, Any]:
    its = known.get(fold(one.name) or one.name)
    following = [day for day in its.due if one.last is None or str(day) > one.last] if its else []
    return {
        **_short(one),
        "first": one.first,
        "last": one.last,
        "sums": [
            {"currency": currency, "count": count, "total": briefs.amount(total, currency)}
            for currency, count, total in one.sums
        ],
        "rhythm": rhythm.NAMES[its.months] if its else None,
        "next": str(following[0]) if following else None,
        "rules": counted.get(fold(one.name), 0),
    }
