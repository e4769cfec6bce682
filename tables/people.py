"""The tables of businesses, people and how they sign in."""

from __future__ import annotations

import peewee

import clock
from database import Owned, SecretField, Table, UtcField


class Setting(Table):
    """A value of the whole installation."""

    name = peewee.CharField(unique=True)
    value = peewee.TextField()


class Business(Table):
    """A tenant."""

    slug = peewee.CharField(unique=True)
    name = peewee.CharField()
    country = peewee.CharField(max_length=2, default="IL")
    time_zone = peewee.CharField(default="Asia/Jerusalem")
    base_currency = peewee.CharField(max_length=3, default="ILS")
    language = peewee.CharField(default="en")
    keep_mail_days = peewee.IntegerField(null=True)  # then the bytes of mails are forgotten; null: never
    events_told = peewee.IntegerField(default=0)  # the sequence of its newest event
    created_at = UtcField(default=clock.now)


class User(Table):
    """A person."""

    email = peewee.CharField(unique=True)
    name = peewee.CharField(default="")
    password_hash = peewee.CharField(null=True)
    language = peewee.CharField(default="en")
    operator = peewee.BooleanField(default=False)
    prefs = peewee.JSONField(default=dict)  # what the screen remembers of the person
    google_id = peewee.CharField(null=True, unique=True)  # Google's own id of them, once they signed in with it
    totp_secret = SecretField(null=True)  # a second factor is asked for while totp_since is set
    totp_since = UtcField(null=True)
    totp_step = peewee.IntegerField(default=0)  # the last half-minute whose code was used: none works twice
    recovery = peewee.JSONField(default=list)  # SHA-256 of codes that stand in for the second factor, each once
    created_at = UtcField(default=clock.now)


class Membership(Table):
    """A person's role in a business: owner, member or accountant."""

    business_id: int
    user_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    user = peewee.ForeignKeyField(User, backref="memberships", on_delete="CASCADE")
    role = peewee.CharField()
    created_at = UtcField(default=clock.now)

    class Meta:
        """One role in each business."""

        indexes = ((("business", "user"), True),)


class Session(Table):
    """A signed-in browser; only the hash of its cookie is kept."""

    user_id: int
    token_sha256 = peewee.CharField(unique=True)
    user = peewee.ForeignKeyField(User, on_delete="CASCADE")
    csrf = peewee.CharField()
    agent = peewee.CharField(default="")  # the browser's own name
    created_at = UtcField(default=clock.now)
    last_seen_at = UtcField(default=clock.now)
    expires_at = UtcField()


class OneTimeLink(Table):
    """A link that signs in once; user is null for the link that makes the first owner's account."""

    user_id: int | None
    token_sha256 = peewee.CharField(unique=True)
    user = peewee.ForeignKeyField(User, null=True, on_delete="CASCADE")
    purpose = peewee.CharField(default="sign_in")  # sign_in | password
    expires_at = UtcField()
    used_at = UtcField(null=True)


class ApiToken(Owned):
    """A bearer token of one business; only its hash is kept."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    name = peewee.CharField()
    role = peewee.CharField()
    operator = peewee.BooleanField(default=False)  # may ask about the whole installation too
    token_sha256 = peewee.CharField(unique=True)
    created_at = UtcField(default=clock.now)
    last_used_at = UtcField(null=True)
