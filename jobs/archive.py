"""A business as one open file and back: a zip of JSON lines and blobs (docs/archive.md)."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

import clock
from blobs import BlobStore
from errors import Tellable
from models import Business
from store import archive

EXTENSION, MEDIA_TYPE = "zip", "application/zip"
_CHUNK = 300
_README = """This is an archive of one business, made by ProSaaS.

manifest.json        what it is: format, version, the business, how many rows and files
tables/NAME.jsonl    a row a line, as JSON: amounts in minor units with an ISO 4217 code, times in UTC (ISO 8601)
blobs/KEY            every file, byte for byte, under the SHA-256 of its content; documents name it in "sha256",
                     mails in "raw_sha256" (the whole message, RFC 5322)

Passwords, permissions and tokens are not in it. ./prosaas archive in FILE takes it back in.
"""


@dataclass(slots=True)
class Count:
    """What was taken in: rows that are new, known or left out, by table, and files."""

    new: dict[str, int] = field(default_factory=dict)
    known: int = 0
    left_out: int = 0
    files: int = 0


def write(
    business: Business,
    blobs: BlobStore,
    out: BinaryIO,
    *,
    made_at: datetime,
    step: Callable[[int], None] = lambda _: None,
) -> list[str]:
    """Write the archive, in order; sentences of what had to be left out (a file that is missing).

    Args:
        business: whose.
        blobs: where its files lie.
        out: only written to.
        made_at: aware.
        step: called after every hundred rows or files; may raise to stop.
    """
    left_out: list[str] = []
    counts: dict[str, int] = {}
    done = 0
    moment = made_at.timetuple()[:6]
    with zipfile.ZipFile(out, "w", allowZip64=True) as zip_, tempfile.TemporaryFile("w+", encoding="ascii") as wanted:
        _put(zip_, "README.txt", _README.encode(), moment)
        for name in archive.names():
            with zip_.open(_info(f"tables/{name}.jsonl", moment), "w", force_zip64=True) as file:
                for row in archive.rows(name, business.id):
                    file.write(orjson.dumps(row) + b"\n")
                    counts[name] = counts.get(name, 0) + 1
                    wanted.writelines(f"{key}\n" for key in archive.keys(row))
                    done += 1
                    if done % 100 == 0:
                        step(done)
        wanted.seek(0)
        keys = sorted({line.strip() for line in wanted})
        files = 0
        for number, key in enumerate(keys):
            try:
                source = blobs.open(key)
            except Tellable:
                left_out.append(f"The file {key} is missing from the data folder.")
                continue
            with source, zip_.open(_info(f"blobs/{key}", moment, packed=True), "w", force_zip64=True) as file:
                shutil.copyfileobj(source, file, 1 << 18)
            files += 1
            if number % 20 == 0:
                step(done + number)
        manifest = {
            "format": archive.FORMAT,
            "version": archive.VERSION,
            "made_at": clock.iso(made_at),
            "origin": archive.origin(business.id),
            "business": archive.business_facts(business.id),
            "rows": counts,
            "files": files,
        }
        _put(zip_, "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1).encode(), moment)
    return left_out


def _put(zip_: zipfile.ZipFile, name: str, data: bytes, moment: tuple[int, ...]) -> None:
    zip_.writestr(_info(name, moment), data)


def _info(name: str, moment: tuple[int, ...], *, packed: bool = False) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, moment)  # type: ignore[arg-type]
    info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def read(path: Path, blobs: BlobStore, slug: str | None = None) -> tuple[Business, Count]:
    """Take an archive in; a second time nothing is doubled, and one that was interrupted goes on.

    Tellable `archive_unreadable`, `archive_newer`, `archive_own` or `slug_taken`; nothing is taken from a file whose
    content is not what its name says.
    """
    count = Count()
    try:
        with zipfile.ZipFile(path) as zip_:
            manifest = json.loads(zip_.read("manifest.json"))
            business = archive.business_for(manifest, slug)
            for info in zip_.infolist():
                if info.filename.startswith("blobs/"):
                    _file(zip_, info, blobs)
                    count.files += 1
            for name in archive.names():
                if f"tables/{name}.jsonl" in zip_.NameToInfo:
                    for lines in _lines(zip_, name):
                        new, lost = archive.take(business, name, lines)
                        count.new[name] = count.new.get(name, 0) + new
                        count.left_out += lost
                        count.known += len(lines) - new - lost
    except FileNotFoundError as error:
        raise Tellable("not_found", f"There is no file {path}.") from error
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, OSError) as error:
        raise Tellable("archive_unreadable", "This is not an archive of ProSaaS, or it is damaged.") from error
    return business, count


def _file(zip_: zipfile.ZipFile, info: zipfile.ZipInfo, blobs: BlobStore) -> None:
    key = info.filename.removeprefix("blobs/")
    with zip_.open(info) as source, blobs.writer() as out:
        digest = hashlib.sha256()
        while piece := source.read(1 << 18):
            digest.update(piece)
            out.write(piece)
        if digest.hexdigest() != key:
            raise Tellable("archive_unreadable", "A file in this archive is damaged; make the archive again.")
        out.done()


def _lines(zip_: zipfile.ZipFile, name: str) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    with zip_.open(f"tables/{name}.jsonl") as file:
        for line in io.BufferedReader(file):  # type: ignore[type-var]
            chunk.append(orjson.loads(line))
            if len(chunk) >= _CHUNK:
                yield chunk
                chunk = []
    if chunk:
        yield chunk
