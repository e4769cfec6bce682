"""A Redis on another host's terms: TLS by an authority of its own, passwords, a replica and a Sentinel."""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import clock
from tests.support.processes import free_port, until

PASSWORD = "a-password-of-redis"
OF_SENTINEL = "a-password-of-sentinel"
SERVICE = "receipts"


class Authority:
    """A certificate authority, and a certificate of it for 127.0.0.1, as files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca, self.certificate, self.key = folder / "ca.pem", folder / "server.pem", folder / "server.key"
        root, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of ours")])

        def made(name: x509.Name, public: ec.EllipticCurvePublicKey, *, of_authority: bool) -> bytes:
            builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(public)
            builder = builder.serial_number(x509.random_serial_number())
            builder = builder.not_valid_before(clock.now() - timedelta(days=1))
            builder = builder.not_valid_after(clock.now() + timedelta(days=30))
            builder = builder.add_extension(x509.BasicConstraints(ca=of_authority, path_length=None), critical=True)
            address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
            builder = builder if of_authority else builder.add_extension(address, critical=False)
            return builder.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

        self.ca.write_bytes(made(issuer, root.public_key(), of_authority=True))
        host = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis")])
        self.certificate.write_bytes(made(host, leaf.public_key(), of_authority=False))
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        self.key.write_bytes(leaf.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


class Elsewhere:
    """Servers that only speak TLS and ask for a password; a context that leaves none of them running."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder)
        self._running = ExitStack()

    def __enter__(self) -> Elsewhere:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def server(self, *, replica_of: int | None = None) -> tuple[int, subprocess.Popen[bytes]]:
        """A Redis; its port and its process."""
        port = free_port()
        folder = self.folder / str(port)
        folder.mkdir()
        more = [f"replicaof 127.0.0.1 {replica_of}"] if replica_of else []
        lines = ["appendonly yes", 'save ""', f"requirepass {PASSWORD}", f"masterauth {PASSWORD}", *more]
        return port, self._start(folder, port, lines, PASSWORD)

    def sentinel(self, leader: int) -> int:
        """A Sentinel that watches the server of that port; its own port."""
        port = free_port()
        folder = self.folder / str(port)
        folder.mkdir()
        lines = [
            f"requirepass {OF_SENTINEL}",
            f"sentinel monitor {SERVICE} 127.0.0.1 {leader} 1",
            f"sentinel auth-pass {SERVICE} {PASSWORD}",
            f"sentinel down-after-milliseconds {SERVICE} 2000",
            f"sentinel failover-timeout {SERVICE} 5000",
        ]
        self._start(folder, port, lines, OF_SENTINEL, "--sentinel")
        return port

    def client(self, port: int, password: str = PASSWORD) -> redis.Redis:
        """A client of one of them."""
        return redis.Redis(
            port=port, host="127.0.0.1", password=password, ssl=True, ssl_ca_certs=str(self.authority.ca),
            socket_timeout=10, decode_responses=True,
        )  # fmt: skip

    def _start(
        self, folder: Path, port: int, lines: list[str], password: str, *options: str
    ) -> subprocess.Popen[bytes]:
        one = self.authority
        tls = [f"tls-cert-file {one.certificate}", f"tls-key-file {one.key}", f"tls-ca-cert-file {one.ca}"]
        own = ["port 0", f"tls-port {port}", *tls, "tls-auth-clients no", "tls-replication yes", "bind 127.0.0.1"]
        (folder / "redis.conf").write_text("\n".join([*own, f"dir {folder}", *lines]) + "\n")
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        assert program is not None
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, str(folder / "redis.conf"), *options], stdout=log, stderr=subprocess.STDOUT
            )
        self._running.callback(process.wait)
        self._running.callback(process.kill)

        def answers() -> bool:
            assert process.poll() is None, (folder / "log").read_text()
            try:
                return bool(self.client(port, password).ping())
            except redis.RedisError:
                time.sleep(0.05)
                return False

        until(answers, "the server answers")
        return process
