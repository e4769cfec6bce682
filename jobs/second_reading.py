"""A second opinion on doubtful readings: an attached language model's, proved by the document or left a doubt."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping

from errors import Tellable, Temporary
from jobs import intake
from jobs.work import Done, Job
from models import Mail, Mailbox, Receipt
from receipts import llm
from receipts import types as reading
from receipts.fields import asked
from sources import llm as server
from store import document_passwords

log = logging.getLogger("reader")
_MOST = 3  # documents of one mail that are asked about
_SECONDS = 60.0  # for one answer
_WIDTH = 1200  # pixels of a page that is sent as a picture


def step(job: Job) -> Done:
    """Read a mail again with the model's answers beside it; what a person decided meanwhile stays.

    Temporary `llm_unreachable`, Tellable `llm_refused`: the mail and its receipts are as they were.
    """
    config = job.shop.config
    mail = Mail.get_or_none(Mail.id == job.args["mail"], Mail.business == job.business_id)
    if not config.llm_url or mail is None or not mail.raw_sha256 or not _waits(mail):
        return Done()
    source = Mailbox.get_by_id(mail.mailbox_id).kind
    raw = job.shop.blobs.get(mail.raw_sha256)
    passwords = document_passwords.tried(mail.business_id)
    first = intake.opened(job.shop, mail, source, raw, passwords, texts=True)
    told: dict[str, str] = {}
    for one in _doubtful(first):
        told[one.part] = _answer(job, one, first.documents, passwords)
    if not told:
        return Done()
    second = intake.opened(job.shop, mail, source, raw, passwords, told=told)
    with job.writing():
        for ordinal, one in enumerate(second.receipts):
            if one.part in told:
                intake.renew(mail, one, ordinal)
    log.info("A second reading was asked for mail=%s documents=%s", mail.id, len(told))
    return Done({"documents": len(told)})


def _waits(mail: Mail) -> bool:
    """Whether a receipt of the mail still waits for somebody's look."""
    some = Receipt.select().where(Receipt.mail == mail.id, Receipt.status == "to_review", Receipt.deleted_at.is_null())
    return bool(some.exists())


def _doubtful(result: reading.MessageReading) -> list[reading.Reading]:
    """Readings that a second opinion may help; a part that holds several orders is left alone."""
    parts = Counter(one.part for one in result.receipts)
    return [one for one in result.receipts if parts[one.part] == 1 and asked.wanted(one)][:_MOST]


def _answer(job: Job, one: reading.Reading, documents: tuple[reading.Document, ...], passwords: tuple[str, ...]) -> str:
    config = job.shop.config
    asks: Mapping[str, str] = {"key": config.llm_api_key}
    picture = b""
    if one.source in {"ocr", "none"}:
        picture = _picture(next((d for d in documents if d.part == one.part), None), passwords)
    if picture:
        try:
            return server.ask(
                config.llm_url, config.llm_model, llm.messages(one.text, picture), **asks, seconds=_SECONDS
            )
        except Tellable as error:
            if isinstance(error, Temporary) or not one.text:
                raise  # only a model that takes no pictures is asked again, with the words alone
    return server.ask(config.llm_url, config.llm_model, llm.messages(one.text), **asks, seconds=_SECONDS)


def _picture(document: reading.Document | None, passwords: tuple[str, ...]) -> bytes:
    """The document's first page, drawn in a child process; nothing where it cannot be drawn."""
    from receipts.render import Renderer  # here: it brings a child of its own

    if document is None:
        return b""
    renderer = Renderer()
    try:
        return renderer.page_image(document.data, document.media_type, width=_WIDTH, passwords=passwords)
    except Tellable:
        return b""
    finally:
        renderer.close()
