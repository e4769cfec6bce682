"""An installation in a temporary folder: settings, database, a business and its mailbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import config
import models
from store import schema
from tests.support import postgres

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def settings(folder: Path, **environ: str) -> config.Config:
    """A configuration whose data lies in `folder`, with a fixed key."""
    base: Mapping[str, str] = {"DATA_DIR": str(folder), "ENCRYPTION_KEY": KEY, "GMAIL_QUOTA": "off", "ECB_URL": "off"}
    return config.load({**base, **postgres.of(folder), **environ}, folder)


@contextmanager
def database(settings_: config.Config) -> Iterator[None]:
    """The migrated database of these settings, open in this thread."""
    schema.open_database(settings_)
    models.db.connect(reuse_if_open=True)
    try:
        yield
    finally:
        models.db.close()


def business(slug: str = "kedem", **values: object) -> models.Business:
    """A business."""
    return models.Business.create(**{"slug": slug, "name": slug.title(), **values})


def mailbox(owner: models.Business, address: str = "me@example.com", **values: object) -> models.Mailbox:
    """A connected Gmail mailbox."""
    return models.Mailbox.create(
        **{"business": owner, "kind": "gmail", "address": address, "refresh_token": "1//refresh", **values}
    )
