"""The tables of events and their way to the outside world."""

from __future__ import annotations

import peewee

import clock
from database import Owned, SecretField, UtcField
from tables.people import Business


class Endpoint(Owned):
    """An address of the outside world that is told of events (docs/webhooks.md)."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    url = peewee.TextField()
    secret = SecretField()
    events = peewee.JSONField(default=list)  # names of store.events.TYPES, or * for all
    active = peewee.BooleanField(default=True)
    paused_at = UtcField(null=True)  # it failed for a day; a person resumes it
    failures = peewee.IntegerField(default=0)  # in a row
    failing_since = UtcField(null=True)
    wake_at = UtcField(null=True)  # not before this moment
    lease_until = UtcField(null=True)  # somebody delivers to it
    fence = peewee.IntegerField(default=0)
    rung_at = UtcField(null=True)
    delivered_at = UtcField(null=True)  # the last success
    created_at = UtcField(default=clock.now)


class Event(Owned):
    """Something that happened in a business, as it is told to the outside world."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    sequence = peewee.IntegerField()
    uid = peewee.CharField(unique=True)
    type = peewee.CharField()
    data = peewee.JSONField()
    created_at = UtcField(index=True, default=clock.now)

    class Meta:
        """The order of a business's events."""

        indexes = ((("business", "sequence"), True),)


class Delivery(Owned):
    """An event on its way to an endpoint: the row is the job, Redis only its doorbell."""

    business_id: int
    endpoint_id: int
    event_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    endpoint = peewee.ForeignKeyField(Endpoint, on_delete="CASCADE", index=False)
    event = peewee.ForeignKeyField(Event, on_delete="CASCADE")
    state = peewee.CharField(default="waiting")  # waiting | delivered | failed
    tries = peewee.IntegerField(default=0)
    claims = peewee.IntegerField(default=0)  # the fence: whoever sent it last may say what came of it
    next_try_at = UtcField(default=clock.now)
    tried_at = UtcField(null=True)
    delivered_at = UtcField(null=True)
    last_status = peewee.IntegerField(null=True)
    last_error = peewee.TextField(null=True)
    log = peewee.JSONField(default=list)  # the last tries: [{"at", "status", "error": {"code", "text"}, "ms"}]

    class Meta:
        """An event goes to an endpoint once."""

        indexes = ((("endpoint", "event"), True), (("endpoint", "state", "event"), False))
