"""The phone's settings of a business: its Twilio account, numbers, people, and the plans that callers meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import peewee

import clock
from errors import Tellable
from models import Business, PhoneNumber, PhonePerson, PhoneSettings, write
from store import audit

PLAIN = (
    "account_sid", "language", "greeting", "closed", "consent", "hours", "holidays", "menu", "menu_text", "forward",
    "ring_s", "voicemail", "stream", "longest_s", "silence_s", "record_calls", "transcribe", "anonymous", "blocked",
    "retention_days",
)  # fmt: skip
_PLAN = (
    "greeting", "closed", "consent", "hours", "holidays", "menu_text", "forward", "ring_s", "voicemail", "stream",
    "longest_s", "silence_s", "record_calls", "anonymous", "blocked",
)  # fmt: skip
MOST = 200  # numbers, and people, of a business


def settings(business_id: int) -> PhoneSettings:
    """The settings of a business; those that nobody has made yet are the defaults."""
    row: PhoneSettings | None = PhoneSettings.get_or_none(PhoneSettings.business == business_id)
    return row or PhoneSettings(business=business_id)


def change(business_id: int, values: Mapping[str, Any]) -> PhoneSettings:
    """Change settings; `auth_token` is kept encrypted and never told, None forgets it."""
    with write():
        row = settings(business_id)
        changed = {
            name: [getattr(row, name), value]
            for name, value in values.items()
            if name != "auth_token" and getattr(row, name) != value
        }
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = clock.now()
        row.save()
        if "auth_token" in values:
            changed["auth_token"] = [None, "set" if values["auth_token"] else "forgotten"]
        if changed:
            audit.note(business_id, "phone.changed", "phone", row.id, changes=changed)
    return row


def numbers(business_id: int) -> list[PhoneNumber]:
    """The business's numbers, oldest first."""
    return list(PhoneNumber.select().where(PhoneNumber.business == business_id).order_by(PhoneNumber.id))


def add_number(business_id: int, number: str, label: str = "") -> PhoneNumber:
    """Another number (E.164); Tellable `number_taken` where it is another business's, `too_many`."""
    if PhoneNumber.select().where(PhoneNumber.business == business_id).count() >= MOST:
        raise Tellable("too_many", f"At most {MOST} numbers.")
    try:
        with write():
            known: PhoneNumber | None = PhoneNumber.get_or_none(
                PhoneNumber.business == business_id, PhoneNumber.number == number
            )
            row = known or PhoneNumber(business=business_id, number=number)
            row.label = label
            row.save()
            if known is None:
                audit.note(business_id, "phone.number_added", "phone_number", row.id, label=number)
    except peewee.IntegrityError as error:
        raise Tellable("number_taken", "That number belongs to another business here.") from error
    return row


def remove_number(business_id: int, id_: object) -> None:
    """The number is not ours any more; its calls stay. Tellable `not_found`."""
    with write():
        row = PhoneNumber.find(business_id, id_)
        row.delete_instance()
        audit.note(business_id, "phone.number_removed", "phone_number", row.id, label=row.number)


def people(business_id: int) -> list[PhonePerson]:
    """Whose messages are filed."""
    return list(PhonePerson.select().where(PhonePerson.business == business_id).order_by(PhonePerson.id))


def add_person(business_id: int, number: str, name: str = "") -> PhonePerson:
    """Another person by their number (E.164), or a new name for one; Tellable `too_many`."""
    with write():
        row: PhonePerson | None = PhonePerson.get_or_none(
            PhonePerson.business == business_id, PhonePerson.number == number
        )
        if row is None:
            if PhonePerson.select().where(PhonePerson.business == business_id).count() >= MOST:
                raise Tellable("too_many", f"At most {MOST} people.")
            row = PhonePerson(business=business_id, number=number)
        row.name = name
        row.save()
        audit.note(business_id, "phone.person_added", "phone_person", row.id, label=number)
    return row


def remove_person(business_id: int, id_: object) -> None:
    """Messages of this number are those of a stranger again. Tellable `not_found`."""
    with write():
        row = PhonePerson.find(business_id, id_)
        row.delete_instance()
        audit.note(business_id, "phone.person_removed", "phone_person", row.id, label=row.number)


def block(business_id: int, number: str, *, blocked: bool) -> list[str]:
    """Callers of this number are turned away from now on, or no longer; the whole list."""
    row = settings(business_id)
    others = [one for one in row.blocked if one != number]
    wanted = [*others, number] if blocked else others
    change(business_id, {"blocked": wanted})
    return wanted


def business_of(number: str) -> int | None:
    """The business that has this number."""
    found: int | None = PhoneNumber.select(PhoneNumber.business).where(PhoneNumber.number == number).scalar()
    return found


def account(business_id: int | None, default: tuple[str, str]) -> tuple[str, str]:
    """SID and AuthToken of the account that a business's calls come through."""
    row = settings(business_id) if business_id is not None else None
    return (row.account_sid, row.auth_token) if row is not None and row.auth_token else default


def plans(default: tuple[str, str]) -> list[dict[str, Any]]:
    """What callers of each number meet, as plain values for calls.plan; `default` is the installation's account."""
    by_business = {row.business_id: row for row in PhoneSettings.select()}
    people_of: dict[int, list[str]] = {}
    for person in PhonePerson.select(PhonePerson.business, PhonePerson.number):
        people_of.setdefault(person.business_id, []).append(person.number)
    found = []
    for number in PhoneNumber.select(PhoneNumber, Business).join(Business):
        business: Business = number.business
        row = by_business.get(business.id) or PhoneSettings(business=business.id)
        sid, token = (row.account_sid, row.auth_token) if row.auth_token else default
        found.append(
            {
                **{name: getattr(row, name) for name in _PLAN},
                "business_id": business.id,
                "number": number.number,
                "account_sid": sid,
                "auth_token": token or "",
                "language": row.language or business.language,
                "time_zone": business.time_zone,
                "country": business.country,
                "name": business.name,
                "sound": row.sound_sha256 or "",
                "menu": [[one["digit"], one["action"], one["value"], one["label"]] for one in row.menu],
                "people": people_of.get(business.id, []),
            }
        )
    return found


def retaining() -> list[int]:
    """Businesses that keep recordings for a time only."""
    query = PhoneSettings.select(PhoneSettings.business).where(PhoneSettings.retention_days > 0)
    return [row.business_id for row in query]
