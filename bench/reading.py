"""The reading against corpora of real documents with their truth: found, each field exact, flagged when wrong.

The corpora are not part of the project: `--data FOLDER` names a folder with `truth/CORPUS.jsonl` and `files/`.
Without it the sample mailbox is read. A report names corpus, number of the document and field, never a value.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bench import report, sample
from cli.read import as_json
from receipts.child import Reader
from receipts.fields.names import core

WORST = 10
QUICK = 12  # documents of each corpus in a quick run
FIELDS = {
    "sroie": ("vendor", "date", "total"),
    "sroie_words": ("vendor", "date", "total"),
    "deepform": ("total", "number"),
    "einvoice_xml": ("vendor", "date", "total", "tax", "currency", "number"),
    "einvoice_pdf": ("vendor", "date", "total", "tax", "currency", "number"),
    "einvoice_text": ("vendor", "date", "total", "currency", "number"),
    "mail": ("date", "total", "currency", "number"),
    "rewe": ("vendor", "date", "total", "tax", "currency", "number"),
}
_TRUTH = {"sroie_words": "sroie", "einvoice_text": "einvoice_pdf"}  # read another way, the same truth
_TEXT = ("einvoice_pdf", "einvoice_text", "deepform", "mail", "rewe", "negatives")
_NUMBERS = ("invoice_number", "order_number", "receipt_number")


@dataclass
class Tally:
    """What a corpus showed."""

    documents: int = 0
    found: int = 0
    wanted: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    lines_wanted: int = 0
    lines_right: int = 0
    unflagged: int = 0
    unflagged_right: int = 0
    worst: list[tuple[int, int, str]] = field(default_factory=list)  # (faults, number of the document, what)


@dataclass
class Run:
    """A run over all corpora."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    text_ms: list[float] = field(default_factory=list)
    ocr_s: list[float] = field(default_factory=list)
    text_mb: float = 0.0
    ocr_mb: float = 0.0
    taken: dict[str, tuple[int, int]] = field(default_factory=dict)  # kind -> (mails, taken for receipts)


def main(argv: Sequence[str]) -> int:
    """`./prosaas bench reading [--data FOLDER]`: print the figures and keep them."""
    options = report.parser("reading", (__doc__ or "").partition("\n")[0])
    options.add_argument(
        "--data", type=Path, help="folder with truth/ and files/; without it the sample mailbox is read"
    )
    options.add_argument("--corpus", action="append", help="only this one; may be repeated")
    chosen = options.parse_args(argv)
    if chosen.data is None:
        arguments = ["--json"] * chosen.json + ["--quick"] * chosen.quick
        return sample.main(arguments)
    if not (chosen.data / "truth").is_dir():
        options.error(f"the folder {chosen.data} holds no truth/")
    run = read_all(chosen)
    report.publish("reading", figures(run), as_json=chosen.json, quick=chosen.quick)
    _keep_worst(run, quick=chosen.quick)
    return 0


def read_all(chosen: argparse.Namespace) -> Run:
    """Read every document of the chosen corpora."""
    run = Run()
    with Reader(seconds=60) as reader:
        for corpus in chosen.corpus or [*FIELDS, "negatives"]:
            rows = list(_rows(chosen.data, _TRUTH.get(corpus, corpus)))
            if corpus == "sroie":
                rows = [row for row in rows if (chosen.data / "files" / row["file"]).exists()]
            if chosen.quick:
                rows = rows[: 3 if corpus == "sroie" else QUICK]
            if corpus == "negatives":
                _negatives(run, reader, chosen.data, rows)
                continue
            tally = run.tallies.setdefault(corpus, Tally())
            for number, row in enumerate(rows):
                _score(tally, corpus, number, row, _read(run, reader, chosen.data, corpus, row))
    return run


def _rows(data: Path, corpus: str) -> Iterator[dict[str, Any]]:
    path = data / "truth" / f"{corpus}.jsonl"
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def _read(run: Run, reader: Reader, data: Path, corpus: str, row: dict[str, Any]) -> dict[str, Any]:
    name = row["file"]
    if corpus == "sroie_words":
        from receipts.documents.words import from_csv
        from receipts.reader import read_file

        words = (data / "files" / row["ocr"]).read_text(encoding="utf-8", errors="replace")
        return as_json(name, read_file(b"\xff\xd8\xff", name, words=from_csv(list(csv.reader(words.splitlines())))))
    raw = (data / "files" / name).read_bytes()
    start = time.perf_counter()
    reading = reader.read_file(raw, name, ignore_xml=corpus == "einvoice_text")
    seconds = time.perf_counter() - start
    texts, pictures = reader.pids
    if corpus == "sroie":
        run.ocr_s.append(seconds)
    elif corpus in _TEXT:
        run.text_ms.append(seconds * 1000)
    if len(run.text_ms) % 10 == 0:
        run.text_mb = max([run.text_mb, *map(report.memory_mb, texts)])
    run.ocr_mb = max([run.ocr_mb, *map(report.memory_mb, pictures)])
    return as_json(name, reading)


def _negatives(run: Run, reader: Reader, data: Path, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        got = _read(run, reader, data, "negatives", row)
        kind = "tracking" if row["kind"] == "tracking" else "other_mail"
        mails, taken = run.taken.get(kind, (0, 0))
        run.taken[kind] = (mails + 1, taken + bool(got["is_receipt"]))


# -- comparing -------------------------------------------------------------------------------------


def _score(tally: Tally, corpus: str, number: int, row: dict[str, Any], got: dict[str, Any]) -> None:
    tally.documents += 1
    receipts = got["receipts"]
    tally.found += bool(receipts)
    lines = row.get("n_lines") or row.get("n_items")
    if lines:
        tally.lines_wanted += 1
        tally.lines_right += sum(len(receipt["items"]) for receipt in receipts) == lines
    faults: list[str] = []
    if row.get("totals"):
        left = [_decimal(r["total"]) for r in receipts]
        for total in map(_decimal, row["totals"]):
            tally.wanted["total"] += 1
            if total in left:
                left.remove(total)
                tally.right["total"] += 1
            else:
                faults.append("an order missing")
        tally.given["total"] += len(receipts)
    else:
        first = receipts[0] if receipts else {}
        flagged = {flag["field"] for flag in first.get("flags", [])}
        for name in FIELDS[corpus]:
            want = _want(row, corpus, name)
            if want in (None, "", []):
                continue
            _count(tally, name, want, _given(first, name), faults, flagged=bool(flagged & {name, "*"}))
    if faults:
        tally.worst.append((len(faults), number, ", ".join(faults)))


def _count(tally: Tally, name: str, want: Any, value: Any, faults: list[str], *, flagged: bool) -> None:
    tally.wanted[name] += 1
    if value in (None, ""):
        faults.append(f"{name} missing")
        return
    tally.given[name] += 1
    good = same(name, value, want)
    tally.right[name] += good
    if not flagged:
        tally.unflagged += 1
        tally.unflagged_right += good
    if not good:
        faults.append(f"{name} wrong" + (", flagged" if flagged else ", not flagged"))


def _want(row: dict[str, Any], corpus: str, name: str) -> Any:
    keys = _NUMBERS if name == "number" else (name,)
    value = next((row[key] for key in keys if row.get(key)), None)
    printed = {"number": "invoice_number"}.get(name, name)
    if corpus == "einvoice_text" and printed in {"total", "invoice_number", "date", "vendor"}:
        return value if row.get("printed", {}).get(printed) else None
    return value


def _given(receipt: dict[str, Any], name: str) -> Any:
    if name != "tax":
        return receipt.get(name)
    amounts = [_decimal(line["amount"]) for line in receipt.get("tax", [])]
    if not amounts or None in amounts:
        return None
    return str(sum((a for a in amounts if a is not None), Decimal(0)))


def same(name: str, value: Any, want: Any) -> bool:
    """Whether a value is what the truth says: amounts as decimals, numbers by their signs, names by their core."""
    options = want if isinstance(want, list) else [want]
    if name in {"total", "tax"}:
        return _decimal(value) is not None and _decimal(value) == _decimal(want)
    if name == "number":
        return any(_squeezed(value) == _squeezed(option) for option in options if _squeezed(option))
    if name == "vendor":
        return any(_same_name(str(value), str(option)) for option in options if option)
    return str(value).upper() == str(want).upper()


def _same_name(a: str, b: str) -> bool:
    short, long = sorted((core(a), core(b)), key=len)
    if not short:
        return False
    return short == long or (len(short) >= 5 and short in long and len(short) * 2 >= len(long)) or _near(short, long)


def _near(a: str, b: str) -> bool:
    """Whether at most one sign in seven differs."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1] * 7 <= len(b)


def _squeezed(text: Any) -> str:
    return re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKD", str(text)).upper())


def _decimal(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value)).normalize()
    except InvalidOperation:
        return None


# -- the report ------------------------------------------------------------------------------------


def figures(run: Run) -> dict[str, report.Figure]:
    """Every figure of a run: shares from 0 to 1."""
    out: dict[str, report.Figure] = {}
    unflagged = right = told = 0
    for corpus, tally in run.tallies.items():
        if not tally.documents:
            continue
        out[f"{corpus}.documents"] = tally.documents
        out[f"{corpus}.found"] = tally.found / tally.documents
        for name in FIELDS[corpus]:
            if tally.wanted[name]:
                out[f"{corpus}.{name}.exact"] = tally.right[name] / tally.wanted[name]
        if tally.lines_wanted:  # documents with as many lines of goods as the truth counts
            out[f"{corpus}.lines.exact"] = tally.lines_right / tally.lines_wanted
        out[f"{corpus}.f1"] = 2 * sum(tally.right.values()) / (sum(tally.given.values()) + sum(tally.wanted.values()))
        given = sum(tally.given.values())
        if tally.unflagged:
            out[f"{corpus}.unflagged_right"] = tally.unflagged_right / tally.unflagged
            out[f"{corpus}.flagged_share"] = max(0.0, 1 - tally.unflagged / given)
        if corpus != "sroie_words":  # the same slips as sroie's
            unflagged += tally.unflagged
            right += tally.unflagged_right
            told += given
    for kind, (mails, taken) in run.taken.items():
        out[f"negatives.{kind}.taken"] = taken / mails
    out["unflagged_right"] = right / unflagged if unflagged else None
    out["flagged_share"] = 1 - unflagged / told if told else None
    out["text_ms_p50"] = _median(run.text_ms)
    out["ocr_s_p50"] = _median(run.ocr_s)
    out["worker_text_mb"] = run.text_mb or None
    out["worker_mb"] = max(run.text_mb, run.ocr_mb) or None
    return out


def _median(values: list[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None


def _keep_worst(run: Run, *, quick: bool) -> None:
    rows = sorted(
        ((faults, corpus, number, what) for corpus, t in run.tallies.items() for faults, number, what in t.worst),
        key=lambda row: (-row[0], row[1], row[2]),
    )
    worst = [{"corpus": corpus, "document": number, "what": what} for _, corpus, number, what in rows[:WORST]]
    path = report.REPORTS / f"reading-worst{'.quick' if quick else ''}.json"
    path.write_text(json.dumps(worst, indent=1) + "\n", encoding="utf-8")
