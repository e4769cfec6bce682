"""The phone in a folder of a test's own: database, Redis, a business with a number, the calls process, a stand-in."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from config import Config
from models import Business, PhoneCall, Recording
from store import people, phone
from tests.support import installation
from tests.support.processes import environment, free_port, prosaas, running, until
from tests.support.redis_server import RedisServer
from tests.support.twilio_standin import ACCOUNT, TOKEN, Twilio, api

NUMBER, PERSON = "+97235550100", "+972541234567"
PUBLIC = "https://phone.example.com"
STREAM = "wss://phone.example.com/ws/media"


class House:
    """A running calls process and everything around it."""

    def __init__(self, folder: Path, stack: ExitStack, settings: dict[str, str]) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.redis = stack.enter_context(RedisServer())
        public = settings.pop("PUBLIC_URL", PUBLIC)
        self.twilio = Twilio(self.url, public)
        self.settings = {
            "REDIS_URL": self.redis.url,
            "CALLS_PORT": str(self.port),
            "PUBLIC_URL": public,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_URL": stack.enter_context(api(self.twilio)),
            **settings,
        }
        self.config: Config = installation.settings(folder / "data", **self.settings)
        stack.enter_context(installation.database(self.config))
        self._stack = stack
        self.business = self.add_business("Café Alma", NUMBER)
        phone.add_person(self.business.id, PERSON, "Dana")
        self.process: subprocess.Popen[bytes] | None = None

    def add_business(self, name: str, number: str, **values: Any) -> Business:
        """A business with a number and these phone settings."""
        business = people.add_business(name)
        phone.add_number(business.id, number)
        if values:
            phone.change(business.id, values)
        return business

    @property
    def env(self) -> dict[str, str]:
        return environment(self.folder / "data", ENCRYPTION_KEY=installation.KEY, GMAIL_QUOTA="off", **self.settings)

    def start(self) -> subprocess.Popen[bytes]:
        """The calls process, answering."""
        self.process = self._stack.enter_context(running(prosaas("calls"), self.env, self.folder / "calls.log"))
        until(self.answers, "calls answers")
        return self.process

    def start_worker(self) -> subprocess.Popen[bytes]:
        """A worker, listening."""
        log = self.folder / "worker.log"
        process = self._stack.enter_context(running(prosaas("worker"), self.env, log))
        until(lambda: "READY and LISTENING" in log.read_text(encoding="utf-8"), "worker listens")
        return process

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    def plan(self, **values: Any) -> None:
        """Other settings, known to the calls process when this returns (it looks every two seconds)."""
        phone.change(self.business.id, values)
        if self.process is not None:
            marker = self.folder / "data" / "calls" / "plans"
            before = marker.stat().st_mtime_ns
            until(lambda: marker.stat().st_mtime_ns != before, "the plan is known")

    def log(self) -> str:
        return (self.folder / "calls.log").read_text(encoding="utf-8")

    def row(self, sid: str, **wanted: Any) -> PhoneCall:
        """The call's row once it has these values."""

        def there() -> bool:
            row = PhoneCall.get_or_none(PhoneCall.sid == sid)
            return row is not None and all(getattr(row, name) == value for name, value in wanted.items())

        try:
            until(there, f"the call is {wanted}", 30)
        except AssertionError as error:
            row = PhoneCall.get_or_none(PhoneCall.sid == sid)
            raise AssertionError(f"{error}: {row and row.__data__}\n{self.log()[-3000:]}") from error
        return PhoneCall.get(PhoneCall.sid == sid)

    def recordings(self, sid: str, settled: int | None = None) -> list[Recording]:
        """The call's recordings, once there is one and none is on its way (or the first so many are not)."""

        def found() -> list[Recording]:
            return list(Recording.select().join(PhoneCall).where(PhoneCall.sid == sid).order_by(Recording.id))

        until(lambda: found() and all(one.state != "fetching" for one in found()[:settled]), "the recordings are here")
        return found()

    def wav(self, recording: Recording) -> bytes:
        """The bytes of a recording."""
        from blobs import FolderBlobs
        from jobs.adapters import blob_folder

        return FolderBlobs(blob_folder(self.config)).get(recording.sha256)


@contextmanager
def house(folder: Path, **settings: str) -> Iterator[House]:
    """Everything ends with the block."""
    with ExitStack() as stack:
        yield House(folder, stack, settings)


def stream_token(home: House, call: str) -> str:
    """A stream's token, from the answer to a call."""
    text = home.twilio.post("/webhook/voice", home.twilio.form(call, PERSON, NUMBER)).text
    return text.split('name="token" value="')[1].split('"')[0]


def start_frame(call: str, token: str) -> str:
    """A stream says who it is."""
    start = {"streamSid": "MZ1", "callSid": call, "accountSid": ACCOUNT, "customParameters": {"token": token}}
    return json.dumps({"event": "start", "streamSid": "MZ1", "start": start})


def media_frame(payload: bytes, chunk: int = 1) -> str:
    """Samples on their way in."""
    media = {"track": "inbound", "chunk": str(chunk), "payload": base64.b64encode(payload).decode()}
    return json.dumps({"event": "media", "streamSid": "MZ1", "media": media})


def close_code(talk: ClientConnection) -> int | None:
    """The code with which the other side closes."""
    with suppress(ConnectionClosed):
        while True:
            talk.recv(30)
    return talk.protocol.close_code
