"""How often one bearer token may ask: counted in Redis for all web processes, and here while Redis is away."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import bottle
import redis

from errors import Tellable

if TYPE_CHECKING:
    from web.call import Call

_WINDOW_S = 60
_REST_S = 5.0  # Redis is left alone for so long after it did not answer
_AHEAD = 20
_lock = threading.Lock()
_here: dict[tuple[int, int], int] = {}
_ahead: dict[tuple[int, int], tuple[int, int]] = {}  # taken ahead and not used yet; the common count with them
_away_until = 0.0


def take(call: Call, token_id: int) -> None:
    """Count a request of the token in the present minute; Tellable `rate_limited` with the seconds to wait."""
    most = call.site.config.api_rate
    if most <= 0:
        return
    now = time.time()
    window, left = int(now) // _WINDOW_S, _WINDOW_S - int(now) % _WINDOW_S
    count = _counted(call, token_id, window, most)
    bottle.response.set_header("X-RateLimit-Limit", str(most))
    bottle.response.set_header("X-RateLimit-Remaining", str(max(0, most - count)))
    if count > most:
        raise Tellable("rate_limited", f"This token asks too often; at most {most} times a minute.", retry_after_s=left)


def _counted(call: Call, token_id: int, window: int, most: int) -> int:
    """Which request of the minute this is, as far as is known here.

    A process takes some requests ahead from the common count, at most a hundredth of what is allowed: one question to
    Redis answers for all of them.
    """
    key = (token_id, window)
    with _lock:
        left, upto = _ahead.get(key, (0, 0))
        if left:
            _ahead[key] = (left - 1, upto)
            return upto - left + 1
    some = max(1, min(_AHEAD, most // 100))
    total = _from_redis(call, key, some)
    with _lock:
        if total is not None:
            for old in [one for one in _ahead if one[1] != window]:
                del _ahead[old]
            granted = min(some, most - (total - some))
            if granted <= 0:
                return total - some + 1
            left, upto = _ahead.get(key, (0, 0))  # others of this process may have asked meanwhile
            _ahead[key] = left, upto = (left + granted - 1, max(upto, total - some + granted))
            return upto - left
        for old in [one for one in _here if one[1] != window]:
            del _here[old]
        _here[key] = _here.get(key, 0) + 1  # this process alone, until Redis is back
        return _here[key]


def _from_redis(call: Call, key: tuple[int, int], some: int) -> int | None:
    """The common count with so many more; None while Redis is away."""
    global _away_until
    if time.monotonic() < _away_until:
        return None
    name = f"prosaas:rate:{key[0]}:{key[1]}"
    try:
        with call.site.queue.client.pipeline(transaction=False) as pipe:
            pipe.incrby(name, some)
            pipe.expire(name, _WINDOW_S + 5)
            return int(pipe.execute()[0])
    except redis.RedisError:
        _away_until = time.monotonic() + _REST_S
        return None
