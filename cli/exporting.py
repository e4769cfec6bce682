"""`./prosaas export`: what the export button does, into a file of one's own."""

from __future__ import annotations

import argparse
import calendar
import datetime as dt
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import Tellable

if TYPE_CHECKING:
    from config import Config
    from models import Export, Work

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def run(argv: list[str], config: Config) -> int:
    """0 when the file is whole, 1 when something was left out of it (each with its sentence)."""
    parser = argparse.ArgumentParser(
        prog="./prosaas export", description="Hand a month's receipts over as a file; no worker is needed."
    )
    parser.add_argument("--business", required=True, metavar="B", help="short name of the business")
    parser.add_argument("--month", metavar="YYYY-MM", help="the month; everything without it")
    parser.add_argument("--format", required=True, metavar="F", help="csv, xlsx, zip, pdf, quickbooks, xero, datev, …")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="where the file goes")
    parser.add_argument("--status", action="append", default=[], metavar="S", help="only this status; may come twice")
    parser.add_argument("--language", metavar="L", help="of the headers: en or he (default: the business's)")
    parser.add_argument("--new", action="store_true", help="only what no export has handed over yet")
    parser.add_argument("--no-mark", action="store_true", help="do not mark the receipts as handed over")
    given = parser.parse_args(argv)
    from jobs.adapters import blob_store
    from store import exports, people, schema

    wanted = _wanted(given.month, tuple(given.status))
    schema.open_database(config)
    business = people.find_business(given.business)
    row = exports.ask(
        business,
        given.format,
        wanted,
        new_since_last=given.new,
        mark=not given.no_mark,
        language=given.language or business.language,
        requested_by="cli",
    )
    blobs = blob_store(config)
    row = _make(config, row, blobs)
    for number, file in enumerate(row.files):
        path = given.out if number == 0 else given.out.with_name(f"{given.out.stem}-{number + 1}{given.out.suffix}")
        if file["name"].endswith("-lines.csv"):
            path = given.out.with_name(f"{given.out.stem}-lines{given.out.suffix}")
        _copy(blobs, file["sha256"], path)
        print(f"{path}: {row.count} receipts, {file['size']} bytes")
    for one in row.left_out:
        print(f"left out: {one['text']}", file=sys.stderr)
    return 1 if row.left_out else 0


def _wanted(month: str | None, statuses: tuple[str, ...]) -> Any:
    from store.receipt_filter import STATUSES, Filter

    if any(one not in STATUSES for one in statuses):
        raise Tellable("bad_status", f"The status must be one of {', '.join(STATUSES)}.")
    if month is None:
        return Filter(statuses=statuses)
    if not _MONTH.fullmatch(month):
        raise Tellable("bad_date", f"“{month[:20]}” is not a month; write it as YYYY-MM.")
    first = dt.date.fromisoformat(f"{month}-01")
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return Filter(statuses=statuses, from_date=first, to_date=last)


def _make(config: Config, row: Export, blobs: Any) -> Export:
    """Do the background work here; a worker that runs may do it as well, and one of the two has it."""
    import contextlib
    import time

    from jobs import work as steps
    from jobs.workshop import Workshop
    from store import exports, work

    nothing: Any = None
    shop = Workshop(
        config=config,
        blobs=blobs,
        reader=nothing,
        ring=lambda _: True,
        together=lambda _: contextlib.nullcontext(True),
        stopping=lambda: False,
        open_source=nothing,
    )
    work_id = row.work_id or 0
    while True:
        again = steps.step(shop, work_id)
        job: Work | None = work.get(work_id)
        if job is None or job.status not in work.ACTIVE:
            break
        if not again:
            if job.error_code and job.lease_until is None:  # the disk is full, say: a person waits here, so tell it
                work.cancel(job.id)
                raise Tellable(job.error_code, job.error_text or "It could not be made.")
            time.sleep(0.2)
    row = exports.one(row.business_id, row.id)
    if row.status != "ready":
        raise Tellable(row.error_code or "not_ready", row.error_text or "It could not be made.")
    return row


def _copy(blobs: Any, key: str, path: Path) -> None:
    try:
        with blobs.open(key) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 18)
    except OSError as error:
        raise Tellable("bad_option", f"{path} cannot be written ({error.strerror}).") from error
