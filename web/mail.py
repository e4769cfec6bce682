"""The ledger: every mail seen, its outcome and the reason; another try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from errors import Tellable
from models import Mail, Mailbox
from store import documents, ledger, mail, mailboxes, receipt_edits, runs, senders
from web import answers, briefs, files, shapes, values
from web.routing import route
from web.sync import queued

if TYPE_CHECKING:
    from models import SyncRun
    from web.call import Call

_MAIL = shapes.ref("Mail")
_RACES = 5  # a run may end between being asked to look again and being told of


@route(
    "GET",
    "/api/mail",
    role="accountant",
    summary="Every mail seen, the newest first",
    query={
        "outcome": values.several(*mail.OUTCOMES),
        "q": values.text(200, about="words of the subject or the sender"),
        "mailbox": values.row_id(),
        "limit": values.whole(1, 200, default=50),
        "cursor": values.text(200),
    },
    answers={200: shapes.listed(_MAIL)},
)
def listing(call: Call) -> dict[str, Any]:
    """Each with its reason in words."""
    query = call.query
    rows, cursor = mail.page(
        call.business_id,
        outcomes=query["outcome"],
        q=query["q"],
        mailbox=query["mailbox"],
        limit=query["limit"],
        cursor=query["cursor"],
    )
    return answers.listing([briefs.mail(row) for row in rows], cursor)


@route("GET", "/api/mail/<id:int>", role="accountant", summary="One mail", answers={200: _MAIL})
def one(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """As in the list."""
    return briefs.mail(mail.one(call.business_id, id))


@route(
    "GET",
    "/api/mail/<id:int>/original",
    role="accountant",
    summary="The mail, or one of its documents, byte for byte",
    query={"document": values.row_id("one of its documents; the whole mail otherwise")},
    media="*/*",
)
def original(call: Call, id: int) -> Any:  # noqa: A002
    """To be saved, as everything that was mailed to us."""
    file = documents.of_mail(call.business_id, id, call.query["document"])
    return files.download(
        call.site.blobs.open(file.sha256), media_type=file.media_type, filename=file.filename, etag=file.sha256[:32]
    )


@route(
    "POST",
    "/api/mail/<id:int>/retry",
    role="member",
    summary="Read it again",
    body={},
    answers={202: shapes.QUEUED},
)
def retry(call: Call, id: int) -> bytes:  # noqa: A002
    """What a person set in its receipts stays."""
    row = Mail.find(call.business_id, id)
    if row.outcome == "waiting":
        raise Tellable("not_read_yet", "This mail is waiting to be read already.")
    return read_again(call, row)


@route(
    "POST",
    "/api/mail/<id:int>/take",
    role="member",
    summary="This one is a receipt",
    body={},
    answers={202: shapes.QUEUED},
)
def take(call: Call, id: int) -> bytes:  # noqa: A002
    """It becomes one, whatever the reader thinks."""
    row = Mail.find(call.business_id, id)
    senders.take(row)
    return answers.json(queued(call, look(call, row.mailbox), "It will be taken in."), 202)


@route(
    "POST",
    "/api/mail/retry",
    role="member",
    summary="Read all failed mails again",
    body={},
    answers={202: {"allOf": [shapes.QUEUED, shapes.obj(mails=shapes.WHOLE)]}},
)
def retry_failed(call: Call) -> bytes:
    """One run reads them all."""
    mails = ledger.retry_failed(call.business_id)
    if not mails:
        raise Tellable("nothing_failed", "No mail has failed; there is nothing to try again.")
    return answers.json({**queued(call, look_everywhere(call), "They will be read again."), "mails": mails}, 202)


@route(
    "POST",
    "/api/receipts/<id:int>/reread",
    role="member",
    summary="Read the receipt's mail or file again",
    tag="receipts",
    body={},
    answers={202: shapes.QUEUED},
)
def reread(call: Call, id: int) -> bytes:  # noqa: A002
    """A field set by hand is not overwritten."""
    return read_again(call, receipt_edits.mail_of(call.business_id, id))


def read_again(call: Call, row: Mail) -> bytes:
    """Put the mail back among the waiting ones and have a run look at it."""
    ledger.retry(row)
    return answers.json(queued(call, look(call, row.mailbox), "It will be read again."), 202)


def look_everywhere(call: Call) -> SyncRun:
    """A run over all mailboxes that are connected, or over what lies here where none is."""
    connected = [
        box
        for box in mailboxes.listing(call.business_id)
        if box.kind not in mailboxes.FILES and box.status == "connected"
    ]
    if not connected:
        return look(call)
    return _asked(call)


def look(call: Call, mailbox: Mailbox | None = None) -> SyncRun:
    """A run that reads what waits already, uploads and a mailbox's mail; the active one is asked to look again."""
    return _asked(call, mode="upload", mailbox=mailbox)


def _asked(call: Call, **how: Any) -> SyncRun:
    for _ in range(_RACES):
        try:
            return runs.request(call.business_row, requested_by=call.actor, **how)
        except Tellable as error:
            if error.code != "sync_running":
                raise
            refused = error
        running = runs.active(call.business_id)
        if running is not None:  # it was asked to look again
            return running
    raise refused  # it ended in between, each time anew
