"""Mailboxes of the business and what state they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from errors import Tellable
from models import Mailbox
from sources import egress
from sources.imap import Imap, ImapAccount
from store import mailboxes
from web import answers, briefs, shapes, values
from web.mail import look_everywhere
from web.routing import route
from web.sync import queued

if TYPE_CHECKING:
    from web.call import Call


@route(
    "GET",
    "/api/mailboxes",
    role="accountant",
    summary="Mailboxes",
    answers={200: shapes.listed(shapes.ref("Mailbox"))},
)
def listing(call: Call) -> dict[str, Any]:
    """Oldest first, the one of uploads too."""
    return answers.listing([briefs.mailbox(row) for row in mailboxes.listing(call.business_id)], None)


@route(
    "POST",
    "/api/mailboxes",
    role="owner",
    summary="Connect a mailbox over IMAP",
    body={
        "host": values.text(253, shortest=1, about="the IMAP server").needed(),
        "port": values.whole(1, 65535, default=993),
        "tls": values.choice("tls", "starttls", "off", default="tls"),
        "user": values.text(320, shortest=1).needed(),
        "password": values.text(500, shortest=1, about="with Gmail an app password").needed(),
    },
    answers={201: shapes.ref("Mailbox")},
)
def connect(call: Call) -> bytes:
    """Signs in once to see that it works; the first sync begins by itself."""
    body = call.body
    allowed = call.site.config.private_hosts
    egress.check(body["host"], body["port"], allowed)
    if body["tls"] == "off" and body["host"].casefold() not in {host.casefold() for host in allowed}:
        raise Tellable("imap_needs_tls", "Without TLS only a server that the operator allowed can be reached.")
    account = ImapAccount(body["host"], body["user"], body["password"], port=body["port"], tls=body["tls"])
    source = Imap(account, connections=1, timeout_s=(5.0, 10.0))
    try:
        source.profile()
    finally:
        source.close()
    mailbox = mailboxes.connect_imap(call.business_id, **body)
    queued(call, look_everywhere(call), "The first sync begins.")
    return answers.json(briefs.mailbox(mailbox), 201)


@route(
    "DELETE",
    "/api/mailboxes/<id:int>",
    role="owner",
    summary="Disconnect a mailbox read over IMAP",
    answers={204: None},
)
def disconnect(call: Call, id: int) -> None:  # noqa: A002
    """Its password is forgotten; receipts and ledger stay."""
    mailbox = Mailbox.find(call.business_id, id)
    if mailbox.kind != "imap":
        raise Tellable("bad_mailbox", "Gmail is disconnected under /api/gmail/oauth/disconnect; files cannot be.")
    mailboxes.disconnect(mailbox)
