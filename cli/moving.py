"""`./prosaas move-to postgresql://…`: carry a SQLite installation over, each table counted and hashed on both sides."""

from __future__ import annotations

import argparse
import time

from cli.up import alone
from config import Config
from errors import Tellable


def move(argv: list[str], config: Config) -> int:
    """Copy everything; writers wait meanwhile, and nothing of the old database is changed."""
    text = "Carry this SQLite installation into an empty PostgreSQL database. Stop ProSaaS first."
    parser = argparse.ArgumentParser(prog="./prosaas move-to", description=text)
    parser.add_argument("url", metavar="postgresql://...", help="an empty database of your own, in UTF8")
    url = parser.parse_args(argv).url
    if not url.startswith("postgresql://"):
        raise Tellable("bad_setting", "The address must start with postgresql://.", setting="DATABASE_URL")
    if not config.database_url.startswith("sqlite:///"):
        raise Tellable("bad_setting", "This installation is on PostgreSQL already.", setting="DATABASE_URL")
    import models
    from store import moving, schema

    with alone(config):
        schema.open_database(config)
        began = time.monotonic()
        target = moving.opened(url)
        models.db.connect(reuse_if_open=True)
        with models.write():  # whoever would write waits, and is told so
            done = moving.copy(models.db.obj, target, _told)
        target.close()
        models.db.close()
    rows = sum(one.rows for one in done)
    print(f"{rows:,} rows in {len(done)} tables are the same on both sides ({time.monotonic() - began:.0f} s).")
    print("Now set DATABASE_URL to that address and start ProSaaS. Documents and keys stay where they are.")
    return 0


def _told(moved: object) -> None:
    from store.moving import Moved

    if isinstance(moved, Moved) and moved.rows:
        print(f"{moved.table:<18} {moved.rows:>10,}  {moved.sha256[:16]}", flush=True)
