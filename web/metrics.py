"""/metrics: Prometheus text about requests, the queue and the workers; for this machine or an operator alone."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING

import bottle

from errors import Tellable
from store import census, sql
from web import auth
from web.routing import PUBLIC, route

if TYPE_CHECKING:
    from web.call import Call

_BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.0)
_lock = threading.Lock()
_requests: dict[tuple[str, str, int], int] = defaultdict(int)
_slow: dict[float, int] = dict.fromkeys(_BUCKETS, 0)
_totals = {"count": 0, "seconds": 0.0}


def count(method: str, pattern: str, status: int, seconds: float) -> None:
    """Remember one answered request."""
    with _lock:
        _requests[method, pattern, status] += 1
        _totals["count"] += 1
        _totals["seconds"] += seconds
        for bucket in _BUCKETS:
            _slow[bucket] += seconds <= bucket


@route("GET", "/metrics", role=PUBLIC, summary="Prometheus metrics", media="text/plain", tag="health")
def metrics(call: Call) -> bytes:
    """From this machine itself, or for an operator: signed in, or by a token made with --operator."""
    if not auth.from_here() and not auth.is_operator(call):
        raise Tellable("forbidden", "Metrics are for this machine itself and for operators.")
    bottle.response.content_type = "text/plain; version=0.0.4; charset=utf-8"
    return "\n".join([*_request_lines(), *_queue_lines(call), *_database_lines(), ""]).encode()


def _request_lines() -> list[str]:
    with _lock:
        requests, slow, totals = dict(_requests), dict(_slow), dict(_totals)
    lines = ["# HELP prosaas_http_requests_total Requests answered.", "# TYPE prosaas_http_requests_total counter"]
    lines += [
        f'prosaas_http_requests_total{{method="{method}",route="{pattern}",status="{status}"}} {number}'
        for (method, pattern, status), number in sorted(requests.items())
    ]
    name = "prosaas_http_request_seconds"
    lines += [f"# HELP {name} Time to answer a request.", f"# TYPE {name} histogram"]
    lines += [f'{name}_bucket{{le="{bucket}"}} {number}' for bucket, number in slow.items()]
    return [
        *lines,
        f'{name}_bucket{{le="+Inf"}} {totals["count"]}',
        f"{name}_sum {totals['seconds']:.6f}",
        f"{name}_count {totals['count']}",
    ]


def _database_lines() -> list[str]:
    """What the rows say: runs, background work and mailboxes; nothing but prosaas_database_up while it is away."""
    try:
        runs, work, boxes = census.runs(), census.work(), census.mailboxes()
    except Exception as error:
        if not sql.is_outage(error):
            raise
        return ["# TYPE prosaas_database_up gauge", "prosaas_database_up 0"]
    oldest = {"sync": runs["oldest_queued_s"] or 0, "work": work["oldest_queued_s"] or 0}
    return [
        "# TYPE prosaas_database_up gauge",
        "prosaas_database_up 1",
        "# HELP prosaas_jobs Rows that wait or are worked on.",
        "# TYPE prosaas_jobs gauge",
        *(f'prosaas_jobs{{kind="sync",state="{state}"}} {runs[state]}' for state in ("queued", "running")),
        *(f'prosaas_jobs{{kind="work",state="{state}"}} {work[state]}' for state in ("queued", "running")),
        "# HELP prosaas_oldest_job_seconds How long the one that waits longest has been waiting.",
        "# TYPE prosaas_oldest_job_seconds gauge",
        *(f'prosaas_oldest_job_seconds{{kind="{kind}"}} {seconds}' for kind, seconds in oldest.items()),
        "# HELP prosaas_work_failed_day Background work that failed in the last day.",
        "# TYPE prosaas_work_failed_day gauge",
        f"prosaas_work_failed_day {work['failed_today']}",
        "# HELP prosaas_mailboxes Mailboxes by state.",
        "# TYPE prosaas_mailboxes gauge",
        f'prosaas_mailboxes{{state="connected"}} {boxes["connected"]}',
        f'prosaas_mailboxes{{state="needs_reconnect"}} {boxes["needs_reconnect"]}',
        f'prosaas_mailboxes{{state="ending"}} {boxes["ending"]}',
        f'prosaas_mailboxes{{state="stale"}} {boxes["stale"]}',
    ]


def _queue_lines(call: Call) -> list[str]:
    state = call.site.queue.state()
    return [
        "# HELP prosaas_redis_up Whether Redis answers.",
        "# TYPE prosaas_redis_up gauge",
        f"prosaas_redis_up {int(state.redis_ok)}",
        "# HELP prosaas_queue_depth Tasks that wait, by priority.",
        "# TYPE prosaas_queue_depth gauge",
        *(f'prosaas_queue_depth{{priority="{name}"}} {depth}' for name, depth in state.depths.items()),
        "# HELP prosaas_workers Workers seen within 30 s.",
        "# TYPE prosaas_workers gauge",
        f"prosaas_workers {len(state.workers)}",
    ]
