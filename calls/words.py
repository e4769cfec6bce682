"""What ProSaaS itself says to a caller or writes in a message, in the business's language."""

from __future__ import annotations

VOICES = {"he": "he-IL", "en": "en-US", "de": "de-DE", "fr": "fr-FR"}
_WORDS = {
    "en": {
        "greeting": "Hello. Please leave a message after the tone.",
        "greeting_named": "Hello, this is {name}. Please leave a message after the tone.",
        "closed": "Hello. We are closed now. Please leave a message after the tone.",
        "nobody": "Nobody can take your call right now. Please leave a message after the tone.",
        "again": "Sorry, the line was interrupted. Please leave your message after the tone.",
        "thanks": "Thank you. Goodbye.",
        "no_voicemail": "Nobody can take your call right now. Please call again later. Goodbye.",
        "not_withheld": "Calls without a number are not taken. Please call again with your number shown. Goodbye.",
        "echo": "This is a test of the line. You will hear what you say.",
        "stranger": "This number files receipts for its own people; yours is not one of theirs. Nothing was kept.",
        "no_media": "Send a photo or a PDF of a receipt, and it will be filed.",
        "read": "{total}{vendor}{date}. Reply 1 to confirm, or the right total.",
        "no_total": "The receipt{vendor} was filed, but its total could not be read. Reply with the total.",
        "confirmed": "Confirmed: {total}{vendor}.",
        "corrected": "Set to {total}{vendor}. Reply 1 to confirm.",
        "not_understood": "That was not understood. Reply 1 to confirm, or the right total, like 179.90.",
        "nothing_open": "There is no receipt of yours waiting for an answer. Send a photo or a PDF to file one.",
        "duplicate": "That receipt was filed before.",
        "failed": "That file could not be read: {why}",
        "not_taken": "That kind of file is not taken. Send a photo or a PDF.",
    },
    "he": {
        "greeting": "שלום. אפשר להשאיר הודעה אחרי הצליל.",
        "greeting_named": "שלום, הגעתם אל {name}. אפשר להשאיר הודעה אחרי הצליל.",
        "closed": "שלום. אנחנו סגורים כעת. אפשר להשאיר הודעה אחרי הצליל.",
        "nobody": "אין מי שיענה כרגע. אפשר להשאיר הודעה אחרי הצליל.",
        "again": "סליחה, הקו נקטע. אפשר להשאיר את ההודעה אחרי הצליל.",
        "thanks": "תודה ולהתראות.",
        "no_voicemail": "אין מי שיענה כרגע. נא להתקשר שוב מאוחר יותר. להתראות.",
        "not_withheld": "לא נענות שיחות ממספר חסוי. נא להתקשר שוב עם מספר גלוי. להתראות.",
        "echo": "זוהי בדיקת קו. תשמעו את מה שתאמרו.",
        "stranger": "המספר הזה מתייק קבלות עבור האנשים שלו בלבד, והמספר שלכם אינו ביניהם. דבר לא נשמר.",
        "no_media": "שלחו צילום או PDF של קבלה, והיא תתויק.",
        "read": "{total}{vendor}{date}. השיבו 1 לאישור, או את הסכום הנכון.",
        "no_total": "הקבלה{vendor} תויקה, אך הסכום לא נקרא. השיבו עם הסכום.",
        "confirmed": "אושר: {total}{vendor}.",
        "corrected": "עודכן ל־{total}{vendor}. השיבו 1 לאישור.",
        "not_understood": "זה לא הובן. השיבו 1 לאישור, או את הסכום הנכון, למשל 179.90.",
        "nothing_open": "אין קבלה שלכם שממתינה לתשובה. שלחו צילום או PDF כדי לתייק אחת.",
        "duplicate": "הקבלה הזאת כבר תויקה.",
        "failed": "לא ניתן היה לקרוא את הקובץ: {why}",
        "not_taken": "סוג הקובץ הזה אינו נתמך. שלחו צילום או PDF.",
    },
    "de": {
        "greeting": "Guten Tag. Bitte hinterlassen Sie nach dem Ton eine Nachricht.",
        "greeting_named": "Guten Tag, hier ist {name}. Bitte hinterlassen Sie nach dem Ton eine Nachricht.",
        "closed": "Guten Tag. Wir haben gerade geschlossen. Bitte hinterlassen Sie nach dem Ton eine Nachricht.",
        "nobody": "Gerade kann niemand Ihren Anruf annehmen. Bitte hinterlassen Sie nach dem Ton eine Nachricht.",
        "again": "Verzeihung, die Leitung war unterbrochen. Bitte hinterlassen Sie Ihre Nachricht nach dem Ton.",
        "thanks": "Vielen Dank. Auf Wiederhören.",
        "no_voicemail": "Gerade kann niemand Ihren Anruf annehmen. Bitte rufen Sie später wieder an. Auf Wiederhören.",
        "not_withheld": "Anrufe ohne Nummer werden nicht angenommen. Bitte rufen Sie mit gezeigter Nummer wieder an. "
        "Auf Wiederhören.",
        "echo": "Dies ist eine Prüfung der Leitung. Sie hören, was Sie sagen.",
        "stranger": "Diese Nummer legt Belege ihrer eigenen Leute ab; Ihre gehört nicht dazu. Nichts wurde behalten.",
        "no_media": "Senden Sie ein Foto oder PDF eines Belegs, und er wird abgelegt.",
        "read": "{total}{vendor}{date}. Antworten Sie 1 zur Bestätigung oder mit dem richtigen Betrag.",
        "no_total": "Der Beleg{vendor} ist abgelegt, aber sein Betrag war nicht lesbar. Antworten Sie mit dem Betrag.",
        "confirmed": "Bestätigt: {total}{vendor}.",
        "corrected": "Gesetzt auf {total}{vendor}. Antworten Sie 1 zur Bestätigung.",
        "not_understood": "Das war nicht verständlich. Antworten Sie 1 zur Bestätigung oder den Betrag, etwa 179,90.",
        "nothing_open": "Kein Beleg von Ihnen wartet auf eine Antwort. Senden Sie ein Foto oder PDF eines Belegs.",
        "duplicate": "Dieser Beleg wurde schon abgelegt.",
        "failed": "Die Datei konnte nicht gelesen werden: {why}",
        "not_taken": "Diese Art Datei wird nicht genommen. Senden Sie ein Foto oder PDF.",
    },
    "fr": {
        "greeting": "Bonjour. Veuillez laisser un message après le signal.",
        "greeting_named": "Bonjour, vous êtes chez {name}. Veuillez laisser un message après le signal.",
        "closed": "Bonjour. Nous sommes fermés en ce moment. Veuillez laisser un message après le signal.",
        "nobody": "Personne ne peut prendre votre appel. Veuillez laisser un message après le signal.",
        "again": "Désolé, la ligne a été coupée. Veuillez laisser votre message après le signal.",
        "thanks": "Merci. Au revoir.",
        "no_voicemail": "Personne ne peut prendre votre appel. Veuillez rappeler plus tard. Au revoir.",
        "not_withheld": "Les appels masqués ne sont pas pris. Veuillez rappeler en montrant votre numéro. Au revoir.",
        "echo": "Ceci est un test de la ligne. Vous entendrez ce que vous dites.",
        "stranger": "Ce numéro classe les reçus de ses propres gens ; le vôtre n'en fait pas partie. Rien n'est gardé.",
        "no_media": "Envoyez une photo ou un PDF d'un reçu, et il sera classé.",
        "read": "{total}{vendor}{date}. Répondez 1 pour confirmer, ou le bon total.",
        "no_total": "Le reçu{vendor} est classé, mais son total est illisible. Répondez par le total.",
        "confirmed": "Confirmé : {total}{vendor}.",
        "corrected": "Mis à {total}{vendor}. Répondez 1 pour confirmer.",
        "not_understood": "Cela n'a pas été compris. Répondez 1 pour confirmer, ou le bon total, comme 179,90.",
        "nothing_open": "Aucun de vos reçus n'attend de réponse. Envoyez une photo ou un PDF pour en classer un.",
        "duplicate": "Ce reçu a déjà été classé.",
        "failed": "Ce fichier n'a pas pu être lu : {why}",
        "not_taken": "Ce type de fichier n'est pas pris. Envoyez une photo ou un PDF.",
    },
}


def say(language: str, key: str, **values: str) -> str:
    """The sentence in that language, in English where it has none."""
    text = _WORDS.get(language, _WORDS["en"])[key]
    return text.format(**values) if values else text


def voice(language: str) -> str:
    """The language tag under which Twilio speaks it."""
    return VOICES.get(language, "en-US")
