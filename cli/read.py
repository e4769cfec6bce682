"""`./prosaas read FILE… --json`: what the reading makes of files, without database or Redis."""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from receipts.types import Box, Field, MessageReading, Outcome, Reading

_FIELDS = (
    "kind", "vendor", "vendor_tax_id", "number", "date", "due_date", "currency", "total", "payable", "net", "tip",
    "discount", "payment_method", "card_last4", "billed_to", "allocation_number",
)  # fmt: skip
_MONEY = {"total", "payable", "net"}


def main(argv: Sequence[str]) -> int:
    """Read the files that are named and print what was found; 0, or 2 with a sentence."""
    options = _parser().parse_args(argv)
    files = list(options.files)
    if options.list:
        try:
            files += [line for line in Path(options.list).read_text(encoding="utf-8").splitlines() if line.strip()]
        except OSError as error:
            print(f"The list {options.list} cannot be read ({error.strerror}).", file=sys.stderr)
            return 2
    if not files:
        print("Name the files to read, or give a list of them with --from.", file=sys.stderr)
        return 2
    if options.words and len(files) != 1:
        print("--words gives the words of one picture: name exactly one file.", file=sys.stderr)
        return 2
    status = 0
    for name, reading in _readings(files, options):
        if isinstance(reading, str):
            print(reading, file=sys.stderr)
            status = 2
            continue
        if options.json:
            print(json.dumps(as_json(name, reading), ensure_ascii=False), flush=True)
        else:
            _print(name, reading)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="prosaas read", description="Read mails and files and print what was found.")
    parser.add_argument("files", nargs="*", help="mails (.eml), PDF, pictures, XML, HTML")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--from", dest="list", metavar="FILE", help="a file with one name a line")
    parser.add_argument("--ignore-xml", action="store_true", help="leave e-invoice XML within PDFs aside")
    parser.add_argument("--words", metavar="CSV", help="a picture's words (x1,y1,…,x4,y4,text a line) in place of OCR")
    parser.add_argument("--password", action="append", default=[], help="tried on locked PDFs; may be repeated")
    parser.add_argument(
        "--ocr", default=os.environ.get("OCR", "auto"), help="auto, off or an engine's name (default: OCR)"
    )
    return parser


def _readings(files: Sequence[str], options: argparse.Namespace) -> Iterator[tuple[str, MessageReading | str]]:
    from receipts.child import Reader

    with Reader(ocr=options.ocr) as reader:
        for name in files:
            try:
                data = Path(name).read_bytes()
            except OSError as error:
                yield name, f"The file {name} cannot be read ({error.strerror})."
                continue
            if options.words:
                from receipts.documents.words import from_csv
                from receipts.reader import read_file

                try:
                    rows = list(
                        csv.reader(Path(options.words).read_text(encoding="utf-8", errors="replace").splitlines())
                    )
                except OSError as error:
                    yield name, f"The file {options.words} cannot be read ({error.strerror})."
                    continue
                yield name, read_file(data, name, words=from_csv(rows))
            else:
                yield name, reader.read_file(data, name, passwords=options.password, ignore_xml=options.ignore_xml)


def as_json(name: str, reading: MessageReading) -> dict[str, Any]:
    """The object that docs/reading.md describes: amounts as the document prints them."""
    return {
        "file": name,
        "is_receipt": reading.outcome is Outcome.RECEIPT,
        "outcome": reading.outcome.value,
        "reasons": [{"code": r.code, "text": r.text, "weight": r.weight} for r in reading.reasons],
        "receipts": [_receipt(r) for r in reading.receipts],
    }


def _receipt(reading: Reading) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name in _FIELDS:
        field: Field[Any] = getattr(reading, name)
        out[name] = _plain(field.value, turn=reading.turned and name in _MONEY)
    turn = reading.turned
    out["tax"] = [
        {"rate": _plain(t.rate), "base": _plain(t.base, turn=turn), "amount": _plain(t.amount, turn=turn)}
        for t in reading.tax
    ]
    out["items"] = [
        {"description": i.description, "quantity": _plain(i.quantity), "amount": _plain(i.amount, turn=turn)}
        for i in reading.items
    ]
    out["flags"] = [{"field": f.field, "code": f.code, "text": f.text} for f in reading.flags]
    out["confidence"] = {
        name: getattr(reading, name).confidence for name in _FIELDS if getattr(reading, name).value is not None
    }
    out["evidence"] = {
        name: {
            "why": f.why,
            "quote": f.quote,
            "box": _box(f.box),
            "rivals": [_plain(c.value, turn=turn and name in _MONEY) for c in f.candidates[1:]],
        }
        for name in _FIELDS
        if (f := getattr(reading, name)).value is not None
    }
    out["source"] = reading.source
    out["part"] = reading.part
    return out


def _plain(value: object, *, turn: bool = False) -> object:
    if isinstance(value, Decimal):
        return f"{-value if turn else value:f}"
    return value.isoformat() if isinstance(value, date) else value


def _box(box: Box | None) -> dict[str, float] | None:
    return {"page": box.page, "x0": box.x0, "y0": box.y0, "x1": box.x1, "y1": box.y1} if box else None


def _print(name: str, reading: MessageReading) -> None:
    print(f"{name}: {'receipt' if reading.outcome is Outcome.RECEIPT else reading.outcome.value}")
    for receipt in reading.receipts:
        plain = _receipt(receipt)
        for field in _FIELDS:
            if plain[field] is not None:
                sure, why = plain["confidence"][field], plain["evidence"][field]["why"]
                print(f"  {field:14} {plain[field]}  ({sure:.2f}: {why})")
        for flag in plain["flags"]:
            print(f"  ! {flag['field']}: {flag['text']}")
    for reason in reading.reasons:
        print(f"  {reason.weight:+.1f} {reason.text}")
