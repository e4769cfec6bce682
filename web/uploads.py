"""Files that people bring: many at once, each kept, then read by a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bottle

from errors import Tellable, Temporary
from jobs import taking
from models import Receipt
from store import uploads
from web import answers, shapes
from web.mail import look
from web.routing import route
from web.sync import queued

if TYPE_CHECKING:
    from web.call import Call

MOST_FILES = 300
LIMIT = 50 * 1024 * 1024
_ITEM = shapes.obj(filename=shapes.TEXT, mail_id=shapes.OPT_WHOLE, error=shapes.OPT_TEXT, code=shapes.TEXT)


@route(
    "POST",
    "/api/receipts",
    role="member",
    summary="Upload documents (multipart/form-data, any number of files)",
    tag="receipts",
    raw=True,
    body_limit=LIMIT + 1024 * 1024,
    answers={202: shapes.obj(run_id=shapes.OPT_WHOLE, items=shapes.many(_ITEM)), 400: shapes.ref("Error")},
)
def upload(call: Call) -> bytes:
    """Each file has its own verdict: `taken`, `duplicate`, or why not. The same bytes are kept once."""
    items = [_take(call, part) for part in _files()]
    if not any(item["code"] == "taken" for item in items):
        return answers.json({"success": True, "run_id": None, "status": "nothing_new", "items": items}, 202)
    body = queued(call, look(call), "The files will be read.")
    return answers.json({**body, "items": items}, 202)


@route(
    "POST",
    "/api/receipts/<id:int>/document",
    role="member",
    summary="Bring the document that a receipt waits for (multipart/form-data, one file)",
    tag="receipts",
    raw=True,
    body_limit=LIMIT + 1024 * 1024,
    answers={202: shapes.QUEUED, 400: shapes.ref("Error"), 409: shapes.ref("Error")},
)
def bring(call: Call, id: int) -> bytes:  # noqa: A002
    """It is read, fills the receipt, and closes it; what was set by hand stays."""
    row = Receipt.find(call.business_id, id)
    if not row.waiting_for_document:
        raise Tellable("not_waiting", "This receipt does not wait for a document.")
    parts = _files()
    if len(parts) != 1:
        raise Tellable("no_files", "Bring one file for one receipt.")
    name, data = uploads.clean_name(parts[0].raw_filename), parts[0].file.read()
    uploads.check(data)
    taking.check(data, name)
    uploads.bring(call.business_id, call.site.blobs.put(data), name, len(data), row.id)
    return answers.json(queued(call, look(call), "The file will be read."), 202)


class _Upload(bottle.BaseRequest):  # type: ignore[misc] # Bottle has no types
    """A request of which all files together may stay in memory; else Bottle refuses a few small ones past 100 KB."""

    MEMFILE_MAX = LIMIT


def _files() -> list[bottle.FileUpload]:
    if not bottle.request.content_type.startswith("multipart/form-data"):
        raise Tellable("no_files", "Send the files as multipart/form-data.")
    try:
        parts = [
            part for _, part in _Upload(bottle.request.environ).POST.allitems() if isinstance(part, bottle.FileUpload)
        ]
    except (bottle.MultipartError, ValueError) as error:
        raise Tellable("bad_multipart", "The upload is damaged; please send it again.") from error
    if not parts:
        raise Tellable("no_files", "There is no file in this upload.")
    if len(parts) > MOST_FILES:
        raise Tellable("too_large", f"At most {MOST_FILES} files at once.")
    return parts


def _take(call: Call, part: bottle.FileUpload) -> dict[str, Any]:
    name = uploads.clean_name(part.raw_filename)
    data = part.file.read()
    try:
        uploads.check(data)
        taking.check(data, name)
        mail_id, new = uploads.keep(call.business_id, call.site.blobs.put(data), name, len(data))
    except Temporary:
        raise  # the file is as good as before: the whole upload is worth another try
    except Tellable as error:
        return {"filename": name, "mail_id": None, "error": error.sentence, "code": error.code}
    if new:
        return {"filename": name, "mail_id": mail_id, "error": None, "code": "taken"}
    return {"filename": name, "mail_id": mail_id, "error": "This file is here already.", "code": "duplicate"}
