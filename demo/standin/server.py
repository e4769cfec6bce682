"""The stand-in as a server: real HTTP/1.1 with connections kept open."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from demo.standin import state, wire
from demo.standin.api import Api, refused_answer
from demo.standin.call import Answer, Request
from demo.standin.client import Client
from demo.standin.control import Control
from demo.standin.front import Front
from demo.standin.refusals import not_found
from demo.standin.world import Options, World
from errors import Tellable

_SAVE_EVERY_S = 0.5
_MOST_BODY = 200 * 1024 * 1024


class StandIn:
    """A Gmail stand-in of its own, in threads of this process; also a context manager.

    Args:
        mail: folder of .eml files of the account me@example.com; None for an empty mailbox.
        port: 0 for a free one.
        bind: address to listen on.
        options: everything else; `mail` is left aside when they are given.
    """

    def __init__(
        self, mail: Path | None = None, *, port: int = 0, bind: str = "127.0.0.1", options: Options | None = None
    ) -> None:
        self.options = options or Options()
        if options is None and mail is not None:
            self.options.accounts = dict.fromkeys(self.options.accounts, mail)
        self.world = World(self.options)
        saved = self.options.state
        if saved is None or not state.load(self.world, saved):
            self.world.fill()
        self.api = Api(self.world)
        self.front = Front(self.world)
        self.control = Control(self.world)
        try:
            self._server = _Server((bind, port), self)
        except OSError as error:
            raise Tellable(
                "port_taken", f"Port {port} on {bind} cannot be used ({error.strerror}); choose another."
            ) from error
        self.port = int(self._server.server_address[1])
        self.url = f"http://{bind}:{self.port}"
        self.world.oauth.own_url = self.url
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def client(self) -> Client:
        """A client of the control API."""
        return Client(self.url)

    def start(self) -> Self:
        """Begin to serve in the background."""
        self._threads = [threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)]
        if self.options.state is not None:
            self._threads.append(threading.Thread(target=self._save_often, args=(self.options.state,), daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Stop serving, close every connection, write the state."""
        self._stopping.set()
        if self._threads:
            self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join()
        if self.options.state is not None:
            state.save(self.world, self.options.state)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def answer(self, request: Request) -> Answer:
        """The answer to a request, by its path."""
        path = request.path
        if path.startswith(("/gmail/v1/users/", "/upload/gmail/v1/users/")):
            return self.api.one(request)
        if path in {"/batch/gmail/v1", "/batch"} and request.verb == "POST":
            return self.api.many(request)
        if path in {"/o/oauth2/v2/auth", "/o/oauth2/auth"} and request.verb in {"GET", "POST"}:
            return self.front.authorize(request)
        if path == "/token":
            return self.front.token(request)
        if path == "/oauth2/v1/certs":
            return self.front.certs(request)
        if path == "/revoke":
            return self.front.revoke(request)
        if path == "/_sim" or path.startswith("/_sim/"):
            return self.control.answer(request)
        if path == "/healthz":
            return Answer(200, b"ok\n", {"Content-Type": "text/plain"})
        return refused_answer(not_found(), request)

    def _save_often(self, path: Path) -> None:
        while not self._stopping.wait(_SAVE_EVERY_S):
            state.save_if_changed(self.world, path)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], standin: StandIn) -> None:
        self.standin = standin
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without asking a name server for the host's name."""
        socket_address = self.server_address
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(socket_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection, and remember it for the end."""
        taken, address = super().get_request()
        self._open.add(taken)
        return taken, address

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the listening socket and every open connection."""
        super().server_close()
        for taken in list(self._open):
            try:
                taken.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the other side was quicker

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that goes away is no error; anything else is printed with its traceback."""
        import sys

        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def handle_one_request(self) -> None:
        """Read one request, answer it, and say whether the connection goes on."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self._body(headers)
        if body is None:
            self.close_connection = True
            return
        query = parse_qs(parts.query, keep_blank_values=True)
        request = Request(self.command, parts.path, query, headers, body)
        answer = self.server.standin.answer(request)
        if self.command == "HEAD":
            answer.body = b""
        if self.close_connection:
            answer.headers["Connection"] = "close"
        if not wire.send(self.connection, answer):
            self.close_connection = True

    def _body(self, headers: dict[str, str]) -> bytes | None:
        if "chunked" in headers.get("transfer-encoding", ""):
            return self._chunks()
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > _MOST_BODY:
            wire.send(self.connection, Answer(413 if length.isdigit() else 400))
            return None
        body = self.rfile.read(int(length))
        return body if len(body) == int(length) else None  # the caller went away

    def _chunks(self) -> bytes | None:
        pieces, total = [], 0
        try:
            while size := int(self.rfile.readline(100).split(b";")[0], 16):
                total += size
                if total > _MOST_BODY:
                    return None
                pieces.append(self.rfile.read(size))
                self.rfile.readline(3)
        except ValueError:
            return None  # no chunk, or the caller went away
        self.rfile.readline(3)
        return b"".join(pieces)
