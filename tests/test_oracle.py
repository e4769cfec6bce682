"""The oracle: whatever befalls mailbox, network, worker and Redis, the ledger ends as the mailbox is."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import config as settings
import models
from demo.standin.client import Client
from errors import Tellable
from models import Document, Mail, Mailbox, Receipt, SyncRun
from store import mailboxes, runs
from tests.support import installation, post
from tests.support.oracle import Account, fault_of
from tests.support.product import Product, product
from tests.support.storm import Storm

LANES = 3  # mailboxes, each of a business of its own; one round of each makes a cycle
UNITS, WINDOW_S = 600, 4.0  # the stand-in's limit
OUR_WINDOW_S = 4.4  # as the minute's 61 s: calls do not arrive as evenly as they are sent


class Lane:
    """One mailbox, what storms over it, and what is known of it."""

    def __init__(self, client: Client, number: int, seed: int) -> None:
        self.account = Account(client, f"box{number}@example.com")
        self.storm = Storm(self.account, seed * 100 + number, self._mail)  # type: ignore[arg-type]
        self.business = installation.business(f"lane-{number}")
        self.run: SyncRun | None = None
        self.known: set[str] = set()  # in the mailbox when the run was asked for

    def connect(self) -> None:
        grant = self.account.grant()
        mailboxes.connect_gmail(self.business, address=self.account.address, refresh_token=grant["refresh_token"])

    @property
    def mailbox(self) -> Mailbox:
        found: Mailbox = Mailbox.get(Mailbox.business == self.business, Mailbox.kind == "gmail")
        return found

    def ask(self, mode: str = "incremental") -> None:
        """Have a run begin; one of the schedule's own may be there already, and then it looks again."""
        self.known = {told["id"] for told in self.account.messages()}
        try:
            self.run = runs.request(self.business, mode=mode)
        except Tellable as error:
            if error.code != "sync_running":
                raise
            self.run = SyncRun.get_by_id(error.details["run_id"])

    def over(self) -> bool:
        assert self.run is not None
        return SyncRun.get_by_id(self.run.id).status not in runs.ACTIVE

    @staticmethod
    def _mail(number: int) -> bytes:
        return post.receipt(number) if number % 3 else post.letter(number)


class Weather:
    """The product as real processes, its lanes, and the seed's dice."""

    def __init__(self, running: Product, seed: int) -> None:
        self.running, self.client = running, running.standin
        self.random = random.Random(seed)
        self.forgetful = 0.0  # until then our account of the quota may have lost what was spent
        self.wiped_at = float("-inf")
        self.refused = 0
        self.lanes = []
        for number in range(LANES):
            self.client.add_account(f"box{number}@example.com")
            self.lanes.append(Lane(self.client, number, seed))
            self.lanes[-1].connect()
            self.lanes[-1].storm.blow(12)
        self.worker = self._worker()

    def cycle(self) -> None:
        """A storm, faults, a sync of every mailbox, something that is killed; then the sun, and the oracle."""
        for lane in self.lanes:
            lane.storm.blow(4)
            lane.storm.strike(2)
            lane.ask("full" if self.random.random() < 0.15 else "incremental")
        time.sleep(self.random.uniform(0.0, 1.2))
        revoked = self.random.choice(self.lanes) if self.random.random() < 0.3 else None
        if revoked is not None:
            revoked.account.revoke(self.random.choice(["revoked", "password", "expired"]))
        for lane in self.lanes:
            lane.storm.blow(2)
        self._kill()
        self._wait()
        for lane in self.lanes:
            self._honest(lane, revoked)
        fired = [rule["kind"] for rule in self.client.faults() if rule["fired"]]
        self.client.clear_faults()
        missing = "list_missing" in fired
        print("faults", *fired)
        if revoked is not None:
            revoked.connect()
        for lane in self.lanes:
            # A listing that leaves a mail out in all its passes is what the weekly comparison is for.
            lane.ask("full" if missing else "incremental")
        self._wait()
        for lane in self.lanes:
            self._sunny(lane)
        self._within_the_quota()

    def _kill(self) -> None:
        what = self.random.choice(["worker", "worker", "redis", "both", "nothing"])
        if what in {"redis", "both"}:
            wipe = self.random.random() < 0.5
            if wipe:
                self.wiped_at = time.monotonic()
            self.running.redis.kill(wipe=wipe)
        if what in {"worker", "both"}:
            os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait()
            if time.monotonic() - self.wiped_at < OUR_WINDOW_S:
                self.forgetful = time.monotonic() + 2 * OUR_WINDOW_S
        if what in {"redis", "both"}:
            time.sleep(self.random.uniform(0.0, 0.5))
            self.running.redis.start()
        if what in {"worker", "both"}:
            self.worker = self._worker()

    def _worker(self) -> subprocess.Popen[bytes]:
        return self.running.start_worker((UNITS, OUR_WINDOW_S))

    def _wait(self) -> None:
        deadline = time.monotonic() + 300
        while not all(lane.over() for lane in self.lanes):
            assert time.monotonic() < deadline, [
                lane.run and SyncRun.get_by_id(lane.run.id).__data__ for lane in self.lanes
            ]
            time.sleep(0.1)
            with models.write():  # what time would bring: the pauses are over
                Mail.update(next_try_at=None).where(~Mail.next_try_at.is_null()).execute()
                SyncRun.update(wake_at=None, rung_at=None).where(
                    SyncRun.status == "running", SyncRun.lease_until.is_null(), ~SyncRun.wake_at.is_null()
                ).execute()

    def _honest(self, lane: Lane, revoked: Lane | None) -> None:
        """A run that says completed has an outcome and a reason for all that was there when it was asked for."""
        assert lane.run is not None
        run = SyncRun.get_by_id(lane.run.id)
        if run.status == "failed":
            assert lane is revoked, (run.error_code, run.error_text)
            assert run.error_code in {"invalid_grant", "needs_reconnect"}
            assert lane.mailbox.status == "needs_reconnect"
            assert lane.mailbox.error_text
        if run.status == "completed":
            assert run.left == 0
            rows = {row.source_id: row for row in Mail.select().where(Mail.mailbox == lane.mailbox)}
            hidden = any(rule["fired"] for rule in self.client.faults() if rule["kind"] == "list_missing")
            there = lane.known & {told["id"] for told in lane.account.messages()}  # not deleted before it was listed
            assert hidden or there <= set(rows)
            assert all(rows[each].outcome != "waiting" and rows[each].reason_text for each in lane.known & set(rows))

    def _sunny(self, lane: Lane) -> None:
        """The ledger is the mailbox."""
        assert lane.run is not None
        run = SyncRun.get_by_id(lane.run.id)
        assert (run.status, run.left) == ("completed", 0), (run.status, run.error_code, run.error_text, run.left)
        truth = {told["id"]: told for told in lane.account.messages(hashed=True)}
        rows = {row.source_id: row for row in Mail.select().where(Mail.mailbox == lane.mailbox)}
        assert set(truth) <= set(rows), "mail that the ledger does not know"
        wrong = [f"{each}: {fault}" for each, row in rows.items() if (fault := fault_of(row, truth.get(each)))]
        assert not wrong
        receipts = list(Receipt.select().where(Receipt.business == lane.business))
        read = [row for row in rows.values() if row.outcome == "receipt"]
        assert len(receipts) == len({receipt.mail_id for receipt in receipts}) == len(read)
        numbers = Counter(receipt.number for receipt in receipts)
        assert set(numbers.values()) <= {1}, numbers
        parts = Counter((row.mail_id, row.part) for row in Document.select().where(Document.business == lane.business))
        assert set(parts.values()) <= {1}

    def _within_the_quota(self) -> None:
        stats = self.client.stats()
        assert all(user["max_window_units"] <= UNITS for user in stats["users"].values())
        refused = stats["refused"].get("quota", 0)
        assert refused == self.refused or time.monotonic() < self.forgetful, "sent more than the quota allows"
        self.refused = refused
        assert stats["calls_after_invalid_grant"] == 0


@contextmanager
def _weather(folder: Path, seed: int) -> Iterator[Weather]:
    with product(folder, GMAIL_QUOTA="standard") as running:
        running.standin.set_quota("standard", units=UNITS, window_s=WINDOW_S)
        config = settings.load(running.env, folder)
        models.connect(config)
        with models.db.connection_context():
            yield Weather(running, seed)


def _rounds(folder: Path, seed: int, rounds: int) -> None:
    print(f"seed {seed}")  # pytest shows it with a failure
    with _weather(folder, seed) as weather:
        for _ in range(0, rounds, LANES):
            weather.cycle()


@pytest.mark.timeout(900)
def test_the_ledger_equals_the_mailbox_after_storms_faults_and_kills(tmp_path: Path) -> None:
    _rounds(tmp_path, seed=473038, rounds=21)  # of all seeds the one that once found a draft without its label


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("night", range(8))
def test_the_ledger_equals_the_mailbox_through_a_long_night(tmp_path: Path, night: int) -> None:
    """Other dice every night; `ORACLE_SEED` throws those of a night that failed once more."""
    told = os.environ.get("ORACLE_SEED")
    _rounds(tmp_path, seed=int(told) + night if told else random.SystemRandom().randrange(1_000_000), rounds=27)
