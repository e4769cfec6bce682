"""`./prosaas bench endtoend`: real documents as a mailbox, through stand-in, worker and database, then scored."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import config as settings
import models
import money
from bench import real_mail
from tests.support.product import product

_MOST_S = 3600
_SCORED = ("sroie", "deepform", "einvoice_xml", "einvoice_pdf", "mail", "rewe", "negatives")


def main(argv: list[str]) -> int:
    """Build the mailbox, sync it end to end, print outcomes and the scorer's table."""
    parser = argparse.ArgumentParser(prog="./prosaas bench endtoend", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with truth/, files/ and score.py")
    parser.add_argument("--keep", type=Path, help="keep the readings in this folder")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="endtoend-") as name:
        folder = Path(name)
        mails = real_mail.write(args.data, folder / "mail")
        (folder / "data").mkdir()
        began = time.monotonic()
        with product(folder / "data", folder / "mail") as running:
            running.start_web()
            running.start_worker()
            business = running.business("Bench")
            business.connect()
            started = business.sync()
            run = business.finished(started.json().get("run_id"), seconds=_MOST_S)
            seconds = time.monotonic() - began
            readings = _readings(settings.load(running.env, folder), running.standin.messages(), mails)
        keep = args.keep or folder / "readings"
        _report(args.data, keep, readings, run, seconds)
    return 0


def _readings(
    config: settings.Config, messages: list[dict[str, Any]], mails: dict[str, tuple[str, str]]
) -> list[dict[str, Any]]:
    """What the books say of every mail, in the shape of `./prosaas read`."""
    models.connect(config)
    file_of = {message["id"]: Path(message["file"]).name for message in messages}
    found = []
    with models.db.connection_context():
        for mail in models.Mail.select().order_by(models.Mail.id):
            corpus, file = mails[file_of[mail.source_id]]
            receipts = models.Receipt.select().where(models.Receipt.mail == mail).order_by(models.Receipt.ordinal)
            found.append(
                {
                    "corpus": corpus,
                    "file": file,
                    "outcome": mail.outcome,
                    "reason": mail.reason_code,
                    "is_receipt": mail.outcome in {"receipt", "duplicate"},
                    "receipts": [_receipt(row) for row in receipts],
                }
            )
    return found


def _receipt(row: models.Receipt) -> dict[str, Any]:
    def text(minor: int | None) -> str | None:
        return None if minor is None else f"{money.to_decimal(minor, row.currency):f}"

    return {
        "kind": row.kind,
        "vendor": row.vendor,
        "number": row.number,
        "date": row.date.isoformat() if row.date else None,
        "currency": row.currency,
        "total": text(row.total_minor),
        "payable": text(row.payable_minor),
        "net": text(row.net_minor),
        "tax": [{"rate": line["rate"], "amount": text(line["amount_minor"])} for line in row.tax],
        "flags": row.flags,
    }


def _report(data: Path, keep: Path, readings: list[dict[str, Any]], run: dict[str, Any], seconds: float) -> None:
    keep.mkdir(parents=True, exist_ok=True)
    print(f"mails {len(readings)}, {seconds:.0f} s, run {run['status']}, counters {json.dumps(run['counters'])}")
    for corpus, outcomes in sorted(_outcomes(readings).items()):
        print(f"  {corpus:14} " + "  ".join(f"{name} {count}" for name, count in sorted(outcomes.items())))
    silent = [one["file"] for one in readings if one["outcome"] == "waiting" or not one["reason"]]
    print(f"mails without an outcome or a reason: {len(silent)}")
    for corpus in _SCORED:
        path = keep / f"{corpus}.jsonl"
        path.write_text(
            "".join(json.dumps(one) + "\n" for one in readings if one["corpus"] == corpus), encoding="utf-8"
        )
        scorer = [sys.executable, str(data / "score.py"), corpus, str(path)]
        print(subprocess.run(scorer, capture_output=True, text=True, check=True).stdout.strip())


def _outcomes(readings: list[dict[str, Any]]) -> dict[str, Counter[str]]:
    tally: dict[str, Counter[str]] = {}
    for one in readings:
        tally.setdefault(one["corpus"], Counter())[one["outcome"]] += 1
    return tally
