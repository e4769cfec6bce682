"""A web process in a thread: real waitress on a free port, real Redis, real SQLite; clients with their own cookies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests
import waitress
from waitress import wasyncore

import config as settings
import database
import models
import tasks
from cli.processes import SERVER
from store import people, schema
from tests.support import installation
from tests.support.redis_server import RedisServer


class Browser:
    """A signed-in person's browser: cookie, CSRF header and the business that is open."""

    def __init__(self, site: Web, slug: str | None = None) -> None:
        self.http = requests.Session()
        self.http.trust_env = False
        self.site, self.slug, self.csrf = site, slug, ""

    def sign_in(self, link: str, **account: str) -> requests.Response:
        token = link.partition("#token=")[2]
        answer = self.http.post(self.site.url + "/api/session", json={"token": token, **account}, timeout=30)
        if answer.ok:
            self.csrf = answer.json()["me"]["csrf"]
        return answer

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {
            "X-CSRF-Token": self.csrf,
            **({"X-Business": self.slug} if self.slug else {}),
            **more.pop("headers", {}),
        }
        more.setdefault("timeout", 30)
        more.setdefault("allow_redirects", False)
        return self.http.request(method, self.site.url + path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)

    def post(self, path: str, json: object = None, **more: Any) -> requests.Response:
        return self.call("POST", path, json=json, **more)

    def patch(self, path: str, json: object, version: int | None = None, **more: Any) -> requests.Response:
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return self.call("PATCH", path, json=json, headers=headers, **more)

    def delete(self, path: str, **more: Any) -> requests.Response:
        return self.call("DELETE", path, **more)


class Script(Browser):
    """A script with a bearer token."""

    def __init__(self, site: Web, token: str | None) -> None:
        super().__init__(site)
        self.http.headers.update({"Authorization": f"Bearer {token}"} if token is not None else {})

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        more.setdefault("timeout", 30)
        more.setdefault("allow_redirects", False)
        return self.http.request(method, self.site.url + path, **more)


class Web:
    """The running process and how to reach it."""

    def __init__(self, config: settings.Config, redis: RedisServer, url: str) -> None:
        self.config, self.redis, self.url = config, redis, url
        self._number = 0

    def business(self, **values: str) -> models.Business:
        """A new business of its own name."""
        self._number += 1
        return people.add_business(values.pop("name", f"Business {self._number}"), **values)

    def browser(self, business: models.Business | None = None, role: str = "owner", **user: Any) -> Browser:
        """A new person, signed in; a member of the business where one is given."""
        self._number += 1
        name = user.pop("name", f"Person {self._number}")
        person = people.add_user(f"person{self._number}@web.example", name, **user)
        if business is not None:
            people.add_member(business, person, role)
        browser = Browser(self, business.slug if business is not None else None)
        assert browser.sign_in(people.sign_in_link(person, self.config.public_url)).ok
        return browser

    def script(self, business: models.Business, role: str = "member") -> Script:
        """A script with a new token of the business."""
        return Script(self, people.new_token(business, "test", role))


@contextmanager
def _bindings() -> Iterator[None]:
    """Database, keys and queue are one a process: what was bound before is bound again afterwards."""
    before = models.db.obj, database._keys, tasks.huey.storage_kwargs, tasks.huey.storage
    try:
        yield
    finally:
        models.db.close()
        models.db.initialize(before[0])
        models.use_keys(before[1])
        tasks.huey.storage_kwargs, tasks.huey.storage = before[2:]


@contextmanager
def serving(folder: Path, **environ: str) -> Iterator[Web]:
    """The app of web.app on waitress, as `./prosaas web` runs it."""
    from web.app import build

    with _bindings(), RedisServer() as redis:
        config = installation.settings(folder, REDIS_URL=redis.url, **environ)
        schema.open_database(config)
        models.db.connect(reuse_if_open=True)
        server = waitress.create_server(
            build(config),
            host="127.0.0.1",
            port=0,
            threads=4,
            asyncore_loop_timeout=0.1,
            **SERVER,
        )
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield Web(config, redis, f"http://127.0.0.1:{server.effective_port}")
        finally:
            # In the loop's own thread: it must not look at sockets that another one has closed.
            # A last answer may wake that loop before we do; it has closed everything then, the bell too.
            with suppress(OSError):
                server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map, ignore_all=True))
            thread.join(10)
            server.task_dispatcher.shutdown()


_made = 0


def receipt(business: models.Business, **values: Any) -> models.Receipt:
    """A receipt with its mail and document rows, as an intake leaves them; `mail` and `document` say their columns."""
    global _made
    _made += 1
    known = (models.Mailbox.business == business, models.Mailbox.kind == "gmail")
    mailbox = models.Mailbox.get_or_none(*known) or installation.mailbox(business)
    mail = models.Mail.create(
        **{
            "business": business,
            "mailbox": mailbox,
            "source_id": f"m{_made}",
            "state": "done",
            "outcome": "receipt",
            "subject": f"Your receipt {_made}",
            "from_name": "Shop",
            "from_address": "shop@vendor.example",
            **values.pop("mail", {}),
        }
    )
    document = models.Document.create(
        **{
            "business": business,
            "mail": mail,
            "part": "1",
            "sha256": "0" * 64,
            "filename": "invoice.pdf",
            "media_type": "application/pdf",
            **values.pop("document", {}),
        }
    )
    row = {
        "business": business,
        "mail": mail,
        "mailbox": mailbox,
        "document": document,
        "part": "1",
        "source": "gmail",
        "status": "ready",
        "vendor": "Café Alma",
        "date": "2026-11-23",
        "currency": "ILS",
        "total_minor": 18400,
        **values,
    }
    return models.Receipt.create(**row)
