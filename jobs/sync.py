"""One step of a synchronisation: discover what changed, then fetch and read what the ledger says is waiting."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import clock
from errors import Tellable, Temporary
from jobs.mails import Cancelled, Closed, Mails, mailbox_errors
from jobs.workshop import Workshop, kernel_lock
from models import Business, Mailbox, SyncRun, db, write
from sources.ports import Change, CursorExpired, Found, Gone, MailSource, NeedsReconnect, RateLimited, Refused
from store import ledger, mailboxes, runs

if TYPE_CHECKING:
    from sources.ports import Page

log = logging.getLogger("sync")
TRIES_RUN = 12  # failures in a row that time may heal, about twenty minutes with the pauses below
LOOK_AGAIN = timedelta(seconds=60)  # a long run takes in fresh mail at least this often
MARK_AGE = timedelta(minutes=10)  # changes may show late: read history again from a mark this old
MARKS_KEPT = 40


def step(shop: Workshop, run_id: int) -> None:
    """Work on the run for a few seconds, then ring for its next step; safe to call twice, or for a run that is over."""
    business_id = SyncRun.select(SyncRun.business).where(SyncRun.id == run_id).scalar()
    if business_id is None:
        return
    again = False
    with kernel_lock(shop.config.data_dir, business_id) as alone, shop.together(f"business-{business_id}"):
        if not alone:
            return
        claimed = runs.claim(run_id)
        if claimed is None:
            return
        again = _Step(shop, *claimed).go()
    # Only now, with the locks free: a worker that hears the bell at once must find them so.
    if again and shop.ring(run_id):
        runs.mark_rung(run_id)


class _Stop(Exception):
    """The worker is being stopped, or the run cancelled, in the middle of a long listing."""


class _Step:
    def __init__(self, shop: Workshop, run: SyncRun, lease: runs.Lease) -> None:
        self.shop = shop
        self.run = run
        self.lease = lease
        self.tail = f"run={run.id} business={run.business_id}"
        self.until = time.monotonic() + shop.step_seconds

    def go(self) -> bool:
        """True when the bell is to be rung at once for the next step."""
        if self.lease.fence == 1:
            what = "Reading of files" if self.run.mode == "upload" else "Gmail receipts sync"
            log.info("🔔 JOB_START: %s %s mode=%s", what, self.tail, self.run.mode)
        try:
            with _heartbeat(self.lease):
                return self._work()
        except runs.LostLease:
            log.warning("Another worker took the run over %s", self.tail)
            return False
        except Cancelled:
            runs.finish(self.lease, "cancelled")
            log.info("The sync was cancelled %s", self.tail)
            return False
        except _Stop:
            runs.park(self.lease)
            return False  # the sweeper rings: here when the run is to be cancelled, in the next worker else
        except RateLimited as error:
            # The mailbox's own limit is no failure, of the run or of a mail.
            pause = timedelta(seconds=error.retry_after_s or 1.0)
            runs.park(self.lease, wake_at=clock.now() + pause)
            return False
        except Temporary as error:
            return self._later(error)
        except Tellable as error:
            return self._fail(error)
        except Exception:
            log.exception("A step of the run crashed %s", self.tail)
            return self._later(
                Temporary("internal_error", "Something went wrong inside ProSaaS; the log has the details.")
            )

    def _work(self) -> bool:
        state = dict(self.run.state)
        if "began" not in state:
            self._take_over(state)
        if self.run.look_again or self._stale(state):
            state.pop("discovered", None)
        trouble: Temporary | None = None
        if "discovered" not in state and self.run.mode != "upload":
            with write():
                runs.hold(self.lease, look_again=False)
            trouble = self._discover(state)
            if trouble is None:
                state["discovered"] = int(clock.now().timestamp())
            with write():  # now, for a step that ends in a wait for the quota must not list all over again
                runs.hold(self.lease, state=state)
        ids = self._mailbox_ids(state)
        try:
            over = Mails(self.shop, self.lease, self.tail, self.until).work(ids)
        except Closed as closed:
            self._leave_out(state, closed.mailbox_id, closed.error)
            runs.park(self.lease, state=state, left=ledger.left(self._mailbox_ids(state)))
            return not self.shop.stopping()
        if not over:
            runs.park(self.lease, state=state, tries=0, left=ledger.left(ids))
            return not self.shop.stopping()
        if trouble is not None:
            raise trouble
        due = ledger.next_due(ids)
        if due is not None:
            runs.park(self.lease, state=state, wake_at=due, left=ledger.left(ids))
            return False
        if ledger.to_read(ids, 1) or ledger.to_fetch(ids, 1):  # its turn came this very moment
            runs.park(self.lease, state=state)
            return True
        return self._complete(state)

    def _take_over(self, state: dict[str, Any]) -> None:
        """What other runs left behind is this run's work too, and counts."""
        waiting = ledger.left(self._mailbox_ids(state))
        state["began"] = True
        with write():
            runs.hold(self.lease, state=state, found=SyncRun.found + waiting, left=SyncRun.left + waiting)

    def _complete(self, state: dict[str, Any]) -> bool:
        for mailbox in self._mailboxes(state):
            mailboxes.synced(mailbox.id)
        for code, sentence in _out(state).values():
            return self._fail(Tellable(code, sentence))  # all other mailboxes are through
        if not runs.complete(self.lease, left=ledger.left(self._mailbox_ids(state))):
            state.pop("discovered", None)
            runs.park(self.lease, state=state)
            return True
        row = SyncRun.get_by_id(self.run.id)
        log.info(
            "🔔 JOB_DONE: %s completed successfully %s found=%s fetched=%s receipts=%s skipped=%s failed=%s",
            "Reading of files" if row.mode == "upload" else "Gmail sync",
            self.tail,
            row.found,
            row.fetched,
            row.receipts,
            row.skipped,
            row.failed,
        )
        return False

    def _later(self, error: Temporary) -> bool:
        tries = self.run.tries + 1
        if tries > TRIES_RUN:
            return self._fail(error)
        pause = error.retry_after_s if error.retry_after_s is not None else min(2.0**tries, 120.0)
        log.warning("The run waits: %s %s tries=%s pause_s=%.0f", error.code, self.tail, tries, pause)
        try:
            runs.park(self.lease, wake_at=clock.now() + timedelta(seconds=pause), tries=tries)
        except (runs.LostLease, Temporary):
            # The database itself may be the trouble; the lease runs out and the sweeper rings.
            log.warning("The run could not be parked %s", self.tail)
        return False

    def _fail(self, error: Tellable) -> bool:
        try:
            runs.finish(self.lease, "failed", error)
        except runs.LostLease:
            return False
        what = "Reading of files" if self.run.mode == "upload" else "Gmail receipts sync"
        log.error("🔔 JOB_FAIL: %s %s code=%s", what, self.tail, error.code)
        return False

    def _stale(self, state: dict[str, Any]) -> bool:
        looked = state.get("discovered")
        return isinstance(looked, int) and clock.now().timestamp() - looked > LOOK_AGAIN.total_seconds()

    def _mailboxes(self, state: dict[str, Any]) -> list[Mailbox]:
        if self.run.mailbox_id is not None:
            boxes = [Mailbox.get_by_id(self.run.mailbox_id)]
        else:
            boxes = mailboxes.listing(self.run.business_id)
            boxes = [box for box in boxes if box.status == "connected" and box.kind not in mailboxes.LOCAL]
        return [box for box in boxes if str(box.id) not in _out(state)]

    def _mailbox_ids(self, state: dict[str, Any]) -> list[int]:
        uploads = [box.id for box in mailboxes.listing(self.run.business_id) if box.kind in mailboxes.LOCAL]
        if self.run.mode == "upload":  # what lies here already: files, and one mailbox's mail to be read again
            return uploads + ([self.run.mailbox_id] if self.run.mailbox_id is not None else [])
        return [box.id for box in self._mailboxes(state)] + uploads

    def _leave_out(self, state: dict[str, Any], mailbox_id: int, error: Tellable) -> None:
        """A mailbox that a person must mend stops no other; where there is none, it ends the run."""
        state["out"] = {**_out(state), str(mailbox_id): [error.code, error.sentence]}
        if self.run.mode == "upload" or not self._mailboxes(state):
            raise error

    # -- discovery

    def _discover(self, state: dict[str, Any]) -> Temporary | None:
        """Look into every mailbox; gives the fault that time may heal, where one could not be looked into."""
        trouble = None
        for mailbox in self._mailboxes(state):
            if mailbox.status != "connected":
                raise Tellable("needs_reconnect", mailbox.error_text or "The mailbox has to be connected again.")
            try:
                with mailbox_errors(mailbox.id):
                    self._look_into(mailbox, self.shop.open_source(mailbox), first=mailbox.id not in _looked(state))
            except (NeedsReconnect, Refused) as error:
                self._leave_out(state, mailbox.id, error)
            except Temporary as error:
                trouble = error
            else:
                state["looked"] = sorted({*_looked(state), mailbox.id})
        return trouble

    def _look_into(self, mailbox: Mailbox, source: MailSource, *, first: bool) -> None:
        business = Business.get_by_id(self.run.business_id)
        start, end = clock.day_range(self.run.from_date, self.run.to_date, business.time_zone)
        if start or end:
            if first:
                self._list(mailbox, source, start, end)
            elif mailbox.cursor:
                self._changes(mailbox, source)
        elif mailbox.cursor is None or mailbox.full_mark or (self.run.mode == "full" and first):
            self._full(mailbox, source)
        else:
            self._changes(mailbox, source)

    def _full(self, mailbox: Mailbox, source: MailSource) -> None:
        """Every mail into the ledger, then history from the mark of the moment before (docs/gmail.md §5.2)."""
        if not mailbox.full_mark:
            mailbox.full_mark = source.mark()
            ledger.record(self.lease, mailbox, (), full_mark=mailbox.full_mark)
        known = mailbox.audited_at is not None
        listed, new = self._list(mailbox, source, None, None)
        audit = ledger.audit(self.lease, mailbox, listed, new if known else 0)
        if known and (audit["missing"] or audit["gone"]):
            log.warning(
                "The mailbox and the ledger differed %s mailbox=%s missing=%s gone=%s",
                self.tail, mailbox.id, audit["missing"], audit["gone"],
            )  # fmt: skip
        for source_id in ledger.doubtful(mailbox, listed):
            try:
                source.fetch(source_id)
            except Gone:
                ledger.record(self.lease, mailbox, [Found(source_id, change=Change.DELETED)])
            self._mind_the_stop()
        mark = mailbox.full_mark
        ledger.record(self.lease, mailbox, (), cursor=mark, full_mark=None, marks=[[_ms(clock.now()), mark]])
        mailbox.cursor, mailbox.full_mark, mailbox.marks = mark, None, [[_ms(clock.now()), mark]]
        self._changes(mailbox, source)

    def _list(
        self, mailbox: Mailbox, source: MailSource, start: datetime | None, end: datetime | None
    ) -> tuple[set[str], int]:
        """All ids of the range into the ledger; gives them, and how many of them were new."""
        listed: set[str] = set()
        new = 0
        for page in source.everything(start, end):
            new += ledger.record(self.lease, mailbox, page.found, listing=True).new
            listed.update(found.id for found in page.found)
            self._mind_the_stop()
        for ids in source.likely(start, end):
            ledger.likely(mailbox, ids)
            self._mind_the_stop()
        return listed, new

    def _changes(self, mailbox: Mailbox, source: MailSource) -> None:
        try:
            self._history(mailbox, source)
        except CursorExpired:
            log.warning("The history mark is too old, a full pass follows %s mailbox=%s", self.tail, mailbox.id)
            ledger.record(self.lease, mailbox, (), cursor=None, marks=[])
            mailbox.cursor, mailbox.marks = None, []
            self._full(mailbox, source)

    def _history(self, mailbox: Mailbox, source: MailSource) -> None:
        now = _ms(clock.now())
        old_enough = [mark for at, mark in mailbox.marks if now - at >= MARK_AGE.total_seconds() * 1000]
        start = str(old_enough[-1] if old_enough else mailbox.marks[0][1] if mailbox.marks else mailbox.cursor)
        page: Page
        for page in source.changes(start):
            if page.cursor is None:
                ledger.record(self.lease, mailbox, page.found, priority=ledger.FRESH)
            else:
                # Marks older than the one that the next run starts from are of no use.
                recent = [[at, mark] for at, mark in mailbox.marks if now - at < MARK_AGE.total_seconds() * 1000]
                older = [[at, mark] for at, mark in mailbox.marks if now - at >= MARK_AGE.total_seconds() * 1000]
                marks = (older[-1:] + recent + [[now, page.cursor]])[-MARKS_KEPT:]
                ledger.record(self.lease, mailbox, page.found, priority=ledger.FRESH, cursor=page.cursor, marks=marks)
                mailbox.cursor, mailbox.marks = page.cursor, marks
            self._mind_the_stop()

    def _mind_the_stop(self) -> None:
        if self.shop.stopping() or runs.cancel_wanted(self.lease):
            raise _Stop


@contextmanager
def _heartbeat(lease: runs.Lease) -> Iterator[None]:
    """Renews the lease through long waits for the network."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(runs.LEASE.total_seconds() / 3):
            try:
                with db.connection_context():
                    runs.beat(lease)
            except runs.LostLease:
                return
            except Temporary:
                continue

    thread = threading.Thread(target=beat, name=f"heartbeat-{lease.run_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _out(state: dict[str, Any]) -> dict[str, Any]:
    """The mailboxes that this run leaves out, each with code and sentence."""
    found: dict[str, Any] = state.get("out") or {}
    return found


def _looked(state: dict[str, Any]) -> list[int]:
    """The mailboxes that this run has looked into once."""
    found: list[int] = state.get("looked") or []
    return found


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
