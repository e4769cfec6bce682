"""A writer beside the web process: so many receipts a second, one transaction each, as a worker writes them."""

from __future__ import annotations

import sys
import time

import models
from cli.settings import load
from models import Receipt, write
from store import schema
from tests.support.receipts_many import _COLUMNS, rows


def main(per_second: int) -> None:
    """Write until it is ended."""
    schema.open_database(load())
    models.db.connect(reuse_if_open=True)
    owners = [row.id for row in models.Business.select(models.Business.id)]
    made = rows(owners, 10**9, seed=99, first=10**7)
    print("writing", flush=True)
    due = time.monotonic()
    while True:
        values = dict(zip(_COLUMNS, next(made), strict=True))
        values = {**values, "tax": [{"rate": "18", "base_minor": 1, "amount_minor": 1}], "items": [], "fields": {}}
        with write():
            Receipt.create(**{**values, "flags": [], "hand_set": []})
        due += 1 / per_second
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main(int(sys.argv[1]))
