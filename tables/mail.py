"""The tables of mailboxes, their runs and the ledger of every mail seen."""

from __future__ import annotations

import peewee

import clock
from database import Owned, SecretField, Table, UtcField
from tables.people import Business, Session


class Mailbox(Owned):
    """A source of mail of a business."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    kind = peewee.CharField()  # gmail | imap | upload | import
    address = peewee.CharField(default="")
    status = peewee.CharField(default="connected")  # connected | needs_reconnect | disconnected
    error_code = peewee.CharField(null=True)
    error_text = peewee.TextField(null=True)
    settings = peewee.JSONField(default=dict)  # imap: {"host", "port", "tls"}
    password = SecretField(null=True)  # imap
    refresh_token = SecretField(null=True)
    service_account = SecretField(null=True)  # gmail by delegation, instead of a refresh token: Google's JSON key
    access_token = SecretField(null=True)
    access_expires_at = UtcField(null=True)
    token_expires_at = UtcField(null=True)  # when Google ends the grant itself (Testing status)
    end_told_at = UtcField(null=True)  # when the outside world was told that this end is near
    cursor = peewee.TextField(null=True)  # the newest history mark whose pages are all in the ledger
    marks = peewee.JSONField(
        default=list
    )  # ring of [ms, cursor]: late-visible changes are re-read from one ten minutes old
    full_mark = peewee.TextField(null=True)  # mark of the moment before a full pass began, until that pass ends
    connected_at = UtcField(null=True)
    last_sync_at = UtcField(null=True)
    audited_at = UtcField(null=True)  # when the whole mailbox was last compared with the ledger
    audit = peewee.JSONField(default=dict)  # {"listed", "missing", "gone", "changed_at_ms"} of that comparison
    created_at = UtcField(default=clock.now)

    class Meta:
        """An address is connected once to a business."""

        indexes = ((("business", "kind", "address"), True),)


class OAuthState(Table):
    """A consent under way, bound to the session that began it; used once."""

    session_id: int
    business_id: int
    mailbox_id: int | None
    state_sha256 = peewee.CharField(unique=True)
    session = peewee.ForeignKeyField(Session, on_delete="CASCADE")
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    mailbox = peewee.ForeignKeyField(Mailbox, null=True, on_delete="CASCADE")
    verifier = SecretField()
    expires_at = UtcField()


class SyncRun(Owned):
    """One synchronisation: the row is the job, Redis only its doorbell (docs/reliability.md)."""

    business_id: int
    mailbox_id: int | None
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    mailbox = peewee.ForeignKeyField(Mailbox, null=True, on_delete="CASCADE")  # null: all that are connected
    mode = peewee.CharField()  # incremental | full | upload
    status = peewee.CharField(default="queued")  # queued | running | completed | failed | cancelled
    from_date = peewee.DateField(null=True)  # days of the business's zone, both inclusive
    to_date = peewee.DateField(null=True)
    requested_by = peewee.CharField(default="")  # user:<id> | token:<id> | schedule | cli
    slot = peewee.BigIntegerField(null=True)  # the planned quarter of an hour; unique, so that it is planned once
    fence = peewee.IntegerField(default=0)
    tries = peewee.IntegerField(default=0)  # failures in a row that time may heal
    lease_until = UtcField(null=True)  # null between two steps
    rung_at = UtcField(null=True)
    wake_at = UtcField(null=True)  # not before this moment
    cancel_requested = peewee.BooleanField(default=False)
    look_again = peewee.BooleanField(default=False)  # somebody asked while it ran
    state = peewee.JSONField(default=dict)  # where the next step begins
    error_code = peewee.CharField(null=True)
    error_text = peewee.TextField(null=True)
    found = peewee.IntegerField(default=0)
    fetched = peewee.IntegerField(default=0)
    receipts = peewee.IntegerField(default=0)
    skipped = peewee.IntegerField(default=0)
    failed = peewee.IntegerField(default=0)
    left = peewee.IntegerField(default=0)
    created_at = UtcField(default=clock.now)
    started_at = UtcField(null=True)
    finished_at = UtcField(null=True)
    heartbeat_at = UtcField(null=True)


SyncRun.add_index(
    SyncRun.index(
        SyncRun.business,
        unique=True,
        where=SyncRun.status << ("queued", "running"),
        name="one_active_run",
    )
)
SyncRun.add_index(SyncRun.index(SyncRun.business, SyncRun.slot, unique=True, name="one_run_a_slot"))
SyncRun.add_index(SyncRun.index(SyncRun.status, name="run_status"))


class Mail(Owned):
    """The ledger: every mail seen, its outcome and the reason."""

    business_id: int
    mailbox_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    mailbox = peewee.ForeignKeyField(Mailbox, on_delete="CASCADE", index=False)
    source_id = peewee.CharField()
    thread_id = peewee.CharField(default="")
    state = peewee.CharField(default="discovered")  # discovered | fetched | done
    outcome = peewee.CharField(
        default="waiting"
    )  # waiting | receipt | not_receipt | duplicate | failed | gone | skipped
    reason_code = peewee.CharField(default="not_read_yet")
    reason_text = peewee.TextField(default="Not read yet.")
    reasons = peewee.JSONField(default=list)
    labels = peewee.JSONField(default=list)
    priority = peewee.IntegerField(default=0)
    forced = peewee.BooleanField(
        default=False
    )  # a person said "take this one": it is a receipt whatever the reader says
    tries = peewee.IntegerField(default=0)
    next_try_at = UtcField(null=True)
    raw_sha256 = peewee.CharField(null=True)
    size = peewee.IntegerField(null=True)
    message_id = peewee.TextField(default="")
    from_name = peewee.TextField(default="")
    from_address = peewee.TextField(default="")
    subject = peewee.TextField(default="")
    received_at = UtcField(null=True)
    first_seen_at = UtcField(default=clock.now)
    read_at = UtcField(null=True)
    deleted_at_source = UtcField(null=True)

    class Meta:
        """A message is one row, however often it is listed."""

        indexes = (
            (("mailbox", "source_id"), True),
            (("mailbox", "outcome", "priority", "source_id"), False),
            (("business", "source_id"), False),
            (("business", "raw_sha256"), False),
        )


# The mails that are fetched and not yet read: few, among what may be a hundred thousand that wait.
Mail.add_index(
    Mail.index(Mail.mailbox, Mail.priority, Mail.source_id, where=Mail.state == "fetched", name="mail_fetched")
)


class SenderRule(Owned):
    """What a person said of a sender: always take its mail as receipts, or never."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    sender = peewee.CharField()  # an address, or a domain with its subdomains
    verdict = peewee.CharField()  # take | leave
    created_by = peewee.CharField(default="")
    created_at = UtcField(default=clock.now)

    class Meta:
        """One verdict a sender."""

        indexes = ((("business", "sender"), True),)
