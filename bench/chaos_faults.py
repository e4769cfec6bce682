"""What befalls the installation in `bench chaos`: each fault strikes, lasts a moment and passes."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from bench.chaos_database import Database
from store.runs import LEASE
from tests.support.product import Product

_LEASE_S = LEASE.total_seconds()


@dataclass
class Site:
    """The processes of one installation, each in a group of its own, and what may be done to them.

    Args:
        start: how a process of a name is started; gives it once it answers.
        clock: a file whose offset the processes take for their clock; None where the machine has no such library.
        filler: a file on the data's own small file system that can be grown until nothing is left; None without one.
        unlocked: the newest notes of turns before and after locks were taken away by force.
    """

    running: Product
    database: Database
    random: random.Random
    start: Callable[[str], Popen[bytes]]
    clock: Path | None = None
    filler: Path | None = None
    processes: dict[str, Popen[bytes]] = field(default_factory=dict)
    unlocked: list[tuple[int, int]] = field(default_factory=list)

    def up(self, *names: str) -> None:
        """Start processes, all at once."""
        with ThreadPoolExecutor(len(names)) as pool:
            self.processes |= zip(names, pool.map(self.start, names), strict=True)

    @contextlib.contextmanager
    def without_locks(self) -> Iterator[None]:
        """In the block locks are taken away by force: who was at work then may be so beside another, but not write."""
        before = self._turns()
        yield
        self.unlocked.append((before, self._turns()))

    def _turns(self) -> int:
        return int(self.database.fetch("select coalesce(max(id), 0) from chaos_turn")[0][0])

    def kill(self, *names: str) -> None:
        """SIGKILL to whole groups, then a moment, then they are started again as a supervisor would."""
        for name in names:
            os.killpg(self.processes[name].pid, signal.SIGKILL)
        for name in names:
            self.processes[name].wait()
        time.sleep(self.random.uniform(0.0, 0.5))
        self.up(*names)

    @contextlib.contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """SIGSTOP to a group while the block runs."""
        group = self.processes[name].pid
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(group, signal.SIGCONT)

    def worker(self) -> str:
        """One of the workers."""
        return self.random.choice([name for name in self.processes if name.startswith("worker")])


def worker_killed(site: Site) -> None:
    """One worker dies in the middle of whatever it does."""
    site.kill(site.worker())


def workers_killed(site: Site) -> None:
    """All workers die at once."""
    site.kill(*(name for name in site.processes if name.startswith("worker")))


def web_killed(site: Site) -> None:
    """The web process dies, uploads under way with it."""
    site.kill("web")


def calls_killed(site: Site) -> None:
    """The telephone's process dies."""
    site.kill("calls")


def redis_killed(site: Site) -> None:
    """Redis dies and comes back with what it had on disk."""
    site.running.redis.kill()
    time.sleep(site.random.uniform(0.0, 2.0))
    site.running.redis.start()


def redis_wiped(site: Site) -> None:
    """Redis dies and comes back knowing nothing."""
    site.running.redis.kill(wipe=True)
    time.sleep(site.random.uniform(0.0, 2.0))
    site.running.redis.start()


def redis_silent(site: Site) -> None:
    """Redis takes connections and answers nothing."""
    with site.running.redis.frozen():
        time.sleep(site.random.uniform(1.0, 4.0))


def everything_killed(site: Site) -> None:
    """Workers and Redis die together, and Redis has forgotten all."""
    site.running.redis.kill(wipe=True)
    names = [name for name in site.processes if name.startswith("worker")]
    for name in names:
        os.killpg(site.processes[name].pid, signal.SIGKILL)
        site.processes[name].wait()
    site.running.redis.start()
    site.up(*names)


def worker_paused(site: Site) -> None:
    """A worker sleeps for longer than its lease, and wakes up thinking that nothing has happened."""
    with site.stopped(site.worker()):
        time.sleep(_LEASE_S + site.random.uniform(1.0, 4.0))


def locks_lost(site: Site) -> None:
    """A worker sleeps, its locks are gone meanwhile, others take its work; then it wakes up in the middle of it."""
    with site.without_locks():
        with site.stopped(site.worker()):
            site.database.unlock()
            time.sleep(site.random.uniform(3.0, 6.0))
        time.sleep(1.0)


def web_paused(site: Site) -> None:
    """The web process stands still for a while."""
    with site.stopped("web"):
        time.sleep(site.random.uniform(1.0, 4.0))


def database_busy(site: Site) -> None:
    """Somebody else holds the database's write lock."""
    with site.database.held():
        time.sleep(site.random.uniform(2.0, 6.0))


def connections_cut(site: Site) -> None:
    """All connections to Redis, to the database and to Gmail are cut."""
    with contextlib.suppress(Exception):  # Redis may be just this moment on its way up
        site.running.redis.client().client_kill_filter(_type="normal", skipme=True)
    with site.without_locks():  # PostgreSQL's locks are their connection's
        site.database.cut()
        time.sleep(1.0)
    site.running.standin.fault("reset", times=6)


def disk_full(site: Site) -> None:
    """Not one byte more can be written beside the data."""
    assert site.filler is not None
    try:
        with site.filler.open("wb") as file, contextlib.suppress(OSError):
            block = b"\0" * (1 << 20)
            while True:
                file.write(block)
                file.flush()
        with site.filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 512)
        time.sleep(site.random.uniform(1.0, 4.0))
    finally:
        site.filler.unlink(missing_ok=True)


def clock_jumped(site: Site) -> None:
    """The clock goes an hour ahead or back, and a while later it is right again."""
    assert site.clock is not None
    set_clock(site.clock, site.random.choice([-3600, -90, 90, 3600]))
    time.sleep(site.random.uniform(1.0, 4.0))
    set_clock(site.clock, 0)


def set_clock(file: Path, seconds: int) -> None:
    """Write the offset in one piece: a process never reads half of it."""
    new = file.with_suffix(".new")
    new.write_text(f"{seconds:+d}\n")
    new.replace(file)


Fault = Callable[[Site], None]
# How often each comes, in shares.
FAULTS: dict[Fault, int] = {
    worker_killed: 8,
    workers_killed: 3,
    web_killed: 4,
    calls_killed: 1,
    redis_killed: 3,
    redis_wiped: 3,
    redis_silent: 1,
    everything_killed: 2,
    worker_paused: 1,
    locks_lost: 2,
    web_paused: 1,
    database_busy: 2,
    connections_cut: 2,
    disk_full: 2,
    clock_jumped: 2,
}


def kinds() -> list[str]:
    """The names of all faults."""
    return [fault.__name__ for fault in FAULTS]


def possible(site: Site) -> dict[Fault, int]:
    """The faults that this machine lets us make, with their shares."""
    absent = {fault for fault, needed in ((disk_full, site.filler), (clock_jumped, site.clock)) if needed is None}
    return {fault: share for fault, share in FAULTS.items() if fault not in absent}


def series(site: Site, count: int, only: Sequence[str] = ()) -> list[Fault]:
    """So many faults in a random order, each kind (or each of `only`) in its share and at least once where they do."""
    shares = {fault: share for fault, share in possible(site).items() if not only or fault.__name__ in only}
    chosen = list(shares)[:count]
    chosen += site.random.choices(list(shares), list(shares.values()), k=count - len(chosen))
    site.random.shuffle(chosen)
    return chosen
