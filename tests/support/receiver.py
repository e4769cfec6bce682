"""A receiver of webhooks: a real HTTP server that can be down, slow, rude or hostile."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

Way = Callable[["Handler"], None]


@dataclass(frozen=True)
class Got:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The envelope."""
        value: dict[str, Any] = orjson.loads(self.body)
        return value


@dataclass
class Receiver:
    """What it got, how it answers, and how many requests were in it at once."""

    port: int
    scheme: str = "http"
    got: list[Got] = field(default_factory=list)
    way: Way = field(default_factory=lambda: answer(200))
    busiest: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    server_names: list[str | None] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://127.0.0.1:{self.port}/hook?a=1"

    def sequences(self) -> list[int]:
        """Of all that came, in this order."""
        return [one.event["sequence"] for one in self.got]


class Handler(BaseHTTPRequestHandler):
    """Counts, keeps, and answers in the receiver's present way."""

    protocol_version = "HTTP/1.1"
    receiver: Receiver
    inside = 0
    lock = threading.Lock()

    def do_POST(self) -> None:
        kind = type(self)
        with kind.lock:
            kind.inside += 1
            self.receiver.busiest = max(self.receiver.busiest, kind.inside)
        try:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.receiver.got.append(Got(self.path, dict(self.headers.items()), body))
            self.receiver.way(self)
        finally:
            with kind.lock:
                kind.inside -= 1

    def log_message(self, *_: object) -> None:
        return


def answer(status: int, body: bytes = b"ok", **headers: str) -> Way:
    """A plain answer."""

    def way(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        with suppress(OSError):
            handler.wfile.write(body)

    return way


def hang(handler: Handler) -> None:
    """No answer until the receiver ends."""
    handler.receiver.over.wait(60)


def drip(handler: Handler) -> None:
    """A header that never ends, a byte at a time: no single wait is long."""
    with suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not handler.receiver.over.wait(0.05):
            handler.wfile.write(b"a")


def garbage(handler: Handler) -> None:
    """Something that is no HTTP."""
    with suppress(OSError):
        handler.wfile.write(b"\x00\x01 hello\r\n\r\n")


def cut(handler: Handler) -> None:
    """The connection is closed without a word."""
    handler.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def receiver(port: int = 0, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver in threads of its own."""
    kind = type("Bound", (Handler,), {"inside": 0, "lock": threading.Lock()})
    server = ThreadingHTTPServer((host, port), kind)
    server.daemon_threads = True
    server.block_on_close = False
    state = Receiver(server.server_address[1], "https" if tls else "http")
    kind.receiver = state  # type: ignore[attr-defined]
    if tls is not None:
        tls.sni_callback = lambda _socket, name, _context: state.server_names.append(name)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.over.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
