"""A worker's desk in this process: the real engine against a real stand-in, step by step."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from config import Config
from demo.standin.server import StandIn
from jobs import adapters, sweep, sync
from jobs.workshop import Workshop
from models import Business, Mail, Mailbox, SyncRun
from receipts.child import Reader
from store import mailboxes, runs
from tests.support import installation


@contextlib.contextmanager
def _always(_: str) -> Iterator[bool]:
    yield True


class Desk:
    """Rings land in a queue of this process; `work` does step after step until nothing is due."""

    def __init__(self, config: Config, standin: StandIn, reader: Reader) -> None:
        """Take the settings (GOOGLE_* must lead to the stand-in), the stand-in and a reader."""
        self.standin = standin
        self.client = standin.client
        self.bell: deque[int] = deque()
        self.shop = Workshop(
            config=config,
            blobs=adapters.blob_store(config),
            reader=reader,
            ring=self._ring,
            together=_always,
            stopping=lambda: False,
            open_source=adapters.opener(config, None),  # type: ignore[arg-type]  # no quota, so no Redis
        )

    def connect(self, business: Business, account: str = "me@example.com") -> Mailbox:
        """Consent given at the stand-in, the mailbox connected."""
        grant = self.client.grant(account=account)
        return mailboxes.connect_gmail(business, address=account, refresh_token=grant["refresh_token"])

    def sync(self, business: Business, **request: object) -> SyncRun:
        """A whole run, from the request to its end."""
        run = runs.request(business, **request)  # type: ignore[arg-type]
        self.bell.append(run.id)
        return self.work(run)

    def work(self, run: SyncRun, steps: int = 400) -> SyncRun:
        """Step on until the run is over."""
        for _ in range(steps):
            if self.bell:
                sync.step(self.shop, self.bell.popleft())
            elif SyncRun.get_by_id(run.id).status in runs.ACTIVE:
                # What time would bring: the pause is over, and the sweeper finds the run.
                SyncRun.update(wake_at=None, rung_at=None).where(SyncRun.id == run.id).execute()
                Mail.update(next_try_at=None).execute()
                sweep.sweep(self.shop)
            else:
                break
        return SyncRun.get_by_id(run.id)

    def with_steps_of(self, seconds: float) -> Desk:
        """The same desk with steps of another length."""
        self.shop = replace(self.shop, step_seconds=seconds)
        return self

    def _ring(self, run_id: int) -> bool:
        self.bell.append(run_id)
        return True


def settings(folder: object, standin: StandIn) -> Config:
    """Settings that lead to the stand-in."""
    return installation.settings(folder, **standin.client.environment)  # type: ignore[arg-type]
