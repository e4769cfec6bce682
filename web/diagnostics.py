"""The queue from inside: depths, workers, runs that wait; for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tasks
from store import census
from web import shapes
from web.routing import OPERATOR, route

if TYPE_CHECKING:
    from web.call import Call


@route(
    "GET",
    "/api/queue/diagnostics",
    role=OPERATOR,
    summary="Queue, workers and runs of the whole installation",
    answers={
        200: shapes.obj(
            redis=shapes.TEXT,
            queue=shapes.FREE,
            queues=shapes.many(shapes.TEXT),
            workers=shapes.many(shapes.FREE),
            runs=shapes.FREE,
        )
    },
)
def diagnostics(call: Call) -> dict[str, Any]:
    """Numbers and ids only."""
    state = call.site.queue.state()
    return {
        "redis": "ok" if state.redis_ok else "down",
        "queue": state.depths,
        "queues": list(tasks.QUEUES),
        "workers": state.workers,
        "runs": census.runs(),
    }
