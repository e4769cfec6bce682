"""The whole database as one file, taken while it is written to, and back into an empty place."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import peewee

from config import Config
from errors import Tellable
from models import db
from store import sql

_PAGES = 2000  # copied at once, about 8 MB
_PAUSE_S = 0.01  # between two pieces, so that requests beside it keep their pace


def kind(config: Config) -> str:
    """`sqlite` or `postgresql`."""
    return "sqlite" if config.database_url.startswith("sqlite:") else "postgresql"


def take(config: Config, path: Path) -> None:
    """Write the database as it is at this moment to a file; Tellable `backup_failed`."""
    path.touch(mode=0o600)
    if kind(config) == "postgresql":
        _run(config, "pg_dump", "--format=custom", "--compress=1", "--no-owner", "--no-acl", f"--file={path}")
        return
    with closing(sqlite3.connect(_path(config))) as source, closing(sqlite3.connect(path)) as target:
        # The open read transaction keeps the copy at one moment: without it every write would begin it anew.
        source.execute("begin")
        source.execute("select count(*) from sqlite_master").fetchone()
        source.backup(target, pages=_PAGES, sleep=0.001, progress=lambda *_: time.sleep(_PAUSE_S))
        target.execute("pragma journal_mode = delete")


def put_back(config: Config, path: Path) -> None:
    """Make the file the installation's database; Tellable `not_empty` or `restore_failed`."""
    check_empty(config)
    if kind(config) == "postgresql":
        url, _ = _without_password(config.database_url)
        _run(config, "pg_restore", "--no-owner", "--no-acl", "--single-transaction", "--exit-on-error", "-d", url, path)
        return
    target = _path(config)
    with closing(sqlite3.connect(path)) as found:
        if found.execute("pragma quick_check").fetchone() != ("ok",):
            raise Tellable("restore_failed", "The backup's database is damaged.")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target.with_suffix(".new"))
    target.with_suffix(".new").chmod(0o600)
    target.with_suffix(".new").replace(target)


def check_empty(config: Config) -> None:
    """Tellable `not_empty` where there is a database with anything in it."""
    if kind(config) == "sqlite":
        used = _path(config).exists()
    else:
        used = bool(sql.fetch("select 1 from information_schema.tables where table_schema = current_schema() limit 1"))
        db.close()
    if used:
        raise Tellable(
            "not_empty",
            "There is a database already; restore into an empty DATA_DIR and an empty database, or move it away.",
        )


def size(config: Config) -> int:
    """Bytes that the database takes."""
    if isinstance(db.obj, peewee.SqliteDatabase):
        path = _path(config)
        return path.stat().st_size if path.exists() else 0
    return int(sql.fetch("select pg_database_size(current_database())")[0][0])


def _path(config: Config) -> Path:
    return Path(config.database_url.removeprefix("sqlite:///"))


def _run(config: Config, program: str, *arguments: object) -> None:
    url, password = _without_password(config.database_url)
    command = [_found(program), *map(str, arguments), *([url] if program == "pg_dump" else [])]
    environment = {"LC_ALL": "C.UTF-8", **({"PGPASSWORD": password} if password else {})}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        code = "backup_failed" if program == "pg_dump" else "restore_failed"
        raise Tellable(code, f"{program} failed: {done.stderr.strip().splitlines()[0] if done.stderr else 'no reason'}")


def _found(program: str) -> str:
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: path.parts[-3].zfill(3))
    found = str(newest[-1]) if newest else shutil.which(program)
    if found is None:
        raise Tellable("pg_tools_missing", f"{program} was not found; install PostgreSQL's client programs.")
    return found


def _without_password(url: str) -> tuple[str, str]:
    """A password on a command line is seen by every user of the host."""
    parts = urlsplit(url)
    if not parts.password:
        return url, ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}@{host}")), unquote(parts.password)
