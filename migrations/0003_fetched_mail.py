"""An index of the mails that are fetched and not yet read: few, among what may be a hundred thousand that wait."""

from __future__ import annotations

from typing import Any

import peewee


def up(_migrator: Any, db: peewee.Database) -> None:
    """Make the index."""
    db.execute_sql(
        'CREATE INDEX IF NOT EXISTS "mail_fetched" ON "mail" ("mailbox_id", "priority", "source_id") '
        "WHERE (\"state\" = 'fetched')"
    )
