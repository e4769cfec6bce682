"""Passwords of locked documents: typed once, kept encrypted per vendor, listed without being told, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import clock
from errors import Tellable
from models import Receipt
from store import document_passwords, documents, receipt_edits
from web import answers, drawing, shapes, values
from web.mail import read_again
from web.routing import route

if TYPE_CHECKING:
    from web.call import Call

_KEPT = shapes.obj(
    id=shapes.WHOLE, vendor=shapes.TEXT, domain=shapes.OPT_TEXT, created_by=shapes.TEXT, created_at=shapes.TIME
)


@route(
    "GET", "/api/passwords", role="member", summary="Documents' passwords, untold", answers={200: shapes.listed(_KEPT)}
)  # fmt: skip
def listing(call: Call) -> dict[str, Any]:
    """Whose documents they open, the newest first."""
    return answers.listing([_brief(one) for one in document_passwords.listing(call.business_id)], None)


@route(
    "POST",
    "/api/passwords",
    role="member",
    summary="Keep a password for a vendor's documents",
    body={
        "password": values.text(document_passwords.LONGEST, shortest=1).needed(),
        "vendor": values.text(1000, about="whose documents it opens"),
    },
    answers={201: _KEPT},
)
def add(call: Call) -> bytes:
    """It is tried on every locked document from now on."""
    body = call.body
    kept = document_passwords.keep(call.business_id, body["password"], call.actor, vendor=body.get("vendor", ""))
    return answers.json(_brief(kept), 201)


@route("DELETE", "/api/passwords/<id:int>", role="member", summary="Forget a password", answers={204: None})
def remove(call: Call, id: int) -> None:  # noqa: A002
    """What it opened stays as it was read."""
    document_passwords.forget(call.business_id, id)


@route(
    "POST",
    "/api/receipts/<id:int>/unlock",
    role="member",
    summary="Open the receipt's locked document",
    tag="receipts",
    body={"password": values.text(document_passwords.LONGEST, shortest=1).needed()},
    answers={202: shapes.QUEUED, 422: shapes.ref("Error")},
)
def unlock(call: Call, id: int) -> bytes:  # noqa: A002
    """A password that opens it is kept for the vendor, and the document is read again."""
    row = Receipt.find(call.business_id, id)
    file = documents.of_receipt(call.business_id, id)
    mail = receipt_edits.mail_of(call.business_id, id)
    password = call.body["password"]
    try:
        drawing.renderer().page_count(call.site.blobs.get(file.sha256), file.media_type, passwords=[password])
    except Tellable as error:
        if error.code != "document_locked":
            raise
        raise Tellable("wrong_document_password", "This password does not open the document.") from error
    document_passwords.keep(call.business_id, password, call.actor, receipt=row)
    call.site.pages.retry(file.sha256)
    return read_again(call, mail)


def _brief(known: document_passwords.Known) -> dict[str, Any]:
    return {
        "id": known.row.id,
        "vendor": known.vendor,
        "domain": known.domain,
        "created_by": known.row.created_by,
        "created_at": clock.iso(known.row.created_at),
    }
