"""The receipts list and one receipt: filters, counts, sums, edits by hand, trash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from errors import Tellable
from receipts.types import Kind
from store import base_sums, receipt_edits, receipts, stats
from store.receipt_filter import SOURCES, STATUSES, Filter
from web import answers, briefs, rules, shapes, values
from web.documents import light_up
from web.routing import route

if TYPE_CHECKING:
    from store.stats import Sum
    from web.call import Call

FILTER = {
    "status": values.several(*STATUSES),
    "q": values.text(200, about="words that stand anywhere in it"),
    "vendor": values.text(200, about="words of the vendor's name"),
    "from_date": values.day(about="first day"),
    "to_date": values.day(about="last day, included"),
    "min_amount": values.amount(about="of the total, in its own currency"),
    "max_amount": values.amount(),
    "currency": values.text(3),
    "category": values.text(100),
    "mailbox": values.row_id(),
    "source": values.choice(*SOURCES),
    "flag": values.text(60, about="a flag's code or field"),
    "exported": values.yes_no(),
    "deleted": values.yes_no(default=False, about="1: the trash"),
}
_SORT = {"sort": values.choice(*receipts.SORTS, default="-date")}
_STATS = {
    "type": "object",
    "properties": {
        "currencies": shapes.many(shapes.FREE),
        "base": shapes.obj(currency=shapes.TEXT, total=shapes.OPT_MONEY, unconverted=shapes.WHOLE),
        "months": shapes.many(shapes.FREE),
        "base_months": shapes.many(shapes.FREE),
        "vendors": shapes.many(shapes.FREE),
        "categories": shapes.many(shapes.FREE),
        "tax_rates": shapes.many(shapes.FREE),
    },
}
_COUNTS = shapes.obj(**dict.fromkeys((*STATUSES, "all", "deleted", "failed_mail"), shapes.WHOLE), capped=shapes.BOOL)
_INDEX = shapes.obj(items=shapes.many({"type": "array"}), total=shapes.WHOLE, capped=shapes.BOOL)
DETAIL = shapes.ref("ReceiptDetail")
_EDITED = {"allOf": [DETAIL, shapes.obj(undo=shapes.OPT_TEXT, learnt=shapes.many(rules.RULE))]}


def filter_of(query: dict[str, Any]) -> Filter:
    """The filter that a query or a bulk action names."""
    return Filter(
        statuses=query.get("status") or (),
        **{name: query[name] for name in FILTER if name not in {"status", "deleted"} and query.get(name) is not None},
        deleted=bool(query.get("deleted")),
    )


@route(
    "GET",
    "/api/receipts",
    role="accountant",
    summary="Receipts, page by page",
    query={
        **FILTER,
        **_SORT,
        "limit": values.whole(1, 200, default=50),
        "cursor": values.text(300),
        "ids": values.id_list(200, about="these alone, whatever the filter"),
    },
    answers={200: shapes.listed(shapes.ref("Receipt"))},
)
def listing(call: Call) -> dict[str, Any]:
    """Newest first unless sorted otherwise; those without a value come last."""
    query, base = call.query, call.business.base_currency
    if query["ids"] is not None:
        found = receipts.by_ids(call.business_id, query["ids"])
        return answers.listing([briefs.receipt(row, base) for row in found], None)
    wanted = filter_of(query)
    rows, cursor = receipts.plain_page(call.business_id, wanted, query["sort"], query["limit"], query["cursor"])
    return answers.listing([briefs.plain_receipt(row, base) for row in rows], cursor)


@route(
    "GET",
    "/api/receipts/index",
    role="accountant",
    summary="Id, day, total and currency of up to 10,000 receipts, in order",
    query={**FILTER, **_SORT},
    answers={200: _INDEX},
)
def index(call: Call) -> bytes:
    """What a scrollbar over all of them needs."""
    rows, total, capped = receipts.index(call.business_id, filter_of(call.query), call.query["sort"])
    items = [(id_, None if day is None else str(day), minor, currency) for id_, day, minor, currency in rows]
    return answers.polled({"items": items, "total": total, "capped": capped})


@route(
    "GET", "/api/receipts/counts", role="accountant", summary="How many of each", query=FILTER, answers={200: _COUNTS}
)
def counts(call: Call) -> bytes:
    """By status, whatever status the filter names; counted up to 10,000."""
    return answers.polled(receipts.counts(call.business_id, filter_of(call.query)))


@route("GET", "/api/receipts/stats", role="accountant", summary="Sums", query=FILTER, answers={200: _STATS})
def sums(call: Call) -> bytes:
    """Per currency, never one added to another; rejected ones, non-receipts and known duplicates are not counted."""
    found = stats.over(call.business_id, filter_of(call.query))
    base = call.business.base_currency
    in_base = base_sums.over(call.business_id, filter_of(call.query), base)
    months = [
        {"month": month, "total": briefs.amount(one.total, base), "unconverted": one.unconverted}
        for month, one in sorted(in_base.months.items(), key=lambda item: item[0] or "")
    ]
    return answers.polled(
        {
            "currencies": [_sum(one, None) for one in found.currencies],
            "base": {
                "currency": base,
                "total": briefs.amount(in_base.whole.total, base) if found.currencies else None,
                "unconverted": in_base.whole.unconverted,
            },
            "months": [_sum(one, "month") for one in found.months],
            "base_months": months,
            "vendors": [_sum(one, "vendor") for one in found.vendors],
            "categories": [_sum(one, "category") for one in found.categories],
            "tax_rates": [
                {
                    "rate": one.group,
                    "currency": one.currency,
                    "count": one.count,
                    "base": briefs.amount(one.total, one.currency),
                    "tax": briefs.amount(one.tax, one.currency),
                }
                for one in found.tax_rates
            ],
        }
    )


def _sum(one: Sum, group: str | None) -> dict[str, Any]:
    figures = {
        "currency": one.currency,
        "count": one.count,
        "total": briefs.amount(one.total, one.currency),
        "tax": briefs.amount(one.tax, one.currency),
    }
    return figures if group is None else {group: one.group, **figures}


@route("GET", "/api/receipts/<id:int>", role="accountant", summary="One receipt, whole", answers={200: DETAIL})
def detail(call: Call, id: int) -> bytes:  # noqa: A002 - the name in the address
    """Its fields with their evidence, its lines, documents and mail."""
    return answers.polled(whole(call, id))


def whole(call: Call, id_: int) -> dict[str, Any]:
    """One receipt as the API writes it; Tellable `not_found`."""
    told = briefs.whole_receipt(receipts.detail(call.business_id, id_), call.business.base_currency)
    light_up(call, told)
    return told


_TEXT = values.text(1000, nullable=True)
_AMOUNT = values.amount(nullable=True)
FIELDS = {
    "vendor": _TEXT,
    "vendor_tax_id": values.text(60, nullable=True),
    "number": values.text(200, nullable=True),
    "date": values.day(nullable=True),
    "due_date": values.day(nullable=True),
    "currency": values.text(3, nullable=True),
    "total": _AMOUNT,
    "net": _AMOUNT,
    "tax_total": _AMOUNT,
    "payable": _AMOUNT,
    "tip": _AMOUNT,
    "discount": _AMOUNT,
    "payment_method": values.text(40, nullable=True),
    "card_last4": values.text(4, nullable=True),
    "billed_to": _TEXT,
    "allocation_number": values.text(40, nullable=True),
    "category": values.text(100, nullable=True),
    "note": values.text(10_000),
    "kind": values.choice(*Kind),
}


def _only_null(raw: Any, name: str) -> None:
    if raw is not None:
        raise values.fault(name, "can only be taken back here, with null")


@route(
    "PATCH",
    "/api/receipts/<id:int>",
    role="member",
    summary="Set fields by hand",
    body={
        **FIELDS,
        "status": values.choice(*STATUSES, code="bad_status"),
        "duplicate_of": values.Value(_only_null, {"type": "null"}, about="null: keep both"),
    },
    answers={200: _EDITED, 409: shapes.ref("Error"), 428: shapes.ref("Error")},
)
def change(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """If-Match carries the version that was seen; another one since is a 409 with theirs.

    `undo` takes this edit back within a day; `learnt`: the vendor's rules that it made or confirmed.
    """
    version = call.request.environ.get("HTTP_IF_MATCH", "").removeprefix("W/").strip('" ')
    if not (version.isascii() and version.isdigit()):
        whole(call, id)  # a foreign id is a 404 first
        raise Tellable("version_needed", "Say which version you saw, in the header If-Match.")
    try:
        done = receipt_edits.update(call.business_id, id, int(version), call.body, call.actor)
    except Tellable as error:
        if error.code == "version_conflict":
            error.details["theirs"] = whole(call, id)
        raise
    return {**whole(call, id), "undo": done.undo, "learnt": [rules.brief(rule) for rule in done.learnt]}


@route("DELETE", "/api/receipts/<id:int>", role="member", summary="Into the trash", answers={204: None})
def delete(call: Call, id: int) -> None:  # noqa: A002
    """For 30 days."""
    receipt_edits.delete(call.business_id, id)


@route(
    "POST", "/api/receipts/<id:int>/restore", role="member", summary="Out of the trash", body={}, answers={200: DETAIL}
)
def restore(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """As it was."""
    receipt_edits.restore(call.business_id, id)
    return whole(call, id)
