"""The doctor's checks over HTTP, for the status page of those who look after the installation."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from web import checks, shapes
from web.routing import OPERATOR, route

if TYPE_CHECKING:
    from web.call import Call


@route(
    "GET",
    "/api/doctor",
    role=OPERATOR,
    summary="Everything that `./prosaas doctor` looks at",
    answers={200: shapes.obj(ok=shapes.BOOL, checks=shapes.many(shapes.FREE))},
    tag="health",
)
def doctor(call: Call) -> dict[str, Any]:
    """Each check with its verdict (ok, warn, fail), a sentence and what to do."""
    found = list(checks.run(call.site.config, call.site.config.home))
    return {"ok": all(one.verdict != checks.FAIL for one in found), "checks": [asdict(one) for one in found]}
