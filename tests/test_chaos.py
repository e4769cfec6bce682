"""The promise under fire: real processes are killed, paused, cut off and starved, and nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import chaos, chaos_oracle, chaos_report
from bench.chaos_oracle import Verdict


def _held(outcome: chaos.Outcome, faults: int) -> None:
    assert len(outcome.recoveries) == faults
    assert outcome.verdict.clean, outcome.verdict
    assert not outcome.wrong


@pytest.mark.timeout(900)
def test_twelve_faults_lose_and_double_nothing(tmp_path: Path) -> None:
    _held(chaos.run(tmp_path, "sqlite", seed=11, size=chaos.CI), chaos.CI.faults)


@pytest.mark.nightly
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_three_hundred_faults_lose_and_double_nothing(tmp_path: Path, database: str, seed: int) -> None:
    _held(chaos.run(tmp_path, database, seed=seed, size=chaos.FULL), chaos.FULL.faults)


def _outcome(database: str, seed: int, seconds: list[float]) -> chaos.Outcome:
    recoveries = [("worker_killed", each) for each in seconds]
    return chaos.Outcome(seed, database, Verdict(stale_writes=seed), recoveries, len(seconds), 10.0 * len(seconds))


def test_the_report_grows_by_seed_and_database_and_sums_them() -> None:
    kept = chaos_report.add({}, _outcome("sqlite", 1, [1.0, 2.0, 3.0]))
    kept = chaos_report.add(kept, _outcome("sqlite", 2, [4.0]))
    kept = chaos_report.add(kept, _outcome("sqlite", 2, [5.0, 7.0]))  # anew, in place of the one before
    kept = chaos_report.add(kept, _outcome("postgresql", 1, [9.0]))
    told = chaos_report.summed(kept)
    assert (told["sqlite.seeds"], told["sqlite.faults"], told["sqlite.stale_writes"]) == (2, 5, 3)
    assert (told["sqlite.recovery_p50_s"], told["sqlite.recovery_max_s"]) == (6.0, 7.0)
    assert (told["postgresql.faults"], told["postgresql.seed_1.worker_killed.times"]) == (1, 1)
    assert chaos_report.has(told, "sqlite", 2, 2)
    assert not chaos_report.has(told, "sqlite", 2, 300)


def test_a_turn_that_goes_on_after_anothers_has_begun_is_two_at_once() -> None:
    mine, theirs = (7, 1, 1, 100, 1), (7, 1, 2, 200, 1)  # business, run, fence, process, thread
    one_by_one = [(1, *mine, 0), (2, *mine, 1), (3, *theirs, 0), (4, *theirs, 1)]
    killed = [(1, *mine, 0), (2, *theirs, 0), (3, *theirs, 1)]
    beside = [(1, *mine, 0), (2, *theirs, 0), (3, *mine, 1), (4, *theirs, 1)]
    assert [chaos_oracle._overlaps(notes, []) for notes in (one_by_one, killed, beside)] == [0, 0, 1]
    assert chaos_oracle._overlaps(beside, [(0, 2)]) == 0  # the locks were taken away by force meanwhile
