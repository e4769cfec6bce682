"""Made-up mail in any number, written when it is read: for large mailboxes and for benches."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from demo.standin.messages import Raw

_SPAN_MS = 3 * 365 * 86400 * 1000
_SHOPS = ("Northwind Stationery", "Harbour Coffee", "Quill Hosting", "Alder Parking", "Marlow Print", "Tern Telecom")
_LABELS = frozenset({"INBOX"})


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


def synthetic_mail(count: int, kind: str, now_ms: int) -> Iterator[tuple[Raw, int | None, frozenset[str]]]:
    """So many mails, spread evenly over the three years before now, oldest first."""
    for index in range(count):
        received_ms = now_ms - _SPAN_MS + (index + 1) * _SPAN_MS // (count + 1)
        yield SyntheticRaw(index, kind, received_ms), received_ms, _LABELS


def _mail(raw: SyntheticRaw) -> bytes:
    index = raw.index
    moment = datetime.fromtimestamp(raw.received_ms / 1000, UTC)
    shop = _SHOPS[index % len(_SHOPS)]
    host = shop.split()[0].lower() + ".example"
    net = 1000 + index * 37 % 90_000
    tax = net * 18 // 100
    total = f"{(net + tax) / 100:.2f}"
    receipt = raw.kind == "pdf" or index % 3 == 0
    subject = f"Your receipt R-{index:06d} from {shop}" if receipt else f"News of the week, number {index}"
    text = (
        f"Thank you for your order.\n\nReceipt number: R-{index:06d}\nDate: {moment:%Y-%m-%d}\n"
        f"Net: USD {net / 100:.2f}\nTax 18%: USD {tax / 100:.2f}\nTotal: USD {total}\n\n{shop}\n"
        if receipt
        else f"Hello,\n\nhere is what happened this week at {shop}. Come and see us soon.\n\n{shop}\n"
    )
    head = (
        f"From: {shop} <post@{host}>\r\nTo: me@example.com\r\nSubject: {subject}\r\n"
        f"Date: {format_datetime(moment)}\r\nMessage-ID: <made-up-{index}@{host}>\r\nMIME-Version: 1.0\r\n"
    )
    plain = "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text.replace("\n", "\r\n")
    if raw.kind != "pdf":
        return (head + plain).encode()
    pdf = base64.encodebytes(_pdf([shop, *text.splitlines()])).decode().replace("\n", "\r\n")
    mark = f"=_made-up-{index}"
    return (
        f'{head}Content-Type: multipart/mixed; boundary="{mark}"\r\n\r\n--{mark}\r\n{plain}\r\n--{mark}\r\n'
        f'Content-Type: application/pdf; name="receipt-{index:06d}.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="receipt-{index:06d}.pdf"\r\n\r\n{pdf}\r\n--{mark}--\r\n'
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
