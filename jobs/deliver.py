"""Events on their way out: an endpoint's turn, one delivery after the other, the oldest first."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from urllib.parse import urlsplit

import orjson

from config import Config
from errors import Temporary
from models import Endpoint
from sources import hooks
from store import deliveries

log = logging.getLogger("deliver")
STEP_S = 4.0  # then the next task of the queue has its turn


def allowed(config: Config) -> Collection[str]:
    """Hosts of private networks that the operator vouches for: PRIVATE_HOSTS, and where n8n is."""
    own = urlsplit(config.n8n_url).hostname
    return (*config.private_hosts, own) if own else config.private_hosts


def step(config: Config, endpoint_id: int, stopping: Callable[[], bool], seconds: float = STEP_S) -> bool:
    """Deliver what is due to the endpoint, for a few seconds; True when there may be more at once.

    Safe to call twice, or for an endpoint that is gone: one worker alone has its turn.
    """
    turn = deliveries.take(endpoint_id)
    if turn is None:
        return False
    until = time.monotonic() + seconds
    try:
        while not stopping():
            parcel = deliveries.pick(turn)
            if parcel is None:
                return False
            send(config, parcel)
            if time.monotonic() >= until:
                return True
        return False
    except Temporary as error:
        # What was sent but not written down is sent once more: at least once.
        log.warning("Deliveries have to wait endpoint=%s error=%s", endpoint_id, error.code)
        return False
    finally:
        with suppress(Temporary):  # the lease runs out by itself
            deliveries.give_back(turn)


def test(config: Config, endpoint: Endpoint) -> int:
    """Send a `webhook.test` event now; the id of its delivery, which says what came of it."""
    parcel = deliveries.test(endpoint)
    send(config, parcel)
    return parcel.delivery_id


def send(config: Config, parcel: deliveries.Parcel) -> str:
    """POST a claimed delivery and write down what came of it; its state then."""
    outcome = hooks.post(
        parcel.url,
        orjson.dumps(parcel.envelope),
        secret=parcel.secret,
        event=parcel.envelope["type"],
        delivery=parcel.delivery_id,
        allowed=allowed(config),
    )
    state = deliveries.settle(
        parcel,
        status=outcome.status,
        code=outcome.code,
        text=outcome.text,
        took_ms=outcome.took_ms,
        retry_after_s=outcome.retry_after_s,
    )
    log.log(
        logging.INFO if outcome.delivered else logging.WARNING,
        "Event %s delivery=%s endpoint=%s business=%s sequence=%s status=%s error=%s ms=%s",
        state,
        parcel.delivery_id,
        parcel.endpoint_id,
        parcel.business_id,
        parcel.envelope["sequence"],
        outcome.status,
        outcome.code or "-",
        outcome.took_ms,
    )
    return state
