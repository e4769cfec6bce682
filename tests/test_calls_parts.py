"""The parts of the phone one by one: signatures as Twilio's package makes them, the state machine, sound, plans."""

from __future__ import annotations

import base64
import io
import json
import time
import wave
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import MultiDict  # comes with the twilio package
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

from calls import audio, numbers, plan, signature, sounds, tokens, twiml
from calls.media import Begin, Close, Script, Send, Session, Start
from errors import Tellable
from jobs.calls_messages import amount_of
from tests.support.twilio_standin import SILENCE, speech

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
URLS = st.sampled_from(
    [
        "https://h.example/webhook/voice", "https://h.example:443/webhook/voice?step=menu", "http://h.example:8080/x?a=b&c",
        "wss://h.example/ws/media", "http://[::1]:5050/webhook/voice",
    ]
)  # fmt: skip


@given(url=URLS, params=st.dictionaries(NAMES, NAMES, max_size=6))
def test_our_signature_is_twilio_s_and_twilio_s_is_believed(url: str, params: dict[str, str]) -> None:
    theirs = RequestValidator("token")
    pairs = list(params.items())
    assert signature.sign("token", url, pairs) == theirs.compute_signature(url, params)
    assert theirs.validate(url, params, signature.sign("token", url, pairs))
    assert signature.valid(["other", "token"], url, pairs, theirs.compute_signature(url, params))
    assert not signature.valid(["other", ""], url, pairs, theirs.compute_signature(url, params))


def test_a_name_with_several_values_and_a_port_that_is_added_or_left_out_count_as_twilio_counts_them() -> None:
    theirs = RequestValidator("token")
    pairs = [("MediaUrl", "b"), ("Z", ""), ("MediaUrl", "a"), ("MediaUrl", "b")]
    made = theirs.compute_signature("https://h.example/x", MultiDict(pairs))
    assert signature.valid(["token"], "https://h.example/x", pairs, made)
    assert signature.valid(["token"], "https://h.example:443/x", pairs, made)
    added = theirs.compute_signature("https://h.example:443/x", {})
    assert signature.valid(["token"], "https://h.example/x", (), added)


def test_twiml_is_what_twilio_s_builder_makes() -> None:
    ours = (
        twiml.Reply()
        .say("Café & <Alma> שלום\x00", "he-IL")
        .play("https://x/y?a=1&b=2")
        .redirect("https://x/z")
        .hangup()
    )
    theirs = VoiceResponse()
    theirs.say("Café & <Alma> שלום", language="he-IL")
    theirs.play("https://x/y?a=1&b=2")
    theirs.redirect("https://x/z", method="POST")
    theirs.hangup()
    assert ours.xml().decode().replace(" />", "/>") == str(theirs).replace(" />", "/>")


# -- the state machine


def _session(**script: object) -> tuple[Session, list[object]]:
    session = Session(lambda _: Script(beep=b"\x80" * 400, **script))  # type: ignore[arg-type]
    start = {"streamSid": "MZ1", "callSid": "CA1", "accountSid": "AC1", "customParameters": {"token": "t"}}
    return session, list(session.receive(json.dumps({"event": "start", "start": start}), 0.0))


def _media(session: Session, sound: bytes) -> list[object]:
    found: list[object] = []
    for at in range(0, len(sound), 160):
        payload = base64.b64encode(sound[at : at + 160]).decode()
        found += session.receive(json.dumps({"event": "media", "media": {"payload": payload}}), 0.0)
    return found


def _sent(actions: list[object]) -> list[str]:
    return [json.loads(one.text)["event"] for one in actions if isinstance(one, Send)]


def test_a_stream_begins_with_a_beep_and_loses_nothing_of_who_speaks_into_it() -> None:
    session, actions = _session()
    assert actions[0] == Begin(Start("MZ1", "CA1", "AC1", {"token": "t"}))
    assert _sent(actions) == ["media", "mark"]
    said = speech(0.3)
    assert _media(session, said) == []
    assert session.take() == said
    assert session.take() == b""


def test_a_greeting_is_recorded_over_only_when_it_was_heard_or_its_mark_never_comes() -> None:
    for told in (True, False):
        session, actions = _session(greeting=b"\x70" * 8000)
        assert _sent(actions) == ["media", "media", "mark", "media", "mark"]
        _media(session, SILENCE * 800)
        assert session.take() == b""
        if told:
            session.receive('{"event": "mark", "mark": {"name": "beep"}}', 2.0)
        else:
            session.tick(60.0)
        _media(session, speech(0.1))
        assert session.take() == speech(0.1)


def test_who_speaks_into_a_greeting_cuts_it_short_and_loses_no_word() -> None:
    session, _ = _session(greeting=b"\x70" * 80_000)
    said = speech(1.0)
    actions = _media(session, SILENCE * 1600 + said)
    assert _sent(actions) == ["clear"]
    assert session.take().endswith(said)


def test_a_digit_of_the_menu_ends_the_stream_with_that_choice() -> None:
    session, _ = _session(greeting=b"\x70" * 8000, digits=frozenset("12"))
    actions = list(session.receive('{"event": "dtmf", "dtmf": {"digit": "2"}}', 0.0))
    assert actions == [Close(1000, "choice")]
    assert (session.ended, session.choice) == ("choice", "2")


def test_hash_silence_and_length_end_a_message() -> None:
    session, _ = _session()
    assert list(session.receive('{"event": "dtmf", "dtmf": {"digit": "#"}}', 0.0)) == [Close(1000, "hash")]
    session, _ = _session(silence=8000)
    assert _media(session, speech(0.2) + SILENCE * 9000) == [Close(1000, "silence")]
    session, _ = _session(silence=8000)
    assert _media(session, SILENCE * 79_840) == []  # who has not begun to speak yet has ten seconds
    assert _media(session, SILENCE * 160) == [Close(1000, "silence")]
    session, _ = _session(longest=16_000)
    assert _media(session, speech(2.5)) == [Close(1000, "full")]
    assert len(session.take()) == 16_000


def test_a_line_test_sends_back_what_it_hears_and_keeps_it() -> None:
    session, actions = _session(echo=True)
    assert _sent(actions) == []
    said = speech(0.1)
    back = _media(session, said)
    assert b"".join(base64.b64decode(json.loads(one.text)["media"]["payload"]) for one in back) == said  # type: ignore[attr-defined]
    assert session.take() == said


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("event", "start", "media", "mark", "dtmf", "stop", "streamSid", "customParameters", "payload", "digit")


@settings(max_examples=300)
@given(
    st.lists(
        st.text(max_size=20)
        | st.fixed_dictionaries(
            {"event": st.sampled_from(["start", "media", "mark", "dtmf", "stop", "connected"])},
            optional=dict.fromkeys(KEYS[1:], ODD),
        ).map(json.dumps),
        max_size=20,
    )
)
def test_no_frame_whatever_brings_the_machine_down(frames: list[str]) -> None:
    session, _ = _session()
    for one in frames:
        session.receive(one, 0.0)
    assert session.phase in {"recording", "ended"}


# -- sound


def test_mu_law_is_g_711_and_comes_back_within_its_steps() -> None:
    for sample in range(-32768, 32768, 97):
        back = audio.decode(audio.encode(sample))
        assert abs(back - max(-32635, min(32635, sample))) <= max(8, abs(sample) // 16)
    assert [audio.decode(code) for code in (0x00, 0x80, 0xFF, 0x7F)] == [-32124, 32124, 0, 0]


def test_a_recording_is_a_wav_file_that_others_read_and_an_mp3_a_quarter_of_its_size() -> None:
    said = speech(1.0) + bytes(3)
    made = audio.wav(said)
    assert sounds.samples(made) == (said, 7, 1, 8000)
    pcm, rate = sounds.pcm_of(made)
    assert (pcm, rate) == (audio.pcm(said), 8000)
    mp3 = sounds.mp3(audio.pcm(speech(4.0)), 8000)
    assert mp3[:1] == b"\xff" or mp3[:3] == b"ID3"
    assert len(mp3) < len(speech(4.0)) / 2
    assert 0 < max(audio.waveform(said)) < 256
    assert len(audio.waveform(said)) == 120


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (16000, 1), (6000, 1)])
def test_an_uploaded_greeting_becomes_telephone_sound_of_the_same_length(rate: int, channels: int) -> None:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"\x00\x10\x00\xf0" * rate)
    made = sounds.telephone(out.getvalue())
    assert len(made) == pytest.approx(2 * 8000 / channels, rel=0.01)


@pytest.mark.parametrize("bad", [b"", b"RIFF", b"RIFF\0\0\0\0WAVEfmt ", b"ID3" + bytes(2000), audio.wav(b"")])
def test_what_is_no_sound_is_told_so(bad: bytes) -> None:
    with pytest.raises(Tellable):
        sounds.telephone(bad)


# -- plans, numbers, tokens, amounts


def test_hours_are_those_of_the_business_s_zone_and_holidays_have_none() -> None:
    one = plan.Plan(
        1, "+97231", "", "", time_zone="Asia/Jerusalem", hours={"1": ((540, 1020),)}, holidays=("2026-12-01",)
    )
    assert one.is_open(datetime(2026, 11, 24, 7, 0, tzinfo=UTC))  # Tuesday, nine o'clock there
    assert not one.is_open(datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    assert not one.is_open(datetime(2026, 11, 25, 8, 0, tzinfo=UTC))
    assert not one.is_open(datetime(2026, 12, 1, 8, 0, tzinfo=UTC))
    assert plan.from_json(json.loads(json.dumps(one.as_json()))) == one


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("054-123-4567", "+972541234567"), ("+972 54 1234567", "+972541234567"),
        ("whatsapp:+972541234567", "+972541234567"),
        ("00972541234567", "+972541234567"), ("", None), ("anonymous", None), ("client:dana", None), ("1" * 60, None),
    ],
)  # fmt: skip
def test_a_number_has_one_form(written: str, wanted: str | None) -> None:
    assert numbers.e164(written) == wanted


def test_a_token_is_good_for_its_purpose_and_its_time_alone() -> None:
    key, now = b"k" * 32, time.time()
    token = tokens.issue(key, "live", {"business": 3}, expires_at=now + 60)
    assert tokens.read([b"n" * 32, key], "live", token, now=now) == {"business": 3, "exp": int(now + 60)}
    assert tokens.read([key], "stream", token, now=now) is None
    assert tokens.read([key], "live", token, now=now + 61) is None
    assert tokens.read([b"n" * 32], "live", token, now=now) is None
    for bad in ("", "é", "A", token[:-2], token + "A", "A" * 9000):
        assert tokens.read([key], "live", bad, now=now) is None


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("179.90", "179.90"), ("₪179.90", "179.90"), ("1,287.50", "1287.50"), ("1.287,50 €", "1287.50"), ("184", "184"),
        ("12,5", "12.5"), ("1,287", "1287"), ("ILS 40", "40"), ("40 ש״ח", "40"), ("no", None), ("-5", None),
        ("12 34 x 5", None), ("", None),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_people_write_it(said: str, wanted: str | None) -> None:
    found = amount_of(said)
    assert (None if found is None else str(found)) == wanted
