"""Alerts: looking for causes, mailing people, and what the web process watches because no worker could tell it."""

from __future__ import annotations

import logging
import shutil
import socket
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import clock
from config import Config
from jobs import alert_words, deliver
from jobs.work import Again, Done, Job
from models import Alert, Business, User, Work
from sources import post
from store import alert_causes, alert_letters, alerts, deliveries, work

log = logging.getLogger("alerts")


# -- the worker's rounds


def look_after(config: Config) -> list[tuple[int, str]]:
    """Once a minute: mailboxes, what is over, and the mails that are due as (id, priority) of work to ring."""
    raised = alert_causes.mailboxes()
    if raised:
        log.warning("Mailboxes need somebody new_alerts=%s", raised)
    alerts.prune()
    return ask_for_mails(config)


def ask_for_mails(config: Config) -> list[tuple[int, str]]:
    """Work for each person whose mail may go now; (id, priority) of what is new."""
    alert_letters.forget(everything=not config.smtp_url)
    refused = {row.args["user"] for row in work.failed_since("alert_mail", clock.now() - alert_letters.PAUSE)}
    asked = [
        work.ask("alert_mail", None, {"user": user_id}, unique=str(user_id), priority="high", requested_by="schedule")
        for user_id in alert_letters.due()
        if user_id not in refused  # it is tried again in an hour
    ]
    return [(row.id, row.priority) for row, new in asked if new]


def plan() -> Iterable[tuple[Work, bool]]:
    """Every hour a look through all businesses."""
    slot = f"{clock.now():%Y-%m-%dT%H}"
    return [work.ask("alerts", None, slot=slot, priority="low", requested_by="schedule")]


def look(job: Job) -> Again | Done:
    """Receipts that wait and papers that miss, business by business."""
    after, raised = int(job.state.get("after", 0)), int(job.state.get("raised", 0))
    while job.more():
        business_id = alert_causes.next_business(after)
        if business_id is None:
            return Done({"raised": raised})
        raised += alert_causes.of_business(business_id)  # done twice, it changes nothing
        after = business_id
    return Again({"after": after, "raised": raised})


# -- mails


def mail(job: Job) -> Done:
    """One mail with all that waits for a person; which letters it holds is kept first, so that a retry is the same."""
    user = User.get_or_none(User.id == job.args["user"])
    letters = list(job.state.get("letters") or alert_letters.waiting(int(job.args["user"])))
    if user is None or not letters or not job.shop.config.smtp_url:
        return Done({"sent": False})
    job.save(state={"letters": letters})
    rows = alert_letters.alerts(letters)
    if rows:
        url = job.shop.config.public_url
        subject, text = compose(rows, user, url)
        message_id = f"<alerts-{job.work_id}-{letters[0]}@prosaas.invalid>"  # sent twice, it is one mail
        post.send(job.shop.config.smtp_url, [user.email], subject, text, message_id=message_id)
    with job.writing():
        alert_letters.sent(letters)
    return Done({"sent": bool(rows), "alerts": len(rows)})


def compose(rows: Sequence[Alert], user: User, url: str) -> tuple[str, str]:
    """Subject and text for a person, business by business, the installation's own first."""
    names = {row.id: row for row in Business.select().where(Business.id << {row.business_id for row in rows})}
    ordered = sorted(rows, key=lambda row: (row.business_id or 0, row.id))
    groups = []
    for business_id, group in groupby(ordered, key=lambda row: row.business_id):
        business = names.get(business_id)
        base = f"{url}/app/b/{business.slug}" if business is not None else f"{url}/app"
        told = [
            (alert_words.sentence(row.kind, row.facts, user.language), f"{base}/{alert_words.page(row.kind)}")
            for row in group
        ]
        groups.append((business.name if business is not None else "", told))
    return alert_words.mail(groups, f"{url}/app/settings/alerts", user.language)


# -- the web's watch


def watch_disk(config: Config, host: str) -> int:
    """Whether the data folder's disk is nearly full; once it is, a tenth more must be free to clear it."""
    free_mb = shutil.disk_usage(config.data_dir).free / 1_000_000
    lasts = Alert.select().where(Alert.kind == "disk", Alert.about == host, ~Alert.lasting.is_null()).exists()
    full = free_mb < config.disk_low_mb * (1.1 if lasts else 1)
    facts = {"host": host, "free_gb": round(free_mb / 1000, 1)}
    return alerts.settle("disk", None, {host: facts} if full else {}, only=[host])


def watch_workers(*, silent: bool, redis: bool, host: str) -> int:
    """Whether somebody works; a host that does not reach Redis knows nothing of the workers."""
    lost = f"redis {host}"
    raised = alerts.settle("worker", None, {} if redis else {lost: {"host": host}}, only=[lost])
    if redis:
        raised += alerts.settle("worker", None, {"": {}} if silent else {}, only=[""])
    return raised


def stand_in(config: Config, step: Callable[[int], object], stopping: Callable[[], bool]) -> None:
    """While no worker does it, send what alerts are to be mailed, and what webhooks wait for.

    Each is done under its own lease, so a worker that comes back meanwhile takes nothing twice.
    """
    ask_for_mails(config)
    for row in work.waiting("alert_mail"):
        step(row.id)
    for endpoint_id in deliveries.to_ring():
        if stopping():
            return
        deliver.step(config, endpoint_id, stopping)


def host_name() -> str:
    """This machine, as alerts call it."""
    return socket.gethostname()
