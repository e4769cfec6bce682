"""Who sold: names with evidence from labels, legal forms, addresses of mail and web, type and place."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from receipts.fields import amounts as money
from receipts.fields import dates, labels
from receipts.fields.scan import Scan, overlaps
from receipts.layout import Segment
from receipts.types import Box, Candidate

# Forms of companies, as they end a name (a few begin it).
_FORM = (
    r"gmbh(?:\s?&\s?co\.?\s?(?:kg|ohg)(?:aa)?)?|ug(?:\s?\(haftungsbeschränkt\))?|ag|kg|ohg|e\.?\s?k\.?|gbr|e\.?\s?v\.?|se|"
    r"s\.?[àa]\.?r\.?l\.?|s\.?a\.?s\.?u?|sa|s\.a\.?|sci|eurl|snc|s\.?p\.?a\.?|s\.?r\.?l\.?s?|s\.?l\.?u?\.?|s\.?n\.?c\.?|"
    r"b\.?v\.?|n\.?v\.?|v\.?o\.?f\.?|inc\.?|l\.?l\.?c\.?|l\.?l\.?p\.?|ltd\.?|limited|corp\.?|corporation|co\.?|company|plc|"
    r"sdn\.?\s?bhd\.?|sdn\.?|s/b|bhd\.?|enterprise|enterprises|trading|pte\.?(?:\s?ltd\.?)?|pty\.?(?:\s?ltd\.?)?|pvt\.?(?:\s?ltd\.?)?|"
    r"oy|oyj|ab|as|asa|aps|a/s|sp\.?\s?z\s?o\.?\s?o\.?|s\.?r\.?o\.?|d\.?o\.?o\.?|kft\.?|zrt\.?|lda\.?|ltda\.?|"
    r"בע\"מ|בע״מ|בע''מ|בעמ|ע\"ר|\(ע\"ר\)|ושות'"
)
_LEGAL = re.compile(rf"(?<![\w])(?:{_FORM})(?![\w])", re.IGNORECASE)
_ENDS_LEGAL = re.compile(rf"^(?P<name>.{{1,70}}?[\s,.]\(?(?:{_FORM})\)?)(?=$|[\s,;|·•–\-(/:])", re.IGNORECASE)
_SHORT_FORM = re.compile(r"(?:kg|ag|se|ab|as|asa|sa|co|ug|bv|nv|ek|ev|sci|snc)\.?", re.IGNORECASE)
_LEAD = re.compile(
    r"^(?:sold by|verkauf durch|verkauft von|vendu par|vendido por|venduto da|verkocht door|from|by|owned by|own by)\s*:?\s+|^\([cC]\)\s*|^©\s*(?:\d{4}\s*)?(?:[-–]\s*\d{4}\s*)?",
    re.IGNORECASE,
)
_MORE_LEGAL = re.compile(rf"[\s,]*(?:\([A-Za-z .]{{1,12}}\)\s*)?(?:{_FORM})(?=$|[\s,;|·•–\-(/:])", re.IGNORECASE)
_STRONG_FORM = re.compile(
    r"gmbh|sdn|bhd|ltd|limited|inc|llc|plc|s\.?r\.?l|s\.?p\.?a|sarl|b\.?v|pty|pte|pvt|corp|בע|ohg|oyj|aps|s/b|kft|o\.?o|& co",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
_WEB = re.compile(
    r"(?<![\w@.])(?:https?://)?(?:www\.)([\w-]+(?:\.[\w-]+)+)|(?<![\w@.])([\w-]{3,}\.(?:com|de|fr|co\.il|nl|it|es|pt|net|org|co\.uk|com\.my|eu|ch|at|be|io|shop))(?![\w.@])",
    re.IGNORECASE,
)
_FREE = frozenset(
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
_ADDRESS = re.compile(
    r"\b(?:street|st\.|road|rd\.?|avenue|ave\.?|jalan|jln|jl\.?|lorong|taman|straße|strasse|str\.|weg|platz|allee|rue|boulevard|"
    r"via|calle|rua|straat|laan|floor|suite|building|lot|no\.?\s?\d|p\.?o\.? box|postfach|רחוב|רח'|שד'|שדרות|ת\.ד)\b|\b\d{4,6}\b|(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|laan|straat)\s+\d",
    re.IGNORECASE,
)
_NAME_LABEL = re.compile(r"^(?:name|firma|company|nom|nombre|nome|naam|שם)\s*:\s*", re.IGNORECASE)


@dataclass
class _Name:
    """One possible vendor with the points of all its evidence."""

    text: str
    points: float = 0.0
    why: list[str] = field(default_factory=list)
    box: Box | None = None
    quote: str | None = None
    best: float = 0.0

    def add(self, points: float, why: str, box: Box | None = None, quote: str | None = None) -> None:
        """Another piece of evidence."""
        if why in self.why:
            points *= 0.3
        else:
            self.why.append(why)
        self.points += points
        if points > self.best or self.box is None:
            self.best, self.box, self.quote = max(points, self.best), box or self.box, quote or self.quote


def core(name: str) -> str:
    """A name as it is compared: without form, case, accents and signs."""
    text = _LEGAL.sub(" ", unicodedata.normalize("NFKD", name).casefold())
    return re.sub(r"[\W_]+", "", "".join(c for c in text if not unicodedata.combining(c)))


def domain_core(domain: str) -> str:
    """The name within a domain: mail.green-invoice.co.il -> greeninvoice."""
    parts = [p for p in domain.lower().split(".") if p][:-1] or [domain.lower()]
    while len(parts) > 1 and parts[-1] in _SUFFIXES:
        parts.pop()
    return re.sub(r"[\W_]+", "", parts[-1]) if parts else ""


def read(
    scan: Scan, *, from_name: str = "", from_address: str = "", to: str = "", title: str = ""
) -> list[Candidate[str]]:
    """Possible vendors, best first.

    Args:
        scan: the document's text.
        from_name: name of the mail's sender, "" without a mail.
        from_address: address of the mail's sender.
        to: the mail's recipient, who is not the vendor.
        title: title of an HTML page.
    """
    names: dict[str, _Name] = {}
    buyers = _buyers(scan)
    buyer_cores = {core(to.split("@")[0])} | {core(re.sub(r"<.*?>", "", to))} | {core(b.text) for b in buyers.values()}
    domains = _domains(scan, from_address)
    sizes = sorted(s.height for s in scan.segments if len(s.text) > 3)
    usual = sizes[len(sizes) // 2] if sizes else 1.0

    def add(text: str, points: float, why: str, segment: Segment | None = None) -> None:
        text = _NAME_LABEL.sub("", text).strip(" *-–—=_.,:;|·•~#<>[]'`\"").strip()
        text = re.sub(r"^[^\w(]+", "", text)
        if money.currency_of(text):
            return
        key = core(text)
        if len(key) < 2 or key in buyer_cores - {""} or not any(c.isalpha() for c in text) or len(text) > 80:
            return
        name = names.setdefault(key, _Name(text))
        name.add(
            points,
            why,
            scan.text.box(segment) if segment is not None else None,
            scan.text.lines[segment.line].text[:160] if segment is not None else None,
        )

    _labelled(scan, add)
    for segment, name in _sender_lines(scan, buyers):
        add(name, 2.6, "the sender's line above the address", segment)
    head = _head(scan, buyers)
    lines = max(1, len(scan.text.lines))
    position = 0
    for segment in scan.segments[:1200]:
        text = segment.text
        if id(segment) in buyers:
            continue
        legal = legal_name(text)
        slip = scan.text.loose
        if legal and len(core(legal)) >= 2 and not _fragment(legal):
            strong = bool(_STRONG_FORM.search(legal[-16:]))
            place = 1.8 if segment.line < 3 else 1.0 if segment.line < (6 if slip else 14) else 0.0
            foot = 0.5 if segment.line > lines - 12 and not slip else 0.0
            points = (2.2 if strong else 0.9) + place + foot
            if from_address and scan.text.source in {"html", "plain"}:
                points *= 0.5  # a shop's mail also names makers, sellers and itself
            add(legal, points, "a name with a company's legal form", segment)
        if segment.page == 0 and position < 6 and _like_a_name(scan, text):
            weight = (3.0 if slip else 1.9, 1.0, 0.6, 0.3, 0.2, 0.1)[position]
            if scan.text.source in {"html", "plain"}:
                weight *= 0.25
            add(head.get(id(segment)) or legal or text, weight, "stands at the top", segment)
            if scan.text.sizes and segment.height > 1.3 * usual:
                add(head.get(id(segment)) or legal or text, 0.8, "stands in large type", segment)
            position += 1
        elif (
            scan.text.sizes
            and segment.page == 0
            and segment.line < 15
            and segment.height > 1.6 * usual
            and _like_a_name(scan, text)
        ):
            add(text, 0.9, "stands in large type", segment)
    for alt in scan.text.alts[:3]:
        if not labels.find(alt) and len(alt) < 30:
            add(alt, 0.6, "a picture at the top is called so")
    if from_name or from_address:
        _sender(from_name, from_address, add)
    for name_key, name in list(names.items()):
        for domain in domains:
            if len(domain) > 2 and (domain in name_key or (name_key in domain and len(name_key) * 2 >= len(domain))):
                name.add(1.6, "the document's web or mail address agrees")
                break
    _trade_name(names, scan, domains)
    if title:
        for key, name in names.items():
            if len(key) > 3 and key in core(title):
                name.add(0.6, "stands in the title")
    for key, name in names.items():
        for other, rival in names.items():
            if key != other and len(key) > 4 and key in other and len(key) * 3 >= len(other):
                rival.add(min(0.8, name.best * 0.3), "a shorter form of the name stands there too")
    return _ranked(names)


def _fragment(name: str) -> bool:
    """Whether this is only the end of a name that began a line higher."""
    words = re.findall(r"[^\W\d_]{2,}", _LEGAL.sub(" ", name))
    return len(words) < 1 or name.count(")") > name.count("(") or name[0] in "&,)"


def _head(scan: Scan, buyers: dict[int, Segment]) -> dict[int, str]:
    """Names at the very top that run over two or three lines: segment -> whole name."""
    lines = [line.segments[0] for line in scan.text.lines[:6] if len(line.segments) == 1 and line.page == 0]
    for first in range(min(2, len(lines))):
        if (
            id(lines[first]) in buyers
            or not any(c.isalpha() for c in lines[first].text)
            or legal_name(lines[first].text)
        ):
            continue
        text = lines[first].text
        for last in range(first + 1, min(first + 3, len(lines))):
            following = lines[last].text
            if following.endswith(":") or dates.find(following) or any(c.isdigit() for c in following.split("(")[0]):
                break
            whole = f"{text} {following}"
            legal = legal_name(whole)
            end = _LEGAL.search(following)
            if (
                legal
                and end
                and (
                    _fragment(legal_name(following) or following)
                    or len(following.split()) <= 3
                    or text.count("(") > text.count(")")
                    or text.rstrip()[-1:] in "&,"
                )
            ):
                return {id(lines[k]): legal for k in range(first, last + 1)}
            if len(re.sub(r"\W", "", text)) <= 3:
                return {id(lines[first]): whole}
            text = whole
    return {}


def _sender_lines(scan: Scan, buyers: dict[int, Segment]) -> Iterator[tuple[Segment, str]]:
    """Lines as "Name · Street 1 · 12345 Town" above a letter's address; what stands below is the recipient."""
    for segment in scan.segments[:60]:
        if segment.page or scan.text.source != "pdf":
            return
        line = scan.text.lines[segment.line].segments
        text = segment.text if segment.index or len(line) < 3 else " | ".join(s.text for s in line)
        parts = [p.strip() for p in re.split(r"\s[|·•–—]\s|\s-\s|\s?[·•|]\s?", text) if p.strip()]
        if len(parts) < 3 and len(parts) == 1:
            parts = [p.strip() for p in text.split(", ")]
        if (
            not 3 <= len(parts) <= 6
            or not any(c.isdigit() for c in parts[1])
            or not re.search(r"\b\d{4,5}\b", " ".join(parts[2:]))
        ):
            continue
        name = parts[0]
        if not any(c.isalpha() for c in name) or len(name) > 60 or any(c.isdigit() for c in name[-6:]) or ":" in text:
            continue
        yield segment, name
        taken = 0
        for number in range(segment.line + 1, min(segment.line + 8, len(scan.text.lines))):
            for below in scan.text.lines[number].segments:
                if below.page == segment.page and abs(below.x0 - segment.x0) < 3 * segment.height and taken < 5:
                    buyers[id(below)] = below
                    taken += 1
        return


def _trade_name(names: dict[str, _Name], scan: Scan, domains: list[str]) -> None:
    """On a till slip the shop's sign: the word of its web address that the slip repeats and its legal name begins with."""
    if not {s.role for s in scan.spots} & {"tender", "change"}:
        return
    words = Counter(re.findall(r"[^\W\d_]{3,}", scan.text.text.casefold()))
    for domain in domains:
        if words[domain] >= 3 and any(_run_under(domain, key, n, scan) for key, n in names.items()):
            sign = next((w for w in re.findall(r"[^\W\d_]{3,}", scan.text.text) if w.casefold() == domain), domain)
            best = max(n.points for n in names.values())
            name = names.setdefault(domain, _Name(sign))
            name.add(best + 1.5 - name.points, "the shop's sign: its web address, repeated on the slip")
            return


def _run_under(sign: str, key: str, name: _Name, scan: Scan) -> bool:
    """Whether a firm's name begins with the sign, and is a franchisee's (oHG, e.K.) or stands in the foot only."""
    if not key.startswith(sign) or key == sign:
        return False
    head = " ".join(line.text for line in scan.text.lines[:4])
    return bool(re.search(r"\b(?:ohg|e\.\s?k\.?)$", name.text, re.IGNORECASE)) or name.text not in head


def _ranked(names: dict[str, _Name]) -> list[Candidate[str]]:
    ranked = sorted(names.values(), key=lambda n: -n.points)
    if not ranked:
        return []
    out = []
    for place, name in enumerate(ranked[:8]):
        rival = ranked[1].points if place == 0 and len(ranked) > 1 else ranked[0].points
        share = name.points / (name.points + rival) if place == 0 else 0.5 * name.points / max(0.1, rival)
        confidence = min(0.96, 0.25 + 0.5 * share + 0.07 * min(name.points, 4.0)) if place == 0 else min(0.6, share)
        out.append(Candidate(name.text, round(confidence, 3), ", ".join(name.why), name.box, name.quote))
    return out


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
            form != form.upper() or re.search(r"\d\s*\S+$", name) or not name[0].isupper()
        ):
            continue  # "1 kg", "as" and "co" are words as well
        if len(labels.find(name)) < 3:
            return name
    return None


def _like_a_name(scan: Scan, text: str) -> bool:
    letters = sum(c.isalpha() for c in text)
    if letters < 3 or letters * 2 < len(text.replace(" ", "")) or len(text) > 60:
        return False
    if legal_name(text):
        return True
    if ":" in text or "?" in text or "@" in text or "www." in text.lower():
        return False
    if dates.find(text) or any(a.money_like for a in money.find(text)):
        return False
    found = labels.find(text)
    covered = sum(h.end - h.start for h in found)
    if any("x.polite" in h.classes(scan.languages) for h in found):
        return False
    if found and covered * 2 >= len(text):
        return False
    return not (_ADDRESS.search(text) and not legal_name(text))


def _domains(scan: Scan, from_address: str) -> list[str]:
    out = []
    for segment in scan.segments:
        if "@" in segment.text or "." in segment.text:
            for match in _MAIL.finditer(segment.text):
                out.append(domain_core(match.group(1)))
            for match in _WEB.finditer(segment.text):
                out.append(domain_core(match.group(1) or match.group(2)))
    if "@" in from_address:
        out.append(domain_core(from_address.rsplit("@", 1)[1]))
    return [d for d in dict.fromkeys(out) if d not in _FREE]


def _sender(from_name: str, from_address: str, add) -> None:  # type: ignore[no-untyped-def]
    name = re.sub(r"\s+(?:via|through|durch|par)\s.*$", "", from_name, flags=re.IGNORECASE).strip(" \"'")
    name = re.sub(
        r"^(?:the\s+)?(.*?)\s+(?:team|billing|receipts?|invoices?|support|orders?|payments?|noreply|no-reply|service|customer service|kundenservice)$",
        r"\1",
        name,
        flags=re.IGNORECASE,
    )
    own = domain_core(from_address.rsplit("@", 1)[1]) if "@" in from_address else ""
    if name and "@" not in name and len(core(name)) > 1 and not all(labels.find(w) for w in name.split()):
        add(name, 2.4 if own not in _FREE else 0.6, "the mail's sender")
    elif own and own not in _FREE:
        add(own.capitalize(), 1.2, "the domain of the mail's sender")


def _labelled(scan: Scan, add) -> None:  # type: ignore[no-untyped-def]
    """Names behind or below words like "Seller"."""
    for segment in scan.segments[:1500]:
        for hit in labels.find(segment.text):
            own = hit.classes(scan.languages)
            if "p.vendor" not in own or "p.buyer" in own or hit.start > 3:
                continue
            weak = bool(own & {"d.service"})  # "from" and "to" also stand before days
            rest = segment.text[hit.end :].strip(" :.-")
            if rest and (segment.text[hit.end : hit.end + 2].strip(" ").startswith(":") or not weak):
                if _name_value(rest):
                    add(
                        legal_name(rest) or re.split(r"\s{2,}|\(|,\s", rest)[0],
                        2.0 if not weak else 0.8,
                        f"labelled “{segment.text[hit.start : hit.end]}”",
                        segment,
                    )
                continue
            if rest or weak:
                continue
            line = scan.text.lines[segment.line].segments
            if segment.index + 1 < len(line) and _name_value(line[segment.index + 1].text):
                target = line[segment.index + 1]
                add(
                    legal_name(target.text) or target.text,
                    2.0,
                    f"labelled “{segment.text[hit.start : hit.end]}”",
                    target,
                )
                continue
            for number in range(segment.line + 1, min(segment.line + 5, len(scan.text.lines))):
                row = scan.text.lines[number].segments
                below = next(
                    (s for s in row if s.page == segment.page and overlaps(s.x0, s.x1, segment.x0, segment.x1)), None
                )
                if below is None:
                    continue
                text = below.text
                named = _NAME_LABEL.match(text)
                if named and not text[named.end() :].strip() and below.index + 1 < len(row):
                    add(
                        row[below.index + 1].text,
                        2.4,
                        f"labelled “{segment.text[hit.start : hit.end]}”",
                        row[below.index + 1],
                    )
                    break
                if named or _name_value(text):
                    add(
                        legal_name(_NAME_LABEL.sub("", text)) or _NAME_LABEL.sub("", text),
                        2.0,
                        f"labelled “{segment.text[hit.start : hit.end]}”",
                        below,
                    )
                    break


def _name_value(text: str) -> bool:
    if legal_name(text):
        return True
    if _ADDRESS.search(text):
        return False
    letters = sum(c.isalpha() for c in text)
    if letters < 2 or len(text) > 70 or ":" in text[:25]:
        return False
    found = labels.find(text)
    return not (found and sum(h.end - h.start for h in found) * 2 >= len(text))


def _buyers(scan: Scan) -> dict[int, Segment]:
    """Segments of the recipient's address: below or behind words like "Bill to"."""
    out: dict[int, Segment] = {}
    for segment in scan.segments[:1500]:
        if id(segment) in out:
            continue
        for hit in labels.find(segment.text):
            own = hit.classes(scan.languages)
            title = "p.title" in own and segment.line > 2 and not scan.text.loose
            if not (title or "p.buyer" in own) or own & {"p.vendor"} or hit.start > 3:
                continue
            out[id(segment)] = segment
            line = scan.text.lines[segment.line].segments
            if segment.text[hit.end :].strip(" :") == "" and segment.index + 1 < len(line):
                right = line[segment.index + 1]
                if not any("p.vendor" in scan.classes(right.text) for _ in (0,)):
                    out[id(right)] = right
            for number in range(segment.line + 1, min(segment.line + 7, len(scan.text.lines))):
                row = scan.text.lines[number].segments
                for below in row:
                    if below.page == segment.page and overlaps(below.x0, below.x1, segment.x0, segment.x1):
                        if any(c in {"p.vendor", "total", "grand"} for c in scan.classes(below.text)):
                            break
                        out[id(below)] = below
                        named = _NAME_LABEL.match(below.text + ":" if below.text.lower() == "name" else below.text)
                        if named and below.index + 1 < len(row):
                            out[id(row[below.index + 1])] = row[below.index + 1]
            break
    return out


def group(names: list[str]) -> dict[str, list[str]]:
    """Names that mean the same vendor."""
    out: dict[str, list[str]] = defaultdict(list)
    for name in names:
        out[core(name)].append(name)
    return out
