"""A worker's room beside a running web: mails and files are delivered, read by the real reader, and become receipts."""

from __future__ import annotations

import contextlib
import hashlib
from collections import deque
from collections.abc import Iterator

import clock
from blobs import FolderBlobs
from config import Config
from errors import Tellable
from jobs import adapters, sync
from jobs.workshop import Workshop
from models import Business, Mail, Mailbox, Receipt, SyncRun
from receipts.child import Reader
from sources.ports import MailSource
from store import ledger, mailboxes, runs


@contextlib.contextmanager
def _always(_: str) -> Iterator[bool]:
    yield True


def _no_source(_: Mailbox) -> MailSource:
    raise Tellable("no_source", "There is no mailbox to fetch from.")


class Workroom:
    """Reads what is delivered, in this process, until nothing waits."""

    def __init__(self, config: Config, reader: Reader) -> None:
        """Take the installation's settings and a reader."""
        self.bell: deque[int] = deque()
        self.blobs = FolderBlobs(adapters.blob_folder(config))
        self.shop = Workshop(
            config=config,
            blobs=self.blobs,
            reader=reader,
            ring=self._ring,
            together=_always,
            stopping=lambda: False,
            open_source=_no_source,
        )

    def _ring(self, run_id: int) -> bool:
        self.bell.append(run_id)
        return True

    def deliver(self, business: Business, *raws: bytes) -> list[Mail]:
        """Mails into the ledger and read; their rows as they are afterwards."""
        box = mailboxes.imports(business)
        keys = [hashlib.sha256(raw).hexdigest() for raw in raws]
        for raw, key in zip(raws, keys, strict=True):
            ledger.take_file(
                box, source_id=key, sha256=self.blobs.put(raw), size=len(raw), labels=(), received_at=clock.now()
            )
        self.work(business)
        return [Mail.get(Mail.mailbox == box, Mail.source_id == key) for key in keys]

    def receipts(self, business: Business, *raws: bytes) -> list[Receipt]:
        """Mails into the ledger and read; the one receipt that each made."""
        return [Receipt.get(Receipt.mail == mail) for mail in self.deliver(business, *raws)]

    def work(self, business: Business) -> None:
        """Step on until no run of the business is under way."""
        run = runs.active(business.id) or runs.request(business, mode="upload")
        self.bell.append(run.id)
        for _ in range(200):
            if self.bell:
                sync.step(self.shop, self.bell.popleft())
            elif SyncRun.get_by_id(run.id).status in runs.ACTIVE:
                SyncRun.update(wake_at=None, rung_at=None).where(SyncRun.id == run.id).execute()
                self.bell.append(run.id)
            else:
                return
        raise AssertionError("the run did not end")
