"""The schema is what the tables say, is made once, and the key must be the one it was made with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import peewee
import pytest

import models
from blobs import FolderBlobs
from errors import Tellable
from postgres import Postgres
from store import schema
from tests.support import installation, postgres

ROOT = Path(__file__).resolve().parent.parent
OTHER_KEY = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="


def _statements(database: peewee.Database) -> set[str]:
    """What defines our tables: SQLite's own text, or PostgreSQL's columns, constraints and indexes."""
    tables = {table._meta.table_name for table in models.TABLES}
    if isinstance(database, peewee.SqliteDatabase):
        rows = database.execute_sql("select tbl_name, sql from sqlite_master where type in ('table', 'index')")
    else:
        rows = database.execute_sql(
            "select table_name, concat_ws(' ', table_name, column_name, data_type, character_maximum_length, "
            "is_nullable, column_default) from information_schema.columns where table_schema = 'public' union all "
            "select conrelid::regclass::text, concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid)) "
            "from pg_constraint union all "
            "select tablename, lower(indexdef) from pg_indexes where schemaname = 'public'"
        )
    return {sql for table, sql in rows.fetchall() if table.strip('"') in tables and sql}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_migrations_make_exactly_the_tables_of_the_models(tmp_path: Path, kind: str) -> None:
    url = f"sqlite:///{tmp_path}/a.db" if kind == "sqlite" else postgres.cluster().database()
    with installation.database(installation.settings(tmp_path, DATABASE_URL=url)):
        migrated = _statements(models.db.obj)
    fresh = peewee.SqliteDatabase(":memory:") if kind == "sqlite" else Postgres(postgres.cluster().database())
    with fresh.bind_ctx(models.TABLES):
        fresh.create_tables(models.TABLES)
        told = _statements(fresh)
    assert told <= migrated
    assert all(sql.lower().startswith("create index") for sql in migrated - told)
    fresh.close()


def test_a_second_start_migrates_nothing(tmp_path: Path) -> None:
    config = installation.settings(tmp_path)
    assert schema.open_database(config)
    assert schema.open_database(config) == []


def test_another_key_is_told_before_anything_is_done_with_it(tmp_path: Path) -> None:
    schema.open_database(installation.settings(tmp_path))
    with pytest.raises(Tellable) as told:
        schema.open_database(installation.settings(tmp_path, ENCRYPTION_KEY=OTHER_KEY))
    assert told.value.code == "wrong_key"


def test_a_new_first_key_with_the_old_one_behind_it_is_right(tmp_path: Path) -> None:
    schema.open_database(installation.settings(tmp_path))
    schema.open_database(installation.settings(tmp_path, ENCRYPTION_KEY=f"{OTHER_KEY},{installation.KEY}"))


def test_a_lost_key_is_told_and_no_new_one_is_made(tmp_path: Path) -> None:
    schema.open_database(installation.settings(tmp_path, ENCRYPTION_KEY=""))
    (tmp_path / "encryption.key").unlink()
    with pytest.raises(Tellable) as told:
        schema.open_database(installation.settings(tmp_path, ENCRYPTION_KEY=""))
    assert told.value.code == "key_missing"
    assert not (tmp_path / "encryption.key").exists()


def test_a_database_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    config = installation.settings(tmp_path)
    with installation.database(config):
        models.db.execute_sql("insert into schema_migration (name, applied) values ('9999_future', '2030-01-01')")
    with pytest.raises(Tellable) as told:
        schema.open_database(config)
    assert told.value.code == "schema_newer"


def test_processes_that_start_together_make_one_key_and_one_schema(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, config; from store import schema; folder = pathlib.Path(sys.argv[1]);"
        "schema.open_database(config.load({'DATA_DIR': str(folder)}, folder)); import models; print(models.decrypt("
        "models.encrypt('it works')))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    children = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [child.communicate(timeout=60)[0].strip() for child in children] == ["it works"] * 4


def test_secrets_are_not_readable_in_the_database_file(tmp_path: Path) -> None:
    with installation.database(installation.settings(tmp_path)):
        box = installation.mailbox(installation.business(), refresh_token="1//very-secret-token")
        assert models.Mailbox.get_by_id(box.id).refresh_token == "1//very-secret-token"
    assert not any(b"very-secret-token" in file.read_bytes() for file in tmp_path.glob("prosaas.db*"))


def test_a_row_of_another_business_is_as_missing_as_none(tmp_path: Path) -> None:
    with installation.database(installation.settings(tmp_path)):
        mine, theirs = installation.business("mine"), installation.business("theirs")
        box = installation.mailbox(theirs)
        assert models.Mailbox.find(theirs, box.id).id == box.id
        sentences = set()
        for business, id_ in [(mine, box.id), (mine, 999), (mine, "x"), (mine, 2**70), (mine, -1), (mine, None)]:
            with pytest.raises(Tellable) as told:
                models.Mailbox.find(business, id_)
            sentences.add((told.value.code, told.value.sentence))
        assert len(sentences) == 1


def test_the_database_and_the_documents_are_closed_to_other_users(tmp_path: Path) -> None:
    with installation.database(installation.settings(tmp_path)):
        FolderBlobs(tmp_path / "blobs").put(b"a receipt")
        installation.business()
        for path in (*tmp_path.glob("prosaas.db*"), tmp_path / "blobs"):
            assert not path.stat().st_mode & 0o077, path.name


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "prosaas.db").write_bytes(b"this is a letter, not a database " * 100)
    with pytest.raises(Tellable) as told:
        schema.open_database(installation.settings(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/prosaas.db"))
    assert told.value.code == "database_unreachable"
