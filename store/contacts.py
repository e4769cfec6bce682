"""Contacts: made, changed, found, put away and given back; callers recognised."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import peewee

import clock
from errors import Tellable
from models import Business, Contact, ContactKey, ContactNote, PhoneCall, db, write
from store import audit, search, sql
from store import contact_keys as keys
from store.contact_links import add_keys, tell_created

FORMS, KINDS = ("company", "person"), ("vendor", "customer", "lead")
SORTS = ("name", "-created")
TEXTS = ("name", "company", "address", "notes", "form", "kind")
COLUMNS = (
    "id", "version", "name", "form", "kind", "company", "tax_id", "phones", "emails", "address", "notes", "tags",
    "source", "created_at", "updated_at", "deleted_at",
)  # fmt: skip
_LISTS = ("phones", "emails", "tags")
_MOST = 50  # phones, addresses or tags of one contact
_KEYED = {"name": ("name", keys.name), "tax_id": ("tax_id", keys.tax_id)}


def country_of(business_id: int) -> str:
    """The business's country, by which phone numbers are read."""
    return str(Business.select(Business.country).where(Business.id == business_id).scalar() or "")


def cleaned(business_id: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the table keeps them; Tellable `bad_value`, `bad_phone` or `bad_email`."""
    country = country_of(business_id) if values.get("phones") else ""
    out: dict[str, Any] = {}
    for name, value in values.items():
        if name == "phones":
            out[name] = _unique(keys.phone(one, country) for one in value)
        elif name == "emails":
            out[name] = _unique(_address(one) for one in value)
        elif name == "tags":
            out[name] = _unique(" ".join(one.split()) for one in value)
        elif name == "tax_id":
            out[name] = (value or "").strip() or None
        elif name == "name":
            out[name] = " ".join(value.split())
            if not out[name]:
                raise Tellable("bad_value", "A contact needs a name.", field="name")
            out["sort_name"] = out[name].casefold()
        else:
            out[name] = value.strip()
    return out


def _address(text: str) -> str:
    found = keys.email(text)
    if found is None:
        raise Tellable("bad_email", f"“{text[:60]}” is not an e-mail address.")
    return found


def _unique(values: Iterable[str]) -> list[str]:
    return [one for one in dict.fromkeys(values) if one][:_MOST]


def add(business_id: int, values: Mapping[str, Any], *, source: str = "hand") -> Contact:
    """A new contact; Tellable as cleaned."""
    clean = cleaned(business_id, values)
    with write():
        return insert(business_id, clean, source)


def insert(business_id: int, clean: Mapping[str, Any], source: str) -> Contact:
    """A new contact of cleaned values, inside a write transaction."""
    row: Contact = Contact.create(business=business_id, source=source, **clean)
    add_keys(business_id, row.id, keys_of(row))
    _claim_calls(row)
    changes = audit.difference({}, {name: getattr(row, name) for name in ("name", "kind", "tax_id", *_LISTS)})
    audit.note(business_id, "contact.added", "contact", row.id, label=row.name, changes=changes)
    tell_created(row)
    return row


def _claim_calls(row: Contact) -> None:
    """Earlier calls from its numbers that were nobody's are its own."""
    if row.phones:
        theirs = (PhoneCall.business == row.business_id, PhoneCall.caller << row.phones, PhoneCall.contact_id.is_null())
        PhoneCall.update(contact_id=row.id).where(*theirs).execute()


def keys_of(row: Contact) -> list[tuple[str, str | None]]:
    """By what a contact's own values let it be recognised."""
    found = [("name", keys.name(row.name)), ("tax_id", keys.tax_id(row.tax_id))]
    found += [("phone", one) for one in row.phones]
    for one in row.emails:
        domain = keys.domain(one)
        found += [("email", one), *([("domain", domain)] if domain and row.form == "company" else [])]
    return found


def change(business_id: int, id_: object, version: int | None, values: Mapping[str, Any]) -> Contact:
    """Set values of the version that the caller saw (None: whichever there is).

    Tellable `not_found`, `version_conflict`, and as cleaned.
    """
    clean = cleaned(business_id, values)
    with write():
        row = Contact.find(business_id, id_)
        if version is not None and row.version != version:
            raise Tellable("version_conflict", "Somebody else changed this contact meanwhile.")
        return update(row, clean)


def update(row: Contact, clean: Mapping[str, Any]) -> Contact:
    """Set cleaned values, inside a write transaction; nothing is written where nothing changes."""
    before = {name: row.__data__[name] for name, value in clean.items() if row.__data__[name] != value}
    if not before:
        return row
    old = set(keys_of(row))
    for name in before:
        setattr(row, name, clean[name])
    row.touched, row.version, row.updated_at = True, row.version + 1, clock.now()
    row.save(only=[*before, "touched", "version", "updated_at"])
    new = set(keys_of(row))
    for kind, value in old - new:
        gone = (ContactKey.contact == row.id, ContactKey.kind == kind, ContactKey.value == value)
        ContactKey.delete().where(*gone).execute()
    add_keys(row.business_id, row.id, sorted(new - old, key=str))
    if "phones" in before:
        _claim_calls(row)
    changes = {name: [value, clean[name]] for name, value in before.items() if name != "sort_name"}
    audit.note(row.business_id, "contact.changed", "contact", row.id, label=row.name, changes=changes)
    return row


def remove(business_id: int, id_: object) -> None:
    """Put away; it no longer recognises anything. Tellable `not_found`."""
    with write():
        row = Contact.find(business_id, id_)
        if row.deleted_at is None:
            _set_deleted(row, gone=True)


def restore(business_id: int, id_: object) -> Contact:
    """Back among the others; Tellable `not_found`, or `merged` for one that lives on in another."""
    with write():
        row = Contact.find(business_id, id_)
        if row.merged_into_id is not None:
            raise Tellable("merged", "This contact was merged into another one; take the merge back instead.")
        if row.deleted_at is not None:
            _set_deleted(row, gone=False)
    return row


def _set_deleted(row: Contact, *, gone: bool) -> None:
    row.deleted_at, row.touched = clock.now() if gone else None, True
    row.version, row.updated_at = row.version + 1, clock.now()
    row.save(only=["deleted_at", "touched", "version", "updated_at"])
    action = "contact.deleted" if gone else "contact.restored"
    audit.note(row.business_id, action, "contact", row.id, label=row.name)


def note(business_id: int, id_: object, text: str, who: str) -> ContactNote:
    """Write something down about a contact; Tellable `not_found`."""
    with write():
        row = Contact.find(business_id, id_)
        Contact.update(touched=True, updated_at=clock.now()).where(Contact.id == row.id).execute()
        made: ContactNote = ContactNote.create(business=business_id, contact=row.id, text=text.strip(), actor=who)
        audit.note(business_id, "contact.noted", "contact", row.id, label=row.name)
    return made


def remove_note(business_id: int, contact_id: object, note_id: object) -> None:
    """Take a note away; Tellable `not_found`."""
    with write():
        row = Contact.find(business_id, contact_id)
        found = ContactNote.find(business_id, note_id)
        if found.contact_id != row.id:
            raise Tellable("not_found", "There is no such thing here.")
        found.delete_instance()
        audit.note(business_id, "contact.note_removed", "contact", row.id, label=row.name)


# -- finding


def match_phone(business_id: int, number: str) -> int | None:
    """The id of the contact of a number in E.164; the oldest where several share it, None where nobody has it."""
    row = sql.one(
        "select c.id from contact_key k join contact c on c.id = k.contact_id "
        "where k.business_id = ? and k.kind = 'phone' and k.value = ? and c.deleted_at is null order by c.id limit 1",
        [business_id, number],
    )
    return row[0] if row else None


def of_caller(business_id: int, number: str, name: str = "") -> int:
    """The contact of a caller's number in E.164, made a lead where it is new; opens its own write transaction.

    A contact that somebody called stays, whatever becomes of its receipts.
    """
    with write():
        found = match_phone(business_id, number)
        if found is not None:
            Contact.update(touched=True).where(Contact.id == found, ~Contact.touched).execute()
            return found
        called = " ".join(name.split())[:200] or number
        clean = {"name": called, "sort_name": called.casefold(), "form": "person", "kind": "lead", "phones": [number]}
        return int(insert(business_id, clean, "call").id)


def page(
    business_id: int,
    *,
    q: str | None = None,
    kind: str | None = None,
    tag: str | None = None,
    deleted: bool = False,
    sort: str = "name",
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of contacts (columns by name) and the next cursor; Tellable `bad_cursor`."""
    terms = ["c.business_id = ?", f"c.deleted_at is {'not ' if deleted else ''}null"]
    params: list[object] = [business_id]
    if q:
        found = matching(business_id, q)
        terms.append(found.term)
        params.extend(found.params)
        if found.few:
            terms[0] = "+c.business_id = ?"
    if kind is not None:
        terms.append("c.kind = ?")
        params.append(kind)
    if tag is not None:
        each = "json_each(c.tags)" if _sqlite() else "jsonb_array_elements_text(c.tags) as one(value)"
        terms.append(f"exists (select 1 from {each} where value = ?)")
        params.append(tag)
    order = "c.id desc"
    if sort == "name":
        order = "c.sort_name, c.id"
        if cursor is not None:
            terms.append("(c.sort_name, c.id) > (?, ?)")
            params.extend(_decoded(cursor))
    elif cursor is not None:
        terms.append("c.id < ?")
        params.append(_decoded(cursor)[1])
    rows = sql.fetch(
        f"select {', '.join(f'c.{name}' for name in COLUMNS)} from contact c where {' and '.join(terms)} "
        f"order by {order} limit ?",
        [*params, limit + 1],
    )
    found_rows = [_row(row) for row in rows[:limit]]
    following = None
    if len(rows) > limit:
        last = found_rows[-1]
        following = urlsafe_b64encode(orjson.dumps([last["name"].casefold(), last["id"]])).decode().rstrip("=")
    return found_rows, following


def _sqlite() -> bool:
    return isinstance(db.obj, peewee.SqliteDatabase)


def _decoded(cursor: str) -> tuple[str, int]:
    try:
        name, id_ = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        good = isinstance(name, str) and isinstance(id_, int) and 0 <= id_ < 2**63 and "\0" not in name
    except (ValueError, TypeError):
        good = False
    if not good:
        raise Tellable("bad_cursor", "This cursor does not belong to this list; begin without one.")
    return name, id_


def matching(business_id: int, text: str) -> search.Condition:
    """On `c.id`: contacts that hold every word, or have the phone number that is being typed."""
    digits = "".join(char for char in text if char.isdigit())
    if len(digits) >= 5 and not any(char.isalpha() for char in text):
        number = phone_begun(business_id, text)
        by_phone = sql.fetch(
            "select contact_id from contact_key where business_id = ? and kind = 'phone' and value >= ? and value < ? "
            "limit ?",
            [business_id, number, f"{number}~", search.FEW],
        )
        if by_phone:
            return search.Condition(f"c.id in ({sql.ids(row[0] for row in by_phone)})", (), few=True)
    return search.contacts(business_id, text)


def phone_begun(business_id: int, text: str) -> str:
    """The beginning in E.164 of a number that is still being typed."""
    return keys.phone_begun(text, country_of(business_id))


def one(business_id: int, id_: object) -> dict[str, Any]:
    """All of a contact, put away or not; Tellable `not_found`."""
    row = Contact.find(business_id, id_)
    found = {name: getattr(row, name) for name in COLUMNS}
    for name in ("created_at", "updated_at", "deleted_at"):
        found[name] = Contact.created_at.db_value(found[name])
    return {**found, "merged_into": row.merged_into_id}


def _row(row: Sequence[Any]) -> dict[str, Any]:
    found = dict(zip(COLUMNS, row, strict=True))
    for name in _LISTS:
        found[name] = sql.loaded(found[name])
    return found


def by_ids(business_id: int, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Contacts by id, those of the business alone."""
    rows = sql.fetch(
        f"select {', '.join(f'c.{name}' for name in COLUMNS)} from contact c "
        f"where c.business_id = ? and c.id in ({sql.ids(ids)})",
        [business_id],
    )
    return {row[0]: _row(row) for row in rows}


def of_receipt(business_id: int, receipt_id: int) -> dict[str, Any] | None:
    """Id and name of the contact that a receipt is from; None where there is none."""
    row = sql.one(
        "select c.id, c.name from contact_receipt l join contact c on c.id = l.contact_id "
        "where l.receipt_id = ? and l.business_id = ?",
        [receipt_id, business_id],
    )
    return {"id": row[0], "name": row[1]} if row else None
