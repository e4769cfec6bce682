"""Which file a receipt shows: its own document, another of the same mail, or the mail itself."""

from __future__ import annotations

from dataclasses import dataclass

from errors import Tellable
from models import Document, Mail, Receipt, write
from store import mailboxes

_MAIL = "message/rfc822"
_OWN_TEXT = ("message.html", "message.txt")  # as the reader names a mail's own text


@dataclass(frozen=True, slots=True)
class File:
    """A file in the blob store; `id` is None for a whole mail.

    `sheet` is what its pages are drawn from (key and media type): for a mail's own text the whole mail, which has its
    head lines and the pictures that belong to it.
    """

    id: int | None
    sha256: str
    filename: str
    media_type: str
    pages: int | None
    sheet: tuple[str, str]


def of_receipt(business_id: int, receipt_id: object, document_id: int | None = None) -> File:
    """The receipt's document, or the one of its mail that is named; Tellable `not_found`, `no_document`."""
    receipt = Receipt.find(business_id, receipt_id)
    if document_id is not None:
        if receipt.mail_id is None:
            raise Tellable("not_found", "There is no such thing here.")
        return of_mail(business_id, receipt.mail_id, document_id)
    document = receipt.document
    if document is not None:
        return _file(document)
    if receipt.mail_id is None:
        raise Tellable("no_document", "This receipt has no document.")
    return of_mail(business_id, receipt.mail_id)


def of_mail(business_id: int, mail_id: object, document_id: int | None = None) -> File:
    """The whole mail, or the one of its documents that is named; Tellable `not_found`, `no_document`."""
    mail = Mail.find(business_id, mail_id)
    if document_id is not None:
        document = Document.find(business_id, document_id)
        if document.mail_id != mail.id:
            raise Tellable("not_found", "There is no such thing here.")
        return _file(document)
    if mail.raw_sha256 is None:
        raise Tellable("no_document", "This mail was not fetched, so there is nothing to show of it.")
    if mail.mailbox.kind in mailboxes.FILES:
        return _whole(mail.raw_sha256, mail.subject or f"file-{mail.id}", "application/octet-stream")
    return _whole(mail.raw_sha256, f"mail-{mail.id}.eml", _MAIL)


def _whole(sha256: str, name: str, media_type: str) -> File:
    return File(None, sha256, name, media_type, None, (sha256, media_type))


def _file(document: Document) -> File:
    name = document.filename or f"document-{document.id}"
    sheet = document.sha256, document.media_type
    # The text of a mail inside a mail is drawn by itself: the outer mail's pages show another text.
    if document.filename in _OWN_TEXT and "/" not in document.part and document.mail.raw_sha256 is not None:
        sheet = document.mail.raw_sha256, _MAIL
    return File(document.id, document.sha256, name, document.media_type, document.pages, sheet)


def set_pages(document_id: int, pages: int) -> None:
    """Remember how many pages a document has."""
    with write():
        Document.update(pages=pages).where(Document.id == document_id).execute()
