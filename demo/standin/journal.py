"""The journal: every call that came in, what it cost and how it ended."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import Any

_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One call: `at` in the stand-in's clock seconds, `fault` the kind it met, `params` what was asked."""

    n: int
    at: float
    method: str
    status: int
    bytes: int
    account: str = ""
    units: int = 0
    ms: float = 0.0
    in_batch: bool = False
    gzip: bool = False
    fault: str = ""
    params: dict[str, Any] = field(default_factory=dict)


class Journal:
    """The calls in their order; the oldest fall out, the counts stay."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self._lock = Lock()
        self._n = 0
        self.calls: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()

    def add(self, **values: Any) -> None:
        """Write one call down."""
        with self._lock:
            self._n += 1
            entry = Entry(self._n, **values)
            self._entries.append(entry)
            self.calls[entry.method] += 1
            self.statuses[entry.status] += 1

    def entries(self, since: int = 0, method: str = "", limit: int | None = None) -> list[dict[str, Any]]:
        """The calls after number `since`, oldest first."""
        with self._lock:
            chosen: Iterable[Entry] = [entry for entry in self._entries if entry.n > since]
        found = [asdict(entry) for entry in chosen if method in ("", entry.method)]
        return found if limit is None else found[-limit:]

    def clear(self) -> None:
        """Forget calls and counts; the numbers go on."""
        with self._lock:
            self._entries.clear()
            self.calls.clear()
            self.statuses.clear()
