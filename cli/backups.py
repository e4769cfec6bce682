"""`./prosaas backup`, `restore` and `rotate-key`: the whole state to one file and back, and a new encryption key."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

import config as settings
from cli.main import version
from errors import Tellable


def backup(argv: list[str], config: settings.Config) -> int:
    """`./prosaas backup FILE`."""
    text = "Write everything but the encryption keys to one file, also while ProSaaS runs."
    parser = argparse.ArgumentParser(prog="./prosaas backup", description=text)
    parser.add_argument("file", metavar="FILE", type=Path, help="the archive to make; - writes it to standard output")
    parser.add_argument("--key-out", metavar="FILE", type=Path, help="write the encryption keys to a file of their own")
    given = parser.parse_args(argv)
    from jobs import backups
    from jobs.adapters import blob_store
    from store import schema

    os.nice(10)
    schema.open_database(config, migrate=False)
    if given.key_out is not None:
        _write_private(given.key_out, ",".join(config.encryption_keys).encode() + b"\n")
    if str(given.file) == "-":
        report = backups.write_archive(config, blob_store(config), sys.stdout.buffer, version())
        backups.remember(report, "standard output")
        return 0
    part = given.file.with_name(f".{given.file.name}.part")
    try:
        _write_private(part, b"")
        with part.open("wb") as out:
            report = backups.write_archive(config, blob_store(config), out, version())
            out.flush()
            os.fsync(out.fileno())
        part.replace(given.file)
    except OSError as error:
        raise Tellable("backup_failed", f"{given.file} cannot be written ({error.strerror}).") from error
    finally:
        part.unlink(missing_ok=True)
    backups.remember(report, str(given.file.resolve()))
    megabytes = given.file.stat().st_size / 1_000_000
    print(f"{given.file}: database and {report.blobs} documents, {megabytes:.1f} MB.")
    if given.key_out is None:
        print("The encryption keys are not in it; keep them apart (--key-out FILE).")
    return 0


def restore(argv: list[str], config: settings.Config) -> int:
    """`./prosaas restore FILE`."""
    text = "Put a backup back into an empty place: a DATA_DIR without a database, or an empty PostgreSQL database."
    parser = argparse.ArgumentParser(prog="./prosaas restore", description=text)
    parser.add_argument("file", metavar="FILE", type=Path, help="an archive of ./prosaas backup, or a nightly one")
    parser.add_argument("--key", metavar="FILE", type=Path, help="the keys that --key-out wrote")
    parser.add_argument(
        "--without-key", action="store_true", help="the keys are lost: mailboxes must be connected anew"
    )
    given = parser.parse_args(argv)
    import models
    from jobs import backups
    from jobs.adapters import blob_store
    from store import keys, schema

    if not given.file.is_file():
        raise Tellable("no_such_file", f"There is no file {given.file}.")
    if given.key is not None:
        _take_keys(config, given.key)
        from cli.settings import load

        config = load()
    if not config.encryption_keys and not given.without_key:
        raise Tellable("key_missing", "Name the keys' file with --key, or say --without-key.")
    models.connect(config)
    report = backups.read_archive(config, blob_store(config), given.file)
    if not config.encryption_keys:
        models.use_keys([settings.make_key(config.data_dir)])
    fits = backups.keys_fit()
    if fits is False and not given.without_key:
        told = (
            "Everything is back, but these keys are not the backup's. Put the right ones in, or run rotate-key --lost."
        )
        raise Tellable("wrong_key", told)
    if fits is False:
        keys.forget()
        print("Without its keys the mailboxes' permissions are lost: connect them again.")
    models.db.close()
    schema.open_database(config)
    print(f"Restored the state of {report.at}: database and {report.blobs} documents, each checked.")
    return 0


def rotate_key(argv: list[str], config: settings.Config) -> int:
    """`./prosaas rotate-key`."""
    text = "Encrypt every secret anew. With ENCRYPTION_KEY set, put the new key before the old one first."
    parser = argparse.ArgumentParser(prog="./prosaas rotate-key", description=text)
    parser.add_argument("--lost", action="store_true", help="the old key is lost: forget what it encrypted")
    parser.add_argument(
        "--keep-old", action="store_true", help="leave the old key behind the new one in the key's file"
    )
    given = parser.parse_args(argv)
    import models
    from store import keys, schema

    path = config.data_dir / settings.KEY_FILE
    in_file = path.exists() and tuple(path.read_text().strip().split(",")) == config.encryption_keys
    if given.lost:
        models.connect(config)
        models.use_keys(config.encryption_keys or [settings.make_key(config.data_dir)])
        print(f"{keys.forget()} secrets were forgotten; connect the mailboxes again.")
        return 0
    schema.open_database(config, migrate=False)
    if in_file:
        new = urlsafe_b64encode(secrets.token_bytes(32)).decode()
        # Both are in the file until all is done: whenever this ends, every secret can be read.
        _replace(path, ",".join([new, *config.encryption_keys]))
        models.use_keys([new, *config.encryption_keys])
        changed = keys.rotate()
        if not given.keep_old:
            _replace(path, new)
    elif len(config.encryption_keys) > 1:
        changed = keys.rotate()
    else:
        told = f"ENCRYPTION_KEY={urlsafe_b64encode(secrets.token_bytes(32)).decode()},<the present one>"
        raise Tellable("one_key", f"Set {told}, restart, and run this again; then the old key can go.")
    models.db.close()
    print(f"{changed} secrets are encrypted under the new key. Restart web, calls and worker.")
    return 0


def _take_keys(config: settings.Config, path: Path) -> None:
    try:
        text = path.read_text().strip()
    except OSError as error:
        raise Tellable("no_such_file", f"{path} cannot be read ({error.strerror}).") from error
    if config.encryption_keys and ",".join(config.encryption_keys) != text:
        raise Tellable(
            "bad_option", "There are other keys here already (ENCRYPTION_KEY or its file); remove them first."
        )
    if not config.encryption_keys:
        config.data_dir.mkdir(parents=True, exist_ok=True)
        _write_private(config.data_dir / settings.KEY_FILE, text.encode() + b"\n")


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.new")
    _write_private(part, text.encode() + b"\n")
    part.replace(path)


def _write_private(path: Path, data: bytes) -> None:
    """A file for nobody but us."""
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise Tellable("backup_failed", f"{path} cannot be written ({error.strerror}).") from error
