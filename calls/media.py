"""The state machine of a media stream: Twilio's frames in, frames and decisions out, without any I/O."""

from __future__ import annotations

import binascii
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from calls import audio

FRAME = 160  # samples in one of Twilio's frames: 20 ms
_CHUNK = 4000  # samples that go out in one message
_LOUD = 8  # audio.loudness above which somebody speaks
_BARGE_FRAMES = 20  # loud frames in a row that cut a greeting short
_PRE_ROLL = 60 * FRAME  # what was said while it was cut short is kept
_PATIENCE = 10 * audio.RATE  # samples of silence before anybody has said a word
_BAD_FRAMES = 100  # after so many the other side is not Twilio
_MARK_S = 3.0  # seconds beyond its own length that a greeting's mark may take


@dataclass(frozen=True, slots=True)
class Start:
    """What a stream says of itself at its start."""

    stream_sid: str
    call_sid: str
    account_sid: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Script:
    """What a stream does: greet, beep, record; or echo what it hears."""

    beep: bytes
    greeting: bytes = b""
    digits: frozenset[str] = frozenset()  # of the menu
    longest: int = 120 * audio.RATE  # samples
    silence: int = 4 * audio.RATE  # samples of it after which a message is over
    echo: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """Text for the socket."""

    text: str


@dataclass(frozen=True, slots=True)
class Begin:
    """The stream is ours, its script runs, and a recording begins."""

    start: Start


@dataclass(frozen=True, slots=True)
class Close:
    """End the socket; `why` for the log."""

    code: int
    why: str


Action = Send | Begin | Close
_NOTHING: tuple[Action, ...] = ()
_REFUSED, _BROKEN, _DONE = 1008, 1003, 1000


@dataclass(slots=True)
class Session:
    """One stream from its socket's opening to its end.

    admit: gives the script of a start that may come in, None for one that may not. `audio` collects what is to be kept;
    whoever drives the session takes it out with `take`. `ended` says how the message ended: hash, silence, full,
    choice, hangup, or empty while it has not.
    """

    admit: Callable[[Start], Script | None]
    phase: str = "waiting"  # waiting | greeting | recording | ended
    ended: str = ""
    choice: str = ""
    level: int = 0
    frames: int = 0
    bad: int = 0
    gaps: int = 0
    spoken: bool = False
    samples: int = 0
    payload: bytes = b""  # of the newest frame, for who listens in
    audio: bytearray = field(default_factory=bytearray)
    _script: Script | None = None
    _start: Start | None = None
    _quiet: int = 0
    _loud: int = 0
    _recent: bytearray = field(default_factory=bytearray)
    _chunk: int = 0
    _head: str = ""
    _sid: str = ""  # of the stream, in quotes
    _greeted_by: float = 0.0

    def receive(self, text: str | bytes, now: float) -> Sequence[Action]:
        """Take one frame of the socket; `now` is a monotonic clock's."""
        try:
            frame = orjson.loads(text)
            event = frame["event"]
            if event == "media":
                return self._media(frame)
            if event == "start":
                return self._begin(frame["start"], now)
            if event == "mark":
                return self._mark(frame["mark"]["name"])
            if event == "dtmf":
                return self._digit(frame["dtmf"]["digit"])
            if event == "stop":
                return self._end("hangup")
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            return self.spoilt()
        return _NOTHING  # connected, and what Twilio may add

    def spoilt(self) -> Sequence[Action]:
        """A frame that cannot be understood: let pass, until there are too many of them."""
        self.bad += 1
        return (Close(_BROKEN, "bad_frames"),) if self.bad == _BAD_FRAMES else _NOTHING

    def tick(self, now: float) -> Sequence[Action]:
        """Called about once a second: goes on where the other side never says that a greeting was played."""
        if self.phase == "greeting" and now > self._greeted_by:
            self._record()
        return _NOTHING

    def take(self) -> bytes:
        """What is to be kept since the last time."""
        taken = bytes(self.audio)
        self.audio.clear()
        return taken

    def _begin(self, told: Mapping[str, object], now: float) -> Sequence[Action]:
        if self._start is not None:
            return self.spoilt()
        parameters = told.get("customParameters") or {}
        if not isinstance(parameters, Mapping):
            return self.spoilt()
        start = Start(
            str(told["streamSid"]),
            str(told["callSid"]),
            str(told.get("accountSid", "")),
            {str(name): str(value) for name, value in parameters.items()},
        )
        script = self.admit(start)
        if script is None:
            self.phase = "ended"
            return (Close(_REFUSED, "refused"),)
        self._start, self._script = start, script
        self._sid = orjson.dumps(start.stream_sid).decode()
        self._head = f'{{"event":"media","streamSid":{self._sid},"media":{{"payload":"'
        actions: list[Action] = [Begin(start)]
        if script.echo:
            self.phase = "recording"
            return actions
        if not script.greeting:
            # Nothing is lost of who speaks into the tone.
            self.phase = "recording"
            return [*actions, *self._play(script.beep), self._marked("beep")]
        self.phase = "greeting"
        self._greeted_by = now + len(script.greeting) / audio.RATE + _MARK_S
        actions += [*self._play(script.greeting), self._marked("greeting")]
        return [*actions, *self._play(script.beep), self._marked("beep")]

    def _media(self, frame: Mapping[str, Mapping[str, str]]) -> Sequence[Action]:
        media = frame["media"]
        encoded = media["payload"]
        payload = binascii.a2b_base64(encoded, strict_mode=True)
        script = self._script
        if not payload or script is None or self.phase == "ended":
            return self.spoilt() if script is None or not payload else _NOTHING
        if media.get("track", "inbound") != "inbound":
            return _NOTHING
        self.frames += 1
        chunk = media.get("chunk")
        if chunk is not None:
            number = int(chunk)
            self.gaps += self._chunk > 0 and number > self._chunk + 1
            self._chunk = number
        self.payload = payload
        self.level = level = audio.loudness(payload)
        if self.phase == "greeting":
            return self._overheard(payload, level, script)
        self.audio += payload
        self.samples += len(payload)
        if script.echo:
            return (Send(f'{self._head}{encoded}"}}}}'),)
        if level >= _LOUD:
            self.spoken, self._quiet = True, 0
        else:
            self._quiet += len(payload)
            if self._quiet >= (script.silence if self.spoken else max(script.silence, _PATIENCE)):
                return self._end("silence")
        return self._end("full") if self.samples >= script.longest else _NOTHING

    def _overheard(self, payload: bytes, level: int, script: Script) -> Sequence[Action]:
        """While the greeting plays: whoever speaks for long enough cuts it short, and loses no word."""
        self._recent += payload
        del self._recent[:-_PRE_ROLL]
        self._loud = self._loud + 1 if level >= _LOUD else 0
        return self._barge(script) if self._loud >= _BARGE_FRAMES else _NOTHING

    def _barge(self, script: Script) -> Sequence[Action]:
        clear = Send(f'{{"event":"clear","streamSid":{self._sid}}}')
        kept = bytes(self._recent[-(self._loud + 5) * FRAME :]) if self._loud else b""
        self._record()
        if kept:
            self.spoken = True
            self.audio += kept
            self.samples += len(kept)
            return (clear,)
        return (clear, *self._play(script.beep), self._marked("beep"))

    def _record(self) -> None:
        self.phase, self._quiet = "recording", 0
        self._recent.clear()

    def _mark(self, name: str) -> Sequence[Action]:
        if name == "beep" and self.phase == "greeting":  # it was heard to its end
            self._record()
        return _NOTHING

    def _digit(self, digit: str) -> Sequence[Action]:
        script = self._script
        if script is None or self.phase == "ended":
            return _NOTHING
        if self.phase == "greeting":
            if digit in script.digits:
                self.choice = digit
                return self._end("choice")
            self._loud = 0
            return self._barge(script)
        return self._end("hash") if digit == "#" else _NOTHING

    def _end(self, how: str) -> Sequence[Action]:
        if self.phase in {"greeting", "recording"}:
            self.ended = how
        self.phase = "ended"
        return (Close(_DONE, how),)

    def _play(self, sound: bytes) -> list[Action]:
        return [
            Send(f'{self._head}{b64encode(sound[at : at + _CHUNK]).decode()}"}}}}')
            for at in range(0, len(sound), _CHUNK)
        ]

    def _marked(self, name: str) -> Action:
        return Send(f'{{"event":"mark","streamSid":{self._sid},"mark":{{"name":"{name}"}}}}')
