"""Uploaded files in the ledger: one row a file of that content, in the business's upload mailbox."""

from __future__ import annotations

import re
import unicodedata

import clock
from errors import Tellable
from models import Awaited, Mail, Mailbox, write
from store import mailboxes

LARGEST = 50 * 1024 * 1024


def clean_name(name: str) -> str:
    """The file's own name: no folders, no control characters, not longer than a file name may be."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode()))[-1]
    return re.sub(r"[\x00-\x1f\x7f]+", " ", last).strip()[:200] or "file"


def check(data: bytes) -> None:
    """Tellable `empty_file` or `too_large` where a file cannot be taken."""
    if not data:
        raise Tellable("empty_file", "This file is empty.")
    if len(data) > LARGEST:
        raise Tellable("too_large", f"This file is larger than {LARGEST // 1024 // 1024} MB.")


def keep(business_id: int, sha256: str, name: str, size: int, mailbox: Mailbox | None = None) -> tuple[int, bool]:
    """The ledger's row of a file whose bytes are safe, and whether it is new; one that failed is tried again.

    mailbox: where it came from, the business's uploads unless given.
    """
    mailbox = mailbox or mailboxes.uploads(business_id)
    with write():
        row = Mail.get_or_none(Mail.mailbox == mailbox, Mail.source_id == sha256)
        if row is not None and row.outcome != "failed":
            return row.id, False
        if row is None:
            row = Mail(business=business_id, mailbox=mailbox, source_id=sha256, received_at=clock.now())
        row.state, row.outcome, row.priority = "fetched", "waiting", 10
        row.reason_code, row.reason_text = "not_read_yet", "Not read yet."
        row.raw_sha256, row.size, row.subject, row.tries, row.next_try_at = sha256, size, name, 0, None
        row.save()
    return row.id, True


def bring(business_id: int, sha256: str, name: str, size: int, receipt_id: int) -> None:
    """A file for a receipt that waits for its document, into the ledger; Tellable `file_known`."""
    with write():  # together: a worker that sees the file must see what it was brought for
        mail_id, new = keep(business_id, sha256, name, size)
        if not new:
            raise Tellable("file_known", "This file is here already; merge its receipt with this one.")
        Awaited.delete().where(Awaited.mail == mail_id).execute()
        Awaited.create(business=business_id, mail=mail_id, receipt=receipt_id)
