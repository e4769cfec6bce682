"""Contacts and tasks, the audit trail, invitations and answers kept for repeated requests."""

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

    class Receipt(Frozen):
        pass

    class User(Frozen):
        pass

    class AuditEntry(Frozen):
        business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE", index=False)
        at = peewee.BigIntegerField()
        actor = peewee.CharField()
        action = peewee.CharField()
        object_type = peewee.CharField()
        object_id = peewee.IntegerField(null=True)
        label = peewee.CharField()
        changes = peewee.JSONField()

        class Meta:
            indexes = ((("business", "id"), False), (("business", "object_type", "object_id", "id"), False))

    class Contact(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
        name = peewee.TextField()
        sort_name = peewee.TextField()
        form = peewee.CharField()
        kind = peewee.CharField()
        company = peewee.TextField()
        tax_id = peewee.CharField(null=True)
        phones = peewee.JSONField()
        emails = peewee.JSONField()
        address = peewee.TextField()
        notes = peewee.TextField()
        tags = peewee.JSONField()
        source = peewee.CharField()
        touched = peewee.BooleanField()
        version = peewee.IntegerField()
        merged_into = peewee.ForeignKeyField("self", null=True, on_delete="SET NULL")
        created_at = peewee.BigIntegerField()
        updated_at = peewee.BigIntegerField()
        deleted_at = peewee.BigIntegerField(null=True)

        class Meta:
            indexes = ((("business", "sort_name", "id"), False), (("business", "kind", "sort_name", "id"), False))

    class ContactKey(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
        contact = peewee.ForeignKeyField(Contact, on_delete="CASCADE", index=False)
        kind = peewee.CharField()
        value = peewee.TextField()

        class Meta:
            indexes = ((("contact", "kind", "value"), True), (("business", "kind", "value"), False))

    class ContactReceipt(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
        contact = peewee.ForeignKeyField(Contact, on_delete="CASCADE", index=False)
        receipt = peewee.ForeignKeyField(Receipt, unique=True, on_delete="CASCADE")

        class Meta:
            indexes = ((("contact", "receipt"), False), (("business",), False))

    class ContactMerge(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        kept = peewee.ForeignKeyField(Contact, on_delete="CASCADE")
        gone = peewee.ForeignKeyField(Contact, on_delete="CASCADE")
        before = peewee.JSONField()
        receipts = peewee.JSONField()
        tasks = peewee.JSONField()
        created_at = peewee.BigIntegerField()

    class ContactNote(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
        contact = peewee.ForeignKeyField(Contact, on_delete="CASCADE")
        text = peewee.TextField()
        actor = peewee.CharField()
        created_at = peewee.BigIntegerField()

    class Task(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
        contact = peewee.ForeignKeyField(Contact, null=True, on_delete="SET NULL")
        receipt = peewee.ForeignKeyField(Receipt, null=True, on_delete="SET NULL")
        call_id = peewee.IntegerField(null=True)
        assignee = peewee.ForeignKeyField(User, null=True, on_delete="SET NULL")
        title = peewee.TextField()
        notes = peewee.TextField()
        due_on = peewee.DateField(null=True)
        remind_at = peewee.BigIntegerField(null=True)
        reminded_at = peewee.BigIntegerField(null=True)
        done_at = peewee.BigIntegerField(null=True)
        actor = peewee.CharField()
        version = peewee.IntegerField()
        created_at = peewee.BigIntegerField()
        updated_at = peewee.BigIntegerField()

        class Meta:
            indexes = ((("business", "done_at", "due_on", "id"), False), (("remind_at", "reminded_at"), False))

    class Invitation(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        email = peewee.CharField()
        role = peewee.CharField()
        token_sha256 = peewee.CharField(unique=True)
        invited_by = peewee.ForeignKeyField(User, null=True, on_delete="SET NULL")
        created_at = peewee.BigIntegerField()
        expires_at = peewee.BigIntegerField()
        accepted_at = peewee.BigIntegerField(null=True)

    class Replayed(Frozen):
        business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE")
        actor = peewee.CharField()
        key = peewee.CharField()
        request_sha256 = peewee.CharField()
        status = peewee.IntegerField(null=True)
        body = peewee.TextField()
        created_at = peewee.BigIntegerField(index=True)

        class Meta:
            indexes = ((("actor", "key"), True),)

    db.create_tables(
        [AuditEntry, Contact, ContactKey, ContactReceipt, ContactMerge, ContactNote, Task, Invitation, Replayed]
    )
