"""A mailbox: its messages, labels, drafts and the history of what changed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from threading import RLock

from demo.standin.clock import Clock
from demo.standin.messages import Message, Raw, place
from demo.standin.parts import Part, Words, heads, take_apart, words
from demo.standin.synthetic import SyntheticRaw

SYSTEM_LABELS = (
    "INBOX",
    "SENT",
    "DRAFT",
    "SPAM",
    "TRASH",
    "UNREAD",
    "STARRED",
    "IMPORTANT",
    "CHAT",
    "CATEGORY_PERSONAL",
    "CATEGORY_SOCIAL",
    "CATEGORY_PROMOTIONS",
    "CATEGORY_UPDATES",
    "CATEGORY_FORUMS",
)
HIDDEN = frozenset({"SPAM", "TRASH"})
_RANDOM_BITS = 20
_STEP = 1000


@dataclass(frozen=True, slots=True)
class Record:
    """One change: `kind` is `messageAdded`, `messageDeleted`, `labelAdded` or `labelRemoved`."""

    id: int
    at: float
    kind: str
    message: int
    thread: int
    labels: tuple[str, ...]
    changed: tuple[str, ...]
    shown_from: float


class Mailbox:
    """All that Gmail keeps of one account; every public method may be called from any thread."""

    def __init__(self, address: str, clock: Clock, random: Random, *, shuffle_s: float = 0.0) -> None:
        self.address = address
        self.clock = clock
        self.random = random
        self.shuffle_ms = int(shuffle_s * 1000)
        self.lock = RLock()
        self.messages: dict[int, Message] = {}
        self.order: list[Message] = []
        self.records: list[Record] = []
        self.history_id = random.randrange(1_000_000, 9_000_000)
        self.history_floor = self.history_id  # a start below it is too old
        self.retention_s = 7 * 86400.0
        self.index_lag_s = 0.0
        self.history_lag_s = 0.0
        self.labels: dict[str, str] = {name: name for name in SYSTEM_LABELS}  # id -> name
        self.drafts: dict[str, int] = {}
        self.threads: Counter[int] = Counter()
        self.version = 0  # grows with every change
        self._by_message_id: dict[str, int] = {}
        self._words_of = lru_cache(4096)(_words)
        self._parts_of = lru_cache(16)(_parts)

    def words_of(self, raw: Raw) -> Words:
        """What search looks at in a message."""
        return raw.words() if isinstance(raw, SyntheticRaw) else self._words_of(raw)

    def parts_of(self, raw: Raw) -> Part:
        """A message taken apart."""
        return self._parts_of(raw)

    # -- arrivals and changes

    def seed(self, mails: Iterable[tuple[Raw, int | None, frozenset[str]]]) -> None:
        """Mail that was there before: (bytes, received in ms or None for its Date header, labels); no history."""
        with self.lock:
            added = []
            for raw, received_ms, labels in mails:
                known = heads(raw.read()) if raw.name else None  # made-up mail has no file and no thread
                received = received_ms if received_ms is not None else (known and known.date_ms) or self.clock.now_ms()
                message = Message(self.new_id(received), 0, received, labels, 0, raw.size(), raw)
                self.messages[message.id] = message
                added.append((message, known))
            added.sort(key=lambda pair: pair[0].received_ms)
            for message, known in added:
                self.history_id += 1 + self.random.randrange(40)
                message.history = self.history_id
                message.thread = self._thread(message, known.message_id, known.references) if known else message.id
                self.threads[message.thread] += 1
                message.order = place(message.id, message.received_ms, self.shuffle_ms)
            self.order = sorted(self.messages.values(), key=_order)
            self.history_floor = self.history_id
            self.version += 1

    def deliver(
        self, raw: Raw, labels: Iterable[str], received_ms: int | None = None, thread: int | None = None
    ) -> Message:
        """A message arrives now; `received_ms` is what Gmail calls internalDate."""
        with self.lock:
            known = heads(raw.read())
            now = self.clock.now()
            received = int(now * 1000) if received_ms is None else received_ms
            message = Message(self.new_id(int(now * 1000)), 0, received, frozenset(labels), 0, raw.size(), raw)
            message.thread = thread or self._thread(message, known.message_id, known.references)
            message.born = now
            message.listed_from = now + self.index_lag_s
            message.order = place(message.id, received, self.shuffle_ms)
            self.messages[message.id] = message
            insort(self.order, message, key=_order)
            self.threads[message.thread] += 1
            self._record("messageAdded", message)
            return message

    def delete(self, message: Message) -> None:
        """Gone for good, not to the trash."""
        with self.lock:
            del self.messages[message.id]
            del self.order[bisect_left(self.order, message.order, key=_order)]
            self.threads[message.thread] -= 1
            if not self.threads[message.thread]:
                del self.threads[message.thread]
            self.drafts = {key: value for key, value in self.drafts.items() if value != message.id}
            self._record("messageDeleted", message)

    def relabel(self, message: Message, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Change labels; one history record for what came and one for what went."""
        with self.lock:
            added = frozenset(add) - message.labels
            removed = frozenset(remove) & message.labels
            message.labels = (message.labels | added) - removed
            if added:
                self._record("labelAdded", message, added)
            if removed:
                self._record("labelRemoved", message, removed)

    def trash(self, message: Message) -> None:
        """To the trash, as Gmail's button does."""
        self.relabel(message, add={"TRASH"}, remove={"INBOX", "SPAM"})

    def untrash(self, message: Message) -> None:
        """Out of the trash again."""
        self.relabel(message, remove={"TRASH"})

    def spam(self, message: Message) -> None:
        """Marked as spam."""
        self.relabel(message, add={"SPAM"}, remove={"INBOX"})

    def save_draft(self, raw: Raw, draft_id: str | None = None) -> tuple[str, Message]:
        """A draft saved; saving it again gives its message a new id, as in Gmail."""
        with self.lock:
            thread = None
            if draft_id is not None:
                old = self.messages[self.drafts[draft_id]]
                thread = old.thread
                self.delete(old)
            message = self.deliver(raw, {"DRAFT"}, thread=thread)
            draft_id = draft_id or f"r{self.random.getrandbits(62)}"
            self.drafts[draft_id] = message.id
            return draft_id, message

    def delete_draft(self, draft_id: str) -> None:
        """The draft and its message, gone for good."""
        with self.lock:
            self.delete(self.messages[self.drafts[draft_id]])

    def label_id(self, name: str) -> str:
        """The id of a label by its id or name; a user label is made when there is none."""
        with self.lock:
            for known, called in self.labels.items():
                if name == known or name.lower() == called.lower():
                    return known
            label = f"Label_{sum(key.startswith('Label_') for key in self.labels) + 1}"
            self.labels[label] = name
            self.version += 1
            return label

    # -- history

    def forget_history(self) -> None:
        """All history up to now becomes too old."""
        with self.lock:
            self.history_id += 1 + self.random.randrange(40)
            self.history_floor = self.history_id
            self.records.clear()
            self.version += 1

    def turn_history_back(self, by: int) -> None:
        """The mailbox's counter goes backwards, as after a fault on Google's side."""
        with self.lock:
            self.history_id = max(1, self.history_id - by)
            self.history_floor = min(self.history_floor, self.history_id)
            self.records = [record for record in self.records if record.id <= self.history_id]
            self.version += 1

    def since(self, start: int) -> list[Record] | None:
        """The records after `start`, oldest first; None when `start` is too old."""
        with self.lock:
            now = self.clock.now()
            while self.records and now - self.records[0].at > self.retention_s:
                self.history_floor = self.records.pop(0).id
            if start < self.history_floor:
                return None
            after = bisect_right(self.records, start, key=lambda record: record.id)
            return [record for record in self.records[after:] if record.shown_from <= now]

    # -- listing

    def page(self, match: Callable[[Message], bool], after: int | None, limit: int) -> tuple[list[Message], bool]:
        """Up to `limit` matching messages from behind the place `after`, and whether more follow."""
        found: list[Message] = []
        now = self.clock.now()
        while True:
            with self.lock:  # a step at a time, so that a long search holds nobody up
                start = 0 if after is None else bisect_right(self.order, after, key=_order)
                step = self.order[start : start + _STEP]
            for message in step:
                if message.listed_from <= now and match(message):
                    if len(found) == limit:
                        return found, True
                    found.append(message)
            if len(step) < _STEP:
                return found, False
            after = step[-1].order

    # -- inside

    def new_id(self, received_ms: int) -> int:
        """An id as Gmail makes them: the time in ms and 20 random bits."""
        while True:
            made = (max(received_ms, 1) << _RANDOM_BITS) | self.random.getrandbits(_RANDOM_BITS)
            if made not in self.messages:
                return made

    def _thread(self, message: Message, message_id: str, references: tuple[str, ...]) -> int:
        thread = next(
            (self._by_message_id[ref] for ref in reversed(references) if ref in self._by_message_id), message.id
        )
        if message_id:
            self._by_message_id.setdefault(message_id, thread)
        return thread

    def _record(self, kind: str, message: Message, changed: Iterable[str] = ()) -> None:
        now = self.clock.now()
        self.history_id += 1 + self.random.randrange(40)
        message.history = self.history_id
        self.version += 1
        self.records.append(
            Record(
                self.history_id,
                now,
                kind,
                message.id,
                message.thread,
                tuple(sorted(message.labels)),
                tuple(sorted(changed)),
                now + self.history_lag_s,
            )
        )


def _order(message: Message) -> int:
    return message.order


def _parts(raw: Raw) -> Part:
    return take_apart(raw.read())


def _words(raw: Raw) -> Words:
    return words(take_apart(raw.read()))
