"""Calls through the real process: greeting, menu, message, hang-up; what goes wrong on the way, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from calls import audio
from models import PhoneCall, PhoneNumber
from tests.support.phone import NUMBER, House, house
from tests.support.twilio_standin import Caller, speech


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("phone")) as found:
        found.start()
        yield found


def test_a_message_left_in_a_stream_is_kept_sample_by_sample(home: House) -> None:
    person = Caller(says=speech(1.2))
    log = home.twilio.call(NUMBER, person=person)
    assert "Café Alma" in log.said[0]
    row = home.row(log.sid, outcome="voicemail", status="completed")
    assert (row.business_id, row.caller, row.number) == (home.business.id, "+972541234567", NUMBER)
    (recording,) = home.recordings(log.sid)
    assert recording.state == "whole"
    assert home.wav(recording) == audio.wav(bytes(log.spoken))
    assert bytes(log.spoken).startswith(person.says)
    assert bytes(log.heard) == audio.beep()
