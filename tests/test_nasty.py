"""`bench nasty` in small: traps and damaged files get typed answers, and nothing gets out."""

from __future__ import annotations

import random
from pathlib import Path

from bench.made import hostile
from bench.nasty import Tally, Trap, _one
from receipts.child import Reader


def test_traps_and_damaged_files_get_typed_answers_and_reach_nothing(tmp_path: Path) -> None:
    tally = Tally()
    wanted = {"entity-file.xml", "entity-net.xml", "dtd.xml", "include.xml", "remote.html", "remote.eml", "actions.pdf"}
    with Trap(tmp_path) as trap, Reader() as reader:
        traps = [file for file in hostile.made(trap.address, trap.secret, small=True) if file[0] in wanted]
        assert {name for name, _ in traps} == wanted
        for name, data in [*traps, *hostile.fuzzed(random.Random(7), 40)]:
            _one(tally, reader, name, data)
        assert trap.count == 0
    assert (tally.files, tally.crashes, tally.hangs) == (47, 0, 0), tally.worst
    assert [path.name for path in tmp_path.iterdir()] == ["secret.txt"]
