"""The outward POST: signed, bound in time and size, to the address that was checked and nowhere else."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sources import hooks
from sources.ports import Refused
from tests.support.processes import free_port
from tests.support.receiver import Receiver, answer, cut, drip, garbage, hang, receiver

HERE = ("127.0.0.1",)


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def post(url: str, **more: Any) -> hooks.Outcome:
    options = {"secret": "whsec_x", "event": "receipt.created", "delivery": 7, "allowed": HERE, **more}
    return hooks.post(url, b'{"id":"evt_1"}', **options)


def test_the_signature_is_what_the_documentation_says(there: Receiver) -> None:
    outcome = post(there.url)
    assert (outcome.status, outcome.delivered, outcome.text) == (200, True, "")
    (got,) = there.got
    assert got.path == "/hook?a=1"
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["X-ProSaaS-Event"] == "receipt.created"
    assert got.headers["X-ProSaaS-Delivery"] == "7"
    assert got.headers["Host"] == f"127.0.0.1:{there.port}"
    parts = dict(part.split("=", 1) for part in got.headers["X-ProSaaS-Signature"].split(","))
    assert abs(time.time() - int(parts["t"])) < 300
    wanted = hmac.new(b"whsec_x", parts["t"].encode() + b"." + got.body, hashlib.sha256).hexdigest()
    assert parts["v1"] == wanted


@pytest.mark.parametrize("way", [hang, drip], ids=["hangs", "drips"])
def test_a_receiver_that_takes_its_time_is_cut_off(there: Receiver, way: Any) -> None:
    there.way = way
    began = time.monotonic()
    outcome = post(there.url, timeout_s=0.5)
    assert (outcome.status, outcome.code) == (None, "timed_out")
    assert time.monotonic() - began < 5


def test_one_that_does_not_even_accept_is_cut_off() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = []
        for _ in range(8):  # the queue of connections is full then, and further ones wait
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
            fillers.append(filler)
        outcome = post(f"http://127.0.0.1:{full.getsockname()[1]}/", timeout_s=0.5)
        for filler in fillers:
            filler.close()
    assert outcome.code == "timed_out"


def test_of_ten_megabytes_only_the_beginning_is_taken(there: Receiver) -> None:
    sent = 0

    def pour(handler: Any) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("Content-Length", str(10_000_000))
        handler.end_headers()
        try:
            for _ in range(1000):
                handler.wfile.write(b"x" * 10_000)
                sent += 10_000
        except OSError:
            return

    there.way = pour
    assert post(there.url).delivered
    assert sent < 10_000_000


def test_a_redirect_to_this_machine_is_not_followed(there: Receiver) -> None:
    with receiver() as trap:
        for status in (301, 302, 303, 307, 308):
            there.way = answer(status, Location=trap.url)
            outcome = post(there.url)
            assert (outcome.status, outcome.code) == (status, "redirected")
        assert trap.got == []


@pytest.mark.parametrize(
    ("way", "status", "code"),
    [
        (answer(500), 500, "refused_by_receiver"),
        (answer(404), 404, "refused_by_receiver"),
        (answer(204, b""), 204, ""),
        (garbage, None, "broken_answer"),
        (cut, None, "broken_answer"),
    ],
)
def test_every_answer_has_its_name(there: Receiver, way: Any, status: int | None, code: str) -> None:
    there.way = way
    outcome = post(there.url)
    assert (outcome.status, outcome.code) == (status, code)
    assert bool(outcome.text) == bool(code)


def test_how_long_the_receiver_asks_to_wait_is_told(there: Receiver) -> None:
    there.way = answer(503, Retry_After="120")
    assert post(there.url).retry_after_s == 120
    there.way = answer(503, Retry_After="tomorrow")
    assert post(there.url).retry_after_s is None


def test_nobody_listening_is_told() -> None:
    outcome = post(f"http://127.0.0.1:{free_port()}/")
    assert (outcome.status, outcome.code) == (None, "unreachable")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]",
     "10.0.0.1", "192.168.1.1", "169.254.169.254", "[fd00::1]", "[fe80::1]", "100.64.0.1", "[64:ff9b::7f00:1]"],
)  # fmt: skip
def test_what_is_private_is_refused_when_it_is_made_and_when_it_is_sent(there: Receiver, host: str) -> None:
    url = f"http://{host}:{there.port}/"
    outcome = post(url, allowed=())
    assert (outcome.status, outcome.delivered) == (None, False)
    assert outcome.code in {"address_not_public", "host_unknown"}
    assert there.got == []
    if outcome.code == "address_not_public":
        with pytest.raises(Refused):
            hooks.check(url)


@pytest.mark.parametrize(
    "url",
    ["", "ftp://example.com/", "https://", "https:///x", "https://a b.example/", "https://user:pw@example.com/",
     "https://example.com:0/", "https://example.com:99999/", "https://example.com/#part", "https://exa\\mple.com/",
     "https://éxample.com/", "https://example.com/\r\nX-Evil: 1", "https://[::1/", "javascript:alert(1)", "//x/",
     f"https://{'a' * 64}.example/"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Refused) as told:
        hooks.check(url)
    assert told.value.code == "bad_url"


@pytest.fixture
def turncoat(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A name that leads to 127.0.0.1 when it is looked up first, and to 127.0.0.2 ever after."""
    real, asked = socket.getaddrinfo, []

    def look_up(host: Any, *more: Any, **options: Any) -> Any:
        if host != "hook.test":
            return real(host, *more, **options)
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "127.0.0.2", *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_the_connection_goes_to_the_address_that_was_checked(there: Receiver, turncoat: list[str]) -> None:
    with receiver(there.port, host="127.0.0.2") as trap:
        outcome = post(f"http://hook.test:{there.port}/x", allowed=["hook.test"])
        assert (outcome.delivered, trap.got) == (True, [])
    assert turncoat == ["hook.test"]
    assert there.got[0].headers["Host"] == f"hook.test:{there.port}"


def _certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{name}.crt", folder / f"{name}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


def test_over_tls_the_name_is_asked_for_and_has_to_be_the_certificates(
    tmp_path: Path, turncoat: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, public = _certificate(tmp_path, "hook.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    hooks._trust.cache_clear()
    try:
        with receiver(tls=context) as safe:
            url = f"https://hook.test:{safe.port}/x"
            assert post(url, allowed=["hook.test"]).delivered
            assert safe.server_names == ["hook.test"]
            assert safe.got[0].headers["Host"] == f"hook.test:{safe.port}"
            other = post(f"https://127.0.0.1:{safe.port}/x")
            assert (other.status, other.code, len(safe.got)) == (None, "tls_failed", 1)
        context, _ = _certificate(tmp_path, "other.test")
        turncoat.clear()
        with receiver(tls=context) as unknown:
            assert post(f"https://hook.test:{unknown.port}/", allowed=["hook.test"]).code == "tls_failed"
            assert unknown.got == []
    finally:
        hooks._trust.cache_clear()
