"""A PostgreSQL cluster of the tests' own, started once a process; databases in it are made as they are asked for."""

from __future__ import annotations

import atexit
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest

_numbers = itertools.count(1)
_cluster: Cluster | None = None


class Cluster:
    """A server on a port of loopback and a socket in a folder of its own; root runs it as another user."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        """Make and start it; it trusts whoever reaches that address."""
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        if not binaries:
            pytest.skip("PostgreSQL is not installed")
        self.binaries = binaries[-1].parent
        self.folder = Path(tempfile.mkdtemp(prefix="prosaas-pg-", dir="/tmp"))
        self.address = address
        with socket.socket() as probe:
            probe.bind((address, 0))
            self.port = int(probe.getsockname()[1])
        self._user = "postgres" if os.getuid() == 0 else None
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        data = str(self.folder / "data")
        self.run("initdb", "-D", data, "-U", "prosaas", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        with (self.folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet trust\n")
        options = f"-p {self.port} -k {self.folder} -c listen_addresses={address} -c fsync=off -c max_connections=200"
        self.run("pg_ctl", "-D", data, "-l", str(self.folder / "log"), "-w", "-o", options, "start")
        atexit.register(self.stop)

    def run(self, program: str, *arguments: str) -> None:
        """One of PostgreSQL's programs, to its end."""
        command = [str(self.binaries / program), *arguments]
        done = subprocess.run(
            command,
            user=self._user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr

    def stop(self) -> None:
        """Stop it and remove its folder."""
        atexit.unregister(self.stop)
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'create database "{name}"')
        return self.url(name)

    def url(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://prosaas@{self.address}:{self.port}/{name}"


def cluster() -> Cluster:
    """The one cluster of this process, started when it is first asked for."""
    global _cluster
    if _cluster is None:
        _cluster = Cluster()
    return _cluster


WANTED = "PROSAAS_TESTS_ON_POSTGRES"  # set by pytest's option --postgres
_of: dict[Path, str] = {}


def of(folder: Path) -> dict[str, str]:
    """With `pytest --postgres`, the setting of an installation in a folder that has a database of its own."""
    if not os.environ.get(WANTED):
        return {}
    folder = Path(folder).resolve()
    if folder not in _of:
        _of[folder] = cluster().database()
    return {"DATABASE_URL": _of[folder]}
