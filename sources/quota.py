"""Gmail's quota: what a call costs, how much may be sent in a minute, and how many calls may run at once."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Plan:
    """What Google allows and what it charges, in quota units; a limit of None is none."""

    name: str
    per_mailbox: int | None  # units a minute, of one mailbox
    per_project: int | None  # units a minute, of all mailboxes of one Google client
    message: int
    list: int = 5
    history: int = 2
    profile: int = 1


STANDARD = Plan("standard", 6_000, 1_200_000, message=20)
LEGACY = Plan("legacy", 15_000, 1_200_000, message=5)
OFF = Plan("off", None, None, message=20)
PLANS = {plan.name: plan for plan in (STANDARD, LEGACY, OFF)}

SHARE = 0.9875  # of a limit that is used: the rest is for what was sent but not counted alike at the other end
WINDOW_S = 61.0  # longer than Google's minute, for calls do not arrive as evenly as they are sent


class Limiter(Protocol):
    """Keeps what was sent within the quota. Every method may be called from any thread."""

    @property
    def plan(self) -> Plan:
        """The prices by which it charges."""
        ...

    def charge(self, units: int) -> float:
        """0.0 when the units are charged and may be sent now; else seconds to wait, and nothing is charged.

        Temporary when the account cannot be kept at the moment: nothing may be sent.
        """
        ...

    def hold(self, seconds: float) -> None:
        """Let nothing through for so long, because Google said so."""
        ...


class Window:
    """A sliding window: the units charged within any `seconds` never exceed `limit`."""

    def __init__(self, limit: int | None, seconds: float = WINDOW_S) -> None:
        """Take the limit in units (None: no limit) and the window's length."""
        self.limit = limit
        self.seconds = seconds
        self._spent: deque[tuple[float, int]] = deque()
        self._total = 0

    def wait(self, units: int, now: float) -> float:
        """Seconds until `units` would fit; 0.0 when they do."""
        while self._spent and self._spent[0][0] <= now - self.seconds:
            self._total -= self._spent.popleft()[1]
        if self.limit is None:
            return 0.0
        over = self._total + min(units, self.limit) - self.limit
        if over <= 0:
            return 0.0
        for at, spent in self._spent:
            over -= spent
            if over <= 0:
                return at + self.seconds - now
        return self.seconds

    def add(self, units: int, now: float) -> None:
        """Charge the units."""
        if self.limit is not None:
            self._spent.append((now, units))
            self._total += units


class LocalLimiter:
    """A Limiter within one process: for tests, tools and a plan without limits."""

    def __init__(
        self, plan: Plan = OFF, *, window_s: float = WINDOW_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the plan; `window_s` scales the minute down for a measurement."""
        self._plan = plan
        self._clock = clock
        self._windows = tuple(
            Window(limit and int(limit * SHARE), window_s) for limit in (plan.per_mailbox, plan.per_project)
        )
        self._held_until = 0.0
        self._lock = threading.Lock()

    @property
    def plan(self) -> Plan:
        """The prices by which it charges."""
        return self._plan

    def charge(self, units: int) -> float:
        """As the port says."""
        with self._lock:
            now = self._clock()
            wait = max(self._held_until - now, 0.0, *(window.wait(units, now) for window in self._windows))
            if wait <= 0:
                for window in self._windows:
                    window.add(units, now)
            return wait

    def hold(self, seconds: float) -> None:
        """As the port says."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)


class Pace:
    """How many calls may run at once: one more for every round that went well, half after a collision.

    Google's limit for this is not published, is shared with every other app on the mailbox, and counts the
    parts of a batch.
    """

    def __init__(self, most: int = 4, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the most that is ever tried."""
        self.most = most
        self._allowed = float(most)
        self._running = 0
        self._collided_at = float("-inf")
        self._clock = clock
        self._freed = threading.Condition()

    @property
    def allowed(self) -> int:
        """How many may run at the moment."""
        return max(1, int(self._allowed))

    @contextmanager
    def slot(self, calls: int = 1) -> Iterator[None]:
        """Wait for room for `calls` calls and keep it; more than are allowed go alone."""
        with self._freed:
            self._freed.wait_for(lambda: not self._running or self._running + calls <= self.allowed)
            self._running += calls
        try:
            yield
        finally:
            with self._freed:
                self._running -= calls
                self._freed.notify_all()

    def went_well(self, calls: int = 1) -> None:
        """Calls came back without a collision."""
        with self._freed:
            self._allowed = min(float(self.most), self._allowed + calls / self._allowed)

    def collided(self) -> None:
        """Google said too many at once; those that were under way together count once."""
        with self._freed:
            now = self._clock()
            if now - self._collided_at >= 1.0:
                self._collided_at = now
                self._allowed = max(1.0, self._allowed / 2)
