"""The monthly report: cover with sums, table of receipts, then every document's pages, linked and bookmarked."""

from __future__ import annotations

import contextlib
import io
import math
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Final

import pikepdf

from errors import Tellable
from receipts.export import labels
from receipts.export.report_pages import ROWS_PER_PAGE, Pages, Placed, cover_row
from receipts.export.rows import About, ExportDocument, ExportRow, LeftOut, Step, Written, named, no_step
from receipts.export.sheet import Sheet
from receipts.export.totals import totals_of

EXTENSION: Final = "pdf"
MEDIA_TYPE: Final = "application/pdf"
_PART_DOCUMENTS: Final = 100
_PART_BYTES: Final = 24 << 20

Bind = Callable[[ExportDocument], bytes]


def write(rows: Iterable[ExportRow], about: About, out: BinaryIO, *, bind: Bind, step: Step = no_step) -> Written:
    """The report.

    Args:
        rows: in the order of the table; all are kept, their documents are not.
        about: its language is that of the report; a Hebrew one runs from right to left.
        out: written to from where it stands.
        bind: makes a document a PDF that may be bound in (receipts.render.Renderer.bindable); what it tells
            (locked, damaged …) leaves that one document out, and the cover says so.
        step: called after every receipt whose documents were bound.
    """
    rows = list(rows)
    left_out: list[LeftOut] = []
    with tempfile.TemporaryDirectory(prefix="report-") as folder, contextlib.ExitStack() as stack:
        parts = _Parts(Path(folder))
        placed: list[Placed] = []
        for count, row in enumerate(rows, 1):
            sizes: list[tuple[float, float]] = []
            for document in row.documents:
                try:
                    sizes += parts.add(bind(document))
                except Tellable as error:
                    sentence = f"{document.filename} of {named(row)}: {error.sentence}"
                    left_out.append(LeftOut(row.id, sentence, document.filename))
            placed.append(Placed(sizes))
            step(count)
        parts.finish()
        drawn, boxes = _draw(rows, about, placed, left_out)
        report = stack.enter_context(pikepdf.open(io.BytesIO(drawn)))
        pages = (page for part in parts.files for page in stack.enter_context(pikepdf.open(part)).pages)
        for (number, box), page in zip(boxes, pages, strict=True):
            report.pages[number - 1].add_underlay(page, pikepdf.Rectangle(*box))
        whole = Path(folder) / "report.pdf"
        report.save(whole, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        with whole.open("rb") as file:
            shutil.copyfileobj(file, out)
    return Written(len(rows), tuple(left_out))


Box = tuple[float, float, float, float]


def _draw(
    rows: list[ExportRow], about: About, placed: list[Placed], left_out: list[LeftOut]
) -> tuple[bytes, list[tuple[int, Box]]]:
    """Everything but the documents' own pages, and where each of those goes: page number and box in points."""
    totals = totals_of(rows)
    rtl = labels.is_rtl(about.language)
    row, cover = cover_row(totals, about, left_out)
    before = cover + math.ceil((len(rows) + len(totals.currencies)) / ROWS_PER_PAGE)
    page = before
    for one in placed:
        one.first_page = page + 1 if one.sizes else 0
        page += len(one.sizes)
    sheet = Sheet(rtl=rtl, title=f"{about.business}, {labels.label(about.language, 'report')}")
    pages = Pages(sheet, about, page, row)
    pages.cover(totals, left_out)
    links = [sheet.target() for _ in rows]
    lines = pages.table(rows, placed, links, totals)
    boxes: list[tuple[int, Box]] = []
    backs: dict[int, int] = {}
    for index, (line, one) in enumerate(zip(rows, placed, strict=True)):
        if not one.sizes:
            continue
        back = backs.get(lines[index])
        if back is None:
            back = backs[lines[index]] = sheet.target()
            sheet.aim(back, lines[index])
        for offset, size in enumerate(one.sizes):
            box = pages.frame(index + 1, line, size, back)
            if offset == 0:
                if not boxes:
                    sheet.mark(labels.label(about.language, "documents"))
                sheet.aim(links[index], pages.count)
                sheet.mark(f"{index + 1}. {line.vendor or ''} {line.date or ''}", 1)
            boxes.append((pages.count, box))
    return bytes(sheet.pdf.output()), boxes


class _Parts:
    """Documents gathered in files of a hundred or so: neither memory nor open files grow with their number."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: list[Path] = []
        self._open: list[pikepdf.Pdf] = []
        self._bytes = 0

    def add(self, data: bytes) -> list[tuple[float, float]]:
        """Take a document in and give its pages' sizes in points, as they are seen."""
        try:
            document = pikepdf.open(io.BytesIO(data))
            sizes = [_size(page) for page in document.pages]
        except pikepdf.PdfError as error:
            sentence = "It is damaged and could not be bound in. The original is unharmed."
            raise Tellable("document_damaged", sentence) from error
        self._open.append(document)
        self._bytes += len(data)
        if len(self._open) >= _PART_DOCUMENTS or self._bytes >= _PART_BYTES:
            self.finish()
        return sizes

    def finish(self) -> None:
        """Put what was gathered into a file."""
        if not self._open:
            return
        path = self._folder / f"part-{len(self.files)}.pdf"
        with pikepdf.new() as part:
            for document in self._open:
                part.pages.extend(document.pages)
            part.save(path)
        for document in self._open:
            document.close()
        self.files.append(path)
        self._open = []
        self._bytes = 0


def _size(page: pikepdf.Page) -> tuple[float, float]:
    box = [float(edge) for edge in page.trimbox]
    width, height = abs(box[2] - box[0]), abs(box[3] - box[1])
    width, height = (min(max(side, 10.0), 14_400.0) for side in (width, height))
    return (height, width) if int(page.get("/Rotate", 0)) % 180 == 90 else (width, height)
