"""What the monthly pack's mail says: what is in it, what it lacks, what is still to review, and what usually comes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import clock
import money
from models import Business, Export, Receipt
from store import rhythm

_MOST = 15  # lines of one list
_EN: Mapping[str, str] = {
    "subject": "{business}: receipts of {month}",
    "head": "Receipts of {business} for {month}.",
    "count": "{count} receipts are handed over:",
    "nothing": "There is nothing new to hand over for this month.",
    "left_out": "Left out of the files:",
    "to_review": "Still to review, and not in these files ({count}):",
    "missing": "What usually comes by now and did not:",
    "large": "Too large for a mail; sign in to download: {names}",
    "link": "All exports: {link}",
    "more": "… and {count} more",
    "unnamed": "without a vendor",
}
_HE: Mapping[str, str] = {
    "subject": "{business}: קבלות של {month}",
    "head": "הקבלות של {business} לחודש {month}.",
    "count": "{count} קבלות נמסרות:",
    "nothing": "אין קבלות חדשות למסירה לחודש הזה.",
    "left_out": "לא נכללו בקבצים:",
    "to_review": "עדיין לבדיקה, ולא נכללו בקבצים ({count}):",
    "missing": "מגיע בדרך כלל ועדיין לא הגיע:",
    "large": "גדול מדי לדואר; להורדה יש להתחבר: {names}",
    "link": "כל הייצואים: {link}",
    "more": "… ועוד {count}",
    "unnamed": "ללא ספק",
}
_DE: Mapping[str, str] = {
    "subject": "{business}: Belege {month}",
    "head": "Belege von {business} für {month}.",
    "count": "{count} Belege werden übergeben:",
    "nothing": "Für diesen Monat gibt es nichts Neues zu übergeben.",
    "left_out": "In den Dateien ausgelassen:",
    "to_review": "Noch zu prüfen und nicht in diesen Dateien ({count}):",
    "missing": "Was sonst bis jetzt da ist und fehlt:",
    "large": "Zu groß für eine E-Mail; zum Herunterladen bitte anmelden: {names}",
    "link": "Alle Exporte: {link}",
    "more": "… und {count} weitere",
    "unnamed": "ohne Lieferanten",
}
_FR: Mapping[str, str] = {
    "subject": "{business} : reçus de {month}",
    "head": "Reçus de {business} pour {month}.",
    "count": "{count} reçus sont transmis :",
    "nothing": "Il n'y a rien de nouveau à transmettre pour ce mois.",
    "left_out": "Laissés hors des fichiers :",
    "to_review": "Encore à vérifier, absents de ces fichiers ({count}) :",
    "missing": "Ce qui est d'habitude déjà là et manque :",
    "large": "Trop grand pour un mail ; connectez-vous pour télécharger : {names}",
    "link": "Tous les exports : {link}",
    "more": "… et {count} autres",
    "unnamed": "sans fournisseur",
}
_WORDS = {"en": _EN, "he": _HE, "de": _DE, "fr": _FR}


def facts(business: Business, month: str, rows: Sequence[Export], too_large: Sequence[str]) -> dict[str, Any]:
    """Counts, sums and lists of one pack."""
    waiting = _waiting(business, month)
    return {
        "count": rows[0].count if rows else 0,
        "sums": rows[0].sums if rows else [],
        "left_out": list(dict.fromkeys(one["text"] for row in rows for one in row.left_out)),
        "to_review": waiting,
        "missing": _missing(business, month),
        "too_large": list(too_large),
    }


def _waiting(business: Business, month: str) -> list[tuple[str, str, str]]:
    """(day, vendor, amount) of the month's receipts that somebody has to look at; those without a day count too."""
    first = dt.date.fromisoformat(f"{month}-01")
    after = (first + dt.timedelta(days=32)).replace(day=1)
    query = (
        Receipt.select(Receipt.date, Receipt.vendor, Receipt.total_minor, Receipt.currency)
        .where(
            Receipt.business == business,
            Receipt.status == "to_review",
            Receipt.deleted_at.is_null(),
            Receipt.duplicate_of.is_null(),
            Receipt.date.is_null() | ((Receipt.date >= first) & (Receipt.date < after)),
        )
        .order_by(Receipt.date, Receipt.id)
    )
    return [
        (str(row.date or ""), row.vendor or "", _amount(row.total_minor, row.currency) if row.total_minor else "")
        for row in query
    ]


def _missing(business: Business, month: str) -> list[str]:
    """Vendors whose paper of the month was due by their own rhythm and did not come, with the day."""
    today = clock.now().astimezone(clock.zone(business.time_zone)).date()
    return [f"{one.vendor}  ({one.expected_on})" for one in rhythm.missing(business.id, month, today)]


def _amount(minor: int, currency: str | None) -> str:
    return f"{money.to_decimal(minor, currency):,f} {currency or ''}".strip()


def words(language: str, business: str, month: str, told: Mapping[str, Any], link: str) -> tuple[str, str]:
    """Subject and text."""
    say = _WORDS.get(language, _EN)
    shown = f"{dt.date.fromisoformat(f'{month}-01'):%m/%Y}"
    lines = [say["head"].format(business=business, month=shown), ""]
    if told["count"]:
        lines.append(say["count"].format(count=told["count"]))
        lines += [f"  {_amount(one['total_minor'], one['currency'])} ({one['count']})" for one in told["sums"]]
    else:
        lines.append(say["nothing"])
    if told["left_out"]:
        lines += ["", say["left_out"], *_listed(told["left_out"], say)]
    if told["to_review"]:
        named = [
            "  ".join(part for part in (day, vendor or say["unnamed"], amount) if part)
            for day, vendor, amount in told["to_review"]
        ]
        lines += ["", say["to_review"].format(count=len(named)), *_listed(named, say)]
    if told["missing"]:
        lines += ["", say["missing"], *_listed(told["missing"], say)]
    if told["too_large"]:
        lines += ["", say["large"].format(names=", ".join(told["too_large"]))]
    lines += ["", say["link"].format(link=link), ""]
    return say["subject"].format(business=business, month=shown), "\n".join(lines)


def _listed(texts: Sequence[str], say: Mapping[str, str]) -> list[str]:
    shown = [f"  - {' '.join(text.split())}" for text in texts[:_MOST]]
    if len(texts) > _MOST:
        shown.append(f"  {say['more'].format(count=len(texts) - _MOST)}")
    return shown
