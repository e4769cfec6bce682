"""Connections to the Redis that REDIS_URL names: one server, or whichever one its Sentinels say leads."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

_SENTINEL_PORT = 26379
_OF_SENTINEL = ("sentinel_username", "sentinel_password")


def make(address: str, timeout_s: float, connect_s: float) -> redis.ConnectionPool:
    """A pool that connects when it is first used and tries each thing once: who asks knows better what to do next.

    Behind Sentinels every new connection asks them anew, and one to a server that has become a replica is given up.
    """
    limits: dict[str, Any] = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": connect_s,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 0,
    }
    if "+sentinel://" not in address:
        return redis.ConnectionPool.from_url(address, **limits)
    parts = urlsplit(address)
    service, _, database = parts.path.strip("/").partition("/")
    scheme = parts.scheme.removesuffix("+sentinel")
    user, at, hosts = parts.netloc.rpartition("@")
    # The same options as one server's address has: read by the library itself.
    plain = urlunsplit((scheme, f"{user}{at}localhost", f"/{database or 0}", parts.query, ""))
    options: dict[str, Any] = {
        name: value
        for name, value in parse_url(plain).items()  # type: ignore[no-untyped-call]
        if name not in {"host", "port", "connection_class", *_OF_SENTINEL}
    }
    own = parse_qs(parts.query)
    tls = {name: value for name, value in options.items() if name.startswith("ssl_")}
    if scheme == "rediss":
        tls["ssl"] = options["ssl"] = True
    sentinels = Sentinel(  # type: ignore[no-untyped-call]
        [_host(one) for one in hosts.split(",")],
        sentinel_kwargs={
            **tls,
            **{name.removeprefix("sentinel_"): own[name][0] for name in _OF_SENTINEL if name in own},
            **limits,
            "socket_timeout": connect_s,
        },
    )
    return SentinelConnectionPool(  # type: ignore[no-untyped-call]
        unquote(service), sentinels, **options, **limits
    )


def _host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    return parts.hostname or "localhost", parts.port or _SENTINEL_PORT
