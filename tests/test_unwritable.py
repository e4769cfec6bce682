"""A place that cannot be written: reading goes on, writing is refused with a sentence, and all is well once it can."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
import requests

import models
from errors import Temporary
from store import sql
from tests.support import installation, postgres
from tests.support.processes import environment, free_port, prosaas, run, running, until


class Site:
    """A web process with one contact, and a token of its business."""

    def __init__(self, pid: int, url: str, token: str) -> None:
        self.pid, self._url = pid, url
        self._asker = requests.Session()
        self._asker.headers.update({"Authorization": f"Bearer {token}"})

    def names(self) -> set[str]:
        """The contacts."""
        answer = self._asker.get(f"{self._url}/api/contacts", timeout=60)
        assert answer.ok, answer.text
        return {one["name"] for one in answer.json()["items"]}

    def add(self, name: str) -> requests.Response:
        """Try to write."""
        return self._asker.post(f"{self._url}/api/contacts", json={"name": name}, timeout=60)


@contextmanager
def _site(folder: Path, **settings: str) -> Iterator[Site]:
    redis = f"redis://127.0.0.1:{free_port()}/0"  # not needed to write a contact
    settings |= {"ENCRYPTION_KEY": installation.KEY, "REDIS_URL": redis, "PORT": str(free_port())}
    env = {**environment(folder), **settings}
    assert run("business", "add", "Kedem", env=env).returncode == 0
    token = run("token", "new", "--business", "kedem", "--name", "a test", env=env).stdout.split()[-1]
    url = f"http://127.0.0.1:{env['PORT']}"
    with running(prosaas("web"), env, folder / "log") as process:
        until(lambda: _answers(f"{url}/healthz"), "web answers")
        yield Site(process.pid, url, token)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=10).ok
    except requests.ConnectionError:
        return False


@contextmanager
def _no_room(site: Site) -> Iterator[None]:
    """No file of the process may grow: what a full disk does to it."""
    before = resource.prlimit(site.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(site.pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(site.pid, resource.RLIMIT_FSIZE, before)


def _refused_and_back(site: Site, trouble: Callable[[], AbstractContextManager[None]]) -> None:
    assert site.add("Before").status_code == 201
    with trouble():
        answer = site.add("During")
        assert (answer.status_code, answer.json()["code"]) == (503, "database_not_writable"), answer.text
        assert site.names() == {"Before"}
    answer = site.add("After")
    assert answer.status_code == 201, answer.text
    assert site.names() == {"Before", "After"}


def test_on_a_full_disk(tmp_path: Path) -> None:
    with _site(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/prosaas.db") as site:
        _refused_and_back(site, lambda: _no_room(site))


def test_on_a_file_that_may_only_be_read(tmp_path: Path) -> None:
    with installation.database(installation.settings(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/prosaas.db")):
        sql.fetch("pragma query_only = on")  # rights mean nothing to root
        with pytest.raises(Temporary) as told, models.write():
            installation.business()
        assert told.value.code == "database_not_writable"
        assert models.Business.select().count() == 0
        sql.fetch("pragma query_only = off")
        with models.write():
            installation.business()


def test_on_a_postgresql_that_takes_no_writes(tmp_path: Path) -> None:
    url = postgres.cluster().database()

    @contextmanager
    def read_only() -> Iterator[None]:
        _set_read_only(url, on=True)
        try:
            yield
        finally:
            _set_read_only(url, on=False)

    with _site(tmp_path, DATABASE_URL=url) as site:
        _refused_and_back(site, read_only)


def _set_read_only(url: str, *, on: bool) -> None:
    """As on a standby that was taken for the primary; open connections are ended, as a fail-over does."""
    name = url.rpartition("/")[2]
    with psycopg.connect(postgres.cluster().url("postgres"), autocommit=True) as connection:
        connection.execute(f'alter database "{name}" set default_transaction_read_only = {"on" if on else "off"}')
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
