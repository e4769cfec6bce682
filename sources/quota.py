"""Gmail's quota: what a call costs, how much may be sent in a minute, and how many calls may run at once."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import redis

from errors import Temporary

if TYPE_CHECKING:
    from redis import Redis


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
SLOWEST = 0.1  # of our share, however often Google says that the quota is used up
SLOW_ONCE_S = 5.0
REGROW_S = 600.0  # for the whole share to come back


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

    def slow(self) -> None:
        """Google said that the quota is used up though we are within it: halve our share; it grows back by itself."""
        ...


class Window:
    """A sliding window: the units charged within any `seconds` never exceed `limit`."""

    def __init__(self, limit: int | None, seconds: float = WINDOW_S) -> None:
        """Take the limit in units (None: no limit) and the window's length."""
        self.limit = limit
        self.seconds = seconds
        self._spent: deque[tuple[float, int]] = deque()
        self._total = 0

    def wait(self, units: int, now: float, share: float = 1.0) -> float:
        """Seconds until `units` would fit into this share of the limit; 0.0 when they do."""
        while self._spent and self._spent[0][0] <= now - self.seconds:
            self._total -= self._spent.popleft()[1]
        if self.limit is None:
            return 0.0
        limit = int(self.limit * share)
        over = self._total + min(units, limit) - limit
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
        self._mailbox = Window(_usable(plan.per_mailbox), window_s)
        self._project = Window(_usable(plan.per_project), window_s)
        self._held_until = float("-inf")
        self._share = 1.0
        self._slowed_at = float("-inf")
        self._lock = threading.Lock()

    @property
    def plan(self) -> Plan:
        """The prices by which it charges."""
        return self._plan

    def charge(self, units: int) -> float:
        """As the port says."""
        with self._lock:
            now = self._clock()
            wait = max(
                0.0,
                self._held_until - now,
                self._mailbox.wait(units, now, self._present_share(now)),
                self._project.wait(units, now),
            )
            if wait <= 0:
                self._mailbox.add(units, now)
                self._project.add(units, now)
            return wait

    def hold(self, seconds: float) -> None:
        """As the port says."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def slow(self) -> None:
        """As the port says."""
        with self._lock:
            now = self._clock()
            if now - self._slowed_at >= SLOW_ONCE_S:  # calls that were under way together count once
                self._share = max(SLOWEST, self._present_share(now) / 2)
                self._slowed_at = now

    def _present_share(self, now: float) -> float:
        return min(1.0, self._share + max(0.0, now - self._slowed_at) / REGROW_S)


class RedisLimiter:
    """A Limiter kept in Redis: right for any number of workers, and over their restarts.

    The minute is measured by Redis' own clock. Each process also keeps its own charges, so that a Redis that lost its
    last second cannot be overdrawn by the workers that live on.
    """

    def __init__(
        self, client: Redis, plan: Plan, *, mailbox: str, project: str = "", window_s: float = WINDOW_S
    ) -> None:
        """Take the connection, the plan, and the names of the mailbox and of the Google client.

        `window_s` scales the minute down for a measurement.
        """
        self._client = client
        self._plan = plan
        self._limits = [_usable(limit) or 0 for limit in (plan.per_mailbox, plan.per_project)]
        self._window_s = window_s
        box, all_boxes = f"quota:mailbox:{mailbox}", f"quota:project:{project}"
        self._held_key, self._slowed_key = f"{box}:held", f"{box}:slowed"
        self._keys = [
            f"{box}:spent",
            f"{box}:total",
            f"{all_boxes}:spent",
            f"{all_boxes}:total",
            self._held_key,
            self._slowed_key,
        ]
        self._charge = client.register_script(_CHARGE)
        self._slow = client.register_script(_SLOW)
        # A little shorter, so that it never objects to what a Redis that lost nothing allows
        self._own = Window(_usable(plan.per_mailbox), window_s - min(0.5, window_s / 60))
        self._lock = threading.Lock()

    @property
    def plan(self) -> Plan:
        """The prices by which it charges."""
        return self._plan

    def charge(self, units: int) -> float:
        """As the port says; Temporary `redis_unavailable` when Redis does not answer."""
        arguments = [units, int(self._window_s * 1000), *self._limits, SLOWEST, int(REGROW_S * 1000)]
        with self._lock:
            now = time.monotonic()
            if (wait := self._own.wait(units, now)) > 0:
                return wait
            with _redis_errors():
                wait_ms = int(self._charge(keys=self._keys, args=arguments))
            if wait_ms <= 0:
                self._own.add(units, now)
            return wait_ms / 1000

    def hold(self, seconds: float) -> None:
        """As the port says."""
        milliseconds = max(1, int(seconds * 1000))
        with _redis_errors():
            if int(self._client.pttl(self._held_key)) < milliseconds:
                self._client.set(self._held_key, 1, px=milliseconds)

    def slow(self) -> None:
        """As the port says."""
        with _redis_errors():
            self._slow(keys=[self._slowed_key], args=[SLOWEST, int(REGROW_S * 1000), int(SLOW_ONCE_S * 1000)])


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


def _usable(limit: int | None) -> int | None:
    return None if limit is None else int(limit * SHARE)


@contextmanager
def _redis_errors() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise Temporary(
            "redis_unavailable",
            "Redis does not answer, so Gmail's quota cannot be kept. It goes on by itself.",
            retry_after_s=2.0,
        ) from error


# How much of the limit we allow ourselves, in thousandths, after Google complained: it grows back with time.
_PRESENT_SHARE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function present_share(key, regrow)
  local slowed = redis.call('HMGET', key, 'share', 'at')
  if not slowed[1] then return 1, 0 end
  return math.min(1, tonumber(slowed[1]) + math.max(0, now - tonumber(slowed[2])) / regrow), tonumber(slowed[2])
end
"""

_SLOW = (
    _PRESENT_SHARE
    + """
local slowest, regrow, once = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local share, at = present_share(KEYS[1], regrow)
if now - at >= once then
  redis.call('HSET', KEYS[1], 'share', tostring(math.max(slowest, share / 2)), 'at', string.format('%d', now))
  redis.call('PEXPIRE', KEYS[1], regrow)
end
return 1
"""
)

# Each window is a list of "milliseconds units" in the order they were charged, and their sum beside it.
_CHARGE = (
    _PRESENT_SHARE
    + """
local units, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local share = present_share(KEYS[6], tonumber(ARGV[6]))
local limits = {math.floor(tonumber(ARGV[3]) * share), tonumber(ARGV[4])}
local wait = math.max(0, redis.call('PTTL', KEYS[5]))

local function entry(value)
  local at, spent = string.match(value, '^(%d+) (%d+)$')
  return tonumber(at), tonumber(spent)
end

for i = 1, 2 do
  local spent_key, total_key, limit = KEYS[2 * i - 1], KEYS[2 * i], limits[i]
  if limit > 0 then
    local total = tonumber(redis.call('GET', total_key) or '0')
    local last = redis.call('LINDEX', spent_key, -1)
    if last then
      local at = entry(last)
      if at > now + 1000 then
        -- the clock was set back: what was spent counts as spent now, and the window slides on from here
        redis.call('DEL', spent_key)
        redis.call('RPUSH', spent_key, string.format('%d %d', now, total))
      end
    end
    local first = redis.call('LINDEX', spent_key, 0)
    while first do
      local at, spent = entry(first)
      if at > now - window then break end
      redis.call('LPOP', spent_key)
      total = total - spent
      first = redis.call('LINDEX', spent_key, 0)
    end
    if not first then total = 0 end
    redis.call('SET', total_key, string.format('%d', total), 'PX', window + 1000)
    local over = total + math.min(units, limit) - limit
    local index = 0
    while over > 0 do
      local value = redis.call('LINDEX', spent_key, index)
      if not value then wait = math.max(wait, window) break end
      local at, spent = entry(value)
      over = over - spent
      if over <= 0 then wait = math.max(wait, at + window - now) end
      index = index + 1
    end
  end
end
if wait > 0 then return math.ceil(wait) end

for i = 1, 2 do
  if limits[i] > 0 then
    redis.call('RPUSH', KEYS[2 * i - 1], string.format('%d %d', now, units))
    redis.call('PEXPIRE', KEYS[2 * i - 1], window + 1000)
    redis.call('INCRBY', KEYS[2 * i], units)
  end
end
return 0
"""
)


def left(client: Redis, plan: Plan) -> dict[str, int]:
    """Units that may still be charged at this moment: `project`, and `mailbox` of the one that has the least left.

    Where nothing was charged lately all is left; a plan without limits has none to tell.
    """
    limits = {"mailbox": _usable(plan.per_mailbox), "project": _usable(plan.per_project)}
    found = {of: limit for of, limit in limits.items() if limit is not None}
    with _redis_errors():
        seconds, microseconds = client.time()
        since = seconds * 1000 + microseconds // 1000 - int(WINDOW_S * 1000)
        for of in found:
            for key in client.scan_iter(match=f"quota:{of}:*:spent", count=1000):
                pairs = (entry.decode().split() for entry in client.lrange(key, 0, -1))  # type: ignore[union-attr]
                spent = sum(int(units) for at, units in pairs if int(at) > since)
                found[of] = min(found[of], max(0, (limits[of] or 0) - spent))
    return found
