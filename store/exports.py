"""Exports as rows: asking, settling what goes in, offering the files when they are whole, undoing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import clock
from errors import Tellable
from models import Business, Export, Receipt, Work, write
from money import Money
from store import events, export_sets, sql, work
from store.people import LANGUAGES
from store.receipt_filter import Filter

READY = "export.ready"
FORMATS = ("csv", "xlsx", "zip", "pdf", "quickbooks", "xero", "datev", "beancount", "hledger", "ofx")
ARCHIVE = "archive"  # everything of the business, for its owner alone
KEEP = dt.timedelta(days=90)  # files, from the moment they are whole
_MARKED_AT_ONCE = 5000
_LEFT_OUT_KEPT = 300


def ask(
    business: Business | int,
    format_: str,
    wanted: Filter,
    *,
    new_since_last: bool = True,
    mark: bool = True,
    language: str = "en",
    pack: str | None = None,
    ids: Sequence[int] = (),
    requested_by: str = "",
) -> Export:
    """An export to be made by the worker; the caller rings its `work_id`.

    Args:
        business: whose.
        format_: one of FORMATS.
        wanted: as the receipts list is filtered.
        new_since_last: only what no export has handed over yet.
        mark: its receipts count as handed over once it is ready.
        language: of its headers.
        ids: these receipts alone, as far as the filter holds them.
        pack: the slot of the monthly pack that it is made for.
        requested_by: user:<id>, token:<id>, schedule or cli.
    """
    if format_ not in (*FORMATS, ARCHIVE):
        raise Tellable("bad_format", f"The format must be one of {', '.join(FORMATS)}.")
    if new_since_last:
        wanted = replace(wanted, exported=False)
    business_id = business.id if isinstance(business, Business) else business
    with write():
        row = Export.create(
            business=business_id,
            format=format_,
            language=language if language in LANGUAGES else "en",
            wanted={**export_sets.written(wanted), **({"ids": sorted(set(ids))} if ids else {})},
            first_day=wanted.from_date,
            last_day=wanted.to_date,
            mark=mark,
            pack=pack,
            requested_by=requested_by,
        )
        job, _ = work.ask("export", business_id, {"export": row.id}, requested_by=requested_by)
        row.work_id = job.id
        row.save(only=[Export.work_id])
    return row


def settle(row: Export) -> None:
    """Write down which receipts go in; inside the write transaction of the work's step."""
    row.count = export_sets.settle(row.id, row.business_id, export_sets.read(row.wanted), row.wanted.get("ids"))
    row.sums = export_sets.sums(row.id)
    row.chosen = True
    row.save(only=[Export.count, Export.sums, Export.chosen])


def leave_out(row: Export, ids: Sequence[int]) -> None:
    """These receipts did not go into the file after all: they are not part of it. Inside a write transaction."""
    if not ids:
        return
    for start in range(0, len(ids), _MARKED_AT_ONCE):
        some = list(ids[start : start + _MARKED_AT_ONCE])
        sql.run(f"delete from exported_receipt where export_id = ? and receipt_id in ({sql.ids(some)})", [row.id])
    row.count -= len(ids)
    row.sums = export_sets.sums(row.id)
    row.save(only=[Export.count, Export.sums])


def mark(row: Export, after: int) -> int | None:
    """Mark a few thousand receipts as handed over, beyond a position; the next position, None when all are.

    Inside a write transaction.
    """
    some = export_sets.ids(row.id, after, _MARKED_AT_ONCE)
    if not some:
        return None
    if row.mark:
        _stamp([id_ for _, id_ in some])
    return some[-1][0]


def _stamp(ids: Sequence[int]) -> None:
    """Set when each receipt was last handed over: by the newest export that was not undone, or never."""
    now = Receipt.updated_at.db_value(clock.now())
    sql.run(
        "update receipt set updated_at = ?, exported_at = (select max(x.created_at) from exported_receipt e "
        "join export x on x.id = e.export_id where e.receipt_id = receipt.id and x.undone_at is null "
        f"and x.mark and x.status in ('making', 'ready')) where id in ({sql.ids(ids)})",
        [now],
    )


def ready(row: Export, files: Sequence[Mapping[str, Any]], left_out: Sequence[Mapping[str, Any]]) -> None:
    """The files are whole: offer them, and tell the outside world. Inside a write transaction."""
    row.status, row.ready_at = "ready", clock.now()
    row.files, row.left_out = list(files), list(left_out[:_LEFT_OUT_KEPT])
    row.save(only=[Export.status, Export.ready_at, Export.files, Export.left_out])
    events.emit(row.business_id, READY, {"export": facts(row)})


def expire(limit: int = 200) -> list[str]:
    """Let go of files that were kept long enough, inside a write transaction: their keys, empty when there are none.

    The rows stay: what was handed over, what it came to, and that it can be taken back.
    """
    old = (Export.status == "ready", Export.expired_at.is_null(), Export.ready_at < clock.now() - KEEP)
    rows = list(Export.select().where(*old).order_by(Export.id).limit(limit))
    keys = {file["sha256"] for row in rows for file in row.files}
    for row in rows:
        row.files = [{**file, "sha256": None} for file in row.files]
        row.expired_at = clock.now()
        row.save(only=[Export.files, Export.expired_at])
    return sorted(keys)


def refuse(export_id: int, code: str, text: str, status: str = "failed") -> None:
    """The export ended without a file, and what was marked for it is free again. Inside a write transaction."""
    row = Export.get_or_none(Export.id == export_id)
    if row is None or row.status != "making":
        return
    row.status, row.error_code, row.error_text = status, code, text
    row.save(only=[Export.status, Export.error_code, Export.error_text])
    _restamp(row)


def settle_over(business_id: int | None = None) -> None:
    """Exports whose background work ended without them (it failed, or was cancelled) end with its sentence."""
    query = Export.select(Export.id, Export.work_id).where(Export.status == "making")
    if business_id is not None:
        query = query.where(Export.business == business_id)
    for row in query:
        job = work.get(row.work_id) if row.work_id else None
        if job is not None and job.status in work.ACTIVE:
            continue
        status = "cancelled" if job is not None and job.status == "cancelled" else "failed"
        code = (job.error_code if job else None) or ("cancelled" if status == "cancelled" else "work_interrupted")
        text = (job.error_text if job else None) or "It was stopped before it was ready."
        with write():
            refuse(row.id, code, text, status)


def undo(business_id: int, export_id: object, *, undone: bool = True) -> Export:
    """Take an export back (its receipts are new again), or take that back. Tellable `not_found`, `not_ready`."""
    with write():
        row = Export.find(business_id, export_id)
        if row.status != "ready":
            raise Tellable("not_ready", "This export is not ready yet.")
        row.undone_at = clock.now() if undone else None
        row.save(only=[Export.undone_at])
        _restamp(row)
    return row


def _restamp(row: Export) -> None:
    if not row.mark:
        return
    after = 0
    while some := export_sets.ids(row.id, after, _MARKED_AT_ONCE):
        _stamp([id_ for _, id_ in some])
        after = some[-1][0]


def cancel(business_id: int, export_id: object) -> Export:
    """Stop making it. Tellable `not_found`, `not_running`."""
    row = Export.find(business_id, export_id)
    if row.status != "making" or row.work_id is None:
        raise Tellable("not_running", "This is over already.")
    work.cancel(row.work_id)
    settle_over(business_id)
    return Export.find(business_id, export_id)


def listing(business_id: int, limit: int, before_id: int | None = None) -> list[Export]:
    """Exports, newest first, those before an id where one is given."""
    settle_over(business_id)
    query = Export.select().where(Export.business == business_id)
    if before_id is not None:
        query = query.where(Export.id < before_id)
    return list(query.order_by(Export.id.desc()).limit(limit))


def one(business_id: int, export_id: object) -> Export:
    """One export; Tellable `not_found`."""
    settle_over(business_id)
    return Export.find(business_id, export_id)


def receipt_ids(row: Export) -> list[int]:
    """The receipts of an export, in its order."""
    return [id_ for _, id_ in export_sets.ids(row.id, 0, 10**9)]


def facts(row: Export, job: Work | None = None) -> dict[str, Any]:
    """An export in the API's shape."""
    progress = work.facts(job) if job is not None else None
    status = row.status
    if status == "making" and job is not None and job.status == "queued":
        status = "queued"
    error = None if row.error_code is None else {"code": row.error_code, "text": row.error_text}
    if error is None and progress is not None:
        error = progress["error"]
    return {
        "id": row.id,
        "status": status,
        "format": row.format,
        "language": row.language,
        "filter": {name: value for name, value in row.wanted.items() if name != "ids"},
        "from_date": _day(row.first_day),
        "to_date": _day(row.last_day),
        "new_since_last": row.wanted.get("exported") is False,
        "mark": row.mark,
        "count": row.count,
        "currencies": [
            {
                "currency": one["currency"],
                "count": one["count"],
                "total": Money(one["total_minor"], one["currency"]).as_json(),
            }
            for one in row.sums
        ],
        "left_out": row.left_out,
        "files": [{"name": file["name"], "media_type": file["media_type"], "size": file["size"]} for file in row.files],
        "progress_percentage": 100 if row.status == "ready" else progress["progress_percentage"] if progress else 0,
        "error": error,
        "pack": row.pack,
        "requested_by": row.requested_by,
        "created_at": clock.iso(row.created_at),
        "ready_at": clock.iso(row.ready_at),
        "undone_at": clock.iso(row.undone_at),
        "expires_at": clock.iso(row.ready_at + KEEP) if row.ready_at else None,
        "expired_at": clock.iso(row.expired_at),
    }


def _day(value: dt.date | str | None) -> str | None:
    return None if value is None else str(value)
