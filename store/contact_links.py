"""Whose receipt it is: a receipt's vendor found among the contacts, by tax id, then domain, then name, or made one."""

from __future__ import annotations

from collections.abc import Sequence

import clock
from models import Contact, ContactKey, ContactReceipt, PhoneCall, Receipt, Task
from store import contact_keys as keys
from store import outbox, sql

FOLLOWED = frozenset({"vendor", "vendor_tax_id", "status"})  # columns whose change may move a receipt
_NOBODYS = frozenset({"rejected", "not_receipt"})
CREATED = "contact.created"


def receipts_changed(business_id: int, rows: Sequence[Receipt]) -> None:
    """Bring the links of these receipts up to date, inside the write transaction of their change."""
    for row in rows:
        _follow(business_id, row)


def _follow(business_id: int, row: Receipt) -> None:
    linked = sql.one(
        "select l.id, l.contact_id, c.touched from contact_receipt l join contact c on c.id = l.contact_id "
        "where l.receipt_id = ?",
        [row.id],
    )
    vendor = " ".join((row.vendor or "").split())[:500]
    if not vendor or row.status in _NOBODYS:
        if linked:
            ContactReceipt.delete().where(ContactReceipt.id == linked[0]).execute()
            _forget_if_empty(linked[1])
        return
    address = row.mail.from_address if row.mail is not None else ""
    if linked and _fits(linked[1], vendor, row.vendor_tax_id):
        _learn(business_id, linked[1], vendor, row.vendor_tax_id, address)
        return
    found = match(business_id, vendor, row.vendor_tax_id, address)
    if linked and found is None and not linked[2] and _is_all_it_has(linked[1], row.id):
        _rename(business_id, linked[1], vendor, row.vendor_tax_id)  # the receipt was corrected: so is what it made
        return
    if found is None:
        found = _made(business_id, vendor, row.vendor_tax_id, address)
    else:
        _learn(business_id, found, vendor, row.vendor_tax_id, address)
    if linked is None:
        ContactReceipt.create(business=business_id, contact=found, receipt=row.id)
    elif linked[1] != found:
        ContactReceipt.update(contact=found).where(ContactReceipt.id == linked[0]).execute()
        _forget_if_empty(linked[1])


def match(business_id: int, vendor: str, tax_id: str | None, address: str) -> int | None:
    """The id of the contact whose receipt this is: tax id, then domain, then name. None where there is none."""
    number, name, domain = keys.tax_id(tax_id), keys.name(vendor), keys.domain(address)
    if number is not None:
        found = _by_key(business_id, "tax_id", number)
        if found:
            return found[0][0]
    for kind, value in (("domain", domain), ("name", name)):
        if value is None:
            continue
        for id_, known_as, known_number in _by_key(business_id, kind, value):
            theirs = keys.tax_id(known_number)
            if number is not None and theirs is not None and theirs != number:
                continue  # another company, however alike
            if kind == "name" or _same_house(value, vendor, known_as):
                return id_
    return None


def _by_key(business_id: int, kind: str, value: str) -> list[tuple[int, str, str | None]]:
    return [
        (id_, name, tax_id)
        for id_, name, tax_id in sql.fetch(
            "select c.id, c.name, c.tax_id from contact_key k join contact c on c.id = k.contact_id "
            "where k.business_id = ? and k.kind = ? and k.value = ? and c.deleted_at is null order by c.id limit 20",
            [business_id, kind, value],
        )
    ]


def _same_house(domain: str, vendor: str, known_as: str) -> bool:
    """Whether two names that write from one domain are one company's."""
    if keys.is_its_own(domain, (vendor, known_as)):
        return True
    return not {word for word in keys.name_words(vendor) if len(word) > 2}.isdisjoint(keys.name_words(known_as))


def _fits(contact_id: int, vendor: str, tax_id: str | None) -> bool:
    """Whether the contact is known by this name and by no other tax id."""
    name, number = keys.name(vendor), keys.tax_id(tax_id)
    rows = sql.fetch(
        "select k.kind, k.value from contact_key k where k.contact_id = ? and k.kind in ('name', 'tax_id')",
        [contact_id],
    )
    numbers = {value for kind, value in rows if kind == "tax_id"}
    return ("name", name) in rows and (number is None or not numbers or number in numbers)


def _learn(business_id: int, contact_id: int, vendor: str, tax_id: str | None, address: str) -> None:
    """Other names, its tax id and its own domain are remembered, so that it is found by them the next time."""
    row = sql.one("select name, tax_id from contact where id = ?", [contact_id])
    if row is None:
        return
    add_keys(business_id, contact_id, [("name", keys.name(vendor)), *_domain(address, vendor, row[0])])
    if row[1] is None and keys.tax_id(tax_id) is not None:
        Contact.update(tax_id=(tax_id or "")[:60], updated_at=clock.now()).where(Contact.id == contact_id).execute()
        add_keys(business_id, contact_id, [("tax_id", keys.tax_id(tax_id))])


def _domain(address: str, vendor: str, known_as: str) -> list[tuple[str, str | None]]:
    domain = keys.domain(address)
    return [("domain", domain)] if domain and keys.is_its_own(domain, (vendor, known_as)) else []


def add_keys(business_id: int, contact_id: int, found: Sequence[tuple[str, str | None]]) -> None:
    """Remember by what a contact is recognised; what is known already stays."""
    rows = [
        {"business": business_id, "contact": contact_id, "kind": kind, "value": value} for kind, value in found if value
    ]
    if rows:
        ContactKey.insert_many(rows).on_conflict_ignore().execute()


def _made(business_id: int, vendor: str, tax_id: str | None, address: str) -> int:
    contact: Contact = Contact.create(
        business=business_id,
        name=vendor,
        sort_name=vendor.casefold(),
        kind="vendor",
        tax_id=tax_id[:60] if tax_id and keys.tax_id(tax_id) else None,
        source="receipt",
        touched=False,
    )
    # The domain of a first receipt is kept even where it bears another name: together with a like name it tells.
    found = [("name", keys.name(vendor)), ("tax_id", keys.tax_id(tax_id)), ("domain", keys.domain(address))]
    add_keys(business_id, contact.id, found)
    tell_created(contact)
    return int(contact.id)


def tell_created(contact: Contact) -> None:
    """The event of a new contact."""
    if outbox.listening(contact.business_id):
        outbox.emit(contact.business_id, CREATED, {"contact": facts(contact)})


def facts(contact: Contact) -> dict[str, object]:
    """A contact as events hold it."""
    names = ("id", "version", "name", "form", "kind", "company", "tax_id", "phones", "emails", "tags", "source")
    return {**{name: getattr(contact, name) for name in names}, "created_at": clock.iso(contact.created_at)}


def _rename(business_id: int, contact_id: int, vendor: str, tax_id: str | None) -> None:
    ContactKey.delete().where(ContactKey.contact == contact_id, ContactKey.kind << ("name", "tax_id")).execute()
    number = (tax_id or "")[:60] if keys.tax_id(tax_id) else None
    Contact.update(
        name=vendor, sort_name=vendor.casefold(), tax_id=number, updated_at=clock.now(), version=Contact.version + 1
    ).where(Contact.id == contact_id).execute()
    add_keys(business_id, contact_id, [("name", keys.name(vendor)), ("tax_id", keys.tax_id(tax_id))])


def _is_all_it_has(contact_id: int, receipt_id: int) -> bool:
    others = sql.one(
        "select 1 from contact_receipt where contact_id = ? and receipt_id <> ? limit 1", [contact_id, receipt_id]
    )
    if others is not None or Task.select().where(Task.contact == contact_id).exists():
        return False
    return not PhoneCall.select().where(PhoneCall.contact_id == contact_id).exists()


def _forget_if_empty(contact_id: int) -> None:
    """A contact that only ever came from receipts goes with the last of them."""
    if _is_all_it_has(contact_id, 0):
        Contact.delete().where(Contact.id == contact_id, ~Contact.touched).execute()
