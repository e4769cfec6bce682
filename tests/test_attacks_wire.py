"""Attacks on the wire: smuggled requests through real nginx and past it, and sockets opened by pages of others."""

from __future__ import annotations

import logging
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

import models
from calls import tokens
from tests.support.phone import NUMBER, PERSON, PUBLIC, STREAM, House, house
from tests.support.processes import environment, free_port, running, until
from tests.support.twilio_standin import sid
from tests.support.web import Web, serving
from tests.test_nginx import NGINX, _certificate, _conf

HIDDEN = "GET /api/openapi.json?smuggled HTTP/1.1\r\nHost: receipts.example\r\n\r\n"
SEEN = "route=/api/openapi.json"
Send = Callable[..., bytes]
GOOD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
SILENCE_S, PATIENCE_S = 0.5, 60.0  # after an attack, which may be left waiting, and of a request that is answered

# Heads that two servers in a row may understand differently, each with how a body begins that goes on with a request.
LAST = "0\r\n\r\n"
AMBIGUOUS = {
    "two lengths": ("Content-Length: 5\r\nContent-Length: {all}", LAST),
    "two lengths the other way round": ("Content-Length: {all}\r\nContent-Length: 5", LAST),
    "a list of lengths": ("Content-Length: 5, 5", LAST),
    "a length with a sign": ("Content-Length: +5", LAST),
    "a length of another base": ("Content-Length: 0x5", LAST),
    "a length with an underscore": ("Content-Length: 0_5", LAST),
    "length and chunks": ("Content-Length: {all}\r\nTransfer-Encoding: chunked", LAST),
    "chunks and length": ("Transfer-Encoding: chunked\r\nContent-Length: {all}", LAST),
    "an unknown coding": ("Content-Length: {all}\r\nTransfer-Encoding: xchunked", LAST),
    "two codings": ("Content-Length: {all}\r\nTransfer-Encoding: chunked, identity", LAST),
    "codings in two lines": ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", LAST),
    "a space before the colon": ("Transfer-Encoding : chunked\r\nContent-Length: {all}", LAST),
    "a folded line": ("X-Folded: a\r\n Transfer-Encoding: chunked\r\nContent-Length: {all}", LAST),
    "a folded value": ("Transfer-Encoding:\r\n chunked\r\nContent-Length: {all}", LAST),
    "another space in the value": ("Transfer-Encoding: \x0bchunked\r\nContent-Length: {all}", LAST),
    "a bare line feed": ("X-Bare: a\nTransfer-Encoding: chunked\r\nContent-Length: {all}", LAST),
    "a bare carriage return": ("X-Bare: a\rTransfer-Encoding: chunked\r\nContent-Length: {all}", LAST),
    "a NUL in a name": ("Transfer-Encoding\x00: chunked\r\nContent-Length: {all}", LAST),
    "an underscore in a name": ("Transfer_Encoding: chunked\r\nContent-Length: {all}", LAST),
    "a chunk of negative size": ("Transfer-Encoding: chunked", "-1\r\n\r\n"),
    "a chunk of too many digits": ("Transfer-Encoding: chunked", "1" + "0" * 30 + "\r\n"),
    "a chunk size with a line feed": ("Transfer-Encoding: chunked", "2;\nxx\r\n0\r\n\r\n"),
    "a chunk longer than told": ("Transfer-Encoding: chunked", "1\r\nxxxx0\r\n\r\n"),
}
# By the letter chunks go before the length: for one server alone these are two requests of the same sender.
ONE_READING = {"length and chunks", "chunks and length", "a folded value"}
# nginx takes the line feed for the end of the line, and sends both on as two requests framed anew.
FRAMED_ANEW = {"a chunk size with a line feed"}


def _talk(connection: socket.socket, request: bytes, seconds: float) -> bytes:
    """All that is answered until the other side closes or has been silent for so long."""
    answer = b""
    connection.settimeout(seconds)
    with suppress(OSError):
        connection.sendall(request)
        while chunk := connection.recv(65536):
            answer += chunk
    connection.close()
    return answer


def _post(head: str, begins: str) -> bytes:
    body = begins + HIDDEN
    head = head.replace("{all}", str(len(body)))
    return f"POST /api/session HTTP/1.1\r\nHost: receipts.example\r\n{head}\r\n\r\n{body}".encode("latin-1")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), PUBLIC_URL="https://receipts.example") as web:
        yield web


@pytest.fixture(scope="module")
def direct(site: Web) -> Send:
    """Bytes to the web process itself."""
    host = urlsplit(site.url)

    def send(request: bytes, seconds: float = SILENCE_S) -> bytes:
        return _talk(socket.create_connection((host.hostname, host.port), timeout=PATIENCE_S), request, seconds)

    return send


@pytest.fixture(scope="module")
def fronted(site: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Send]:
    """Bytes over TLS to a real nginx before the web process."""
    folder = tmp_path_factory.mktemp("front")
    ports = {name: free_port() for name in ("tls", "plain", "calls", "n8n")} | {"web": int(site.url.rpartition(":")[2])}
    trusted = _certificate(folder)
    conf = _conf(folder, ports)
    text = conf.read_text(encoding="utf-8")
    conf.write_text(text.replace("rate=30r/m", "rate=1000r/s"), encoding="utf-8")  # it is not guessing that is tried

    def send(request: bytes, seconds: float = SILENCE_S) -> bytes:
        plain = socket.create_connection(("127.0.0.1", ports["tls"]), timeout=PATIENCE_S)
        return _talk(trusted.wrap_socket(plain, server_hostname="localhost"), request, seconds)

    with running(
        [str(NGINX), "-p", str(folder), "-c", str(conf), "-g", "daemon off;"], environment(folder), folder / "log"
    ):
        until(lambda: _reached(send), "nginx answers")
        yield send


def _reached(send: Send) -> bool:
    with suppress(OSError, ssl.SSLError):
        return b"200 OK" in send(GOOD, PATIENCE_S)
    return False


@pytest.mark.parametrize("name", [name for name in AMBIGUOUS if name not in ONE_READING])
def test_request_smuggling_the_web_process_sees_no_hidden_request(
    direct: Send, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    with caplog.at_level(logging.INFO, "web"):
        answer = direct(_post(*AMBIGUOUS[name]))
    assert SEEN not in caplog.text, answer
    assert b'"openapi"' not in answer


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
@pytest.mark.parametrize("name", [name for name in AMBIGUOUS if name not in FRAMED_ANEW])
def test_request_smuggling_through_nginx_no_hidden_request_and_no_answer_meant_for_another(
    fronted: Send, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    with caplog.at_level(logging.INFO, "web"):
        answer = fronted(_post(*AMBIGUOUS[name]))
        # The next ones come to the process over the connection that the attacker's request came over.
        others = [fronted(GOOD, PATIENCE_S) for _ in range(2)]
    assert SEEN not in caplog.text, answer
    assert b'"openapi"' not in answer + b"".join(others)
    assert all(other.startswith(b"HTTP/1.1 200") and other.endswith(b"ok\n") for other in others)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
@pytest.mark.parametrize(
    "lines",
    [
        "Host: evil.example",
        "Host: localhost\r\nHost: evil.example",
        "Host: localhost\r\nX-Forwarded-Host: evil.example",
    ],
)
def test_host_header_through_nginx_is_told_to_nobody(fronted: Send, lines: str) -> None:
    for path in ("/api/session", "/api/gmail/oauth/start", "/healthz", "https://evil.example/api/me"):
        answer = fronted(f"GET {path} HTTP/1.1\r\n{lines}\r\nConnection: close\r\n\r\n".encode(), PATIENCE_S)
        assert answer.startswith(b"HTTP/1.1 ")
        assert b"evil.example" not in answer


# -- sockets of the calls process


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with ExitStack() as stack:
        found = stack.enter_context(house(tmp_path_factory.mktemp("phone")))
        found.start()
        yield found


def _ticket(home: House) -> str:
    values = {"business": home.business.id, "listen": True, "once": secrets.token_hex(8), "for_s": 60}
    return tokens.issue(models.derive("calls")[0], "live", values, expires_at=time.time() + 60)


def _open(home: House, path: str, origin: str | None) -> ClientConnection:
    told = Origin(origin) if origin is not None else None
    return connect(f"ws://127.0.0.1:{home.port}{path}", origin=told, proxy=None, legacy=True)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", PUBLIC + ".evil.example", PUBLIC.replace("https", "http")]
)
def test_websocket_origin_a_page_of_another_site_watches_no_calls(home: House, origin: str) -> None:
    for query in (f"?ticket={_ticket(home)}", ""):  # a stolen ticket, and none: a cookie alone opens nothing
        with pytest.raises(InvalidStatus):
            _open(home, f"/ws/live{query}", origin).close()


@pytest.mark.parametrize("origin", [PUBLIC, None])
def test_websocket_origin_our_own_page_and_a_script_may(home: House, origin: str | None) -> None:
    with _open(home, f"/ws/live?ticket={_ticket(home)}", origin) as talk:
        assert '"calls"' in str(talk.recv(30))


def test_websocket_forgery_who_is_not_twilio_streams_nothing(home: House) -> None:
    for signature in ("", "AAAA", home.twilio.validator.compute_signature("wss://evil.example/ws/media", {})):
        with pytest.raises(InvalidStatus):
            home.twilio.socket(STREAM, signature=signature).close()
    with pytest.raises(InvalidStatus):
        _open(home, "/ws/media", PUBLIC).close()
    with home.twilio.socket(STREAM) as talk:
        talk.ping().wait(30)  # Twilio itself may


@pytest.mark.parametrize("extra", [{"Filler": "a" * 70_000}, {f"Field{number}": "1" for number in range(501)}])
def test_flood_a_form_of_too_many_bytes_or_fields_is_no_webhook(home: House, extra: dict[str, str]) -> None:
    form = home.twilio.form(sid("CA"), PERSON, NUMBER) | extra
    assert home.twilio.post("/webhook/voice", form).status_code == 403  # signed, and refused all the same
