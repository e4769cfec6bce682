"""The ways in that `bench fuzz` tries: what sound bytes look like, and how each must behave whatever comes."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

import requests

from bench.made import hostile
from calls import signature, tokens
from calls.media import Script, Session
from errors import Tellable
from receipts.child import Reader
from sources.batch import decode
from sources.gmail import raw_mail
from sources.gmail_api import Answer
from sources.google_errors import told
from tests.support import post
from tests.support.web import serving
from web.app import declared

LEFT_OUT = {"DELETE /api/business", "DELETE /api/me", "DELETE /api/session", "POST /api/mailboxes"}


class Broken(Exception):
    """The promise was broken: an answer that is none, or an exception that nobody meant."""


class Target(Protocol):
    """One way in."""

    def seeds(self) -> Iterator[bytes]:
        """Sound inputs."""

    def try_(self, data: bytes) -> str:
        """How it behaves, in words that are the same for alike behaviour; raises Broken."""


class Reading:
    """Mails and files, read in a child process."""

    def __init__(self, reader: Reader) -> None:
        """Take the reader."""
        self._reader = reader

    def seeds(self) -> Iterator[bytes]:
        """See Target."""
        yield from (data for _, data in hostile.seeds())

    def try_(self, data: bytes) -> str:
        """See Target."""
        try:
            as_mail = self._reader.read_message(data)
            as_file = self._reader.read_file(data, "a file")
        except Exception as error:
            raise Broken(f"{type(error).__name__}: {error}") from error
        said = []
        for reading in (as_mail, as_file):
            codes = sorted({reason.code for reason in reading.reasons})
            if not codes or {"reader_crashed", "reader_error", "reader_timeout", "reader_memory"} & set(codes):
                raise Broken(f"{reading.outcome.value} {codes}")
            flags = sorted({flag.code for receipt in reading.receipts for flag in receipt.flags})
            said.append(f"{reading.outcome.value} {codes} {flags} {len(reading.documents)}")
        return " | ".join(said)


class Gmail:
    """Answers of Gmail: a message, a batch, an error."""

    def seeds(self) -> Iterator[bytes]:
        """See Target."""
        raw = base64.urlsafe_b64encode(post.receipt(1)).decode()
        message = {"id": "19d0", "threadId": "19d0", "labelIds": ["INBOX"], "internalDate": "1790000000123", "raw": raw}
        whole = json.dumps(message, indent=1).encode()
        yield whole
        part = b"--b7\r\nContent-Type: application/http\r\nContent-ID: <response-m1>\r\n\r\nHTTP/1.1 200 OK\r\n"
        yield part + b"Content-Type: application/json\r\n\r\n" + whole + b"\r\n--b7--\r\n"
        reason = {"message": "Rate", "domain": "usageLimits", "reason": "rateLimitExceeded"}
        yield json.dumps({"error": {"code": 403, "message": "Rate", "errors": [reason], "status": "X"}}).encode()

    def try_(self, data: bytes) -> str:
        """See Target."""
        headers = {"Content-Type": "multipart/mixed; boundary=b7", "Retry-After": data[:20].decode("latin-1")}
        ways: tuple[Callable[[], object], ...] = (
            lambda: raw_mail(Answer(200, {}, data), "19d0"),
            lambda: [each.status for each in decode(Answer(200, headers, data), ["m1", "m2"]).values()],
            lambda: type(told(403, headers, data)).__name__,
            lambda: type(told(429, headers, data)).__name__,
        )
        return " ".join(_outcome(way) for way in ways)


class Phone:
    """Frames of a stream (one a line), a webhook's form and a token."""

    def seeds(self) -> Iterator[bytes]:
        """See Target."""
        payload = base64.b64encode(b"\xff" * 160).decode()
        frames: list[dict[str, Any]] = [
            {"event": "connected", "protocol": "Call", "version": "1.0.0"},
            {"event": "media", "streamSid": "MZ1", "media": {"track": "inbound", "chunk": "1", "payload": payload}},
            {"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "1"}},
            {"event": "mark", "streamSid": "MZ1", "mark": {"name": "greeting"}},
            {"event": "stop", "streamSid": "MZ1", "stop": {"callSid": "CA1"}},
        ]
        yield "\n".join(json.dumps(frame) for frame in frames).encode()
        yield b"CallSid=CA1&From=%2B972541234567&To=%2B97235550100&CallStatus=ringing&Body=%D7%A9"
        yield tokens.issue(b"k" * 32, "stream", {"call": "CA1"}, expires_at=2e9).encode()

    def try_(self, data: bytes) -> str:
        """See Target."""
        text = data.decode("utf-8", "replace")
        session = Session(lambda _: Script(beep=b"\x80" * 400, greeting=b"\x80" * 1600, digits=frozenset("12")))
        start = {"streamSid": "MZ1", "callSid": "CA1", "accountSid": "AC1", "customParameters": {"token": "t"}}

        def stream() -> object:
            session.receive(json.dumps({"event": "start", "start": start}), 0.0)
            kinds = set()
            for number, frame in enumerate(text.split("\n")[:200]):
                kinds |= {type(action).__name__ for action in session.receive(frame, number / 50)}
            return [session.phase, sorted(kinds)]

        def form() -> object:
            pairs = parse_qsl(text, keep_blank_values=True)
            return signature.valid(["token"], "https://x.example/webhook/voice", pairs, text[:40])

        ways: tuple[Callable[[], object], ...] = (
            stream,
            form,
            lambda: type(tokens.read([b"k" * 32], "stream", text, now=1.0)).__name__,
        )
        return " ".join(_outcome(way) for way in ways)


def _outcome(way: Callable[[], object]) -> str:
    try:
        value = way()
    except Tellable as error:
        return error.code
    except ValueError as error:
        if type(error) is not ValueError:  # a decoding that nobody caught
            raise Broken(f"{type(error).__name__}: {error}") from error
        return "ValueError"
    except Exception as error:
        raise Broken(f"{type(error).__name__}: {error}") from error
    return value if isinstance(value, str) else repr(value)[:200] if isinstance(value, list | bool) else "whole"


class Api:
    """A line `METHOD /path?query` and the body below it, asked by an owner with a token."""

    def __init__(self, url: str, token: str) -> None:
        """Take where it is and who asks."""
        self._url, self._token = url, token

    def seeds(self) -> Iterator[bytes]:
        """See Target."""
        for route in declared():
            if route.path.startswith("/api/") and f"{route.method} {route.path}" not in LEFT_OUT:
                path = route.template.replace("{id}", "1").replace("{run_id}", "1").replace("{month}", "2026-10")
                body = json.dumps(dict(route.example or dict.fromkeys(route.body or {}, "1")))
                yield f"{route.method} {path}\n{body if route.method != 'GET' else ''}".encode()

    def try_(self, data: bytes) -> str:
        """See Target."""
        line, _, body = data.partition(b"\n")
        method, _, path = line.decode("latin-1").partition(" ")
        method = method if method in {"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD"} else "POST"
        path = path if path.startswith("/") else "/" + path
        if any(f"{method} {path}".startswith(each) for each in LEFT_OUT):
            return "left out"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", "If-Match": '"1"'}
        try:
            with requests.request(
                method, self._url + path, data=body, headers=headers, timeout=60, allow_redirects=False, stream=True
            ) as answer:
                code = self._checked(answer)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise Broken(f"no answer: {type(error).__name__}") from error
        except (requests.RequestException, UnicodeError):
            return "no request"  # the client itself refuses to send that
        return f"{method} {answer.status_code} {code}"

    @staticmethod
    def _checked(answer: requests.Response) -> str:
        if answer.status_code < 400:
            return answer.headers.get("Content-Type", "")
        if answer.status_code >= 500 and answer.status_code != 503:
            raise Broken(f"{answer.status_code} {answer.text[:200]}")
        if answer.headers.get("Content-Type") != "application/json" or not answer.content:
            return "refused by the server itself"
        told_ = answer.json()
        if "/api/health" in str(answer.url):  # says how it stands, in its own shape
            return str(told_.get("status"))
        if told_.get("success") is not False or not told_.get("error") or not str(told_.get("code")).isidentifier():
            raise Broken(f"no error in shape: {answer.text[:200]}")
        return str(told_["code"])


@contextlib.contextmanager
def _reading(_: Path) -> Iterator[Target]:
    with Reader() as reader:
        yield Reading(reader)


@contextlib.contextmanager
def _api(folder: Path) -> Iterator[Target]:
    from store import people

    with serving(folder, API_RATE="0") as site:
        yield Api(site.url, people.new_token(site.business(), "fuzz", "owner"))


TARGETS: dict[str, Callable[[Path], AbstractContextManager[Target]]] = {
    "api": _api,
    "gmail": lambda _: contextlib.nullcontext(Gmail()),
    "phone": lambda _: contextlib.nullcontext(Phone()),
    "reading": _reading,
}
