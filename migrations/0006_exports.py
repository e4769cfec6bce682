"""The tables of what is handed over."""

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

    class Export(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        work_id = peewee.IntegerField(null=True, index=True)
        status = peewee.CharField()
        format = peewee.CharField()
        language = peewee.CharField()
        wanted = peewee.JSONField()
        first_day = peewee.DateField(null=True)
        last_day = peewee.DateField(null=True)
        mark = peewee.BooleanField()
        chosen = peewee.BooleanField()
        count = peewee.IntegerField()
        sums = peewee.JSONField()
        left_out = peewee.JSONField()
        files = peewee.JSONField()
        error_code = peewee.CharField(null=True)
        error_text = peewee.TextField(null=True)
        pack = peewee.CharField(null=True)
        requested_by = peewee.CharField()
        created_at = peewee.BigIntegerField()
        ready_at = peewee.BigIntegerField(null=True)
        undone_at = peewee.BigIntegerField(null=True)
        expired_at = peewee.BigIntegerField(null=True)

    class ExportedReceipt(Frozen):
        export = peewee.ForeignKeyField(Export, on_delete="CASCADE", index=False)
        receipt_id = peewee.IntegerField(index=True)
        position = peewee.IntegerField()

        class Meta:
            indexes = ((("export", "position"), True),)

    class ClosedMonth(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
        month = peewee.CharField(max_length=7)
        closed_by = peewee.CharField()
        closed_at = peewee.BigIntegerField()

        class Meta:
            indexes = ((("business", "month"), True),)

    class ExportPlan(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", unique=True)
        active = peewee.BooleanField()
        day = peewee.IntegerField()
        hour = peewee.IntegerField()
        formats = peewee.JSONField()
        language = peewee.CharField()
        mails = peewee.JSONField()
        close_month = peewee.BooleanField()
        since = peewee.DateField(null=True)
        books = peewee.JSONField()
        updated_at = peewee.BigIntegerField()

    class EcbRate(Frozen):
        day = peewee.DateField()
        currency = peewee.CharField(max_length=3)
        rate = peewee.CharField()

        class Meta:
            indexes = ((("day", "currency"), True),)

    class ArchivedRow(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
        name = peewee.CharField()
        was = peewee.IntegerField()
        became = peewee.IntegerField()

        class Meta:
            indexes = ((("business", "name", "was"), True),)

    db.create_tables([Export, ExportedReceipt, ClosedMonth, ExportPlan, EcbRate, ArchivedRow])
