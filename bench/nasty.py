"""Broken and hostile files: each gets a typed answer in time, from children without network, and nothing gets out.

`--data FOLDER` adds the broken files of the development data (folders files/nasty_*); without it the files that are
made here are read alone: bombs, external entities, broken structures, and a fuzzer over mail, PDF, XML, HTML, pictures
and QR codes. A crash is an answer `reader_crashed` or `reader_error`, a hang one that took longer than the limit (a
child that was killed in time has answered), an escape a connection that a listener on this host got, a file that
appeared or changed outside, or an answer that shows what a trap pointed at.
"""

from __future__ import annotations

import json
import os
import random
import resource
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import report
from bench.made import hostile
from receipts.child import Reader
from receipts.types import MessageReading

LIMIT_S = 30.0
MEMORY_MB = 1000.0
_ENDINGS = frozenset([".pdf", ".eml", ".xml", ".html", ".jpg", ".png", ".tif", ".tiff", ".gif", ".zip", ".msg", ".doc"])
_SKIPPED = frozenset([".md", ".rst", ".py", ".json", ".rb", ".gitignore"])


@dataclass
class Tally:
    """What a run saw."""

    files: int = 0
    crashes: int = 0
    hangs: int = 0
    found: int = 0
    slowest_s: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    worst: list[str] = field(default_factory=list)


def main(argv: Sequence[str]) -> int:
    """`./prosaas bench nasty [--data FOLDER] [--quick]`: print the figures and keep them."""
    options = report.parser("nasty", (__doc__ or "").partition("\n")[0])
    options.add_argument("--data", type=Path, help="folder with files/nasty_*, read besides what is made here")
    options.add_argument("--seed", type=int, default=1, help="the fuzzer's")
    options.add_argument("--cases", type=int, default=1500, help="how many fuzzed files (quick: 250)")
    chosen = options.parse_args(argv)
    tally, escapes = Tally(), 0
    with tempfile.TemporaryDirectory() as folder, Trap(Path(folder)) as trap, Reader() as reader:
        home = Path.cwd()
        before = _listing(home)
        cases = 250 if chosen.quick else chosen.cases
        deadline = time.monotonic() + (45.0 if chosen.quick else 3600.0)
        for name, data in _all(chosen.data, trap, chosen.seed, cases, quick=chosen.quick):
            if time.monotonic() > deadline:
                break
            _one(tally, reader, name, data)
        escapes = trap.count + sum(_listing(home).get(path) != size for path, size in before.items())
        escapes += len(set(_listing(home)) - set(before))
        escapes += _listing(Path(folder)) != trap.listing
        memory = max([0.0, *(report.memory_mb(pid) for pids in reader.pids for pid in pids)])
    figures: dict[str, report.Figure] = {
        "files": tally.files,
        "crashes": tally.crashes,
        "hangs": tally.hangs,
        "escapes": escapes,
        "read_as_receipts": tally.found,
        "slowest_s": tally.slowest_s,
        "worker_mb": memory or None,
        **{f"outcome.{name}": count for name, count in sorted(tally.outcomes.items())},
    }
    report.publish("nasty", figures, as_json=chosen.json, quick=chosen.quick)
    for line in tally.worst[:10]:
        print(line)
    return 1 if tally.crashes or tally.hangs or escapes else 0


def _all(data: Path | None, trap: Trap, seed: int, cases: int, *, quick: bool) -> Iterator[tuple[str, bytes]]:
    yield from hostile.fuzzed(random.Random(seed), cases)
    yield from hostile.made(trap.address, trap.secret, small=quick)
    if data is None:
        return
    paths = sorted(p for top in sorted((data / "files").glob("nasty_*")) for p in top.rglob("*") if p.is_file())
    for number, path in enumerate(p for p in paths if p.suffix.lower() not in _SKIPPED):
        if not quick or number % 8 == 0:
            yield f"data {number}{path.suffix.lower() if path.suffix.lower() in _ENDINGS else ''}", path.read_bytes()


def _one(tally: Tally, reader: Reader, name: str, data: bytes) -> None:
    start = time.perf_counter()
    codes: set[str] = set()
    try:
        reading = reader.read_file(data, name.replace(" ", "-"), passwords=["wrong"])
        codes = {reason.code for reason in reading.reasons}
        typed = bool(reading.reasons) and _plain(reading)
        tally.outcomes[reading.outcome.value] += 1
        tally.found += bool(reading.receipts)
    except Exception as error:  # noqa: BLE001 - what the reading must never do is what is counted here
        typed = False
        codes = {type(error).__name__}
    seconds = time.perf_counter() - start
    tally.files += 1
    tally.slowest_s = max(tally.slowest_s, seconds)
    if not typed or codes & {"reader_crashed", "reader_error"} or hostile.SECRET.encode() in str(codes).encode():
        tally.crashes += 1
        tally.worst.append(f"crash: {name} {sorted(codes)}")
    if seconds > LIMIT_S:
        tally.hangs += 1
        tally.worst.append(f"hang: {name} {seconds:.1f} s")


def _plain(reading: MessageReading) -> bool:
    """Whether the answer can be written down, and shows nothing of the trap's file."""
    told = json.dumps([r.text for r in reading.reasons] + [str(r.vendor.value) for r in reading.receipts])
    told.encode("utf-8")
    return hostile.SECRET not in told and hostile.SECRET not in repr(reading.receipts)


def _listing(folder: Path) -> dict[str, int]:
    """Files of a folder and their sizes; the reports of benchmarks are left out."""
    return {p.name: p.stat().st_size for p in folder.iterdir() if p.is_file()}


class Trap:
    """A listener on this host and a file with a secret: what a file that reaches out would touch."""

    def __init__(self, folder: Path) -> None:
        """Write the file and open the port."""
        self.secret = folder / "secret.txt"
        self.secret.write_text(hostile.SECRET, encoding="utf-8")
        self.listing = _listing(folder)
        self.count = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._closing = False

    def __enter__(self) -> Trap:
        """Begin to listen."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the port."""
        self._closing = True
        with socket.create_connection(("127.0.0.1", int(self.address.rpartition(":")[2])), timeout=5):
            pass
        self._thread.join(5)
        self._server.close()

    def _listen(self) -> None:
        while True:
            connection, _ = self._server.accept()
            connection.close()
            if self._closing:
                return
            self.count += 1


if os.name != "posix":
    raise SystemExit("The children that read documents need a POSIX system.")
