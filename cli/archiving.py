"""`./prosaas archive`: everything of a business as one open file, and back in."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import clock
from errors import Tellable

if TYPE_CHECKING:
    from config import Config


def run(argv: list[str], config: Config) -> int:
    """0 when everything is in it, 1 when something had to be left out (each with its sentence)."""
    parser = argparse.ArgumentParser(
        prog="./prosaas archive", description="A business as one open file (docs/archive.md)."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="out|in")
    out = commands.add_parser("out", help="write everything of a business into FILE")
    out.add_argument("path", type=Path, metavar="FILE")
    out.add_argument("--business", required=True, metavar="B", help="short name of the business")
    back = commands.add_parser("in", help="take FILE in; a second time nothing is doubled")
    back.add_argument("path", type=Path, metavar="FILE")
    back.add_argument("--as", dest="slug", metavar="S", help="under this short name")
    given = parser.parse_args(argv)

    from jobs import adapters, archive
    from store import people, schema

    schema.open_database(config)
    blobs = adapters.blob_store(config)
    if given.command == "in":
        business, count = archive.read(given.path, blobs, given.slug)
        rows = sum(count.new.values())
        print(f"{business.slug}: {count.new.get('receipt', 0)} receipts, {rows} rows, {count.files} files taken in")
        print(f"known {count.known}, left out {count.left_out}")
        print(f"Give it an owner: ./prosaas user add E-MAIL --business {business.slug} --role owner")
        return 1 if count.left_out else 0
    business = people.find_business(given.business)
    new = given.path.with_name(given.path.name + ".new")
    try:
        with new.open("wb") as file:
            left_out = archive.write(business, blobs, file, made_at=clock.now())
        new.replace(given.path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise Tellable("bad_option", f"{given.path} cannot be written ({error.strerror}).") from error
    for sentence in left_out:
        print(f"left out: {sentence}", file=sys.stderr)
    print(f"{given.path}: {given.path.stat().st_size} bytes")
    return 1 if left_out else 0
