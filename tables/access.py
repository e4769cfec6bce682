"""The tables of invitations, and of answers kept for a repeated request."""

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
