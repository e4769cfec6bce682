"""Google's limits: units in a sliding window per user and project, requests in flight, bytes a day."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import asdict, dataclass, replace
from threading import Lock
from typing import Any

from demo.standin.refusals import quota_exceeded, too_many_concurrent, user_rate_429

_DAY_S = 86400.0
_UNITS = {"standard": 6_000, "legacy": 15_000, "off": None}


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force; None is no limit."""

    mode: str = "standard"  # also which price list counts: "standard", "legacy" or "off" (standard prices)
    units: int | None = 6_000  # per user and window
    project_units: int | None = 1_200_000
    window_s: float = 60.0
    concurrency: int | None = 20
    bytes_per_day: int | None = None

    @classmethod
    def of(cls, mode: str) -> Limits:
        """The limits of a mode's name."""
        if mode == "off":
            return cls("off", None, None, 60.0, None, None)
        return cls(mode, _UNITS[mode])

    def changed(self, **values: Any) -> Limits:
        """These limits with some values changed; a new mode brings its own values first."""
        values = {name: value for name, value in values.items() if name in asdict(self)}
        start = Limits.of(values["mode"]) if "mode" in values else self
        return replace(start, **values)


class Meter:
    """What was spent in the last `window_s` seconds, and the most it ever was."""

    def __init__(self) -> None:
        self.events: deque[tuple[float, int]] = deque()
        self.sum = 0
        self.most = 0
        self.total = 0

    def prune(self, now: float, window_s: float) -> None:
        """Forget what left the window."""
        while self.events and self.events[0][0] <= now - window_s:
            self.sum -= self.events.popleft()[1]

    def add(self, now: float, amount: int) -> None:
        """Count an amount; prune first."""
        self.events.append((now, amount))
        self.sum += amount
        self.total += amount
        self.most = max(self.most, self.sum)


class Quota:
    """Limits enforced and figures kept; every method may be called from any thread."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Forget all spending and figures."""
        with self._lock:
            self.spent: dict[str, Meter] = defaultdict(Meter)  # what counts against the limit
            self.ours: dict[str, Meter] = defaultdict(Meter)  # what this client's own calls cost
            self.bytes: dict[str, Meter] = defaultdict(Meter)
            self.project = Meter()
            self.flying: Counter[str] = Counter()
            self.most_flying: Counter[str] = Counter()
            self.refused: Counter[str] = Counter()

    def charge(self, user: str, units: int, now: float) -> None:
        """Take units for one call; Refusal when the window is full, and then nothing is taken."""
        limits = self.limits
        with self._lock:
            day = self.bytes[user]
            day.prune(now, _DAY_S)
            if limits.bytes_per_day is not None and day.sum >= limits.bytes_per_day:
                self.refused["bandwidth"] += 1
                raise user_rate_429(day.events[0][0] + _DAY_S)
            spent = self.spent[user]
            spent.prune(now, limits.window_s)
            self.project.prune(now, limits.window_s)
            full = limits.units is not None and spent.sum + units > limits.units
            if full or (limits.project_units is not None and self.project.sum + units > limits.project_units):
                self.refused["quota"] += 1
                raise quota_exceeded()
            ours = self.ours[user]
            ours.prune(now, limits.window_s)
            ours.add(now, units)
            spent.add(now, units)
            self.project.add(now, units)

    def eat(self, user: str, units: int, now: float) -> None:
        """Another program on the same mailbox spends units."""
        with self._lock:
            spent = self.spent[user]
            spent.prune(now, self.limits.window_s)
            spent.add(now, units)

    def enter(self, user: str) -> None:
        """One more request of the user in flight; Refusal when there are too many."""
        with self._lock:
            limit = self.limits.concurrency
            if limit is not None and self.flying[user] >= limit:
                self.refused["concurrent"] += 1
                raise too_many_concurrent()
            self.flying[user] += 1
            self.most_flying[user] = max(self.most_flying[user], self.flying[user])

    def hold(self, user: str, count: int) -> int:
        """As many of `count` requests of the user as may be in flight beside what already is."""
        with self._lock:
            limit = self.limits.concurrency
            held = count if limit is None else max(0, min(count, limit - self.flying[user]))
            self.flying[user] += held
            self.most_flying[user] = max(self.most_flying[user], self.flying[user])
            return held

    def release(self, user: str, count: int) -> None:
        """Requests that were held are answered."""
        with self._lock:
            self.flying[user] -= count

    def leave(self, user: str) -> None:
        """A request of the user is answered."""
        with self._lock:
            self.flying[user] -= 1

    def sent(self, user: str, amount: int, now: float) -> None:
        """Bytes went out to the user."""
        with self._lock:
            meter = self.bytes[user]
            meter.prune(now, _DAY_S)
            meter.add(now, amount)

    def figures(self, user: str, now: float) -> dict[str, Any]:
        """What one user's calls cost: units of the running window, the fullest window, all; bytes; in flight."""
        with self._lock:
            ours, spent = self.ours.get(user, Meter()), self.spent.get(user, Meter())
            ours.prune(now, self.limits.window_s)
            spent.prune(now, self.limits.window_s)
            return {
                "units": ours.total,
                "window_units": ours.sum,
                "max_window_units": ours.most,
                "window_units_with_others": spent.sum,
                "bytes": self.bytes.get(user, Meter()).total,
                "most_in_flight": self.most_flying[user],
            }
