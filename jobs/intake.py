"""One mail's bytes into the books: documents, receipts, the outcome and its reason, in one transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import clock
import money
from jobs import knowledge
from jobs.workshop import Workshop
from models import Document, Mail, Receipt, write
from receipts import types as reading
from receipts.fields import asked
from store import events, mailboxes, receipt_edits, rows, runs, senders, sql, work

SENTENCES = 12  # reasons kept of one mail
_MAX_TEXT = 1000
_SETTLED = (
    *("outcome", "state", "read_at", "next_try_at", "reason_code", "reason_text", "reasons"),
    *("message_id", "from_name", "from_address", "subject", "received_at"),
)
_SILENT = {"fields", "version", "updated_at"}  # columns whose change alone is no news to the outside world


@dataclass(frozen=True, slots=True)
class Read:
    """What the reader made of a mail's bytes, and where its documents lie in the blob store."""

    raw: bytes
    result: reading.MessageReading
    keys: dict[str, str]


def read(shop: Workshop, mail: Mail, source: str, passwords: Sequence[str] = ()) -> Read:
    """Read a fetched mail (or an uploaded file), its documents put into the blob store; any thread, no database."""
    raw = shop.blobs.get(mail.raw_sha256 or "")
    result = opened(shop, mail, source, raw, passwords)
    return Read(raw, result, {document.part: shop.blobs.put(document.data) for document in result.documents})


def opened(
    shop: Workshop,
    mail: Mail,
    source: str,
    raw: bytes,
    passwords: Sequence[str],
    *,
    texts: bool = False,
    told: Mapping[str, str] | None = None,
) -> reading.MessageReading:
    """What the reader makes of a mail's or an uploaded file's bytes; texts and told as receipts.reader has them."""
    if _is_file(mail, source):
        return shop.reader.read_file(raw, mail.subject, passwords=passwords, texts=texts, told=told)
    return shop.reader.read_message(raw, passwords=passwords, texts=texts, told=told)


def enter(shop: Workshop, lease: runs.Lease, mail: Mail, source: str, read: Read) -> None:
    """Settle a mail that was read; raises runs.LostLease."""
    if _is_file(mail, source):
        result = _as_file(mail, read.result, read.raw)
    else:
        result = _as_ruled(mail, read.result, read.raw)
        if knowledge.is_locked(result):
            result = _as_receipt(result, read.raw, "message.eml", "Its document is locked.")
    # What a person's word made a document of is not in the blob store yet; its bytes go there before the row.
    keys = {each.part: read.keys.get(each.part) or shop.blobs.put(each.data) for each in result.documents}
    with write():
        _settle(lease, mail, source, result, keys)
        if shop.config.llm_url and any(asked.wanted(one) for one in result.receipts):
            work.ask("second_reading", mail.business_id, {"mail": mail.id}, unique=str(mail.id), priority="low")


def _is_file(mail: Mail, source: str) -> bool:
    return source in mailboxes.FILES and not mail.subject.lower().endswith(".eml")


def _as_ruled(mail: Mail, result: reading.MessageReading, raw: bytes) -> reading.MessageReading:
    """What a person said of this mail, or of its sender, goes before what the reader thinks."""
    if mail.forced:
        return _as_receipt(result, raw, "message.eml", "You said that this mail is a receipt.")
    rule = senders.verdict(mail.business_id, result.headers.from_address)
    if rule is None:
        return result
    if rule.verdict == "take":
        return _as_receipt(result, raw, "message.eml", f"You said to take all mail of {rule.sender} as receipts.")
    why = reading.Reason("sender_left_alone", f"You said never to take mail of {rule.sender}.", 1.0)
    return dataclasses.replace(
        result, outcome=reading.Outcome.NOT_RECEIPT, reasons=(why, *result.reasons), receipts=(), documents=()
    )


def _as_file(mail: Mail, result: reading.MessageReading, raw: bytes) -> reading.MessageReading:
    """A file that somebody brought is a receipt, unless it is broken and nobody insists: the ledger then says so."""
    if result.outcome == reading.Outcome.FAILED and not knowledge.has_locked(result) and not mail.forced:
        return result
    return _as_receipt(result, raw, mail.subject, "It was uploaded as one.")


def _as_receipt(result: reading.MessageReading, raw: bytes, filename: str, said: str) -> reading.MessageReading:
    """A person says that this is a receipt: it becomes one even when nothing could be read of it."""
    said_so = reading.Reason("person_said_so", said, 1.0)
    if result.receipts:
        return dataclasses.replace(result, outcome=reading.Outcome.RECEIPT, reasons=(said_so, *result.reasons))
    media_type = "message/rfc822" if filename.endswith(".eml") else "application/octet-stream"
    document = next(iter(result.documents), None) or reading.Document("0", filename, media_type, raw)
    why = result.reasons[0].text if result.reasons else "Nothing could be read in this file."
    nothing: reading.Field[Any] = reading.Field(None, 0.0, why)
    unread = reading.Flag("*", "nothing_read", f"Please fill this one in by hand. {why}")
    flag = knowledge.LOCKED if knowledge.has_locked(result) else unread
    bare = reading.Reading(
        part=document.part,
        kind=reading.Field(reading.Kind.RECEIPT, 0.1, said),
        vendor=nothing,
        vendor_tax_id=nothing,
        number=nothing,
        date=nothing,
        due_date=nothing,
        currency=nothing,
        total=nothing,
        payable=nothing,
        net=nothing,
        flags=(flag,),
    )
    return dataclasses.replace(
        result,
        outcome=reading.Outcome.RECEIPT,
        reasons=(said_so, *result.reasons),
        documents=result.documents or (document,),
        receipts=(bare,),
    )


def _settle(lease: runs.Lease, mail: Mail, source: str, result: reading.MessageReading, keys: dict[str, str]) -> None:
    headers = result.headers
    if headers.message_id or headers.from_address or headers.subject:
        mail.message_id = headers.message_id[:_MAX_TEXT]
        mail.from_name, mail.from_address = headers.from_name[:_MAX_TEXT], headers.from_address[:_MAX_TEXT]
        mail.subject = headers.subject[:_MAX_TEXT]
    again = mail.read_at is not None  # only then can there be rows of it
    documents = _documents(mail, result.documents, keys, again=again)
    outcome = str(result.outcome)
    reasons = [{"code": reason.code, "text": reason.text} for reason in result.reasons[:SENTENCES]]
    made = 0
    if result.receipts:
        twin = _twin(mail, result.receipts, keys)
        waiting = knowledge.awaited(mail) if source == "upload" else None
        if twin is not None and (waiting is None or twin.id != waiting.id):
            outcome = "duplicate"
            gone = " It was deleted there." if twin.deleted_at else ""
            reasons.insert(0, {"code": "same_file", "text": f"The same document already made receipt {twin.id}.{gone}"})
        else:
            for ordinal, one in enumerate(result.receipts):
                filled = waiting if ordinal == 0 else None
                made += _keep(lease, mail, source, one, ordinal, documents.get(one.part), again=again, waiting=filled)
    mail.outcome, mail.state, mail.read_at, mail.next_try_at = outcome, "done", clock.now(), None
    first = reasons[0] if reasons else {"code": "no_reason", "text": "No reason was given."}
    mail.reason_code, mail.reason_text, mail.reasons = first["code"], first["text"], reasons
    if mail.received_at is None:
        mail.received_at = headers.date or mail.first_seen_at
    rows.update(mail, *_SETTLED)
    runs.count(lease, left=-1, receipts=made, failed=int(outcome == "failed"))


def _documents(
    mail: Mail, documents: Sequence[reading.Document], keys: dict[str, str], *, again: bool
) -> dict[str, Document]:
    found = {}
    for document in documents:
        row = Document.get_or_none(Document.mail == mail, Document.part == document.part) if again else None
        new = row is None
        row = row or Document(business=mail.business_id, mail=mail.id, part=document.part)
        row.sha256, row.size = keys[document.part], len(document.data)
        row.filename, row.media_type = document.filename[:_MAX_TEXT], document.media_type[:200]
        if new:
            rows.insert(row)
        else:
            row.save()
        found[document.part] = row
    return found


def _twin(mail: Mail, readings: Sequence[reading.Reading], keys: dict[str, str]) -> Receipt | None:
    """The receipt that another mail's byte-identical documents already made, deleted ones included.

    Deleted stays deleted: the same file sent again must not bring it back.
    """
    twins = []
    for one in readings:
        key = keys.get(one.part)
        found = sql.one(_TWIN, [mail.business_id, key, mail.id]) if key else None
        if found is None:
            return None
        twins.append(found[0])
    return Receipt.get_by_id(twins[0]) if twins else None


_TWIN = """
select r.id from document d join receipt r on r.document_id = d.id
where d.business_id = ? and d.sha256 = ? and r.mail_id <> ? order by r.id limit 1
"""


def _keep(
    lease: runs.Lease,
    mail: Mail,
    source: str,
    one: reading.Reading,
    ordinal: int,
    document: Document | None,
    *,
    again: bool,
    waiting: Receipt | None = None,
) -> int:
    """Insert the receipt, or bring it up to date after a re-read; 1 when it is new.

    waiting: the receipt that this document was brought for, and fills.
    """
    row = waiting
    if row is None and again:
        row = Receipt.get_or_none(Receipt.mail == mail, Receipt.part == one.part, Receipt.ordinal == ordinal)
        if row is not None and row.document is not None and row.document.mail_id != mail.id:
            return 0  # its paper was brought since, and says more than this mail
    new = row is None
    if row is None:
        row = Receipt(
            business=mail.business_id,
            mail=mail.id,
            mailbox=mail.mailbox_id,
            run=lease.run_id,
            part=one.part,
            ordinal=ordinal,
            source=source,
            received_at=mail.received_at,
        )
    _fill(row, one, mail, document, new=new)
    return int(new)


def renew(mail: Mail, one: reading.Reading, ordinal: int) -> None:
    """Bring a receipt that still waits for a look up to a second reading of its mail; in a write transaction."""
    row = Receipt.get_or_none(Receipt.mail == mail, Receipt.part == one.part, Receipt.ordinal == ordinal)
    if row is None or row.status != "to_review" or row.deleted_at is not None:
        return
    if row.document is None or row.document.mail_id == mail.id:  # else its paper was brought since
        _fill(row, one, mail, row.document, new=False)


def _fill(row: Receipt, one: reading.Reading, mail: Mail, document: Document | None, *, new: bool) -> None:
    """Put a reading into its row, let the vendor's rules speak, save it, and tell of it."""
    columns = row_of(one)
    before = dict(row.__data__)
    # What a person set is never overwritten, nor is a flag raised again about it.
    kept, settled = receipt_edits.protected(row.hand_set)
    for name, value in columns.items():
        if name not in kept:
            setattr(row, name, value)
    row.flags = [flag for flag in columns["flags"] if flag["field"] not in settled]
    row.document = document
    row.updated_at = clock.now()
    uses, speaking = knowledge.apply(row, before, mail.from_address)
    if new or row.status in {"to_review", "ready"}:
        row.status = "to_review" if row.flags else "ready"
    if new:
        rows.insert(row)
        events.receipt_created(row)
    else:
        row.version += 1
        row.save()
        seen = row.__data__
        changed = {name: old for name, old in before.items() if old != seen[name] and name not in _SILENT}
        events.receipts_changed(mail.business_id, [(row, changed)])
    knowledge.settle(row, uses, speaking, mail, new=new)


def row_of(one: reading.Reading) -> dict[str, Any]:
    """A reading as the receipt's columns."""
    currency = one.currency.value
    amounts = [line.amount for line in one.tax]
    tax_total = sum((a for a in amounts if a is not None), Decimal(0)) if amounts and None not in amounts else None

    def minor(amount: Decimal | None) -> int | None:
        return None if amount is None else money.to_minor(amount, currency)

    evidence: dict[str, reading.Field[Any]] = {
        name: getattr(one, name)
        for name in (
            "kind",
            "vendor",
            "vendor_tax_id",
            "number",
            "date",
            "due_date",
            "currency",
            "total",
            "payable",
            "net",
            "tip",
            "discount",
            "payment_method",
            "card_last4",
            "billed_to",
            "allocation_number",
        )
    }
    return {
        "kind": str(one.kind.value or reading.Kind.OTHER),
        "vendor": one.vendor.value,
        "vendor_tax_id": one.vendor_tax_id.value,
        "number": one.number.value,
        "date": one.date.value,
        "due_date": one.due_date.value,
        "currency": currency,
        "total_minor": minor(one.total.value),
        "payable_minor": minor(one.payable.value),
        "net_minor": minor(one.net.value),
        "tax_minor": minor(tax_total),
        "tip_minor": minor(one.tip.value),
        "discount_minor": minor(one.discount.value),
        "payment_method": one.payment_method.value,
        "card_last4": one.card_last4.value,
        "billed_to": one.billed_to.value,
        "allocation_number": one.allocation_number.value,
        "tax": [
            {
                "rate": None if line.rate is None else f"{line.rate:f}",
                "base_minor": minor(line.base),
                "amount_minor": minor(line.amount),
            }
            for line in one.tax
        ],
        "items": [
            {
                "description": item.description,
                "quantity": None if item.quantity is None else f"{item.quantity:f}",
                "amount_minor": minor(item.amount),
            }
            for item in one.items
        ],
        "fields": {
            **{name: _evidence(field) for name, field in evidence.items()},
            **({"link": {"value": one.link, "confidence": 1.0, "why": "The mail leads there."}} if one.link else {}),
        },
        "flags": [{"field": flag.field, "code": flag.code, "text": flag.text} for flag in one.flags],
    }


def _evidence(field: reading.Field[Any]) -> dict[str, Any]:
    return {
        "value": _plain(field.value),
        "confidence": round(field.confidence, 3),
        "why": field.why,
        "quote": field.quote,
        "box": dataclasses.asdict(field.box) if field.box else None,
        "candidates": [
            {
                "value": _plain(candidate.value),
                "confidence": round(candidate.confidence, 3),
                "why": candidate.why,
                "quote": candidate.quote,
                "box": dataclasses.asdict(candidate.box) if candidate.box else None,
            }
            for candidate in field.candidates
        ],
    }


def _plain(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)
