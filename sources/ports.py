"""The port MailSource: what every source of mail can do, and how it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from errors import Tellable, Temporary

SET_ASIDE = frozenset({"SPAM", "TRASH", "DRAFT", "CHAT", "SENT"})
"""Labels whose mail is listed and kept in the ledger, but not fetched unless somebody asks for it."""

LIKELY_WORDS = (
    *("receipt", "invoice", "order", "payment", "bill", "rechnung", "quittung", "beleg", "facture", "reçu"),
    *("קבלה", "חשבונית", "factura", "recibo", "ricevuta", "fattura"),
)
LIKELY = f"{{subject:({' OR '.join(LIKELY_WORDS)}) category:purchases filename:pdf}}"
"""What is read first, in Gmail's search language: subjects in the languages we read, purchases by Gmail, PDFs."""


class Change(StrEnum):
    """What happened to a message."""

    ADDED = "added"
    DELETED = "deleted"
    LABELS = "labels"


@dataclass(frozen=True, slots=True)
class Found:
    """One message as a page names it.

    Labels are those known at this point; None where the page does not tell. In a full pass they are only
    those of `SET_ASIDE`, and of these exactly the ones the message has (none: an empty set).
    """

    id: str
    thread_id: str = ""
    change: Change = Change.ADDED
    labels: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of discovery, to be stored together with `cursor` in one transaction.

    `cursor` is None while the mark must not move yet (the pages of a full pass before its last one).
    """

    found: tuple[Found, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class RawMail:
    """One whole message: RFC 5322 bytes and what the source knows of it."""

    id: str
    thread_id: str
    labels: frozenset[str]
    received_at: datetime  # aware UTC, when the source accepted it
    raw: bytes = field(repr=False)


class MailSource(Protocol):
    """A mailbox that tells what changed and hands over messages.

    Every call may raise NeedsReconnect, Refused or Temporary; see each for what else.
    """

    def mark(self) -> str:
        """The cursor of this very moment; to be stored before a full pass begins."""
        ...

    def everything(self, start: datetime | None, end: datetime | None) -> Iterator[Page]:
        """Pages that name every message received in [start, end); their cursor is None.

        A source may name a few just outside the range as well. A page may name none: it is a sign of life.
        The same message may be named again.
        """
        ...

    def likely(self, start: datetime | None, end: datetime | None) -> Iterator[Sequence[str]]:
        """Pages of ids in [start, end) that the source's own search takes for receipts: to be read first, no more."""
        ...

    def changes(self, cursor: str) -> Iterator[Page]:
        """Pages of what changed since `cursor`, the last one with the new cursor.

        CursorExpired when too old.
        """
        ...

    def fetch(self, message_id: str) -> RawMail:
        """The whole message; Gone when the source has none of that id (it may be transient for fresh mail).

        Unfetchable when it will never come.
        """
        ...

    def fetch_many(self, ids: Iterable[str], *, stop: Callable[[], bool]) -> Iterator[tuple[str, RawMail | Tellable]]:
        """Messages as they arrive, each with its id; an error that is yielded concerns that one message alone.

        What concerns them all is raised after those under way were yielded. Once `stop` is true nothing new is begun.
        """
        ...


class NeedsReconnect(Tellable):
    """The source's permission is over (revoked, expired, password changed): no further call may be made."""


class Refused(Tellable):
    """The source refuses for a reason that a person must mend (scope, domain policy, API switched off)."""


class RateLimited(Temporary):
    """The source, or our own account of its quota, asks to wait: no failure of a message, nor of a run."""


class Unfetchable(Tellable):
    """The source will not hand over this one message, now or later; all others are not concerned."""


class CursorExpired(Tellable):
    """The source no longer knows the cursor: a full pass is due."""


class Gone(Tellable):
    """There is no such message (any more)."""


__all__ = [
    "SET_ASIDE",
    "Change",
    "CursorExpired",
    "Found",
    "Gone",
    "MailSource",
    "NeedsReconnect",
    "Page",
    "RateLimited",
    "RawMail",
    "Refused",
    "Temporary",
    "Unfetchable",
]
