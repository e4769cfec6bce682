"""The whole product as real processes: Redis, the Gmail stand-in, web and workers, in a folder of a test's own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from demo.standin.client import Client
from tests.support import installation
from tests.support.processes import ROOT, environment, free_port, prosaas, run, running, until
from tests.support.redis_server import RedisServer

SAMPLE = ROOT / "demo" / "mailbox"


class Product:
    """Processes that can be started, killed and started again; made by `product`."""

    def __init__(
        self,
        folder: Path,
        stack: contextlib.ExitStack,
        mail: Path | None,
        standin: Sequence[str],
        settings: Mapping[str, str],
    ) -> None:
        """Start Redis and the stand-in; web and workers are started by their methods."""
        self.folder = folder
        self.port, self.calls_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._stack = stack
        self.redis = stack.enter_context(RedisServer())
        mail_port = free_port()
        self.standin = Client(f"http://127.0.0.1:{mail_port}")
        defaults = {
            "ENCRYPTION_KEY": installation.KEY,
            "REDIS_URL": self.redis.url,
            "PORT": self.port,
            "CALLS_PORT": self.calls_port,
            "PUBLIC_URL": self.url,
            "GMAIL_QUOTA": "off",
            **self.standin.environment,
        }
        self.env = environment(folder, **{**defaults, **settings})
        command = ["gmail-standin", "--port", str(mail_port), "--quota", "off", *standin]
        command += ["--mail", str(mail)] if mail else []
        self.start(*command)
        self.standin.wait(60)
        self.command("migrate")

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """One of our commands as a process of its own, logging to <command>.log."""
        log = self.folder / f"{arguments[0]}.log"
        return self._stack.enter_context(running(prosaas(*arguments), self.env, log))

    def log(self, name: str) -> str:
        """What a process has logged so far."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def start_web(self) -> subprocess.Popen[bytes]:
        """The web process, answering."""
        process = self.start("web")
        until(self._answers, "web answers")
        return process

    def start_worker(
        self, scaled: tuple[int, float] | None = None, *, command: list[str] | None = None, log: str = "worker"
    ) -> subprocess.Popen[bytes]:
        """A worker, listening; `scaled`: its quota is so many units in so many seconds; `command`: another's way."""
        file = self.folder / f"{log}.log"
        seen = self.log(log).count("READY and LISTENING") if file.exists() else 0
        if scaled:
            command = [sys.executable, "-m", "tests.support.scaled_worker", *map(str, scaled)]
        process = self._stack.enter_context(running(command or prosaas("worker"), self.env, file))
        until(lambda: self.log(log).count("READY and LISTENING") > seen, "worker listens")
        return process

    def command(self, *arguments: str) -> str:
        """What one of our commands prints; a failure is an error of the test."""
        done = run(*arguments, env=self.env)
        assert done.returncode == 0, f"{arguments[0]}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def business(self, name: str, account: str = "me@example.com") -> Business:
        """A business with an owner and an API token; its Gmail is connected by `connect`."""
        slug = self.command("business", "add", name).split()[-1]
        email = f"owner-{slug}@example.com"
        self.command("user", "add", email, "--business", slug, "--role", "owner")
        token = self.command("token", "new", "--business", slug, "--name", "test", "--role", "owner").split()[-1]
        return Business(self, slug, email, token, account)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).ok
        except requests.RequestException:
            return False


class Business:
    """A business of the product, spoken to over HTTP with a bearer token."""

    def __init__(self, product: Product, slug: str, email: str, token: str, account: str) -> None:
        """Take what `Product.business` made."""
        self.product, self.slug, self.email, self.token, self.account = product, slug, email, token, account

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """A request with the business's token."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return requests.request(method, self.product.url + path, headers=headers, timeout=30, **options)

    def get(self, path: str) -> Any:
        """The JSON of a GET that must succeed."""
        answer = self.call("GET", path)
        assert answer.ok, answer.text
        return answer.json()

    def everything(self, path: str) -> list[Any]:
        """All items of a list, page by page."""
        items, cursor = [], ""
        while True:
            page = self.get(f"{path}{'&' if '?' in path else '?'}limit=200&cursor={cursor}")
            items += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return items

    def sign_in_link(self) -> str:
        """A one-time link for the owner."""
        return self.product.command("user", "add", self.email).strip()

    def session(self) -> requests.Session:
        """A signed-in browser without a screen."""
        browser = requests.Session()
        token = urlsplit(self.sign_in_link()).fragment.removeprefix("token=")
        answer = browser.post(f"{self.product.url}/api/session", json={"token": token}, timeout=30)
        assert answer.ok, answer.text
        browser.headers["X-Business"] = self.slug
        browser.headers["X-CSRF-Token"] = answer.json()["me"]["csrf"]
        return browser

    def connect(self) -> None:
        """Connect the stand-in's Gmail as a person does: our page, the consent, and back."""
        browser = self.session()
        start = browser.get(f"{self.product.url}/api/gmail/oauth/start", timeout=30)
        assert start.ok, start.text
        back = self.product.standin.consent(start.json()["auth_url"], account=self.account)
        done = browser.get(back, timeout=30, allow_redirects=False)
        assert done.status_code in {302, 303}, done.text
        assert "error" not in done.headers["Location"], done.headers["Location"]

    def sync(self, **body: object) -> requests.Response:
        """POST a sync."""
        return self.call("POST", "/api/receipts/sync", json=body)

    def run(self, run_id: int | None = None) -> dict[str, Any]:
        """A run, the latest one without an id."""
        path = f"/api/receipts/sync/status?run_id={run_id}" if run_id else "/api/receipts/sync/latest"
        found: dict[str, Any] = self.get(path)["sync_run"]
        return found

    def finished(self, run_id: int | None = None, seconds: float = 240) -> dict[str, Any]:
        """The run once it is over."""
        over = {"completed", "failed", "cancelled"}
        until(lambda: (self.run(run_id) or {}).get("status") in over, "the run ends", seconds)
        return self.run(run_id)


@contextlib.contextmanager
def product(folder: Path, mail: Path | None = None, standin: Sequence[str] = (), **settings: str) -> Iterator[Product]:
    """Redis, stand-in (with these further arguments) and schema in `folder`; everything is ended with the block."""
    with contextlib.ExitStack() as stack:
        yield Product(folder, stack, mail, standin, settings)
