"""What comes in badly: forged webhooks and tokens, dropped sockets, odd frames, floods; other calls go on."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from calls import audio
from models import PhoneCall
from tests.support.phone import NUMBER, PERSON, STREAM, House, close_code, house, media_frame, start_frame, stream_token
from tests.support.processes import until
from tests.support.twilio_standin import Caller, CallLog, Twilio, sid, speech


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("phone")) as found:
        found.start()
        yield found


@pytest.mark.parametrize("path", ["/webhook/voice", "/webhook/voice/status", "/webhook/voice/recording",
                                  "/webhook/voice/stream", "/webhook/message"])  # fmt: skip
@pytest.mark.parametrize("signature", ["", "AAAA", "é", "x" * 5000])
def test_a_webhook_without_a_good_signature_is_403(home: House, path: str, signature: str) -> None:
    answer = home.twilio.post(path, home.twilio.form(sid("CA"), PERSON, NUMBER), signature=signature)
    assert (answer.status_code, answer.json()["code"]) == (403, "bad_signature")


def test_a_signature_of_other_fields_another_address_or_another_account_is_403(home: House) -> None:
    form = home.twilio.form(sid("CA"), PERSON, NUMBER)
    good = home.twilio.validator.compute_signature(home.twilio.public_url + "/webhook/voice", form)
    assert home.twilio.post("/webhook/voice", form, signature=good).status_code == 200
    assert home.twilio.post("/webhook/voice", {**form, "To": "+97230000000"}, signature=good).status_code == 403
    assert home.twilio.post("/webhook/voice?step=dialed", form, signature=good).status_code == 403
    other = Twilio(home.url, home.twilio.public_url, token="another account's token")
    assert other.post("/webhook/voice", form).status_code == 403


def test_signed_fields_in_every_script_and_empty_ones_are_believed(home: House) -> None:
    form = home.twilio.form(sid("CA"), PERSON, NUMBER, FromCity="MÜNCHEN", CallerName="דנה 📞", FromState="")
    assert home.twilio.post("/webhook/voice", form).status_code == 200
    assert home.row(form["CallSid"]).caller_name == "דנה 📞"


def test_an_account_of_another_business_cannot_speak_for_this_one(home: House) -> None:
    home.add_business("Other", "+97235550900", account_sid="AC" + "9" * 32, auth_token="their own token")
    theirs = Twilio(home.url, home.twilio.public_url, "AC" + "9" * 32, "their own token")
    form = theirs.form(sid("CA"), PERSON, "+97235550900")
    until(lambda: theirs.post("/webhook/voice", form).status_code == 200, "their account is known")
    call = sid("CA")
    assert theirs.post("/webhook/voice", theirs.form(call, PERSON, NUMBER)).status_code == 403
    good = stream_token(home, call)
    done = {**theirs.form(call, PERSON, "+97235550900"), "CallStatus": "completed"}
    assert theirs.post("/webhook/voice/status", done).status_code == 204
    again = {**home.twilio.form(call, PERSON, NUMBER), "CallStatus": "in-progress", "SequenceNumber": "2"}
    home.twilio.post("/webhook/voice/status", again)
    assert home.row(call, status="in-progress", sequence=2).business_id == home.business.id
    with home.twilio.socket(STREAM) as talk:  # their token for a call of theirs does not open ours, nor the reverse
        talk.send(start_frame(form["CallSid"], good))
        assert close_code(talk) == 1008


def test_a_stream_needs_twilio_s_signature_and_a_token_of_its_call_used_once(home: House) -> None:
    for signature in ("", "AAAA"):
        with pytest.raises(InvalidStatus, match="403"):
            home.twilio.socket(STREAM, signature=signature)
    call = sid("CA")
    good = stream_token(home, call)
    for wrong in ("", "AAAA", good[:-4] + "AAAA"):
        with home.twilio.socket(STREAM) as talk:
            talk.send(start_frame(call, wrong))
            assert close_code(talk) == 1008
    with home.twilio.socket(STREAM) as talk, home.twilio.socket(STREAM) as second:
        talk.send(start_frame(call, good))
        assert json.loads(talk.recv(20))["event"] == "media"
        second.send(start_frame(call, good))
        assert close_code(second) == 1008


def test_a_socket_that_drops_in_mid_word_leads_to_twilio_s_recording_and_both_are_kept(home: House) -> None:
    log = home.twilio.call(NUMBER, person=Caller(says=speech(0.8), end="rude"))
    assert log.steps == ["recorded", "hung up"]
    assert "interrupted" in log.said[-2]
    first = home.recordings(log.sid, settled=1)[0]
    assert first.state == "interrupted"
    heard = home.wav(first)[audio.HEADER :]
    assert len(heard) > 0
    assert bytes(log.spoken).startswith(heard.rstrip(b"\0")[: len(log.spoken)])


def test_odd_frames_are_let_pass_and_what_was_said_is_kept(home: House) -> None:
    call = sid("CA")
    good = stream_token(home, call)
    said = speech(0.4)
    with home.twilio.socket(STREAM) as talk:
        talk.send('{"event": "connected", "protocol": "Call", "version": "1.0.0"}')
        talk.send(media_frame(said[:160]))  # before the start
        talk.send(start_frame(call, good))
        for at, odd in enumerate(
            [
                "", "nonsense", "[]", "7", "null", '"media"', "{}", '{"event": 7}', '{"event": "media"}',
                '{"event": "media", "media": {"payload": 5}}', '{"event": "media", "media": {"payload": "%%%"}}',
                '{"event": "media", "media": {"payload": ""}}', '{"event": "dtmf"}', '{"event": "mark", "mark": []}',
                '{"event": "media", "media": {"payload": "AAAA", "chunk": "x"}}', start_frame(call, good),
                '{"event": "\\ud800"}', "[" * 30_000, b"\x00\xff binary",
            ]
        ):  # fmt: skip
            talk.send(odd)
            talk.send(media_frame(said[at * 160 : at * 160 + 160], at + 1))
        talk.send('{"event": "stop", "stop": {}}')
        assert close_code(talk) == 1000
    (recording,) = home.recordings(call)
    assert home.wav(recording)[audio.HEADER :].rstrip(b"\0") == said[: 19 * 160].rstrip(b"\0")
    assert home.row(call).health["bad"] >= 15


def test_a_frame_of_64_kilobytes_is_taken_and_a_larger_one_ends_its_socket_alone(home: House) -> None:
    call, other = sid("CA"), sid("CA")
    with home.twilio.socket(STREAM) as talk, home.twilio.socket(STREAM) as neighbour:
        neighbour.send(start_frame(other, stream_token(home, other)))
        talk.send(start_frame(call, stream_token(home, call)))
        talk.send(media_frame(speech(5.0)[:40_000]))
        folder = home.folder / "data" / "calls"
        until(lambda: [one for one in folder.glob(f"*/{call}-*.part") if one.stat().st_size > 40_000], "it is taken")
        talk.send("x" * 70_000)
        assert close_code(talk) == 1009
        neighbour.send(media_frame(speech(0.2)))
        neighbour.send('{"event": "stop", "stop": {}}')
        assert close_code(neighbour) == 1000
    assert [one.state for one in home.recordings(call)] == ["interrupted"]
    assert home.recordings(call)[0].seconds == 5.0
    assert [one.state for one in home.recordings(other)] == ["whole"]


def test_a_flood_of_frames_that_mean_nothing_ends_its_socket(home: House) -> None:
    with home.twilio.socket(STREAM) as talk:
        with suppress(ConnectionClosed):
            for _ in range(200):
                talk.send("nonsense")
        assert close_code(talk) == 1003


def test_a_thousand_idle_sockets_do_not_keep_a_call_waiting(home: House) -> None:
    with ExitStack() as stack:
        for _ in range(1000):
            idle = stack.enter_context(socket.create_connection(("127.0.0.1", home.port), timeout=10))
            idle.sendall(b"GET /ws/media HTTP/1.1\r\nHost: x\r\n")
        log = home.twilio.call(NUMBER, person=Caller(says=speech(0.4), pace=2))
        home.row(log.sid, outcome="voicemail", status="completed")


def test_who_never_says_start_is_shown_out(home: House) -> None:
    with home.twilio.socket(STREAM) as talk:
        begun = time.monotonic()
        talk.send('{"event": "connected"}')
        assert close_code(talk) == 1008
        assert time.monotonic() - begun > 8


def test_calls_at_the_same_time_do_not_mix(home: House) -> None:
    logs: dict[int, CallLog] = {}

    def one(seed: int) -> None:
        logs[seed] = home.twilio.call(NUMBER, f"+9725400000{seed:02d}", Caller(says=speech(0.6, seed), pace=2))

    threads = [threading.Thread(target=one, args=(seed,)) for seed in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for seed, log in logs.items():
        home.row(log.sid, outcome="voicemail")
        (recording,) = home.recordings(log.sid)
        assert home.wav(recording) == audio.wav(bytes(log.spoken))
        assert bytes(log.spoken).startswith(speech(0.6, seed))
    assert len(logs) == 8
    assert PhoneCall.select().where(PhoneCall.caller.startswith("+9725400000")).count() == 8
