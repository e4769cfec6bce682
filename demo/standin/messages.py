"""One message of the stand-in's mailbox and where its bytes come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_JITTER_STEPS = 1 << 20


class Raw(Protocol):
    """The bytes of a message, read when they are asked for; hashable."""

    def __hash__(self) -> int: ...

    @property
    def name(self) -> str:
        """The file's name, or an empty string."""
        ...

    def size(self) -> int:
        """Length in bytes."""
        ...

    def read(self) -> bytes:
        """The message as RFC 5322 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class FileRaw:
    """A message in a file of its own."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def size(self) -> int:
        """Length in bytes."""
        return self.path.stat().st_size

    def read(self) -> bytes:
        """The file's bytes, unchanged."""
        return self.path.read_bytes()


@dataclass(frozen=True, slots=True)
class BytesRaw:
    """A message held in memory."""

    data: bytes
    name: str = ""

    def size(self) -> int:
        """Length in bytes."""
        return len(self.data)

    def read(self) -> bytes:
        """The bytes as they were delivered."""
        return self.data


@dataclass(slots=True, eq=False)
class Message:
    """One message; only its labels ever change."""

    id: int
    thread: int
    received_ms: int
    labels: frozenset[str]
    history: int
    size: int
    raw: Raw
    born: float = 0.0  # clock seconds at which it arrived; 0 for mail that was there from the start
    listed_from: float = 0.0  # clock seconds from which the index shows it
    order: int = 0  # place in a listing, smallest first

    @property
    def hex(self) -> str:
        """The id as Gmail writes it."""
        return f"{self.id:016x}"

    @property
    def thread_hex(self) -> str:
        """The thread's id as Gmail writes it."""
        return f"{self.thread:016x}"


def place(message_id: int, received_ms: int, shuffle_ms: int) -> int:
    """Where a message stands in a listing: roughly newest first, moved by up to `shuffle_ms` either way."""
    step = (message_id * 0x9E3779B97F4A7C15 >> 40) % _JITTER_STEPS  # spread, yet the same at every listing
    moved = received_ms + (2 * step - _JITTER_STEPS) * shuffle_ms // _JITTER_STEPS
    return -((moved << 64) | message_id)
