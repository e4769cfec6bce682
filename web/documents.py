"""A receipt's documents: byte for byte, as page images, as a thumbnail, as a PDF."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import bottle
import orjson

from errors import Tellable, Temporary
from store import document_passwords, documents
from web import answers, drawing, files, shapes, values
from web.routing import route

if TYPE_CHECKING:
    from store.documents import File
    from web.call import Call

log = logging.getLogger("web")
_MOST_QUOTES = 40
_PLACES_S = 1.5  # the receipt itself is not kept waiting longer
_LOOKING = ThreadPoolExecutor(2, thread_name_prefix="places")
WIDTHS = (400, 800, 1200, 1800)  # few, so that the cache serves all screens
_WHICH = {"document": values.row_id("another document of the same mail")}
_KEPT = "private, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _Open:
    """A document and how to get its bytes, which a cached page does not need."""

    file: File
    call: Call

    def sheet(self) -> tuple[bytes, str]:
        """What the pages are drawn from, and its media type."""
        key, media_type = self.file.sheet
        return self.call.site.blobs.get(key), media_type

    def passwords(self) -> tuple[str, ...]:
        """What may open it where it is locked."""
        return document_passwords.tried(self.call.business_id)

    @property
    def name(self) -> str:
        """What the cache calls what is drawn from it."""
        return self.file.sheet[0] + self.mark

    @property
    def mark(self) -> str:
        """Whoever keeps passwords has pages of his own: the same locked bytes may lie in another business, too."""
        kept = document_passwords.any_kept(self.call.business_id)
        return f"-of-{self.call.business_id}" if kept else ""


def _opened(call: Call, id_: int) -> _Open:
    return _Open(documents.of_receipt(call.business_id, id_, call.query["document"]), call)


@route(
    "GET", "/api/receipts/<id:int>/original", role="accountant", summary="The document, byte for byte",
    query=_WHICH, media="*/*",
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

    def make() -> bytes:
        with drawing.turn() as renderer:
            return renderer.page_image(*opened.sheet(), page=page, width=width, passwords=opened.passwords())

    stream, etag = call.site.pages.get(f"{opened.name}-{page}-{width}.webp", make)
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

    def make() -> bytes:
        with drawing.turn(small=True) as renderer:
            data = call.site.blobs.get(file.sha256)
            return renderer.thumbnail(data, file.media_type, passwords=opened.passwords())

    stream, etag = call.site.pages.get(f"{file.sha256}{opened.mark}-thumb.webp", make)
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

    def make() -> bytes:
        with drawing.turn() as renderer:
            return renderer.to_pdf(*opened.sheet())

    stream, etag = call.site.pages.get(f"{opened.name}.pdf", make)
    stem = file.filename.rpartition(".")[0] or file.filename
    return files.download(stream, media_type="application/pdf", filename=f"{stem}.pdf", etag=etag)


@route(
    "GET",
    "/api/receipts/<id:int>/words",
    role="accountant",
    summary="The words of a page and where they stand",
    query={**_WHICH, "page": values.whole(0, 9999, default=0)},
    answers={200: shapes.obj(words=shapes.many({"type": "array"}))},
)
def words(call: Call, id: int) -> bytes:  # noqa: A002
    """[text, x0, y0, x1, y1], edges as fractions of the page; none where the page holds no text, as a photo does."""
    opened = _opened(call, id)
    page = call.query["page"]
    if opened.file.media_type.startswith("image/"):
        return answers.polled({"words": []})

    def make() -> bytes:
        pdf = _as_pdf(opened)
        with drawing.turn() as renderer:
            return orjson.dumps(renderer.words(pdf, page, passwords=opened.passwords()))

    stream, _ = call.site.pages.get(f"{opened.name}-{page}.words.json", make)
    with stream:
        return answers.polled({"words": orjson.loads(stream.read())})


def light_up(call: Call, detail: dict[str, Any]) -> None:
    """Give each field that has a quote but no place its place on the rendered pages, as far as it is found.

    A mail's text has no pages until it is drawn; where a line came to stand is looked up once and kept.
    """
    evidence = [
        one
        for field in detail["fields"].values()
        for one in (field, *field["candidates"])
        if one.get("quote") and not one.get("box")
    ]
    quotes = sorted({one["quote"] for one in evidence})
    if not quotes or detail["document"] is None or detail["document"]["media_type"].startswith("image/"):
        return
    opened = _Open(documents.of_receipt(call.business_id, detail["id"]), call)
    try:
        boxes = _LOOKING.submit(_places, opened, quotes, opened.passwords()).result(_PLACES_S)
    except TimeoutError:  # it goes on, and is there the next time
        return
    except Tellable as error:  # the fields are worth seeing without their places
        log.info("Places of a receipt's fields were not found receipt=%s code=%s", detail["id"], error.code)
        return
    for one in evidence:
        one["box"] = boxes.get(one["quote"])


def _places(opened: _Open, quotes: list[str], passwords: tuple[str, ...]) -> dict[str, Any]:
    """Where each quoted line stands on the pages, as far as it is found; kept."""

    def make() -> bytes:
        pdf = _as_pdf(opened)
        renderer = drawing.renderer()  # in a thread of its own: no request waits for it
        found = {quote: renderer.locate(pdf, quote, passwords=passwords)[:1] for quote in quotes[:_MOST_QUOTES]}
        return orjson.dumps({quote: asdict(boxes[0]) for quote, boxes in found.items() if boxes})

    name = hashlib.sha256(orjson.dumps(quotes)).hexdigest()[:32]
    stream, _ = opened.call.site.pages.get(f"{opened.name}-{name}.boxes.json", make)
    with stream:
        places: dict[str, Any] = orjson.loads(stream.read())
    return places


def _as_pdf(opened: _Open) -> bytes:
    """The document as the PDF that its page images are drawn from."""
    data, media_type = opened.sheet()
    if media_type == "application/pdf":
        return data

    def make() -> bytes:
        with drawing.turn() as renderer:
            return renderer.to_pdf(data, media_type)

    stream, _ = opened.call.site.pages.get(f"{opened.name}.pdf", make)
    with stream:
        return stream.read()


def _pages(opened: _Open) -> int:
    """How many pages the document has, counted once."""
    file = opened.file
    if file.pages is not None:
        return file.pages

    def make() -> bytes:
        with drawing.turn() as renderer:
            return str(renderer.page_count(*opened.sheet(), passwords=opened.passwords())).encode()

    stream, _ = opened.call.site.pages.get(f"{opened.name}.pages", make)
    with stream:
        pages = int(stream.read())
    if file.id is not None:
        with contextlib.suppress(Temporary):  # it can be counted again
            documents.set_pages(file.id, pages)
    return pages
