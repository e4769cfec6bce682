"""The quota: no 61 seconds ever hold more than Google's minute allows, whoever sends."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import Temporary
from sources.quota import LEGACY, OFF, PLANS, SHARE, STANDARD, LocalLimiter, Pace, Plan, RedisLimiter, Window
from tests.support.redis_server import RedisServer

SMALL = Plan("small", 100, 1_000, message=20)
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture
def limiter(server: RedisServer) -> RedisLimiter:
    server.client().flushall()
    return RedisLimiter(server.client(), SMALL, mailbox="7", project="client", window_s=2.0)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def spend(limiter: LocalLimiter | RedisLimiter, units: int, seconds: float) -> list[tuple[float, int]]:
    """Charge as fast as the limiter lets; (moment, units) of each charge."""
    spent = []
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        before = time.monotonic()
        wait = limiter.charge(units)
        if wait <= 0:
            spent.append((before, units))
        else:
            time.sleep(min(wait, 0.05))  # asking again too early must not help
    return spent


def heaviest(spent: list[tuple[float, int]], window: float) -> int:
    spent = sorted(spent)
    return max(sum(units for at, units in spent[i:] if at < start + window) for i, (start, _) in enumerate(spent))


def test_prices_and_limits_are_those_of_googles_table() -> None:
    assert (STANDARD.per_mailbox, STANDARD.message, STANDARD.list, STANDARD.history, STANDARD.profile) == (
        6000,
        20,
        5,
        2,
        1,
    )
    assert (LEGACY.per_mailbox, LEGACY.message) == (15000, 5)
    assert STANDARD.per_project == LEGACY.per_project == 1_200_000
    assert OFF.per_mailbox is None
    assert set(PLANS) == {"standard", "legacy", "off"}


def test_the_usable_share_lies_between_95_and_99_percent_even_with_the_longer_window() -> None:
    for plan in (STANDARD, LEGACY):
        clock = Clock()
        limiter = LocalLimiter(plan, clock=clock)
        sent = 0
        while clock.now < 1000 + 61 * 4:
            wait = limiter.charge(plan.message)
            sent += plan.message if wait <= 0 else 0
            clock.now += wait
        assert plan.per_mailbox is not None
        assert 0.95 <= sent / (61 * 4 / 60 * plan.per_mailbox) < 0.99


@given(st.lists(st.tuples(st.integers(1, 60), st.floats(0, 30)), min_size=1, max_size=60))
def test_no_window_ever_holds_more_than_the_limit(charges: list[tuple[int, float]]) -> None:
    window, now, spent = Window(100, 60.0), 0.0, []
    for units, pause in charges:
        now += pause
        wait = window.wait(units, now)
        if wait > 0:
            assert window.wait(units, now + wait - 0.001) > 0, "it may not ask for a longer wait than is needed"
            now += wait
            while (wait := window.wait(units, now)) > 0:
                assert wait < 1e-6
                now += wait
        window.add(units, now)
        spent.append((now, units))
    for start, _ in spent:
        assert sum(units for at, units in spent if start <= at < start + 60.0 - 1e-6) <= 100


def test_a_call_dearer_than_the_whole_window_goes_alone() -> None:
    window = Window(100, 60.0)
    assert window.wait(500, 0.0) == 0.0
    window.add(500, 0.0)
    assert window.wait(1, 1.0) == 59.0


def test_a_plan_without_limits_never_waits_except_when_google_says_so() -> None:
    clock = Clock()
    limiter = LocalLimiter(OFF, clock=clock)
    assert all(limiter.charge(1_000_000) == 0.0 for _ in range(100))
    limiter.hold(5)
    assert limiter.charge(1) == 5.0
    limiter.hold(1)
    assert limiter.charge(1) == 5.0, "a shorter word of Google's does not undo a longer one"
    clock.now += 5
    assert limiter.charge(1) == 0.0


def test_a_complaint_halves_our_share_once_and_it_grows_back() -> None:
    clock = Clock()
    limiter = LocalLimiter(Plan("even", 10_000, None, message=20), window_s=60.0, clock=clock)

    def room() -> int:
        clock.now += 60.0
        units = 0
        while limiter.charge(25) <= 0:
            units += 25
        return units

    whole = room()
    limiter.slow()
    limiter.slow()
    halved = room()
    assert 0.45 * whole < halved < 0.65 * whole
    for _ in range(8):
        limiter.slow()
        clock.now += 6
    assert 0.05 * whole < room() < 0.3 * whole
    clock.now += 600
    assert room() == whole


def test_redis_keeps_the_window_for_many_workers(server: RedisServer, limiter: RedisLimiter) -> None:
    spent: list[tuple[float, int]] = []

    def work() -> None:
        own = RedisLimiter(server.client(), SMALL, mailbox="7", project="client", window_s=2.0)
        spent.extend(spend(own, 20, 4.5))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    limit = int(100 * SHARE)
    assert heaviest(spent, 2.0 - 0.05) <= limit
    assert sum(units for _, units in spent) >= 2 * 80, "it lets through what fits: four calls of 20 in each window"


def test_a_second_worker_and_a_restarted_one_share_the_window(server: RedisServer, limiter: RedisLimiter) -> None:
    code = (
        "import sys, redis; from sources.quota import Plan, RedisLimiter;"
        "l = RedisLimiter(redis.Redis(unix_socket_path=sys.argv[1]), Plan('small', 100, 1000, message=20),"
        " mailbox='7', project='client', window_s=30.0);"
        "print(sum(l.charge(20) <= 0 for _ in range(9)))"
    )
    counts = [
        int(
            subprocess.run(
                [sys.executable, "-c", code, server.socket], cwd=ROOT, check=True, capture_output=True
            ).stdout
        )
        for _ in range(2)
    ]
    assert counts == [4, 0]


def test_mailboxes_have_windows_of_their_own_and_share_the_projects(server: RedisServer, limiter: RedisLimiter) -> None:
    wide = Plan("wide", 800, 1_000, message=20)
    boxes = [RedisLimiter(server.client(), wide, mailbox=str(n), project="p", window_s=30.0) for n in range(3)]
    allowed = [sum(box.charge(20) <= 0 for _ in range(50)) for box in boxes]
    assert allowed == [39, 10, 0], "790 of the first mailbox, what is left of 987 for the second, nothing for the third"


def test_killing_redis_neither_frees_the_window_nor_sends_uncounted(server: RedisServer, limiter: RedisLimiter) -> None:
    long = RedisLimiter(server.client(), SMALL, mailbox="8", window_s=60.0)
    assert [long.charge(20) for _ in range(4)] == [0.0] * 4
    server.kill()
    try:
        # what it charged itself it knows without Redis
        assert long.charge(20) > 30
        other = RedisLimiter(server.client(), SMALL, mailbox="9", window_s=60.0)
        with pytest.raises(Temporary) as refused:
            other.charge(20)
        assert refused.value.code == "redis_unavailable"
    finally:
        server.start()
    assert other.charge(20) == 0.0, "it goes on by itself"
    fresh = RedisLimiter(server.client(), SMALL, mailbox="8", window_s=60.0)
    assert fresh.charge(20) > 30, "the append-only file brought the window back"
    server.client().flushall()
    assert long.charge(20) > 30, "even a Redis that lost all of it"


def test_a_word_of_googles_holds_every_worker(server: RedisServer, limiter: RedisLimiter) -> None:
    other = RedisLimiter(server.client(), SMALL, mailbox="7", project="client", window_s=2.0)
    limiter.hold(40)
    limiter.hold(3)
    assert 30 < other.charge(1) <= 40


def test_redis_halves_the_share_for_every_worker(server: RedisServer, limiter: RedisLimiter) -> None:
    other = RedisLimiter(server.client(), SMALL, mailbox="7", project="client", window_s=30.0)
    limiter.slow()
    limiter.slow()
    assert sum(other.charge(20) <= 0 for _ in range(9)) == 2


def test_the_window_slides_on_when_the_clock_of_redis_was_set_back(server: RedisServer, limiter: RedisLimiter) -> None:
    client = server.client()
    ahead = int(time.time() * 1000) + 3_600_000
    client.rpush("quota:mailbox:7:spent", f"{ahead} 80")
    client.set("quota:mailbox:7:total", 80)
    assert 0 < limiter.charge(20) <= 2.0
    deadline = time.monotonic() + 20
    while limiter.charge(20) > 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_collisions_halve_the_calls_at_once_and_success_brings_them_back() -> None:
    clock = Clock()
    pace = Pace(8, clock=clock)
    assert pace.allowed == 8
    pace.collided()
    pace.collided()
    assert pace.allowed == 4, "calls that collided together count once"
    clock.now += 2
    pace.collided()
    clock.now += 2
    pace.collided()
    clock.now += 2
    pace.collided()
    assert pace.allowed == 1
    for _ in range(3):
        pace.went_well()
    assert 2 <= pace.allowed <= 3
    for _ in range(100):
        pace.went_well()
    assert pace.allowed == 8


def test_no_more_calls_run_at_once_than_allowed() -> None:
    pace = Pace(3)
    running, most = 0, 0
    lock = threading.Lock()

    def call() -> None:
        nonlocal running, most
        with pace.slot():
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.01)
            with lock:
                running -= 1

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert most == 3
    with pace.slot(25):
        pass  # a batch of more than are allowed goes alone, and does not wait for ever
