"""A worker's rounds over the deliveries in this process, and time that passes at a word."""

from __future__ import annotations

import clock
import models
from config import Config
from jobs import deliver
from models import Business, Delivery, Endpoint
from store import deliveries, events


def tell(business: Business, count: int = 1, type_: str = "export.ready") -> None:
    """So many events of the business."""
    with models.write():
        events.told(business.id, [(type_, {"number": number}) for number in range(count)])


def deliver_now(config: Config) -> int:
    """One round of what sweeper and worker do; how many endpoints had something due."""
    due = deliveries.to_ring()
    for endpoint_id in due:
        deliver.step(config, endpoint_id, lambda: False)
    return len(due)


def time_passes() -> None:
    """All pauses are over."""
    Endpoint.update(wake_at=None, rung_at=None).execute()
    Delivery.update(next_try_at=clock.now()).where(Delivery.state == "waiting").execute()
