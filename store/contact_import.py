"""Contacts out of a file into the business: known ones are filled up, new ones added, bad lines named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from errors import Tellable
from models import Contact, write
from store import audit, contacts, sql
from store import contact_keys as keys
from store.contact_files import MOST

_CHUNK = 200  # contacts in one write transaction
_LONGEST = {"name": 500, "company": 500, "tax_id": 60, "address": 1000, "notes": 10_000}
_FILLED = ("company", "tax_id", "address", "notes")
_JOINED = ("phones", "emails", "tags")


@dataclass(slots=True)
class Outcome:
    """How many were new, filled up, or known as they are; what was wrong, by number of the contact in the file."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)


def load(business_id: int, found: Sequence[Mapping[str, Any]]) -> Outcome:
    """Take contacts of a file; the same file twice changes nothing the second time. Tellable `too_many`."""
    if len(found) > MOST:
        raise Tellable("too_many", f"More than {MOST} contacts at once; please split the file.")
    outcome = Outcome()
    country = contacts.country_of(business_id)
    for start in range(0, len(found), _CHUNK):
        with write():
            for number, values in enumerate(found[start : start + _CHUNK], start + 1):
                _one(business_id, country, number, values, outcome)
    return outcome


def _one(business_id: int, country: str, number: int, values: Mapping[str, Any], outcome: Outcome) -> None:
    clean, faults = _cleaned(country, values)
    outcome.faults += [{"number": number, "name": clean["name"][:100], "text": text} for text in faults][:5]
    known = _known(business_id, clean)
    if known is None:
        contacts.insert(business_id, clean, "import")
        outcome.added += 1
        return
    filled = {name: clean[name] for name in _FILLED if clean.get(name) and not getattr(known, name)}
    for name in _JOINED:
        joined = list(dict.fromkeys([*getattr(known, name), *clean.get(name, ())]))
        if joined != getattr(known, name):
            filled[name] = joined
    before = known.version
    contacts.update(known, filled)
    outcome.updated += known.version > before
    outcome.unchanged += known.version == before


def _cleaned(country: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Values that can be kept, and what was left out of them."""
    faults = []
    clean: dict[str, Any] = {name: str(values[name])[:most] for name, most in _LONGEST.items() if values.get(name)}
    clean["name"] = " ".join(clean["name"].split())
    clean["sort_name"] = clean["name"].casefold()
    form, kind = str(values.get("form", "")).casefold(), str(values.get("kind", "")).casefold()
    clean["form"] = form if form in contacts.FORMS else "person" if clean.get("company") else "company"
    clean["kind"] = kind if kind in contacts.KINDS else "customer"
    phones, emails = [], []
    for raw in values.get("phones", ()):
        phone = keys.phone_or_none(raw, country)
        if phone is None:
            faults.append(f"“{raw[:40]}” is not a phone number.")
        else:
            phones.append(phone)
    for raw in values.get("emails", ()):
        email = keys.email(raw)
        if email is None:
            faults.append(f"“{raw[:60]}” is not an e-mail address.")
        else:
            emails.append(email)
    clean["phones"], clean["emails"] = list(dict.fromkeys(phones))[:50], list(dict.fromkeys(emails))[:50]
    clean["tags"] = list(dict.fromkeys(" ".join(str(tag).split())[:60] for tag in values.get("tags", ())))[:50]
    return clean, faults


def _known(business_id: int, clean: Mapping[str, Any]) -> Contact | None:
    """The contact of the same tax id, address or phone; or, where the file has none of these, of the same name."""
    wanted = [("tax_id", keys.tax_id(clean.get("tax_id")))]
    wanted += [("email", one) for one in clean["emails"]] + [("phone", one) for one in clean["phones"]]
    wanted = [one for one in wanted if one[1]] or [("name", keys.name(clean["name"]))]
    for kind, value in wanted:
        row = sql.one(
            "select c.id from contact_key k join contact c on c.id = k.contact_id "
            "where k.business_id = ? and k.kind = ? and k.value = ? and c.deleted_at is null order by c.id limit 1",
            [business_id, kind, value],
        )
        if row:
            found: Contact = Contact.get_by_id(row[0])
            return found
    return None


def noted(business_id: int, name: str, outcome: Outcome) -> None:
    """The import as one line of the audit trail, beside those of its contacts."""
    changes = {"added": [0, outcome.added], "updated": [0, outcome.updated]}
    with write():
        audit.note(business_id, "contacts.imported", "contacts", label=name, changes=changes)
