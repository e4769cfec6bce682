"""What there is to alert of, found in the database: mailboxes to reconnect, receipts that wait, papers that miss."""

from __future__ import annotations

from datetime import date, timedelta

import clock
from models import Alert, Business, Mailbox
from store import alerts, people, rhythm, sql

PATIENCE = timedelta(hours=24)  # that a receipt may wait for its review


def mailboxes() -> int:
    """Alerts of all businesses' mailboxes as they are now; how many are new."""
    lost: dict[int, dict[str, alerts.Facts]] = {}
    for row in Mailbox.select().where(Mailbox.status == "needs_reconnect"):
        lost.setdefault(row.business_id, {})[str(row.id)] = {"mailbox": row.id, "address": row.address}
    told = Alert.select(Alert.business).where(Alert.kind == "mailbox", ~Alert.lasting.is_null()).distinct()
    concerned = {*lost, *(row.business_id for row in told if row.business_id is not None)}
    return sum(alerts.settle("mailbox", business_id, lost.get(business_id, {})) for business_id in sorted(concerned))


def next_business(after: int) -> int | None:
    """The id of the next business to look through."""
    row = Business.select(Business.id).where(Business.id > after).order_by(Business.id).first()
    return row.id if row is not None else None


def of_business(business_id: int) -> int:
    """Alerts of a business's receipts as they are now: what waits for review, what did not come; how many are new."""
    business = Business.get_or_none(Business.id == business_id)
    if business is None:
        return 0
    today = clock.now().astimezone(clock.zone(business.time_zone)).date()
    return alerts.settle("review", business_id, _waiting(business_id)) + alerts.settle(
        "missing", business_id, _missing(business_id, today)
    )


def _waiting(business_id: int) -> dict[str, alerts.Facts]:
    before = int((clock.now() - PATIENCE).timestamp() * 1000)
    row = sql.one(
        "select count(*), min(created_at) from receipt where business_id = ? and status = 'to_review' "
        "and deleted_at is null and duplicate_of_id is null and created_at < ?",
        [business_id, before],
    )
    if row is None or not row[0]:
        return {}
    return {"": {"count": row[0], "since": clock.iso(people.moment(row[1]))}}


def _missing(business_id: int, today: date) -> dict[str, alerts.Facts]:
    """Papers of this month and the one before that are late, by vendor and day."""
    months = (f"{today.replace(day=1) - timedelta(days=1):%Y-%m}", f"{today:%Y-%m}")
    late = [one for month in months for one in rhythm.missing(business_id, month, today) if one.late]
    return {
        f"{one.vendor}\n{one.expected_on}": {"vendor": one.vendor, "expected_on": one.expected_on.isoformat()}
        for one in late
    }
