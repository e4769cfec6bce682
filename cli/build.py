"""`./prosaas build`: the whole product as a single executable file, out of what is installed here."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from cli.settings import BUNDLE, ROOT, needs_checkout
from config import VERSION
from errors import Tellable

_CODE = (
    "calls", "cli", "demo", "jobs", "migrations", "receipts", "sources", "static", "store", "tables", "web",
)  # fmt: skip
_FILES = ("LICENSE", "Procfile", "pyproject.toml")
_LOCK = "requirements.txt"
_OCR = ("rapidocr", "onnxruntime")  # with what nothing else asks for
_WITHOUT = {"SelfTest", "__pycache__", "tests"}  # of packages: their own tests
_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
_SOURCES = {".a", ".c", ".cpp", ".h", ".hpp", ".pxd", ".pyc", ".pyi", ".pyx"}  # for compilers and type checkers
# The Procfile's ./prosaas, below the unpacked file.
_LAUNCHER = '#!/bin/sh\nexec "${PROSAAS_PYTHON:-python3}" "$(dirname -- "$0")/prosaas.py" "$@"\n'


def build(argv: list[str]) -> int:
    """Make the file; prints where it is and how large."""
    text = f"Make one file that runs every command on a machine with nothing but Python {_PYTHON}, also offline."
    parser = argparse.ArgumentParser(prog="./prosaas build", description=text)
    parser.add_argument("--out", metavar="FILE", type=Path, help="where to (default: dist/prosaas-VERSION-pyMINOR)")
    parser.add_argument("--without-ocr", action="store_true", help="leave the engine out that reads pictures")
    parser.add_argument("--fast", action="store_true", help="seconds instead of minutes, and half as large again")
    given = parser.parse_args(argv)
    needs_checkout()
    default = ROOT / "dist" / f"prosaas-{VERSION}-py{sys.version_info[0]}{sys.version_info[1]}"
    out: Path = given.out or default
    names = packages(with_ocr=not given.without_ocr)
    with tempfile.TemporaryDirectory(prefix="prosaas-build-") as folder:
        stage = Path(folder) / "stage"
        stage.mkdir()
        _stage(stage, names, with_ocr=not given.without_ocr)
        plain = _archive(stage, Path(folder) / "plain")
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            part = out.with_name(f".{out.name}.part")
            _pack(plain, part, fast=given.fast)
            part.replace(out)
        except OSError as error:
            raise Tellable("bad_value", f"{out} cannot be written ({error.strerror}).") from error
    print(f"{out}  ({out.stat().st_size / 1e6:.0f} MB, for Python {_PYTHON})")
    return 0


def packages(*, with_ocr: bool) -> list[Distribution]:
    """What goes in: the packages of the lock that are installed here; Tellable `needs_checkout` without any."""
    lock = _locked()
    found: dict[str, Distribution] = {}
    for name in lock:
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:  # for another system
            continue
    if not found:
        raise Tellable("needs_checkout", "None of the packages of requirements.txt is installed here.")
    if not with_ocr:
        asked = {_name(line) for line in _asked()}
        dropped = _reached(_OCR, found) - _reached(asked - set(_OCR), found)
        found = {name: one for name, one in found.items() if name not in dropped}
    return list(found.values())


def _asked() -> list[str]:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [str(line) for line in project["dependencies"]]


def _locked() -> list[str]:
    text = (ROOT / _LOCK).read_text(encoding="utf-8")
    return sorted({_name(line) for line in re.findall(r"^[\w.-]+(?===)", text, re.MULTILINE)})


def _name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", found[0] if found else "").lower()


def _reached(roots: Iterable[str], known: dict[str, Distribution]) -> set[str]:
    """These and all that they ask for, without their extras."""
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in seen or name not in known:
            continue
        seen.add(name)
        waiting += [_name(line) for line in known[name].requires or () if "extra" not in line]
    return seen


def _stage(stage: Path, names: list[Distribution], *, with_ocr: bool) -> None:
    """Lay everything out as it will be unpacked: links, so that nothing is copied twice."""
    for one in names:
        for inside, path in _files_of(one):
            _link(stage, inside, path)
    for folder in _CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and not any(part == "__pycache__" or part[0] == "." for part in path.parts):
                _link(stage, path.relative_to(ROOT), path)
    for path in (*sorted(ROOT.glob("*.py")), *(ROOT / name for name in _FILES)):
        _link(stage, path.relative_to(ROOT), path)
    # The lock of what is in it: the doctor compares.
    kept = {_name(one.metadata["Name"]) for one in names}
    blocks = re.split(r"^(?=[a-z0-9])", (ROOT / _LOCK).read_text(encoding="utf-8"), flags=re.MULTILINE)
    (stage / _LOCK).write_text("".join(block for block in blocks if _name(block) in kept), encoding="utf-8")
    (stage / BUNDLE).write_text(json.dumps({"version": VERSION, "python": _PYTHON, "ocr": with_ocr}), encoding="utf-8")
    (stage / "prosaas").write_text(_LAUNCHER, encoding="utf-8")
    (stage / "prosaas").chmod(0o755)


def _files_of(one: Distribution) -> Iterator[tuple[Path, Path]]:
    """A package's files by their places below site-packages; its scripts are not needed."""
    for file in one.files or ():
        path = Path(str(file.locate()))
        if ".." in file.parts or file.suffix in _SOURCES or _WITHOUT.intersection(file.parts):
            continue
        if path.is_file():
            yield Path(*file.parts), path


def _link(stage: Path, inside: Path, path: Path) -> None:
    target = stage / inside
    if target.is_symlink():
        if target.readlink() == path:
            return
        raise Tellable("bad_value", f"Two parts want to be {inside}; the file cannot be built.")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(path)


def _archive(stage: Path, plain: Path) -> Path:
    """The archive that shiv makes of the stage, not yet packed."""
    command = [sys.executable, "-m", "shiv.cli", "--site-packages", str(stage), "--uncompressed"]
    command += ["--entry-point", "cli.bundle:main", "--python", f"/usr/bin/env python{_PYTHON}"]
    done = subprocess.run([*command, "--output-file", str(plain)], capture_output=True, text=True, check=False)
    if done.returncode or not plain.is_file():
        raise Tellable("build_failed", f"shiv did not make the file: {(done.stderr or done.stdout).strip()[-300:]}")
    return plain


def _pack(plain: Path, out: Path, *, fast: bool) -> None:
    """The same archive, packed: shiv's own part so that Python can import it, the rest as small as can be."""
    small = zipfile.ZIP_DEFLATED if fast else zipfile.ZIP_LZMA
    with plain.open("rb") as source, out.open("wb") as file:
        file.write(source.readline())  # the #! line
        with zipfile.ZipFile(plain) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.infolist():
                fresh = zipfile.ZipInfo(entry.filename, entry.date_time)
                fresh.external_attr = entry.external_attr
                inner = entry.filename.startswith("site-packages/")
                fresh.compress_type = small if inner else zipfile.ZIP_DEFLATED
                new.writestr(fresh, old.read(entry), compresslevel=1)
    out.chmod(0o755)
