"""The tables of the phone: its settings and numbers, calls, recordings, and messages that file receipts."""

from __future__ import annotations

import peewee

import clock
from database import Owned, SecretField, UtcField
from tables.mail import Mail
from tables.people import Business


class PhoneSettings(Owned):
    """What callers of a business meet, and the Twilio account that they come through."""

    business_id: int
    business = peewee.ForeignKeyField(Business, unique=True, on_delete="CASCADE")
    account_sid = peewee.CharField(default="")  # empty: the installation's account
    auth_token = SecretField(null=True)
    language = peewee.CharField(default="")  # empty: the business's
    greeting = peewee.TextField(default="")
    closed = peewee.TextField(default="")
    sound_sha256 = peewee.CharField(null=True)  # an uploaded greeting: raw μ-law in the blob store
    consent = peewee.TextField(default="")
    hours = peewee.JSONField(default=dict)  # {"0": [[540, 1020]]}: Monday, minutes since midnight; {} is always
    holidays = peewee.JSONField(default=list)
    menu = peewee.JSONField(default=list)  # [{"digit", "action", "value", "label"}]
    menu_text = peewee.TextField(default="")
    forward = peewee.JSONField(default=list)
    ring_s = peewee.IntegerField(default=20)
    voicemail = peewee.BooleanField(default=True)
    stream = peewee.BooleanField(default=True)
    longest_s = peewee.IntegerField(default=120)
    silence_s = peewee.IntegerField(default=4)
    record_calls = peewee.BooleanField(default=False)
    transcribe = peewee.BooleanField(default=True)  # where TRANSCRIBE_URL is set
    anonymous = peewee.CharField(default="accept")  # accept | voicemail | reject
    blocked = peewee.JSONField(default=list)
    retention_days = peewee.IntegerField(default=0)  # recordings are erased after so many days; 0 keeps them
    updated_at = UtcField(default=clock.now)


class PhoneNumber(Owned):
    """A number that Twilio brings to us; it belongs to one business."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    number = peewee.CharField(unique=True)  # E.164
    label = peewee.CharField(default="")
    created_at = UtcField(default=clock.now)


class PhonePerson(Owned):
    """A person whose messages to the business's number are filed as receipts."""

    business_id: int
    business = peewee.ForeignKeyField(Business, on_delete="CASCADE")
    number = peewee.CharField()  # E.164
    name = peewee.CharField(default="")
    created_at = UtcField(default=clock.now)

    class Meta:
        """A number is known once."""

        indexes = ((("business", "number"), True),)


class PhoneCall(Owned):
    """A call by its CallSid, put together from webhooks that may come twice and in any order."""

    business_id: int | None
    business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE")  # null: not yet known whose
    sid = peewee.CharField(unique=True)
    account_sid = peewee.CharField(default="")
    parent_sid = peewee.CharField(null=True, index=True)
    direction = peewee.CharField(default="inbound")
    caller = peewee.CharField(default="")  # E.164; empty where it is withheld
    number = peewee.CharField(default="")  # that was dialled
    caller_name = peewee.CharField(default="")
    contact_id = peewee.IntegerField(null=True, index=True)
    status = peewee.CharField(default="queued")  # Twilio's word
    sequence = peewee.IntegerField(null=True)
    outcome = peewee.CharField(default="")  # answered | voicemail | interrupted | missed | blocked | hidden
    choice = peewee.CharField(default="")  # digit of the menu
    forwarded_to = peewee.CharField(default="")
    duration_s = peewee.IntegerField(null=True)
    talk_s = peewee.IntegerField(null=True)  # with whoever answered
    health = peewee.JSONField(default=dict)  # {"frames", "gaps", "bad", "error"} of its stream
    note = peewee.TextField(default="")
    version = peewee.IntegerField(default=1)
    done_at = UtcField(null=True)
    done_by = peewee.CharField(default="")
    told_at = UtcField(null=True)  # when the outside world was told of its end
    started_at = UtcField(default=clock.now)
    ended_at = UtcField(null=True)
    heard_at = UtcField(default=clock.now)  # of the newest event

    class Meta:
        """The list, newest first, and what is open."""

        indexes = ((("business", "id"), False), (("business", "outcome", "done_at"), False), (("status",), False))


class Recording(Owned):
    """A sound of a call."""

    business_id: int | None
    call_id: int
    business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE")
    call = peewee.ForeignKeyField(PhoneCall, backref="recordings", on_delete="CASCADE")
    sid = peewee.CharField(unique=True)  # Twilio's, or stream-<take>
    kind = peewee.CharField()  # stream | record | call
    state = peewee.CharField(default="fetching")  # fetching | whole | interrupted | empty | failed | erased
    sha256 = peewee.CharField(null=True)  # WAV
    mp3_sha256 = peewee.CharField(null=True)  # the browser's copy
    seconds = peewee.FloatField(null=True)
    waveform = peewee.JSONField(default=list)  # loudness 0 to 255 of equal parts
    transcript = peewee.TextField(null=True)
    heard_at = UtcField(null=True)  # a person played it
    error_code = peewee.CharField(null=True)
    error_text = peewee.TextField(null=True)
    created_at = UtcField(default=clock.now)

    class Meta:
        """What is old enough to go."""

        indexes = ((("business", "created_at"), False),)


class TextMessage(Owned):
    """A message of a known person, and what it was answered."""

    business_id: int | None
    mail_id: int | None
    business = peewee.ForeignKeyField(Business, null=True, on_delete="CASCADE")
    sid = peewee.CharField(unique=True)
    account_sid = peewee.CharField(default="")
    person = peewee.CharField()  # E.164
    sender = peewee.CharField()  # as it came: +972…, whatsapp:+972…
    number = peewee.CharField()  # ours, as it came
    body = peewee.TextField(default="")
    media = peewee.JSONField(default=list)  # [{"url", "type"}]
    mails = peewee.JSONField(default=list)  # ids of the ledger's rows that its files became
    mail = peewee.ForeignKeyField(Mail, null=True, on_delete="SET NULL")
    receipt_id = peewee.IntegerField(null=True, index=True)  # that it speaks of
    state = peewee.CharField(default="received")  # received | read | answered | failed
    answer = peewee.TextField(default="")
    answered_at = UtcField(null=True)
    created_at = UtcField(default=clock.now)

    class Meta:
        """A person's last message."""

        indexes = ((("business", "person", "id"), False),)
