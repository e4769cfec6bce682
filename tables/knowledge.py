"""The tables of what a business taught us: vendor rules, pairs kept apart, documents' passwords, who is expected."""

from __future__ import annotations

import peewee

import clock
from database import Owned, SecretField, UtcField
from tables.mail import Mail
from tables.people import Business
from tables.receipts import Receipt


class VendorRule(Owned):
    """What a person said of a vendor: one field's value for all its receipts, or that they approve themselves."""

    business_id: int
    receipt_id: int | None
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    vendor = peewee.TextField(default="")  # as it is shown to people
    tax_id = peewee.CharField(null=True)  # the three signs it is known by, the strongest first; folded
    domain = peewee.CharField(null=True)
    name = peewee.CharField(null=True)
    field = peewee.CharField()  # vendor | vendor_tax_id | category | currency | kind | total | approve
    value = peewee.TextField(default="")  # of `total`: the words of the line that the total stands on
    state = peewee.CharField(default="trial")  # trial: said once, what it does is shown to be checked | confirmed
    receipt = peewee.ForeignKeyField(Receipt, null=True, on_delete="SET NULL", backref="rule_set")  # it was said there
    created_by = peewee.CharField(default="")
    created_at = UtcField(default=clock.now)
    retired_at = UtcField(null=True)  # taken back; kept so that this can be undone

    class Meta:
        """The rules of a business are looked through at each receipt."""

        indexes = ((("business", "retired_at"), False),)


class RuleUse(Owned):
    """Where a rule changed a receipt, and what stood there before."""

    business_id: int
    rule_id: int
    receipt_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    rule = peewee.ForeignKeyField(VendorRule, on_delete="CASCADE", index=False)
    receipt = peewee.ForeignKeyField(Receipt, on_delete="CASCADE", backref="use_set")
    was = peewee.JSONField(default=dict)  # {column: raw value before}
    created_at = UtcField(default=clock.now)

    class Meta:
        """Once a rule and receipt."""

        indexes = ((("rule", "receipt"), True),)


class KeptApart(Owned):
    """Two receipts that look like one purchase and, as a person said, are two."""

    business_id: int
    first_id: int
    second_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    first = peewee.ForeignKeyField(Receipt, on_delete="CASCADE", index=False, backref="apart_first_set")
    second = peewee.ForeignKeyField(Receipt, on_delete="CASCADE", backref="apart_second_set")

    class Meta:
        """A pair is kept once, the smaller id first."""

        indexes = ((("first", "second"), True),)


class DocumentPassword(Owned):
    """A password that opens a vendor's locked documents."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    vendor = peewee.TextField(default="")
    domain = peewee.CharField(null=True)  # of the sender whose documents it opened; tried there first
    password = SecretField()
    created_by = peewee.CharField(default="")
    created_at = UtcField(default=clock.now)


class VendorNote(Owned):
    """What a person said of a vendor's rhythm: not expected any more."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    name = peewee.CharField()  # folded
    expected = peewee.BooleanField(default=True)
    created_at = UtcField(default=clock.now)

    class Meta:
        """One note a vendor."""

        indexes = ((("business", "name"), True),)


class Awaited(Owned):
    """A file that somebody brought for a receipt that waited for its document."""

    business_id: int
    receipt_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    mail = peewee.ForeignKeyField(Mail, unique=True, on_delete="CASCADE", backref="awaited_set")
    receipt = peewee.ForeignKeyField(Receipt, on_delete="CASCADE", backref="awaited_set")
    created_at = UtcField(default=clock.now)
