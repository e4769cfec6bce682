"""Months: what each holds, closing and reopening one, and the tax of a period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from store import months, vat
from web import answers, briefs, shapes, values
from web.receipts import FILTER, filter_of
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call

_MONTH = shapes.obj(
    month=shapes.TEXT, count=shapes.WHOLE, to_review=shapes.WHOLE, new=shapes.WHOLE, late=shapes.WHOLE,
    closed_at=shapes.OPT_TIME, closed_by=shapes.TEXT,
)  # fmt: skip
_VAT = shapes.obj(
    month=shapes.OPT_TEXT, rate=shapes.OPT_TEXT, currency=shapes.OPT_TEXT, count=shapes.WHOLE, base=shapes.OPT_MONEY,
    tax=shapes.OPT_MONEY, base_tax=shapes.OPT_MONEY, unconverted=shapes.WHOLE,
)  # fmt: skip


@route(
    "GET", "/api/months", role="accountant", summary="Months, the newest first",
    query={"limit": values.whole(1, 200, default=36)}, answers={200: shapes.listed(_MONTH)},
)  # fmt: skip
def listing(call: Call) -> bytes:
    """How many receipts, how many still to review or to hand over, and what came after it was closed."""
    return answers.polled(answers.listing(months.listing(call.business_id, call.query["limit"]), None))


@route(
    "POST", "/api/months/<month>/close", role="member", summary="Close a month", body={}, answers={204: None}
)  # fmt: skip
def close(call: Call, month: str) -> None:
    """Whoever changes a receipt of it is asked first: 409 `month_closed`, and `?confirm=month_closed` does it."""
    months.close(call.business_id, months.parse(month), call.actor)


@route(
    "POST", "/api/months/<month>/reopen", role="member", summary="Open a month again", body={}, answers={204: None}
)  # fmt: skip
def reopen(call: Call, month: str) -> None:
    """As it was."""
    months.reopen(call.business_id, months.parse(month))


@route(
    "GET", "/api/vat", role="accountant", summary="Tax by month and rate", query=FILTER,
    answers={200: shapes.obj(base_currency=shapes.TEXT, items=shapes.many(_VAT))},
)  # fmt: skip
def tax(call: Call) -> dict[str, Any]:
    """Of the receipts that the filter shows, counted as exports count them."""
    base = call.business.base_currency
    items = vat.summary(call.business_id, filter_of(call.query), base)
    for one in items:
        currency = one["currency"]
        one["base"], one["tax"] = (briefs.amount(one.pop(name), currency) for name in ("base_minor", "tax_minor"))
        one["base_tax"] = briefs.amount(one.pop("base_tax_minor"), base)
    return {"base_currency": base, "items": items}
