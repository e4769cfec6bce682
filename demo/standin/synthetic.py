"""Made-up mail in any number, written when it is read: for large mailboxes and for benches."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from demo.standin.messages import Raw
from demo.standin.parts import Words, spaced

_SPAN_MS = 3 * 365 * 86400 * 1000
_SHOPS = ("Northwind Stationery", "Harbour Coffee", "Quill Hosting", "Alder Parking", "Marlow Print", "Tern Telecom")
_LABELS = frozenset({"INBOX"})
_TO = spaced("me@example.com")


@dataclass(frozen=True, slots=True)
class SyntheticRaw:
    """Mail number `index` of its kind: `text` (every third a receipt), or `pdf` (a receipt with one text PDF)."""

    index: int
    kind: str
    received_ms: int

    @property
    def name(self) -> str:
        """Made-up mail has no file."""
        return ""

    def size(self) -> int:
        """About its length in bytes."""
        return 2600 if self.kind == "pdf" else 1100

    def read(self) -> bytes:
        """The message, the same at every reading."""
        return _mail(self)

    def words(self) -> Words:
        """What search looks at, without taking the message apart."""
        return _words(self)


@dataclass(frozen=True, slots=True)
class _Told:
    sender: str
    message_id: str
    subject: str
    text: str
    filename: str


def synthetic_mail(count: int, kind: str, now_ms: int) -> Iterator[tuple[Raw, int | None, frozenset[str]]]:
    """So many mails, spread evenly over the three years before now, oldest first."""
    for index in range(count):
        received_ms = now_ms - _SPAN_MS + (index + 1) * _SPAN_MS // (count + 1)
        yield SyntheticRaw(index, kind, received_ms), received_ms, _LABELS


def _told(raw: SyntheticRaw) -> _Told:
    index = raw.index
    shop = _SHOPS[index % len(_SHOPS)]
    net = 1000 + index * 37 % 90_000
    tax = net * 18 // 100
    receipt = raw.kind == "pdf" or index % 3 == 0
    day = datetime.fromtimestamp(raw.received_ms / 1000, UTC)
    return _Told(
        f"{shop} <post@{shop.split()[0].lower()}.example>",
        f"<made-up-{index}@{shop.split()[0].lower()}.example>",
        f"Your receipt R-{index:06d} from {shop}" if receipt else f"News of the week, number {index}",
        f"Thank you for your order.\n\nReceipt number: R-{index:06d}\nDate: {day:%Y-%m-%d}\n"
        f"Net: USD {net / 100:.2f}\nTax 18%: USD {tax / 100:.2f}\nTotal: USD {(net + tax) / 100:.2f}\n\n{shop}\n"
        if receipt
        else f"Hello,\n\nhere is what happened this week at {shop}. Come and see us soon.\n\n{shop}\n",
        f"receipt-{index:06d}.pdf" if raw.kind == "pdf" else "",
    )


def _words(raw: SyntheticRaw) -> Words:
    told = _told(raw)
    fields = dict.fromkeys(("cc", "bcc", "list-id", "delivered-to"), "  ")
    fields |= {"from": spaced(told.sender), "to": _TO, "subject": spaced(told.subject)}
    fields["text"] = spaced(f"{told.subject} {told.sender} me@example.com {told.text} {told.filename}")
    names = (told.filename,) if told.filename else ()
    return Words(fields, told.message_id.strip("<>"), names, purchase=False, snippet=" ".join(told.text.split())[:200])


def _mail(raw: SyntheticRaw) -> bytes:
    told = _told(raw)
    moment = datetime.fromtimestamp(raw.received_ms / 1000, UTC)
    head = (
        f"From: {told.sender}\r\nTo: me@example.com\r\nSubject: {told.subject}\r\nDate: {format_datetime(moment)}\r\n"
        f"Message-ID: {told.message_id}\r\nMIME-Version: 1.0\r\n"
    )
    plain = "Content-Type: text/plain; charset=utf-8\r\n\r\n" + told.text.replace("\n", "\r\n")
    if not told.filename:
        return (head + plain).encode()
    pdf = base64.encodebytes(_pdf(told.text.splitlines())).decode().replace("\n", "\r\n")
    mark = f"=_made-up-{raw.index}"
    return (
        f'{head}Content-Type: multipart/mixed; boundary="{mark}"\r\n\r\n--{mark}\r\n{plain}\r\n--{mark}\r\n'
        f'Content-Type: application/pdf; name="{told.filename}"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="{told.filename}"\r\n\r\n{pdf}\r\n--{mark}--\r\n'
    ).encode()


def _pdf(lines: list[str]) -> bytes:
    """A page of text as the smallest whole PDF."""
    shown = "".join(f"({_escaped(line)}) Tj T*\n" for line in lines)
    stream = f"BT /F1 11 Tf 14 TL 72 760 Td\n{shown}ET\n"
    objects = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(stream)}>>\nstream\n{stream}endstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    )
    out = "%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count, start = len(objects) + 1, len(out)
    out += f"xref\n0 {count}\n0000000000 65535 f \n{table}"
    out += f"trailer\n<</Size {count}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    return out.encode("latin-1")


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
