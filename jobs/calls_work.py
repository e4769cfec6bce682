"""Recordings fetched, copied for browsers and written down; what is over is erased."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

import clock
from calls import api, sounds, transcribe
from config import Config
from errors import Tellable, Temporary
from jobs import calls_desk
from jobs.work import Again, Done, Job
from models import Business, Recording, Work
from sources import egress
from store import calls, phone, work

_LARGEST = 200 * 1024 * 1024


def client(config: Config, business_id: int | None, account_sid: str = "") -> api.Api:
    """The API of a business's account; Tellable `twilio_missing` where there is none."""
    sid, token = phone.account(business_id, calls_desk.default_account(config))
    if not token or not (sid or account_sid):
        raise Tellable("twilio_missing", "No Twilio account is set; give its SID and AuthToken on the phone's page.")
    check = partial(egress.check, allowed=config.private_hosts)
    return api.Api(config.twilio_api_url, sid or account_sid, token, check)


def fetch(job: Job) -> Again | Done:
    """Fetch a recording that Twilio made."""
    row = Recording.get_or_none(Recording.id == job.args["recording"])
    if row is None or row.state != "fetching":
        return Done()
    twilio = client(job.shop.config, job.business_id, str(job.args.get("account", "")))
    try:
        found = twilio.recording(row.sid, _LARGEST)
        pcm, rate = sounds.pcm_of(found.data)
    except Temporary:
        raise
    except Tellable as error:
        calls.not_fetched(row.id, error)
        raise
    key = job.shop.blobs.put(found.data)
    with job.writing():
        calls.fetched(row.id, sha256=key, seconds=len(pcm) / 2 / rate, waveform=sounds.waveform(pcm))
    work.ask(calls.COPY, job.business_id, {"recording": row.id}, unique=str(row.id))
    return Done({"seconds": round(len(pcm) / 2 / rate, 2)})


def copy(job: Job) -> Again | Done:
    """Make the browser's copy of a recording, and have it written down where that is wanted."""
    row = Recording.get_or_none(Recording.id == job.args["recording"])
    if row is None or row.sha256 is None:
        return Done()
    if row.mp3_sha256 is None:
        pcm, rate = sounds.pcm_of(job.shop.blobs.get(row.sha256))
        key = job.shop.blobs.put(sounds.mp3(pcm, rate))
        with job.writing():
            Recording.update(mp3_sha256=key).where(Recording.id == row.id, Recording.sha256 == row.sha256).execute()
        row.mp3_sha256 = key
    config = job.shop.config
    if not config.transcribe_url or row.transcript is not None or row.business_id is None:
        return Done()
    settings = phone.settings(row.business_id)
    if not settings.transcribe:
        return Done()
    language = settings.language or Business.get_by_id(row.business_id).language
    text = transcribe.transcribe(
        config.transcribe_url, job.shop.blobs.get(row.mp3_sha256), f"recording-{row.id}.mp3",
        key=config.llm_api_key, language=language,
    )  # fmt: skip
    with job.writing():
        Recording.update(transcript=text).where(Recording.id == row.id, Recording.sha256.is_null(False)).execute()
    return Done({"words": len(text.split())})


def retain(job: Job) -> Again | Done:
    """Erase recordings whose time is over."""
    days = phone.settings(job.business_id or 0).retention_days
    gone = 0
    while days and job.business_id and job.more():
        erased = calls.erase_old(job.business_id, clock.now() - timedelta(days=days))
        gone += erased
        if not erased:
            break
    return Done({"erased": gone})


def plan() -> Iterable[tuple[Work, bool]]:
    """Once a day for each business that keeps recordings for a time only."""
    today = clock.now().date().isoformat()
    return [work.ask(calls.RETAIN, business_id, slot=today, priority="low") for business_id in phone.retaining()]
