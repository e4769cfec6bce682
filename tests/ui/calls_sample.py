"""Fills a business with known calls: `python -m tests.ui.calls_sample SLUG`, in the environment of a product."""

from __future__ import annotations

import sys
from datetime import timedelta

import clock
import config
import models
from calls import audio, sounds
from jobs.blob_stores import blob_store
from models import Business, PhoneCall, Recording, TextMessage
from store import contacts, phone, schema
from tests.support.processes import ROOT
from tests.support.twilio_standin import SILENCE, speech

DANA, SHOP, OTHER = "+972541234567", "+97235550177", "+14155550123"


def fill(business: Business, settings: config.Config) -> None:
    """Four calls, a message by text, a number and a person."""
    blobs = blob_store(settings)
    phone.add_number(business.id, f"+9723555{business.id:04}", "Office")
    phone.add_person(business.id, DANA, "Dana Levi")
    dana = contacts.add(business.id, {"name": "Dana Levi", "phones": [DANA], "form": "person"})
    sound = b"".join(speech(0.4, seed) + SILENCE * 1200 for seed in range(1, 12))
    now = clock.now()

    def call(minutes: int, **values: object) -> PhoneCall:
        at = now - timedelta(minutes=minutes)
        base = {"business": business, "status": "completed", "number": f"+9723555{business.id:04}", "duration_s": 34}
        sid = f"CA{business.id:08}{minutes:08}"
        return PhoneCall.create(**{**base, "sid": sid, "started_at": at, "ended_at": at, "heard_at": at, **values})

    call(300, caller="", outcome="missed", done_at=now, note="Called again by himself.")
    call(80, caller=SHOP, caller_name="דפוס כהן", outcome="answered", forwarded_to="+972521112222", talk_s=61)
    call(25, caller=OTHER, outcome="missed", duration_s=9)
    message = call(3, caller=DANA, contact_id=dana.id, outcome="voicemail")
    Recording.create(
        business=business, call=message, sid=f"RE{business.id}", kind="stream", state="whole",
        sha256=blobs.put(audio.wav(sound)), mp3_sha256=blobs.put(sounds.mp3(audio.pcm(sound), audio.RATE)),
        seconds=len(sound) / audio.RATE, waveform=audio.waveform(sound),
        transcript="Hello, this is Dana. Please call me back about the invoice of October.",
    )  # fmt: skip
    TextMessage.create(
        business=business, sid=f"MM{business.id}", person=DANA, sender=DANA, number=f"+9723555{business.id:04}",
        media=[{"url": "", "type": "image/jpeg"}], state="answered",
        answer="₪184.00, Café Alma, 23 Nov. Reply 1 to confirm, or the right total.",
    )  # fmt: skip


if __name__ == "__main__":
    read = config.load(None, ROOT)
    schema.open_database(read)
    models.db.connect(reuse_if_open=True)
    fill(Business.get(Business.slug == sys.argv[1]), read)
