"""The table of the audit trail: who changed what, from what, to what; rows are added and never altered."""

from __future__ import annotations

import peewee

import clock
from database import Table, UtcField
from tables.people import Business


class AuditEntry(Table):
    """One change. `business` is null for what concerns a person or the installation and no single business."""

    business_id: int | None
    business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE", index=False)
    at = UtcField(default=clock.now)
    actor = peewee.CharField()  # user:<id> | token:<id> | cli | system
    action = peewee.CharField()  # receipt.changed, member.added ...
    object_type = peewee.CharField()
    object_id = peewee.IntegerField(null=True)
    label = peewee.CharField(default="")  # what it was called then
    changes = peewee.JSONField(default=dict)  # {field: [from, to]}

    class Meta:
        """The trail of a business, and of one thing."""

        indexes = ((("business", "id"), False), (("business", "object_type", "object_id", "id"), False))
