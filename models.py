"""Tables, tenant scope, transactions and the encryption of secrets; knows no HTTP, queue or network."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import peewee
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

import clock
import config as settings
from errors import Tellable, Temporary

db = peewee.DatabaseProxy()
_keys: tuple[str, ...] = ()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
T = TypeVar("T", bound="Owned")


class UtcField(peewee.BigIntegerField):
    """An aware moment in UTC, kept as integer milliseconds since 1970 so that every database sorts it alike."""

    def db_value(self, value: datetime | int | None) -> int | None:
        """Milliseconds; a naive datetime is a defect and raises ValueError."""
        if value is None or isinstance(value, int):
            return value
        if value.tzinfo is None:
            raise ValueError("a moment must be aware")
        return (value - _EPOCH) // timedelta(milliseconds=1)

    def python_value(self, value: int | None) -> datetime | None:
        """An aware datetime in UTC."""
        return None if value is None else _EPOCH + timedelta(milliseconds=value)


class SecretField(peewee.TextField):
    """Text that is encrypted at rest; reading it without the right key is Tellable `wrong_key`."""

    def db_value(self, value: str | None) -> str | None:
        """The Fernet token of the text."""
        return None if value is None else encrypt(value)

    def python_value(self, value: str | None) -> str | None:
        """The text again."""
        return None if value is None else decrypt(value)


class Table(peewee.Model):
    """What all tables share."""

    id = peewee.AutoField()

    class Meta:
        """Bound to the installation's database."""

        database = db
        legacy_table_names = False


class Owned(Table):
    """A table whose rows belong to one business: `find` is the one way in for a request."""

    business: peewee.ForeignKeyField

    @classmethod
    def find(cls: type[T], business: Business | int, id_: object) -> T:
        """The row of that id in that business; Tellable `not_found` whether it is missing or another tenant's."""
        try:
            number = int(str(id_))
        except ValueError:
            number = 0
        # No row has an id beyond 63 bits, and the databases refuse to compare one.
        row = cls.get_or_none(cls.id == number, cls.business == business) if 0 < number < 2**63 else None
        if row is None:
            raise Tellable("not_found", "There is no such thing here.")
        return row


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
    access_token = SecretField(null=True)
    access_expires_at = UtcField(null=True)
    token_expires_at = UtcField(null=True)  # when Google ends the grant itself (Testing status)
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
)


def connect(config: settings.Config) -> None:
    """Bind the tables to the installation's database; no connection is opened yet.

    Tellable `data_dir_not_writable` or `bad_setting`.
    """
    url = config.database_url
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Tellable(
                "data_dir_not_writable",
                f"The data folder {path.parent} cannot be made ({error.strerror}). Mend its rights or set DATA_DIR.",
            ) from error
        database = peewee.SqliteDatabase(
            str(path),
            pragmas={
                "journal_mode": "wal",
                "synchronous": "normal",
                "busy_timeout": 5000,
                "foreign_keys": 1,
                "cache_size": -16000,
                "mmap_size": 128 * 1024 * 1024,
                "temp_store": "memory",
                "journal_size_limit": 64 * 1024 * 1024,
            },
        )
    else:
        from playhouse.db_url import connect as connect_url

        database = connect_url(url)
    if db.obj is not None and not db.is_closed():
        db.close()
    db.initialize(database)
    use_keys(config.encryption_keys)


def use_keys(keys: Sequence[str]) -> None:
    """Take these encryption keys; the first one encrypts."""
    global _keys
    _keys = tuple(keys)


def derive(purpose: str) -> list[bytes]:
    """32 bytes for another purpose from each key, the current one first; Tellable `key_missing`."""
    return [hmac.digest(key.encode(), purpose.encode(), "sha256") for key in _ring()]


@contextmanager
def write() -> Iterator[None]:
    """A short write transaction that takes its lock at the start; Temporary `database_busy` when it cannot.

    SQLite's busy time-out does not cover a read lock that is raised to a write lock, hence IMMEDIATE.
    """
    try:
        with db.atomic("IMMEDIATE") if isinstance(db.obj, peewee.SqliteDatabase) else db.atomic():
            yield
    except peewee.OperationalError as error:
        text = str(error)
        if "locked" in text or "busy" in text:
            raise Temporary(
                "database_busy",
                "The database is busy; please try again in a moment.",
                retry_after_s=1,
            ) from error
        if "readonly" in text or "disk is full" in text or "disk I/O" in text:
            raise Temporary(
                "database_not_writable",
                f"The database cannot be written ({text}). Free some space or mend its rights.",
            ) from error
        raise


def encrypt(text: str) -> str:
    """A Fernet token of the text under the first key; Tellable `key_missing` without one."""
    return Fernet(_ring()[0]).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text of a Fernet token; Tellable `wrong_key` when none of the keys fits, `key_missing` without any."""
    try:
        return MultiFernet([Fernet(key) for key in _ring()]).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Tellable(
            "wrong_key",
            "The ENCRYPTION_KEY is not the one this installation's secrets were encrypted with.",
        ) from error


def _ring() -> tuple[str, ...]:
    if not _keys:
        raise Tellable(
            "key_missing",
            "There is no ENCRYPTION_KEY; restore the one this installation was made with.",
        )
    return _keys


def digest(token: str) -> str:
    """What is kept of a random token: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()
