"""The fuzzers of every way in: a short run breaks nothing, a new behaviour grows the corpus, what broke comes first."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import fuzz
from bench.fuzz_targets import TARGETS, Broken


@pytest.mark.parametrize(("name", "most"), [("api", 260), ("gmail", 400), ("phone", 400), ("reading", 40)])
def test_a_short_run_breaks_nothing(tmp_path: Path, name: str, most: int) -> None:
    with TARGETS[name](tmp_path) as target:
        tally = fuzz.fuzz(target, fuzz.Corpus(tmp_path / "corpus"), random.Random(7), 240, most)
    assert tally.tried == most
    assert not tally.broken
    assert tally.behaviours > 2


class _Odd:
    """Breaks over an x, and behaves by its length."""

    def seeds(self) -> Iterator[bytes]:
        yield b"sound"

    def try_(self, data: bytes) -> str:
        if b"x" in data:
            raise Broken("an x")
        return str(len(data))


def test_what_is_new_is_kept_and_what_broke_is_tried_first_the_next_time(tmp_path: Path) -> None:
    corpus = fuzz.Corpus(tmp_path)
    first = fuzz.fuzz(_Odd(), corpus, random.Random(1), 60, 200)
    assert first.new == len([path for path in tmp_path.iterdir() if path.is_file()]) > 3
    corpus.note_broken(b"an x was here")
    again = fuzz.fuzz(_Odd(), fuzz.Corpus(tmp_path), random.Random(1), 60, 1)
    assert again.broken == ["an x"]
