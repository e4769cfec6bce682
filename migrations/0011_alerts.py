"""Tables of alerts: raised, read, mailed, chosen."""

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

    class Business(Frozen):
        pass

    class User(Frozen):
        pass

    class Alert(Frozen):
        business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE", index=False)
        kind = peewee.CharField()
        about = peewee.TextField()
        lasting = peewee.CharField(null=True, unique=True)
        facts = peewee.JSONField()
        raised_at = peewee.BigIntegerField()
        seen_at = peewee.BigIntegerField()
        cleared_at = peewee.BigIntegerField(null=True)

        class Meta:
            indexes = ((("business", "id"), False),)

    class AlertRead(Frozen):
        alert = peewee.ForeignKeyField(Alert, on_delete="CASCADE", index=False)
        user = peewee.ForeignKeyField(User, on_delete="CASCADE")
        read_at = peewee.BigIntegerField()

        class Meta:
            indexes = ((("alert", "user"), True),)

    class AlertLetter(Frozen):
        alert = peewee.ForeignKeyField(Alert, on_delete="CASCADE", index=False)
        user = peewee.ForeignKeyField(User, on_delete="CASCADE", index=False)
        sent_at = peewee.BigIntegerField(null=True)

        class Meta:
            indexes = ((("alert", "user"), True), (("user", "sent_at"), False))

    class AlertChoice(Frozen):
        key = peewee.CharField(unique=True)
        business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE")
        user = peewee.ForeignKeyField(User, null=True, on_delete="CASCADE")
        kind = peewee.CharField()
        ways = peewee.JSONField()

    db.create_tables([Alert, AlertRead, AlertLetter, AlertChoice])
