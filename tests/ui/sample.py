"""Receipts of known values for the screen's tests: drawn documents with their evidence, or very many rows.

Run as `python -m tests.ui.sample` with the product's environment; each line on stdin is an order (`fill SLUG`,
`many SLUG N`, `clear SLUG`, `touch SLUG VENDOR COLUMN VALUE`, `doubt SLUG VENDOR FIELD CODE`), answered by a line.
"""

from __future__ import annotations

import functools
import io
import json
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

import blobs
import clock
import config
import models
from models import Business, Document, Mail, Mailbox, Receipt, SavedView
from store import schema
from tests.support.processes import ROOT

WIDTH, HEIGHT = 760, 1000
FONTS = ROOT / "receipts" / "fonts"


@dataclass(frozen=True)
class Line:
    """One line of a slip: text at the start, amount at the end; `field` names what it is evidence of."""

    text: str
    amount: str = ""
    field: str = ""
    bold: bool = False


@dataclass(frozen=True)
class Sample:
    """A receipt and its slip; `day` counts back from today."""

    vendor: str | None
    day: int | None
    total: int | None
    currency: str
    category: str | None = None
    source: str = "upload"
    status: str = "ready"
    kind: str = "invoice_receipt"
    number: str | None = None
    flag: tuple[str, str, str] | None = None
    rival: tuple[int, str, str] | None = None  # minor units, its label, the label of the chosen one
    tax: int | None = None


def _sample(one: dict[str, Any]) -> Sample:
    for name in ("flag", "rival"):
        if name in one:
            one[name] = tuple(one[name])
    return Sample(**one)


SAMPLES = tuple(_sample(one) for one in json.loads((Path(__file__).parent / "receipts.json").read_text("utf-8")))


def money(minor: int) -> str:
    """12345 → "123.45"."""
    return f"{minor / 100:.2f}"


def lines_of(sample: Sample, day: date | None) -> list[Line]:
    """What stands on the slip."""
    lines = [Line(sample.vendor or "", "", "vendor", bold=True), Line("41 Shabazi St, Tel Aviv")]
    lines += [Line("Tax ID 514 302 776"), Line(""), Line("", day.strftime("%d/%m/%Y") if day else "--/--", "date")]
    lines += [Line("Invoice-receipt", sample.number or "", "number"), Line(""), Line("2 x Lunch plate", "118.00")]
    lines += [Line("2 x Flat white", "30.00"), Line("1 x Carrot cake", "16.00"), Line("")]
    if sample.tax:
        net = money((sample.total or 0) - sample.tax)
        lines += [Line("Net", net, "net"), Line("VAT 18%", money(sample.tax), "tax_total")]
    if sample.rival:
        lines += [Line(sample.rival[1], money(sample.rival[0]), "rival", bold=True), Line("Tip", "20.00")]
    if sample.total is not None:
        label = sample.rival[2] if sample.rival else "TOTAL"
        lines.append(Line(label, money(sample.total), "total", bold=True))
    return [*lines, Line(""), Line("Visa", "**** 4417"), Line("Thank you, see you soon")]


@functools.cache
def drawn(sample: Sample, day: date | None) -> tuple[bytes, dict[str, Any]]:
    """A slip as PNG, drawn once, and where each field stands on it."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "#fffefb")
    pen = ImageDraw.Draw(image)
    boxes: dict[str, Any] = {}
    y = 60.0
    for line in lines_of(sample, day):
        head = line.field == "vendor"
        font = ImageFont.truetype(str(FONTS / f"Arimo-{'Bold' if line.bold else 'Regular'}.ttf"), 40 if head else 28)
        if head:
            wide = pen.textlength(line.text, font=font)
            left = (WIDTH - wide) / 2
            pen.text((left, y), line.text, font=font, fill="#2a2925")
            boxes["vendor"] = _box(left, y, left + wide, y + 46)
            y += 62
            continue
        pen.text((80, y), line.text, font=font, fill="#2a2925")
        if line.amount:
            left = WIDTH - 80 - pen.textlength(line.amount, font=font)
            pen.text((left, y), line.amount, font=font, fill="#2a2925")
            if line.field:
                boxes[line.field] = _box(left, y, WIDTH - 80, y + 34)
        if not line.text and not line.amount:
            pen.line((80, y + 18, WIDTH - 80, y + 18), fill="#a8a497", width=2)
        y += 42
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue(), boxes


def _box(x0: float, y0: float, x1: float, y1: float) -> dict[str, float]:
    x0, y0, x1, y1 = x0 - 4, y0 - 2, x1 + 4, y1 + 4
    return {"page": 0, "x0": x0 / WIDTH, "y0": y0 / HEIGHT, "x1": x1 / WIDTH, "y1": y1 / HEIGHT}


def evidence(sample: Sample, day: date | None, boxes: dict[str, Any]) -> dict[str, Any]:
    """What the reading room would say of it."""

    def field(value: object, name: str, why: str, quote: str) -> dict[str, Any]:
        known = {"value": value, "confidence": 0.9 if value else 0.0, "why": why, "quote": quote}
        return {**known, "box": boxes.get(name), "candidates": []}

    total = None if sample.total is None else money(sample.total)
    fields = {
        "vendor": field(sample.vendor, "vendor", "Stands largest at the top", sample.vendor or ""),
        "date": field(day and day.isoformat(), "date", "The only date on the page", ""),
        "number": field(sample.number, "number", "Stands beside “Invoice-receipt”", ""),
        "tax_total": field(sample.tax and money(sample.tax), "tax_total", "Stands beside “VAT 18%”", "VAT 18%"),
        "total": field(total, "total", "Stands beside “TO PAY”", "Incl. tip" if sample.rival else "TOTAL"),
    }
    if sample.rival:
        rival = {"value": money(sample.rival[0]), "confidence": 0.4, "why": "Beside “TOTAL”", "quote": "Before tip"}
        fields["total"]["candidates"] = [{**rival, "box": boxes.get("rival")}]
    return fields


def flags_of(sample: Sample) -> list[dict[str, str]]:
    """Its doubts as a receipt keeps them."""
    return [dict(zip(("field", "code", "text"), sample.flag, strict=True))] if sample.flag else []


def clear(business: Business) -> None:
    """No receipt and no mail."""
    for table in (Receipt, Document, Mail, SavedView):
        table.delete().where(table.business == business).execute()


def fill(business: Business, store: blobs.BlobStore) -> None:
    """The samples, each with its slip and the mail or upload that brought it."""
    today = clock.now().astimezone(clock.zone("Asia/Jerusalem")).date()
    clear(business)
    gmail = Mailbox.select().where(Mailbox.business == business, Mailbox.kind == "gmail").first()
    box = Mailbox.select().where(Mailbox.business == business, Mailbox.kind == "upload").first()
    box = box or Mailbox.create(business=business, kind="upload", address="uploads", refresh_token="")
    known: dict[str | None, Receipt] = {}
    for number, sample in enumerate(SAMPLES):
        day = None if sample.day is None else today - timedelta(days=sample.day)
        image, boxes = drawn(sample, day)
        place = gmail if sample.source == "gmail" and gmail else box
        received = clock.now() - timedelta(days=sample.day or 0)
        why = {"code": "sample", "text": "It says how much was paid, and to whom."}
        mail = Mail.create(
            business=business, mailbox=place, source_id=f"sample-{number}", state="done",
            outcome="not_receipt" if sample.status == "not_receipt" else "receipt", reason_code=why["code"],
            reason_text=why["text"], reasons=[why], from_name=sample.vendor or "",
            from_address="billing@vendor.example", subject=f"Your receipt {sample.number or ''}",
            received_at=received, read_at=clock.now(),
        )  # fmt: skip
        document = Document.create(
            business=business, mail=mail, part="1", sha256=store.put(image), filename=f"receipt-{number}.png",
            media_type="image/png", size=len(image), pages=1,
        )  # fmt: skip
        net = None if sample.tax is None or sample.total is None else sample.total - sample.tax
        repeats = known.get(sample.number) if sample.flag and sample.flag[1] == "possible_duplicate" else None
        made = Receipt.create(
            business=business, mail=mail, mailbox=place, document=document, part="1", source=sample.source,
            status=sample.status, kind=sample.kind, vendor=sample.vendor, number=sample.number, date=day,
            currency=sample.currency, total_minor=sample.total, tax_minor=sample.tax, net_minor=net,
            category=sample.category, flags=flags_of(sample), fields=evidence(sample, day, boxes),
            received_at=received, vendor_tax_id="514302776",
            tax=[{"rate": "18.00", "base_minor": net, "amount_minor": sample.tax}] if sample.tax else [],
            approved_at=received if sample.status == "approved" else None, duplicate_of=repeats,
        )  # fmt: skip
        known[sample.number] = made


def many(business: Business, count: int) -> None:
    """Very many plain rows, without documents."""
    today = clock.now().astimezone(clock.zone("Asia/Jerusalem")).date()
    clear(business)
    rows = []
    for number in range(count):
        sample = SAMPLES[number % 14]
        rows.append({
            "business": business.id, "source": sample.source, "status": sample.status, "kind": sample.kind,
            "vendor": sample.vendor, "number": f"N-{number}", "date": today - timedelta(days=number // 12),
            "currency": sample.currency, "total_minor": (sample.total or 100) + number, "category": sample.category,
            "part": "1", "ordinal": number, "flags": flags_of(sample),
        })  # fmt: skip
    for start in range(0, count, 500):
        Receipt.insert_many(rows[start : start + 500]).execute()


def touch(business: Business, vendor: str, column: str, value: str) -> None:
    """Somebody else changes a receipt meanwhile."""
    change = {column: int(value) if column.endswith("_minor") else value.replace("_", " ")}
    Receipt.update(version=Receipt.version + 1, updated_at=clock.now(), **change).where(
        Receipt.business == business, Receipt.vendor == vendor.replace("_", " ")
    ).execute()


def doubt(business: Business, vendor: str, field: str, code: str) -> None:
    """Give a receipt one flag and no other."""
    Receipt.update(flags=[{"field": field, "code": code, "text": "Please look."}], status="to_review").where(
        Receipt.business == business, Receipt.vendor == vendor.replace("_", " ")
    ).execute()


def main() -> None:
    """Do what is ordered, line by line."""
    settings = config.load()
    schema.open_database(settings)
    store = blobs.FolderBlobs(Path(settings.blob_url.removeprefix("file://")))
    for order in sys.stdin:
        what, slug, *rest = order.split()
        models.db.connect(reuse_if_open=True)
        business = Business.get(Business.slug == slug)
        with models.write():
            if what == "fill":
                fill(business, store)
            elif what == "many":
                many(business, int(rest[0]))
            elif what == "touch":
                touch(business, *rest)
            elif what == "doubt":
                doubt(business, *rest)
            else:
                clear(business)
        models.db.close()
        print("done", flush=True)


if __name__ == "__main__":
    main()
