"""Names of firms: their legal forms, what is left without them, and the names within web addresses."""

from __future__ import annotations

import re
import unicodedata

from receipts.fields import labels

# Forms of companies, as they end a name (a few begin it).
_FORM = (
    r"(?:g|m)gmbh|mbh|vvag|a\.\s?g\.|eg|part(?:g|nerschaft)\s?mbb|kdör|adör|"
    r"gmbh(?:\s?&\s?co\.?\s?(?:kg|ohg)(?:aa)?)?|ug(?:\s?\(haftungsbeschränkt\))?|ag|kg|ohg|e\.?\s?k\.?|gbr|e\.?\s?v\.?|se|"
    r"s\.?[àa]\.?r\.?l\.?|s\.?a\.?s\.?u?|sa|s\.a\.?|sci|eurl|snc|s\.?p\.?a\.?|s\.?r\.?l\.?s?|s\.?l\.?u?\.?|s\.?n\.?c\.?|"
    r"b\.?v\.?|n\.?v\.?|v\.?o\.?f\.?|inc\.?|l\.?l\.?c\.?|l\.?l\.?p\.?|ltd\.?|limited|corp\.?|corporation|co\.?|company|plc|"
    r"sdn\.?\s?bhd\.?|sdn\.?|s/b|sb|bhd\.?|enterprise|enterprises|trading|pte\.?(?:\s?ltd\.?)?|pty\.?(?:\s?ltd\.?)?|pvt\.?(?:\s?ltd\.?)?|"
    r"oy|oyj|ab|as|asa|aps|a/s|sp\.?\s?z\s?o\.?\s?o\.?|s\.?r\.?o\.?|d\.?o\.?o\.?|kft\.?|zrt\.?|lda\.?|ltda\.?|"
    r"בע\"מ|בע״מ|בע''מ|בעמ|ע\"ר|\(ע\"ר\)|ושות'"
)
LEGAL = re.compile(rf"(?<![\w])(?:{_FORM})(?![\w])", re.IGNORECASE)
_ENDS_LEGAL = re.compile(rf"^(?P<name>.{{1,70}}?[\s,.]\(?(?:{_FORM})\)?)(?=$|[\s,;|·•–\-(/:])", re.IGNORECASE)
_SHORT_FORM = re.compile(r"(?:kg|ag|eg|sb|se|ab|as|asa|sa|co|ug|bv|nv|ek|ev|sci|snc)\.?", re.IGNORECASE)
_LEAD = re.compile(
    r"^(?:sold by|verkauf durch|verkauft von|vendu par|vendido por|venduto da|verkocht door|"
    r"from|by|own(?:ed)? by|dimiliki(?: oleh)?)\s*:?\s+|^.*\b(?:sold|operated|issued|provided) by\s*:?\s+|"
    r"^(?:.{0,20}?©|(?:.{0,20}?\b)?copyright|\(c\))\s*(?:©|\(c\))?\s*(?:\d{4}\s*)?(?:[-–]\s*\d{4}\s*)?(?:by\s+)?",
    re.IGNORECASE,
)
_MORE_LEGAL = re.compile(rf"[\s,]*(?:\([A-Za-z .]{{1,12}}\)\s*)?(?:{_FORM})(?=$|[\s,;|·•–\-(/:])", re.IGNORECASE)
STRONG_FORM = re.compile(
    r"gmbh|sdn|bhd|ltd|limited|inc|llc|plc|s\.?r\.?l|s\.?p\.?a|sarl|b\.?v|pty|pte|pvt|corp|בע|ohg|oyj|aps|s/b|kft|"
    r"o\.?o|& co",
    re.IGNORECASE,
)
# What a shop calls itself by its trade: a name with such a word in it needs no legal form to be one.
TRADE = re.compile(
    r"\b(?:restaurant|restoran|ristorante|restaurante|bistro|caf[eé]|coffee|kopitiam|bakery|bakeries|stationery|hardware|"
    r"pharmacy|drogerie|apotheke|pharmacie|farmacia|farm[aá]cia|farmasi|apotheek|supermarket|supermarkt|supermarch[eé]|"
    r"supermercado|supermercato|hypermarket|mini\s?market|minimart|mart|market|grocer(?:y|ies)|books?tore|bookshop|books|"
    r"b[aä]ckerei|metzgerei|fleischerei|konditorei|gasthaus|gasthof|hotel|tankstelle|buchhandlung|boulangerie|"
    r"p[aâ]tisserie|[eé]picerie|librairie|panader[ií]a|ferreter[ií]a|librer[ií]a|libreria|panificio|pizzeria|trattoria|"
    r"osteria|padaria|papelaria|mercearia|bakkerij|slagerij|boekhandel|kedai|syarikat|perniagaan|pasar|motor|autos?|"
    r"electrical|enterprises?|trading|stores?|shop|boutique|salon|clinic|dental|petrol|station|workshop|garage|florist|"
    r"מסעדת|מאפיית|מאפייה|בית מרקחת|סופר|קפה|מינימרקט|מכולת|פיצרייה|פיצה|חומרי בניין|ספרים)\b",
    re.IGNORECASE,
)
# Each begins where a word begins, and at none of its later letters: a long run of them would take for ever.
MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
WEB = re.compile(
    r"(?<![\w@.])(?:https?://)?(?:www\.)([\w-]+(?:\.[\w-]+)+)|(?<![\w@.-])([\w-]{3,}\.(?:com|de|fr|co\.il|nl|it|es|pt|net|org|co\.uk|com\.my|eu|ch|at|be|io|shop))(?![\w.@])",
    re.IGNORECASE,
)
FREE = frozenset(
    [
        "gmail",
        "googlemail",
        "outlook",
        "hotmail",
        "live",
        "yahoo",
        "icloud",
        "me",
        "aol",
        "gmx",
        "web",
        "t-online",
        "walla",
        "proton",
        "protonmail",
        "msn",
        "mail",
        "freenet",
        "orange",
        "wanadoo",
        "free",
    ]
)
_SUFFIXES = frozenset(
    [
        "com",
        "net",
        "org",
        "co",
        "gov",
        "ac",
        "edu",
        "de",
        "fr",
        "il",
        "uk",
        "nl",
        "it",
        "es",
        "pt",
        "at",
        "ch",
        "be",
        "eu",
        "io",
        "my",
        "us",
        "ca",
        "au",
        "nz",
        "in",
        "info",
        "biz",
        "shop",
        "app",
        "dev",
        "me",
        "tv",
        "cc",
        "pl",
        "se",
        "no",
        "dk",
        "fi",
    ]
)
ADDRESS = re.compile(
    r"\b(?:street|st\.|road|rd\.?|avenue|ave\.?|jalan|jln|jl\.?|lorong|taman|straße|strasse|str\.|weg|platz|allee|rue|"
    r"boulevard|via|calle|rua|straat|laan|floor|suite|building|lot|no\.?\s?\d|p\.?o\.? box|postfach|"
    r"רחוב|רח'|שד'|שדרות|ת\.ד)\b|\b\d{4,6}\b|"
    r"(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|laan|straat)\s+\d",
    re.IGNORECASE,
)
OFFICE = re.compile(
    r"(?:the )?(?:billing|receipts?|invoices?|invoicing|orders?|payments?|accounts?|accounting|support|sales|info|"
    r"service|no-?reply|do not reply|notifications?|team|customer (?:service|care)|rechnung(?:en)?|buchhaltung|"
    r"kundenservice|facturation|factures?|comptabilité|facturación|fatturazione|faturação|facturatie|הנהלת חשבונות|"
    r"חשבוניות|שירות לקוחות)",
    re.IGNORECASE,
)
NAME_LABEL = re.compile(r"^(?:name|firma|company|nom|nombre|nome|naam|שם)\s*:\s*", re.IGNORECASE)


def core(name: str) -> str:
    """A name as it is compared: without form, case, accents and signs."""
    text = LEGAL.sub(" ", unicodedata.normalize("NFKD", name).casefold())
    return re.sub(r"[\W_]+", "", "".join(c for c in text if not unicodedata.combining(c)))


def domain_core(domain: str) -> str:
    """The name within a domain: mail.green-invoice.co.il -> greeninvoice."""
    parts = [p for p in domain.lower().split(".") if p][:-1] or [domain.lower()]
    while len(parts) > 1 and parts[-1] in _SUFFIXES:
        parts.pop()
    return re.sub(r"[\W_]+", "", parts[-1]) if parts else ""


def legal_name(text: str) -> str | None:
    """The name with a company's legal form that a line begins with."""
    for part in re.split(r"\s[|·•–]\s|\s-\s|,\s(?=\D{0,3}\d)", text[:160]):
        part = part.strip()
        match = _ENDS_LEGAL.match(part)
        if not match or len(match["name"].split()) > 9:
            continue
        end = match.end("name")
        while more := _MORE_LEGAL.match(part, end):  # "AEON CO. (M) BHD"
            end = more.end()
        name = _LEAD.sub("", part[:end]).strip()
        form = name.split()[-1] if name.split() else ""
        if _SHORT_FORM.fullmatch(form) and (
            (form != form.upper() and form != "eG") or re.search(r"\d\s*\S+$", name) or not name[0].isupper()
        ):
            continue  # "1 kg", "as" and "co" are words as well
        name = _without_heading(name)
        if name and len(labels.find(name)) < 3:
            return name
    return None


def _without_heading(name: str) -> str:
    """A name without the document's own name before it: "INVOICE Acme Ltd"."""
    hits = labels.find(name)
    if hits and hits[0].start <= 1 and any(c[:2] == "k." for c, _ in hits[0].meanings):
        rest = name[hits[0].end :].strip(" :-–|·")
        if len(core(rest)) > 1:
            return rest
    return name


def fragment(name: str) -> bool:
    """Whether this is only the end of a name that began a line higher."""
    words = re.findall(r"[^\W\d_]{2,}", LEGAL.sub(" ", name))
    return len(words) < 1 or name.count(")") > name.count("(") or name[0] in "&,)"
