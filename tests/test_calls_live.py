"""Calls as they happen: through real nginx on TLS, and seen and heard by browsers over a socket with a ticket."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

import models
from calls import audio, tokens
from store import phone
from tests.support.phone import NUMBER, PERSON, House, house, media_frame, start_frame, stream_token
from tests.support.processes import free_port, running, until
from tests.support.twilio_standin import ACCOUNT, Caller, CallLog, Media, sid, speech
from tests.test_nginx import NGINX, _certificate, _conf


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("phone")) as found:
        found.start()
        yield found


def _ticket(home: House, *, listen: bool = True, business: int | None = None, lives_s: float = 60) -> str:
    values = {"business": business or home.business.id, "listen": listen, "once": secrets.token_hex(8), "for_s": 60}
    return tokens.issue(models.derive("calls")[0], "live", values, expires_at=time.time() + lives_s)


def _watch(home: House, ticket: str) -> ClientConnection:
    address = f"ws://127.0.0.1:{home.port}/ws/live?ticket={ticket}"
    return connect(address, compression=None, proxy=None, max_size=None)


def _told(talk: ClientConnection, sid: str) -> dict[str, object]:
    """The newest word on the calls in which this one stands."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        text = talk.recv(30)
        if isinstance(text, str):
            for call in json.loads(text)["calls"]:
                if call["sid"] == sid:
                    return dict(call)
    raise AssertionError("the call was not told")


def _everything(talk: ClientConnection) -> list[str | bytes]:
    """What comes within a second and a half."""
    found: list[str | bytes] = []
    end = time.monotonic() + 1.5
    with suppress(TimeoutError):
        while (left := end - time.monotonic()) > 0:
            found.append(talk.recv(left))
    return found


def test_a_running_call_is_seen_with_its_level_and_heard_by_the_owner(home: House) -> None:
    call = sid("CA")
    said = speech(3.0)
    with _watch(home, _ticket(home)) as watcher, home.twilio.socket("wss://phone.example.com/ws/media") as talk:
        token = stream_token(home, call)
        assert _told(watcher, call)["status"] == "ringing"
        media = Media(talk, call, ACCOUNT, {"token": token}, Caller(), CallLog(call))
        media.media(said[:160])
        until(lambda: _told(watcher, call)["level"] is not None, "its level is told")
        watcher.send(json.dumps({"listen": call}))
        heard = bytearray()
        messages, begun = 0, time.monotonic()
        for at in range(160, len(said), 160):
            media.media(said[at : at + 160])
            time.sleep(0.01)
        while len(heard) < 8000:
            part = watcher.recv(30)
            messages += 1
            if isinstance(part, bytes):
                heard += part
        assert bytes(heard[:4000]) in said
        assert messages <= 15 * (time.monotonic() - begun) + 15
        talk.send('{"event": "stop", "stop": {}}')
        home.row(call, outcome="voicemail")


def test_who_may_not_listen_hears_nothing_and_another_business_sees_nothing(home: House) -> None:
    call = sid("CA")
    other = home.add_business("Other", "+97235550801")
    with (
        _watch(home, _ticket(home, listen=False)) as member,
        _watch(home, _ticket(home, business=other.id)) as stranger,
        home.twilio.socket("wss://phone.example.com/ws/media") as talk,
    ):
        talk.send(start_frame(call, stream_token(home, call)))
        _told(member, call)
        for watcher in (member, stranger):
            watcher.send(json.dumps({"listen": call}))
            watcher.send("nonsense")
            watcher.send(b"\x00")
        said = speech(1.0)
        for at in range(0, len(said), 160):
            talk.send(media_frame(said[at : at + 160]))
        assert all(isinstance(one, str) for one in _everything(member))
        assert all(json.loads(one)["calls"] == [] for one in _everything(stranger))
        talk.send('{"event": "stop", "stop": {}}')


def test_a_ticket_opens_one_socket_for_a_minute(home: House) -> None:
    good = _ticket(home)
    with _watch(home, good):
        pass
    for bad in (good, "AAAA", _ticket(home, lives_s=-1)):
        with pytest.raises(InvalidStatus):
            _watch(home, bad).close()
    address = f"ws://127.0.0.1:{home.port}/ws/live"
    with connect(address, proxy=None) as talk:
        talk.send(json.dumps({"ticket": _ticket(home)}))
        assert json.loads(talk.recv(20)) == {"calls": [], "listening": None}
    with connect(address, proxy=None) as talk:
        talk.send("nonsense")
        with pytest.raises(ConnectionClosed):
            talk.recv(20)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
@pytest.mark.parametrize("minutes", [1, pytest.param(10, marks=[pytest.mark.nightly, pytest.mark.timeout(1200)])])
def test_through_nginx_on_tls_webhooks_are_believed_and_a_stream_stays_up(tmp_path: Path, minutes: int) -> None:
    front = tmp_path / "front"
    front.mkdir()
    ports = {name: free_port() for name in ("tls", "plain", "web", "calls", "n8n")}
    trusted = _certificate(front)
    public = f"https://localhost:{ports['tls']}"
    with house(tmp_path, PUBLIC_URL=public) as home:
        phone.change(home.business.id, {"longest_s": 700})
        home.start()
        conf = _conf(front, {**ports, "calls": home.port})
        command = [str(NGINX), "-p", str(front), "-c", str(conf), "-g", "daemon off;"]
        with running(command, home.env, front / "nginx.log"):
            twilio = home.twilio
            twilio.calls_url, twilio.trusted = public, trusted
            twilio.session.verify = str(front / "certs" / "fullchain.pem")
            form = twilio.form(sid("CA"), PERSON, NUMBER)
            until(lambda: _reached(home), "nginx answers")
            assert f"wss://localhost:{ports['tls']}/ws/media" in twilio.post("/webhook/voice", form).text
            assert twilio.post("/webhook/voice", form, signature="wrong").status_code == 403
            said = speech(1.0) * 60 * minutes
            begun = time.monotonic()
            log = twilio.call(NUMBER, person=Caller(says=said))
            assert time.monotonic() - begun >= 60 * minutes
            home.row(log.sid, outcome="voicemail", status="completed")
            (recording,) = home.recordings(log.sid)
            assert home.wav(recording) == audio.wav(bytes(log.spoken))
            assert bytes(log.spoken).startswith(said)


def _reached(home: House) -> bool:
    try:
        return home.twilio.session.post(home.twilio.calls_url + "/webhook/voice", timeout=5).status_code == 403
    except OSError:
        return False
