"""Passwords of locked documents: kept per vendor, encrypted, tried whenever a document is locked."""

from __future__ import annotations

from dataclasses import dataclass

from errors import Tellable
from models import DocumentPassword, Receipt, write
from store import vendor_keys

MOST_TRIED = 30
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Known:
    """A password without itself: whose documents it opens, who typed it, when."""

    row: DocumentPassword
    vendor: str
    domain: str | None


def tried(business_id: int) -> tuple[str, ...]:
    """The business's passwords, the newest first; only a locked document is ever asked."""
    rows = (
        DocumentPassword.select(DocumentPassword.password)
        .where(DocumentPassword.business == business_id)
        .order_by(DocumentPassword.id.desc())
        .limit(MOST_TRIED)
    )
    try:
        return tuple(dict.fromkeys(row.password for row in rows))
    except Tellable:  # a wrong key must not keep what is not locked from being read
        return ()


def any_kept(business_id: int) -> bool:
    """Whether the business keeps a password at all."""
    return bool(DocumentPassword.select().where(DocumentPassword.business == business_id).exists())


def keep(business_id: int, password: str, by: str, receipt: Receipt | None = None, vendor: str = "") -> Known:
    """Keep a password for the vendor of a receipt (or one that is named); the same one is kept once a vendor.

    Tellable `bad_password_kept` where it is empty or absurdly long.
    """
    if not 0 < len(password) <= LONGEST:
        raise Tellable("bad_password_kept", f"A document's password has 1 to {LONGEST} characters.")
    domain = None
    if receipt is not None:
        vendor = vendor or receipt.vendor or ""
        address = vendor_keys.sender(receipt)
        domain = vendor_keys.domain(address) if address else None
    with write():
        for row in DocumentPassword.select().where(
            DocumentPassword.business == business_id, DocumentPassword.vendor == vendor
        ):
            if row.domain == domain and row.password == password:
                return Known(row, row.vendor, row.domain)
        made = DocumentPassword.create(
            business=business_id, vendor=vendor, domain=domain, password=password, created_by=by
        )
    return Known(made, vendor, domain)


def listing(business_id: int) -> list[Known]:
    """All of them, newest first, none of them told."""
    rows = DocumentPassword.select(
        DocumentPassword.id, DocumentPassword.vendor, DocumentPassword.domain, DocumentPassword.created_by,
        DocumentPassword.created_at,
    ).where(DocumentPassword.business == business_id)  # fmt: skip
    return [Known(row, row.vendor, row.domain) for row in rows.order_by(DocumentPassword.id.desc())]


def forget(business_id: int, id_: object) -> None:
    """Documents that it opened stay as they were read. Tellable `not_found`."""
    row = DocumentPassword.find(business_id, id_)
    with write():
        row.delete_instance()
