"""The tables, gathered by noun from tables/; knows no HTTP, queue or network. What they stand on is database.py."""

from __future__ import annotations

from collections.abc import Sequence

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
from tables.access import Alert, AlertChoice, AlertSeen, Invitation, Replayed
from tables.audit import AuditEntry
from tables.contacts import Contact, ContactKey, ContactMerge, ContactNote, ContactReceipt, Task
from tables.events import Delivery, Endpoint, Event
from tables.mail import Mail, Mailbox, OAuthState, SenderRule, SyncRun
from tables.people import ApiToken, Business, Membership, OneTimeLink, Session, Setting, User
from tables.receipts import Document, Receipt, SavedView, Undo
from tables.work import Work

__all__ = [
    "TABLES",
    "Alert",
    "AlertChoice",
    "AlertSeen",
    "ApiToken",
    "AuditEntry",
    "Business",
    "Contact",
    "ContactKey",
    "ContactMerge",
    "ContactNote",
    "ContactReceipt",
    "Delivery",
    "Document",
    "Endpoint",
    "Event",
    "Invitation",
    "Mail",
    "Mailbox",
    "Membership",
    "OAuthState",
    "OneTimeLink",
    "Owned",
    "Receipt",
    "Replayed",
    "SavedView",
    "SecretField",
    "SenderRule",
    "Session",
    "Setting",
    "SyncRun",
    "Table",
    "Task",
    "Undo",
    "User",
    "UtcField",
    "Work",
    "connect",
    "db",
    "decrypt",
    "derive",
    "digest",
    "encrypt",
    "use_keys",
    "write",
]

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
    Work,
    AuditEntry,
    Contact,
    ContactKey,
    ContactReceipt,
    ContactMerge,
    ContactNote,
    Task,
    Invitation,
    Alert,
    AlertSeen,
    AlertChoice,
    Replayed,
)
