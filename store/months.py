"""Months of a business: what each holds and has handed over, closing one, and asking before a closed one changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import peewee

import clock
from errors import Tellable
from models import Business, ClosedMonth, Receipt, db, write
from store import sql
from store.stats import COUNTED

_FREE = frozenset({"note", "flags", "hand_set", "fields", "waiting_for_document"})  # no figure of the month
_confirmed: ContextVar[bool] = ContextVar("closed_months_confirmed", default=False)


@contextmanager
def confirmed(*, yes: bool) -> Iterator[None]:
    """Within it, a person has said that receipts of closed months may change."""
    token = _confirmed.set(yes)
    try:
        yield
    finally:
        _confirmed.reset(token)


def check(row: Receipt, before: Mapping[str, Any]) -> None:
    """Before a receipt's change is written: Tellable `month_closed` where its month, old or new, is closed.

    Args:
        row: as it will be.
        before: the columns that change, as they were.
    """
    if _confirmed.get() or before.keys() <= _FREE:
        return
    days = {str(value)[:7] for value in (row.date, before.get("date", row.date)) if value}
    _refuse(row.business_id, days)


def check_ids(business_id: int, ids: Sequence[int]) -> None:
    """The same for many receipts at once, before the first of them changes."""
    if _confirmed.get() or not ClosedMonth.select().where(ClosedMonth.business == business_id).exists():
        return
    for start in range(0, len(ids), 5000):
        some = sql.ids(ids[start : start + 5000])
        rows = sql.fetch(
            f"select distinct {_month()} from receipt r where r.business_id = ? and r.id in ({some})", [business_id]
        )
        _refuse(business_id, {month for (month,) in rows if month})


def _refuse(business_id: int, months: set[str]) -> None:
    if not months:
        return
    closed = (
        ClosedMonth.select(ClosedMonth.month)
        .where(ClosedMonth.business == business_id, ClosedMonth.month << sorted(months))
        .order_by(ClosedMonth.month)
    )
    found = [row.month for row in closed]
    if found:
        named = ", ".join(found)
        raise Tellable("month_closed", f"{named} is closed: it was handed over. Change it all the same?", months=found)


def _month() -> str:
    return "substr(r.date, 1, 7)" if isinstance(db.obj, peewee.SqliteDatabase) else "to_char(r.date, 'YYYY-MM')"


def parse(text: str) -> str:
    """A month written YYYY-MM; Tellable `bad_date`."""
    try:
        dt.date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise Tellable("bad_date", f"“{text[:20]}” is not a month; write it as YYYY-MM.") from error
    return text


def close(business_id: int, month: str, by: str) -> ClosedMonth:
    """Close a month that is over or running; closed already is as good. Tellable `bad_date` for one to come."""
    zone = Business.select(Business.time_zone).where(Business.id == business_id).scalar()
    if parse(month) > f"{clock.now().astimezone(clock.zone(zone)):%Y-%m}":
        raise Tellable("bad_date", "A month that has not begun cannot be closed.")
    with write():
        ClosedMonth.insert(
            business=business_id, month=month, closed_by=by, closed_at=clock.now()
        ).on_conflict_ignore().execute()
    found: ClosedMonth = ClosedMonth.get(ClosedMonth.business == business_id, ClosedMonth.month == month)
    return found


def reopen(business_id: int, month: str) -> None:
    """Open a month again; open already is as good."""
    with write():
        ClosedMonth.delete().where(ClosedMonth.business == business_id, ClosedMonth.month == parse(month)).execute()


def listing(business_id: int, most: int = 36) -> list[dict[str, Any]]:
    """Months with receipts, the newest first.

    {"month", "count", "to_review", "new" (not handed over), "late" (came after it was closed), "closed_at"}
    """
    closed = {row.month: row for row in ClosedMonth.select().where(ClosedMonth.business == business_id)}
    marks = sql.marks(COUNTED)
    month = _month()
    rows = sql.fetch(
        f"select {month}, count(*), sum(case when r.status = 'to_review' then 1 else 0 end), "
        "sum(case when r.exported_at is null then 1 else 0 end), "
        "sum(case when c.closed_at is not null and r.created_at > c.closed_at then 1 else 0 end) "
        f"from receipt r left join closed_month c on c.business_id = r.business_id and c.month = {month} "
        f"where r.business_id = ? and r.deleted_at is null and r.duplicate_of_id is null and r.status in ({marks}) "
        "and r.date is not null group by 1 order by 1 desc limit ?",
        [business_id, *COUNTED, most],
    )
    return [
        {
            "month": month_,
            "count": count,
            "to_review": int(to_review),
            "new": int(new),
            "late": int(late),
            "closed_at": clock.iso(closed[month_].closed_at) if month_ in closed else None,
            "closed_by": closed[month_].closed_by if month_ in closed else "",
        }
        for month_, count, to_review, new, late in rows
    ]
