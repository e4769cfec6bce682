"""The promise under fire: real processes are killed, paused, cut off and starved, and nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import chaos


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
