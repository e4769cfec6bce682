"""The tables of documents, receipts and what a person keeps of their list."""

from __future__ import annotations

import peewee

import clock
from database import Owned, UtcField
from tables.mail import Mail, Mailbox, SyncRun
from tables.people import Business, User


class Document(Owned):
    """A file of a mail or an upload, byte for byte in the blob store."""

    business_id: int
    mail_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    mail = peewee.ForeignKeyField(Mail, backref="documents", on_delete="CASCADE")
    part = peewee.CharField()
    sha256 = peewee.CharField()
    filename = peewee.TextField(default="")
    media_type = peewee.CharField(default="application/octet-stream")
    size = peewee.IntegerField(default=0)
    pages = peewee.IntegerField(null=True)

    class Meta:
        """One row a MIME part."""

        indexes = ((("mail", "part"), True), (("business", "sha256"), False))


class Receipt(Owned):
    """What was read from one document, and what a person made of it."""

    business_id: int
    mail_id: int | None
    mailbox_id: int | None
    document_id: int | None
    run_id: int | None
    duplicate_of_id: int | None
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    mail = peewee.ForeignKeyField(Mail, null=True, backref="receipt_set", on_delete="CASCADE", index=False)
    mailbox = peewee.ForeignKeyField(Mailbox, null=True, on_delete="SET NULL")
    document = peewee.ForeignKeyField(Document, null=True, on_delete="SET NULL")
    run = peewee.ForeignKeyField(SyncRun, null=True, on_delete="SET NULL")
    part = peewee.CharField(default="")
    ordinal = peewee.IntegerField(default=0)
    source = peewee.CharField()  # gmail | upload
    version = peewee.IntegerField(default=1)
    status = peewee.CharField()  # to_review | ready | approved | rejected | not_receipt
    kind = peewee.CharField(default="receipt")
    vendor = peewee.TextField(null=True)
    vendor_tax_id = peewee.CharField(null=True)
    number = peewee.TextField(null=True)
    date = peewee.DateField(null=True)
    due_date = peewee.DateField(null=True)
    currency = peewee.CharField(max_length=3, null=True)
    total_minor = peewee.BigIntegerField(null=True)
    payable_minor = peewee.BigIntegerField(null=True)
    net_minor = peewee.BigIntegerField(null=True)
    tax_minor = peewee.BigIntegerField(null=True)
    tip_minor = peewee.BigIntegerField(null=True)
    discount_minor = peewee.BigIntegerField(null=True)  # what the document takes off, positive
    payment_method = peewee.CharField(null=True)  # a code: card, cash, bank_transfer, …
    card_last4 = peewee.CharField(max_length=4, null=True)
    billed_to = peewee.TextField(null=True)
    allocation_number = peewee.CharField(null=True)  # of the Israel Tax Authority
    tax = peewee.JSONField(default=list)  # [{"rate": "18", "base_minor": 1, "amount_minor": 1}]
    items = peewee.JSONField(default=list)  # [{"description": "", "quantity": "1", "amount_minor": 1}]
    category = peewee.CharField(null=True)
    note = peewee.TextField(default="")
    fields = peewee.JSONField(default=dict)  # evidence, confidence and candidates per field
    flags = peewee.JSONField(default=list)  # [{"field", "code", "text"}]
    hand_set = peewee.JSONField(default=list)  # names of the fields a person set
    waiting_for_document = peewee.BooleanField(default=False)
    duplicate_of = peewee.ForeignKeyField("self", null=True, on_delete="SET NULL")
    received_at = UtcField(null=True)
    created_at = UtcField(default=clock.now)
    updated_at = UtcField(default=clock.now)
    approved_at = UtcField(null=True)
    exported_at = UtcField(null=True)
    deleted_at = UtcField(null=True)

    class Meta:
        """The list's order, and one row a reading."""

        indexes = (
            (("mail", "part", "ordinal"), True),
            (("business", "status", "date", "id"), False),
            (("business", "date", "id"), False),
            (("business", "vendor", "date", "id"), False),
            (("business", "updated_at"), False),
            (("business", "total_minor"), False),
        )


class Undo(Owned):
    """What a bulk action changed, so that it can be taken back."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    token_sha256 = peewee.CharField(unique=True)
    # [[receipt id, version after it, {column: value before}]]; one person's edit of one receipt also has {column: value
    # after}, and goes back column by column, so that what was done since stays.
    rows = peewee.JSONField()
    more = peewee.JSONField(default=dict)  # {"rules": [[id, {column: before} or null]], "uses": [rule id]}
    created_at = UtcField(default=clock.now)


class SavedView(Owned):
    """A filter of the receipts list under a name; one person's own, or shared with the business."""

    user_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    user = peewee.ForeignKeyField(User, on_delete="CASCADE")
    name = peewee.CharField()
    query = peewee.TextField()
    shared = peewee.BooleanField(default=False)
    created_at = UtcField(default=clock.now)
