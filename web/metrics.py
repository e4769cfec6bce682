"""/metrics: Prometheus text about requests, the queue and the workers; for this machine or an operator alone."""

from __future__ import annotations

import threading
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

import bottle

from errors import Tellable, Temporary
from sources import quota
from store import census, sql
from web import auth
from web.routing import PUBLIC, route

if TYPE_CHECKING:
    from web.call import Call
    from web.queueing import QueueState

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
    return "\n".join([*_request_lines(), *_queue_lines(call), *_quota_lines(call), *_database_lines(), ""]).encode()


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
        runs, work, boxes, ended = census.runs(), census.work(), census.mailboxes(), census.ended()
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
        *_ended_lines(ended),
    ]


def _ended_lines(ended: census.Ended) -> list[str]:
    name = "prosaas_job_seconds"
    lines = [f"# HELP {name} From start to end, of what ended in the last hour.", f"# TYPE {name} gauge"]
    for kind, seconds in sorted(ended.seconds.items()):
        for quantile in (0.5, 0.9, 0.99, 1.0):
            value = seconds[min(len(seconds) - 1, int(quantile * len(seconds)))]
            lines.append(f'{name}{{kind="{kind}",quantile="{quantile:g}"}} {value:g}')
    name = "prosaas_jobs_ended_hour"
    lines += [
        f"# HELP {name} Runs and work that ended in the last hour, and how many of them failed.",
        f"# TYPE {name} gauge",
    ]
    for kind, seconds in sorted(ended.seconds.items()):
        failed = ended.failed[kind]
        lines.append(f'{name}{{kind="{kind}",outcome="done"}} {len(seconds) - failed}')
        lines.append(f'{name}{{kind="{kind}",outcome="failed"}} {failed}')
    name = "prosaas_sync_mails_hour"
    lines += [f"# HELP {name} Mails of the runs that ended in the last hour.", f"# TYPE {name} gauge"]
    return [*lines, *(f'{name}{{what="{what}"}} {number}' for what, number in ended.mails.items())]


def _quota_lines(call: Call) -> list[str]:
    """Gmail's units of the present minute: for the Google client, and for the mailbox with the least left."""
    name = "prosaas_gmail_quota_left"
    lines = [f"# HELP {name} Units that may still be charged this minute.", f"# TYPE {name} gauge"]
    with suppress(Temporary):
        left = quota.left(call.site.queue.client, quota.PLANS[call.site.config.gmail_quota])
        lines += [f'{name}{{of="{of}"}} {units}' for of, units in left.items()]
    return lines


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
        *_ocr_lines(state),
    ]


def _ocr_lines(state: QueueState) -> list[str]:
    """What the workers' engines have read since each of them started."""
    names = [f'worker="{worker["host"]}:{worker["pid"]}"' for worker in state.workers]
    read = [worker.get("ocr", (0, 0.0)) for worker in state.workers]
    return [
        "# HELP prosaas_ocr_seconds_total Seconds that text recognition took.",
        "# TYPE prosaas_ocr_seconds_total counter",
        *(f"prosaas_ocr_seconds_total{{{name}}} {seconds:.3f}" for name, (_, seconds) in zip(names, read, strict=True)),
        "# HELP prosaas_ocr_total Messages and files that went to text recognition.",
        "# TYPE prosaas_ocr_total counter",
        *(f"prosaas_ocr_total{{{name}}} {number}" for name, (number, _) in zip(names, read, strict=True)),
    ]
