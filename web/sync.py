"""Asking for a sync, watching it, cancelling it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from errors import Tellable
from models import Mailbox, SyncRun
from store import receipts, runs
from web import answers, briefs, shapes, values
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call

_AFTER = {"after": values.whole(0, 2**53, default=0, about="the `seq` of the last answer: only newer receipts come")}


@route(
    "POST",
    "/api/receipts/sync",
    role="member",
    summary="Sync now",
    tag="sync",
    body={
        "mode": values.choice("incremental", "full", code="bad_mode"),
        "from_date": values.day(nullable=True),
        "to_date": values.day(nullable=True),
        "mailbox": values.row_id("one of the business's mailboxes; all that are connected otherwise"),
    },
    answers={202: shapes.QUEUED, 409: shapes.RUNNING, 503: shapes.ref("Error")},
)
def sync(call: Call) -> bytes:
    """Redis is asked first; then the run is a row, and then it is put on the queue."""
    call.site.queue.check()
    body = call.body
    mailbox = Mailbox.find(call.business_id, body["mailbox"]) if "mailbox" in body else None
    try:
        run = runs.request(
            call.business_row,
            mode=body.get("mode", "incremental"),
            from_date=body.get("from_date"),
            to_date=body.get("to_date"),
            mailbox=mailbox,
            requested_by=call.actor,
        )
    except Tellable as error:
        if error.code == "sync_running":
            _tell_progress(call, error)
        raise
    return answers.json(queued(call, run, "The sync was queued."), 202)


def queued(call: Call, run: SyncRun, message: str) -> dict[str, Any]:
    """Ring for a run that was just made and say so."""
    if call.site.queue.ring(run.id, call.business_id):
        runs.mark_rung(run.id)
    alive = call.site.queue.state().worker_alive
    return {
        "success": True,
        "message": message if alive else f"{message} No worker is running now; it will be done when one is back.",
        "job_id": f"run-{run.id}",
        "run_id": run.id,
        "status": "queued",
        "worker": "alive" if alive else "offline",
    }


def _tell_progress(call: Call, error: Tellable) -> None:
    """Put the running run beside the sentence of a 409."""
    run = runs.active(call.business_id)
    if run is not None:
        call.site.queue.nudge(run.id)
        brief = briefs.run(run, new=[], seq=0)
        told = ("status", "mode", "started_at", "heartbeat_at", "counters", "progress_percentage", "eta_s")
        error.details.update(run_id=run.id, **{name: brief[name] for name in told})


@route(
    "GET",
    "/api/receipts/sync/status",
    role="accountant",
    summary="A run and the receipts it just made",
    tag="sync",
    query={"run_id": values.row_id("the latest otherwise"), **_AFTER},
    answers={200: shapes.RUN_ANSWER},
)
def status(call: Call) -> bytes:
    """What a screen polls: ETag and 304 while nothing moved."""
    wanted = call.query["run_id"]
    run = runs.latest(call.business_id) if wanted is None else SyncRun.find(call.business_id, wanted)
    return answers.polled({"success": True, "sync_run": run and _told(call, run)})


@route(
    "GET",
    "/api/receipts/sync/latest",
    role="accountant",
    summary="The newest run",
    tag="sync",
    query=_AFTER,
    answers={200: shapes.RUN_ANSWER},
)
def latest(call: Call) -> bytes:
    """The newest run; null where there was none yet."""
    run = runs.latest(call.business_id)
    return answers.polled({"success": True, "sync_run": run and _told(call, run)})


@route(
    "GET",
    "/api/receipts/sync/runs",
    role="accountant",
    summary="All runs, newest first",
    tag="sync",
    query={"limit": values.whole(1, 200, default=50), "cursor": values.whole(1, 2**53)},
    answers={200: shapes.listed(shapes.ref("SyncRun"))},
)
def history(call: Call) -> dict[str, Any]:
    """The history of syncs."""
    limit = call.query["limit"]
    found = runs.listing(call.business_id, limit + 1, call.query["cursor"])
    more, found = len(found) > limit, found[:limit]
    return answers.listing([briefs.run(run, new=[], seq=0) for run in found], str(found[-1].id) if more else None)


@route(
    "POST",
    "/api/receipts/sync/<run_id:int>/cancel",
    role="member",
    summary="Stop a run",
    tag="sync",
    body={},
    answers={200: shapes.RUN_ANSWER},
)
def cancel(call: Call, run_id: int) -> dict[str, Any]:
    """What it has taken in so far stays."""
    run = runs.cancel(SyncRun.find(call.business_id, run_id))
    return {"success": True, "sync_run": _told(call, run)}


def _told(call: Call, run: SyncRun) -> dict[str, Any]:
    after = call.query.get("after", 0)
    rows = receipts.of_run(call.business_id, run.id, after)
    new = [briefs.receipt(row, call.business.base_currency) for row in rows]
    return briefs.run(run, new=new, seq=rows[-1]["id"] if rows else after)
