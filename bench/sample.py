"""The reading against the sample mailbox: which mails it takes for receipts, and which figures it gets right."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench import report
from receipts.child import Reader
from receipts.fields.names import core
from receipts.types import MessageReading, Outcome, Reading

MAILBOX = Path(__file__).resolve().parents[1] / "demo" / "mailbox"
FIELDS = ("vendor", "date", "total", "currency", "number", "tax", "kind")
WAITING = "waiting_document"


@dataclass
class Score:
    """What a run over the mailbox showed."""

    found: Counter[str] = field(default_factory=Counter)  # "text", "photo", "waiting": receipts that were found
    wanted: Counter[str] = field(default_factory=Counter)
    taken: list[str] = field(default_factory=list)  # mails that are none, taken for receipts
    others: int = 0
    right: Counter[tuple[str, str]] = field(default_factory=Counter)  # (sort, field)
    given: Counter[tuple[str, str]] = field(default_factory=Counter)
    unflagged: int = 0
    unflagged_right: int = 0
    told: int = 0
    faults: list[str] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)


def mails(folder: Path = MAILBOX) -> dict[str, dict[str, Any]]:
    """Truth of every mail of the sample mailbox by its file's name; those that sync leaves out are not among them."""
    truth: dict[str, dict[str, Any]] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["mails"]
    return {name: row for name, row in truth.items() if row["outcome"] != "skipped"}


def score(readings: Iterable[tuple[str, dict[str, Any], MessageReading]]) -> Score:
    """Compare readings with their truth.

    Args:
        readings: (file's name, its truth, what was read) of each mail.
    """
    out = Score()
    for name, truth, reading in readings:
        got = list(reading.receipts) if reading.outcome is Outcome.RECEIPT else []
        if truth["outcome"] == WAITING:
            out.wanted["waiting"] += 1
            good = any(f.code == WAITING for r in got for f in r.flags)
            out.found["waiting"] += good
            if not good:
                out.faults.append(f"{name}: not seen to wait for its document")
            continue
        if truth["outcome"] != "receipt":
            out.others += 1
            if got:
                out.taken.append(name)
                out.faults.append(f"{name}: taken for a receipt ({', '.join(r.code for r in reading.reasons)})")
            continue
        _receipts(out, name, truth["receipts"], got, reading)
    return out


def _receipts(out: Score, name: str, wanted: list[dict[str, Any]], got: list[Reading], reading: MessageReading) -> None:
    left = list(got)
    for want in wanted:
        sort = "photo" if want["source"] == "photo" else "text"
        out.wanted[sort] += 1
        mine = next((r for r in left if r.total.value == Decimal(want["total"])), left[0] if left else None)
        if mine is None:
            out.faults.append(f"{name}: not found ({', '.join(r.code for r in reading.reasons)})")
            continue
        left.remove(mine)
        out.found[sort] += 1
        flagged = {f.field for f in mine.flags}
        for key in FIELDS:
            value = _value(mine, key)
            if not _wanted(want, key):
                continue
            out.given[sort, key] += 1
            good = _right(want, key, value)
            out.right[sort, key] += good
            if not good:
                mark = " (flagged)" if flagged & {key, "*"} else ""
                out.faults.append(f"{name}: {key} {value}, truth {_wanted(want, key)}{mark}")
            if value not in (None, "") and key != "kind":
                out.told += 1
                if not flagged & {key, "*"}:
                    out.unflagged += 1
                    out.unflagged_right += good
    for extra in left:
        out.faults.append(f"{name}: one receipt too many, of {extra.total.value}")


def _value(reading: Reading, key: str) -> Any:
    if key == "tax":
        amounts = [t.amount for t in reading.tax if t.amount is not None]
        return sum(amounts, Decimal(0)) if amounts else None
    return getattr(reading, key).value


def _wanted(want: dict[str, Any], key: str) -> Any:
    if key == "tax":
        return sum((Decimal(t["amount"]) for t in want["tax"]), Decimal(0)) if want["tax"] else None
    return want.get(key)


def _right(want: dict[str, Any], key: str, value: Any) -> bool:
    if value is None:
        return False
    if key == "vendor":
        names = [core(n) for n in (want["vendor"], *want["vendor_alternatives"])]
        mine = core(value)
        return any(mine == n or (len(n) > 3 and (n in mine or mine in n)) for n in names if n)
    if key == "number":
        plain = ["".join(c for c in n.upper() if c.isalnum()) for n in (want["number"], *want["number_alternatives"])]
        return "".join(c for c in value.upper() if c.isalnum()) in plain
    if key in {"total", "tax"}:
        return bool(Decimal(value) == Decimal(_wanted(want, key)))
    return str(value) == str(want[key])


def figures(result: Score) -> dict[str, report.Figure]:
    """The figures of a run, shares from 0 to 1."""
    out: dict[str, report.Figure] = {}
    for sort in ("text", "photo", "waiting"):
        out[f"{sort}.wanted"] = result.wanted[sort]
        out[f"{sort}.found"] = _share(result.found[sort], result.wanted[sort])
    out["others"] = result.others
    out["others_taken"] = len(result.taken)
    for sort in ("text", "photo"):
        for key in FIELDS:
            out[f"{sort}.{key}.exact"] = _share(result.right[sort, key], result.given[sort, key])
    out["unflagged_right"] = _share(result.unflagged_right, result.unflagged)
    out["flagged_share"] = 1 - result.unflagged / result.told if result.told else None
    times = sorted(result.milliseconds)
    out["ms_p50"] = times[len(times) // 2] if times else None
    return out


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def main(argv: Sequence[str]) -> int:
    """`./prosaas bench sample`: print the figures; with --list what was wrong."""
    options = report.parser("sample", __doc__ or "")
    options.add_argument("--list", action="store_true", help="name every fault")
    options.add_argument("--ocr", default="auto", help="auto, off or an engine's name")
    chosen = options.parse_args(argv)
    times: list[float] = []
    result: list[tuple[str, dict[str, Any], MessageReading]] = []
    with Reader(ocr=chosen.ocr, seconds=60) as reader:
        for name, truth in mails().items():
            if chosen.quick and any(r["source"] == "photo" for r in truth["receipts"]):
                continue
            raw = (MAILBOX / name).read_bytes()
            start = time.perf_counter()
            reading = reader.read_message(raw)
            times.append((time.perf_counter() - start) * 1000)
            result.append((name, truth, reading))
    outcome = score(result)
    outcome.milliseconds = times
    report.publish("sample", figures(outcome), as_json=chosen.json, quick=chosen.quick)
    if chosen.list:
        print("\n".join(outcome.faults), file=sys.stderr)
    return 0
