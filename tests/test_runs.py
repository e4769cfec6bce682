"""A run is a row: one active a business, claimed under a fence, never lost, never written by two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import peewee
import pytest

import clock
from config import Config
from errors import Tellable, Temporary
from jobs import sweep
from jobs.workshop import Workshop, kernel_lock
from models import Business, Mailbox, SyncRun, Work, db, write
from sources.ports import Change, Found
from store import clock_set_back, ledger, runs, sql, work
from tests.support import installation


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Config]:
    settings = installation.settings(tmp_path)
    with installation.database(settings):
        yield settings


@pytest.fixture
def business(config: Config) -> Business:
    owner = installation.business()
    installation.mailbox(owner)
    return owner


def _claimed(run: SyncRun) -> runs.Lease:
    claimed = runs.claim(run.id)
    assert claimed is not None
    return claimed[1]


def _past(run_id: int, **columns: object) -> None:
    SyncRun.update(**columns).where(SyncRun.id == run_id).execute()


def test_a_second_request_is_told_of_the_run_that_is_active_and_makes_it_look_again(business: Business) -> None:
    first = runs.request(business)
    with pytest.raises(Tellable) as told:
        runs.request(business)
    assert (told.value.code, told.value.details) == ("sync_running", {"run_id": first.id})
    assert SyncRun.get_by_id(first.id).look_again
    assert SyncRun.select().count() == 1


def test_the_database_itself_refuses_a_second_active_run(business: Business) -> None:
    runs.request(business)
    with pytest.raises(peewee.IntegrityError), write():
        SyncRun.create(business=business, mode="full", status="running")


def test_two_businesses_run_beside_each_other(business: Business) -> None:
    other = installation.business("other")
    installation.mailbox(other)
    assert runs.request(business).id != runs.request(other).id


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"mode": "partial"}, "bad_mode"),
        ({"from_date": date(2026, 2, 1), "to_date": date(2026, 1, 31)}, "bad_date"),
    ],
)
def test_a_request_that_makes_no_sense_is_told(business: Business, values: dict[str, object], code: str) -> None:
    with pytest.raises(Tellable) as told:
        runs.request(business, **values)  # type: ignore[arg-type]
    assert told.value.code == code


def test_without_a_connected_mailbox_there_is_no_run(business: Business) -> None:
    Mailbox.update(status="needs_reconnect").execute()
    with pytest.raises(Tellable) as told:
        runs.request(business)
    assert told.value.code == "no_mailbox"


def test_whoever_claims_anew_fences_the_old_worker_off(business: Business) -> None:
    run = runs.request(business)
    old = _claimed(run)
    new = _claimed(run)
    with pytest.raises(runs.LostLease), write():
        runs.hold(old, found=999)
    with write():
        runs.hold(new, found=1)
    assert SyncRun.get_by_id(run.id).found == 1


def test_a_write_that_lost_its_lease_leaves_nothing_behind(business: Business) -> None:
    run, box = runs.request(business), Mailbox.get()
    old = _claimed(run)
    _claimed(run)
    with pytest.raises(runs.LostLease):
        ledger.record(old, box, [Found("18c0000000000001")], cursor="77")
    assert ledger.left([box.id]) == 0
    assert Mailbox.get().cursor is None


def test_a_run_that_sleeps_is_not_claimed_before_its_time(business: Business) -> None:
    run = runs.request(business)
    runs.park(_claimed(run), wake_at=clock.now() + timedelta(minutes=5))
    assert runs.claim(run.id) is None
    assert runs.to_ring() == []
    runs.look_again(run)  # somebody presses Sync now
    assert runs.claim(run.id) is not None


def test_a_queued_run_that_nobody_rang_is_rung_once_however_many_sweep(business: Business) -> None:
    run = runs.request(business)
    assert runs.to_ring() == [run.id]
    assert runs.to_ring() == []
    _past(run.id, rung_at=clock.now() - runs.RING_AGAIN - timedelta(seconds=1))
    assert runs.to_ring() == [run.id]


def test_a_run_whose_lease_is_over_is_rung(business: Business) -> None:
    run = runs.request(business)
    _claimed(run)
    assert runs.to_ring() == []
    _past(run.id, lease_until=clock.now() - timedelta(seconds=1), rung_at=None)
    assert runs.to_ring() == [run.id]


def test_cancelling_a_queued_run_ends_it_and_a_running_one_at_its_next_claim(business: Business) -> None:
    queued = runs.cancel(runs.request(business))
    assert queued.status == "cancelled"
    run = runs.request(business)
    lease = _claimed(run)
    assert runs.cancel(run).status == "running"
    assert runs.cancel_wanted(lease)
    runs.park(lease)
    assert runs.claim(run.id) is None
    assert SyncRun.get_by_id(run.id).status == "cancelled"
    with pytest.raises(Tellable) as told:
        runs.cancel(run)
    assert told.value.code == "not_running"


def test_a_dead_workers_run_is_freed_at_once_and_a_living_ones_is_not(config: Config, business: Business) -> None:
    rung: list[int] = []
    shop = Workshop(
        config=config,
        blobs=None,
        reader=None,
        ring=lambda run: bool(rung.append(run)) or True,  # type: ignore[arg-type]
        together=None,
        stopping=lambda: False,
        open_source=None,  # type: ignore[arg-type]
    )
    run = runs.request(business)
    with kernel_lock(config.data_dir, business.id) as taken:
        assert taken
        _claimed(run)
        assert sweep.sweep(shop) == 0  # its worker lives
    assert sweep.sweep(shop) == 1  # the kernel has given the lock back
    assert rung == [run.id]


def test_a_slot_is_planned_once_whoever_asks(business: Business) -> None:
    planned = sweep.plan_syncs()
    assert len(planned) == 1
    run = SyncRun.get_by_id(planned[0])
    runs.finish(_claimed(run), "completed")
    again = sweep.plan_syncs()
    assert again == [] or SyncRun.get_by_id(again[0]).slot != run.slot


def test_the_ledger_takes_a_message_once_and_knows_what_is_left_alone(business: Business) -> None:
    box, lease = Mailbox.get(), _claimed(runs.request(business))
    page = [Found("a1"), Found("a2", labels=frozenset({"SPAM"})), Found("a1", labels=frozenset({"INBOX"}))]
    assert ledger.record(lease, box, page) == ledger.Tally(new=2, skipped=1)
    assert ledger.record(lease, box, page) == ledger.Tally()
    assert [mail.source_id for mail in ledger.to_fetch([box.id], 10)] == ["a1"]
    row = SyncRun.get()
    assert (row.found, row.skipped, row.left) == (2, 1, 1)


def test_mail_that_leaves_spam_is_opened_again_and_mail_that_goes_there_is_closed(business: Business) -> None:
    box, lease = Mailbox.get(), _claimed(runs.request(business))
    ledger.record(lease, box, [Found("a1", labels=frozenset({"SPAM"})), Found("a2", labels=frozenset({"INBOX"}))])
    moved = [
        Found("a1", change=Change.LABELS, labels=frozenset({"INBOX"})),
        Found("a2", change=Change.LABELS, labels=frozenset({"TRASH"})),
    ]
    assert ledger.record(lease, box, moved) == ledger.Tally(skipped=1, reopened=1)
    assert [mail.source_id for mail in ledger.to_fetch([box.id], 10)] == ["a1"]


def test_a_mark_is_never_set_back_but_by_a_full_pass(business: Business) -> None:
    box, lease = Mailbox.get(), _claimed(runs.request(business))
    ledger.record(lease, box, (), cursor="1000", marks=[[1, "1000"]])
    ledger.record(lease, box, (), cursor="999", marks=[[2, "999"]])  # a pass that began earlier and ends later
    assert (Mailbox.get().cursor, Mailbox.get().marks) == ("1000", [[1, "1000"]])
    ledger.record(lease, box, (), cursor="18446744073709551615", marks=[])
    assert Mailbox.get().cursor == "18446744073709551615"
    ledger.record(lease, box, (), cursor="7", full_mark=None, marks=[[3, "7"]])
    assert (Mailbox.get().cursor, Mailbox.get().marks) == ("7", [[3, "7"]])


def test_a_run_that_is_asked_to_look_again_does_not_end_before_it_did(business: Business) -> None:
    run = runs.request(business)
    lease = _claimed(run)
    assert runs.look_again(run)
    assert not runs.complete(lease)
    with write():
        runs.hold(lease, look_again=False)
    assert runs.complete(lease)
    assert not runs.look_again(run)


def test_sync_now_while_files_are_read_becomes_a_run_of_its_own(business: Business) -> None:
    files = runs.request(business, mode="upload")
    lease = _claimed(files)
    with pytest.raises(Tellable, match="already running"):
        runs.request(business)
    assert runs.complete(lease)
    following = runs.active(business)
    assert following is not None
    assert (following.mode, following.status) == ("incremental", "queued")


def test_a_full_pass_does_not_wipe_the_labels_it_does_not_know(business: Business) -> None:
    box, lease = Mailbox.get(), _claimed(runs.request(business))
    ledger.record(lease, box, [Found("a1", labels=frozenset({"INBOX", "IMPORTANT"}))])
    ledger.record(lease, box, [Found("a1", labels=frozenset())], listing=True)
    assert ledger.to_fetch([box.id], 1)[0].labels == ["IMPORTANT", "INBOX"]


def test_mail_deleted_before_it_was_read_is_gone_with_a_reason(business: Business) -> None:
    box, lease = Mailbox.get(), _claimed(runs.request(business))
    ledger.record(lease, box, [Found("a1")])
    ledger.record(lease, box, [Found("a1", change=Change.DELETED)])
    assert ledger.left([box.id]) == 0
    mail = next(iter(business.mail_set))
    assert (mail.outcome, mail.reason_code) == ("gone", "deleted_before_read")
    assert SyncRun.get().left == 0


def test_a_full_disk_is_told_as_such_even_where_the_database_rolled_back_by_itself(business: Business) -> None:
    if not isinstance(db.obj, peewee.SqliteDatabase):
        pytest.skip("PostgreSQL's server has the disk")
    pages = sql.one("pragma page_count")
    assert pages is not None
    sql.fetch(f"pragma max_page_count = {pages[0] + 2}")
    with pytest.raises(Temporary) as told, write():
        Business.create(name="a name as long as a disk" * 10_000, slug="long")
    assert told.value.code == "database_not_writable"
    sql.fetch(f"pragma max_page_count = {pages[0] + 1000}")
    assert runs.request(business).status == "queued"


def test_a_clock_that_falls_is_noticed_and_one_that_is_put_right_is_not() -> None:
    wall, steady = [1000.0], [0.0]
    clocks = sweep.Clocks(lambda: wall[0], lambda: steady[0])
    for seconds, jump, drop in ((1, 0, None), (1, -2, None), (60, 3600, None), (1, -3600, 3600), (1, 0, None)):
        wall[0] += seconds + jump
        steady[0] += seconds
        clocks.look()
        fell = clocks.fell()
        assert (None if fell is None else fell.total_seconds()) == drop


def test_a_fall_that_could_not_be_mended_is_told_of_again(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, steady = [1000.0], [0.0]
    monkeypatch.setattr(sweep, "clocks", sweep.Clocks(lambda: wall[0], lambda: steady[0]))
    monkeypatch.setattr(clock_set_back, "bring_back_strays", lambda: 0)
    seen: list[timedelta] = []

    def bring_back(drop: timedelta) -> int:
        seen.append(drop)
        if len(seen) == 1:
            raise Temporary("database_busy", "The database is busy.")
        return 1

    monkeypatch.setattr(clock_set_back, "bring_back", bring_back)
    wall[0] -= 3600
    with pytest.raises(Temporary):
        sweep.mind_the_clock()
    sweep.mind_the_clock()
    sweep.mind_the_clock()
    assert seen == [timedelta(hours=1)] * 2


def test_nothing_waits_for_the_hour_that_comes_a_second_time(business: Business) -> None:
    ahead = clock.now() + timedelta(hours=1)  # what was written before the clock was set back
    run = runs.request(business)
    lease = _claimed(run)
    runs.park(lease, wake_at=ahead + timedelta(seconds=20))
    _past(run.id, rung_at=ahead)
    dead, _ = work.ask("export", business)
    planned, _ = work.ask("remind", business, at=ahead)
    Work.update(status="running", tries=1, lease_until=ahead + work.LEASE, rung_at=ahead).where(
        Work.id == dead.id
    ).execute()
    assert clock_set_back.bring_back(timedelta(hours=1)) == 4
    now = clock.now()
    row = SyncRun.get_by_id(run.id)
    assert row.wake_at is not None
    assert row.wake_at < now + timedelta(seconds=21)
    assert row.rung_at is None
    freed = Work.get_by_id(dead.id)
    assert freed.lease_until is not None
    assert freed.lease_until <= now + work.LEASE
    assert Work.get_by_id(planned.id).next_try_at > now + timedelta(minutes=50)


def test_what_was_asked_for_in_that_moment_does_not_wait_either(business: Business) -> None:
    ahead = clock.now() + timedelta(hours=1)
    asked, _ = work.ask("export", business)
    planned, _ = work.ask("remind", business)
    Work.update(created_at=ahead, next_try_at=ahead).where(Work.id == asked.id).execute()
    Work.update(created_at=ahead, next_try_at=ahead + timedelta(days=1)).where(Work.id == planned.id).execute()
    assert clock_set_back.bring_back_strays() == 1
    assert Work.get_by_id(asked.id).next_try_at <= clock.now()
    assert Work.get_by_id(planned.id).next_try_at > ahead
