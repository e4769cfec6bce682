"""PostgreSQL in place of SQLite: the same product, real processes, and locks that two hosts can share."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import models
from config import Config
from store import locks, sql
from store.receipt_filter import Filter
from store.receipts import page
from tests.support import installation, postgres
from tests.support.processes import until
from tests.support.product import SAMPLE, product


def _settings(folder: Path) -> Config:
    return installation.settings(folder, DATABASE_URL=postgres.cluster().database())


@contextmanager
def _database(folder: Path) -> Iterator[None]:
    with installation.database(_settings(folder)):
        yield


def _receipt(owner: models.Business, **values: object) -> models.Receipt:
    return models.Receipt.create(**{"business": owner, "source": "upload", "status": "ready", **values})


def _found(owner: models.Business, words: str) -> list[object]:
    return [row["vendor"] for row in page(owner.id, Filter(q=words))[0]]


def test_a_whole_sync_with_real_processes_ends_on_postgresql(tmp_path: Path) -> None:
    with product(tmp_path, mail=SAMPLE, DATABASE_URL=postgres.cluster().database()) as running:
        running.start_web()
        running.start_worker()
        business = running.business("Kedem")
        business.connect()
        until(lambda: business.run(), "a run is there")
        run = business.finished()
        assert run["status"] == "completed", run
        assert run["counters"]["left"] == 0
        receipts = business.everything("/api/receipts")
        assert len(receipts) == run["counters"]["receipts"] > 20
        named = next(one["vendor"] for one in receipts if one["vendor"])
        assert named in [one["vendor"] for one in business.get(f"/api/receipts?q={named.split()[0]}")["items"]]
        assert business.get("/api/receipts/stats")["currencies"]


def test_words_are_found_by_their_beginnings_and_only_in_the_own_business(tmp_path: Path) -> None:
    with _database(tmp_path):
        mine, theirs = installation.business("mine"), installation.business("theirs")
        _receipt(mine, vendor="Café Zürich-Nord", number="INV/2026-0042", total_minor=-18405, currency="EUR")
        _receipt(mine, vendor='בזק בע"מ', items=[{"description": "Glasfaser Anschluß", "quantity": "1"}])
        _receipt(theirs, vendor="Café Zürich-Nord")
        for words in ("cafe", "zur nord", "ZÜRICH", "2026-00", "INV/2026-0042", "184.05"):
            assert _found(mine, words) == ["Café Zürich-Nord"], words
        for words in ("בזק", 'בע"מ', "glas", "Anschluß"):
            assert _found(mine, words) == ['בזק בע"מ'], words
        for words in ("afe", "nowhere", "' | 'b", "!!!", ":*", "\x00"):
            assert _found(mine, words) == [], words


def test_the_search_follows_a_change_and_a_mails_later_subject(tmp_path: Path) -> None:
    with _database(tmp_path):
        owner = installation.business()
        mail = models.Mail.create(business=owner, mailbox=installation.mailbox(owner), source_id="a")
        row = _receipt(owner, vendor="Bezeq", mail=mail)
        models.Mail.update(subject="Broadband for November").where(models.Mail.id == mail.id).execute()
        assert _found(owner, "broadb") == ["Bezeq"]
        models.Receipt.update(vendor="Partner").where(models.Receipt.id == row.id).execute()
        assert _found(owner, "bezeq") == []
        assert _found(owner, "broadband part") == ["Partner"]
        row.delete_instance()
        assert sql.fetch("select rowid from receipt_search") == []


def test_text_that_postgresql_cannot_hold_is_kept_without_it(tmp_path: Path) -> None:
    with _database(tmp_path):
        flags = [{"field": "a\x00b", "code": "\\u0000", "text": "\ud83d half \U0001f600 whole"}]
        row = _receipt(installation.business(), vendor="Nul\x00l", flags=flags)
        kept = models.Receipt.get_by_id(row.id)
        assert kept.vendor == "Null"
        assert kept.flags == [{"field": "ab", "code": "\\u0000", "text": "\ufffd half \U0001f600 whole"}]


def test_writers_take_turns_so_that_what_one_has_read_stays_true(tmp_path: Path) -> None:
    with _database(tmp_path):
        owner = installation.business()

        def add() -> None:
            for _ in range(25):
                with models.write():
                    told = models.Business.get_by_id(owner.id).events_told
                    models.Business.update(events_told=told + 1).where(models.Business.id == owner.id).execute()
            models.db.close()

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert models.Business.get_by_id(owner.id).events_told == 100


def _hold(config: Config, pipe: Connection) -> None:
    models.connect(config)
    with locks.held(config.data_dir, locks.BUSINESS, 7) as taken:
        pipe.send(taken)
        pipe.recv()


def test_a_lock_is_kept_by_a_paused_holder_and_ends_with_a_killed_one(tmp_path: Path) -> None:
    config = _settings(tmp_path)
    with installation.database(config):
        ours, theirs = multiprocessing.Pipe()
        holder = multiprocessing.get_context("spawn").Process(target=_hold, args=(config, theirs))
        holder.start()
        assert ours.poll(60)
        assert ours.recv()
        assert holder.pid is not None
        os.kill(holder.pid, signal.SIGSTOP)
        with locks.held(tmp_path / "elsewhere", locks.BUSINESS, 7) as taken:
            assert not taken
        with locks.held(tmp_path, locks.BUSINESS, 8) as taken:
            assert taken
            with locks.held(tmp_path, locks.BUSINESS, 8) as again:
                assert not again
        os.kill(holder.pid, signal.SIGKILL)
        holder.join()

        def free() -> bool:
            with locks.held(tmp_path, locks.BUSINESS, 7) as mine:
                return mine

        until(free, "the lock is free")
