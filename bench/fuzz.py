"""Bytes that nobody meant, at every way in: the reading, Gmail's answers, the telephone and the API; with a corpus.

What behaves in a new way (another outcome, reason, status or code) is kept in `--corpus FOLDER`/<way in> and damaged
further; what broke a promise lies in FOLDER/<way in>/broken and is tried first the next time.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import report
from bench.fuzz_targets import TARGETS, Broken, Target
from bench.made import hostile

_LARGEST = 200_000  # of what is kept


@dataclass
class Corpus:
    """What is damaged further: given at first, found new since, and what once broke something."""

    folder: Path
    known: list[bytes] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    new: int = 0

    def load(self) -> tuple[list[bytes], list[bytes]]:
        """What was kept before, and of that what broke something."""
        kept = [path.read_bytes() for path in sorted(self.folder.glob("*")) if path.is_file()]
        broken = [path.read_bytes() for path in sorted((self.folder / "broken").glob("*"))]
        return kept, broken

    def note(self, data: bytes, behaviour: str) -> None:
        """Keep it where it behaves as nothing before."""
        if behaviour in self.seen:
            return
        self.seen.add(behaviour)
        self.known.append(data)
        if len(data) <= _LARGEST:
            self.new += self._keep(self.folder, data)

    def note_broken(self, data: bytes) -> None:
        """Keep it for the next time."""
        self._keep(self.folder / "broken", data)

    @staticmethod
    def _keep(folder: Path, data: bytes) -> bool:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / hashlib.sha256(data).hexdigest()[:16]
        if path.exists():
            return False
        path.write_bytes(data)
        return True


@dataclass
class Tally:
    """What one way in was tried with, and what broke."""

    tried: int = 0
    behaviours: int = 0
    new: int = 0
    broken: list[str] = field(default_factory=list)
    slowest_s: float = 0.0


def main(argv: Sequence[str]) -> int:
    """`./prosaas bench fuzz [--corpus FOLDER] [--seconds N] [--only NAME]`: 1 when a promise was broken."""
    options = report.parser("fuzz", (__doc__ or "").partition("\n")[0])
    options.add_argument("--corpus", type=Path, help="a folder that grows; without it everything is forgotten")
    options.add_argument("--seconds", type=float, help="for each way in (default: 300; with --quick 8)")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", choices=sorted(TARGETS), nargs="+", default=sorted(TARGETS))
    args = options.parse_args(argv)
    seconds = args.seconds or (8.0 if args.quick else 300.0)
    figures: dict[str, report.Figure] = {"seed": args.seed}
    bad = False
    for name in args.only:
        tally = _one(name, args, seconds)
        figures |= {
            f"{name}.tried": tally.tried,
            f"{name}.broken": len(tally.broken),
            f"{name}.behaviours": tally.behaviours,
            f"{name}.new_in_corpus": tally.new,
            f"{name}.slowest_s": tally.slowest_s,
        }
        for what in tally.broken[:10]:
            print(f"{name}: {what}")
        bad = bad or bool(tally.broken)
    report.publish("fuzz", figures, as_json=args.json, quick=args.quick)
    return int(bad)


def _one(name: str, args: argparse.Namespace, seconds: float) -> Tally:
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fuzz-")))
        target = stack.enter_context(TARGETS[name](scratch))
        return fuzz(target, Corpus((args.corpus or scratch / "corpus") / name), random.Random(args.seed), seconds)


def fuzz(target: Target, corpus: Corpus, pick: random.Random, seconds: float, most: int | None = None) -> Tally:
    """Try a way in for so long (or so many times): first what broke it once, then all that is known, then damage."""
    tally = Tally()
    end = time.monotonic() + seconds
    for data in _cases(target, corpus, pick):
        if tally.tried == most or time.monotonic() > end:
            break
        began = time.monotonic()
        try:
            behaviour = target.try_(data)
        except Broken as broken:
            tally.broken.append(str(broken))
            corpus.note_broken(data)
        else:
            corpus.note(data, behaviour)
        tally.tried += 1
        tally.slowest_s = max(tally.slowest_s, time.monotonic() - began)
    tally.behaviours, tally.new = len(corpus.seen), corpus.new
    return tally


def _cases(target: Target, corpus: Corpus, pick: random.Random) -> Iterator[bytes]:
    kept, broken = corpus.load()
    yield from broken
    yield from kept
    seeds = list(target.seeds())
    yield from seeds
    while True:
        known = corpus.known or seeds
        yield hostile.damaged(pick, pick.choice(known), pick.choice(known))
