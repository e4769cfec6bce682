"""The tables of contacts, how they are recognised, what belongs to them, and tasks."""

from __future__ import annotations

import peewee

import clock
from database import Owned, UtcField
from tables.people import Business, User
from tables.receipts import Receipt


class Contact(Owned):
    """A person or a company that the business has to do with."""

    business_id: int
    merged_into_id: int | None
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    name = peewee.TextField()
    sort_name = peewee.TextField()  # casefolded, the order of lists
    form = peewee.CharField(default="company")  # company | person
    kind = peewee.CharField(default="lead")  # vendor | customer | lead
    company = peewee.TextField(default="")  # whom a person works for
    tax_id = peewee.CharField(null=True)
    phones = peewee.JSONField(default=list)  # E.164
    emails = peewee.JSONField(default=list)
    address = peewee.TextField(default="")
    notes = peewee.TextField(default="")
    tags = peewee.JSONField(default=list)
    source = peewee.CharField(default="hand")  # hand | receipt | call | import
    touched = peewee.BooleanField(default=True)  # a person made or changed it; else it follows its receipts
    version = peewee.IntegerField(default=1)
    merged_into = peewee.ForeignKeyField("self", null=True, on_delete="SET NULL")
    created_at = UtcField(default=clock.now)
    updated_at = UtcField(default=clock.now)
    deleted_at = UtcField(null=True)

    class Meta:
        """The order of lists."""

        indexes = ((("business", "sort_name", "id"), False), (("business", "kind", "sort_name", "id"), False))


class ContactKey(Owned):
    """Something by which a contact is recognised."""

    business_id: int
    contact_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    contact = peewee.ForeignKeyField(Contact, on_delete="CASCADE", index=False)
    kind = peewee.CharField()  # tax_id | domain | email | phone | name
    value = peewee.TextField()

    class Meta:
        """Looked up from either side."""

        indexes = ((("contact", "kind", "value"), True), (("business", "kind", "value"), False))


class ContactReceipt(Owned):
    """Which contact a receipt is from."""

    business_id: int
    contact_id: int
    receipt_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    contact = peewee.ForeignKeyField(Contact, on_delete="CASCADE", index=False)
    receipt = peewee.ForeignKeyField(Receipt, unique=True, on_delete="CASCADE")

    class Meta:
        """A contact's newest receipts, and a business's."""

        indexes = ((("contact", "receipt"), False), (("business",), False))


class ContactMerge(Owned):
    """What a merge moved, so that it can be taken back."""

    business_id: int
    kept_id: int
    gone_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    kept = peewee.ForeignKeyField(Contact, on_delete="CASCADE")
    gone = peewee.ForeignKeyField(Contact, on_delete="CASCADE")
    before = peewee.JSONField()  # {"version": after it, "values": the kept one's before, "keys": ids that moved}
    receipts = peewee.JSONField()  # ids that moved
    tasks = peewee.JSONField()  # ids that moved
    created_at = UtcField(default=clock.now)


class ContactNote(Owned):
    """What somebody wrote down about a contact at a moment."""

    business_id: int
    contact_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    contact = peewee.ForeignKeyField(Contact, on_delete="CASCADE")
    text = peewee.TextField()
    actor = peewee.CharField()
    created_at = UtcField(default=clock.now)


class Task(Owned):
    """Something to be done, for a contact or for nobody in particular."""

    business_id: int
    contact_id: int | None
    receipt_id: int | None
    assignee_id: int | None
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    contact = peewee.ForeignKeyField(Contact, null=True, on_delete="SET NULL")
    receipt = peewee.ForeignKeyField(Receipt, null=True, on_delete="SET NULL")
    call_id = peewee.IntegerField(null=True)  # of the call that it came from
    assignee = peewee.ForeignKeyField(User, null=True, on_delete="SET NULL")
    title = peewee.TextField()
    notes = peewee.TextField(default="")
    due_on = peewee.DateField(null=True)  # a calendar day of the business
    remind_at = UtcField(null=True)
    reminded_at = UtcField(null=True)
    done_at = UtcField(null=True)
    actor = peewee.CharField(default="system")  # who made it
    version = peewee.IntegerField(default=1)
    created_at = UtcField(default=clock.now)
    updated_at = UtcField(default=clock.now)

    class Meta:
        """Lists of what is open by day, and of what is done."""

        indexes = ((("business", "done_at", "due_on", "id"), False), (("remind_at", "reminded_at"), False))
