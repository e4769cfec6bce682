"""What alerts say, in the languages of people: one sentence each, and the mail that gathers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_EN: Mapping[str, str] = {
    "mailbox": "{address} has to be connected again. Its mail is not read until then.",
    "run": "The last sync failed. It is tried again every quarter of an hour.",
    "missing": "{vendor}: what was expected on {expected_on} did not come.",
    "review.one": "One receipt has waited for review since {since}.",
    "review": "{count} receipts wait for review, the oldest since {since}.",
    "worker": "No worker gives a sign of life: no mail is read, and nothing is sent.",
    "redis": "{host} does not reach Redis: no mail is read, and nothing is sent.",
    "disk": "The disk of {host} is nearly full: {free_gb} GB are left.",
    "subject": "ProSaaS: {count} things to see to",
    "installation": "This installation",
    "choose": "Which alerts reach you, and how:",
}
_HE: Mapping[str, str] = {
    "mailbox": "יש לחבר מחדש את {address}. עד אז הדואר שם לא נקרא.",
    "run": "הסנכרון האחרון נכשל. נעשה ניסיון נוסף בכל רבע שעה.",
    "missing": "{vendor}: המסמך שהיה צפוי ב־{expected_on} לא הגיע.",
    "review.one": "קבלה אחת ממתינה לבדיקה מאז {since}.",
    "review": "{count} קבלות ממתינות לבדיקה, הוותיקה שבהן מאז {since}.",
    "worker": "אין סימן חיים מאף תהליך עבודה: דואר לא נקרא ודבר לא נשלח.",
    "redis": "אין קשר בין {host} ל־Redis: דואר לא נקרא ודבר לא נשלח.",
    "disk": "הדיסק של {host} כמעט מלא: נותרו {free_gb} GB.",
    "subject": "ProSaaS: {count} דברים לטיפול",
    "installation": "ההתקנה הזאת",
    "choose": "אילו התראות מגיעות אליך, ובאיזו דרך:",
}
_DE: Mapping[str, str] = {
    "mailbox": "{address} muss neu verbunden werden. Bis dahin wird die Post dort nicht gelesen.",
    "run": "Der letzte Abruf ist gescheitert. Alle Viertelstunde wird es wieder versucht.",
    "missing": "{vendor}: Was am {expected_on} erwartet wurde, ist nicht gekommen.",
    "review.one": "Ein Beleg wartet seit {since} auf die Prüfung.",
    "review": "{count} Belege warten auf die Prüfung, der älteste seit {since}.",
    "worker": "Kein Arbeitsprozess gibt ein Lebenszeichen: Es wird keine Post gelesen und nichts gesendet.",
    "redis": "{host} erreicht Redis nicht: Es wird keine Post gelesen und nichts gesendet.",
    "disk": "Die Platte von {host} ist fast voll: {free_gb} GB sind frei.",
    "subject": "ProSaaS: {count} Dinge zu erledigen",
    "installation": "Diese Installation",
    "choose": "Welche Hinweise Sie erreichen, und wie:",
}
_FR: Mapping[str, str] = {
    "mailbox": "{address} doit être reconnectée. D'ici là, son courrier n'est pas lu.",
    "run": "La dernière synchronisation a échoué. Un nouvel essai a lieu tous les quarts d'heure.",
    "missing": "{vendor} : la pièce attendue le {expected_on} n'est pas arrivée.",
    "review.one": "Un reçu attend d'être vérifié depuis le {since}.",
    "review": "{count} reçus attendent d'être vérifiés, le plus ancien depuis le {since}.",
    "worker": "Aucun processus de travail ne donne signe de vie : aucun courrier n'est lu, rien n'est envoyé.",
    "redis": "{host} ne joint pas Redis : aucun courrier n'est lu, rien n'est envoyé.",
    "disk": "Le disque de {host} est presque plein : il reste {free_gb} Go.",
    "subject": "ProSaaS : {count} points à traiter",
    "installation": "Cette installation",
    "choose": "Quelles alertes vous parviennent, et comment :",
}
_WORDS = {"en": _EN, "he": _HE, "de": _DE, "fr": _FR}
_PAGES = {
    "mailbox": "settings/mailboxes",
    "run": "status",
    "missing": "vendors",
    "review": "receipts?status=to_review",
    "worker": "status",
    "disk": "status",
}


def sentence(kind: str, facts: Mapping[str, Any], language: str) -> str:
    """What an alert says; days are written year first, as everywhere in mails."""
    say = _WORDS.get(language, _EN)
    name = kind
    if kind == "review" and facts.get("count") == 1:
        name = "review.one"
    if kind == "worker" and "host" in facts:
        name = "redis"
    shown = {**facts, "since": str(facts.get("since", ""))[:10]}
    return say[name].format(**shown)


def page(kind: str) -> str:
    """Where to see to it, below a business's address."""
    return _PAGES[kind]


def mail(groups: Sequence[tuple[str, Sequence[tuple[str, str]]]], choices: str, language: str) -> tuple[str, str]:
    """Subject and text of one mail.

    Args:
        groups: a business's name ("" for the installation), with sentence and link of each alert.
        choices: the address where a person chooses.
        language: the person's.
    """
    say = _WORDS.get(language, _EN)
    lines: list[str] = []
    for name, told in groups:
        lines += [name or say["installation"], ""]
        for text, link in told:
            lines += [f"  {' '.join(text.split())}", f"  {link}", ""]
    lines += [say["choose"], choices, ""]
    every = [text for _, told in groups for text, _ in told]
    subject = f"ProSaaS: {every[0]}" if len(every) == 1 else say["subject"].format(count=len(every))
    return subject[:150], "\n".join(lines)
