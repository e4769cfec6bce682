"""A vendor's own rhythm: monthly, two-monthly, quarterly or yearly, and which of its papers did not come."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from models import VendorNote, write
from store import sql
from store.vendor_keys import fold

NAMES = {1: "monthly", 2: "two_monthly", 3: "quarterly", 12: "yearly"}
_LEAST = {1: 3, 2: 3, 3: 3, 12: 2}  # papers that make a rhythm
_DRIFT = {1: 8, 2: 12, 3: 15, 12: 20}  # days that one may come early or late
_GIVEN_UP = {1: 2, 2: 2, 3: 1, 12: 1}  # papers in a row that did not come: then it has ended
_MONTH = 30.44
_TOGETHER = 6  # days within which papers are one delivery
_OFTEN = 3  # papers a month beyond which it is a shop one goes to, not a bill that comes
_LOOK_BACK = timedelta(days=830)
_MOST_PAPERS = 100  # in that time: more often than a bill comes
_CHANCES = 400  # vendors of a business that are looked at, those with the most papers


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Every so many months; the days on which papers were due and did not come, the next one last."""

    months: int
    due: tuple[date, ...]

    @property
    def drift(self) -> timedelta:
        """How late a paper may be before it is missed."""
        return timedelta(days=_DRIFT[self.months])


@dataclass(frozen=True, slots=True)
class Missing:
    """A paper that was to come and did not, or is still awaited (`late` False)."""

    vendor: str
    rhythm: str
    expected_on: date
    late: bool
    usual_minor: int | None
    currency: str | None
    last_id: int
    last_date: date


def of(days: Sequence[date]) -> Rhythm | None:
    """The rhythm of papers of these days, None where there is none; a few that are missing or early do not break it."""
    days = sorted(set(days))
    by_month = Counter((day.year, day.month) for day in days)
    if not by_month or median(by_month.values()) > _OFTEN:
        return None
    firsts = list({(day.year, day.month): day for day in reversed(days)}.values())[::-1]
    for events in (_deliveries(days), firsts):
        for months in NAMES:
            if _fits(events, months):
                return Rhythm(months, tuple(_due(events, months)))
    return None


def _deliveries(days: Sequence[date]) -> list[date]:
    events = list(days[:1])
    for day in days:
        if (day - events[-1]).days > _TOGETHER:
            events.append(day)
    return events


def _fits(events: Sequence[date], months: int) -> bool:
    if len(events) < _LEAST[months]:
        return False
    steps = [(after - before).days for before, after in pairwise(events)]
    whole = [max(1, round(step / (months * _MONTH))) for step in steps]
    good = [
        times
        for step, times in zip(steps, whole, strict=True)
        if abs(step - times * months * _MONTH) <= _DRIFT[months] and times <= 3
    ]
    return len(good) >= 0.75 * len(steps) and good.count(1) >= 0.6 * len(steps)


def _due(events: Sequence[date], months: int) -> list[date]:
    """What did not come between the events, and after the last one until it is given up."""
    due = []
    for before, after in pairwise(events):
        times = round((after - before).days / (months * _MONTH))
        due += [_later(before, months * number) for number in range(1, min(times, 4))]
    due += [_later(events[-1], months * number) for number in range(1, _GIVEN_UP[months] + 1)]
    return due


def _later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def missing(business_id: int, month: str, today: date) -> list[Missing]:
    """Papers that usually come and are not there in a month (YYYY-MM): those that are late first.

    A month to come has none; in the present one those still on their way are told as awaited.
    """
    quiet = _unexpected(business_id)
    found = []
    for name, rows in _papers(business_id, today).items():
        rhythm = None if name in quiet else of([day for day, *_ in rows])
        if rhythm is None:
            continue
        for day in rhythm.due:
            awaited = f"{day:%Y-%m}" == month and day <= today + timedelta(days=31)
            near = any(abs((day - other).days) <= _DRIFT[rhythm.months] // 2 for other, *_ in rows)
            if awaited and not near:
                found.append(_told(rows, rhythm, day, today))
                break
    return sorted(found, key=lambda one: (not one.late, one.expected_on, one.vendor))


def rhythms(business_id: int, today: date, names: Sequence[str]) -> dict[str, Rhythm]:
    """The rhythm of each of these vendors that has one, by folded name."""
    papers = _papers(business_id, today, names)
    found = {name: of([day for day, *_ in rows]) for name, rows in papers.items()}
    return {name: rhythm for name, rhythm in found.items() if rhythm is not None}


def _told(rows: Sequence[Any], rhythm: Rhythm, day: date, today: date) -> Missing:
    currency = Counter(row[3] for row in rows[-6:]).most_common(1)[0][0]
    totals = [row[2] for row in rows[-6:] if row[3] == currency and row[2] is not None]
    last = rows[-1]
    usual = int(median(totals)) if totals else None
    late = today > day + rhythm.drift
    return Missing(last[4], NAMES[rhythm.months], day, late, usual, currency, last[1], last[0])


def _papers(
    business_id: int, today: date, names: Sequence[str] | None = None
) -> dict[str, list[tuple[date, int, int | None, str | None, str]]]:
    """(day, id, total, currency, vendor) of each vendor's papers, oldest first, by folded name.

    names: of these vendors alone; else of all whose papers may have a rhythm.
    """
    since = (today - _LOOK_BACK).isoformat()
    names = _likely(business_id, since) if names is None else names
    if not names:
        return {}
    rows = sql.fetch(
        "select vendor, date, id, total_minor, currency from receipt where business_id = ? and deleted_at is null "
        "and duplicate_of_id is null and date >= ? and status not in ('rejected', 'not_receipt') "
        f"and vendor in ({sql.marks(names)}) order by date, id",
        [business_id, since, *names],
    )
    papers: dict[str, list[tuple[date, int, int | None, str | None, str]]] = {}
    for vendor, day, id_, total, currency in rows:
        papers.setdefault(fold(vendor) or vendor, []).append((_day(day), id_, total, currency, vendor))
    return papers


def _likely(business_id: int, since: str) -> list[str]:
    """Vendors with as many papers since a day as a rhythm may have."""
    common = sql.fetch(
        "select vendor from receipt where business_id = ? and deleted_at is null and duplicate_of_id is null "
        "and vendor is not null and date >= ? and status not in ('rejected', 'not_receipt') "
        "group by vendor having count(*) between 2 and ? order by count(*) desc limit ?",
        [business_id, since, _MOST_PAPERS, _CHANCES],
    )
    return [name for (name,) in common]


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def expect(business_id: int, vendor: str, *, expected: bool) -> None:
    """Say that a vendor's papers are not waited for any more, or are again."""
    name = fold(vendor) or vendor
    with write():
        VendorNote.delete().where(VendorNote.business == business_id, VendorNote.name == name).execute()
        if not expected:
            VendorNote.create(business=business_id, name=name, expected=False)


def _unexpected(business_id: int) -> set[str]:
    notes = VendorNote.select(VendorNote.name).where(VendorNote.business == business_id, ~VendorNote.expected)
    return {note.name for note in notes}


def is_expected(business_id: int, vendor: str) -> bool:
    """Whether nobody said that this vendor's papers are not waited for."""
    return (fold(vendor) or vendor) not in _unexpected(business_id)
