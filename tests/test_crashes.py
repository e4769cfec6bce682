"""Crashes reach a server that takes Sentry's events, without secrets, addresses or variables."""

from __future__ import annotations

import gzip
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sentry_sdk

from cli import crashes
from tests.support import installation
from tests.support.processes import until


@pytest.fixture
def received() -> Iterator[tuple[str, list[str]]]:
    bodies: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append((gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://key@127.0.0.1:{server.server_address[1]}/1", bodies
        server.shutdown()
    sentry_sdk.init()  # off again


def test_a_crash_is_reported_without_what_nobody_may_see(tmp_path: Path, received: tuple[str, list[str]]) -> None:
    dsn, bodies = received
    secret = "a-secret-of-google"
    crashes.report(installation.settings(tmp_path, SENTRY_DSN=dsn, GOOGLE_CLIENT_SECRET=secret), "worker")
    subject = "a private subject line"
    try:
        raise ValueError(f"it broke for noa@example.com with {secret}")
    except ValueError:
        logging.getLogger("worker").exception("A step crashed run=%s", 7)
    sentry_sdk.flush(10)
    until(lambda: bodies, "the event has come")
    told = "".join(bodies)
    assert "ValueError" in told
    assert "A step crashed run=7" in told
    for never in (secret, "noa@example.com", subject, installation.KEY):
        assert never not in told
