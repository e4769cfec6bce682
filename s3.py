"""Blobs in a bucket of S3 or of a server that speaks as it does: the adapter of the port blobs.BlobStore."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

import clock
from blobs import BlobWriter
from errors import Tellable, Temporary

_IN_MEMORY = 8 << 20
_AHEAD = 1 << 20  # bytes fetched at once where a document is read piece by piece
_YOUNG = timedelta(hours=1)
_MISSING = {"NoSuchKey", "NoSuchObject", "NotFound"}


def connect(endpoint: str, region: str, access_key: str, secret_key: str) -> Minio:
    """A client of a server at http(s)://host; nothing is sent yet."""
    parts = urlsplit(endpoint)
    return Minio(
        endpoint=parts.netloc,
        access_key=access_key or None,
        secret_key=secret_key or None,
        region=region or None,
        secure=parts.scheme == "https",
        http_client=urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5, read=60),
            maxsize=16,
            retries=urllib3.Retry(total=3, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        ),
    )


class S3Blobs:
    """Objects prefix/ab/cd/abcd… of a bucket; an object appears whole or not at all.

    Args:
        client: made by `connect`.
        url: s3://bucket/prefix.
    """

    def __init__(self, client: Minio, url: str) -> None:
        parts = urlsplit(url)
        self._client, self._bucket = client, parts.netloc
        self._prefix = parts.path.strip("/") + "/" if parts.path.strip("/") else ""

    def put(self, data: bytes) -> str:
        """See BlobStore.put; Temporary `blobs_unreachable` when the server does not take it."""
        key = hashlib.sha256(data).hexdigest()
        if not self._young(key):
            with _told():
                self._client.put_object(self._bucket, self._name(key), io.BytesIO(data), len(data))
        return key

    def get(self, key: str) -> bytes:
        """See BlobStore.get."""
        name = self._name(key)
        with _told():
            answer = self._client.get_object(self._bucket, name)
            try:
                return bytes(answer.read())
            finally:
                answer.close()
                answer.release_conn()

    def open(self, key: str) -> BinaryIO:
        """See BlobStore.open: pieces are fetched as they are read."""
        name = self._name(key)
        with _told():
            size = self._client.stat_object(self._bucket, name).size or 0
        return cast("BinaryIO", io.BufferedReader(_Object(self._client, self._bucket, name, size), _AHEAD))

    @contextmanager
    def writer(self) -> Iterator[BlobWriter]:
        """See BlobStore.writer: the bytes wait in a temporary file until their name, the hash, is known."""

        def keep(file: BinaryIO, key: str) -> None:
            size = file.tell()
            file.seek(0)
            if not self._young(key):
                with _told():
                    self._client.put_object(self._bucket, self._name(key), file, size)

        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            yield BlobWriter(cast("BinaryIO", file), keep)

    def forget(self, key: str) -> bool:
        """See BlobStore.forget."""
        if self._young(key):
            return False
        with _told():
            self._client.remove_object(self._bucket, self._name(key))
        return True

    def keys(self, first: str = "") -> Iterator[str]:
        """See BlobStore.keys."""
        prefix = self._prefix + (f"{first}/" if first else "")
        with _told():
            for item in self._client.list_objects(self._bucket, prefix=prefix, recursive=True):
                name = (item.object_name or "").rpartition("/")[2]
                if len(name) == 64:
                    yield name

    def has(self, key: str) -> bool:
        """See BlobStore.has."""
        return self._when(key) is not None

    def _young(self, key: str) -> bool:
        when = self._when(key)
        return when is not None and clock.now() - when < _YOUNG

    def _when(self, key: str) -> Any:
        try:
            return self._client.stat_object(self._bucket, self._name(key)).last_modified
        except S3Error as error:
            if error.code in _MISSING:
                return None
            raise _unreachable(error) from error
        except (MinioException, HTTPError, OSError) as error:
            raise _unreachable(error) from error

    def _name(self, key: str) -> str:
        if len(key) != 64 or not all(c in "0123456789abcdef" for c in key):
            raise Tellable("blob_missing", "That is not the key of a document.")
        return f"{self._prefix}{key[:2]}/{key[2:4]}/{key}"


class S3Shelf:
    """Files by name below prefix/ of a bucket: the adapter of the port blobs.Shelf."""

    def __init__(self, client: Minio, url: str) -> None:
        parts = urlsplit(url)
        self._client, self._bucket = client, parts.netloc
        self._prefix = parts.path.strip("/") + "/" if parts.path.strip("/") else ""

    def put(self, name: str, path: Path) -> None:
        """See Shelf.put."""
        with _told():
            self._client.fput_object(self._bucket, self._prefix + name, str(path))

    def get(self, name: str, path: Path) -> None:
        """See Shelf.get."""
        with _told():
            self._client.fget_object(self._bucket, self._prefix + name, str(path))

    def names(self) -> list[str]:
        """See Shelf.names."""
        with _told():
            found = self._client.list_objects(self._bucket, prefix=self._prefix)
            return sorted((item.object_name or "").removeprefix(self._prefix) for item in found if not item.is_dir)

    def remove(self, name: str) -> None:
        """See Shelf.remove."""
        with _told():
            self._client.remove_object(self._bucket, self._prefix + name)


class _Object(io.RawIOBase):
    """An object as a seekable stream: each read is a request for that range."""

    def __init__(self, client: Minio, bucket: str, name: str, size: int) -> None:
        super().__init__()
        self._client, self._bucket, self._name, self._size, self._at = client, bucket, name, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        wanted = min(view.nbytes, self._size - self._at)
        if wanted <= 0:
            return 0
        with _told():
            answer = self._client.get_object(self._bucket, self._name, offset=self._at, length=wanted)
            try:
                data = answer.read()
            finally:
                answer.close()
                answer.release_conn()
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code in _MISSING:
            raise Tellable(
                "blob_missing", "The document's file is missing from the bucket; restore it from a backup."
            ) from error
        raise _unreachable(error) from error
    except (MinioException, HTTPError, OSError) as error:
        raise _unreachable(error) from error


def _unreachable(error: Exception) -> Temporary:
    what = error.code if isinstance(error, S3Error) else type(error).__name__
    return Temporary("blobs_unreachable", f"The bucket of documents does not answer ({what}); it is tried again.")
