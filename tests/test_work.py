"""Background work is a row: asked once, done step by step under a fence, lost by no crash and no queue."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import clock
import models
from config import Config
from errors import Tellable
from jobs import kinds
from jobs import work as steps
from jobs.work import Again, Done, Job, Kind
from jobs.workshop import Workshop
from models import Business, Setting, Work
from store import schema, work
from tests.support import installation
from tests.support.processes import environment, running, until
from tests.support.redis_server import RedisServer
from tests.support.work_worker import KINDS

WORKER = ["-m", "tests.support.work_worker"]


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Config]:
    settings = installation.settings(tmp_path)
    with installation.database(settings):
        yield settings


@pytest.fixture
def shop(config: Config) -> Workshop:
    nothing: Any = None
    return Workshop(config, nothing, nothing, lambda _: True, nothing, lambda: False, nothing)


def _work(shop: Workshop, row: Work, rounds: int = 50) -> Work:
    """Step on until it is over; pauses are skipped."""
    for _ in range(rounds):
        Work.update(next_try_at=clock.now()).where(Work.id == row.id).execute()
        steps.step(shop, row.id, KINDS)
        if Work.get_by_id(row.id).status not in work.ACTIVE:
            break
    return Work.get_by_id(row.id)


def _units(row: Work) -> int:
    return int(Setting.select().where(Setting.name.startswith(f"unit-{row.id}-")).count())


def test_work_goes_step_by_step_and_tells_how_far_it_is(shop: Workshop) -> None:
    row, new = work.ask("count", args={"units": 30, "seconds": 0}, requested_by="cli")
    assert new
    done = _work(shop, row)
    assert (done.status, done.result, done.progress, done.total) == ("done", {"units": 30}, 30, 30)
    assert work.facts(done)["progress_percentage"] == 100
    assert _units(row) == 30


def test_the_same_work_is_not_asked_twice_while_it_goes_on_and_may_be_asked_again_afterwards(shop: Workshop) -> None:
    business = installation.business()
    first, _ = work.ask("count", business, {"units": 1}, unique="all")
    again, new = work.ask("count", business, {"units": 9}, unique="all")
    assert (again.id, new) == (first.id, False)
    assert work.ask("count", installation.business("other"), {"units": 1}, unique="all")[1]
    _work(shop, first)
    assert work.ask("count", business, {"units": 1}, unique="all")[1]


def test_a_planned_slot_is_done_once_for_good(shop: Workshop) -> None:
    first, _ = work.ask("count", args={"units": 1}, slot="2026-11-24")
    _work(shop, first)
    assert not work.ask("count", args={"units": 1}, slot="2026-11-24")[1]
    assert work.ask("count", args={"units": 1}, slot="2026-11-25")[1]


def test_a_temporary_error_is_tried_again_with_longer_pauses_and_at_last_told(shop: Workshop) -> None:
    row, _ = work.ask("refuse", args={"how": "temporary", "times": 2})
    steps.step(shop, row.id, KINDS)
    waiting = Work.get_by_id(row.id)
    assert (waiting.status, waiting.error_code, waiting.tries) == ("running", "away", 1)
    assert waiting.next_try_at > clock.now()
    assert not steps.step(shop, row.id, KINDS)  # not before its time
    assert Work.get_by_id(row.id).tries == 1
    done = _work(shop, row)
    assert (done.status, done.result, done.error_code) == ("done", {"tries": 3}, None)
    never = _work(shop, work.ask("refuse", args={"how": "temporary", "times": 99})[0])
    assert (never.status, never.error_code, never.tries) == ("failed", "away", 3)


def test_what_a_person_can_act_upon_fails_at_once_with_its_sentence(shop: Workshop) -> None:
    row = _work(shop, work.ask("refuse", args={"how": "tellable", "times": 9})[0])
    assert (row.status, row.error_text, row.tries) == ("failed", "The other side refuses.", 1)


def test_a_defect_is_logged_with_its_traceback_and_tried_three_times(
    shop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    row = _work(shop, work.ask("refuse", args={"how": "crash", "times": 9})[0])
    assert (row.status, row.error_code, row.tries) == ("failed", "work_crashed", 3)
    assert sum("ZeroDivisionError" in str(record.exc_info) for record in caplog.records) == 3


def test_a_step_may_ask_for_a_later_one(shop: Workshop) -> None:
    row, _ = work.ask("later")
    assert not steps.step(shop, row.id, KINDS)
    assert Work.get_by_id(row.id).next_try_at > clock.now() + timedelta(minutes=50)
    assert work.to_ring() == []


def test_whoever_lost_the_work_writes_nothing_more(shop: Workshop) -> None:
    row, _ = work.ask("count", args={"units": 5})
    claimed = work.claim(row.id)
    assert claimed is not None
    assert work.claim(row.id) is None  # somebody works on it
    Work.update(lease_until=0).where(Work.id == row.id).execute()
    assert _work(shop, row).status == "done"

    def late() -> None:
        with models.write():
            Setting.create(name="late", value="")
            work.hold(claimed[1])

    with pytest.raises(work.LostLease):
        late()
    assert Setting.get_or_none(Setting.name == "late") is None


def test_a_step_that_runs_late_keeps_its_lease(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "BEAT_S", 0.01)
    seen = []

    def slow(job: Job) -> Again | Done:
        Work.update(lease_until=1).where(Work.id == job.work_id).execute()
        until(lambda: Work.get_by_id(job.work_id).lease_until > clock.now(), "the lease is renewed")
        seen.append(True)
        return Done()

    row, _ = work.ask("slow")
    steps.step(shop, row.id, {"slow": Kind(slow)})
    assert (seen, Work.get_by_id(row.id).status) == ([True], "done")


def test_work_is_cancelled_before_it_begins_and_in_the_middle(shop: Workshop) -> None:
    waiting, _ = work.ask("count", args={"units": 5})
    work.cancel(waiting.id)
    assert Work.get_by_id(waiting.id).status == "cancelled"
    with pytest.raises(Tellable, match="over"):
        work.cancel(waiting.id)

    def cancelled(job: Job) -> Again | Done:
        work.cancel(job.work_id)
        with job.writing():
            Setting.create(name="after", value="")
        return Done()

    row, _ = work.ask("cancelled")
    steps.step(shop, row.id, {"cancelled": Kind(cancelled)})
    assert Work.get_by_id(row.id).status == "cancelled"
    assert Setting.get_or_none(Setting.name == "after") is None


def test_old_work_is_forgotten_and_what_goes_on_is_not(shop: Workshop) -> None:
    old, _ = work.ask("count", args={"units": 1})
    _work(shop, old)
    Work.update(finished_at=clock.now() - timedelta(days=60)).execute()
    waiting, _ = work.ask("count", args={"units": 1})
    assert work.prune() == 1
    assert [row.id for row in Work.select()] == [waiting.id]


def test_a_plan_that_crashes_does_not_keep_the_others_from_their_turn(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "PLANS", (lambda: 1 / 0, lambda: [work.ask("count", slot="today")]))
    assert steps.plan() == [(Work.get().id, "default")]
    assert steps.plan() == []


# -- real processes


def _installation(tmp_path: Path, redis: RedisServer) -> dict[str, str]:
    env = environment(tmp_path, ENCRYPTION_KEY=installation.KEY, REDIS_URL=redis.url)
    schema.open_database(installation.settings(tmp_path))
    models.db.connect(reuse_if_open=True)
    return env


def _python() -> list[str]:
    import sys

    return [sys.executable, *WORKER]


def _at_work(log: Path) -> bool:
    return "READY and LISTENING" in log.read_text(encoding="utf-8")


def test_killed_workers_and_a_redis_that_forgets_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with RedisServer() as redis:
        env = _installation(tmp_path, redis)
        business = Business.create(slug="kedem", name="Kedem")
        rows = [work.ask("count", business, {"units": 60, "seconds": 0.02})[0] for _ in range(3)]
        with running(_python(), env, log) as process:
            until(lambda: all(_units(row) > 5 for row in rows[:1]), "work has begun")
            os.kill(process.pid, signal.SIGKILL)
        assert any(Work.get_by_id(row.id).status == "running" for row in rows)
        redis.kill(wipe=True)
        redis.start()
        Work.update(lease_until=1, rung_at=None).where(Work.lease_until.is_null(False)).execute()  # a while later
        with running(_python(), env, log), running(_python(), env, tmp_path / "second.log"):
            until(lambda: all(Work.get_by_id(row.id).status == "done" for row in rows), "all is done")
        assert [_units(row) for row in rows] == [60, 60, 60]
        models.db.close()


def test_work_that_kills_its_worker_fails_after_ten_tries_and_the_rest_goes_on(tmp_path: Path) -> None:
    log, tried = tmp_path / "worker.log", tmp_path / "tried"
    with RedisServer() as redis:
        env = _installation(tmp_path, redis)
        row, _ = work.ask("kill_me", args={"log": str(tried)})
        Work.update(tries=8).where(Work.id == row.id).execute()
        for number in (1, 2):
            with running(_python(), env, log) as process:
                until(lambda process=process: process.poll() is not None, "it took its worker with it")
            assert tried.read_text().count("tried") == number
            Work.update(lease_until=1, rung_at=None, next_try_at=0).where(Work.id == row.id).execute()
        other, _ = work.ask("count", args={"units": 3})
        with running(_python(), env, log):
            until(lambda: Work.get_by_id(other.id).status == "done", "the other is done")
            until(lambda: Work.get_by_id(row.id).status == "failed", "it has failed")
        assert Work.get_by_id(row.id).error_code == "work_interrupted"
        models.db.close()
