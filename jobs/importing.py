"""Mail and documents from files: Takeout's mbox, .eml, folders and zips, into the ledger for a run to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from blobs import BlobStore
from models import Business
from sources import mbox
from sources.ports import RawMail
from store import ledger, mailboxes, uploads


@dataclass(slots=True)
class Count:
    """What became of the files: new, known before, left alone for their label, and not taken at all."""

    new: int = 0
    known: int = 0
    skipped: int = 0
    left_out: int = 0


def take(business: Business, blobs: BlobStore, items: Iterable[mbox.Item], count: Count) -> Iterator[mbox.LeftOut]:
    """Put each item on disk and then into the ledger, counting; yields what was not taken, with its reason.

    The same mail from another source, or imported before, is known and not taken twice.
    """
    box = mailboxes.imports(business)
    for item in items:
        if isinstance(item, mbox.LeftOut):
            count.left_out += 1
            yield item
        elif isinstance(item, RawMail):
            verdict = ledger.take_file(
                box,
                source_id=item.id,
                sha256=blobs.put(item.raw),
                size=len(item.raw),
                labels=item.labels,
                received_at=item.received_at,
            )
            setattr(count, verdict, getattr(count, verdict) + 1)
        else:
            name = uploads.clean_name(item.name)
            _, new = uploads.keep(business.id, blobs.put(item.data), name, len(item.data))
            count.new += new
            count.known += not new
