"""What crosses the border of the reading room: readings, fields with evidence, documents."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Kind(StrEnum):
    """What a document is."""

    RECEIPT = "receipt"
    INVOICE = "invoice"
    TAX_INVOICE = "tax_invoice"
    INVOICE_RECEIPT = "invoice_receipt"
    ORDER = "order"
    CREDIT_NOTE = "credit_note"
    STATEMENT = "statement"
    OTHER = "other"


class Outcome(StrEnum):
    """What became of a message."""

    RECEIPT = "receipt"
    NOT_RECEIPT = "not_receipt"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Box:
    """Where something stands: page from 0, edges as fractions 0..1 of the page, origin top left."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """One possible value of a field: its confidence 0..1, why it is one, and where it stands."""

    value: T
    confidence: float
    why: str
    box: Box | None = None
    quote: str | None = None  # the line of the document that says so


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """The chosen value of a field and its rivals, best first; value None where nothing was found."""

    value: T | None
    confidence: float
    why: str
    box: Box | None = None
    quote: str | None = None
    candidates: tuple[Candidate[T], ...] = ()


_NOTHING: Field[Any] = Field(None, 0.0, "it does not stand on the document")


@dataclass(frozen=True, slots=True)
class Flag:
    """A doubt about a field (`*` for the whole reading): a stable code and a sentence."""

    field: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax rate of a document: rate in percent, base and amount in the document's currency."""

    rate: Decimal | None
    base: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a document."""

    description: str
    quantity: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a message: `part` is its MIME path ("1.2", nested mail "2/1"), unique in the message."""

    part: str
    filename: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """One receipt as read from one part of a message."""

    part: str  # the Document it was read from; "" for the message's own body
    kind: Field[Kind]
    vendor: Field[str]
    vendor_tax_id: Field[str]
    number: Field[str]
    date: Field[dt.date]
    due_date: Field[dt.date]
    currency: Field[str]
    total: Field[Decimal]  # the grand total, tax included; negative for a credit note or refund
    payable: Field[Decimal]  # what is still due
    net: Field[Decimal]
    tax: tuple[TaxLine, ...] = ()
    items: tuple[Item, ...] = ()
    flags: tuple[Flag, ...] = ()
    turned: bool = False  # the document prints its sums without a minus; its kind made them negative here
    link: str = ""  # where its document is to be fetched by hand, of a receipt that waits for it
    source: str = ""  # "einvoice", "schema_org", "pdf", "html", "plain", "ocr"
    text: str = field(default="", repr=False)  # all that was read of its part, where that was asked for
    # What most documents lack: never flagged as missing, and a value only where it is plainly said.
    tip: Field[Decimal] = _NOTHING
    discount: Field[Decimal] = _NOTHING  # what the document takes off, as a positive amount
    payment_method: Field[str] = _NOTHING  # a code of fields/payments.toml: "card", "cash", "bank_transfer", …
    card_last4: Field[str] = _NOTHING
    billed_to: Field[str] = _NOTHING
    allocation_number: Field[str] = _NOTHING  # of the Israel Tax Authority (מספר הקצאה)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a message is or is not a receipt: a stable code, a sentence, and its weight."""

    code: str
    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Headers:
    """What a message says of itself; every string free of NUL bytes and lone surrogates."""

    message_id: str
    from_name: str
    from_address: str
    to: str
    subject: str
    date: dt.datetime | None  # aware


@dataclass(frozen=True, slots=True)
class MessageReading:
    """All that was learnt of one message; `reasons` explain the outcome, strongest first."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    headers: Headers
    documents: tuple[Document, ...]
    receipts: tuple[Reading, ...]
    defects: tuple[str, ...] = ()
