"""Asking for a sync over HTTP: the contract's bodies, statuses and log lines."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import models
from tests.support import installation
from tests.support.web import Web, serving

REDIS_DOWN = "Redis not available - worker queue disabled. Please contact support."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("web")
    with serving(folder) as web:
        yield web


def connected(site: Web, **values: str) -> models.Business:
    business = site.business(**values)
    installation.mailbox(business)
    return business


def test_a_sync_is_accepted_with_its_run_and_the_row_is_queued(site: Web) -> None:
    business = connected(site)
    answer = site.script(business).post("/api/receipts/sync")
    assert answer.status_code == 202
    body = answer.json()
    assert body["success"] is True
    assert body["status"] == "queued"
    assert body["worker"] == "offline"
    assert body["message"]
    assert body["job_id"]
    run = models.SyncRun.get_by_id(body["run_id"])
    assert (run.business_id, run.status, run.mode) == (business.id, "queued", "incremental")
    assert run.requested_by.startswith("token:")
    assert run.rung_at is not None


def test_a_second_request_is_told_of_the_running_run(site: Web) -> None:
    script = site.script(connected(site))
    first = script.post("/api/receipts/sync").json()["run_id"]
    second = script.post("/api/receipts/sync")
    assert second.status_code == 409
    body = second.json()
    assert body["success"] is False
    assert body["code"] == "sync_running"
    assert body["run_id"] == first
    assert {"status", "progress_percentage", "counters", "eta_s"} <= body.keys()


def test_two_businesses_sync_side_by_side(site: Web) -> None:
    assert site.script(connected(site)).post("/api/receipts/sync").status_code == 202
    assert site.script(connected(site)).post("/api/receipts/sync").status_code == 202


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"mode": "everything"}, "bad_mode"),
        ({"mode": "upload"}, "bad_mode"),
        ({"mode": 7}, "bad_mode"),
        ({"from_date": "2026-02-31"}, "bad_date"),
        ({"to_date": "23/11/2026"}, "bad_date"),
        ({"from_date": 20261123}, "bad_date"),
        ({"from_date": "2026-11-02", "to_date": "2026-11-01"}, "bad_date"),
        ({"form_date": "2026-11-02"}, "unknown_field"),
    ],
)
def test_a_bad_request_is_a_sentence_and_no_run(site: Web, body: dict[str, object], code: str) -> None:
    business = connected(site)
    answer = site.script(business).post("/api/receipts/sync", body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["error"]
    assert not models.SyncRun.select().where(models.SyncRun.business == business).exists()


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"text"', b"\xff\xfe", b"NaN"])
def test_a_body_that_is_not_json_is_refused(site: Web, body: bytes) -> None:
    answer = site.script(connected(site)).call("POST", "/api/receipts/sync", data=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_json")


def test_without_a_mailbox_there_is_nothing_to_sync(site: Web) -> None:
    answer = site.script(site.business()).post("/api/receipts/sync")
    assert (answer.status_code, answer.json()["code"]) == (400, "no_mailbox")


def test_days_and_mode_stand_in_the_run(site: Web) -> None:
    script = site.script(connected(site))
    wanted = {"mode": "full", "from_date": "2026-10-01", "to_date": "2026-10-31"}
    run_id = script.post("/api/receipts/sync", wanted).json()["run_id"]
    run = script.get(f"/api/receipts/sync/status?run_id={run_id}").json()["sync_run"]
    assert {name: run[name] for name in wanted} == wanted
    assert run["status"] == "queued"
    assert run["counters"] == dict.fromkeys(("found", "fetched", "receipts", "skipped", "failed", "left"), 0)


def test_without_redis_it_says_so_at_once_and_works_again_by_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="web")
    with serving(tmp_path) as site:
        script = site.script(connected(site))
        site.redis.kill()
        began = time.monotonic()
        answer = script.post("/api/receipts/sync")
        assert time.monotonic() - began < 2
        assert answer.status_code == 503
        body = answer.json()
        assert body.pop("technical_details")
        assert body == {"success": False, "error": REDIS_DOWN, "code": "redis_unavailable"}
        assert not models.SyncRun.select().exists()
        assert "✗ Redis not available" in caplog.text
        site.redis.start()
        assert script.post("/api/receipts/sync").status_code == 202
    lines = [record.getMessage() for record in caplog.records if "request method" not in record.getMessage()]
    wanted = ["✓ Redis connection verified", "ENQUEUING JOB queue: default", "🔔 JOB ENQUEUED SUCCESSFULLY"]
    found = [next(number for number, line in enumerate(lines) if line.startswith(one)) for one in wanted]
    assert found == sorted(found)
    assert all("run=" in lines[number] and "business=" in lines[number] for number in found[1:])


def test_a_frozen_redis_is_told_within_two_seconds(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        script = site.script(connected(site))
        script.get("/api/health")  # a connection is open: it is the ping that gets no answer
        with site.redis.frozen():
            began = time.monotonic()
            answer = script.post("/api/receipts/sync")
            took = time.monotonic() - began
        assert (answer.status_code, answer.json()["code"]) == (503, "redis_unavailable")
        assert took < 2
        assert script.post("/api/receipts/sync").status_code == 202


def test_status_latest_and_history_show_the_same_run(site: Web) -> None:
    script = site.script(connected(site))
    assert script.get("/api/receipts/sync/latest").json() == {"success": True, "sync_run": None}
    run_id = script.post("/api/receipts/sync").json()["run_id"]
    models.SyncRun.update(status="running", found=10, fetched=6, receipts=2, left=4).where(
        models.SyncRun.id == run_id
    ).execute()
    latest = script.get("/api/receipts/sync/latest").json()["sync_run"]
    assert latest == script.get(f"/api/receipts/sync/status?run_id={run_id}").json()["sync_run"]
    assert latest["progress_percentage"] == 60
    assert latest["counters"]["left"] == 4
    history = script.get("/api/receipts/sync/runs").json()
    assert [run["id"] for run in history["items"]] == [run_id]
    assert history["next_cursor"] is None


def test_polling_an_unchanged_run_costs_no_body(site: Web) -> None:
    script = site.script(connected(site))
    script.post("/api/receipts/sync")
    first = script.get("/api/receipts/sync/latest")
    again = script.get("/api/receipts/sync/latest", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_queued_run_is_cancelled_once(site: Web) -> None:
    script = site.script(connected(site))
    run_id = script.post("/api/receipts/sync").json()["run_id"]
    cancelled = script.post(f"/api/receipts/sync/{run_id}/cancel")
    assert cancelled.json()["sync_run"]["status"] == "cancelled"
    again = script.post(f"/api/receipts/sync/{run_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "not_running")
    assert script.post("/api/receipts/sync").status_code == 202


def test_health_tells_what_is_missing(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        script = site.script(site.business())
        assert script.get("/healthz").text == "ok\n"
        health = script.get("/api/health")
        assert health.status_code == 503  # no worker runs in this test
        body = health.json()
        assert (body["redis"], body["database"], body["worker"]["alive"]) == ("ok", "ok", False)
        assert body["queue"] == {"high": 0, "default": 0, "low": 0}
        installation.mailbox(models.Business.get())
        script.post("/api/receipts/sync")
        assert script.get("/api/health").json()["queue"]["default"] == 1
        site.redis.kill()
        assert script.get("/api/health").json()["redis"] == "down"
        assert script.get("/healthz").status_code == 200
