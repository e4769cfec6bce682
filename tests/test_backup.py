"""Backup and restore: one file while the product runs, back elsewhere with every byte checked, and a new key."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

import models
from blobs import FolderBlobs
from config import Config
from errors import Tellable
from jobs import backups
from jobs import work as steps
from jobs.adapters import blob_store
from jobs.kinds import KINDS
from jobs.workshop import Workshop
from store import keys, schema, work
from tests.support import installation, postgres
from tests.support.bucket import bucket
from tests.support.processes import environment, free_port, run
from tests.support.product import SAMPLE, Business, product

OTHER_KEY = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="


def _originals(business: Business) -> dict[int, str]:
    found = {}
    for one in business.everything("/api/receipts"):
        answer = business.call("GET", f"/api/receipts/{one['id']}/original")
        found[one["id"]] = hashlib.sha256(answer.content).hexdigest() if answer.ok else str(answer.status_code)
    return found


def test_a_backup_under_load_comes_back_elsewhere_with_the_same_receipts_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    archive = tmp_path / "all.tar"
    with product(tmp_path / "here", mail=SAMPLE) as here:
        here.start_web()
        here.start_worker()
        business = here.business("Kedem")
        password = {"password": "a long and winding road"}
        business.session().patch(f"{here.url}/api/me", json=password, timeout=30).raise_for_status()
        business.connect()
        business.finished()
        receipts = business.everything("/api/receipts")
        over, answers = threading.Event(), []

        def load() -> None:
            number = 0
            while not over.is_set():
                one = business.get(f"/api/receipts/{receipts[number % len(receipts)]['id']}")
                body = {"note": f"note {number}"}
                path = f"/api/receipts/{one['id']}"
                changed = business.call("PATCH", path, json=body, headers={"If-Match": f'"{one["version"]}"'})
                answers.append(changed.status_code)
                number += 1

        writer = threading.Thread(target=load)
        writer.start()
        try:
            done = run("backup", str(archive), "--key-out", str(tmp_path / "keys"), env=here.env, timeout=120)
        finally:
            over.set()
            writer.join()
        assert done.returncode == 0, done.stderr
        assert set(answers) == {200}
        originals = _originals(business)
        assert len(originals) == len(receipts) > 20
    assert archive.stat().st_mode & 0o077 == 0
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0
    assert installation.KEY.encode() not in archive.read_bytes()

    (tmp_path / "there").mkdir()
    port = free_port()
    bare = environment(tmp_path / "there", PORT=port, PUBLIC_URL=f"http://127.0.0.1:{port}", GMAIL_QUOTA="off")
    done = run("restore", str(archive), "--key", str(tmp_path / "keys"), env=bare, timeout=120)
    assert done.returncode == 0, done.stderr
    with product(tmp_path / "there") as there:
        there.start_web()
        again = Business(there, business.slug, business.email, business.token, business.account)
        assert {one["id"]: one["total"] for one in again.everything("/api/receipts")} == {
            one["id"]: one["total"] for one in receipts
        }
        assert _originals(again) == originals
        signed_in = requests.post(f"{there.url}/api/session", json={"email": business.email, **password}, timeout=30)
        assert signed_in.ok, signed_in.text
        assert again.get("/api/mailboxes")["items"][0]["status"] == "connected"


@pytest.fixture
def filled(tmp_path: Path) -> Config:
    """An installation with a secret and a document."""
    config = installation.settings(tmp_path / "here")
    with installation.database(config):
        owner = installation.business()
        installation.mailbox(owner, refresh_token="1//the-permission")
        models.Endpoint.create(business=owner, url="https://example.com/", secret="whsec-of-old", events=["*"])
        blob_store(config).put(b"a receipt of last year")
    return config


def _written(config: Config, path: Path) -> Path:
    with installation.database(config), path.open("wb") as out:
        backups.write_archive(config, blob_store(config), out, "0.1.0")
    return path


def _restored(config: Config, archive: Path) -> None:
    models.connect(config)
    backups.read_archive(config, blob_store(config), archive)


@pytest.mark.parametrize("harm", ["cut", "flipped", "empty", "other"])
def test_a_damaged_backup_is_told_and_nothing_starts_on_half_of_it(filled: Config, tmp_path: Path, harm: str) -> None:
    data = _written(filled, tmp_path / "all.tar").read_bytes()
    document = data.index(b"a receipt of last year")
    harmed = {
        "cut": data[: len(data) * 2 // 3],
        "flipped": data[:document] + b"A" + data[document + 1 :],
        "empty": b"",
        "other": b"this is a letter" * 1000,
    }[harm]
    (tmp_path / "harmed.tar").write_bytes(harmed)
    there = installation.settings(tmp_path / "there")
    with pytest.raises(Tellable) as told:
        _restored(there, tmp_path / "harmed.tar")
    assert told.value.code == "backup_damaged"
    with pytest.raises(Tellable) as told:
        schema.open_database(there)
    assert told.value.code == "restore_unfinished"
    _restored(there, tmp_path / "all.tar")
    assert schema.open_database(there) == []


def test_a_place_that_is_in_use_is_left_alone(filled: Config, tmp_path: Path) -> None:
    archive = _written(filled, tmp_path / "all.tar")
    with pytest.raises(Tellable) as told:
        _restored(filled, archive)
    assert told.value.code == "not_empty"
    assert schema.open_database(filled) == []


def test_a_backup_of_a_newer_release_is_not_taken(filled: Config, tmp_path: Path) -> None:
    with installation.database(filled):
        models.db.execute_sql("insert into schema_migration (name, applied) values ('9999_future', '2030-01-01')")
        with (tmp_path / "all.tar").open("wb") as out:
            backups.write_archive(filled, blob_store(filled), out, "9.9.9")
    with pytest.raises(Tellable) as told:
        _restored(installation.settings(tmp_path / "there"), tmp_path / "all.tar")
    assert told.value.code == "backup_newer"


def test_without_its_keys_a_backup_comes_back_and_mailboxes_ask_to_be_connected(filled: Config, tmp_path: Path) -> None:
    archive = _written(filled, tmp_path / "all.tar")
    env = environment(tmp_path / "there", ENCRYPTION_KEY=OTHER_KEY)
    done = run("restore", str(archive), env=env)
    assert done.returncode == 2
    assert "(wrong_key)" in done.stderr
    done = run("rotate-key", "--lost", env=env)
    assert done.returncode == 0, done.stderr
    with installation.database(installation.settings(tmp_path / "there", ENCRYPTION_KEY=OTHER_KEY)):
        (box,) = models.Mailbox.select()
        assert (box.status, box.refresh_token) == ("needs_reconnect", None)
        (hook,) = models.Endpoint.select()
        assert hook.secret not in {"", "whsec-of-old"}


def test_rotating_the_key_leaves_nothing_under_the_old_one(filled: Config, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    (folder / "encryption.key").write_text(installation.KEY + "\n")
    done = run("rotate-key", env=environment(folder))
    assert done.returncode == 0, done.stderr
    new = (folder / "encryption.key").read_text().strip()
    assert new != installation.KEY
    assert (folder / "encryption.key").stat().st_mode & 0o077 == 0
    with installation.database(installation.settings(folder, ENCRYPTION_KEY=new)):
        assert models.Mailbox.get().refresh_token == "1//the-permission"
        assert models.Endpoint.get().secret == "whsec-of-old"
    with pytest.raises(Tellable) as told:
        schema.open_database(installation.settings(folder))
    assert told.value.code == "wrong_key"


def test_a_key_of_the_environment_is_rotated_in_two_steps(filled: Config, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    alone = run("rotate-key", env=environment(folder, ENCRYPTION_KEY=installation.KEY))
    assert alone.returncode == 2
    assert "(one_key)" in alone.stderr
    both = run("rotate-key", env=environment(folder, ENCRYPTION_KEY=f"{OTHER_KEY},{installation.KEY}"))
    assert both.returncode == 0, both.stderr
    with installation.database(installation.settings(folder, ENCRYPTION_KEY=OTHER_KEY)):
        assert models.Mailbox.get().refresh_token == "1//the-permission"


def test_every_encrypted_column_is_walked() -> None:
    named = {(table.__name__, column) for table, column in keys.columns()}
    assert {("Mailbox", "refresh_token"), ("Mailbox", "password"), ("Endpoint", "secret")} <= named


def test_postgresql_is_backed_up_and_restored_by_its_own_tools(tmp_path: Path) -> None:
    here = installation.settings(tmp_path / "here", DATABASE_URL=postgres.cluster().database())
    with installation.database(here):
        owner = installation.business("kedem")
        models.Receipt.create(business=owner, source="upload", status="ready", vendor="Bezeq")
    archive = _written(here, tmp_path / "all.tar")
    with pytest.raises(Tellable) as told:
        _restored(installation.settings(tmp_path / "wrong"), archive)
    assert told.value.code == "other_database"
    there = installation.settings(tmp_path / "there", DATABASE_URL=postgres.cluster().database())
    _restored(there, archive)
    with installation.database(there):
        assert models.Receipt.get().vendor == "Bezeq"
        models.Receipt.create(business=owner.id, source="upload", status="ready", vendor="Partner")
        assert models.db.execute_sql("select count(*) from receipt_search").fetchone() == (2,)


@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_nightly_backups_are_kept_for_their_time_and_can_be_restored(tmp_path: Path, place: str) -> None:
    with bucket() as s3:
        url = f"file://{tmp_path}/nightly" if place == "folder" else "s3://receipts/nightly"
        given = {**s3, "BLOB_URL": f"file://{tmp_path}/here/blobs", "BACKUP_URL": url, "BACKUP_KEEP": "2"}
        config = installation.settings(tmp_path / "here", **given)
        with installation.database(config):
            nothing: Any = None
            store = blob_store(config)
            shop = Workshop(config, store, nothing, lambda _: True, nothing, lambda: False, nothing)
            shelf, names = backups.shelf_at(config, url), []
            for number in range(3):
                store.put(f"document {number}".encode())
                row, _ = work.ask("backup", slot=f"night {number}")
                while models.Work.get_by_id(row.id).status in work.ACTIVE:
                    steps.step(shop, row.id, KINDS)
                told = backups.last()
                assert told is not None
                assert told["blobs"] == number + 1
                names.append(models.Work.get_by_id(row.id).result["name"])
            kept = [name for name in shelf.names() if name.endswith(".tar")]
            assert kept == sorted(set(names))[-2:]
            if place == "bucket":
                return
        there = installation.settings(tmp_path / "there")
        _restored(there, tmp_path / "nightly" / kept[-1])
        assert len(list(FolderBlobs(tmp_path / "there" / "blobs").keys())) == 3
        assert schema.open_database(there) == []


def test_a_sqlite_backup_is_of_one_moment_while_others_write(filled: Config, tmp_path: Path) -> None:
    over = threading.Event()

    def write() -> None:
        other = sqlite3.connect(tmp_path / "here" / "prosaas.db", timeout=30, isolation_level=None)
        other.execute("pragma busy_timeout = 30000")
        number = 0
        while not over.is_set():
            number += 1
            other.execute("begin immediate")
            other.execute("update business set name = ?, base_currency = ?", [str(number), f"{number % 1000:03d}"])
            other.execute("commit")
        other.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        archive = _written(filled, tmp_path / "all.tar")
    finally:
        over.set()
        writer.join()
    there = installation.settings(tmp_path / "there")
    _restored(there, archive)
    with installation.database(there):
        found = models.Business.get()
        assert found.name == "Kedem" or int(found.name) % 1000 == int(found.base_currency)
