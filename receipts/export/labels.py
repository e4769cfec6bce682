"""The words of exports in the languages that they are made in."""

from __future__ import annotations

from typing import Final

_EN: Final = {
    "id": "Receipt", "date": "Date", "due_date": "Due date", "kind": "Kind", "vendor": "Vendor",
    "vendor_tax_id": "Vendor tax ID", "number": "Number", "currency": "Currency", "total": "Total", "net": "Net",
    "tax": "Tax", "payable": "To pay", "base_currency": "Base currency", "base_total": "Total in base currency",
    "base_rate": "Exchange rate", "base_rate_day": "Day of the rate", "category": "Category", "status": "Status",
    "note": "Note", "flags": "Open questions", "source": "Source", "received_at": "Received",
    "approved_at": "Approved", "tip": "Tip", "discount": "Discount", "payment_method": "Paid by",
    "card_last4": "Card ends in", "billed_to": "Billed to", "allocation_number": "Allocation number",
    "document": "Document",
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
    "approved_at": "אושר", "tip": "טיפ", "discount": "הנחה", "payment_method": "אמצעי תשלום",
    "card_last4": "סיומת כרטיס", "billed_to": "לכבוד", "allocation_number": "מספר הקצאה",
    "document": "מסמך",
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
_DE: Final = {
    "id": "Beleg", "date": "Datum", "due_date": "Fällig am", "kind": "Art", "vendor": "Lieferant",
    "vendor_tax_id": "Steuernummer des Lieferanten", "number": "Nummer", "currency": "Währung", "total": "Brutto",
    "net": "Netto", "tax": "MwSt.", "payable": "Zu zahlen", "base_currency": "Hauswährung",
    "base_total": "Brutto in Hauswährung", "base_rate": "Wechselkurs", "base_rate_day": "Tag des Kurses",
    "category": "Kategorie", "status": "Stand", "note": "Notiz", "flags": "Offene Fragen", "source": "Herkunft",
    "received_at": "Eingegangen", "approved_at": "Freigegeben", "tip": "Trinkgeld", "discount": "Rabatt",
    "payment_method": "Bezahlt per", "card_last4": "Karte endet auf", "billed_to": "Rechnung an",
    "allocation_number": "Zuweisungsnummer", "document": "Dokument",
    "line": "Posten", "description": "Beschreibung", "quantity": "Menge", "rate": "Satz %",
    "base": "Bemessungsgrundlage", "amount": "Betrag", "count": "Belege", "month": "Monat", "page": "Seite",
    "receipts": "Belege", "lines": "Steuer und Posten", "totals": "Summen", "summary": "Übersicht",
    "documents": "Dokumente", "by_currency": "Nach Währung", "by_category": "Nach Kategorie",
    "by_rate": "Nach Steuersatz", "by_month": "Nach Monat", "in_base": "In {currency}", "unconverted": "ohne Kurs",
    "no_category": "Ohne Kategorie", "no_date": "Ohne Datum", "no_currency": "Ohne Währung",
    "no_rate": "Ohne Satz", "left_out": "Ausgelassen", "made": "Erstellt am {day}", "all_time": "Alle Belege",
    "tax_line": "Steuer", "item_line": "Posten", "of": "{page} von {pages}", "report": "Belegbericht",
    "nothing": "Keine Belege.",
}  # fmt: skip
_FR: Final = {
    "id": "Reçu", "date": "Date", "due_date": "Échéance", "kind": "Type", "vendor": "Fournisseur",
    "vendor_tax_id": "N° fiscal du fournisseur", "number": "Numéro", "currency": "Devise", "total": "TTC",
    "net": "HT", "tax": "TVA", "payable": "À payer", "base_currency": "Devise de base",
    "base_total": "TTC en devise de base", "base_rate": "Cours de change", "base_rate_day": "Jour du cours",
    "category": "Catégorie", "status": "État", "note": "Note", "flags": "Questions ouvertes", "source": "Provenance",
    "received_at": "Reçu le", "approved_at": "Approuvé le", "tip": "Pourboire", "discount": "Remise",
    "payment_method": "Payé par", "card_last4": "Fin de carte", "billed_to": "Facturé à",
    "allocation_number": "N° d’attribution", "document": "Document",
    "line": "Ligne", "description": "Désignation", "quantity": "Quantité", "rate": "Taux %",
    "base": "Base d’imposition", "amount": "Montant", "count": "Reçus", "month": "Mois", "page": "Page",
    "receipts": "Reçus", "lines": "TVA et lignes", "totals": "Totaux", "summary": "Récapitulatif",
    "documents": "Documents", "by_currency": "Par devise", "by_category": "Par catégorie",
    "by_rate": "Par taux de TVA", "by_month": "Par mois", "in_base": "En {currency}", "unconverted": "sans cours",
    "no_category": "Sans catégorie", "no_date": "Sans date", "no_currency": "Sans devise",
    "no_rate": "Sans taux", "left_out": "Laissés de côté", "made": "Établi le {day}", "all_time": "Tous les reçus",
    "tax_line": "TVA", "item_line": "ligne", "of": "{page} sur {pages}", "report": "Rapport des reçus",
    "nothing": "Aucun reçu.",
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
    "de": {
        "receipt": "Quittung", "invoice": "Rechnung", "tax_invoice": "Steuerrechnung",
        "invoice_receipt": "Rechnung mit Quittung", "order": "Bestellung", "credit_note": "Gutschrift",
        "statement": "Kontoauszug", "other": "Sonstiges",
    },
    "fr": {
        "receipt": "Reçu", "invoice": "Facture", "tax_invoice": "Facture fiscale",
        "invoice_receipt": "Facture acquittée", "order": "Commande", "credit_note": "Avoir",
        "statement": "Relevé", "other": "Autre",
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
    "de": {
        "to_review": "Zu prüfen", "ready": "Bereit", "approved": "Freigegeben", "rejected": "Abgelehnt",
        "not_receipt": "Kein Beleg",
    },
    "fr": {
        "to_review": "À vérifier", "ready": "Prêt", "approved": "Approuvé", "rejected": "Rejeté",
        "not_receipt": "Pas un reçu",
    },
}  # fmt: skip
_CATEGORIES: Final = {
    "he": {
        "contractors": "קבלנים", "equipment": "ציוד", "fees": "עמלות ובנק", "fuel": "דלק", "insurance": "ביטוח",
        "marketing": "שיווק", "meals": "אוכל ואירוח", "office": "משרד", "other": "אחר", "phone": "טלפון ואינטרנט",
        "rent": "שכירות", "software": "תוכנה", "taxes": "מיסים", "travel": "נסיעות", "utilities": "חשמל ומים",
    },
    "de": {
        "contractors": "Auftragnehmer", "equipment": "Geräte", "fees": "Gebühren und Bank", "fuel": "Kraftstoff",
        "insurance": "Versicherung", "marketing": "Werbung", "meals": "Bewirtung", "office": "Büro",
        "other": "Sonstiges", "phone": "Telefon und Internet", "rent": "Miete", "software": "Software",
        "taxes": "Steuern", "travel": "Reisen", "utilities": "Strom und Wasser",
    },
    "fr": {
        "contractors": "Sous-traitants", "equipment": "Matériel", "fees": "Frais et banque", "fuel": "Carburant",
        "insurance": "Assurance", "marketing": "Publicité", "meals": "Repas", "office": "Bureau",
        "other": "Autre", "phone": "Téléphone et internet", "rent": "Loyer", "software": "Logiciels",
        "taxes": "Impôts", "travel": "Déplacements", "utilities": "Eau et énergie",
    },
}  # fmt: skip
_PAYMENTS: Final = {
    "en": {
        "cash": "Cash", "card": "Card", "bank_transfer": "Bank transfer", "direct_debit": "Direct debit",
        "paypal": "PayPal", "wallet": "Phone wallet", "cheque": "Cheque", "voucher": "Voucher",
    },
    "he": {
        "cash": "מזומן", "card": "כרטיס אשראי", "bank_transfer": "העברה בנקאית", "direct_debit": "הוראת קבע",
        "paypal": "PayPal", "wallet": "ארנק דיגיטלי", "cheque": "המחאה", "voucher": "שובר",
    },
    "de": {
        "cash": "Bar", "card": "Karte", "bank_transfer": "Überweisung", "direct_debit": "Lastschrift",
        "paypal": "PayPal", "wallet": "Telefon-Wallet", "cheque": "Scheck", "voucher": "Gutschein",
    },
    "fr": {
        "cash": "Espèces", "card": "Carte", "bank_transfer": "Virement", "direct_debit": "Prélèvement",
        "paypal": "PayPal", "wallet": "Téléphone", "cheque": "Chèque", "voucher": "Bon d’achat",
    },
}  # fmt: skip
LANGUAGES: Final = {"en": _EN, "he": _HE, "de": _DE, "fr": _FR}


def label(language: str, key: str) -> str:
    """A word of exports; English where the language lacks it."""
    return LANGUAGES.get(language, _EN).get(key) or _EN[key]


def kind(language: str, code: str) -> str:
    """What a document is, in words."""
    return _KINDS.get(language, _KINDS["en"]).get(code, code)


def category(language: str, code: str | None) -> str | None:
    """A category in words; one that a person made up stays as it is, and in English they stand as they are kept."""
    return None if code is None else _CATEGORIES.get(language, {}).get(code, code)


def payment(language: str, code: str | None) -> str | None:
    """How a purchase was paid, in words; what a person wrote stays as it is."""
    return None if code is None else _PAYMENTS.get(language, _PAYMENTS["en"]).get(code, code)


def status(language: str, code: str) -> str:
    """A receipt's status in words."""
    return _STATUSES.get(language, _STATUSES["en"]).get(code, code)


def is_rtl(language: str) -> bool:
    """Whether the language is written from right to left."""
    return language in {"he", "ar"}
