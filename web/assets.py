"""The screen's files: read from static/, the first screen's modules joined, named by the hash of all, kept gzipped."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import mimetypes
import os
import re
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from errors import Tellable
from web import joined

STATIC = Path(__file__).resolve().parent.parent / "static"
NAMING = ("index.html", "sw.js", "manifest.webmanifest")  # they hold the release, the others do not
RELEASE = b"{{release}}"
LATER = b'"{{later}}"'
_LATER = (".js", ".css", ".json")
_PRELOADS = re.compile(rb'<link rel="modulepreload"[^>]*>\n')
_LOOK_EVERY_S = 1.0
_COMPRESSED = (".js", ".css", ".json", ".html", ".svg", ".txt", ".webmanifest")
_TYPES = {".js": "text/javascript; charset=utf-8", ".webmanifest": "application/manifest+json", ".woff2": "font/woff2"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent; `packed` is its gzip where that is worth it."""

    media_type: str
    data: bytes
    packed: bytes | None
    etag: str


class Assets:
    """The files under one folder. Thread-safe; notices when a file was changed."""

    def __init__(self, root: Path = STATIC) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._print: tuple[tuple[str, int, int], ...] = ()
        self._release = ""
        self._looked = 0.0
        self._kept: dict[tuple[str, str], Asset] = {}
        self._first: joined.Joined | None = None

    @property
    def release(self) -> str:
        """A hash of every file's name and content: a change to any of them gives all of them new addresses."""
        if self._release and time.monotonic() - self._looked < _LOOK_EVERY_S:
            return self._release
        prints = tuple(
            (path.relative_to(self._root).as_posix(), stat.st_mtime_ns, stat.st_size)
            for path in sorted(self._root.rglob("*"))
            if path.is_file() and not path.name.startswith(".") and (stat := path.stat())
        )
        with self._lock:
            if prints != self._print:
                content = hashlib.sha256(Path(joined.__file__).read_bytes())  # it has a hand in what is sent
                for name, _, _ in prints:
                    content.update(f"{name}\0{hashlib.sha256((self._root / name).read_bytes()).hexdigest()}\0".encode())
                self._print, self._release, self._kept = prints, content.hexdigest()[:12], {}
                self._first = None
            self._looked = time.monotonic()
            return self._release

    def file(self, name: str, release: str = "") -> Asset:
        """The file of that name, its `{{release}}` filled in where a release is given; Tellable `not_found`."""
        kept = self._kept.get((name, release))
        if kept is None:
            kept = self._read(name, release)
            with self._lock:
                self._kept[name, release] = kept
        return kept

    def names(self) -> list[str]:
        """Every file there is to serve under a release."""
        files = (path for path in self._root.rglob("*") if path.is_file() and not path.name.startswith("."))
        return sorted([*(path.relative_to(self._root).as_posix() for path in files), joined.JOINED])

    def later(self) -> list[str]:
        """The scripts, sheets and words that the page itself does not name: they come when they are first used."""
        page = (self._root / "index.html").read_text(encoding="utf-8")
        named = set(re.findall(r'/assets/\{\{release\}\}/([^"]+)', page))
        files = (path for folder in ("css", "i18n", "js") for path in (self._root / folder).rglob("*.*"))
        names = {path.relative_to(self._root).as_posix() for path in files if path.suffix in _LATER}
        return sorted(names - named)

    def write(self, folder: Path) -> None:
        """Leave the files under `folder`/assets/<release>, and beside it those that name the release."""
        release, releases = self.release, folder / "assets"
        releases.mkdir(parents=True, exist_ok=True)
        for old in releases.iterdir():
            if old.is_symlink():
                old.unlink(missing_ok=True)
            elif old.name != release and not old.name.startswith("."):  # with a dot: another process is at it
                shutil.rmtree(old, ignore_errors=True)
        if not (releases / release).is_dir():
            with tempfile.TemporaryDirectory(prefix=".", dir=releases, ignore_cleanup_errors=True) as made:
                whole = Path(made) / release
                for name in self.names():
                    (whole / name).parent.mkdir(parents=True, exist_ok=True)
                    (whole / name).write_bytes(self.file(name).data)
                with contextlib.suppress(OSError):  # another process was quicker
                    whole.rename(releases / release)
        for name in NAMING:
            with contextlib.suppress(Tellable):  # a screen without a service worker has none to write
                part = folder / f".{name}-{os.getpid()}"
                part.write_bytes(self.file(name, release).data)
                part.replace(folder / name)

    def _read(self, name: str, release: str) -> Asset:
        path = self._root / name
        if name == joined.JOINED:
            return self._asset(path, self._joined().text().encode())
        try:
            inside = path.resolve().is_relative_to(self._root.resolve()) and not path.name.startswith(".")
            data = path.read_bytes() if inside and path.is_file() else None
        except (OSError, ValueError):
            data = None
        if data is None:
            raise Tellable("not_found", "There is no such file.")
        if path.suffix == ".js" and name.startswith(("js/", "vendor/")):
            first = self._joined()
            text = first.facade(name) if name in first.members else first.linked(name, data.decode())
            data = text.encode()
        if release:
            if name == "index.html":  # it names the modules one by one; they are sent as one
                data = _PRELOADS.sub(b"", data).replace(joined.ENTRY.encode(), joined.JOINED.encode())
            data = data.replace(RELEASE, release.encode())
            if LATER in data:
                data = data.replace(LATER, json.dumps(self.later())[1:-1].encode())
        return self._asset(path, data)

    def _joined(self) -> joined.Joined:
        if self._first is None:
            self._first = joined.Joined(self._root)
        return self._first

    @staticmethod
    def _asset(path: Path, data: bytes) -> Asset:
        media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if media_type.startswith("text/") and "charset" not in media_type:
            media_type += "; charset=utf-8"
        packed = gzip.compress(data, 9, mtime=0) if path.suffix in _COMPRESSED and len(data) > 500 else None
        return Asset(media_type, data, packed, f'"{hashlib.sha256(data).hexdigest()[:32]}"')
