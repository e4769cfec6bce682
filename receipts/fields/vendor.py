"""Who sold: names with evidence from labels, legal forms, addresses of mail and web, type and place."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from receipts.fields import amounts as money
from receipts.fields import dates, labels
from receipts.fields.names import (
    ADDRESS,
    FREE,
    LEGAL,
    MAIL,
    NAME_LABEL,
    STRONG_FORM,
    TRADE,
    WEB,
    core,
    domain_core,
    fragment,
    legal_name,
)
from receipts.fields.parties import buyers, labelled, sender, sender_lines
from receipts.fields.scan import Scan
from receipts.layout import Segment
from receipts.types import Box, Candidate

_FRANCHISE = re.compile(r"\b(?:ohg|e\.\s?k\.?)$", re.IGNORECASE)
# What an engine that reads pictures makes of initials: "D.1.Y." for "D.I.Y."
_INITIAL = re.compile(r"(?<![^\W_]{2})(?<=[A-Z]\.)([105])(?=\.[A-Z])")
_LETTERS = {"1": "I", "0": "O", "5": "S"}
_SPACED = re.compile(r"(?:[^\W\d_] ){2,}[^\W\d_](?=\s|$)")


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
    taken = buyers(scan)
    buyer_cores = {core(to.split("@")[0])} | {core(re.sub(r"<.*?>", "", to))} | {core(b.text) for b in taken.values()}
    domains = _domains(scan, from_address)
    sizes = sorted(s.height for s in scan.segments if len(s.text) > 3)
    usual = sizes[len(sizes) // 2] if sizes else 1.0

    def add(text: str, points: float, why: str, segment: Segment | None = None) -> None:
        text = NAME_LABEL.sub("", text).strip(" *-–—=_,:;|·•~#<>[]'`\"").lstrip(".").strip()
        if text.endswith(".") and "." not in text[:-1].split(" ")[-1]:
            text = text[:-1]  # a sentence's point, not "S.L."'s
        text = re.sub(r"^[^\w(]+", "", text)
        if scan.text.loose:
            text = _INITIAL.sub(lambda m: _LETTERS[m[1]], text)
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

    second = labelled(scan, add)
    for segment, name in sender_lines(scan, taken):
        add(name, 2.6, "the sender's line above the address", segment)
    head = _head(scan, taken)
    lines = max(1, len(scan.text.lines))
    position = 0
    for segment in scan.segments[:1200]:
        text = segment.text
        if id(segment) in taken:
            continue
        slip = scan.text.loose
        if segment.line < 3 and (spaced := _SPACED.match(text)):
            sign = spaced[0].replace(" ", "")
            if not labels.find(sign):  # "R E C H N U N G" is no firm
                add(sign, 4.5, "the shop's sign, set letter by letter", segment)
                text = text[spaced.end() :].strip() or text
        legal = second.get(id(segment)) or legal_name(text)
        if legal and len(core(legal)) >= 2 and not fragment(legal):
            strong = bool(STRONG_FORM.search(legal[-16:]))
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
        sender(from_name, from_address, add)
    for key, known in names.items():
        if any(len(d) > 2 and (d in key or (key in d and len(key) * 2 >= len(d))) for d in domains):
            known.add(1.6, "the document's web or mail address agrees")
    _trade_name(names, scan, domains)
    if title:
        for key, known in names.items():
            if len(key) > 3 and key in core(title):
                known.add(0.6, "stands in the title")
    for key, known in names.items():
        for other, longer in names.items():
            if key != other and len(key) > 4 and key in other and len(key) * 3 >= len(other):
                longer.add(min(0.8, known.best * 0.3), "a shorter form of the name stands there too")
    return _ranked(names)


def _head(scan: Scan, buyers: dict[int, Segment]) -> dict[int, str]:
    """Names at the very top that run over two or three lines: segment -> whole name."""
    lines = [line.segments[0] for line in scan.text.lines[:6] if len(line.segments) == 1 and line.page == 0]
    for first in range(min(2, len(lines))):
        if (
            id(lines[first]) in buyers
            or not any(c.isalpha() for c in lines[first].text)
            or lines[first].text.rstrip().endswith(":")
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
            end = LEGAL.search(following)
            if (
                legal
                and end
                and (
                    fragment(legal_name(following) or following)
                    or (_trade_alone(following) if scan.text.loose else len(following.split()) <= 3)
                    or text.count("(") > text.count(")")
                    or text.rstrip()[-1:] in "&,"
                )
            ):
                return {id(lines[k]): legal for k in range(first, last + 1)}
            if len(re.sub(r"\W", "", text)) <= 3:
                return {id(lines[first]): whole}
            text = whole
    return {}


def _trade_alone(line: str) -> bool:
    """Whether a line that ends in a company's form names no more than a trade: the name began a line higher."""
    return len(core(TRADE.sub(" ", line))) < 5


def _trade_name(names: dict[str, _Name], scan: Scan, domains: list[str]) -> None:
    """On a till slip the shop's sign: the word of its web address that it repeats and its legal name begins with."""
    if not {s.role for s in scan.spots} & {"tender", "change"}:
        return
    words = Counter(re.findall(r"[^\W\d_]{3,}", scan.text.text.casefold()))
    own = [w.casefold() for n in names.values() if _FRANCHISE.search(n.text) for w in n.text.split()[:1] if w.isupper()]
    for domain in [*domains, *own]:
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
    return bool(_FRANCHISE.search(name.text)) or (name.text not in head and not scan.text.loose)


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
    if "[" in text or (found and found[0].start < 2 and re.match(r"\s*[(#]", text[found[0].end :])):
        return False  # "Cashier [Anna]": a label and its value
    if found and covered * 2 >= len(text):
        return False
    return not (ADDRESS.search(text) and not legal_name(text))


def _domains(scan: Scan, from_address: str) -> list[str]:
    out = []
    for segment in scan.segments:
        if "@" in segment.text or "." in segment.text:
            for match in MAIL.finditer(segment.text):
                out.append(domain_core(match.group(1)))
            for match in WEB.finditer(segment.text):
                out.append(domain_core(match.group(1) or match.group(2)))
    if "@" in from_address:
        out.append(domain_core(from_address.rsplit("@", 1)[1]))
    return [d for d in dict.fromkeys(out) if d not in FREE]
