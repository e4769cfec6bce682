"""The tables; knows no HTTP, queue or network. What they stand on is database.py."""

from __future__ import annotations

from collections.abc import Sequence

import peewee

import clock
from database import (
    Owned,
    SecretField,
    Table,
    UtcField,
    connect,
    db,
    decrypt,
    derive,
    digest,
    encrypt,
    use_keys,
    write,
)

__all__ = [
    "Owned",
    "SecretField",
    "Table",
    "UtcField",
    "connect",
    "db",
    "decrypt",
    "derive",
    "digest",
    "encrypt",
    "use_keys",
    "write",
]


class Setting(Table):
    """A value of the whole installation."""

    name = peewee.CharField(unique=True)
    value = peewee.TextField()


class Business(Table):
    """A tenant."""

    slug = peewee.CharField(unique=True)
    name = peewee.CharField()
    country = peewee.CharField(max_length=2, default="IL")
    time_zone = peewee.CharField(default="Asia/Jerusalem")
    base_currency = peewee.CharField(max_length=3, default="ILS")
    language = peewee.CharField(default="en")
    events_told = peewee.IntegerField(default=0)  # the sequence of its newest event
    created_at = UtcField(default=clock.now)


class User(Table):
    """A person."""

    email = peewee.CharField(unique=True)
    name = peewee.CharField(default="")
    password_hash = peewee.CharField(null=True)
    language = peewee.CharField(default="en")
    operator = peewee.BooleanField(default=False)
    prefs = peewee.JSONField(default=dict)  # what the screen remembers of the person
    created_at = UtcField(default=clock.now)


class Membership(Table):
    """A person's role in a business: owner, member or accountant."""

    business_id: int
    user_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    user = peewee.ForeignKeyField(User, backref="memberships", on_delete="CASCADE")
    role = peewee.CharField()
    created_at = UtcField(default=clock.now)

    class Meta:
        """One role in each business."""

        indexes = ((("business", "user"), True),)


class Session(Table):
    """A signed-in browser; only the hash of its cookie is kept."""

    user_id: int
    token_sha256 = peewee.CharField(unique=True)
    user = peewee.ForeignKeyField(User, on_delete="CASCADE")
    csrf = peewee.CharField()
    created_at = UtcField(default=clock.now)
    last_seen_at = UtcField(default=clock.now)
    expires_at = UtcField()


class OneTimeLink(Table):
    """A link that signs in once; user is null for the link that makes the first owner's account."""

    user_id: int | None
    token_sha256 = peewee.CharField(unique=True)
    user = peewee.ForeignKeyField(User, null=True, on_delete="CASCADE")
    expires_at = UtcField()
    used_at = UtcField(null=True)


class ApiToken(Owned):
    """A bearer token of one business; only its hash is kept."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    name = peewee.CharField()
    role = peewee.CharField()
    operator = peewee.BooleanField(default=False)  # may ask about the whole installation too
    token_sha256 = peewee.CharField(unique=True)
    created_at = UtcField(default=clock.now)
    last_used_at = UtcField(null=True)


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
        )


class Undo(Owned):
    """What a bulk action changed, so that it can be taken back."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    token_sha256 = peewee.CharField(unique=True)
    rows = peewee.JSONField()  # [[receipt id, version after the action, {column: value before}]]
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


class Endpoint(Owned):
    """An address of the outside world that is told of events (docs/webhooks.md)."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    url = peewee.TextField()
    secret = SecretField()
    events = peewee.JSONField(default=list)  # names of store.events.TYPES, or * for all
    active = peewee.BooleanField(default=True)
    paused_at = UtcField(null=True)  # it failed for a day; a person resumes it
    failures = peewee.IntegerField(default=0)  # in a row
    failing_since = UtcField(null=True)
    wake_at = UtcField(null=True)  # not before this moment
    lease_until = UtcField(null=True)  # somebody delivers to it
    fence = peewee.IntegerField(default=0)
    rung_at = UtcField(null=True)
    delivered_at = UtcField(null=True)  # the last success
    created_at = UtcField(default=clock.now)


class Event(Owned):
    """Something that happened in a business, as it is told to the outside world."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
    sequence = peewee.IntegerField()
    uid = peewee.CharField(unique=True)
    type = peewee.CharField()
    data = peewee.JSONField()
    created_at = UtcField(index=True, default=clock.now)

    class Meta:
        """The order of a business's events."""

        indexes = ((("business", "sequence"), True),)


class Delivery(Owned):
    """An event on its way to an endpoint: the row is the job, Redis only its doorbell."""

    business_id: int
    endpoint_id: int
    event_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    endpoint = peewee.ForeignKeyField(Endpoint, on_delete="CASCADE", index=False)
    event = peewee.ForeignKeyField(Event, on_delete="CASCADE")
    state = peewee.CharField(default="waiting")  # waiting | delivered | failed
    tries = peewee.IntegerField(default=0)
    claims = peewee.IntegerField(default=0)  # the fence: whoever sent it last may say what came of it
    next_try_at = UtcField(default=clock.now)
    tried_at = UtcField(null=True)
    delivered_at = UtcField(null=True)
    last_status = peewee.IntegerField(null=True)
    last_error = peewee.TextField(null=True)
    log = peewee.JSONField(default=list)  # the last tries: [{"at", "status", "error": {"code", "text"}, "ms"}]

    class Meta:
        """An event goes to an endpoint once."""

        indexes = ((("endpoint", "event"), True), (("endpoint", "state", "event"), False))


TABLES: Sequence[type[Table]] = (
    Setting,
    Business,
    User,
    Membership,
    Session,
    OneTimeLink,
    ApiToken,
    Mailbox,
    OAuthState,
    SyncRun,
    Mail,
    SenderRule,
    Document,
    Receipt,
    Undo,
    SavedView,
    Endpoint,
    Event,
    Delivery,
)
