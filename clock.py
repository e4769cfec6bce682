"""Aware times and calendar days: the only place that asks what time it is or where midnight lies."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from errors import Tellable

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name; Tellable `bad_time_zone` when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Tellable("bad_time_zone", f"“{name}” is not a time zone; write one like Asia/Jerusalem.") from error


def parse_day(text: str) -> date:
    """The calendar day written YYYY-MM-DD; Tellable `bad_date` when there is no such day."""
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise Tellable("bad_date", f"“{text[:40]}” is not a date; write it as YYYY-MM-DD.")


def day_start(day: date, zone_name: str) -> datetime:
    """The first moment of `day` in the zone, in UTC."""
    return datetime.combine(day, time.min, tzinfo=zone(zone_name)).astimezone(UTC)


def day_range(first: date | None, last: date | None, zone_name: str) -> tuple[datetime | None, datetime | None]:
    """Days as a person names them, both inclusive, as a half-open range of moments in UTC."""
    start = day_start(first, zone_name) if first else None
    end = day_start(last + timedelta(days=1), zone_name) if last else None
    return start, end


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z, as the API writes it; None stays None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
