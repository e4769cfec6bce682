"""Bytes kept under their SHA-256: the port BlobStore and its folder adapter."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import BinaryIO, Protocol

from errors import Tellable, Temporary


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


class FolderBlobs:
    """Blobs as files root/ab/cd/abcd…; a file appears whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> str:
        """See BlobStore.put; Temporary `disk_full` when there is no room."""
        key = hashlib.sha256(data).hexdigest()
        path = self._path(key)
        if path.exists():
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
            # The rename itself must survive a power cut before any row speaks of the key.
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise Temporary(
                "disk_full",
                f"The data folder could not be written ({error.strerror}). Free some space or mend its rights.",
            ) from error
        return key

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

    def _path(self, key: str) -> Path:
        if len(key) != hashlib.sha256().digest_size * 2 or not all(c in "0123456789abcdef" for c in key):
            raise Tellable("blob_missing", "That is not the key of a document.")
        return self._root / key[:2] / key[2:4] / key
