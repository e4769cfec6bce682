"""Which files are taken that somebody brings: documents by what their bytes are, whatever they are called."""

from __future__ import annotations

import io
import zipfile
import zlib

from errors import Tellable
from receipts import sniff

_OFFICE = ("word/", "xl/", "ppt/")


def check(data: bytes, name: str) -> None:
    """Tellable `not_a_document` where no receipt can stand in a file, `broken_file` where it cannot be opened."""
    kind = sniff.media_type(data, name)
    if kind == sniff.ZIP:
        _archive(data)
    elif kind in {sniff.OTHER, sniff.CALENDAR}:
        raise Tellable(
            "not_a_document",
            "This is no PDF, picture, mail, page, text or e-invoice, so it was not taken. Save it as a PDF first.",
        )


def _archive(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Tellable("broken_file", "This archive is broken and cannot be opened; please make it again.") from error
    if any(name.startswith(_OFFICE) for name in names):
        raise Tellable("not_a_document", "A Word, Excel or PowerPoint file cannot be read; save it as a PDF first.")
    if not names:
        raise Tellable("broken_file", "This archive is empty.")
