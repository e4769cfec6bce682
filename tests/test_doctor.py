"""The doctor names what is broken, with a remedy, and has nothing to say of a good installation."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import clock
import models
import tasks
from cli import doctor
from config import VERSION, Config
from jobs import backups
from store import schema
from tests.support import installation, postgres
from tests.support.processes import environment, free_port, run
from tests.support.redis_server import RedisServer
from web import checks

OTHER_KEY = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
CLIENT = {"GOOGLE_CLIENT_ID": "1-a.apps.googleusercontent.com", "GOOGLE_CLIENT_SECRET": "secret"}


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as found:
        yield found


class Installation:
    """A good one, to be broken in one place."""

    def __init__(self, folder: Path, server: RedisServer) -> None:
        self.folder, self.root, self.server = folder, folder / "project", server
        self.root.mkdir()
        self.env = {"REDIS_URL": server.url, "OCR_LANGUAGES": "eng", **CLIENT}
        with installation.database(self.config):
            owner = installation.business()
            installation.mailbox(owner, connected_at=clock.now(), last_sync_at=clock.now())
            backups.remember(backups.Report(str(clock.iso(clock.now())), "sqlite", 3, 1000), "a file")
        self.worker()

    @property
    def config(self) -> Config:
        """Its settings as they are now."""
        return installation.settings(self.folder, **self.env)

    def worker(self, **facts: object) -> None:
        """A worker's sign of life."""
        client = self.server.client()
        client.flushall()
        facts = {"host": "a", "pid": 1, "started_at": "", "queues": tasks.QUEUES, "version": VERSION, **facts}
        client.set("prosaas:worker:a:1", json.dumps(facts), ex=30)

    def told(self) -> dict[str, checks.Check]:
        """What is wrong, by its name."""
        schema._bound = ""  # as a command finds it
        found = list(checks.run(self.config, self.root))
        models.db.close()
        return {one.name: one for one in found if one.verdict != checks.OK}


@pytest.fixture
def good(tmp_path: Path, server: RedisServer) -> Iterator[Installation]:
    yield Installation(tmp_path, server)
    with server.client() as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("appendonly", "yes")


def test_a_good_installation_has_nothing_wrong(good: Installation) -> None:
    assert good.told() == {}


def _sql(text: str, *values: object) -> Callable[[Installation], None]:
    def change(broken: Installation) -> None:
        with installation.database(broken.config):
            models.db.execute_sql(text, list(values))

    return change


def _setting(**values: str) -> Callable[[Installation], None]:
    return lambda broken: broken.env.update(values)


def _file_in_the_way(broken: Installation) -> None:
    (broken.folder / "elsewhere").write_text("a file")
    broken.env["DATA_DIR"] = str(broken.folder / "elsewhere" / "data")


def _key_open_to_all(broken: Installation) -> None:
    (broken.folder / "encryption.key").write_text(installation.KEY)
    (broken.folder / "encryption.key").chmod(0o644)


def _key_lost(broken: Installation) -> None:
    broken.env["ENCRYPTION_KEY"] = ""


def _no_database(broken: Installation) -> None:
    for path in broken.folder.glob("prosaas.db*"):
        path.unlink()


def _restore_unfinished(broken: Installation) -> None:
    (broken.folder / schema.RESTORING).touch()


def _postgres_away(broken: Installation) -> None:
    broken.env["DATABASE_URL"] = f"postgresql://x@127.0.0.1:{free_port()}/x"


def _latin(broken: Installation) -> None:
    name = postgres.cluster().database().rpartition("/")[2] + "_latin"
    with postgres.psycopg.connect(postgres.cluster().url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database \"{name}\" encoding 'SQL_ASCII' locale 'C' template template0")
    broken.env["DATABASE_URL"] = postgres.cluster().url(name)
    with installation.database(broken.config):
        pass


def _blobs_in_the_way(broken: Installation) -> None:
    shutil.rmtree(broken.folder / "blobs", ignore_errors=True)
    (broken.folder / "blobs").write_text("a file")


def _redis_setting(name: str, value: str) -> Callable[[Installation], None]:
    return lambda broken: broken.server.client().config_set(name, value)


def _no_worker(broken: Installation) -> None:
    broken.server.client().flushall()


def _old_certificate(broken: Installation) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(clock.now() - timedelta(days=90))
    whole = made.not_valid_after(clock.now() - timedelta(days=1)).sign(key, hashes.SHA256())
    (broken.root / "certs").mkdir()
    (broken.root / "certs" / "fullchain.pem").write_bytes(whole.public_bytes(serialization.Encoding.PEM))


def _no_certificate(broken: Installation) -> None:
    (broken.root / "certs").mkdir()
    (broken.root / "certs" / "fullchain.pem").write_text("not a certificate")


def _hours_ago(hours: float) -> str:
    return str(clock.iso(clock.now() - timedelta(hours=hours)))


def _old_backup(broken: Installation) -> None:
    broken.env["BACKUP_URL"] = f"file://{broken.folder}/nightly"
    with installation.database(broken.config):
        backups.remember(backups.Report(_hours_ago(72), "sqlite", 3, 1000), "a file")


LONG_AGO = 1_600_000_000_000
SOON = int(clock.now().timestamp() * 1000) + 3_600_000
BROKEN: dict[str, tuple[str, str, Callable[[Installation], Any]]] = {
    "production without https": ("public url", "warn", _setting(PRODUCTION="1")),
    "no google client": ("google", "warn", _setting(GOOGLE_CLIENT_ID="")),
    "no google client's id": ("google", "fail", _setting(GOOGLE_CLIENT_ID="me@example.com")),
    "twilio without its token": ("twilio", "fail", _setting(TWILIO_ACCOUNT_SID="AC1")),
    "twilio's account is none": ("twilio", "fail", _setting(TWILIO_ACCOUNT_SID="SK1", TWILIO_AUTH_TOKEN="x")),
    "twilio cannot reach it": ("twilio", "warn", _setting(TWILIO_ACCOUNT_SID="AC1", TWILIO_AUTH_TOKEN="x")),
    "ocr off": ("ocr", "warn", _setting(OCR="off")),
    "no such engine": ("ocr", "fail", _setting(OCR="nonsense")),
    "a language without data": ("ocr", "warn", _setting(OCR_LANGUAGES="eng+tlh")),
    "data folder not writable": ("data folder", "fail", _file_in_the_way),
    "key open to all": ("keys", "fail", _key_open_to_all),
    "key lost": ("keys", "fail", _key_lost),
    "wrong key": ("keys", "fail", _setting(ENCRYPTION_KEY=OTHER_KEY)),
    "no database": ("database", "fail", _no_database),
    "schema of a newer release": (
        "database", "fail", _sql("insert into schema_migration (name, applied) values ('9999_x', '2030-01-01')"),
    ),
    "schema of an older release": (
        "database", "fail", _sql("delete from schema_migration where name = '0002_search'"),
    ),
    "half-restored backup": ("database", "fail", _restore_unfinished),
    "postgresql away": ("database", "fail", _postgres_away),
    "postgresql without unicode": ("database", "fail", _latin),
    "mailbox to be reconnected": ("mailboxes", "fail", _sql("update mailbox set status = 'needs_reconnect'")),
    "permission about to end": (
        "mailboxes", "warn", _sql("update mailbox set token_expires_at = ?", SOON),
    ),
    "mailbox not read for days": ("mailboxes", "warn", _sql("update mailbox set last_sync_at = ?", LONG_AGO)),
    "documents cannot be kept": ("documents", "fail", _blobs_in_the_way),
    "bucket away": ("documents", "fail", _setting(BLOB_URL="s3://nowhere/x", S3_ENDPOINT="http://127.0.0.1:9")),
    "redis away": ("redis", "fail", _setting(REDIS_URL="redis://127.0.0.1:9")),
    "redis throws keys away": ("redis", "fail", _redis_setting("maxmemory-policy", "allkeys-lru")),
    "redis forgets": ("redis", "warn", _redis_setting("appendonly", "no")),
    "no worker": ("worker", "fail", _no_worker),
    "a worker of other queues": ("worker", "fail", lambda broken: broken.worker(queues=["receipts"])),
    "two versions at once": ("worker", "warn", lambda broken: broken.worker(version="0.0.9")),
    "jobs wait for long": (
        "jobs", "fail", _sql(
            "insert into sync_run (business_id, mode, status, requested_by, fence, tries, cancel_requested, look_again,"
            " state, found, fetched, receipts, skipped, failed, \"left\", created_at)"
            " values (1, 'full', 'queued', '', 0, 0, 0, 0, '{}', 0, 0, 0, 0, 0, 0, ?)", LONG_AGO,
        ),
    ),
    "never backed up": ("backup", "warn", _sql("delete from setting where name = 'last_backup'")),
    "nightly backup fails": ("backup", "fail", _old_backup),
    "certificate ran out": ("certificate", "fail", _old_certificate),
    "certificate is none": ("certificate", "fail", _no_certificate),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_fault_is_named_with_its_remedy(good: Installation, what: str) -> None:
    name, verdict, harm = BROKEN[what]
    harm(good)
    told = good.told()
    assert name in told, told
    assert told[name].verdict == verdict
    assert told[name].text
    assert told[name].remedy, what


def test_a_full_disk_and_a_clock_that_jumped_are_named(good: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**6))  # type: ignore[attr-defined]
    assert "1 MB" in good.told()["data folder"].text
    monkeypatch.setattr(redis.Redis, "time", lambda _: (1_600_000_000, 0))
    assert good.told()["clock"].verdict == "fail"


def test_a_package_that_is_not_of_the_lock_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata

    assert doctor._packages().verdict == "ok"
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.0.1" if name == "peewee" else _version(name))
    assert "peewee is 0.0.1" in doctor._packages().text


def _version(name: str) -> str:
    import re

    lock = (doctor.ROOT / "requirements.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(name)}==(\S+)", lock, re.MULTILINE)
    return found[1] if found else "0"


def test_a_bad_setting_and_what_listens_on_our_port_are_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("doctor", "--json", env=environment(tmp_path, PORT=port, CALLS_PORT=free_port()))
    assert done.returncode == 1
    told = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert told["web"]["text"] == f"Something else listens on port {port}."
    assert "Nothing listens" in told["calls"]["text"]
    assert told["nginx"]["verdict"] == "fail"
    done = run("doctor", env=environment(tmp_path, WORKERS="many"))
    assert "✗ settings" in done.stdout
