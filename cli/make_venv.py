"""Makes .venv from the lock, whole or not at all; run by the launcher with the standard library alone."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
RUNTIME = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"


class SetupFailed(Exception):
    """A sentence that says why there is no .venv."""


def main(argv: list[str]) -> int:
    """Bring .venv up to the lock; 0 when it is, 2 with a sentence when it cannot be."""
    parser = argparse.ArgumentParser(prog="cli/make_venv.py", description=__doc__)
    parser.add_argument("--dev", action="store_true", help="the packages of the tests too")
    locks = [RUNTIME, DEVELOPMENT] if parser.parse_args(argv).dev else [RUNTIME]
    try:
        with _only_one():
            if not _installed(VENV, RUNTIME):
                # Who has run the tests here will run them again after the lock has changed.
                _make([RUNTIME, DEVELOPMENT] if (VENV / DEVELOPMENT).exists() else locks)
            for lock in locks:
                if not _installed(VENV, lock):
                    _say("adding the packages of the tests to .venv (once) ...")
                    _install(VENV, lock)
    except SetupFailed as error:
        _say(str(error))
        return 2
    except OSError as error:
        _say(f"{error.filename or ROOT} cannot be written ({error.strerror}); .venv is made there.")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Two starts at once: the second waits, then finds the work done. The kernel frees it on death."""
    with (ROOT / ".venv.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another start is making .venv; waiting for it ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(locks: list[str]) -> None:
    for left_over in [*ROOT.glob(".venv.new-*"), *ROOT.glob(".venv.old-*")]:
        shutil.rmtree(left_over, ignore_errors=True)
    version = ".".join(map(str, sys.version_info[:3]))
    _say(f"making .venv with Python {version} (once, less than a minute) ...")
    new, old = ROOT / f".venv.new-{os.getpid()}", ROOT / f".venv.old-{os.getpid()}"
    try:
        # Without pip: Debian's python3 has no ensurepip unless python3-venv is installed.
        venv.EnvBuilder(symlinks=True, prompt="prosaas").create(new)
        _pin_python(new)
        for lock in locks:
            _install(new, lock)
        _move_scripts(new)
        if os.path.lexists(VENV):
            VENV.rename(old)
        new.rename(VENV)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    if old.is_symlink() or old.is_file():
        old.unlink()
    shutil.rmtree(old, ignore_errors=True)


def _pin_python(folder: Path) -> None:
    """Link to python3.11, say, not to python3: when the system moves on, it breaks and .venv is remade."""
    for link in (folder / "bin").iterdir():
        if link.is_symlink() and link.readlink().is_absolute():
            real = link.resolve()
            link.unlink()
            link.symlink_to(real)


def _install(folder: Path, lock: str) -> None:
    """Install a lock file, hashes checked, and leave its copy as the mark that all of it is there."""
    wheels = sorted((ROOT / "vendor").glob("pip-*.whl"))
    if not wheels:
        raise SetupFailed("vendor/pip-*.whl is missing; the checkout is not whole.")
    # Settings of the index and its certificate are the user's; where to install is not.
    misleading = {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_DRY_RUN", "PYTHONHOME", "PYTHONPATH"}
    environment = {name: value for name, value in os.environ.items() if name not in misleading}
    pip = [str(folder / "bin" / "python"), "-I", str(wheels[-1] / "pip"), "--disable-pip-version-check"]
    options = ["--quiet", "--no-input", "--no-user", "--progress-bar=off", "--require-hashes"]
    done = subprocess.run([*pip, "install", *options, "-r", str(ROOT / lock)], env=environment, check=False)
    if done.returncode:
        raise SetupFailed(
            f"the packages of {lock} could not be installed (pip's message is above). "
            "Look at the network and at pip's settings, then start again."
        )
    mark = folder / f".{lock}.part"
    shutil.copyfile(ROOT / lock, mark)
    mark.rename(folder / lock)


def _move_scripts(folder: Path) -> None:
    """Let the scripts in bin/ name .venv: they were written while it had its temporary name."""
    for script in (folder / "bin").iterdir():
        if script.is_symlink() or not script.is_file():
            continue
        text = script.read_bytes()
        if bytes(folder) in text[:4096]:
            script.write_bytes(text.replace(bytes(folder), bytes(VENV)))


def _installed(folder: Path, lock: str) -> bool:
    try:
        same = (folder / lock).read_bytes() == (ROOT / lock).read_bytes()
    except FileNotFoundError:
        return False
    return same and os.access(folder / "bin" / "python", os.X_OK)


def _say(sentence: str) -> None:
    print(f"prosaas: {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
