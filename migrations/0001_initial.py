"""The first schema: a frozen copy of the tables, independent of models.py."""

from __future__ import annotations

from typing import Any

import peewee


def up(_migrator: Any, db: peewee.Database) -> None:
    """Make every table and index."""

    class Frozen(peewee.Model):
        id = peewee.AutoField()

        class Meta:
            database = db
            legacy_table_names = False

    class Setting(Frozen):
        name = peewee.CharField(unique=True)
        value = peewee.TextField()

    class Business(Frozen):
        slug = peewee.CharField(unique=True)
        name = peewee.CharField()
        country = peewee.CharField(max_length=2)
        time_zone = peewee.CharField()
        base_currency = peewee.CharField(max_length=3)
        language = peewee.CharField()
        keep_mail_days = peewee.IntegerField(null=True)
        events_told = peewee.IntegerField()
        created_at = peewee.BigIntegerField()

    class User(Frozen):
        email = peewee.CharField(unique=True)
        name = peewee.CharField()
        password_hash = peewee.CharField(null=True)
        language = peewee.CharField()
        operator = peewee.BooleanField()
        prefs = peewee.JSONField()
        google_id = peewee.CharField(null=True, unique=True)
        totp_secret = peewee.TextField(null=True)
        totp_since = peewee.BigIntegerField(null=True)
        totp_step = peewee.IntegerField()
        recovery = peewee.JSONField()
        created_at = peewee.BigIntegerField()

    class Membership(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        user = peewee.ForeignKeyField(User, on_delete="CASCADE")
        role = peewee.CharField()
        created_at = peewee.BigIntegerField()

        class Meta:
            indexes = ((("business", "user"), True),)

    class Session(Frozen):
        token_sha256 = peewee.CharField(unique=True)
        user = peewee.ForeignKeyField(User, on_delete="CASCADE")
        csrf = peewee.CharField()
        agent = peewee.CharField()
        created_at = peewee.BigIntegerField()
        last_seen_at = peewee.BigIntegerField()
        expires_at = peewee.BigIntegerField()

    class OneTimeLink(Frozen):
        token_sha256 = peewee.CharField(unique=True)
        user = peewee.ForeignKeyField(User, null=True, on_delete="CASCADE")
        purpose = peewee.CharField()
        expires_at = peewee.BigIntegerField()
        used_at = peewee.BigIntegerField(null=True)

    class ApiToken(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        name = peewee.CharField()
        role = peewee.CharField()
        operator = peewee.BooleanField()
        token_sha256 = peewee.CharField(unique=True)
        created_at = peewee.BigIntegerField()
        last_used_at = peewee.BigIntegerField(null=True)

    class Mailbox(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        kind = peewee.CharField()
        address = peewee.CharField()
        status = peewee.CharField()
        error_code = peewee.CharField(null=True)
        error_text = peewee.TextField(null=True)
        settings = peewee.JSONField()
        password = peewee.TextField(null=True)
        refresh_token = peewee.TextField(null=True)
        service_account = peewee.TextField(null=True)
        access_token = peewee.TextField(null=True)
        access_expires_at = peewee.BigIntegerField(null=True)
        token_expires_at = peewee.BigIntegerField(null=True)
        end_told_at = peewee.BigIntegerField(null=True)
        cursor = peewee.TextField(null=True)
        marks = peewee.JSONField()
        full_mark = peewee.TextField(null=True)
        connected_at = peewee.BigIntegerField(null=True)
        last_sync_at = peewee.BigIntegerField(null=True)
        audited_at = peewee.BigIntegerField(null=True)
        audit = peewee.JSONField()
        created_at = peewee.BigIntegerField()

        class Meta:
            indexes = ((("business", "kind", "address"), True),)

    class OAuthState(Frozen):
        state_sha256 = peewee.CharField(unique=True)
        session = peewee.ForeignKeyField(Session, on_delete="CASCADE")
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        mailbox = peewee.ForeignKeyField(Mailbox, null=True, on_delete="CASCADE")
        verifier = peewee.TextField()
        expires_at = peewee.BigIntegerField()

    class SyncRun(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        mailbox = peewee.ForeignKeyField(Mailbox, null=True, on_delete="CASCADE")
        mode = peewee.CharField()
        status = peewee.CharField()
        from_date = peewee.DateField(null=True)
        to_date = peewee.DateField(null=True)
        requested_by = peewee.CharField()
        slot = peewee.BigIntegerField(null=True)
        fence = peewee.IntegerField()
        tries = peewee.IntegerField()
        lease_until = peewee.BigIntegerField(null=True)
        rung_at = peewee.BigIntegerField(null=True)
        wake_at = peewee.BigIntegerField(null=True)
        cancel_requested = peewee.BooleanField()
        look_again = peewee.BooleanField()
        state = peewee.JSONField()
        error_code = peewee.CharField(null=True)
        error_text = peewee.TextField(null=True)
        found = peewee.IntegerField()
        fetched = peewee.IntegerField()
        receipts = peewee.IntegerField()
        skipped = peewee.IntegerField()
        failed = peewee.IntegerField()
        left = peewee.IntegerField()
        created_at = peewee.BigIntegerField()
        started_at = peewee.BigIntegerField(null=True)
        finished_at = peewee.BigIntegerField(null=True)
        heartbeat_at = peewee.BigIntegerField(null=True)

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

    class Mail(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
        mailbox = peewee.ForeignKeyField(Mailbox, on_delete="CASCADE", index=False)
        source_id = peewee.CharField()
        thread_id = peewee.CharField()
        state = peewee.CharField()
        outcome = peewee.CharField()
        reason_code = peewee.CharField()
        reason_text = peewee.TextField()
        reasons = peewee.JSONField()
        labels = peewee.JSONField()
        priority = peewee.IntegerField()
        forced = peewee.BooleanField()
        tries = peewee.IntegerField()
        next_try_at = peewee.BigIntegerField(null=True)
        raw_sha256 = peewee.CharField(null=True)
        size = peewee.IntegerField(null=True)
        message_id = peewee.TextField()
        from_name = peewee.TextField()
        from_address = peewee.TextField()
        subject = peewee.TextField()
        received_at = peewee.BigIntegerField(null=True)
        first_seen_at = peewee.BigIntegerField()
        read_at = peewee.BigIntegerField(null=True)
        deleted_at_source = peewee.BigIntegerField(null=True)

        class Meta:
            indexes = (
                (("mailbox", "source_id"), True),
                (("mailbox", "outcome", "priority", "source_id"), False),
                (("business", "source_id"), False),
                (("business", "raw_sha256"), False),
            )

    class SenderRule(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        sender = peewee.CharField()
        verdict = peewee.CharField()
        created_by = peewee.CharField()
        created_at = peewee.BigIntegerField()

        class Meta:
            indexes = ((("business", "sender"), True),)

    class Document(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
        mail = peewee.ForeignKeyField(Mail, on_delete="CASCADE")
        part = peewee.CharField()
        sha256 = peewee.CharField()
        filename = peewee.TextField()
        media_type = peewee.CharField()
        size = peewee.IntegerField()
        pages = peewee.IntegerField(null=True)

        class Meta:
            indexes = ((("mail", "part"), True), (("business", "sha256"), False))

    class Receipt(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
        mail = peewee.ForeignKeyField(Mail, null=True, on_delete="CASCADE", index=False)
        mailbox = peewee.ForeignKeyField(Mailbox, null=True, on_delete="SET NULL")
        document = peewee.ForeignKeyField(Document, null=True, on_delete="SET NULL")
        run = peewee.ForeignKeyField(SyncRun, null=True, on_delete="SET NULL")
        part = peewee.CharField()
        ordinal = peewee.IntegerField()
        source = peewee.CharField()
        version = peewee.IntegerField()
        status = peewee.CharField()
        kind = peewee.CharField()
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
        discount_minor = peewee.BigIntegerField(null=True)
        payment_method = peewee.CharField(null=True)
        card_last4 = peewee.CharField(max_length=4, null=True)
        billed_to = peewee.TextField(null=True)
        allocation_number = peewee.CharField(null=True)
        tax = peewee.JSONField()
        items = peewee.JSONField()
        category = peewee.CharField(null=True)
        note = peewee.TextField()
        fields = peewee.JSONField()
        flags = peewee.JSONField()
        hand_set = peewee.JSONField()
        waiting_for_document = peewee.BooleanField()
        duplicate_of = peewee.ForeignKeyField("self", null=True, on_delete="SET NULL")
        received_at = peewee.BigIntegerField(null=True)
        created_at = peewee.BigIntegerField()
        updated_at = peewee.BigIntegerField()
        approved_at = peewee.BigIntegerField(null=True)
        exported_at = peewee.BigIntegerField(null=True)
        deleted_at = peewee.BigIntegerField(null=True)

        class Meta:
            indexes = (
                (("mail", "part", "ordinal"), True),
                (("business", "status", "date", "id"), False),
                (("business", "date", "id"), False),
                (("business", "vendor", "date", "id"), False),
                (("business", "updated_at"), False),
                (("business", "total_minor"), False),
            )

    class Undo(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        token_sha256 = peewee.CharField(unique=True)
        rows = peewee.JSONField()
        more = peewee.JSONField()
        created_at = peewee.BigIntegerField()

    class SavedView(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        user = peewee.ForeignKeyField(User, on_delete="CASCADE")
        name = peewee.CharField()
        query = peewee.TextField()
        shared = peewee.BooleanField()
        created_at = peewee.BigIntegerField()

    class Endpoint(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        url = peewee.TextField()
        secret = peewee.TextField()
        events = peewee.JSONField()
        active = peewee.BooleanField()
        paused_at = peewee.BigIntegerField(null=True)
        failures = peewee.IntegerField()
        failing_since = peewee.BigIntegerField(null=True)
        wake_at = peewee.BigIntegerField(null=True)
        lease_until = peewee.BigIntegerField(null=True)
        fence = peewee.IntegerField()
        rung_at = peewee.BigIntegerField(null=True)
        delivered_at = peewee.BigIntegerField(null=True)
        created_at = peewee.BigIntegerField()

    class Event(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE", index=False)
        sequence = peewee.IntegerField()
        uid = peewee.CharField(unique=True)
        type = peewee.CharField()
        data = peewee.JSONField()
        created_at = peewee.BigIntegerField(index=True)

        class Meta:
            indexes = ((("business", "sequence"), True),)

    class Delivery(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        endpoint = peewee.ForeignKeyField(Endpoint, on_delete="CASCADE", index=False)
        event = peewee.ForeignKeyField(Event, on_delete="CASCADE")
        state = peewee.CharField()
        tries = peewee.IntegerField()
        claims = peewee.IntegerField()
        next_try_at = peewee.BigIntegerField()
        tried_at = peewee.BigIntegerField(null=True)
        delivered_at = peewee.BigIntegerField(null=True)
        last_status = peewee.IntegerField(null=True)
        last_error = peewee.TextField(null=True)
        log = peewee.JSONField()

        class Meta:
            indexes = ((("endpoint", "event"), True), (("endpoint", "state", "event"), False))

    db.create_tables(
        [
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
        ]
    )
