"""What workers do for the phone: recordings fetched and copied, written down by a server, erased after their time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import clock
from calls import audio
from config import Config
from jobs import work as steps
from jobs.blob_stores import blob_store
from jobs.workshop import Workshop
from models import Business, PhoneCall, Recording, Work
from store import calls, phone, work
from tests.support import installation
from tests.support.twilio_standin import ACCOUNT, TOKEN, Twilio, api, pcm_wav, sid, speech


class Transcriber:
    """A server that speaks OpenAI's API, as far as we use it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.status, self.answer = 200, json.dumps({"text": " Call me back. "})


@contextmanager
def _serving(transcriber: Transcriber) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            transcriber.heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            body = transcriber.answer.encode()
            self.send_response(transcriber.status if self.path == "/v1/audio/transcriptions" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def transcriber() -> Transcriber:
    return Transcriber()


@pytest.fixture
def twilio() -> Twilio:
    return Twilio("http://unused", "https://unused")


@pytest.fixture
def shop(tmp_path: Path, transcriber: Transcriber, twilio: Twilio) -> Iterator[Workshop]:
    with _serving(transcriber) as speech_url, api(twilio) as twilio_url:
        config: Config = installation.settings(
            tmp_path, TRANSCRIBE_URL=speech_url, TWILIO_API_URL=twilio_url, TWILIO_ACCOUNT_SID=ACCOUNT,
            TWILIO_AUTH_TOKEN=TOKEN,
        )  # fmt: skip
        with installation.database(config):
            nothing: Any = None
            yield Workshop(config, blob_store(config), nothing, lambda _: True, nothing, lambda: False, nothing)


def _done(shop: Workshop, row: Work, tries: int = 12) -> Work:
    for _ in range(tries):
        Work.update(next_try_at=clock.now()).where(Work.id == row.id).execute()
        steps.step(shop, row.id)
        if Work.get_by_id(row.id).status not in work.ACTIVE:
            break
    return Work.get_by_id(row.id)


def _recording(business: Business, **values: object) -> Recording:
    call = PhoneCall.create(business=business, sid=sid("CA"), status="completed")
    return Recording.create(business=business, call=call, **{"sid": sid("RE"), "kind": "record", **values})


def _expected(business: Business, recording: Recording) -> Work:
    return work.ask(calls.FETCH, business, {"recording": recording.id}, unique=recording.sid)[0]


def test_a_recording_is_fetched_once_it_is_there_then_copied_and_written_down(
    shop: Workshop, twilio: Twilio, transcriber: Transcriber
) -> None:
    business = installation.business()
    recording = _recording(business)
    asked = _expected(business, recording)
    assert _done(shop, asked, tries=2).error_code == "recording_not_ready"
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{recording.sid}.wav"
    twilio.files[path] = ("audio/x-wav", pcm_wav(speech(2.0)))
    assert _done(shop, asked).status == "done"
    row = Recording.get_by_id(recording.id)
    assert (row.state, row.seconds, len(row.waveform)) == ("whole", 2.0, 120)
    assert row.call.outcome == "voicemail"
    copy = Work.get(Work.kind == calls.COPY)
    assert _done(shop, copy).result == {"words": 3}
    row = Recording.get_by_id(recording.id)
    assert row.transcript == "Call me back."
    mp3 = shop.blobs.get(row.mp3_sha256)
    assert mp3 in transcriber.heard[0]
    assert b'name="language"\r\n\r\nen' in transcriber.heard[0]


@pytest.mark.parametrize(
    ("token", "code"), [("another token", "twilio_refused"), (TOKEN, "bad_sound")], ids=["refused", "no sound"]
)
def test_what_cannot_be_fetched_says_why(shop: Workshop, twilio: Twilio, token: str, code: str) -> None:
    business = installation.business()
    phone.change(business.id, {"account_sid": ACCOUNT, "auth_token": token})
    recording = _recording(business)
    twilio.files[f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{recording.sid}.wav"] = ("audio/x-wav", b"nothing")
    failed = _done(shop, _expected(business, recording))
    assert (failed.status, failed.error_code) == ("failed", code)
    row = Recording.get_by_id(recording.id)
    assert (row.state, row.error_code) == ("failed", code)


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [(503, "", "transcriber_unreachable"), (401, "", "transcriber_refused"), (200, "[]", "transcriber_refused"),
     (200, "no json", "transcriber_refused"), (200, '{"text": null}', "transcriber_refused")],
)  # fmt: skip
def test_a_transcriber_that_fails_costs_the_recording_nothing(
    shop: Workshop, transcriber: Transcriber, status: int, answer: str, code: str
) -> None:
    transcriber.status, transcriber.answer = status, answer
    recording = _recording(installation.business(), state="whole", sha256=shop.blobs.put(audio.wav(speech(0.5))))
    asked, _ = work.ask(calls.COPY, recording.business_id, {"recording": recording.id})
    assert (_done(shop, asked).error_code or "") == code
    assert Recording.get_by_id(recording.id).mp3_sha256


def test_who_does_not_want_it_is_not_written_down(shop: Workshop, transcriber: Transcriber) -> None:
    business = installation.business()
    phone.change(business.id, {"transcribe": False})
    recording = _recording(business, state="whole", sha256=shop.blobs.put(audio.wav(speech(0.5))))
    asked, _ = work.ask(calls.COPY, business, {"recording": recording.id})
    assert _done(shop, asked).status == "done"
    assert transcriber.heard == []


def test_recordings_go_after_their_time_and_no_other_ones(shop: Workshop) -> None:
    from jobs import calls_work

    business, other = installation.business(), installation.business("other")
    phone.change(business.id, {"retention_days": 30})
    key = shop.blobs.put(audio.wav(speech(0.2)))
    long_ago = clock.now() - timedelta(days=31)
    old, young = (
        _recording(business, state="whole", sha256=key, created_at=long_ago),
        _recording(business, state="whole"),
    )
    kept = _recording(other, state="whole", created_at=long_ago)
    ((asked, new),) = calls_work.plan()
    assert (new, asked.business_id) == (True, business.id)
    assert _done(shop, asked).result == {"erased": 1}
    assert [Recording.get_by_id(one.id).state for one in (old, young, kept)] == ["erased", "whole", "whole"]
    assert Work.get(Work.kind == "erase_files").args == {"keys": [key]}
    assert not any(new for _, new in calls_work.plan())
