"""A mailbox of real documents and mails, made from a folder of development data; nothing of it enters the project."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

_FIRST = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_TYPES = {".pdf": "application/pdf", ".xml": "application/xml", ".jpg": "image/jpeg", ".png": "image/png"}
CORPORA = ("sroie", "deepform", "einvoice_xml", "einvoice_pdf", "mail", "rewe", "negatives")


def documents(data: Path) -> Iterator[tuple[str, str]]:
    """(corpus, file) of every document with a truth line whose file is there; slips only where there is a picture."""
    for corpus in CORPORA:
        for line in (data / "truth" / f"{corpus}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if (data / "files" / row["file"]).is_file() and row.get("has_image", True):
                yield corpus, row["file"]
    for path in sorted((data / "files").glob("nasty_*/**/*")):
        if path.is_file() and path.suffix.lower() in {".pdf", ".eml", ".msg", ".txt"}:
            yield "nasty", str(path.relative_to(data / "files"))


def write(data: Path, folder: Path) -> dict[str, tuple[str, str]]:
    """One .eml a document into `folder`; gives file name of the mail → (corpus, file)."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for number, (corpus, file) in enumerate(documents(data)):
        source = data / "files" / file
        name = f"{number:05d}.eml"
        (folder / name).write_bytes(_mail(corpus, source, number))
        written[name] = (corpus, file)
    return written


def _mail(corpus: str, source: Path, number: int) -> bytes:
    raw = source.read_bytes()
    if corpus == "negatives" or (corpus == "nasty" and source.suffix.lower() != ".pdf"):
        return raw
    mail = EmailMessage()
    mail["From"] = "Office <office@colleague.example>"
    mail["To"] = "me@example.com"
    mail["Date"] = format_datetime(_FIRST + timedelta(minutes=number))
    mail["Message-ID"] = f"<{hashlib.sha256(str(source.name).encode()).hexdigest()[:20]}.{number}@bench.example>"
    if corpus == "mail":
        mail["Subject"] = "Fwd: Your order"
        mail.set_content(raw.decode("utf-8", "replace"), subtype="html", cte="base64")
        return mail.as_bytes()
    mail["Subject"] = "Receipt from the phone" if corpus == "sroie" else "Invoice"
    mail.set_content("Here it is, please file it.\n")
    main, sub = _TYPES.get(source.suffix.lower(), "application/octet-stream").split("/")
    mail.add_attachment(raw, maintype=main, subtype=sub, filename=source.name)
    return mail.as_bytes()
