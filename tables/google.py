"""The table of sign-ins with Google that are under way."""

from __future__ import annotations

import peewee

from database import SecretField, Table, UtcField
from tables.people import Session, User


class GoogleSignIn(Table):
    """A way to Google and back, bound to the browser that began it; each step works once.

    First `state_sha256` waits for Google's answer; then, for a sign-in, `token_sha256` waits for the page to redeem it.
    """

    session_id: int | None
    user_id: int | None
    state_sha256 = peewee.CharField(null=True, unique=True)  # null once Google has answered
    token_sha256 = peewee.CharField(null=True, unique=True)
    browser_sha256 = peewee.CharField()
    session = peewee.ForeignKeyField(Session, null=True, on_delete="CASCADE")  # of whoever links their account
    user = peewee.ForeignKeyField(User, null=True, on_delete="CASCADE")  # whom Google vouched for
    nonce = peewee.CharField()
    verifier = SecretField()
    expires_at = UtcField()
