"""An archive of the tables and every original, streamed: nothing of it is kept but one document at a time."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from errors import Tellable
from receipts.export import csv_export
from receipts.export.rows import About, ExportDocument, ExportRow, LeftOut, Step, Written, named, no_step
from receipts.export.text import amount, file_name

EXTENSION: Final = "zip"
MEDIA_TYPE: Final = "application/zip"
FOLDER: Final = "documents/"
_PACKED: Final = {"application/pdf", "image/jpeg", "image/png", "image/webp", "image/heic", "image/gif"}
_ENDINGS: Final = {
    "application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic",
    "image/gif": "gif", "image/tiff": "tiff", "text/html": "html", "text/plain": "txt", "application/xml": "xml",
    "text/xml": "xml", "message/rfc822": "eml",
}  # fmt: skip


class Names:
    """Names of documents within one archive, none twice, whatever case a system tells apart."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, row: ExportRow, document: ExportDocument) -> str:
        """`date_vendor_total_currency_number.ext`; what is unknown is left out, a second one gets " (2)"."""
        pieces = [
            row.date.isoformat() if row.date else "",
            file_name(row.vendor or ""),
            amount(row.total),
            file_name(row.currency or "", 3),
            file_name(row.number or "", 30),
        ]
        stem = "_".join(piece for piece in pieces if piece) or f"receipt {row.id}"
        ending = ending_of(document)
        name, count = f"{stem}.{ending}", 1
        while name.casefold() in self._taken:
            count += 1
            name = f"{stem} ({count}).{ending}"
        self._taken.add(name.casefold())
        return name


def ending_of(document: ExportDocument) -> str:
    """A file name's ending: by the media type, else the document's own where it is a plain one."""
    known = _ENDINGS.get(document.media_type.split(";", 1)[0].strip().lower())
    own = PurePosixPath(document.filename).suffix[1:].lower()
    return known or (own if own.isascii() and own.isalnum() and len(own) <= 5 else "bin")


def write(rows: Iterable[ExportRow], about: About, out: BinaryIO, *, step: Step = no_step) -> Written:
    """The archive: documents/…, then receipts.csv with their paths, lines.csv, and left-out.txt where needed.

    Args:
        rows: in any number.
        about: as for the CSV.
        out: any stream; it is only written to, in order.
        step: called after every receipt.
    """
    names = Names()
    left_out: list[LeftOut] = []
    moment = about.made_at.timetuple()[:6]
    count = 0
    with (
        zipfile.ZipFile(out, "w", allowZip64=True) as archive,
        tempfile.TemporaryFile() as receipts,
        tempfile.TemporaryFile() as lines,
    ):
        table, line_table = csv_export.Receipts(about, receipts), csv_export.Lines(about, lines)
        for row in rows:
            placed = [_put(archive, row, document, names, moment, left_out) for document in row.documents]
            table.row(row, [FOLDER + name for name in placed if name])
            line_table.row(row)
            count += 1
            step(count)
        table.end()
        line_table.end()
        for name, file in (("receipts.csv", receipts), ("lines.csv", lines)):
            file.seek(0)
            with archive.open(_info(name, moment, packed=False), "w") as entry:
                shutil.copyfileobj(file, entry)
        if left_out:
            text = "".join(f"{one.sentence}\r\n" for one in left_out)
            with archive.open(_info("left-out.txt", moment, packed=False), "w") as entry:
                entry.write(text.encode("utf-8-sig", "replace"))
    return Written(count, tuple(left_out))


def _put(
    archive: zipfile.ZipFile,
    row: ExportRow,
    document: ExportDocument,
    names: Names,
    moment: tuple[int, ...],
    left_out: list[LeftOut],
) -> str | None:
    """Copy a document in and give its name; None where it cannot be had."""
    try:
        source = document.open()
    except Tellable as error:
        sentence = f"{document.filename} of {named(row)} was left out: {error.sentence}"
        left_out.append(LeftOut(row.id, sentence, document.filename))
        return None
    name = names.of(row, document)
    packed = document.media_type.split(";", 1)[0].strip().lower() in _PACKED
    with source, archive.open(_info(FOLDER + name, moment, packed=packed), "w") as entry:
        shutil.copyfileobj(source, entry, 1 << 18)
    return name


def _info(name: str, moment: tuple[int, ...], *, packed: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, moment)  # type: ignore[arg-type]
    info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info
