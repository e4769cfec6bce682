"""Exports: asking for the filter on screen, how far it is, the files, and taking one back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tasks
from errors import Tellable
from models import Export
from store import export_sets, exports, people, work
from store.receipt_filter import Filter
from web import answers, briefs, files, shapes, values
from web.receipts import FILTER, filter_of
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call

_SUM = shapes.obj(currency=shapes.OPT_TEXT, count=shapes.WHOLE, total=shapes.OPT_MONEY)
_FILE = shapes.obj(name=shapes.TEXT, media_type=shapes.TEXT, size=shapes.WHOLE)
EXPORT = shapes.obj(
    id=shapes.WHOLE, status=shapes.TEXT, format=shapes.TEXT, language=shapes.TEXT, filter=shapes.FREE,
    from_date=shapes.OPT_DAY, to_date=shapes.OPT_DAY, new_since_last=shapes.BOOL, mark=shapes.BOOL, count=shapes.WHOLE,
    currencies=shapes.many(_SUM), left_out=shapes.many(shapes.FREE), files=shapes.many(_FILE),
    progress_percentage=shapes.WHOLE, error=shapes.either(shapes.NOTE), pack=shapes.OPT_TEXT,
    requested_by=shapes.TEXT, created_at=shapes.TIME, ready_at=shapes.OPT_TIME, undone_at=shapes.OPT_TIME,
    expires_at=shapes.OPT_TIME, expired_at=shapes.OPT_TIME,
)  # fmt: skip
_IDS = {"ids": values.id_list(5000, about="these alone, as far as the filter holds them")}
_NEW = {"new_since_last": values.yes_no(default=True, about="only what no export has handed over yet")}


def told(row: Export) -> dict[str, Any]:
    """An export as the API writes it."""
    return exports.facts(row, work.get(row.work_id) if row.status == "making" and row.work_id else None)


@route(
    "POST",
    "/api/exports",
    role="accountant",
    summary="Hand receipts over: make files of those that match",
    body={
        **FILTER,
        **_NEW,
        **_IDS,
        "format": values.choice(*exports.FORMATS, code="bad_format").needed(),
        "language": values.choice(*people.LANGUAGES, about="of the headers; else the business's"),
        "mark": values.yes_no(default=True, about="they count as handed over once the file is ready"),
    },
    answers={202: EXPORT},
)
def ask(call: Call) -> bytes:
    """Filters as the list's; without a status what counts: neither rejected ones nor what is no receipt."""
    body = dict(call.body)
    wanted = filter_of({name: body[name] for name in FILTER if name in body})
    if wanted.deleted:
        raise Tellable("bad_value", "What lies in the trash is not handed over.", field="deleted")
    row = exports.ask(
        call.business_id,
        body["format"],
        wanted,
        new_since_last=body["new_since_last"],
        mark=body["mark"],
        ids=body.get("ids") or (),
        language=body.get("language") or call.business_row.language,
        requested_by=call.actor,
    )
    tasks.ring_work(row.work_id or 0)
    return answers.json(told(row), 202)


@route(
    "POST", "/api/exports/archive", role="owner", summary="Everything of the business as one open file", body={},
    answers={202: EXPORT},
)  # fmt: skip
def archive(call: Call) -> bytes:
    """Receipts, documents, ledger, rules, contacts: docs/archive.md; made like an export."""
    row = exports.ask(
        call.business_id, exports.ARCHIVE, Filter(), new_since_last=False, mark=False, requested_by=call.actor
    )
    tasks.ring_work(row.work_id or 0)
    return answers.json(told(row), 202)


@route(
    "GET",
    "/api/exports/preview",
    role="accountant",
    summary="What an export of the filter would hold",
    query={**FILTER, **_NEW, **_IDS},
    answers={
        200: shapes.obj(
            count=shapes.WHOLE, currencies=shapes.many(_SUM), first=shapes.OPT_DAY, last=shapes.OPT_DAY,
            to_review=shapes.WHOLE, duplicates=shapes.WHOLE,
        )
    },
)  # fmt: skip
def preview(call: Call) -> dict[str, Any]:
    """How many and what they come to, how many are still to review, and the duplicates that are left out."""
    query = dict(call.query)
    if query.pop("new_since_last"):
        query["exported"] = False
    found = export_sets.preview(call.business_id, filter_of(query), query.get("ids"))
    for one in found["currencies"]:
        one["total"] = briefs.amount(one.pop("total_minor"), one["currency"])
    return found


@route(
    "GET", "/api/exports", role="accountant", summary="Exports, newest first",
    query={"limit": values.whole(1, 200, default=50), "cursor": values.text(30)},
    answers={200: shapes.listed(EXPORT)},
)  # fmt: skip
def listing(call: Call) -> bytes:
    """With those that are being made."""
    cursor, limit = call.query["cursor"], call.query["limit"]
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 18):
        raise Tellable("bad_cursor", "This cursor does not belong to this list; begin without one.")
    rows = exports.listing(call.business_id, limit + 1, int(cursor) if cursor else None)
    following = str(rows[limit - 1].id) if len(rows) > limit else None
    return answers.polled(answers.listing([told(row) for row in rows[:limit]], following))


@route("GET", "/api/exports/<id:int>", role="accountant", summary="One export", answers={200: EXPORT})
def one(call: Call, id: int) -> bytes:  # noqa: A002 - the name in the address
    """How far it is, or what it holds."""
    return answers.polled(told(exports.one(call.business_id, id)))


@route(
    "GET", "/api/exports/<id:int>/file", role="accountant", summary="A file of an export",
    query={"n": values.whole(0, 99, default=0, about="which of its files")}, media="*/*",
)  # fmt: skip
def file(call: Call, id: int) -> Any:  # noqa: A002
    """Only once it is whole; parts of it by Range."""
    row = exports.one(call.business_id, id)
    if row.format == exports.ARCHIVE and call.business.role != "owner":
        raise Tellable("forbidden", "Only an owner may take everything out.", needs="owner")
    if row.status != "ready":
        raise Tellable("not_ready", row.error_text or "This export is not ready yet.")
    if call.query["n"] >= len(row.files):
        raise Tellable("not_found", "This export has no such file.")
    if row.expired_at is not None:
        kept = f"Its files were kept for {exports.KEEP.days} days and are gone; make the export again."
        raise Tellable("export_expired", kept)
    wanted = row.files[call.query["n"]]
    return files.download(
        call.site.blobs.open(wanted["sha256"]),
        media_type=wanted["media_type"].partition(";")[0],
        filename=wanted["name"],
        etag=wanted["sha256"][:32],
    )


@route(
    "GET", "/api/exports/<id:int>/receipts", role="accountant", summary="Ids of what an export holds",
    answers={200: shapes.obj(ids=shapes.many(shapes.WHOLE))},
)  # fmt: skip
def receipts(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """In the order of the file."""
    return {"ids": exports.receipt_ids(exports.one(call.business_id, id))}


@route(
    "POST", "/api/exports/<id:int>/undo", role="accountant", summary="Take an export back", body={},
    answers={200: EXPORT},
)  # fmt: skip
def undo(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """Its receipts are new again, as far as no other export holds them; its files stay."""
    return told(exports.undo(call.business_id, id))


@route(
    "POST", "/api/exports/<id:int>/redo", role="accountant", summary="Let an export count again", body={},
    answers={200: EXPORT},
)  # fmt: skip
def redo(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """The other way of undo."""
    return told(exports.undo(call.business_id, id, undone=False))


@route(
    "POST", "/api/exports/<id:int>/cancel", role="accountant", summary="Stop making an export", body={},
    answers={200: EXPORT},
)  # fmt: skip
def cancel(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """What was written of it goes."""
    return told(exports.cancel(call.business_id, id))
