"""The phone: settings, numbers, calls, recordings, messages."""

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

    class Mail(Frozen):
        pass

    class PhoneSettings(Frozen):
        business = peewee.ForeignKeyField(Business, unique=True, on_delete="CASCADE")
        account_sid = peewee.CharField()
        auth_token = peewee.TextField(null=True)
        language = peewee.CharField()
        greeting = peewee.TextField()
        closed = peewee.TextField()
        sound_sha256 = peewee.CharField(null=True)
        consent = peewee.TextField()
        hours = peewee.JSONField()
        holidays = peewee.JSONField()
        menu = peewee.JSONField()
        menu_text = peewee.TextField()
        forward = peewee.JSONField()
        ring_s = peewee.IntegerField()
        voicemail = peewee.BooleanField()
        stream = peewee.BooleanField()
        longest_s = peewee.IntegerField()
        silence_s = peewee.IntegerField()
        record_calls = peewee.BooleanField()
        transcribe = peewee.BooleanField()
        anonymous = peewee.CharField()
        blocked = peewee.JSONField()
        retention_days = peewee.IntegerField()
        updated_at = peewee.BigIntegerField()

    class PhoneNumber(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        number = peewee.CharField(unique=True)
        label = peewee.CharField()
        created_at = peewee.BigIntegerField()

    class PhonePerson(Frozen):
        business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
        number = peewee.CharField()
        name = peewee.CharField()
        created_at = peewee.BigIntegerField()

        class Meta:
            indexes = ((("business", "number"), True),)

    class PhoneCall(Frozen):
        business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE")
        sid = peewee.CharField(unique=True)
        account_sid = peewee.CharField()
        parent_sid = peewee.CharField(null=True, index=True)
        direction = peewee.CharField()
        caller = peewee.CharField()
        number = peewee.CharField()
        caller_name = peewee.CharField()
        contact_id = peewee.IntegerField(null=True, index=True)
        status = peewee.CharField()
        sequence = peewee.IntegerField(null=True)
        outcome = peewee.CharField()
        choice = peewee.CharField()
        forwarded_to = peewee.CharField()
        duration_s = peewee.IntegerField(null=True)
        talk_s = peewee.IntegerField(null=True)
        health = peewee.JSONField()
        note = peewee.TextField()
        version = peewee.IntegerField()
        done_at = peewee.BigIntegerField(null=True)
        done_by = peewee.CharField()
        told_at = peewee.BigIntegerField(null=True)
        started_at = peewee.BigIntegerField()
        ended_at = peewee.BigIntegerField(null=True)
        heard_at = peewee.BigIntegerField()

        class Meta:
            indexes = ((("business", "id"), False), (("business", "outcome", "done_at"), False), (("status",), False))

    class Recording(Frozen):
        business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE")
        call = peewee.ForeignKeyField(PhoneCall, on_delete="CASCADE")
        sid = peewee.CharField(unique=True)
        kind = peewee.CharField()
        state = peewee.CharField()
        sha256 = peewee.CharField(null=True)
        mp3_sha256 = peewee.CharField(null=True)
        seconds = peewee.FloatField(null=True)
        waveform = peewee.JSONField()
        transcript = peewee.TextField(null=True)
        heard_at = peewee.BigIntegerField(null=True)
        error_code = peewee.CharField(null=True)
        error_text = peewee.TextField(null=True)
        created_at = peewee.BigIntegerField()

        class Meta:
            indexes = ((("business", "created_at"), False),)

    class TextMessage(Frozen):
        business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE")
        sid = peewee.CharField(unique=True)
        account_sid = peewee.CharField()
        person = peewee.CharField()
        sender = peewee.CharField()
        number = peewee.CharField()
        body = peewee.TextField()
        media = peewee.JSONField()
        mails = peewee.JSONField()
        mail = peewee.ForeignKeyField(Mail, null=True, on_delete="SET NULL")
        receipt_id = peewee.IntegerField(null=True, index=True)
        state = peewee.CharField()
        answer = peewee.TextField()
        answered_at = peewee.BigIntegerField(null=True)
        created_at = peewee.BigIntegerField()

        class Meta:
            indexes = ((("business", "person", "id"), False),)

    db.create_tables([PhoneSettings, PhoneNumber, PhonePerson, PhoneCall, Recording, TextMessage])
