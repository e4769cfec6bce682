"""Receipts for the tests of exports: several currencies, rates and languages, credits, gaps and unpleasant names."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal as D  # noqa: N817 - forty amounts
from zoneinfo import ZoneInfo

from receipts.export.rows import About, ExportDocument, ExportItem, ExportRow, ExportTax
from tests.support.documents import pdf, picture

ZONE = ZoneInfo("Asia/Jerusalem")
ABOUT = About(
    business="Kedem Studio",
    base_currency="ILS",
    made_at=dt.datetime(2026, 11, 23, 9, 30, tzinfo=ZONE),
    first=dt.date(2026, 10, 1),
    last=dt.date(2026, 11, 30),
)
HEBREW = About("סטודיו קדם (עיצוב)", "ILS", ABOUT.made_at, "he", ABOUT.first, ABOUT.last)
EURO = About("Nordlicht Papier GmbH", "EUR", ABOUT.made_at, "de", ABOUT.first, ABOUT.last)


def document(
    name: str = "invoice.pdf", data: bytes | None = None, media_type: str = "application/pdf"
) -> ExportDocument:
    """A document of a receipt."""
    found = pdf(text=name) if data is None else data
    return ExportDocument(name, media_type, lambda: io.BytesIO(found))


def rows() -> list[ExportRow]:
    """Eight receipts."""
    return [
        ExportRow(
            1, dt.date(2026, 10, 4), "Café Alma", D("184.00"), "ILS", kind="invoice_receipt", number="20418",
            vendor_tax_id="514000009", net=D("155.93"), tax=D("28.07"), payable=D("0.00"), category="meals",
            tax_lines=(ExportTax(D("18"), D("155.93"), D("28.07")),), due_date=dt.date(2026, 10, 4),
            items=(ExportItem("Espresso", D("2"), D("28.00")), ExportItem("Tip", None, D("20.00"))),
            received_at=dt.datetime(2026, 10, 4, 12, 0, tzinfo=dt.UTC), source="gmail", base_total=D("184.00"),
            base_rate=D("1"), base_rate_day=dt.date(2026, 10, 4), documents=(document("cafe-alma.pdf"),),
        ),
        ExportRow(
            2, dt.date(2026, 10, 4), 'דפוס כהן ובניו (1987) בע"מ', D("1170.00"), "ILS", kind="tax_invoice",
            number="12-34", net=D("991.53"), tax=D("178.47"), category="הדפסות", note='שולם בהעברה, "דחוף"',
            tax_lines=(ExportTax(D("18"), D("991.53"), D("178.47")),), base_total=D("1170.00"),
            documents=(document("הזמנה.pdf"),),
        ),
        ExportRow(
            3, dt.date(2026, 10, 19), "Nordlicht Papier GmbH", D("238.40"), "EUR", kind="invoice", number="R-2026/77",
            tax=D("32.00"), net=D("206.40"), category="office", due_date=dt.date(2026, 11, 18),
            tax_lines=(ExportTax(D("19"), D("146.33"), D("27.80")), ExportTax(D("7"), D("60.07"), D("4.20"))),
            base_total=D("968.62"), base_rate=D("4.063"), base_rate_day=dt.date(2026, 10, 19),
            documents=(document("rechnung.pdf", pdf(3, text="Rechnung")),),
        ),
        ExportRow(
            4, dt.date(2026, 10, 31), "=cmd|' /C calc'!A0", D("12.50"), "USD", number="+1-2", category="software",
            note="@SUM(1+1)\nsecond line", documents=(document("../../etc/passwd", picture(), "image/png"),),
        ),
        ExportRow(
            5, dt.date(2026, 11, 2), "Bazaro", D("-24.50"), "GBP", kind="credit_note", number="CN-9",
            tax=D("-4.08"), net=D("-20.42"), tax_lines=(ExportTax(D("20"), D("-20.42"), D("-4.08")),),
            base_total=D("-117.60"), category="office",
        ),
        ExportRow(
            6, dt.date(2026, 11, 5), "A/B\\C: \u202eevil\u202c 🎉 Ltd.", D("99.00"), "EUR", category="office",
            documents=(
                document("slip.jpg", picture("JPEG", (500, 1400), (250, 250, 245)), "image/jpeg"),
                document("wide.pdf", pdf(size=(900, 500))),
            ),
        ),
        ExportRow(7, dt.date(2026, 11, 20), "Kiosk", D("1000"), "JPY", kind="receipt"),
        ExportRow(8, None, None, None, None, status="to_review", flags=("The date is missing.", "No total was found.")),
    ]  # fmt: skip
