"""A message of a known person: photos and PDFs filed as receipts, answered in its thread, corrected by reply."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation

import clock
import money
from calls import numbers, words
from errors import Tellable, Temporary
from jobs.calls_work import client
from jobs.work import Again, Done, Job
from models import Business, Receipt, TextMessage
from store import audit, mailboxes, messages, phone, receipt_edits, runs, uploads

_LARGEST = 25 * 1024 * 1024
_TAKEN = ("image/", "application/pdf", "application/octet-stream")
_LOOK_AGAIN = timedelta(seconds=1)
_PATIENCE = timedelta(minutes=15)  # for the reading; the answer then says nothing of what was read
_YES = {"1", "yes", "ok", "כן", "אישור"}
_AMOUNT = re.compile(r"^[^\d-]{0,6}(\d{1,3}(?:[,. ’']\d{3})+(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,3})?)[^\d]{0,6}$")
_SIGNS = {"ILS": "₪", "USD": "$", "EUR": "€", "GBP": "£"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def answer(job: Job) -> Again | Done:
    """File, wait for the reading, answer; each a step that may be done again."""
    row = messages.get(int(job.args["message"]))
    if row is None or row.state == "answered":
        return Done()
    language = _language(row)
    if not row.media:
        text, receipt_id = _replied(row, language)
        return _send(job, row, text, receipt_id)
    if "mails" not in job.state:
        return Again(_file(job, row))
    mails, refused = list(job.state["mails"]), list(job.state["refused"])
    late = clock.now() > row.created_at + _PATIENCE
    if messages.waiting(mails) and not late:
        return Again(job.state, at=clock.now() + _LOOK_AGAIN)
    found = messages.receipts_of(mails)
    text = _told(language, found, [*refused, *messages.reasons(mails)])
    return _send(job, row, text, found[-1].id if found else None)


def _language(row: TextMessage) -> str:
    settings = phone.settings(row.business_id or 0)
    business: Business = Business.get_by_id(row.business_id)
    return str(settings.language or business.language)


def _file(job: Job, row: TextMessage) -> dict[str, object]:
    """Fetch the files and put them among what waits to be read."""
    shop, business_id = job.shop, int(row.business_id or 0)
    twilio = client(shop.config, business_id, row.account_sid)
    mails: list[int] = []
    refused: list[str] = []
    new = False
    for number, one in enumerate(row.media, 1):
        try:
            fetched = twilio.media(one["url"], _LARGEST)
            media_type = fetched.media_type or one["type"]
            if not media_type.startswith(_TAKEN):
                refused.append(words.say(_language(row), "not_taken"))
                continue
            uploads.check(fetched.data)
        except Temporary:
            raise
        except Tellable as error:
            refused.append(error.sentence)
            continue
        name = f"message-{row.id}-{number}{_ending(media_type)}"
        key = shop.blobs.put(fetched.data)
        mail_id, made = uploads.keep(business_id, key, name, len(fetched.data), mailboxes.messages(business_id))
        mails.append(mail_id)
        new = new or made
    if new:
        _have_read(business_id)
    with job.writing():
        messages.update(row.id, mails=mails, mail=mails[0] if mails else None)
    return {"mails": mails, "refused": refused}


def _have_read(business_id: int) -> None:
    try:
        runs.request(business_id, mode="upload", requested_by="message")
    except Tellable as error:
        if error.code != "sync_running":  # the running one was asked to look again
            raise


def _ending(media_type: str) -> str:
    kinds = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
    return kinds.get(media_type, ".heic" if "hei" in media_type else "")


def _told(language: str, found: Sequence[Receipt], problems: Sequence[str]) -> str:
    """What was read of the files, and what was wrong with the others."""
    lines = [_read(language, row) for row in found]
    if not found:
        lines = [words.say(language, "failed", why=problem) for problem in problems[:2]] or [
            words.say(language, "duplicate")
        ]
    return "\n".join(lines[:5])


def _read(language: str, row: Receipt) -> str:
    if row.total_minor is None:
        return words.say(language, "no_total", vendor=_vendor(row))
    when = f", {row.date.day} {_MONTHS[row.date.month - 1]}" if row.date and language == "en" else ""
    if row.date and not when:
        when = f", {row.date.day}.{row.date.month}"
    return words.say(language, "read", total=_total(row), vendor=_vendor(row), date=when)


def _vendor(row: Receipt) -> str:
    return f", {row.vendor}" if row.vendor else ""


def _total(row: Receipt) -> str:
    amount = f"{money.to_decimal(row.total_minor or 0, row.currency):,f}"
    sign = _SIGNS.get(row.currency or "")
    return f"{sign}{amount}" if sign else f"{amount} {row.currency or ''}".strip()


def _replied(row: TextMessage, language: str) -> tuple[str, int | None]:
    """What a text without a file does: confirms or corrects the receipt spoken of last."""
    receipt_id = messages.spoken_of(row)
    said = row.body.strip()
    receipt = Receipt.get_or_none(Receipt.id == receipt_id, Receipt.business == row.business_id) if receipt_id else None
    if receipt is None or receipt.deleted_at is not None:
        return words.say(language, "nothing_open"), None
    if said.casefold() in _YES:
        if receipt.total_minor is None:
            return words.say(language, "no_total", vendor=_vendor(receipt)), receipt.id
        with audit.acting(f"message:{row.person}"):
            receipt_edits.update(receipt.business_id, receipt.id, receipt.version, {"status": "approved"})
        receipt = Receipt.get_by_id(receipt.id)
        return words.say(language, "confirmed", total=_total(receipt), vendor=_vendor(receipt)), receipt.id
    amount = amount_of(said)
    if amount is None:
        return words.say(language, "not_understood"), receipt.id
    try:
        values: dict[str, object] = {"total": amount}
        if receipt.currency is None:
            values["currency"] = Business.get_by_id(row.business_id).base_currency
        with audit.acting(f"message:{row.person}"):
            receipt_edits.update(receipt.business_id, receipt.id, receipt.version, values)
        receipt = Receipt.get_by_id(receipt.id)
    except Tellable as error:
        if error.code == "version_conflict":
            raise Temporary("database_busy", error.sentence, retry_after_s=1) from error
        return error.sentence, receipt.id
    return words.say(language, "corrected", total=_total(receipt), vendor=_vendor(receipt)), receipt.id


def amount_of(text: str) -> Decimal | None:
    """The amount that a person wrote: 179.90, ₪1,287.50, 1.287,50 €; None for anything else."""
    found = _AMOUNT.match(text.strip().translate({0x200E: None, 0x200F: None, 0x00A0: " "}))
    if found is None:
        return None
    digits = re.sub(r"[ ’']", "", found[1])
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0 and (len(digits) - last - 1 != 3 or {".", ","} <= set(digits)):
        digits = re.sub(r"[.,]", "", digits[:last]) + "." + digits[last + 1 :]
    else:
        digits = re.sub(r"[.,]", "", digits)
    try:
        return Decimal(digits)
    except InvalidOperation:
        return None


def _send(job: Job, row: TextMessage, text: str, receipt_id: int | None) -> Done:
    """Answer in the thread; what was decided is kept first, so that another try says the same."""
    twilio = client(job.shop.config, row.business_id, row.account_sid)
    with job.writing():
        messages.update(row.id, answer=text, receipt_id=receipt_id, state="read")
    twilio.send(row.sender, row.number, text)
    with job.writing():
        messages.answered(row.id, text, receipt_id)
    return Done({"channel": numbers.channel(row.sender), "receipt": receipt_id})
