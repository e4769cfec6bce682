"""Background work done in this process, and receipts with documents that really lie in the blob store."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from blobs import FolderBlobs
from config import Config
from jobs import work as steps
from jobs.adapters import blob_folder
from jobs.kinds import KINDS
from jobs.work import Kind
from jobs.workshop import Workshop
from models import Business, Export, Receipt, Work
from store import exports, work
from tests.support import web


def shop(config: Config, stopping: bool = False) -> Workshop:
    """What a step works with."""
    nothing: Any = None
    blobs = FolderBlobs(blob_folder(config))
    return Workshop(config, blobs, nothing, lambda _: True, nothing, lambda: stopping, nothing)


def done(config: Config, work_id: int | None, kinds: Mapping[str, Kind] = KINDS) -> Work:
    """The work, stepped to its end; pauses are skipped."""
    assert work_id is not None
    tools = shop(config)
    for _ in range(500):
        Work.update(next_try_at=0).where(Work.id == work_id).execute()
        steps.step(tools, work_id, kinds)
        if Work.get_by_id(work_id).status not in work.ACTIVE:
            break
    return Work.get_by_id(work_id)


def made(config: Config, row: Export) -> Export:
    """The export once it is over."""
    done(config, row.work_id)
    return exports.one(row.business_id, row.id)


def content(config: Config, row: Export, number: int = 0) -> bytes:
    """The bytes of one of its files."""
    return FolderBlobs(blob_folder(config)).get(row.files[number]["sha256"])


def receipt(config: Config, business: Business, document: bytes | None = None, **values: Any) -> Receipt:
    """A receipt whose document has these bytes, else a page of its own."""
    data = document if document is not None else pdf(str(values.get("number", "")))
    key = FolderBlobs(blob_folder(config)).put(data)
    named = {"sha256": key, "size": len(data), **values.pop("file", {})}
    return web.receipt(business, document=named, **values)


def pdf(text: str) -> bytes:
    """One page that says the text."""
    from fpdf import FPDF

    page = FPDF()
    page.add_page()
    page.set_font("helvetica", size=20)
    page.cell(text=f"Invoice {text}")
    out = io.BytesIO()
    page.output(out)
    return out.getvalue()
