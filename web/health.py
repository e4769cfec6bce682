"""Whether everything is there: for load balancers, for the status page, for people."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import bottle

from store import sql
from web import answers, shapes
from web.routing import PUBLIC, route

if TYPE_CHECKING:
    from web.call import Call

log = logging.getLogger("web")


@route("GET", "/healthz", role=PUBLIC, summary="This process is alive", media="text/plain")
def alive(_call: Call) -> bytes:
    """Nothing but the process itself is asked."""
    bottle.response.content_type = "text/plain; charset=utf-8"
    return b"ok\n"


@route(
    "GET",
    "/api/health",
    role=PUBLIC,
    summary="Redis, database, worker and queue",
    answers={200: shapes.HEALTH, 503: shapes.HEALTH},
)
def health(call: Call) -> bytes:
    """200 when all of them are there, 503 when one is not."""
    state = call.site.queue.state()
    database = _database()
    last_seen = min((worker["last_seen_s"] for worker in state.workers), default=None)
    good = state.redis_ok and database and state.worker_alive
    body: dict[str, Any] = {
        "status": "ok" if good else "degraded",
        "redis": "ok" if state.redis_ok else "down",
        "database": "ok" if database else "down",
        "worker": {"alive": state.worker_alive, "last_seen_s": last_seen},
        "queue": state.depths,
        "version": call.site.version,
    }
    return answers.json(body, 200 if good else 503)


def _database() -> bool:
    try:
        return sql.one("select 1 from business limit 1") is not None or True
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is "down"
        sql.is_outage(error)
        log.warning("✗ Database not reachable error=%s", type(error).__name__)
        return False
