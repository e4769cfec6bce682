"""Files over HTTP: ranges, ETags, names in every script, and the cache of page images."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import bottle

from errors import Tellable
from web import answers

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,100}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}", re.IGNORECASE)
_CACHE_BYTES = 1 << 30
_TIDY_EVERY = 500
_REFUSALS = 1000
_REFUSED_S = 600.0


def download(stream: BinaryIO, *, media_type: str, filename: str, etag: str) -> Any:
    """A file to be saved, never to be shown: attachment, nosniff, sandboxed."""
    response = bottle.response
    response.set_header("Content-Disposition", disposition(filename))
    response.set_header("Content-Security-Policy", answers.SANDBOX)
    good = _MEDIA_TYPE.fullmatch(media_type) is not None
    return send(stream, media_type=media_type if good else "application/octet-stream", etag=etag)


def send(stream: BinaryIO, *, media_type: str, etag: str) -> Any:
    """The stream whole, the part of it that was asked for (206), or 304; Tellable `bad_range`."""
    response = bottle.response
    tag = f'"{etag}"'
    response.content_type = media_type
    response.set_header("ETag", tag)
    response.set_header("Accept-Ranges", "bytes")
    response.set_header("Cache-Control", "private, no-cache")
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if answers.matches(tag):
        stream.close()
        response.status = 304
        return b""
    try:
        start, end = _range(size, tag)
    except Tellable:
        stream.close()
        response.set_header("Content-Range", f"bytes */{size}")
        raise
    if end - start < size:
        response.status = 206
        response.set_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        stream.seek(start)
    response.set_header("Content-Length", str(end - start))
    return _Part(stream, end - start)


class _Part:
    """So many bytes of a stream from where it stands, in pieces; closes the stream at its end."""

    def __init__(self, stream: BinaryIO, left: int) -> None:
        self._stream, self._left = stream, left

    def __iter__(self) -> _Part:
        return self

    def __next__(self) -> bytes:
        piece = self._stream.read(min(65_536, self._left))
        self._left -= len(piece)
        if not piece:
            raise StopIteration
        return piece

    def close(self) -> None:
        """Give the file back, read to its end or not."""
        self._stream.close()


def _range(size: int, tag: str) -> tuple[int, int]:
    """The half-open range asked for; the whole file where none is, or where several are."""
    environ = bottle.request.environ
    asked = environ.get("HTTP_RANGE", "")
    found = _RANGE.fullmatch(asked.replace(" ", ""))
    if found is None or environ.get("HTTP_IF_RANGE", tag) != tag or found.groups() == ("", ""):
        return 0, size
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:  # no range at all: whoever says nonsense gets the whole (RFC 9110, 14.1.1)
            return 0, size
    if start >= end:
        raise Tellable("bad_range", "The file is not that long.")
    return start, end


def disposition(filename: str) -> str:
    """Content-Disposition with the name twice: plain for old programs, RFC 5987 for every script."""
    name = re.sub(r'[\x00-\x1f\x7f"\\/:*?<>|]+', "_", filename).strip(" .")[:150] or "file"
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}"


class PageCache:
    """Rendered pages as files named by what they were made from; the least used go when there are too many."""

    def __init__(self, folder: Path, most_bytes: int = _CACHE_BYTES) -> None:
        self._folder, self._most = folder, most_bytes
        self._made = 0
        self._refused: dict[str, tuple[float, Tellable]] = {}

    def get(self, name: str, make: Callable[[], bytes]) -> tuple[BinaryIO, str]:
        """The file of that name, made where it is not there yet, and its ETag.

        What cannot be made (a locked or damaged document) is not tried again for ten minutes; its Tellable is told.
        """
        path = self._folder / name[:2] / name
        etag = hashlib.sha256(name.encode()).hexdigest()[:32]
        try:
            stream = path.open("rb")
        except OSError:
            data = self._made_once(name, make)
            self._keep(path, data)
            return io.BytesIO(data), etag
        with contextlib.suppress(OSError):
            path.touch()
        return stream, etag

    def _made_once(self, name: str, make: Callable[[], bytes]) -> bytes:
        since, refusal = self._refused.get(name, (0.0, None))
        if refusal is not None and time.monotonic() - since < _REFUSED_S:
            raise Tellable(refusal.code, refusal.sentence, **refusal.details)
        try:
            return make()
        except Tellable as error:
            if error.code.startswith(("document_", "render_")):
                if len(self._refused) >= _REFUSALS:
                    self._refused.clear()
                self._refused[name] = time.monotonic(), error
            raise

    def _keep(self, path: Path, data: bytes) -> None:
        """A cache that cannot be written only costs time."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
                file.write(data)
            Path(file.name).replace(path)
        except OSError:
            return
        self._made += 1
        if self._made % _TIDY_EVERY == 0:
            self.tidy()

    def retry(self, prefix: str) -> None:
        """What could not be made of a document may be possible now: its password was found."""
        for name in [one for one in self._refused if one.startswith(prefix)]:
            self._refused.pop(name, None)

    def tidy(self) -> None:
        """Forget the least recently used files beyond the size that the cache may have."""
        files = []
        for path in self._folder.parent.glob("*/*/*"):  # those of earlier versions too
            with contextlib.suppress(FileNotFoundError):  # another process tidies as well
                stat = path.stat()
                files.append((stat.st_mtime, stat.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self._most:
                return
            path.unlink(missing_ok=True)
            total -= size
