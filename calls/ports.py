"""What the calls process needs of the rest of the product, as ports that its start fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from calls.plan import Plan


@dataclass(frozen=True, slots=True)
class Account:
    """A Twilio account: whatever bears a signature of its token comes from it."""

    sid: str
    token: str = field(repr=False)


class Directory(Protocol):
    """Who has which number; answers from memory, never from the database."""

    @property
    def known(self) -> bool:
        """Whether it was ever read, from the database or from what was kept of it on disk."""
        ...

    def plan(self, number: str) -> Plan | None:
        """The plan of a number (E.164)."""
        ...

    def accounts(self) -> Sequence[Account]:
        """Every account that may call us, the installation's own first."""
        ...

    def sound(self, key: str) -> bytes | None:
        """The samples (μ-law) of a greeting; None where they are not to be had."""
        ...


class Journal(Protocol):
    """Where everything that happened is written down."""

    def append(self, event: Mapping[str, Any]) -> None:
        """Write it down; never raises, never waits for the database."""
        ...


@dataclass(frozen=True)
class Office:
    """What the handlers share.

    public_url: as Twilio calls us, without a slash at its end. keys: 32 bytes each, the first one signs our tokens.
    """

    public_url: str
    directory: Directory
    journal: Journal
    keys: Sequence[bytes] = field(repr=False)
    version: str = ""
