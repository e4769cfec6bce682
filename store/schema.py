"""The schema: ordered migrations, and the proof that the encryption key is the right one."""

from __future__ import annotations

import os
from pathlib import Path

import peewee
from playhouse.migrations import Runner

import config as settings
import models
from errors import Tellable
from store import keys, locks

_bound = ""  # the address of the database that this process has
RESTORING = ".restoring"  # stands in DATA_DIR while a backup is put back
_FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def open_database(config: settings.Config, *, migrate: bool = True) -> list[str]:
    """Bind the database, bring its schema up to date and check the key; gives the names of the migrations applied.

    Makes the encryption key on the very first start (never with PRODUCTION=1, where config.load asks for it). Tellable
    `wrong_key`, `key_missing`, `schema_newer`, `restore_unfinished`, `database_unreachable` or `data_dir_not_writable`.
    """
    global _bound
    if (config.data_dir / RESTORING).exists():
        raise Tellable(
            "restore_unfinished",
            f"A restore into {config.data_dir} did not end. Run it again, or remove {RESTORING} there to start empty.",
        )
    models.connect(config)
    _bound = config.database_url
    try:
        with locks.held(config.data_dir, locks.SCHEMA, 0, patient=True):
            _close_to_others(config)
            applied = Runner(models.db.obj, str(_FOLDER)).up() if migrate else []
            _check_schema()
            _check_key(config)
    except (peewee.OperationalError, peewee.DatabaseError) as error:
        raise Tellable(
            "database_unreachable",
            f"The database does not open ({error}). Check DATABASE_URL, DATA_DIR and their rights.",
        ) from error
    finally:
        models.db.close()
    return applied


def _close_to_others(config: settings.Config) -> None:
    """The file holds every receipt: it is for the user that ProSaaS runs as; its journal gets the same rights."""
    if config.database_url.startswith("sqlite:///"):
        path = Path(config.database_url.removeprefix("sqlite:///"))
        path.touch(mode=0o600)
        if path.stat().st_mode & 0o077 and path.stat().st_uid == os.getuid():
            path.chmod(0o600)


def look(config: settings.Config) -> None:
    """The same proof of a database that this process has open already, else opened for it; nothing is migrated."""
    if not is_bound(config):
        open_database(config, migrate=False)
        return
    try:
        _check_schema()
        _check_key(config)
    except (peewee.OperationalError, peewee.DatabaseError) as error:
        raise Tellable("database_unreachable", f"The database does not answer ({error}).") from error


def is_bound(config: settings.Config) -> bool:
    """Whether this process works with the database of these settings."""
    return models.db.obj is not None and _bound == config.database_url


def encoding() -> str:
    """How PostgreSQL keeps text."""
    return str(models.db.execute_sql("show server_encoding").fetchone()[0])


def make(database: peewee.Database) -> None:
    """This release's tables in another database."""
    Runner(database, str(_FOLDER)).up()


def applied() -> list[str]:
    """Names of the migrations that this database has."""
    return [row.name for row in Runner(models.db.obj, str(_FOLDER)).status() if row.applied]


def known() -> list[str]:
    """Names of the migrations of this release."""
    return sorted(path.stem for path in _FOLDER.glob("[0-9]*.py"))


def pending() -> list[str]:
    """Names of the migrations that are still to be applied."""
    return [row.name for row in Runner(models.db.obj, str(_FOLDER)).status() if row.path and not row.applied]


def _check_schema() -> None:
    rows = Runner(models.db.obj, str(_FOLDER)).status()
    unknown = [row.name for row in rows if row.path is None]
    if unknown:
        raise Tellable(
            "schema_newer",
            f"This database was used by a newer ProSaaS (it has {unknown[-1]}); upgrade this one first.",
        )
    if any(not row.applied for row in rows):
        raise Tellable("schema_old", "The database's schema is older than this ProSaaS; run ./prosaas migrate.")


def _check_key(config: settings.Config) -> None:
    """A known text is kept encrypted: it tells a wrong key from a first start."""
    canary = models.Setting.get_or_none(models.Setting.name == keys.CANARY)
    # Processes that start together: one of them made the key after the others read the environment.
    if not config.encryption_keys and (canary is None or (config.data_dir / settings.KEY_FILE).exists()):
        models.use_keys([settings.make_key(config.data_dir)])
    if canary is not None:
        models.decrypt(canary.value)
        return
    models.Setting.insert(name=keys.CANARY, value=models.encrypt("prosaas")).on_conflict_ignore().execute()
