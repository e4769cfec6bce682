"""Endpoints of the outside world: made, changed, resumed and forgotten."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import clock
from errors import Tellable
from models import Endpoint, write
from store import deliveries

MOST = 20  # of one business


def listing(business_id: int) -> list[Endpoint]:
    """Oldest first."""
    return list(Endpoint.select().where(Endpoint.business == business_id).order_by(Endpoint.id))


def add(business_id: int, url: str, events: Sequence[str]) -> Endpoint:
    """A new endpoint with a secret of its own; Tellable `too_many_webhooks`."""
    with write():
        if Endpoint.select().where(Endpoint.business == business_id).count() >= MOST:
            raise Tellable("too_many_webhooks", f"A business has at most {MOST} webhooks; remove one first.")
        row: Endpoint = Endpoint.create(business=business_id, url=url, events=list(events), secret=_secret())
    return row


def change(
    row: Endpoint,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    active: bool | None = None,
    resume: bool = False,
    rotate: bool = False,
) -> Endpoint:
    """Change what is given; another address, switching it on and resuming all send what waits at once.

    Args:
        row: the endpoint.
        url: another address.
        events: what it wants from now on.
        active: off, no event is kept for it.
        resume: after it was paused, for a day of failures.
        rotate: another secret; the old one is of no use from now on.
    """
    values: dict[str, object] = {}
    if url is not None and url != row.url:
        values["url"] = url
    if events is not None:
        values["events"] = list(events)
    if active is not None:
        values["active"] = active
    if rotate:
        values["secret"] = _secret()
    again = resume or "url" in values or bool(active and not row.active)
    if again:
        values |= {"paused_at": None, "failures": 0, "failing_since": None, "wake_at": None, "rung_at": None}
    with write():
        if again:
            deliveries.bring_back(row, clock.now())
        if values:
            Endpoint.update(**values).where(Endpoint.id == row.id).execute()
    changed: Endpoint = Endpoint.get_by_id(row.id)
    return changed


def remove(row: Endpoint) -> None:
    """With all its deliveries."""
    with write():
        row.delete_instance()


def state(row: Endpoint) -> str:
    """off, paused, failing or ok."""
    if not row.active:
        return "off"
    if row.paused_at is not None:
        return "paused"
    return "failing" if row.failures else "ok"


def _secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"
