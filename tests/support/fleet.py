"""Several hosts: one PostgreSQL, Redis, bucket and Gmail stand-in, and workers on hosts of their own that can die."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

import models
from config import Config
from demo.standin import Options, StandIn
from errors import Tellable
from store import mailboxes, runs
from tests.support import installation, post
from tests.support.bucket import bucket
from tests.support.postgres import Cluster
from tests.support.processes import ROOT, environment, free_port, prosaas, running, until
from tests.support.redis_server import _binary


@dataclass
class Host:
    """A network namespace where that may be made (as root), else only a data folder of its own."""

    name: str
    folder: Path
    prefix: list[str]
    cable: str
    env: dict[str, str] = field(default_factory=dict)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def pull_the_plug(self) -> None:
        """The host is gone at once: its cable first, so that nobody hears of it, then all its processes."""
        if self.prefix:
            subprocess.run(["ip", "link", "set", self.cable, "down"], check=True)
        for worker in self.workers:
            os.killpg(worker.pid, signal.SIGKILL)

    def started(self) -> Counter[str]:
        """Runs whose first step was here, by the worker's log."""
        return Counter(
            {
                log.name: len(re.findall("JOB_START: Gmail", log.read_text(encoding="utf-8")))
                for log in self.folder.glob("worker-*.log")
            }
        )


class Fleet:
    """What the hosts share, and the hosts."""

    def __init__(self, folder: Path, stack: ExitStack, mails: int, hosts: int) -> None:
        """Start what is shared; `hosts` namespaces on a bridge where we are root, plain folders otherwise."""
        self._stack = stack
        real = hosts > 1 and os.getuid() == 0 and shutil.which("ip") is not None
        self.address = _bridge(stack) if real else "127.0.0.1"
        self.cluster = stack.enter_context(_closing(Cluster(self.address)))
        port = free_port()
        command = [_binary(), "--port", str(port), "--bind", self.address, "--requirepass", "a-password", "--save", ""]
        stack.enter_context(running(command, dict(os.environ), folder / "redis.log"))
        box = folder / "mail"
        box.mkdir()
        for number in range(mails):
            (box / f"{number:03d}.eml").write_bytes(post.receipt(number))
        options = Options(quota="off", accounts={"me@example.com": box})
        self.standin = stack.enter_context(StandIn(box, bind=self.address, options=options))
        shared = {
            "ENCRYPTION_KEY": installation.KEY,
            "DATABASE_URL": self.cluster.database(),
            "REDIS_URL": f"redis://:a-password@{self.address}:{port}/0",
            "GMAIL_QUOTA": "off",
            "OCR": "off",
            "WORKERS": "2",
            **stack.enter_context(bucket(host=self.address)),
            **self.standin.client.environment,
        }
        client = redis.Redis(host=self.address, port=port, password="a-password")
        until(lambda: _answers(client), "Redis answers")
        self.config: Config = installation.settings(folder, **shared)
        self.hosts = [_host(stack, folder, number, shared, real=real) for number in range(hosts)]

    def businesses(self, count: int) -> list[int]:
        """Businesses with a connected mailbox each, and a run that waits."""
        made = []
        for number in range(count):
            owner = installation.business(f"business-{number}")
            grant = self.standin.client.grant()
            mailboxes.connect_gmail(owner, address="me@example.com", refresh_token=grant["refresh_token"])
            try:
                runs.request(owner)
            except Tellable as error:
                if error.code != "sync_running":  # the schedule may have been there first
                    raise
            made.append(owner.id)
        return made

    def work(self, host: Host, workers: int = 1) -> None:
        """Start workers there and wait until they listen."""
        for number in range(workers):
            log = host.folder / f"worker-{number}.log"
            process = self._stack.enter_context(running([*host.prefix, *prosaas("worker")], host.env, log))
            host.workers.append(process)
            until(lambda log=log: "READY and LISTENING" in log.read_text(encoding="utf-8"), "a worker listens")  # type: ignore[misc]


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@contextmanager
def _closing(cluster: Cluster) -> Iterator[Cluster]:
    try:
        yield cluster
    finally:
        cluster.stop()


def _host(stack: ExitStack, folder: Path, number: int, shared: dict[str, str], *, real: bool) -> Host:
    name = f"ps{os.getpid() % 10000}h{number}"
    place = folder / f"host-{number}"
    place.mkdir()
    host = Host(name, place, ["ip", "netns", "exec", name] if real else [], f"{name}o")
    if real:
        _ip("netns", "add", name)
        stack.callback(_ip, "netns", "delete", name)
        _ip("link", "add", host.cable, "type", "veth", "peer", "name", f"{name}i", "netns", name)
        # The namespace outlives its name while anything is left in it; the cable goes by itself.
        stack.callback(subprocess.run, ["ip", "link", "delete", host.cable], check=False, capture_output=True)
        _ip("link", "set", host.cable, "master", _bridge_name(), "up")
        _ip("-n", name, "address", "add", f"10.231.{_third()}.{number + 2}/24", "dev", f"{name}i")
        _ip("-n", name, "link", "set", f"{name}i", "up")
        _ip("-n", name, "link", "set", "lo", "up")
    host.env = {
        **environment(place, **shared),
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    return host


def _bridge(stack: ExitStack) -> str:
    _ip("link", "add", _bridge_name(), "type", "bridge")
    stack.callback(_ip, "link", "delete", _bridge_name())
    _ip("address", "add", f"10.231.{_third()}.1/24", "dev", _bridge_name())
    _ip("link", "set", _bridge_name(), "up")
    return f"10.231.{_third()}.1"


def _bridge_name() -> str:
    return f"psbr{os.getpid() % 10000}"


def _third() -> int:
    return os.getpid() % 250


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def fleet(folder: Path, *, mails: int, hosts: int = 1) -> Iterator[Fleet]:
    """A fleet whose database is open in this process; everything ends with the block."""
    with ExitStack() as stack:
        made = Fleet(folder, stack, mails, hosts)
        stack.enter_context(installation.database(made.config))
        yield made


def outcome(businesses: list[int]) -> dict[int, tuple[str, int, int]]:
    """Of each business: how its run ended, its receipts, and how many of them have a name of their own."""
    found = {}
    for business in businesses:
        run = models.SyncRun.get(models.SyncRun.business == business)
        rows = [row.number for row in models.Receipt.select().where(models.Receipt.business == business)]
        found[business] = (run.status, len(rows), len(set(rows)))
    return found
