"""Vendor rules and what they did, pairs kept apart, documents' passwords, who is expected."""

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

    class Mail(Frozen):
        pass

    class Receipt(Frozen):
        pass

    class VendorRule(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
        vendor = peewee.TextField()
        tax_id = peewee.CharField(null=True)
        domain = peewee.CharField(null=True)
        name = peewee.CharField(null=True)
        field = peewee.CharField()
        value = peewee.TextField()
        state = peewee.CharField()
        receipt = peewee.ForeignKeyField(Receipt, null=True, on_delete="SET NULL")
        created_by = peewee.CharField()
        created_at = peewee.BigIntegerField()
        retired_at = peewee.BigIntegerField(null=True)

        class Meta:
            indexes = ((("business", "retired_at"), False),)

    class RuleUse(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
        rule = peewee.ForeignKeyField(VendorRule, on_delete="CASCADE", index=False)
        receipt = peewee.ForeignKeyField(Receipt, on_delete="CASCADE")
        was = peewee.JSONField()
        created_at = peewee.BigIntegerField()

        class Meta:
            indexes = ((("rule", "receipt"), True),)

    class KeptApart(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        first = peewee.ForeignKeyField(Receipt, on_delete="CASCADE", index=False)
        second = peewee.ForeignKeyField(Receipt, on_delete="CASCADE")

        class Meta:
            indexes = ((("first", "second"), True),)

    class DocumentPassword(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        vendor = peewee.TextField()
        domain = peewee.CharField(null=True)
        password = peewee.TextField()
        created_by = peewee.CharField()
        created_at = peewee.BigIntegerField()

    class VendorNote(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        name = peewee.CharField()
        expected = peewee.BooleanField()
        created_at = peewee.BigIntegerField()

        class Meta:
            indexes = ((("business", "name"), True),)

    class Awaited(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        mail = peewee.ForeignKeyField(Mail, unique=True, on_delete="CASCADE")
        receipt = peewee.ForeignKeyField(Receipt, on_delete="CASCADE")
        created_at = peewee.BigIntegerField()

    db.create_tables([VendorRule, RuleUse, KeptApart, DocumentPassword, VendorNote, Awaited])
