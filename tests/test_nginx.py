"""nginx.conf in a real nginx on TLS: every route at its process, files from disk, a page of its own for a dead one."""

from __future__ import annotations

import datetime
import gzip
import http.client
import ipaddress
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from tests.support.processes import ROOT, environment, free_port, prosaas, running, until

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass
class Front:
    """A running nginx and what is behind it."""

    folder: Path
    tls_port: int
    plain_port: int
    trusted: ssl.SSLContext

    def get(self, path: str, host: str = "localhost", **headers: str) -> Answer:
        connection = http.client.HTTPSConnection("localhost", self.tls_port, context=self.trusted, timeout=30)
        try:
            connection.request("GET", path, headers={"Host": host, **headers})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()


def _certificate(folder: Path) -> ssl.SSLContext:
    """A certificate of a day for localhost in folder/certs; gives a context that trusts it and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certs").mkdir()
    encoding = serialization.Encoding.PEM
    (folder / "certs" / "fullchain.pem").write_bytes(certificate.public_bytes(encoding))
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "certs" / "privkey.pem").write_bytes(private)
    return ssl.create_default_context(cafile=str(folder / "certs" / "fullchain.pem"))


def _conf(folder: Path, ports: dict[str, int]) -> Path:
    """nginx.conf with other ports; nothing else changes, but that root's workers may read root's folders."""
    text = (ROOT / "nginx.conf").read_text(encoding="utf-8")
    for old, new in (
        ("listen 443 ", f"listen 127.0.0.1:{ports['tls']} "),
        ("listen 80 ", f"listen 127.0.0.1:{ports['plain']} "),
        ("server 127.0.0.1:5000;", f"server 127.0.0.1:{ports['web']};"),
        ("server 127.0.0.1:5050;", f"server 127.0.0.1:{ports['calls']};"),
        ("server 127.0.0.1:5678;", f"server 127.0.0.1:{ports['n8n']};"),
    ):
        assert old in text
        text = text.replace(old, new)
    conf = folder / "nginx.conf"
    conf.write_text(("user root;\n" if os.getuid() == 0 else "") + text, encoding="utf-8")
    (folder / "static").symlink_to(ROOT / "static")
    return conf


def _n8n(port: int) -> threading.Thread:
    """Somebody else's server behind the n8n host: it echoes what a socket sends."""

    def echo(talk: ServerConnection) -> None:
        for message in talk:
            talk.send(message)

    server = serve(echo, "127.0.0.1", port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    return thread


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("nginx")
    ports = {name: free_port() for name in ("tls", "plain", "web", "calls", "n8n")}
    trusted = _certificate(folder)
    conf = _conf(folder, ports)
    env = environment(folder / "data", PORT=ports["web"], CALLS_PORT=ports["calls"])
    _n8n(ports["n8n"])
    with ExitStack() as stack:
        for name in ("web", "calls"):
            stack.enter_context(running(prosaas(name), env, folder / f"{name}.log"))
        assert NGINX is not None
        command = [NGINX, "-p", str(folder), "-c", str(conf), "-g", "daemon off;"]
        stack.enter_context(running(command, env, folder / "nginx.log"))
        found = Front(folder, ports["tls"], ports["plain"], trusted)
        for path, status in (("/api/health", (200, 503)), ("/webhook/nothing", (403, 404))):
            until(partial(_answers, found, path, status), f"{path} through nginx")
        yield found


def _answers(front: Front, path: str, wanted: tuple[int, ...]) -> bool:
    return _status(front, path) in wanted


def _status(front: Front, path: str) -> int:
    try:
        return front.get(path).status
    except OSError:
        return 0


def test_the_configuration_passes_nginx_own_check(tmp_path: Path) -> None:
    _certificate(tmp_path)
    conf = _conf(tmp_path, {name: free_port() for name in ("tls", "plain", "web", "calls", "n8n")})
    command = [str(NGINX), "-t", "-p", str(tmp_path), "-c", str(conf)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr


def test_each_route_reaches_its_process(front: Front) -> None:
    assert json.loads(front.get("/api/health").body)["version"]
    for path in ("/webhook/nothing", "/ws/nothing"):
        answer = front.get(path)
        assert "calls process" in json.loads(answer.body)["error"], path


def test_the_index_comes_from_disk_with_its_release_filled_in_and_is_never_kept(front: Front) -> None:
    for path in ("/", "/app/receipts", "/app/b/demo/receipts?status=ready"):
        answer = front.get(path)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        assert b"{{release}}" not in answer.body
        assert re.search(rb"/assets/[0-9a-f]{12}/js/core/first\.js", answer.body)


def test_the_manifest_names_the_release_and_is_asked_for_anew(front: Front) -> None:
    answer = front.get("/manifest.webmanifest")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/manifest+json")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert b"{{release}}" not in answer.body
    assert front.get(json.loads(answer.body)["icons"][0]["src"]).status == 200
    assert front.get("/favicon.ico").headers["Content-Type"] == "image/svg+xml"


def test_assets_are_kept_for_a_year_and_a_missing_one_is_a_404_that_is_not(front: Front) -> None:
    index = front.get("/").body.decode()
    paths = re.findall(r'(?:src|href)="(/assets/[^"]+)"', index)
    assert paths
    for path in paths:
        answer = front.get(path)
        assert answer.status == 200, path
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for path in (
        "/assets/abc/js/nothing.js",
        "/assets/",
        "/assets/abc/%2e%2e/%2e%2e/%2e%2e/config.py",
        "/assets/abc/.hidden",
        "/assets/of-another-release/js/main.js",
    ):
        answer = front.get(path)
        assert answer.status in (400, 404), path
        assert answer.headers["Cache-Control"] is None
    packed = front.get(f"/assets/{paths[0].split('/')[2]}/css/base.css", **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == (ROOT / "static" / "css" / "base.css").read_bytes()


def test_what_is_too_large_is_refused_in_json(front: Front) -> None:
    connection = http.client.HTTPSConnection("localhost", front.tls_port, context=front.trusted, timeout=30)
    connection.putrequest("POST", "/api/receipts")
    connection.putheader("Content-Length", str(60 << 20))
    connection.endheaders()
    answer = connection.getresponse()
    told = json.loads(answer.read())
    assert answer.status == 413
    assert (told["success"], told["code"]) == (False, "too_large")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    connection.close()


def test_guessing_passwords_is_slowed_down_and_nothing_else_is(front: Front) -> None:
    connection = http.client.HTTPSConnection("localhost", front.tls_port, context=front.trusted, timeout=30)
    statuses = []
    for _ in range(60):
        connection.request("POST", "/api/session", body=b"{}", headers={"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        statuses.append(answer.status)
    connection.close()
    assert 429 in statuses
    assert json.loads(body)["code"] == "too_many_tries"
    assert front.get("/api/me").status == 401


def test_its_own_pages_carry_the_headers_that_the_web_process_gives_its_pages(front: Front) -> None:
    theirs, ours = front.get("/api/nothing").headers, front.get("/").headers
    names = {"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"}
    names |= {"Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy"}
    for headers in (theirs, ours, front.get("/assets/x/missing").headers):
        assert headers.get_all("Strict-Transport-Security") == ["max-age=63072000"]
        assert {name: len(headers.get_all(name) or []) for name in names} == dict.fromkeys(names, 1)
    assert {name: ours[name] for name in names} == {name: theirs[name] for name in names}


def test_metrics_and_files_of_the_project_are_not_public(front: Front) -> None:
    assert front.get("/metrics").status == 404
    for path in ("/data/www/index.html", "/static/index.html", "/config.py", "/data/encryption.key"):
        answer = front.get(path)
        assert b"/assets/" in answer.body, path  # the page, which says that there is nothing there


def test_plain_http_leads_to_tls_with_path_and_query(front: Front) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", front.plain_port, timeout=30)
    connection.request("GET", "/app/receipts?q=x", headers={"Host": "receipts.example"})
    answer = connection.getresponse()
    connection.close()
    assert (answer.status, answer.headers["Location"]) == (301, "https://receipts.example/app/receipts?q=x")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize(("version", "served"), [("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)])
def test_old_tls_is_refused(front: Front, version: str, *, served: bool) -> None:
    context = ssl.create_default_context(cafile=str(front.folder / "certs" / "fullchain.pem"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    connection = http.client.HTTPSConnection("localhost", front.tls_port, context=context, timeout=30)
    try:
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        assert served
    except ssl.SSLError:
        assert not served
    finally:
        connection.close()


def test_a_websocket_passes_to_the_n8n_host(front: Front) -> None:
    # Nothing has to resolve the name: the connection is made beforehand.
    reached = socket.create_connection(("127.0.0.1", front.tls_port), timeout=30)
    address = f"wss://n8n.localhost:{front.tls_port}/push"
    with connect(address, sock=reached, ssl=front.trusted, server_hostname="localhost") as talk:
        talk.send("ping")
        assert talk.recv(timeout=30) == "ping"


def test_what_a_caller_claims_about_its_address_does_not_reach_the_process(tmp_path: Path) -> None:
    seen: list[dict[str, str]] = []

    class Asked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(dict(self.headers))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ports = {name: free_port() for name in ("tls", "plain", "calls", "n8n")} | {"web": server.server_port}
    trusted = _certificate(tmp_path)
    command = [str(NGINX), "-p", str(tmp_path), "-c", str(_conf(tmp_path, ports)), "-g", "daemon off;"]
    with running(command, environment(tmp_path), tmp_path / "nginx.log"):
        front = Front(tmp_path, ports["tls"], ports["plain"], trusted)
        until(lambda: _status(front, "/api/health") == 200, "nginx")
        front.get(
            "/api/me", **{"X-Forwarded-For": "10.9.8.7", "Forwarded": "for=10.9.8.7", "X-Forwarded-Proto": "http"}
        )
    server.shutdown()
    server.server_close()
    last = seen[-1]
    assert (last["X-Forwarded-For"], last["X-Forwarded-Proto"]) == ("127.0.0.1", "https")
    assert "Forwarded" not in last
    assert "10.9.8.7" not in str(last)


def test_an_upstream_that_is_down_has_its_own_502_and_the_rest_goes_on(tmp_path: Path) -> None:
    ports = {name: free_port() for name in ("tls", "plain", "web", "calls", "n8n")}
    trusted = _certificate(tmp_path)
    command = [str(NGINX), "-p", str(tmp_path), "-c", str(_conf(tmp_path, ports)), "-g", "daemon off;"]
    with running(command, environment(tmp_path), tmp_path / "nginx.log"):
        front = Front(tmp_path, ports["tls"], ports["plain"], trusted)
        until(lambda: _status(front, "/"), "nginx")
        for path, name in (
            ("/api/me?code=sec-ret", "prosaas-api"),
            ("/webhook/voice", "prosaas-calls"),
            ("/ws/live", "prosaas-calls"),
        ):
            answer = front.get(path)
            told = json.loads(answer.body)
            assert (answer.status, told["success"], told["code"]) == (502, False, "upstream_down")
            assert name in told["error"]
            page = front.get(path, Accept="text/html,*/*")
            assert page.status == 502
            assert name.encode() in page.body
            assert b"nginx" not in page.body
        page = front.get("/", host="n8n.localhost")
        assert page.status == 502
        assert b"<b>n8n</b>" in page.body
        assert front.get("/").status == 200
    assert "sec-ret" not in "".join(path.read_text() for path in tmp_path.glob("nginx*.log"))


def test_the_log_has_paths_without_their_queries(front: Front) -> None:
    front.get("/api/receipts?q=some-vendor-name")
    log = front.folder / "nginx-access.log"
    until(lambda: " GET /api/receipts 401" in log.read_text(), "the line")
    assert "some-vendor-name" not in log.read_text()
