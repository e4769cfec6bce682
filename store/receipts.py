"""Receipts as lists: pages by keyset, the light index behind the scrollbar, counts that know when to stop."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import orjson

import clock
import money
from errors import Tellable
from models import Receipt
from store import sql
from store.receipt_filter import STATUSES, Filter, where

INDEX_LIMIT = 10_000
COUNT_LIMIT = 10_000
WALK = 800  # receipts in a list's order that are tested for words before the index of words is asked
SETTLED = timedelta(seconds=2)  # a change is told once no writer can still slip in before it
COLUMNS = (
    "id", "version", "status", "kind", "vendor", "vendor_tax_id", "number", "date", "due_date", "currency",
    "total_minor", "payable_minor", "net_minor", "tax_minor", "category", "note", "source", "mailbox_id", "received_at",
    "created_at", "updated_at", "approved_at", "exported_at", "deleted_at", "flags", "hand_set", "waiting_for_document",
    "duplicate_of_id",
)  # fmt: skip
DETAIL_COLUMNS = (  # of one receipt alone: a list of hundreds stays light
    "tax", "items", "fields", "tip_minor", "discount_minor", "payment_method", "card_last4", "billed_to",
    "allocation_number",
)  # fmt: skip
DOCUMENT_COLUMNS = ("id", "filename", "media_type", "pages", "size", "sha256", "part")
NAMES = (*COLUMNS, *(f"document_{name}" for name in DOCUMENT_COLUMNS))
_SELECT = (
    f"select {', '.join(f'r.{name}' for name in COLUMNS)}, {', '.join(f'd.{name}' for name in DOCUMENT_COLUMNS)} "
    "from receipt r left join document d on d.id = r.document_id "
)


@dataclass(frozen=True, slots=True)
class Sort:
    """An order: an SQL expression with the id as tie-breaker; rows without a value come last either way."""

    name: str
    expression: str
    descending: bool


def _scaled_total() -> str:
    cases = " ".join(
        f"when r.currency in ({', '.join(repr(code) for code in money.codes(decimals))}) then {10 ** (4 - decimals)}"
        for decimals in (0, 3, 4)
    )
    return f"r.total_minor * case {cases} else 100 end"


_EXPRESSIONS = {"date": "r.date", "vendor": "r.vendor", "total": _scaled_total(), "created": "r.id"}
SORTS = {
    sign + name: Sort(sign + name, expression, bool(sign))
    for name, expression in _EXPRESSIONS.items()
    for sign in ("-", "")
}


@dataclass(frozen=True, slots=True)
class _Leg:
    """A part of an order that is one walk of an index: the rows with a value, or those without one."""

    term: str
    params: tuple[object, ...]
    keys: str
    by: str


def page(
    business_id: int, wanted: Filter, sort: str = "-date", limit: int = 50, cursor: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of rows (columns by name) and the cursor of the next one; Tellable `bad_cursor`."""
    rows, following = plain_page(business_id, wanted, sort, limit, cursor)
    return [dict(zip(NAMES, row, strict=False)) for row in rows], following


def plain_page(
    business_id: int, wanted: Filter, sort: str = "-date", limit: int = 50, cursor: str | None = None
) -> tuple[list[tuple[Any, ...]], str | None]:
    """The same, each row as it came: values in the order of NAMES, the sort's own value after them."""
    order, after = SORTS[sort], _decoded(cursor, sort)
    # The sort's value stands last in each row, for the cursor.
    start = _SELECT.replace(" from receipt r ", f", {order.expression} from receipt r ", 1) + "where "
    rows = first(start, business_id, wanted, sort, limit + 1, after)
    more = len(rows) > limit
    rows = rows[:limit]
    following = _encoded(sort, rows[-1][-1], rows[-1][0]) if more else None
    return rows, following


def index(business_id: int, wanted: Filter, sort: str = "-date") -> tuple[list[tuple[Any, ...]], int, bool]:
    """(id, date, total in minor units, currency) of up to 10,000 rows in order, how many, and whether that is all."""
    start = "select r.id, r.date, r.total_minor, r.currency from receipt r where "
    rows = _ordered(start, where(business_id, wanted), _legs(SORTS[sort], None), INDEX_LIMIT + 1)
    return rows[:INDEX_LIMIT], min(len(rows), INDEX_LIMIT), len(rows) > INDEX_LIMIT


def first(
    start: str, business_id: int, wanted: Filter, sort: str, limit: int, after: tuple[Any, int] | None = None
) -> list[tuple[Any, ...]]:
    """The first rows in the order of a sort, beyond a value and id; `start` is a select up to its `where`.

    A word that most receipts hold is found soonest by walking the list itself, one that few hold by the index of words.
    """
    legs = _legs(SORTS[sort], after)
    only_words = replace(wanted, q=None, vendor=None, statuses=()) == Filter() and len(wanted.statuses) < 2
    if only_words and (wanted.q or wanted.vendor):
        rows = _walked(start, business_id, wanted, legs, limit)
        if rows is not None:
            return rows
    return _ordered(start, where(business_id, wanted), legs, limit)


def _legs(order: Sort, after: tuple[Any, int] | None) -> list[_Leg]:
    """Rows with a value in order, then those without one: two index walks, where an OR would read everything."""
    direction, sign = ("desc", "<") if order.descending else ("asc", ">")
    value, legs = order.expression, []
    if after is None or after[0] is not None:
        # A row-value comparison walks the index; the same written with OR reads all rows before it.
        keyset = f" and ({value}, r.id) {sign} (?, ?)" if after else ""
        legs.append(
            _Leg(
                f"{value} is not null{keyset}", after or (), f"{value}, r.id", f"{value} {direction}, r.id {direction}"
            )
        )
    if value != "r.id":
        keyset, beyond = (f" and r.id {sign} ?", (after[1],)) if after and after[0] is None else ("", ())
        legs.append(_Leg(f"{value} is null{keyset}", beyond, "r.id", f"r.id {direction}"))
    return legs


def _ordered(start: str, found: tuple[str, list[object]], legs: Sequence[_Leg], limit: int) -> list[tuple[Any, ...]]:
    condition, params = found
    rows: list[tuple[Any, ...]] = []
    for leg in legs:
        if len(rows) < limit:
            query = f"{start}{condition} and {leg.term} order by {leg.by} limit ?"
            rows += sql.fetch(query, [*params, *leg.params, limit - len(rows)])
    return rows


def _walked(
    start: str, business_id: int, wanted: Filter, legs: Sequence[_Leg], limit: int
) -> list[tuple[Any, ...]] | None:
    """The rows as far as the next WALK of the list hold enough of them; None where one would have to walk on."""
    condition, params = where(business_id, wanted, one_by_one=True)
    scope, own = where(business_id, replace(wanted, q=None, vendor=None))
    rows: list[tuple[Any, ...]] = []
    for leg in legs:
        if len(rows) == limit:
            break
        end = sql.one(
            f"select {leg.keys} from receipt r where {scope} and {leg.term} order by {leg.by} limit 1 offset ?",
            [*own, *leg.params, WALK],
        )
        sign = ">=" if "desc" in leg.by else "<="
        bound = f" and ({leg.keys}) {sign} ({sql.marks(end)})" if end else ""
        query = f"{start}{condition} and {leg.term}{bound} order by {leg.by} limit ?"
        rows += sql.fetch(query, [*params, *leg.params, *(end or ()), limit - len(rows)])
        if end and len(rows) < limit:
            return None
    return rows


def _encoded(sort: str, value: object, id_: int) -> str:
    plain = value if isinstance(value, int | str | None) else str(value)
    return urlsafe_b64encode(orjson.dumps([sort, plain, id_])).decode().rstrip("=")


def _decoded(cursor: str | None, sort: str) -> tuple[Any, int] | None:
    if cursor is None:
        return None
    try:
        name, value, id_ = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        good = name == sort and isinstance(value, int | str | None) and isinstance(id_, int) and abs(id_) < 2**63
        good = good and not (isinstance(value, int) and abs(value) >= 2**63)
    except (ValueError, TypeError):
        good = False
    if not good:
        raise Tellable("bad_cursor", "This cursor does not belong to this list; begin without one.")
    return value, id_


def by_ids(business_id: int, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The rows of these ids that are the business's, in the order asked for."""
    found = _rows(f"where r.business_id = ? and r.id in ({sql.ids(ids)})", [business_id])
    by_id = {row["id"]: row for row in found}
    return [by_id[id_] for id_ in dict.fromkeys(ids) if id_ in by_id]


def of_run(business_id: int, run_id: int, after: int, limit: int = 50) -> list[dict[str, Any]]:
    """Receipts that a run made, oldest first, beyond an id."""
    return _rows(
        "where r.business_id = ? and r.run_id = ? and r.id > ? and r.deleted_at is null order by r.id limit ?",
        [business_id, run_id, after, limit],
    )


def changed(business_id: int, after: str | None, limit: int = 200) -> tuple[list[dict[str, Any]], str]:
    """Rows changed since a cursor, oldest change first, and the new cursor; without one, nothing but the cursor.

    A change is told two seconds late at the earliest, so that a writer who took the time before its commit is not
    passed over. Tellable `bad_cursor`.
    """
    settled = Receipt.updated_at.db_value(clock.now() - SETTLED)
    if after is None:
        return [], f"{settled}.0"
    try:
        moment, id_ = (int(part) for part in after.split("."))
    except ValueError as error:
        raise Tellable("bad_cursor", "This cursor does not belong to this list; begin without one.") from error
    if max(abs(moment), abs(id_)) >= 2**63:
        raise Tellable("bad_cursor", "This cursor does not belong to this list; begin without one.")
    rows = _rows(
        "where r.business_id = ? and (r.updated_at, r.id) > (?, ?) and r.updated_at <= ? "
        "order by r.updated_at, r.id limit ?",
        [business_id, moment, id_, settled, limit],
    )
    return rows, f"{rows[-1]['updated_at']}.{rows[-1]['id']}" if rows else after


def _rows(tail: str, params: Sequence[object]) -> list[dict[str, Any]]:
    return [dict(zip(NAMES, row, strict=True)) for row in sql.fetch(_SELECT + tail, params)]


def detail(business_id: int, id_: object) -> dict[str, Any]:
    """All of one receipt: the list's columns, tax, items, evidence, its mail and that mail's documents.

    Tellable `not_found`.
    """
    receipt = Receipt.find(business_id, id_)
    row = _rows("where r.id = ?", [receipt.id])[0]
    row |= {name: getattr(receipt, name) for name in DETAIL_COLUMNS}
    row["mail"], row["documents"] = None, []
    row["kin"] = sql.fetch(
        "select id, deleted_at from receipt where business_id = ? and duplicate_of_id = ? order by id limit 50",
        [business_id, receipt.id],
    )
    if receipt.mail_id is not None:
        names = ("id", "subject", "from_name", "from_address", "received_at", "outcome", "reasons", "raw_sha256")
        mail = sql.one(f"select {', '.join(names)} from mail where id = ?", [receipt.mail_id])
        row["mail"] = dict(zip(names, mail or (), strict=True))
        row["documents"] = documents(receipt.mail_id)
        if row["document_id"] is not None and all(one["id"] != row["document_id"] for one in row["documents"]):
            own = {name: row[f"document_{name}"] for name in DOCUMENT_COLUMNS}  # it was brought for a mail's receipt
            row["documents"] = [own, *row["documents"]]
    return row


def documents(mail_id: int) -> list[dict[str, Any]]:
    """The documents of a mail, in its order."""
    found = sql.fetch(
        f"select {', '.join(DOCUMENT_COLUMNS)} from document where mail_id = ? order by id",
        [mail_id],
    )
    return [dict(zip(DOCUMENT_COLUMNS, row, strict=True)) for row in found]


def counts(business_id: int, wanted: Filter) -> dict[str, Any]:
    """How many of each status, in the trash and among failed mails; `capped` when some have more than was counted."""
    result: dict[str, Any] = dict.fromkeys(STATUSES, 0)
    base = {name: getattr(wanted, name) for name in Filter.__slots__ if name not in {"statuses", "deleted"}}
    condition, params = where(business_id, Filter(**base))
    rows = sql.fetch(
        f"select status, count(*) from (select r.status from receipt r where {condition} limit ?) as few "
        "group by status",
        [*params, COUNT_LIMIT + 1],
    )
    for status, number in rows:
        result[status] = number
    result["all"] = sum(result.values())
    condition, params = where(business_id, Filter(**base, deleted=True))
    result["deleted"] = _count(f"select 1 from receipt r where {condition}", params)
    result["failed_mail"] = _count("select 1 from mail where business_id = ? and outcome = 'failed'", [business_id])
    result["capped"] = result["all"] > COUNT_LIMIT
    return result


def count(business_id: int, wanted: Filter) -> int:
    """How many receipts match, counted up to 10,001."""
    condition, params = where(business_id, wanted)
    return _count(f"select 1 from receipt r where {condition}", params)


def _count(inner: str, params: Sequence[object]) -> int:
    row = sql.one(f"select count(*) from ({inner} limit ?) as few", [*params, COUNT_LIMIT + 1])
    return int(row[0]) if row else 0
