"""The table of background work."""

from __future__ import annotations

import peewee

import clock
from database import Table, UtcField
from tables.people import Business


class Work(Table):
    """A piece of background work: the row is the job, Redis only its doorbell (docs/reliability.md)."""

    business_id: int | None
    business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE")  # null: of the whole installation
    kind = peewee.CharField()  # a name of jobs/kinds.py
    args = peewee.JSONField(default=dict)  # what was asked; never changes
    key = peewee.CharField(null=True, unique=True)  # what there may be only one of
    keeps_key = peewee.BooleanField(default=False)  # a planned slot: done once, and never again
    state = peewee.JSONField(default=dict)  # where the next step begins
    result = peewee.JSONField(default=dict)
    status = peewee.CharField(default="queued")  # queued | running | done | failed | cancelled
    priority = peewee.CharField(default="default")  # high | default | low
    progress = peewee.IntegerField(default=0)
    total = peewee.IntegerField(null=True)
    tries = peewee.IntegerField(default=0)  # since the last step that ended well; counted before the try begins
    next_try_at = UtcField(default=clock.now)
    lease_until = UtcField(null=True)  # null between two steps
    fence = peewee.IntegerField(default=0)
    rung_at = UtcField(null=True)
    cancel_requested = peewee.BooleanField(default=False)
    error_code = peewee.CharField(null=True)
    error_text = peewee.TextField(null=True)
    requested_by = peewee.CharField(default="")  # user:<id> | token:<id> | schedule | cli
    created_at = UtcField(default=clock.now)
    started_at = UtcField(null=True)
    finished_at = UtcField(null=True)

    class Meta:
        """What the sweeper and the lists ask for."""

        indexes = ((("status", "next_try_at"), False), (("business", "kind", "id"), False))
