"""The signs a vendor is known by: its tax id, the domain it writes from, its printed name."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from models import Mail, Mailbox, Membership, Receipt, User
from store import sql

# Legal forms say nothing of who it is, and are printed one day and left out the next.
_FORMS = re.compile(
    r"\b(?:gmbh(?: co kg)?|ug|ag|kg|ohg|ltd|limited|inc|llc|llp|corp|corporation|plc|sarl|sas|sa|srl|spa|bv|nv|pty|pte|"
    r"oy|ab|aps|lda|בעמ|ושות)\b"
)
_SECOND_LEVEL = {"co", "com", "org", "net", "ac", "gov", "muni", "k12", "edu", "ltd"}
# Who writes for many: people's own mail, and services that send the papers of others.
_SHARED = frozenset((
    "gmail", "googlemail", "outlook", "hotmail", "live", "msn", "yahoo", "icloud", "me", "mac", "aol", "gmx", "web",
    "t-online", "walla", "proton", "protonmail", "mail", "freenet", "orange", "wanadoo", "free", "zoho", "paypal",
    "stripe", "square", "squareup", "payoneer", "greeninvoice", "icount", "invoice4u", "meshulam", "tranzila",
    "cardcom", "payplus", "shopify", "intuit", "quickbooks", "xero", "freshbooks", "bill", "sumit", "rivhit",
    "ezcount", "morning", "sendgrid", "amazonses", "mailgun", "mailchimp", "mandrillapp", "sumup", "adyen",
    "mollie", "klarna", "fastspring", "paddle", "gocardless",
))  # fmt: skip
_TOO_MANY = 2  # other names beside this one


@dataclass(frozen=True, slots=True)
class Keys:
    """What a receipt says of its vendor, folded; None where it says nothing."""

    tax_id: str | None
    domain: str | None
    name: str | None


@functools.lru_cache(maxsize=20_000)
def fold(name: str | None) -> str | None:
    """A name without case, marks, legal form and spacing: what two printings of it share; None when nothing is left."""
    if not name:
        return None
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    plain = re.sub(r"(?<=\w)[.'’׳״\"](?=\w|$)", "", plain)  # G.m.b.H., בע"מ, O'Neill
    words = re.sub(r"[\W_]+", " ", plain).strip()
    return " ".join(_FORMS.sub(" ", words).split()) or words or None


def tax_id(text: str | None) -> str | None:
    """A tax id without its spacing; None when it is too short to name anybody."""
    plain = re.sub(r"\W", "", text or "").upper()
    return plain if sum(c.isdigit() for c in plain) >= 5 else None


def domain(address: str) -> str | None:
    """The domain that an address belongs to, without hosts below it; None for one that many share."""
    labels = address.strip().casefold().rpartition("@")[2].split(".")
    if len(labels) < 2 or not all(labels):
        return None
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    own = labels[-3:] if deep else labels[-2:]
    return None if own[0] in _SHARED else ".".join(own)


def as_read(row: Receipt, name: str) -> Any:
    """What the document says of a field, whatever a person or a rule made of it since."""
    evidence = (row.fields or {}).get(name)
    if evidence is None:
        return None if name in (row.hand_set or ()) else row.__data__.get(name)
    return evidence["read"] if "rule" in evidence else evidence["value"]


def of(row: Receipt, address: str | None) -> Keys:
    """A receipt's signs; `address` is the sender of its mail."""
    return Keys(
        tax_id(as_read(row, "vendor_tax_id")), domain(address) if address else None, fold(as_read(row, "vendor"))
    )


def telling(row: Receipt, keys: Keys, field: str) -> Keys:
    """The signs that name this one vendor alone, so that a rule may go by them.

    A tax id that stands on several vendors' papers is the buyer's; a domain that writes for several, or is the
    business's own, is a messenger's. The field that a person corrects is no sign of itself.
    """
    business_id = row.business_id
    number = None if field == "vendor_tax_id" else keys.tax_id
    if number is not None:
        names = sql.fetch(
            "select distinct vendor from receipt where business_id = ? and vendor_tax_id = ? and id <> ? "
            "and vendor is not null limit 50",
            [business_id, row.vendor_tax_id, row.id],
        )
        if len({fold(name) for (name,) in names} - {keys.name}) >= _TOO_MANY:
            number = None
    place = keys.domain
    if place is not None and (place in _own_domains(business_id) or _speaks_for_many(row, place, keys.name)):
        place = None
    return Keys(number, place, keys.name)


def _own_domains(business_id: int) -> set[str | None]:
    boxes = [box.address for box in Mailbox.select(Mailbox.address).where(Mailbox.business == business_id)]
    people = User.select(User.email).join(Membership).where(Membership.business == business_id)
    return {domain(address) for address in (*boxes, *(one.email for one in people)) if address}


def _speaks_for_many(row: Receipt, place: str, own: str | None) -> bool:
    rows = sql.fetch(
        "select distinct r.vendor, r.vendor_tax_id from receipt r join mail m on m.id = r.mail_id "
        "where r.business_id = ? and r.id <> ? and lower(m.from_address) like ? escape '!' limit 200",
        [row.business_id, row.id, sql.like(place)],
    )
    names = {fold(name) for name, _ in rows} - {None, own}
    numbers = {tax_id(number) for _, number in rows} - {None}
    return len(numbers) > 1 or len(names) >= _TOO_MANY


def sender(row: Receipt) -> str | None:
    """The address that a receipt's mail came from."""
    if row.mail_id is None:
        return None
    found: str | None = Mail.select(Mail.from_address).where(Mail.id == row.mail_id).scalar()
    return found or None
