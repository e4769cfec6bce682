"""An installation of any earlier schema keeps its data through every later migration, and there is a way back."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import peewee
import pytest
import requests
from playhouse.migrations import Runner

import models
from store import receipts, schema, stats
from store.receipt_filter import Filter
from tests.support import installation, postgres
from tests.support.processes import ROOT, environment, free_port, prosaas, run, running, until

MIGRATIONS = ROOT / "migrations"
MADE_BY_TRIGGERS = re.compile(r"\w+_search(_\w+)?|receipt_sum|schema_migration|sqlite_\w+")
NOW = 1_760_000_000_000
# What the first schema's user had: values of one receipt, found and summed at the end.
RECEIPT = {
    "source": "upload", "status": "approved", "vendor": "Harbour Coffee", "number": "INV-0042", "date": "2026-01-31",
    "currency": "EUR", "total_minor": 18405, "tax_minor": 2807, "deleted_at": None,
}  # fmt: skip


class Database:
    """A database between two migrations: what it holds, and rows for tables that have none."""

    def __init__(self, database: Any) -> None:
        self.own = database
        self.lite = isinstance(database, peewee.SqliteDatabase)

    def tables(self) -> list[str]:
        return [name for name in self.own.get_tables() if not MADE_BY_TRIGGERS.fullmatch(name)]

    def held(self, table: str) -> list[dict[str, Any]]:
        cursor = self.own.execute_sql(f'select * from "{table}"')
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def all(self) -> dict[str, list[dict[str, Any]]]:
        return {name: self.held(name) for name in self.tables()}

    def fill(self, **known: dict[str, Any]) -> None:
        """One row in every table that has none: of any content, but whole; those that it belongs to come first."""
        needs = {name: self._needs(name) for name in self.tables() if not self.held(name)}
        left = list(needs)
        while left:
            ready = [name for name in left if not needs[name].intersection(left)]
            assert ready, left
            for name in ready:
                self._row(name, known.get(name, {}))
                left.remove(name)

    def _needs(self, table: str) -> set[str]:
        """Other tables that a row must point into."""
        strict = {column.name for column in self.own.get_columns(table) if not column.null}
        return {key.dest_table for key in self.own.get_foreign_keys(table) if key.column in strict} - {table}

    def _row(self, table: str, known: dict[str, Any]) -> None:
        keys = {key.column: key for key in self.own.get_foreign_keys(table)}
        values: dict[str, Any] = {}
        for column in self.own.get_columns(table):
            if column.name in known:
                values[column.name] = known[column.name]
            elif column.name in keys:
                if not column.null:
                    key = keys[column.name]
                    found = self.own.execute_sql(f'select min("{key.dest_column}") from "{key.dest_table}"').fetchone()
                    values[column.name] = found[0]
            elif column.name != "id":
                values[column.name] = _value(column.data_type.lower(), column.name)
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join(["?" if self.lite else "%s"] * len(values))
        self.own.execute_sql(f'insert into "{table}" ({names}) values ({marks})', list(values.values()))


def _value(kind: str, name: str) -> Any:
    if "bool" in kind or kind == "smallint":
        return False
    if kind.startswith("bigint") or name.endswith("_at"):
        return NOW
    if "int" in kind:
        return 1
    if kind.startswith(("real", "double", "float", "numeric", "decimal")):
        return 1.5
    if kind.startswith("date"):
        return "2026-01-31"
    if "blob" in kind or kind == "bytea":
        return b"x"
    return "x" if "char" in kind else "[]"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_rows_of_every_earlier_schema_come_through_each_migration(tmp_path: Path, kind: str) -> None:
    url = f"sqlite:///{tmp_path}/prosaas.db" if kind == "sqlite" else postgres.cluster().database()
    config = installation.settings(tmp_path, DATABASE_URL=url)
    models.connect(config)
    models.db.connect(reuse_if_open=True)
    try:
        runner, held = Runner(models.db.obj, str(MIGRATIONS)), Database(models.db.obj)
        # No installation ever had tables without their search: these two came together.
        _, first, *later = schema.known()
        runner.up(first)
        held.fill(business={"slug": "kedem", "base_currency": "EUR"}, receipt=RECEIPT)
        assert len(held.held("receipt")) == 1
        for migration in later:
            before = held.all()
            assert runner.up(migration) == [migration]
            for table, rows in before.items():
                kept = [{name: row.get(name, "dropped") for name in rows[0]} for row in held.held(table)]
                assert kept == rows, f"{migration} changes {table}"
            held.fill()
    finally:
        models.db.close()
    with installation.database(config):
        owner = models.Business.get(models.Business.slug == "kedem").id
        (found,) = receipts.page(owner, Filter(q="harb 0042"), limit=5)[0]
        assert (found["vendor"], found["total_minor"]) == ("Harbour Coffee", 18405)
        (summed,) = stats.over(owner, Filter()).currencies
        assert (summed.currency, summed.total) == ("EUR", 18405)


def _next_release(folder: Path, database: peewee.Database) -> None:
    """What the release after this one may do to the schema while our processes still run."""
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "9999_next.py").write_text(
        "def up(migrator, db):\n"
        "    db.execute_sql('alter table contact add column colour text')\n"
        "    db.execute_sql('create table balloon (id integer primary key, contact_id integer)')\n"
        "    db.execute_sql('create index contact_colour on contact (colour)')\n"
    )
    assert Runner(database, str(folder)).up() == ["9999_next"]


def test_older_processes_work_on_beside_a_newer_schema_and_a_backup_is_the_way_back(tmp_path: Path) -> None:
    data = tmp_path / "data"
    redis = f"redis://127.0.0.1:{free_port()}/0"  # away, as for a moment in many an upgrade
    env = environment(data, ENCRYPTION_KEY=installation.KEY, REDIS_URL=redis, PORT=free_port())
    assert run("business", "add", "Kedem", env=env).returncode == 0
    token = run("token", "new", "--business", "kedem", "--name", "a test", env=env).stdout.split()[-1]
    url, asker = f"http://127.0.0.1:{env['PORT']}", requests.Session()
    asker.headers.update({"Authorization": f"Bearer {token}"})

    def names() -> set[str]:
        told = asker.get(f"{url}/api/contacts", timeout=60).json()
        return {one["name"] for one in told["items"]}

    def add(name: str) -> None:
        answer = asker.post(f"{url}/api/contacts", json={"name": name}, timeout=60)
        assert answer.status_code == 201, answer.text

    with running(prosaas("web"), env, tmp_path / "log"):
        until(lambda: _answers(f"{url}/healthz"), "web answers")
        add("Before")
        saved = run("backup", str(tmp_path / "before.tar"), "--key-out", str(tmp_path / "before.keys"), env=env)
        assert saved.returncode == 0, saved.stderr
        models.connect(_config(env))
        models.db.connect(reuse_if_open=True)
        try:
            _next_release(tmp_path / "next", models.db.obj)
        finally:
            models.db.close()
        assert names() == {"Before"}
        add("Between")
        assert names() == {"Before", "Between"}
    restarted = run("migrate", env=env)
    assert restarted.returncode == 2
    assert "(schema_newer)" in restarted.stderr
    data.rename(tmp_path / "away")
    env |= postgres.of(data)
    if env.get("DATABASE_URL"):
        env["DATABASE_URL"] = postgres.cluster().database()  # restored into an empty one
    back = run("restore", str(tmp_path / "before.tar"), "--key", str(tmp_path / "before.keys"), env=env)
    assert back.returncode == 0, back.stderr
    with running(prosaas("web"), env, tmp_path / "log"):
        until(lambda: _answers(f"{url}/healthz"), "web answers again")
        assert names() == {"Before"}


def _config(env: dict[str, str]) -> Any:
    return installation.settings(Path(env["DATA_DIR"]), **{name: env[name] for name in env if name == "DATABASE_URL"})


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=10).ok
    except requests.ConnectionError:
        return False
