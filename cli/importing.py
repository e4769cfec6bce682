"""`./prosaas import`: mail and documents from files into a business, for the worker to read."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config import Config


def run(argv: list[str], config: Config) -> int:
    """0 when everything was taken in or known already, 1 when something was left out (each with its reason)."""
    parser = argparse.ArgumentParser(
        prog="./prosaas import",
        description="Take in mail and documents: .mbox (Takeout), .eml, PDF, pictures, a folder or .zip of them.",
    )
    parser.add_argument("path", type=Path, metavar="PATH")
    parser.add_argument("--business", required=True, metavar="B", help="short name of the business")
    given = parser.parse_args(argv)

    from errors import Tellable
    from jobs import importing
    from jobs.adapters import blob_store
    from sources import mbox
    from store import people, runs, schema

    schema.open_database(config)
    business = people.find_business(given.business)
    count = importing.Count()
    left_out = importing.take(business, blob_store(config), mbox.read(given.path), count)
    for item in left_out:
        print(f"left out: {item.name}: {item.error.sentence} ({item.error.code})", file=sys.stderr)
    print(f"new {count.new}, known {count.known}, left alone {count.skipped}, left out {count.left_out}")
    if count.new:
        try:
            run_id = runs.request(business, mode="upload", requested_by="cli").id
        except Tellable as error:
            if error.code != "sync_running":
                raise
            run_id = int(str(error.details.get("run_id", 0)))
        print(f"The worker reads them in run {run_id}.")
    return 1 if count.left_out else 0
