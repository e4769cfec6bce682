"""The table of background work."""

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

    class Work(Frozen):
        business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE")
        kind = peewee.CharField()
        args = peewee.JSONField()
        key = peewee.CharField(null=True, unique=True)
        keeps_key = peewee.BooleanField()
        state = peewee.JSONField()
        result = peewee.JSONField()
        status = peewee.CharField()
        priority = peewee.CharField()
        progress = peewee.IntegerField()
        total = peewee.IntegerField(null=True)
        tries = peewee.IntegerField()
        next_try_at = peewee.BigIntegerField()
        lease_until = peewee.BigIntegerField(null=True)
        fence = peewee.IntegerField()
        rung_at = peewee.BigIntegerField(null=True)
        cancel_requested = peewee.BooleanField()
        error_code = peewee.CharField(null=True)
        error_text = peewee.TextField(null=True)
        requested_by = peewee.CharField()
        created_at = peewee.BigIntegerField()
        started_at = peewee.BigIntegerField(null=True)
        finished_at = peewee.BigIntegerField(null=True)

        class Meta:
            indexes = ((("status", "next_try_at"), False), (("business", "kind", "id"), False))

    db.create_tables([Work])
