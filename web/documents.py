"""A receipt's documents: byte for byte, as page images, as a thumbnail, as a PDF."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bottle

from errors import Tellable
from receipts.render import Renderer
from store import documents
from web import files, values
from web.routing import route

if TYPE_CHECKING:
    from store.documents import File
    from web.call import Call

WIDTHS = (400, 800, 1200, 1800)  # few, so that the cache serves all screens
_WHICH = {"document": values.row_id("another document of the same mail")}
_KEPT = "private, max-age=31536000, immutable"


@functools.cache
def renderer() -> Renderer:
    """The process's one renderer; its child starts with the first page that is asked for."""
    return Renderer(seconds=20, children=2)


@dataclass(frozen=True, slots=True)
class _Open:
    """A document and how to get its bytes, which a cached page does not need."""

    file: File
    call: Call

    def bytes(self) -> bytes:
        return self.call.site.blobs.get(self.file.sha256)


def _opened(call: Call, id_: int) -> _Open:
    return _Open(documents.of_receipt(call.business_id, id_, call.query["document"]), call)


@route(
    "GET", "/api/receipts/<id:int>/original", role="accountant", summary="The document, byte for byte",
    query=_WHICH, media="application/octet-stream",
)  # fmt: skip
def original(call: Call, id: int) -> Any:  # noqa: A002
    """To be saved; a mailed file is never shown as a page of ours."""
    file = _opened(call, id).file
    return files.download(
        call.site.blobs.open(file.sha256), media_type=file.media_type, filename=file.filename, etag=file.sha256[:32]
    )


@route(
    "GET", "/api/receipts/<id:int>/preview", role="accountant", summary="One page as a picture",
    query={
        **_WHICH,
        "page": values.whole(0, 9999, default=0),
        "width": values.whole(1, 4000, default=1200, about=f"rounded up to one of {WIDTHS}"),
    },
    media="image/webp",
)  # fmt: skip
def preview(call: Call, id: int) -> Any:  # noqa: A002
    """WebP; the header X-Pages says how many pages there are."""
    opened = _opened(call, id)
    page, width = call.query["page"], next((w for w in WIDTHS if w >= call.query["width"]), WIDTHS[-1])
    pages = _pages(opened)
    if page >= pages:
        raise Tellable("not_found", f"This document has {pages} pages.")
    file = opened.file
    name = f"{file.sha256}-{page}-{width}.webp"
    stream, etag = call.site.pages.get(
        name, lambda: renderer().page_image(opened.bytes(), file.media_type, page=page, width=width)
    )
    bottle.response.set_header("X-Pages", str(pages))
    return _picture(stream, etag)


@route(
    "GET", "/api/receipts/<id:int>/thumbnail", role="accountant", summary="The top of the first page, small",
    query=_WHICH, media="image/webp",
)  # fmt: skip
def thumbnail(call: Call, id: int) -> Any:  # noqa: A002
    """WebP under 4 KB, 96 pixels wide."""
    opened = _opened(call, id)
    file = opened.file
    stream, etag = call.site.pages.get(
        f"{file.sha256}-thumb.webp", lambda: renderer().thumbnail(opened.bytes(), file.media_type)
    )
    return _picture(stream, etag)


def _picture(stream: Any, etag: str) -> Any:
    answer = files.send(stream, media_type="image/webp", etag=etag)
    # The address names a receipt, whose document may change by a re-read; its ETag tells.
    bottle.response.set_header("Cache-Control", _KEPT if bottle.request.query.v else "private, max-age=300")
    return answer


@route(
    "GET", "/api/receipts/<id:int>/pdf", role="accountant", summary="The document as a PDF, whatever it is",
    query=_WHICH, media="application/pdf",
)  # fmt: skip
def pdf(call: Call, id: int) -> Any:  # noqa: A002
    """A PDF stays as it is; a mail or a picture becomes one."""
    opened = _opened(call, id)
    file = opened.file
    stream, etag = call.site.pages.get(
        f"{file.sha256}.pdf", lambda: renderer().to_pdf(opened.bytes(), file.media_type, title=file.filename)
    )
    stem = file.filename.rpartition(".")[0] or file.filename
    return files.download(stream, media_type="application/pdf", filename=f"{stem}.pdf", etag=etag)


def _pages(opened: _Open) -> int:
    """How many pages the document has, counted once."""
    file = opened.file
    if file.pages is not None:
        return file.pages
    pages = renderer().page_count(opened.bytes(), file.media_type)
    if file.id is not None:
        documents.set_pages(file.id, pages)
    return pages
