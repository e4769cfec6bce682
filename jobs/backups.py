"""Backups: the whole state as one archive and back, and the nightly ones with the documents kept beside them."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import clock
from blobs import BlobStore, FolderShelf, Shelf
from config import VERSION, Config
from errors import Tellable
from jobs.adapters import blobs_at
from jobs.work import Again, Done, Job
from models import Setting, Work, write
from store import keys, schema, snapshot, work

log = logging.getLogger("backup")
FORMAT = 1
HOUR = 1  # of the night, UTC
LAST = "last_backup"
_HEAD, _DATABASE, _LIST, _END = "prosaas.json", "database", "blobs.txt", "end.json"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Report:
    """What a backup holds, or what came back from one."""

    at: str
    database: str  # sqlite | postgresql
    blobs: int
    bytes: int
    keys: str = "kept"  # kept | missing: restored without the keys, the secrets in it were forgotten


def write_archive(config: Config, blobs: BlobStore, out: IO[bytes], version: str, *, inside: bool = True) -> Report:
    """Write everything but the keys to a stream while ProSaaS runs; with `inside` off, documents as names only.

    The database comes first: whatever it speaks of was in the store before.
    """
    head = {
        "format": FORMAT,
        "version": version,
        "at": clock.iso(clock.now()),
        "database": snapshot.kind(config),
        "schema": schema.applied(),
        "documents": "inside" if inside else "beside",
    }
    digest, count, total = hashlib.sha256(), 0, 0
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, _HEAD, json.dumps(head).encode())
        with tempfile.NamedTemporaryFile(dir=_room(config), prefix=".backup-") as file:
            snapshot.take(config, Path(file.name))
            with Path(file.name).open("rb") as taken:
                while piece := taken.read(_PIECE):
                    digest.update(piece)
                taken.seek(0)
                _add(archive, _DATABASE, taken)
        listed = []
        for key in blobs.keys():  # noqa: SIM118 - a store, not a dict
            if inside:
                with blobs.open(key) as blob:
                    total += _add(archive, f"blobs/{key}", blob)
            else:
                listed.append(key)
            count += 1
        if not inside:
            _add(archive, _LIST, "\n".join(sorted(listed)).encode())
        _add(
            archive, _END, json.dumps({"database_sha256": digest.hexdigest(), "blobs": count, "bytes": total}).encode()
        )
    return Report(str(head["at"]), str(head["database"]), count, total)


def read_archive(config: Config, blobs: BlobStore, archive: Path) -> Report:
    """Put an archive back into an empty place, every byte checked; the caller has bound the database.

    Tellable `not_empty`, `backup_damaged`, `backup_newer`, `restore_failed` or `blob_missing`.
    """
    snapshot.check_empty(config)
    marker = _room(config) / schema.RESTORING
    marker.touch()
    with tempfile.NamedTemporaryFile(dir=_room(config), prefix=".restore-") as file:
        database = Path(file.name)
        try:
            report = _unpack(config, blobs, archive, database)
        except (tarfile.TarError, EOFError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise _damaged("it is not whole") from error
        snapshot.put_back(config, database)
    marker.unlink()
    return report


def _unpack(config: Config, blobs: BlobStore, archive: Path, database: Path) -> Report:
    head: dict[str, Any] = {}
    end: dict[str, Any] = {}
    digest, count, total = "", 0, 0
    with tarfile.open(archive, mode="r|") as members:
        for member in members:
            data = members.extractfile(member)
            if data is None:
                raise _damaged("it holds something that is no file")
            if member.name == _HEAD:
                head = json.loads(data.read())
                _check_head(config, head)
            elif member.name == _DATABASE:
                digest = _copied(data, database)
            elif member.name == _LIST:
                beside = blobs_at(config, f"file://{archive.resolve().parent / 'blobs'}")
                for key in data.read().decode().split():
                    total += _kept(blobs, key, beside.open(key))
                    count += 1
            elif member.name.startswith("blobs/"):
                total += _kept(blobs, member.name.rpartition("/")[2], data)
                count += 1
            elif member.name == _END:
                end = json.loads(data.read())
    if not head:
        raise _damaged("it is no backup of ProSaaS")
    if not end:
        raise _damaged("its end is missing")
    if end["database_sha256"] != digest or end["blobs"] != count:
        raise _damaged("its sums do not agree")
    return Report(head["at"], head["database"], count, total)


def _check_head(config: Config, head: dict[str, Any]) -> None:
    if head.get("format") != FORMAT or set(head["schema"]) - set(schema.known()):
        raise Tellable(
            "backup_newer", f"This backup is of ProSaaS {head.get('version')}, which is newer; upgrade first."
        )
    if head["database"] != snapshot.kind(config):
        told = f"This backup is of {head['database']}; set DATABASE_URL to such a database, and use move-to afterwards."
        raise Tellable("other_database", told)


def _kept(blobs: BlobStore, key: str, data: IO[bytes]) -> int:
    with blobs.writer() as out:
        while piece := data.read(_PIECE):
            out.write(piece)
        if out.done() != key:
            raise _damaged("a document in it has other bytes than it had")
        return out.size


def _copied(data: IO[bytes], path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as out:
        while piece := data.read(_PIECE):
            digest.update(piece)
            out.write(piece)
    return digest.hexdigest()


def _damaged(why: str) -> Tellable:
    return Tellable("backup_damaged", f"The backup cannot be used: {why}. Nothing of the database was changed.")


def _add(archive: tarfile.TarFile, name: str, data: bytes | IO[bytes]) -> int:
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    entry = tarfile.TarInfo(name)
    entry.size = source.seek(0, io.SEEK_END)
    entry.mtime, entry.mode = int(clock.now().timestamp()), 0o600
    source.seek(0)
    archive.addfile(entry, source)
    return entry.size


def _room(config: Config) -> Path:
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return config.data_dir


def remember(report: Report, where: str) -> None:
    """Keep when the last backup was made, for the doctor and the status page."""
    value = json.dumps({**asdict(report), "where": where})
    with write():
        Setting.insert(name=LAST, value=value).on_conflict(
            conflict_target=[Setting.name], update={Setting.value: value}
        ).execute()


def last() -> dict[str, Any] | None:
    """The last backup that was made here: at (ISO), where, blobs, bytes."""
    row = Setting.get_or_none(Setting.name == LAST)
    return None if row is None else json.loads(row.value)


def keys_fit() -> bool | None:
    """Whether our keys open the restored secrets."""
    return keys.check()


# -- every night, by the worker


def plan() -> Iterable[tuple[Work, bool]]:
    """One backup a night; where BACKUP_URL is unset the work is over at once."""
    now = clock.now()
    if now.hour < HOUR:
        return []
    return [work.ask("backup", slot=now.date().isoformat(), priority="low", requested_by="schedule")]


def step(job: Job) -> Again | Done:
    """Copy documents that are not there yet, slice by slice; then the database, and old backups go."""
    config = job.shop.config
    if not config.backup_url:
        return Done({"off": True})
    url = config.backup_url.rstrip("/")
    beside, shelf = blobs_at(config, f"{url}/blobs"), shelf_at(config, url)
    at = int(job.state.get("at", 0))
    while at < 256 and job.more():
        _mirror(job.shop.blobs, beside, f"{at:02x}", lambda: None)
        at += 1
    if at < 256:
        return Again({"at": at})
    stamp = clock.now()
    name = f"prosaas-{stamp:%Y%m%dT%H%M%S}.tar"
    with tempfile.NamedTemporaryFile(dir=_room(config), prefix=".backup-") as file:
        with Path(file.name).open("wb") as out:
            report = write_archive(config, job.shop.blobs, out, VERSION, inside=False)
        # What came while the others were copied: the database may speak of it.
        for number in range(256):
            _mirror(job.shop.blobs, beside, f"{number:02x}", lambda: None)
        shelf.put(name, Path(file.name))
    remember(report, url)
    gone = _prune(config, shelf, beside)
    log.info("The nightly backup is done documents=%d removed=%d", report.blobs, gone)
    return Done({"name": name, "documents": report.blobs, "removed": gone})


def _mirror(source: BlobStore, target: BlobStore, first: str, beat: Callable[[], None]) -> int:
    there = set(target.keys(first))
    copied = 0
    for key in source.keys(first):
        if key not in there:
            target.put(source.get(key))
            copied += 1
            beat()
    return copied


def _prune(config: Config, shelf: Shelf, beside: BlobStore) -> int:
    """Backups beyond BACKUP_KEEP go, and the documents that no kept one names."""
    names = [name for name in shelf.names() if name.startswith("prosaas-") and name.endswith(".tar")]
    old = names[: max(0, len(names) - config.backup_keep)]
    for name in old:
        shelf.remove(name)
    if not old:
        return 0
    named: set[str] = set()
    for name in names[len(old) :]:
        with tempfile.NamedTemporaryFile(dir=_room(config), prefix=".backup-") as file:
            shelf.get(name, Path(file.name))
            named.update(_listed(Path(file.name)))
    for key in list(beside.keys()):
        if key not in named:
            beside.forget(key)
    return len(old)


def _listed(archive: Path) -> list[str]:
    with tarfile.open(archive, mode="r:") as members:
        data = members.extractfile(_LIST)
        return data.read().decode().split() if data is not None else []


def shelf_at(config: Config, url: str) -> Shelf:
    """The shelf at an address, file://folder or s3://bucket/prefix."""
    if url.startswith("file://"):
        return FolderShelf(Path(url.removeprefix("file://")))
    import s3

    return s3.S3Shelf(s3.connect(config.s3_endpoint, config.s3_region, config.s3_access_key, config.s3_secret_key), url)


def age_hours(told: dict[str, Any]) -> float:
    """How long ago the last backup was made."""
    return (clock.now() - datetime.fromisoformat(told["at"].replace("Z", "+00:00"))).total_seconds() / 3600
