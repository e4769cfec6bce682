"""What a calls process that dies leaves behind, and what it does without a database or without room on the disk."""

from __future__ import annotations

import json
import resource
import signal
import time
from pathlib import Path

import pytest

import models
from blobs import FolderBlobs
from calls import audio
from jobs import calls_desk
from jobs.adapters import blob_folder
from store import call_list, calls, contacts
from tests.support import postgres
from tests.support.phone import NUMBER, PERSON, STREAM, close_code, house, media_frame, start_frame, stream_token
from tests.support.processes import until
from tests.support.twilio_standin import ACCOUNT, Caller, CallLog, Media, sid, speech


def test_kill_9_in_mid_call_keeps_the_sound_so_far_and_says_interrupted(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.start()
        call = sid("CA")
        token = stream_token(home, call)
        log = CallLog(call)
        with home.twilio.socket(STREAM) as talk:
            media = Media(talk, call, ACCOUNT, {"token": token}, Caller(), log)
            said = speech(2.0)
            for at in range(0, len(said), 160):
                media.media(said[at : at + 160])
            folder = home.folder / "data" / "calls"
            written = audio.HEADER + len(said)
            until(lambda: [p for p in folder.glob("*/*.part") if p.stat().st_size == written], "it is on disk")
            home.kill()
        home.start()
        row = home.row(call, outcome="interrupted", status="interrupted")
        assert row.ended_at is not None
        (recording,) = home.recordings(call)
        assert recording.state == "interrupted"
        assert home.wav(recording) == audio.wav(said)
        assert not list(folder.glob("*/*.wav"))


def test_kill_9_is_mended_by_the_worker_where_calls_does_not_come_back(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.start()
        call = sid("CA")
        with home.twilio.socket(STREAM) as talk:
            talk.send(start_frame(call, stream_token(home, call)))
            talk.send(media_frame(speech(1.0)))
            folder = home.folder / "data" / "calls"
            until(lambda: [p for p in folder.glob("*/*.part") if p.stat().st_size > 8000], "it is on disk")
            home.kill()
        assert calls_desk.recover(home.config, FolderBlobs(blob_folder(home.config))) > 0
        assert calls_desk.recover(home.config, FolderBlobs(blob_folder(home.config))) == 0
        assert home.row(call).outcome == "interrupted"


def test_sigterm_keeps_every_word_and_the_next_process_goes_on(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        process = home.start()
        call = sid("CA")
        said = speech(1.0)
        with home.twilio.socket(STREAM) as talk:
            talk.send(start_frame(call, stream_token(home, call)))
            talk.send(media_frame(said))
            json.loads(talk.recv(20))
            time.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            assert close_code(talk) == 1012
        assert process.wait(20) == 0
        (recording,) = home.recordings(call)
        assert home.wav(recording) == audio.wav(said)
        assert list((home.folder / "data" / "calls").glob("*-*")) == []


@pytest.mark.parametrize("snapshot", [True, False], ids=["with a snapshot", "without one"])
def test_without_a_database_a_message_is_taken_and_sorted_in_later(tmp_path: Path, *, snapshot: bool) -> None:
    with house(tmp_path) as home:
        data = home.folder / "data"
        if snapshot:
            home.start().terminate()
            assert home.process is not None
            home.process.wait()
        database = data / "prosaas.db"
        models.db.close()
        for path in list(data.glob("prosaas.db*")):
            path.rename(str(path).replace("prosaas.db", "away.db"))
        database.mkdir()  # nothing can be opened there
        home.start()
        begun = time.monotonic()
        log = home.twilio.call(NUMBER, person=Caller(says=speech(0.6)))
        assert time.monotonic() - begun < 10
        assert ("Café Alma" in log.said[0]) is snapshot
        assert log.said[0]
        assert bytes(log.spoken)
        if snapshot:
            assert home.twilio.call("+97239999999").steps == ["rejected", "hung up"]
        database.rmdir()
        for path in list(data.glob("away.db*")):
            path.rename(str(path).replace("away.db", "prosaas.db"))
        models.db.connect(reuse_if_open=True)
        row = home.row(log.sid, outcome="voicemail", status="completed")
        assert row.business_id == home.business.id
        assert home.wav(home.recordings(log.sid)[0]) == audio.wav(bytes(log.spoken))


def test_a_full_disk_ends_the_stream_and_keeps_what_was_recorded(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        process = home.start()
        before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        # From here on no file of the process may grow beyond this, the database's neither: as on a full disk.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (60_000, before[1]))
        log = home.twilio.call(NUMBER, person=Caller(says=speech(60.0), end="wait", pace=8))
        assert log.closed == 1011
        assert log.steps == ["recorded", "hung up"]
        after = home.twilio.call(NUMBER, person=Caller(says=speech(0.4), pace=2))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)
        first = home.recordings(log.sid, settled=1)[0]
        assert first.state == "interrupted"
        heard = home.wav(first)[audio.HEADER :].rstrip(b"\0")
        assert len(heard) > 40_000
        assert bytes(log.spoken).startswith(heard)
        home.row(after.sid, outcome="voicemail")


def test_on_postgresql_calls_are_kept_and_found_as_on_sqlite(tmp_path: Path) -> None:
    with house(tmp_path, DATABASE_URL=postgres.cluster().database()) as home:
        home.start()
        person = Caller(says=speech(0.6), pace=2)
        log = home.twilio.call(NUMBER, person=person)
        row = home.row(log.sid, outcome="voicemail", status="completed")
        assert home.wav(home.recordings(log.sid)[0]) == audio.wav(bytes(log.spoken))
        contact = contacts.add(home.business.id, {"name": "Dana", "phones": [PERSON]})
        found, _ = call_list.page(home.business.id, q="054-123", contact=contact.id)
        assert call_list.whose(home.business.id, found) == {row.id: contact.id}
        assert call_list.open_count(home.business.id) == 1
        assert (calls.end_silent(), calls.adopt()) == (0, 0)
