"""The stand-in's clock, which a test may move forward without waiting."""

from __future__ import annotations

import time
from threading import Lock


class Clock:
    """Seconds since the epoch: the machine's clock plus what it was moved by."""

    def __init__(self, offset_s: float = 0.0) -> None:
        self._offset_s = offset_s
        self._started = time.time() - time.monotonic()
        self._lock = Lock()

    def now(self) -> float:
        """The present moment in seconds; a change of the machine's own time does not reach it."""
        return self._started + time.monotonic() + self._offset_s

    def now_ms(self) -> int:
        """The present moment in whole milliseconds."""
        return int(self.now() * 1000)

    @property
    def offset_s(self) -> float:
        """By how many seconds the clock was moved."""
        return self._offset_s

    def advance(self, seconds: float) -> None:
        """Move the clock; backwards is allowed."""
        with self._lock:
            self._offset_s += seconds
