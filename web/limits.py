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
_lock = threading.Lock()
_here: dict[tuple[int, int], int] = {}
_away_until = 0.0


def take(call: Call, token_id: int) -> None:
    """Count a request of the token in the present minute; Tellable `rate_limited` with the seconds to wait."""
    most = call.site.config.api_rate
    if most <= 0:
        return
    now = time.time()
    window, left = int(now) // _WINDOW_S, _WINDOW_S - int(now) % _WINDOW_S
    count = _counted(call, token_id, window)
    bottle.response.set_header("X-RateLimit-Limit", str(most))
    bottle.response.set_header("X-RateLimit-Remaining", str(max(0, most - count)))
    if count > most:
        raise Tellable("rate_limited", f"This token asks too often; at most {most} times a minute.", retry_after_s=left)


def _counted(call: Call, token_id: int, window: int) -> int:
    global _away_until
    if time.monotonic() >= _away_until:
        key = f"prosaas:rate:{token_id}:{window}"
        try:
            with call.site.queue.client.pipeline(transaction=False) as pipe:
                pipe.incr(key)
                pipe.expire(key, _WINDOW_S + 5)
                return int(pipe.execute()[0])
        except redis.RedisError:
            _away_until = time.monotonic() + _REST_S
    with _lock:  # this process alone, until Redis is back
        for old in [one for one in _here if one[1] != window]:
            del _here[old]
        _here[token_id, window] = _here.get((token_id, window), 0) + 1
        return _here[token_id, window]
