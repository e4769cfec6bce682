"""The monthly pack: made on its day, sent through a real SMTP server, told to webhooks, once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

import clock
from config import Config
from jobs import packs
from jobs import work as steps
from jobs.kinds import KINDS
from models import Business, ClosedMonth, Event, Export, ExportPlan, Receipt, Work
from store import export_plans, webhooks, work
from tests.support import exports as making
from tests.support import installation
from tests.support.mail_server import Mailbox, mail_server
from tests.support.processes import until
from tests.support.product import product
from tests.support.web import Web, serving


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as there:
        yield there


@pytest.fixture
def config(tmp_path: Path, box: Mailbox) -> Iterator[Config]:
    settings = installation.settings(tmp_path, SMTP_URL=box.url, PUBLIC_URL="https://books.example")
    with installation.database(settings):
        yield settings


@pytest.fixture
def business(config: Config) -> Business:
    return installation.business(name="Kedem Studio")


def _last_month() -> tuple[date, str]:
    today = clock.now().astimezone(clock.zone("Asia/Jerusalem")).date()
    last = today.replace(day=1) - timedelta(days=1)
    return last, f"{last:%Y-%m}"


def _planned(business: Business, **values: object) -> ExportPlan:
    """A plan whose moment of this month has just come, made before it."""
    now = clock.now().astimezone(clock.zone("Asia/Jerusalem"))
    plan = export_plans.change(
        business.id,
        {"active": True, "day": 1, "hour": 0, "formats": ["csv"], "mails": ["books@accountant.example"], **values},
    )
    before = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=1)
    ExportPlan.update(updated_at=before).where(ExportPlan.id == plan.id).execute()
    return plan


def _whole(config: Config, work_id: int) -> Work:
    """The pack and the exports it asks for, to their end."""
    tools = making.shop(config)
    for _ in range(60):
        for row in Work.select().where(Work.status << work.ACTIVE):
            Work.update(next_try_at=0).where(Work.id == row.id).execute()
            steps.step(tools, row.id, KINDS)
        if Work.get_by_id(work_id).status not in work.ACTIVE:
            break
    return Work.get_by_id(work_id)


def _receipts(config: Config, business: Business) -> None:
    last, _ = _last_month()
    day = last.isoformat()
    making.receipt(config, business, number="OK1", date=day, status="approved", total_minor=11800)
    making.receipt(config, business, number="OK2", date=day, status="ready", vendor="דפוס כהן")
    making.receipt(config, business, number="WAIT", date=day, status="to_review", vendor="Doubtful Ltd")
    making.receipt(config, business, number="NEW", date=clock.now().date().isoformat(), status="approved")


def test_a_planned_pack_arrives_in_a_real_smtp_server_once(config: Config, business: Business, box: Mailbox) -> None:
    _receipts(config, business)
    webhooks.add(business.id, "https://hook.example/", ["export.ready"])
    _planned(business, formats=["csv", "pdf"], close_month=True)
    _, month = _last_month()
    ((row, new),) = packs.plan()
    assert new
    assert [created for _, created in packs.plan()] == [False]
    done = _whole(config, row.id)
    assert (done.status, done.error_text) == ("done", None)
    (mail,) = box.mails
    assert box.to == [["books@accountant.example"]]
    assert mail["Subject"] == f"Kedem Studio: receipts of {month[5:]}/{month[:4]}"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "2 receipts are handed over" in text
    assert "302.00 ILS (2)" in text
    assert "Doubtful Ltd" in text
    assert "https://books.example/app/b/kedem/exports" in text
    files = {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
    assert sorted(files) == [
        f"Kedem Studio {month}-lines.csv",
        f"Kedem Studio {month}.csv",
        f"Kedem Studio {month}.pdf",
    ]
    table = files[f"Kedem Studio {month}.csv"].decode("utf-8-sig")  # type: ignore[union-attr]
    assert [line["Number"] for line in csv.DictReader(io.StringIO(table, newline=""))] == ["OK1", "OK2"]
    assert {one.number for one in Receipt.select().where(Receipt.exported_at.is_null())} == {"WAIT", "NEW"}
    assert [event.data["export"]["pack"] for event in Event.select()] == [month, month]
    assert [one.month for one in ClosedMonth.select()] == [month]


def test_a_hebrew_pack_is_in_hebrew(config: Config, business: Business, box: Mailbox) -> None:
    _receipts(config, business)
    _planned(business, language="he")
    ((row, _),) = packs.plan()
    assert _whole(config, row.id).status == "done"
    (mail,) = box.mails
    assert "קבלות של" in mail["Subject"]
    assert "2 קבלות נמסרות" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_refusing_server_ends_it_with_a_sentence_and_a_busy_one_is_asked_again(
    config: Config, business: Business, box: Mailbox
) -> None:
    _receipts(config, business)
    _planned(business)
    box.answer = "451 try again later"
    ((row, _),) = packs.plan()
    tools = making.shop(config)
    for _ in range(12):
        for one in Work.select().where(Work.status << work.ACTIVE, Work.tries < 2):
            Work.update(next_try_at=0).where(Work.id == one.id).execute()
            steps.step(tools, one.id, KINDS)
    waiting = Work.get_by_id(row.id)
    assert (waiting.status, waiting.error_code) == ("running", "mail_unreachable")
    box.answer = "250 OK"
    assert _whole(config, row.id).status == "done"
    assert len(box.mails) == 1
    again, _ = work.ask("pack", business, {"month": _last_month()[1]}, unique="now")
    box.answer = "550 no such user here"
    refused = _whole(config, again.id)
    assert (refused.status, refused.error_code) == ("failed", "mail_refused")


def test_a_month_without_anything_new_is_told_without_files(config: Config, business: Business, box: Mailbox) -> None:
    _planned(business)
    ((row, _),) = packs.plan()
    assert _whole(config, row.id).status == "done"
    (mail,) = box.mails
    assert "nothing new" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert list(mail.iter_attachments()) == []


def test_what_is_too_large_for_a_mail_is_named_in_it(
    config: Config, business: Business, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    _receipts(config, business)
    _planned(business)
    monkeypatch.setattr(packs, "MOST_MAIL", 10)
    ((row, _),) = packs.plan()
    assert _whole(config, row.id).status == "done"
    (mail,) = box.mails
    assert "Too large for a mail" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert list(mail.iter_attachments()) == []


def test_a_plan_that_is_made_after_its_day_begins_with_the_next_month(config: Config, business: Business) -> None:
    export_plans.change(business.id, {"active": True, "day": 1, "hour": 0})
    assert list(packs.plan()) == []
    assert packs.next_due(export_plans.of(business.id)) > clock.now()
    export_plans.change(business.id, {"active": False})
    ExportPlan.update(updated_at=0).execute()
    assert list(packs.plan()) == []


def test_a_receipt_that_came_late_is_in_the_next_pack(config: Config, business: Business, box: Mailbox) -> None:
    plan = _planned(business)
    last, _ = _last_month()
    before = last.replace(day=1) - timedelta(days=3)
    ExportPlan.update(since=before.replace(day=1)).where(ExportPlan.id == plan.id).execute()
    making.receipt(config, business, number="LATE", date=before.isoformat(), status="approved")
    making.receipt(config, business, number="OLD", date="2019-01-01", status="approved")
    ((row, _),) = packs.plan()
    assert _whole(config, row.id).result["count"] == 1


def test_the_plan_over_http(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        _plan_over_http(site)


def _plan_over_http(site: Web) -> None:
    business = site.business()
    owner, accountant = site.browser(business), site.browser(business, role="accountant")
    assert owner.get("/api/exports/plan").json()["active"] is False
    assert accountant.patch("/api/exports/plan", {"day": 9}).status_code == 403
    plan = owner.patch("/api/exports/plan", {"active": True, "day": 9, "mails": ["a@b.example"], "formats": ["xlsx"]})
    assert (plan.status_code, plan.json()["day"], plan.json()["formats"]) == (200, 9, ["xlsx"])
    assert plan.json()["next_at"]
    assert accountant.get("/api/exports/plan").json()["mails"] == ["a@b.example"]
    assert owner.patch("/api/exports/plan", {"mails": ["no address"]}).json()["code"] == "bad_email"
    assert owner.patch("/api/exports/plan", {"day": 31}).status_code == 400
    assert owner.patch("/api/exports/plan", {"formats": ["docx"]}).status_code == 400
    assert owner.patch("/api/exports/plan", {"books": {"datev": {"x": 1}}}).json()["code"] == "bad_books"
    asked = owner.post("/api/exports/pack", {"month": "2026-10"})
    assert (asked.status_code, asked.json()["last"]["status"], asked.json()["last"]["month"]) == (
        202,
        "queued",
        "2026-10",
    )
    assert making.done(site.config, Work.get(Work.kind == "pack").id).status in {"failed", "done", "running"}


def test_a_worker_makes_it_by_itself_when_its_moment_has_come(tmp_path: Path, box: Mailbox) -> None:
    with product(tmp_path, SMTP_URL=box.url) as running:
        config = installation.settings(tmp_path)
        running.business("Kedem")
        with installation.database(config):
            business = Business.get(Business.slug == "kedem")
            _receipts(config, business)
            _planned(business)
        running.start_worker()
        until(lambda: box.mails, "the pack arrives by the worker's own tick", 150)
        with installation.database(config):
            until(lambda: Work.get(Work.kind == "pack").status == "done", "the pack is done")
            assert Export.select().where(Export.status == "ready").count() == 1
        assert "books@accountant.example" not in running.log("worker")
