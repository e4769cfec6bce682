"""Bytes kept under their SHA-256: the port BlobStore and its folder adapter."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from errors import Tellable, Temporary

_YOUNG_S = 3600


class BlobStore(Protocol):
    """Content-addressed bytes; a key is the lower-case hex SHA-256 of the content."""

    def put(self, data: bytes) -> str:
        """Keep the bytes durably (on disk before it returns) and give their key."""
        ...

    def get(self, key: str) -> bytes:
        """The bytes of a key; Tellable `blob_missing` when they are not there."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The bytes of a key as a seekable stream, for ranges; Tellable `blob_missing`."""
        ...

    def writer(self) -> AbstractContextManager[BlobWriter]:
        """Bytes that are kept while they come; left by an exception, nothing is kept."""
        ...

    def keys(self, first: str = "") -> Iterator[str]:
        """Every key that is kept, or those whose first two letters are these."""
        ...

    def has(self, key: str) -> bool:
        """Whether the bytes of a key are there."""
        ...

    def forget(self, key: str) -> bool:
        """Erase the bytes of a key that no row speaks of; False where they were kept anew within the last hour."""
        ...


class BlobWriter(io.RawIOBase):
    """A stream into the store: nobody sees its bytes before `done`, which gives their key."""

    def __init__(self, file: BinaryIO, keep: Callable[[BinaryIO, str], None]) -> None:
        super().__init__()
        self._file, self._keep = file, keep
        self._digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """It is only written to, in order."""
        return True

    def write(self, data: Any, /) -> int:
        """Take bytes; Temporary `disk_full` when there is no room."""
        view = memoryview(data)
        try:
            self._file.write(view)
        except OSError as error:
            raise _full(error) from error
        self._digest.update(view)
        self.size += view.nbytes
        return view.nbytes

    def done(self) -> str:
        """Keep what was written, durably, and give its key."""
        key = self._digest.hexdigest()
        self._keep(self._file, key)
        return key


class FolderBlobs:
    """Blobs as files root/ab/cd/abcd…; a file appears whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> str:
        """See BlobStore.put; Temporary `disk_full` when there is no room."""
        key = hashlib.sha256(data).hexdigest()
        path = self._path(key)
        with suppress(
            FileNotFoundError, NotADirectoryError
        ):  # young again, so that nobody who saw no row of it forgets it now
            os.utime(path)
            return key
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)  # documents are for nobody else on the host
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            self._settle(path.parent)
        except OSError as error:
            raise _full(error) from error
        return key

    @contextmanager
    def writer(self) -> Iterator[BlobWriter]:
        """See BlobStore.writer; the bytes go into a file of the store at once, which is renamed when it is whole."""
        name = ""

        def keep(file: BinaryIO, key: str) -> None:
            path = self._path(key)
            try:
                file.flush()
                os.fsync(file.fileno())
                path.parent.mkdir(parents=True, exist_ok=True)
                Path(name).replace(path)
                self._settle(path.parent)
            except OSError as error:
                raise _full(error) from error

        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._root, prefix=".new-")
        except OSError as error:
            raise _full(error) from error
        try:
            with os.fdopen(handle, "wb", buffering=1 << 18) as file:
                yield BlobWriter(file, keep)
        except OSError as error:  # closing writes what is left
            raise _full(error) from error
        finally:
            Path(name).unlink(missing_ok=True)

    def get(self, key: str) -> bytes:
        """See BlobStore.get."""
        with self.open(key) as file:
            return file.read()

    def open(self, key: str) -> BinaryIO:
        """See BlobStore.open."""
        try:
            return self._path(key).open("rb")
        except FileNotFoundError as error:
            raise Tellable(
                "blob_missing",
                "The document's file is missing from the data folder; restore it from a backup.",
            ) from error

    def keys(self, first: str = "") -> Iterator[str]:
        """See BlobStore.keys."""
        for folder in sorted(self._root.glob(first or "[0-9a-f][0-9a-f]")):
            for path in folder.glob("[0-9a-f][0-9a-f]/*"):
                if not path.name.startswith("."):
                    yield path.name

    def has(self, key: str) -> bool:
        """See BlobStore.has."""
        return self._path(key).is_file()

    def forget(self, key: str) -> bool:
        """See BlobStore.forget: moved aside first, for a put meanwhile must find either young bytes or none."""
        path = self._path(key)
        aside = path.with_name(f".gone-{key}")
        try:
            path.replace(aside)
        except FileNotFoundError:
            return True
        if time.time() - aside.stat().st_mtime < _YOUNG_S:
            aside.replace(path)
            return False
        aside.unlink()
        return True

    def _settle(self, folder: Path) -> None:
        """A rename in the folder must survive a power cut before any row speaks of the key."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _path(self, key: str) -> Path:
        if len(key) != hashlib.sha256().digest_size * 2 or not all(c in "0123456789abcdef" for c in key):
            raise Tellable("blob_missing", "That is not the key of a document.")
        return self._root / key[:2] / key[2:4] / key


class Shelf(Protocol):
    """Files by their names, for backups."""

    def put(self, name: str, path: Path) -> None:
        """Keep a copy of the file under that name, whole or not at all."""
        ...

    def get(self, name: str, path: Path) -> None:
        """Write what is kept under that name to a file."""
        ...

    def names(self) -> list[str]:
        """What is kept, sorted."""
        ...

    def remove(self, name: str) -> None:
        """Forget a file."""
        ...


class FolderShelf:
    """Files in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, path: Path) -> None:
        """See Shelf.put; Temporary `disk_full` when there is no room."""
        part = self._folder / f".new-{name}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(path, part)
            part.chmod(0o600)
            part.replace(self._folder / name)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise _full(error) from error

    def get(self, name: str, path: Path) -> None:
        """See Shelf.get."""
        shutil.copyfile(self._folder / name, path)

    def names(self) -> list[str]:
        """See Shelf.names."""
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if path.is_file() and not path.name.startswith("."))

    def remove(self, name: str) -> None:
        """See Shelf.remove."""
        (self._folder / name).unlink(missing_ok=True)


def _full(error: OSError) -> Temporary:
    return Temporary(
        "disk_full",
        f"The data folder could not be written ({error.strerror}). Free some space or mend its rights.",
    )
