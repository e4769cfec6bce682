"""Messages of known people, and the receipts that they became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import clock
from models import Mail, PhonePerson, Receipt, TextMessage, write
from store import events, phone


def keep(event: Mapping[str, Any]) -> tuple[TextMessage | None, bool]:
    """The row of a message and whether it is new; None where its sender is nobody's person (nothing is kept then)."""
    known: TextMessage | None = TextMessage.get_or_none(TextMessage.sid == event["sid"])
    if known is not None:
        return known, False
    business_id = event.get("business_id") or phone.business_of(str(event["number"]))
    if business_id is None:
        return None, False
    person = _person(int(business_id), str(event["from"]))
    if person is None:
        return None, False
    with write():
        row = TextMessage.create(
            business=business_id,
            sid=event["sid"],
            account_sid=event.get("account_sid", ""),
            person=person,
            sender=event["from"],
            number=event["to"],
            body=event.get("body", ""),
            media=event.get("media", []),
        )
        facts = {"id": row.id, "from": person, "files": len(row.media), "has_text": bool(row.body.strip())}
        events.emit(int(business_id), "message.received", {"message": facts})
    return row, True


def _person(business_id: int, sender: str) -> str | None:
    bare = sender.partition(":")[2] or sender
    found: str | None = (
        PhonePerson.select(PhonePerson.number)
        .where(PhonePerson.business == business_id, PhonePerson.number == bare)
        .scalar()
    )
    return found


def get(id_: int) -> TextMessage | None:
    """The row."""
    row: TextMessage | None = TextMessage.get_or_none(TextMessage.id == id_)
    return row


def waiting(mail_ids: Sequence[int]) -> int:
    """How many of these mails are still to be read."""
    return int(Mail.select().where(Mail.id << list(mail_ids), Mail.state != "done").count())


def receipts_of(mail_ids: Sequence[int]) -> list[Receipt]:
    """What the mails became, in order."""
    return list(Receipt.select().where(Receipt.mail << list(mail_ids)).order_by(Receipt.id))


def reasons(mail_ids: Sequence[int]) -> list[str]:
    """Why mails that became no receipt did not."""
    rows = Mail.select(Mail.reason_text).where(Mail.id << list(mail_ids), Mail.outcome != "receipt").order_by(Mail.id)
    return [row.reason_text for row in rows]


def spoken_of(row: TextMessage) -> int | None:
    """The receipt that a person's words are about: the one of their last message before this one that had one."""
    found: int | None = (
        TextMessage.select(TextMessage.receipt_id)
        .where(
            TextMessage.business == row.business_id,
            TextMessage.person == row.person,
            TextMessage.id < row.id,
            TextMessage.receipt_id.is_null(is_null=False),
        )
        .order_by(TextMessage.id.desc())
        .scalar()
    )
    return found


def update(id_: int, **values: Any) -> None:
    """Write columns; inside the transaction of the work."""
    TextMessage.update(**values).where(TextMessage.id == id_).execute()


def answered(id_: int, text: str, receipt_id: int | None) -> None:
    """What it was answered, and the receipt that the next words of this person are about."""
    values: dict[str, Any] = {"state": "answered", "answer": text, "answered_at": clock.now()}
    if receipt_id is not None:
        values["receipt_id"] = receipt_id
    update(id_, **values)
