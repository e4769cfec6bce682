"""The table of sign-ins with Google that are under way."""

from __future__ import annotations

from typing import Any

import peewee


def up(_migrator: Any, db: peewee.Database) -> None:
    """Make its tables and indexes."""

    class Frozen(peewee.Model):
        id = peewee.AutoField()

        class Meta:
            database = db
            legacy_table_names = False

    class Session(Frozen):
        pass

    class User(Frozen):
        pass

    class GoogleSignIn(Frozen):
        state_sha256 = peewee.CharField(null=True, unique=True)
        token_sha256 = peewee.CharField(null=True, unique=True)
        browser_sha256 = peewee.CharField()
        session = peewee.ForeignKeyField(Session, null=True, on_delete="CASCADE")
        user = peewee.ForeignKeyField(User, null=True, on_delete="CASCADE")
        nonce = peewee.CharField()
        verifier = peewee.TextField()
        expires_at = peewee.BigIntegerField()

    db.create_tables([GoogleSignIn])
