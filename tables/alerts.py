"""The tables of alerts: what somebody should see to, who has read it, who is mailed, and what each person chose."""

from __future__ import annotations

import peewee

import clock
from database import Owned, Table, UtcField
from tables.people import Business, User


class Alert(Owned):
    """Something that somebody should see to, from the moment it was found until its cause is gone."""

    business_id: int | None
    business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE", index=False)  # null: the installation's
    kind = peewee.CharField()  # a name of store.alerts.KINDS
    about = peewee.TextField(default="")  # which one of its kind: a mailbox, a paper, a host
    lasting = peewee.CharField(null=True, unique=True)  # of kind, business and about while it lasts: told once
    facts = peewee.JSONField(default=dict)  # what its sentence needs
    raised_at = UtcField(default=clock.now)
    seen_at = UtcField(default=clock.now)  # the cause was last found then
    cleared_at = UtcField(null=True)

    class Meta:
        """A business's alerts, newest first."""

        indexes = ((("business", "id"), False),)


class AlertRead(Table):
    """A person has read an alert."""

    alert_id: int
    user_id: int
    alert = peewee.ForeignKeyField(Alert, on_delete="CASCADE", index=False)
    user = peewee.ForeignKeyField(User, on_delete="CASCADE")
    read_at = UtcField(default=clock.now)

    class Meta:
        """Once."""

        indexes = ((("alert", "user"), True),)


class AlertLetter(Table):
    """An alert that a person is to be mailed, or was."""

    alert_id: int
    user_id: int
    alert = peewee.ForeignKeyField(Alert, on_delete="CASCADE", index=False)
    user = peewee.ForeignKeyField(User, on_delete="CASCADE", index=False)
    sent_at = UtcField(null=True)

    class Meta:
        """Once; and what a person still waits for."""

        indexes = ((("alert", "user"), True), (("user", "sent_at"), False))


class AlertChoice(Table):
    """By which ways a kind of alert reaches a person, or a business's webhooks, where it is not the usual."""

    business_id: int | None
    user_id: int | None
    key = peewee.CharField(unique=True)  # of business, user and kind
    business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE")  # null: of the installation's alerts
    user = peewee.ForeignKeyField(User, null=True, on_delete="CASCADE")  # null: the business's webhooks
    kind = peewee.CharField()
    ways = peewee.JSONField(default=dict)  # {"app": false, "mail": true}
