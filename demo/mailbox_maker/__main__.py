"""`python -m demo.mailbox_maker [FOLDER]` writes the sample mailbox anew: the letters, labels.json and truth.json."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from demo.mailbox_maker import broken, letter

FOLDER = Path(__file__).parent.parent / "mailbox"


def main(argv: list[str]) -> int:
    """Write all files into the folder (default: demo/mailbox), replacing the letters that lie there."""
    folder = Path(argv[0]) if argv else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    letters: list[letter.Letter] = []
    known: dict[str, bytes] = {}
    for table in sorted(letter.tables(), key=lambda t: bool(t.get("forwards"))):
        made = broken.damaged(table, letter.write(table, known))
        if made.file in known:
            raise SystemExit(f"two letters are called {made.file}")
        known[made.file] = made.raw
        if not table.get("hidden"):
            letters.append(made)
    letters.sort(key=lambda one: one.file)
    for old in folder.glob("*.eml"):
        old.unlink()
    for one in letters:
        (folder / one.file).write_bytes(one.raw)
    labels = {
        one.file: {
            **({"labels": one.labels} if one.labels else {}),
            **({"internal_date_ms": one.internal_date_ms} if one.internal_date_ms else {}),
        }
        for one in letters
        if one.labels or one.internal_date_ms
    }
    truth = {"counts": _counts(letters), "mails": {one.file: one.truth for one in letters}}
    for name, value in (("labels.json", labels), ("truth.json", truth)):
        (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(json.dumps(truth["counts"], ensure_ascii=False, indent=1))
    return 0


def _counts(letters: list[letter.Letter]) -> dict[str, object]:
    receipts = [row for one in letters for row in one.truth["receipts"]]

    def tally(key: str) -> dict[str, int]:
        return dict(sorted(Counter(str(row[key]) for row in receipts).items()))

    return {
        "mails": len(letters),
        "outcomes": dict(sorted(Counter(one.truth["outcome"] for one in letters).items())),
        "receipts": len(receipts),
        "vendors": len({row["vendor"] for row in receipts}),
        **{key: tally(key) for key in ("kind", "source", "language", "currency")},
        "months": dict(sorted(Counter(row["date"][:7] for row in receipts).items())),
        "bytes": sum(len(one.raw) for one in letters),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
