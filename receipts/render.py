"""Any document as pages: count, page images, thumbnail, a PDF of it, and where a quoted line stands.

The functions here run in the caller's process and suit tests and the command line; a server uses `Renderer`, which
runs the same functions in a child process that can be killed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from errors import Tellable
from receipts.childproc import Child, ChildCrashed, ChildFault, ChildTimeout, Pool
from receipts.types import Box

Headers = Sequence[tuple[str, str]]
Pictures = Mapping[str, bytes]


def page_count(data: bytes, media_type: str, *, passwords: Sequence[str] = (), pictures: Pictures | None = None) -> int:
    """How many pages the document has.

    Args:
        data: PDF, picture (JPEG, PNG, GIF, WebP, TIFF, BMP, HEIC), mail, HTML, plain text or e-invoice XML.
        media_type: as declared; the bytes have the last word.
        passwords: tried in turn on a locked PDF.
        pictures: a mail's own pictures by Content-ID (without angle brackets) or Content-Location.

    Raises:
        Tellable: document_locked, document_damaged, document_too_large, document_unsupported.
    """
    from receipts.rendering import pages
    from receipts.rendering.kinds import DocumentKind, kind_of

    if kind_of(data, media_type) is DocumentKind.IMAGE:
        return pages.picture_page_count(data)
    return pages.pdf_page_count(to_pdf(data, media_type, pictures=pictures), passwords)


def page_image(
    data: bytes,
    media_type: str,
    *,
    page: int = 0,
    width: int = 1200,
    passwords: Sequence[str] = (),
    pictures: Pictures | None = None,
) -> bytes:
    """One page as WebP, `width` (at most 2400) pixels wide; a small picture is not enlarged.

    Raises:
        Tellable: as page_count, and page_missing.
    """
    from receipts.rendering import pages
    from receipts.rendering.kinds import DocumentKind, kind_of

    if kind_of(data, media_type) is DocumentKind.IMAGE:
        return pages.webp(pages.picture_page(data, page, width), photo=True)
    pdf = to_pdf(data, media_type, pictures=pictures)
    return pages.webp(pages.pdf_page(pdf, page, width, passwords))


def thumbnail(
    data: bytes, media_type: str, *, passwords: Sequence[str] = (), pictures: Pictures | None = None
) -> bytes:
    """The top of the first page as WebP under 4 KB, 96 by 118 pixels.

    Raises:
        Tellable: as page_count.
    """
    from receipts.rendering import pages
    from receipts.rendering.kinds import DocumentKind, kind_of

    if kind_of(data, media_type) is DocumentKind.IMAGE:
        return pages.thumbnail_of(pages.picture_page(data, 0, 4 * pages.THUMBNAIL[0]))
    pdf = to_pdf(data, media_type, pictures=pictures)
    return pages.thumbnail_of(pages.pdf_page(pdf, 0, 4 * pages.THUMBNAIL[0], passwords))


def to_pdf(
    data: bytes,
    media_type: str,
    *,
    title: str = "",
    headers: Headers = (),
    pictures: Pictures | None = None,
) -> bytes:
    """A PDF of the document; a PDF passes through byte for byte.

    Args:
        data: as in page_count.
        media_type: as in page_count.
        title: the PDF's title.
        headers: lines of name and value above a mail's body (From, Date, Subject …); for a whole mail
            (message/rfc822) its own are taken.
        pictures: as in page_count; pictures from elsewhere are never fetched.

    Raises:
        Tellable: document_damaged, document_too_large, document_unsupported.
    """
    from receipts.rendering.convert import convert

    return convert(data, media_type, title=title, headers=headers, pictures=pictures or {})


def bindable(data: bytes, media_type: str, *, passwords: Sequence[str] = (), pictures: Pictures | None = None) -> bytes:
    """The document as a plain PDF of at most 200 pages to be bound into a report.

    A PDF comes out unlocked, with its forms and notes drawn into its pages, without scripts and attachments.

    Raises:
        Tellable: as page_count.
    """
    from receipts.rendering.bind import bindable as bind

    return bind(data, media_type, passwords=passwords, pictures=pictures or {})


def locate(data: bytes, quote: str, *, passwords: Sequence[str] = ()) -> list[Box]:
    """Where a quoted line stands on the pages of a PDF, best place first; empty where it is not found.

    Raises:
        Tellable: document_locked, document_damaged.
    """
    from receipts.rendering.locate import locate as find

    return find(data, quote, passwords)


def words(data: bytes, page: int = 0, *, passwords: Sequence[str] = ()) -> list[tuple[str, float, float, float, float]]:
    """The words of a PDF's page with their edges as fractions of it (x0, y0, x1, y1), in reading order.

    Empty where the page holds no text (a scan) or is not there.

    Raises:
        Tellable: document_locked, document_damaged.
    """
    from receipts.rendering.page_words import page_words

    return page_words(data, page, passwords)


class Renderer:
    """The functions of this module in child processes that are killed when late and replaced when dead.

    Thread-safe. A child starts with the first call and ends by itself after `idle_seconds` without one.

    Args:
        seconds: for one call.
        memory_mb: of one child's address space (it starts with 250 and uses 60 to 160 of real memory).
        children: how many calls may run side by side.
        idle_seconds: after which an unused child gives its memory back.

    Each call raises, beside the function's own errors, Tellable with code render_timeout or render_failed.
    """

    def __init__(
        self, seconds: float = 20, memory_mb: int = 768, *, children: int = 1, idle_seconds: float = 60
    ) -> None:
        """Start nothing yet."""
        self._pool = Pool(
            children,
            lambda: Child("receipts.render_child", seconds=seconds, memory_mb=memory_mb, idle_seconds=idle_seconds),
        )

    def page_count(
        self,
        data: bytes,
        media_type: str,
        *,
        passwords: Sequence[str] = (),
        pictures: Pictures | None = None,
    ) -> int:
        """As the function."""
        answer, _ = self._ask("page_count", data, media_type, pictures, passwords=list(passwords))
        return int(answer["count"])

    def page_image(
        self,
        data: bytes,
        media_type: str,
        *,
        page: int = 0,
        width: int = 1200,
        passwords: Sequence[str] = (),
        pictures: Pictures | None = None,
    ) -> bytes:
        """As the function."""
        _, out = self._ask("page_image", data, media_type, pictures, page=page, width=width, passwords=list(passwords))
        return out[0]

    def thumbnail(
        self,
        data: bytes,
        media_type: str,
        *,
        passwords: Sequence[str] = (),
        pictures: Pictures | None = None,
    ) -> bytes:
        """As the function."""
        _, out = self._ask("thumbnail", data, media_type, pictures, passwords=list(passwords))
        return out[0]

    def to_pdf(
        self,
        data: bytes,
        media_type: str,
        *,
        title: str = "",
        headers: Headers = (),
        pictures: Pictures | None = None,
    ) -> bytes:
        """As the function."""
        _, out = self._ask("to_pdf", data, media_type, pictures, title=title, headers=[list(h) for h in headers])
        return out[0]

    def bindable(
        self, data: bytes, media_type: str, *, passwords: Sequence[str] = (), pictures: Pictures | None = None
    ) -> bytes:
        """As the function."""
        _, out = self._ask("bindable", data, media_type, pictures, passwords=list(passwords))
        return out[0]

    def locate(self, data: bytes, quote: str, *, passwords: Sequence[str] = ()) -> list[Box]:
        """As the function."""
        answer, _ = self._ask("locate", data, "application/pdf", None, quote=quote, passwords=list(passwords))
        return [Box(*box) for box in answer["boxes"]]

    def words(
        self, data: bytes, page: int = 0, *, passwords: Sequence[str] = ()
    ) -> list[tuple[str, float, float, float, float]]:
        """As the function."""
        answer, _ = self._ask("words", data, "application/pdf", None, page=page, passwords=list(passwords))
        return [(text, x0, y0, x1, y1) for text, x0, y0, x1, y1 in answer["words"]]

    @property
    def pids(self) -> list[int]:
        """Process ids of the running children."""
        return self._pool.pids

    def close(self) -> None:
        """End the children."""
        self._pool.close()

    def _ask(
        self, do: str, data: bytes, media_type: str, pictures: Pictures | None, **values: object
    ) -> tuple[dict[str, Any], list[bytes]]:
        names = list(pictures or ())
        question = {"do": do, "media_type": media_type, "pictures": names, **values}
        blobs = [data, *(pictures[name] for name in names)] if pictures else [data]
        try:
            answer, out = self._pool.call(question, blobs)
        except ChildTimeout as error:
            sentence = "This document takes too long to show. Download the original."
            raise Tellable("render_timeout", sentence) from error
        except (ChildCrashed, ChildFault) as error:
            sentence = "This document cannot be shown. Download the original."
            raise Tellable("render_failed", sentence, reason=str(error)) from error
        refusal = answer.get("tellable")
        if refusal is not None:
            raise Tellable(refusal["code"], refusal["sentence"], **refusal["details"])
        return answer, out
