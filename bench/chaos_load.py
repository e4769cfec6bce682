"""The life of an installation in `bench chaos`: mail that comes and goes, people who sync, upload, export and look."""

from __future__ import annotations

import contextlib
import hashlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import requests

from demo.standin.client import Client
from store import mailboxes, people, webhooks
from tests.support import installation, post
from tests.support.oracle import Account
from tests.support.receiver import Receiver, receiver
from tests.support.storm import Storm

HONEST = {409, 429, 503}  # refusals that say what is the matter


@dataclass
class Tenant:
    """One business: its mailbox, its people's files, and what the installation said of them."""

    id: int
    mailbox_id: int
    token: str
    account: Account
    storm: Storm
    taken: dict[str, str] = field(default_factory=dict)  # SHA-256 of files the web said it has taken: their names
    perhaps: set[str] = field(default_factory=set)  # of files whose answer never came
    exports: list[int] = field(default_factory=list)  # ids of exports that were accepted


@dataclass
class Load:
    """Threads that keep the installation busy; what went wrong in their eyes is in `wrong`."""

    url: str
    client: Client
    seed: int
    tenants: list[Tenant]
    outside: Receiver
    wrong: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def blowing(self) -> Iterator[None]:
        """All of it, until the block ends."""
        ways: list[tuple[Callable[[random.Random], None], float]] = [
            (self._mail, 0.15),
            (self._sync, 0.3),
            (self._upload, 0.4),
            (self._export, 2.0),
            (self._look, 0.2),
        ]
        threads = [
            threading.Thread(target=self._again, args=(way, pause, number), daemon=True)
            for number, (way, pause) in enumerate(ways)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join(60)

    def _again(self, way: Callable[[random.Random], None], pause: float, number: int) -> None:
        dice = random.Random(self.seed * 10 + number)
        while not self.over.wait(dice.uniform(0, 2 * pause)):
            with contextlib.suppress(requests.RequestException):  # a process that was killed gives no answer
                way(dice)

    def _mail(self, dice: random.Random) -> None:
        tenant = dice.choice(self.tenants)
        tenant.storm.blow(1)
        if dice.random() < 0.05:
            tenant.storm.strike(1)

    def _sync(self, dice: random.Random) -> None:
        mode = "full" if dice.random() < 0.05 else "incremental"
        self._ask("POST", "/api/receipts/sync", dice.choice(self.tenants), json={"mode": mode})

    def _upload(self, dice: random.Random) -> None:
        tenant = dice.choice(self.tenants)
        number = dice.randrange(10**9)
        data = post.receipt(number, vendor="Lighthouse Tools")
        key = hashlib.sha256(data).hexdigest()
        tenant.perhaps.add(key)
        files = [("files", (f"{number}.eml", data, "message/rfc822"))]
        answer = self._ask("POST", "/api/receipts", tenant, files=files)
        if answer.status_code == 202 and answer.json()["items"][0]["code"] in {"taken", "duplicate"}:
            tenant.taken[key] = f"{number}.eml"

    def _export(self, dice: random.Random) -> None:
        tenant = dice.choice(self.tenants)
        answer = self._ask("POST", "/api/exports", tenant, json={"format": "csv"})
        if answer.status_code == 202:
            tenant.exports.append(answer.json()["id"])

    def _look(self, dice: random.Random) -> None:
        path = dice.choice(["/api/receipts", "/api/mail", "/api/receipts/sync/latest", "/api/receipts?q=coffee"])
        self._ask("GET", path, dice.choice(self.tenants))

    def _ask(self, method: str, path: str, tenant: Tenant, **options: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {tenant.token}"}
        answer = requests.request(method, self.url + path, headers=headers, timeout=30, **options)  # type: ignore[arg-type]
        self.answers[answer.status_code] += 1
        if answer.status_code >= 400:
            body = answer.json() if answer.headers.get("Content-Type", "").startswith("application/json") else {}
            if answer.status_code not in HONEST or not (body.get("error") and body.get("code")):
                self.wrong[f"{method} {path.partition('?')[0]}: {answer.status_code} {body.get('code')}"] += 1
        return answer


@contextlib.contextmanager
def load(url: str, client: Client, seed: int, businesses: int) -> Iterator[Load]:
    """Businesses with mail, connected; each tells a receiver of its events. The database is open in this thread."""
    with receiver() as outside:
        tenants = []
        for number in range(businesses):
            address = f"box{number}@example.com"
            client.add_account(address)
            account = Account(client, address)
            storm = Storm(account, seed * 1000 + number, _mail)  # type: ignore[arg-type]
            storm.blow(30)
            business = installation.business(f"lane-{number}")
            grant = account.grant()
            mailbox = mailboxes.connect_gmail(business, address=address, refresh_token=grant["refresh_token"])
            webhooks.add(business.id, outside.url, ["receipt.created"])
            token = people.new_token(business, "chaos", "owner")
            tenants.append(Tenant(business.id, mailbox.id, token, account, storm))
        yield Load(url, client, seed, tenants, outside)


def _mail(number: int) -> bytes:
    return post.receipt(number) if number % 3 else post.letter(number)


def settle(tenants: list[Tenant], quiet: Callable[[], bool], seconds: float) -> None:
    """Return once all is quiet; AssertionError with what is not after so long."""
    deadline = time.monotonic() + seconds
    while not quiet():
        assert time.monotonic() < deadline, f"not quiet within {seconds:g} s, {len(tenants)} businesses"
        time.sleep(0.2)
