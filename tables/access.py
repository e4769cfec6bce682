"""The tables of invitations, alerts and their choices, and of answers kept for a repeated request."""

from __future__ import annotations

import peewee

import clock
from database import Owned, Table, UtcField
from tables.people import Business, User


class Invitation(Owned):
    """A link that lets somebody join a business in a role; only the hash of its token is kept."""

    business_id: int
    invited_by_id: int | None
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    email = peewee.CharField()
    role = peewee.CharField()
    token_sha256 = peewee.CharField(unique=True)
    invited_by = peewee.ForeignKeyField(User, null=True, on_delete="SET NULL")
    created_at = UtcField(default=clock.now)
    expires_at = UtcField()
    accepted_at = UtcField(null=True)


class Alert(Owned):
    """Something that a person should see to; open until it is over by itself."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    kind = peewee.CharField()  # of store.alerts.KINDS
    subject = peewee.CharField(default="")  # which mailbox, vendor ...: one open alert of a kind and subject
    data = peewee.JSONField(default=dict)
    created_at = UtcField(default=clock.now)
    over_at = UtcField(null=True)
    mailed_at = UtcField(null=True)

    class Meta:
        """What is open in a business."""

        indexes = ((("business", "over_at", "id"), False), (("business", "kind", "subject"), False))


class AlertSeen(Table):
    """A person has put an alert away."""

    alert = peewee.ForeignKeyField(Alert, on_delete="CASCADE", index=False)
    user = peewee.ForeignKeyField(User, on_delete="CASCADE")
    at = UtcField(default=clock.now)

    class Meta:
        """Once."""

        indexes = ((("alert", "user"), True),)


class AlertChoice(Table):
    """How a person wants to hear of a kind of alert in a business; without a row, as store.alerts says."""

    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    user = peewee.ForeignKeyField(User, on_delete="CASCADE")
    kind = peewee.CharField()
    app = peewee.BooleanField()
    mail = peewee.BooleanField()

    class Meta:
        """One choice each."""

        indexes = ((("business", "user", "kind"), True),)


class Replayed(Table):
    """The answer to a request that named an Idempotency-Key, for whoever repeats it."""

    business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE")
    actor = peewee.CharField()
    key = peewee.CharField()
    request_sha256 = peewee.CharField()
    status = peewee.IntegerField(null=True)  # null while the first one is under way
    body = peewee.TextField(default="")
    created_at = UtcField(index=True, default=clock.now)

    class Meta:
        """A key is one request's."""

        indexes = ((("actor", "key"), True),)
