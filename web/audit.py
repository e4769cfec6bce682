"""The audit trail: read by the owner, and taken away as a file."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import bottle
import orjson

from store import audit
from web import answers, briefs, shapes, values
from web.routing import route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web.call import Call

_FILTER = {
    "object_type": values.text(40, about="receipt, contact, task, member, token, mailbox …"),
    "object_id": values.row_id(),
    "who": values.text(40, about="user:<id>, token:<id>, cli or system"),
    "action": values.text(60, about="contact.changed, member.added …"),
    "from_date": values.day(about="first day"),
    "to_date": values.day(about="last day, included"),
}
_COLUMNS = ("id", "at", "actor", "actor_name", "action", "object_type", "object_id", "label", "changes")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@route(
    "GET",
    "/api/audit",
    role="owner",
    summary="Who changed what, from what, to what",
    query={**_FILTER, "limit": values.whole(1, 200, default=50), "cursor": values.text(30)},
    answers={200: shapes.listed(shapes.ref("AuditEntry"))},
)
def listing(call: Call) -> dict[str, Any]:
    """Newest first; nothing in it can be altered, by nobody."""
    rows, cursor = _page(call, call.query["limit"], call.query["cursor"])
    return answers.listing(rows, cursor)


@route(
    "GET",
    "/api/audit/file",
    role="owner",
    summary="The audit trail as a CSV file",
    query=_FILTER,
    answers={200: {"type": "string"}},
    media="text/csv",
)
def download(call: Call) -> Iterator[bytes]:
    """All that the filter names, newest first."""
    response = bottle.response
    response.content_type = "text/csv; charset=utf-8"
    response.set_header("Content-Disposition", 'attachment; filename="audit.csv"')
    response.set_header("Content-Security-Policy", answers.SANDBOX)
    return _lines(call)


def _lines(call: Call) -> Iterator[bytes]:
    yield "\ufeff".encode() + _line(_COLUMNS)
    cursor = None
    while True:
        rows, cursor = _page(call, 1000, cursor)
        for row in rows:
            cells = {**row, "changes": orjson.dumps(row["changes"]).decode() if row["changes"] else ""}
            yield _line("" if cells[name] is None else str(cells[name]) for name in _COLUMNS)
        if cursor is None:
            return


def _line(cells: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(
        [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
    )
    return out.getvalue().encode()


def _page(call: Call, limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    query = call.query
    rows, following = audit.page(
        call.business_id,
        object_type=query["object_type"],
        object_id=query["object_id"],
        who=query["who"],
        action=query["action"],
        since=query["from_date"],
        until=query["to_date"],
        zone=call.business.time_zone,
        limit=limit,
        cursor=cursor,
    )
    return [{**row, "at": briefs.when(row["at"])} for row in rows], following
