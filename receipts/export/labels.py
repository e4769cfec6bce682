"""The words of exports in the languages that they are made in."""

from __future__ import annotations

from typing import Final

_EN: Final = {
    "id": "Receipt", "date": "Date", "due_date": "Due date", "kind": "Kind", "vendor": "Vendor",
    "vendor_tax_id": "Vendor tax ID", "number": "Number", "currency": "Currency", "total": "Total", "net": "Net",
    "tax": "Tax", "payable": "To pay", "base_currency": "Base currency", "base_total": "Total in base currency",
    "base_rate": "Exchange rate", "base_rate_day": "Day of the rate", "category": "Category", "status": "Status",
    "note": "Note", "flags": "Open questions", "source": "Source", "received_at": "Received",
    "approved_at": "Approved", "document": "Document",
    "line": "Line", "description": "Description", "quantity": "Quantity", "rate": "Rate %", "base": "Tax base",
    "amount": "Amount", "count": "Receipts", "month": "Month", "page": "Page",
    "receipts": "Receipts", "lines": "Tax and items", "totals": "Totals", "summary": "Summary",
    "documents": "Documents", "by_currency": "By currency", "by_category": "By category",
    "by_rate": "By tax rate", "by_month": "By month", "in_base": "In {currency}", "unconverted": "without a rate",
    "no_category": "Without a category", "no_date": "Without a date", "no_currency": "Without a currency",
    "no_rate": "No rate given", "left_out": "Left out", "made": "Made on {day}", "all_time": "All receipts",
    "tax_line": "tax", "item_line": "item", "of": "{page} of {pages}", "report": "Receipts report",
    "nothing": "No receipts.",
}  # fmt: skip
_HE: Final = {
    "id": "קבלה", "date": "תאריך", "due_date": "לתשלום עד", "kind": "סוג", "vendor": "ספק",
    "vendor_tax_id": "מספר עוסק", "number": "מספר מסמך", "currency": "מטבע", "total": "סכום כולל", "net": "לפני מע״מ",
    "tax": "מע״מ", "payable": "יתרה לתשלום", "base_currency": "מטבע בסיס", "base_total": "סכום במטבע בסיס",
    "base_rate": "שער", "base_rate_day": "יום השער", "category": "קטגוריה", "status": "מצב",
    "note": "הערה", "flags": "לבירור", "source": "מקור", "received_at": "התקבל",
    "approved_at": "אושר", "document": "מסמך",
    "line": "שורה", "description": "תיאור", "quantity": "כמות", "rate": "שיעור %", "base": "סכום חייב",
    "amount": "סכום", "count": "קבלות", "month": "חודש", "page": "עמוד",
    "receipts": "קבלות", "lines": "מע״מ ופריטים", "totals": "סיכומים", "summary": "סיכום",
    "documents": "מסמכים", "by_currency": "לפי מטבע", "by_category": "לפי קטגוריה",
    "by_rate": "לפי שיעור מע״מ", "by_month": "לפי חודש", "in_base": "ב־{currency}", "unconverted": "ללא שער",
    "no_category": "ללא קטגוריה", "no_date": "ללא תאריך", "no_currency": "ללא מטבע",
    "no_rate": "ללא שיעור", "left_out": "לא נכללו", "made": "הופק ב־{day}", "all_time": "כל הקבלות",
    "tax_line": "מע״מ", "item_line": "פריט", "of": "{page} מתוך {pages}", "report": "דוח קבלות",
    "nothing": "אין קבלות.",
}  # fmt: skip
_KINDS: Final = {
    "en": {
        "receipt": "Receipt", "invoice": "Invoice", "tax_invoice": "Tax invoice",
        "invoice_receipt": "Invoice and receipt", "order": "Order", "credit_note": "Credit note",
        "statement": "Statement", "other": "Other",
    },
    "he": {
        "receipt": "קבלה", "invoice": "חשבונית", "tax_invoice": "חשבונית מס", "invoice_receipt": "חשבונית מס/קבלה",
        "order": "הזמנה", "credit_note": "הודעת זיכוי", "statement": "דף חשבון", "other": "אחר",
    },
}  # fmt: skip
_STATUSES: Final = {
    "en": {
        "to_review": "To review", "ready": "Ready", "approved": "Approved", "rejected": "Rejected",
        "not_receipt": "Not a receipt",
    },
    "he": {
        "to_review": "לבדיקה", "ready": "מוכן", "approved": "אושר", "rejected": "נדחה", "not_receipt": "לא קבלה",
    },
}  # fmt: skip
_CATEGORIES: Final = {
    "he": {
        "contractors": "קבלנים", "equipment": "ציוד", "fees": "עמלות ובנק", "fuel": "דלק", "insurance": "ביטוח",
        "marketing": "שיווק", "meals": "אוכל ואירוח", "office": "משרד", "other": "אחר", "phone": "טלפון ואינטרנט",
        "rent": "שכירות", "software": "תוכנה", "taxes": "מיסים", "travel": "נסיעות", "utilities": "חשמל ומים",
    },
}  # fmt: skip
LANGUAGES: Final = {"en": _EN, "he": _HE}


def label(language: str, key: str) -> str:
    """A word of exports; English where the language lacks it."""
    return LANGUAGES.get(language, _EN).get(key) or _EN[key]


def kind(language: str, code: str) -> str:
    """What a document is, in words."""
    return _KINDS.get(language, _KINDS["en"]).get(code, code)


def category(language: str, code: str | None) -> str | None:
    """A category in words; one that a person made up stays as it is, and in English they stand as they are kept."""
    return None if code is None else _CATEGORIES.get(language, {}).get(code, code)


def status(language: str, code: str) -> str:
    """A receipt's status in words."""
    return _STATUSES.get(language, _STATUSES["en"]).get(code, code)


def is_rtl(language: str) -> bool:
    """Whether the language is written from right to left."""
    return language in {"he", "ar"}
