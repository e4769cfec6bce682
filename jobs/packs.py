"""The monthly pack: made on the chosen day from what is not handed over yet, sent by mail, told to webhooks."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Iterator
from typing import Any

import clock
from errors import Tellable
from jobs import pack_mail
from jobs.work import Again, Done, Job
from models import Business, Export, ExportPlan, Work, write
from sources import post
from store import export_plans, exports, months, work
from store.receipt_filter import Filter

log = logging.getLogger("packs")
STATUSES = ("approved", "ready")  # what a person has not seen and something is flagged at waits for the next pack
MOST_MAIL = 18_000_000  # bytes of attachments; most servers take 25 MB, and base64 adds a third
_LOOK_AGAIN = dt.timedelta(seconds=2)


def plan() -> Iterator[tuple[Work, bool]]:
    """Each business's pack of the month before, once its day and hour have come."""
    for one in export_plans.active():
        due = _due(one)
        if one.updated_at <= due <= clock.now():  # a plan that was made later begins with the next one
            month = _month_before(due, _zone(one.business_id))
            yield work.ask("pack", one.business_id, {"month": month}, slot=month, requested_by="schedule")


def _zone(business_id: int) -> str:
    return str(Business.select(Business.time_zone).where(Business.id == business_id).scalar())


def _due(one: ExportPlan) -> dt.datetime:
    """This month's moment."""
    zone = clock.zone(_zone(one.business_id))
    today = clock.now().astimezone(zone)
    return today.replace(day=one.day, hour=one.hour, minute=0, second=0, microsecond=0).astimezone(dt.UTC)


def _month_before(moment: dt.datetime, zone: str) -> str:
    first = moment.astimezone(clock.zone(zone)).date().replace(day=1)
    return f"{first - dt.timedelta(days=1):%Y-%m}"


def next_due(one: ExportPlan) -> dt.datetime:
    """When the plan's next pack is made."""
    due = _due(one)
    if due > clock.now():
        return due
    zone = clock.zone(_zone(one.business_id))
    later = (due.astimezone(zone).replace(day=1) + dt.timedelta(days=32)).replace(day=one.day, hour=one.hour)
    return later.astimezone(dt.UTC)


def step(job: Job) -> Again | Done:
    """Make the files, wait for them, send them, close the month: each a step that may be done twice."""
    business: Business = Business.get_by_id(job.business_id)
    one = export_plans.of(business.id)
    month = str(job.args["month"])
    state = dict(job.state)
    if "exports" not in state:
        with job.writing():
            made = [row.id for row in _ask(business, one, month, job.requested_by)]
            work.hold(job.lease, state={"exports": made})
        return Again({"exports": made})
    rows = [exports.one(business.id, id_) for id_ in state["exports"]]
    failed = next((row for row in rows if row.status in {"failed", "cancelled"}), None)
    if failed is not None:
        sentence = failed.error_text or "It was stopped."
        raise Tellable(failed.error_code or "not_ready", f"The pack's {failed.format} could not be made: {sentence}")
    if any(row.status == "making" for row in rows):
        return Again(state, at=clock.now() + _LOOK_AGAIN)
    if one.mails and "mailed" not in state:
        _send(job, business, one, month, rows)
        state["mailed"] = True
        job.save(state=state)
        log.info("A monthly pack was sent work=%s business=%s addresses=%s", job.work_id, business.id, len(one.mails))
    if one.close_month:
        months.close(business.id, month, "schedule")
    return Done({"month": month, "exports": state["exports"], "count": rows[0].count, "mailed": len(one.mails)})


def _ask(business: Business, one: ExportPlan, month: str, by: str) -> Iterable[Export]:
    """The pack's exports, all of the same receipts: settled here, before the first of them marks any."""
    first = dt.date.fromisoformat(f"{month}-01")
    last = (first + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
    since = one.since if isinstance(one.since, dt.date) else dt.date.fromisoformat(one.since) if one.since else first
    wanted = Filter(statuses=STATUSES, from_date=min(since, first), to_date=last)
    with write():
        for format_ in one.formats or export_plans.DEFAULT_FORMATS:
            row = exports.ask(business, format_, wanted, language=one.language, pack=month, requested_by=by)
            row.first_day, row.last_day = first, last
            row.save(only=[Export.first_day, Export.last_day])
            exports.settle(row)
            yield row


def _send(job: Job, business: Business, one: ExportPlan, month: str, rows: list[Export]) -> None:
    attachments, too_large = [], []
    room = MOST_MAIL
    for row in rows:
        for file in row.files:
            if row.count == 0:
                continue
            if file["size"] > room:
                too_large.append(file["name"])
                continue
            room -= file["size"]
            data = job.shop.blobs.get(file["sha256"])
            attachments.append(post.Attachment(file["name"], file["media_type"].partition(";")[0], data))
    told: dict[str, Any] = pack_mail.facts(business, month, rows, too_large)
    link = f"{job.shop.config.public_url}/app/b/{business.slug}/exports"
    subject, text = pack_mail.words(one.language, business.name, month, told, link)
    post.send(
        job.shop.config.smtp_url,
        one.mails,
        subject,
        text,
        attachments=attachments,
        message_id=f"<pack-{business.slug}-{month}-{job.work_id}@prosaas.invalid>",  # sent twice, it is one mail
    )
