"""A stand-in for Twilio: signs with Twilio's own package, calls the webhooks, follows TwiML, streams at real pace."""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from twilio.request_validator import RequestValidator
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from calls import audio

ACCOUNT, TOKEN = "AC" + "1" * 32, "auth-token-of-the-account"
FRAME = 160


def sid(kind: str) -> str:
    return kind + secrets.token_hex(16)


def speech(seconds: float = 1.0, seed: int = 1) -> bytes:
    """Something loud that never repeats, as μ-law."""
    value, out = seed, bytearray()
    for _ in range(int(seconds * audio.RATE)):
        value = (value * 1103515245 + 12345) & 0x7FFFFFFF
        out.append(audio.encode((value >> 8) % 40000 - 20000))
    return bytes(out)


SILENCE = bytes([audio.SILENCE])


@dataclass
class Caller:
    """What the person at the other end does.

    says: μ-law that is spoken into a stream or a recording. digits: pressed in turn, one for each menu. end: how a
    stream ends: "stop" hangs up properly, "rude" drops the socket in mid-word, "wait" leaves the end to the other side.
    dial: what becomes of phones that are rung.
    """

    says: bytes = b""
    digits: list[str] = field(default_factory=list)
    end: str = "stop"
    dial: str = "no-answer"
    pace: float = 1.0  # of real time
    socket: str = "ok"  # "refused": Twilio cannot open the stream


class Twilio:
    """One account, its numbers, what was recorded, and every message that was sent."""

    def __init__(self, calls_url: str, public_url: str, account: str = ACCOUNT, token: str = TOKEN) -> None:
        self.calls_url, self.public_url = calls_url, public_url
        self.account, self.token = account, token
        self.validator = RequestValidator(token)
        self.files: dict[str, tuple[str, bytes]] = {}  # path in the API: media type and bytes
        self.sent: list[dict[str, str]] = []
        self.fetched: list[str] = []
        self.session = requests.Session()
        self.session.trust_env = False
        self.trusted: ssl.SSLContext | None = None  # for wss

    # -- webhooks

    def post(self, path: str, form: dict[str, str], signature: str | None = None) -> requests.Response:
        """A webhook as Twilio calls it: signed over the public address, sent to the port."""
        bare = path.removeprefix(self.public_url)
        given = self.validator.compute_signature(self.public_url + bare, form) if signature is None else signature
        headers = {"X-Twilio-Signature": given} if given else {}
        return self.session.post(self.calls_url + bare, data=form, headers=headers, timeout=20)

    def form(self, call: str, caller: str, number: str, **more: str) -> dict[str, str]:
        base = {"CallSid": call, "AccountSid": self.account, "From": caller, "To": number, "ApiVersion": "2010-04-01"}
        return {**base, "CallStatus": "ringing", "Direction": "inbound", "CallerName": "", "FromCity": "", **more}

    # -- calls

    def call(self, number: str, caller: str = "+972541234567", person: Caller | None = None) -> CallLog:
        """A whole call, from the first webhook to the last."""
        person = person or Caller()
        log = CallLog(sid("CA"))
        form = self.form(log.sid, caller, number)
        answer = self.post("/webhook/voice", form)
        log.answers.append(answer)
        verbs = _verbs(answer)
        try:
            for _ in range(30):
                if not verbs:
                    break
                following = self._perform(verbs.pop(0), log, form, person)
                if following is not None:
                    log.answers.append(following)
                    verbs = _verbs(following)
        except _HungUp:
            log.steps.append("hung up")
        form["CallStatus"] = "completed"
        if log.steps[-1:] != ["rejected"]:
            done = {**form, "CallDuration": "7", "SequenceNumber": "3"}
            self.post("/webhook/voice/status", done)
        return log

    def _perform(self, verb: ET.Element, log: CallLog, form: dict[str, str], person: Caller) -> Any:
        form["CallStatus"] = "in-progress"
        tag = verb.tag
        if tag == "Say":
            log.said.append(verb.text or "")
        elif tag == "Play":
            log.played.append(verb.text or "")
        elif tag == "Reject":
            log.steps.append("rejected")
            raise _HungUp
        elif tag == "Hangup":
            raise _HungUp
        elif tag == "Redirect":
            return self.post(str(verb.text), form)
        elif tag == "Gather":
            log.said += [str(one.text) for one in verb if one.tag == "Say"]
            if person.digits:
                digit = person.digits.pop(0)
                log.steps.append(f"pressed {digit}")
                return self.post(verb.attrib["action"], {**form, "Digits": digit})
        elif tag == "Dial":
            log.dialed += [str(one.text) for one in verb]
            for one in verb:
                leg = {"CallSid": sid("CA"), "ParentCallSid": form["CallSid"], "To": str(one.text)}
                status = {"Direction": "outbound-dial", "CallStatus": person.dial, "SequenceNumber": "2"}
                self.post(one.attrib["statusCallback"], {**form, **leg, **status})
            return self.post(verb.attrib["action"], {**form, "DialCallStatus": person.dial, "DialCallDuration": "5"})
        elif tag == "Record":
            return self._record(verb, log, form, person)
        elif tag == "Connect":
            self._connect(verb[0], log, form, person)
        return None

    def _record(self, verb: ET.Element, log: CallLog, form: dict[str, str], person: Caller) -> Any:
        recording = sid("RE")
        path = f"/2010-04-01/Accounts/{self.account}/Recordings/{recording}"
        log.steps.append("recorded")
        told = {
            **form,
            "RecordingSid": recording,
            "RecordingUrl": "https://api.twilio.com" + path,
            "RecordingDuration": str(len(person.says) // audio.RATE),
        }
        answer = self.post(verb.attrib["action"], told)
        self.files[path + ".wav"] = ("audio/x-wav", pcm_wav(person.says))
        self.post(verb.attrib["recordingStatusCallback"], {**told, "RecordingStatus": "completed"})
        return answer

    def _connect(self, stream: ET.Element, log: CallLog, form: dict[str, str], person: Caller) -> None:
        parameters = {one.attrib["name"]: one.attrib["value"] for one in stream if one.tag == "Parameter"}
        assert "?" not in stream.attrib["url"], "Twilio strips a query"
        if person.socket == "refused":
            log.steps.append("stream refused")
            return
        try:
            with self.socket(stream.attrib["url"]) as socket:
                Media(socket, form["CallSid"], self.account, parameters, person, log).run()
        except (InvalidStatus, ConnectionClosed, OSError) as error:
            log.steps.append(f"stream {type(error).__name__}")
        if person.end == "stop" and log.stopped:
            raise _HungUp

    def socket(self, url: str, signature: str | None = None) -> ClientConnection:
        """A stream's socket, signed as Twilio signs it: over the wss address."""
        given = self.validator.compute_signature(url, {}) if signature is None else signature
        address = self.calls_url.replace("http", "ws", 1) + urlsplit(url).path
        headers = {"X-Twilio-Signature": given} if given else {}
        return connect(address, additional_headers=headers, compression=None, proxy=None, ssl=self.trusted)

    # -- messages

    def message(
        self, number: str, sender: str, body: str = "", files: tuple[tuple[str, bytes], ...] = (), message: str = ""
    ) -> requests.Response:
        """A message with files of these media types."""
        message = message or sid("MM")
        form = {"MessageSid": message, "AccountSid": self.account, "From": sender, "To": number, "Body": body}
        form["NumMedia"] = str(len(files))
        for at, (media_type, data) in enumerate(files):
            path = f"/2010-04-01/Accounts/{self.account}/Messages/{message}/Media/{sid('ME')}"
            self.files[path] = (media_type, data)
            form |= {f"MediaUrl{at}": f"https://api.twilio.com{path}", f"MediaContentType{at}": media_type}
        return self.post("/webhook/message", form)


@dataclass
class CallLog:
    """What happened in a call as Twilio saw it."""

    sid: str
    said: list[str] = field(default_factory=list)
    played: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    dialed: list[str] = field(default_factory=list)
    answers: list[requests.Response] = field(default_factory=list)
    heard: bytearray = field(default_factory=bytearray)  # what came through the stream
    spoken: bytearray = field(default_factory=bytearray)  # what went into it
    cleared: int = 0
    stopped: bool = False
    closed: int | None = None


class Media:
    """One stream: twenty milliseconds of sound each twenty milliseconds, marks when what was sent has been played."""

    def __init__(
        self,
        socket: ClientConnection,
        call: str,
        account: str,
        parameters: dict[str, str],
        person: Caller,
        log: CallLog,
    ) -> None:
        self.socket, self.person, self.log = socket, person, log
        self.stream = sid("MZ")
        self._number, self._chunk = 0, 0
        self._playing_until = 0.0
        self._marks: list[tuple[float, str]] = []
        self._lock = threading.Lock()
        self._send("connected", protocol="Call", version="1.0.0")
        start = {"accountSid": account, "streamSid": self.stream, "callSid": call, "tracks": ["inbound"]}
        media = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
        self._send("start", start={**start, "customParameters": parameters, "mediaFormat": media})

    def run(self) -> None:
        listening = threading.Thread(target=self._listen, daemon=True)
        listening.start()
        with suppress(ConnectionClosed):
            self._talk()
        listening.join(10)
        with suppress(AttributeError):
            self.log.closed = self.socket.protocol.close_code

    def _talk(self) -> None:
        said, at, begun = self.person.says, 0, time.monotonic()
        digits = list(self.person.digits)
        frames = 0
        while True:
            wait = begun + frames * 0.02 / self.person.pace - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            frames += 1
            self._due()
            if digits and frames == 5:
                digit = digits.pop(0)
                self.person.digits.pop(0)
                self._send("dtmf", dtmf={"track": "inbound_track", "digit": digit})
            if at >= len(said):
                if self.person.end == "stop":
                    self._send("stop", stop={"accountSid": ACCOUNT, "callSid": self.log.sid})
                    self.log.stopped = True
                    self.socket.close()
                    return
                if self.person.end == "rude":
                    self.socket.socket.close()
                    return
            payload = said[at : at + FRAME] or SILENCE * FRAME
            at += FRAME
            self.media(payload)

    def media(self, payload: bytes) -> None:
        self._chunk += 1
        told = {"track": "inbound", "chunk": str(self._chunk), "timestamp": str(self._chunk * 20)}
        self._send("media", media={**told, "payload": base64.b64encode(payload).decode()})
        self.log.spoken += payload

    def _send(self, event: str, **more: Any) -> None:
        self._number += 1
        frame = {"event": event, "sequenceNumber": str(self._number), "streamSid": self.stream, **more}
        self.socket.send(json.dumps(frame))

    def _due(self) -> None:
        now = time.monotonic()
        with self._lock:
            due = [name for when, name in self._marks if when <= now]
            self._marks = [one for one in self._marks if one[0] > now]
        for name in due:
            self._send("mark", mark={"name": name})

    def _listen(self) -> None:
        with suppress(ConnectionClosed, OSError):
            for text in self.socket:
                frame = json.loads(text)
                assert frame["streamSid"] == self.stream
                now = time.monotonic()
                with self._lock:
                    if frame["event"] == "media":
                        sound = base64.b64decode(frame["media"]["payload"])
                        self.log.heard += sound
                        begin = max(now, self._playing_until)
                        self._playing_until = begin + len(sound) / audio.RATE / self.person.pace
                    elif frame["event"] == "mark":
                        self._marks.append((max(now, self._playing_until), frame["mark"]["name"]))
                    elif frame["event"] == "clear":
                        self.log.cleared += 1
                        self._playing_until = now
                        self._marks = [(now, name) for _, name in self._marks]


class _HungUp(Exception):
    pass


def _verbs(answer: requests.Response) -> list[ET.Element]:
    assert answer.status_code == 200, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].startswith("text/xml")
    return list(ET.fromstring(answer.content))


def pcm_wav(mulaw: bytes) -> bytes:
    """A WAV file of 16-bit samples, as Twilio's API gives recordings."""
    import io
    import wave

    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(audio.RATE)
        file.writeframes(audio.pcm(mulaw))
    return out.getvalue()


@contextmanager
def api(twilio: Twilio) -> Iterator[str]:
    """Twilio's REST API of this account; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self._mine():
                return
            found = twilio.files.get(self.path)
            if found is None:
                self._answer(404, "application/json", b"{}")
                return
            twilio.fetched.append(self.path)
            self._answer(200, *found)

        def do_POST(self) -> None:
            if not self._mine():
                return
            body = self.rfile.read(int(self.headers["Content-Length"]))
            twilio.sent.append(dict(parse_qsl(body.decode(), keep_blank_values=True)))
            self._answer(201, "application/json", json.dumps({"sid": sid("SM")}).encode())

        def _mine(self) -> bool:
            wanted = "Basic " + base64.b64encode(f"{twilio.account}:{twilio.token}".encode()).decode()
            if self.headers.get("Authorization") != wanted:
                self._answer(401, "application/json", b"{}")
                return False
            return True

        def _answer(self, status: int, media_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
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
