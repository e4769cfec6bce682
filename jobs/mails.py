"""The mails of a step: one thread fetches, another reads what is here, and this one keeps the books."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from errors import Tellable, Temporary
from jobs import intake
from jobs.workshop import Workshop
from models import Mail, Mailbox
from sources.ports import Gone, MailSource, NeedsReconnect, RawMail, Refused
from store import document_passwords, ledger, mailboxes, runs, sql

log = logging.getLogger("sync")
TRIES_GONE = 3  # a fresh mail may be invisible for seconds (docs/gmail.md §5.6)
PAUSE_GONE = timedelta(seconds=20)
TRIES_FETCH = 4
PAUSE_FETCH = timedelta(seconds=15)
TRIES_READ = 3
ASKED = 400  # mails that a step sets out to fetch at a time
AHEAD = 100  # mails that are held to be read; more may be fetched meanwhile, and wait in the blob store
COUNTED = 10  # mails whose try is counted in one transaction
LOOK_S = 0.25  # between two looks whether the run is to be cancelled

Arrived = tuple[Mail, "ledger.Kept | Tellable"]


class Cancelled(Exception):
    """Somebody asked the run to stop."""


class Closed(Exception):
    """A mailbox will give nothing more until a person mends it (NeedsReconnect, Refused)."""

    def __init__(self, mailbox_id: int, error: Tellable) -> None:
        """Take the mailbox and why."""
        super().__init__(error.sentence)
        self.mailbox_id, self.error = mailbox_id, error


class Mails:
    """Brings the waiting mails of a run to their outcomes, for the time of one step."""

    def __init__(self, shop: Workshop, lease: runs.Lease, tail: str, until: float) -> None:
        """Take the workshop, the run's lease, its name in the log, and the monotonic moment when the step is over."""
        self.shop, self.lease, self.tail, self.until = shop, lease, tail, until
        self.moved = 0  # mails that got on in this step
        self._read = 0
        self._looked = 0.0
        self._kinds: dict[int, str] = {}
        self._ids: Sequence[int] = ()
        self._passwords = document_passwords.tried(lease.business_id)

    def over(self) -> bool:
        """Whether the step's time is up; it moves at least one mail, however slow the machine."""
        return self.shop.stopping() or (self.moved > 0 and time.monotonic() >= self.until)

    def work(self, mailbox_ids: Sequence[int]) -> bool:
        """True when nothing is left that is due; False when the step is over before.

        What a source said that concerns all its mail is raised when there is nothing else to do, or at the step's end:
        Closed, Temporary (RateLimited too); and Cancelled, runs.LostLease.
        """
        self._ids = mailbox_ids
        waits: dict[int, tuple[float, Temporary]] = {}  # by mailbox: until when, by the monotonic clock
        while True:
            ready = deque(ledger.to_read(mailbox_ids, AHEAD))
            wanted = ledger.to_fetch([each for each in mailbox_ids if each not in waits], ASKED)
            if not ready and not wanted:
                if waits:
                    self._wait(waits)
                return True
            with self._fetching(wanted) as fetching:
                self._take_in(ready, fetching)
            for mailbox_id, at, error in fetching.errors:
                if isinstance(error, NeedsReconnect | Refused):
                    raise Closed(mailbox_id, error)
                if not isinstance(error, Temporary):
                    raise error
                waits[mailbox_id] = (at + (error.retry_after_s or 1.0), error)
            if self.over():
                return False

    @staticmethod
    def _wait(waits: dict[int, tuple[float, Temporary]]) -> None:
        """Raise the shortest of the waits, less the time that has gone since it was told."""
        until, error = min(waits.values(), key=lambda each: each[0])
        if error.retry_after_s is not None:
            error.retry_after_s = max(0.001, until - time.monotonic())
        raise error

    # -- fetching

    @contextmanager
    def _fetching(self, wanted: Sequence[Mail]) -> Iterator[_Fetching]:
        by_mailbox: dict[int, list[Mail]] = {}
        for mail in wanted:
            by_mailbox.setdefault(mail.mailbox_id, []).append(mail)
        sources = []
        for mailbox_id, mails in by_mailbox.items():
            try:
                with mailbox_errors(mailbox_id):
                    sources.append((mailbox_id, self.shop.open_source(Mailbox.get_by_id(mailbox_id)), mails))
            except (NeedsReconnect, Refused) as error:
                raise Closed(mailbox_id, error) from error
        fetching = _Fetching(self.shop, sources, self.over)
        fetching.start()
        try:
            yield fetching
        finally:
            fetching.end()

    def _settle_arrived(self, fetching: _Fetching, ready: deque[Mail], *, wait: bool) -> None:
        """Enter into the ledger what has come."""
        kept: list[tuple[Mail, ledger.Kept]] = []
        for mail, result in fetching.arrived(wait=wait):
            self.moved += 1
            if isinstance(result, ledger.Kept):
                kept.append((mail, result))
            else:
                self._not_fetched(mail, result)
        if kept:
            ready.extend(ledger.fetched(self.lease, kept)[: max(0, AHEAD - len(ready))])
        if fetching.is_over():
            fetching.tell()

    def _not_fetched(self, mail: Mail, error: Tellable) -> None:
        if isinstance(error, Gone):
            if mail.tries < TRIES_GONE:
                ledger.try_again(self.lease, mail, PAUSE_GONE)
            else:
                ledger.settle(self.lease, mail, "gone", "gone_at_source", "Gmail listed it but no longer has it.")
        elif isinstance(error, Temporary) and mail.tries + 1 < TRIES_FETCH:
            # A fault that only this mail meets: again in a while, and set aside when it does not end.
            ledger.try_again(self.lease, mail, PAUSE_FETCH * 2**mail.tries)
        else:
            ledger.settle(self.lease, mail, "failed", error.code, error.sentence)

    # -- reading

    def _take_in(self, ready: deque[Mail], fetching: _Fetching) -> None:
        """Read what is here and what comes, the next mail in the reader while the last one is entered."""
        counted: deque[Mail] = deque()
        under_way: _UnderWay | None = None
        with ThreadPoolExecutor(1, thread_name_prefix="read") as pool:
            while True:
                self._settle_arrived(fetching, ready, wait=not (ready or counted or under_way))
                if not ready and fetching.many:
                    self._refill(ready, [*counted, *([under_way.mail] if under_way else ())])
                if self._cancelled():
                    if under_way is not None:
                        self._end(under_way)
                    ledger.not_read(self.lease, counted)
                    raise Cancelled
                begun = None
                if not self._step_over() and not (under_way and under_way.alone):
                    begun = self._begin(pool, ready, counted, alone_ok=under_way is None)
                if under_way is not None:
                    self._end(under_way)
                elif begun is None and (self._step_over() or (not (ready or counted) and fetching.is_over())):
                    break
                under_way = begun
            ledger.not_read(self.lease, counted)
        fetching.stop()
        while not fetching.is_over():  # what is under way is kept for the next step
            self._settle_arrived(fetching, ready, wait=True)

    def _refill(self, ready: deque[Mail], held: Sequence[Mail]) -> None:
        """What was fetched while more than enough was held."""
        busy = {mail.id for mail in held}
        ready.extend(mail for mail in ledger.to_read(self._ids, AHEAD) if mail.id not in busy)

    def _begin(
        self, pool: ThreadPoolExecutor, ready: deque[Mail], counted: deque[Mail], *, alone_ok: bool
    ) -> _UnderWay | None:
        """Give the next mail to the reader.

        A mail whose reading was begun before and never ended may be one that kills its worker: it is read alone, so
        that no other mail is blamed for it.
        """
        if not counted:
            while ready and ready[0].tries >= TRIES_READ:
                self._set_aside(ready.popleft())
            if not ready or (ready[0].tries and not alone_ok):
                return None
            counted.append(ready.popleft())
            while not counted[0].tries and len(counted) < COUNTED and ready and not ready[0].tries:
                counted.append(ready.popleft())
            ledger.reading(self.lease, counted)
        mail = counted.popleft()
        read = pool.submit(intake.read, self.shop, mail, self._source(mail), self._passwords)
        return _UnderWay(mail, read, alone=bool(mail.tries))

    def _end(self, under_way: _UnderWay) -> None:
        """Enter what was read; whatever goes wrong with one mail becomes its outcome."""
        mail = under_way.mail
        self._read += 1
        self.moved += 1
        try:
            intake.enter(self.shop, self.lease, mail, self._source(mail), under_way.read.result())
        except runs.LostLease:
            raise
        except Temporary:
            self._not_to_blame(mail)
            raise
        except Tellable as error:
            ledger.settle(self.lease, mail, "failed", error.code, error.sentence)
        except Exception as error:
            if sql.is_outage(error):  # gives the dead connection up
                self._not_to_blame(mail)
                raise Temporary("database_unreachable", "The database does not answer.") from error
            # One bad mail must not end the run, nor vanish: the ledger says so and the log has the traceback.
            log.exception("A mail could not be taken in %s mail=%s", self.tail, mail.id)
            ledger.settle(
                self.lease,
                mail,
                "failed",
                "intake_crashed",
                "Something went wrong inside ProSaaS while reading it; it was set aside.",
            )

    def _not_to_blame(self, mail: Mail) -> None:
        """It was read, and the worker lives: the try does not count, as far as that can be written down."""
        with suppress(runs.LostLease, Temporary):
            ledger.not_read(self.lease, [mail])

    def _set_aside(self, mail: Mail) -> None:
        self.moved += 1
        ledger.settle(
            self.lease,
            mail,
            "failed",
            "reader_crashed",
            "Reading it stopped the worker three times; it was set aside.",
        )

    def _source(self, mail: Mail) -> str:
        if mail.mailbox_id not in self._kinds:
            self._kinds[mail.mailbox_id] = Mailbox.get_by_id(mail.mailbox_id).kind
        return self._kinds[mail.mailbox_id]

    def _step_over(self) -> bool:
        return self._read > 0 and self.over()

    def _cancelled(self) -> bool:
        if time.monotonic() - self._looked < LOOK_S:
            return False
        self._looked = time.monotonic()
        return runs.cancel_wanted(self.lease)


@dataclass(frozen=True, slots=True)
class _UnderWay:
    mail: Mail
    read: Future[intake.Read]
    alone: bool


class _Fetching:
    """A thread that fetches mails into the blob store; what arrived, and what ended it, is asked from outside."""

    def __init__(
        self, shop: Workshop, sources: Sequence[tuple[int, MailSource, list[Mail]]], over: Callable[[], bool]
    ) -> None:
        self.errors: list[tuple[int, float, BaseException]] = []  # mailbox, monotonic moment, error
        self.many = len(sources) > 0 and sum(len(mails) for _, _, mails in sources) > AHEAD
        self._shop, self._sources, self._step_over = shop, sources, over
        self._queue: queue.Queue[Arrived | None] = queue.Queue(AHEAD)
        self._stop = threading.Event()
        self._over = not sources
        self._told = 0
        self._thread = threading.Thread(target=self._run, name="fetch", daemon=True)

    def start(self) -> None:
        if not self._over:
            self._thread.start()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stop.set()

    def end(self) -> None:
        """Stop, and drop what nobody asked for: it is fetched again."""
        self.stop()
        while not self._over:
            list(self.arrived(wait=True))
        if self._thread.ident is not None:
            self._thread.join()

    def is_over(self) -> bool:
        """Whether nothing more will arrive."""
        return self._over

    def tell(self) -> None:
        """Write on the mailboxes what a person must mend, at once: what is here may take a while to be read."""
        for mailbox_id, _, error in self.errors[self._told :]:
            self._told += 1
            with suppress(NeedsReconnect, Refused), mailbox_errors(mailbox_id):
                if isinstance(error, NeedsReconnect | Refused):
                    raise error

    def arrived(self, *, wait: bool) -> Iterator[Arrived]:
        """What has arrived; with `wait` a little patience is had for the first."""
        while not self._over:
            try:
                item = self._queue.get(timeout=LOOK_S) if wait else self._queue.get_nowait()
            except queue.Empty:
                return
            if item is None:
                self._over = True
                return
            yield item
            wait = False

    def _run(self) -> None:
        try:
            for mailbox_id, source, mails in self._sources:
                try:
                    self._fetch(source, {mail.source_id: mail for mail in mails})
                except BaseException as error:  # noqa: BLE001 - raised again in the step's own thread
                    self.errors.append((mailbox_id, time.monotonic(), error))
        finally:
            self._queue.put(None)

    def _fetch(self, source: MailSource, mails: dict[str, Mail]) -> None:
        stop = lambda: self._stop.is_set() or self._step_over()  # noqa: E731
        for source_id, result in source.fetch_many(list(mails), stop=stop):
            self._queue.put((mails[source_id], self._kept(mails[source_id], result)))

    def _kept(self, mail: Mail, result: RawMail | Tellable) -> ledger.Kept | Tellable:
        """On disk before anything is said of it; of what is left alone, no byte is kept."""
        if isinstance(result, Tellable):
            return result
        key = None if ledger.left_alone(mail, result.labels) else self._shop.blobs.put(result.raw)
        return ledger.Kept(key, len(result.raw), result.thread_id, result.labels, result.received_at)


@contextmanager
def mailbox_errors(mailbox_id: int) -> Iterator[None]:
    """What only a person can mend is written on the mailbox, in words."""
    try:
        yield
    except NeedsReconnect as error:
        mailboxes.needs_reconnect(mailbox_id, error)
        raise
    except Refused as error:
        mailboxes.refused(mailbox_id, error)
        raise
