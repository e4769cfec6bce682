"""The currency of a document, from signs, codes and words on it; never guessed from nothing."""

from __future__ import annotations

import re
from collections import Counter

from receipts.fields import amounts as money
from receipts.fields.scan import Scan, Spot
from receipts.types import Candidate

_STATED = re.compile(
    r"(?:currency|währung|waehrung|devise|moneda|valuta|moeda|munteenheid|מטבע|beträge in|amounts? in|montants? en|"
    r"importes en|in)\s*:?\s*\(?([A-Z]{3}|€|£|\$|₪|euro)\b",
    re.IGNORECASE,
)
_HINTS = (
    (re.compile(r"\bcanada\b|\b(?:gst|hst)\b.{0,16}\b\d{9}\s?rt|\b[A-Z]\d[A-Z]\s\d[A-Z]\d\b", re.IGNORECASE), "CAD"),
    (re.compile(r"\baustralia\b|\babn\b\s*:?\s*\d{2}\s?\d{3}", re.IGNORECASE), "AUD"),
    (re.compile(r"\bnew zealand\b", re.IGNORECASE), "NZD"),
    (re.compile(r"\bsingapore\b", re.IGNORECASE), "SGD"),
    (re.compile(r"\bhong kong\b", re.IGNORECASE), "HKD"),
    (re.compile(r"\bm[eé]xico\b|\brfc\b", re.IGNORECASE), "MXN"),
    (re.compile(r"\bsverige\b|\bsweden\b|\bmoms\b.*\bse\d{12}", re.IGNORECASE), "SEK"),
    (re.compile(r"\bnorge\b|\bnorway\b|\bmva\b", re.IGNORECASE), "NOK"),
    (re.compile(r"\bdanmark\b|\bdenmark\b|\bcvr\b", re.IGNORECASE), "DKK"),
    (re.compile(r"\bjapan\b|日本|円", re.IGNORECASE), "JPY"),
    (re.compile(r"\bchina\b|中国|元", re.IGNORECASE), "CNY"),
)  # fmt: skip


def read(scan: Scan, total: Spot | None) -> list[Candidate[str]]:
    """Possible currencies, best first: beside the total, stated, beside other amounts."""
    votes: Counter[str] = Counter()
    first: dict[str, Spot] = {}
    for spot in scan.spots:
        if spot.amount.currency:
            votes[spot.amount.currency] += 1
            first.setdefault(spot.amount.currency, spot)
    found: dict[str, Candidate[str]] = {}
    known: dict[str, tuple[str | None, bool]] = {}

    def add(sign: str, confidence: float, why: str, spot: Spot | None = None) -> None:
        if sign not in known:
            known[sign] = _code(sign, scan)
        code, sure = known[sign]
        confidence = confidence if sure else min(confidence, 0.80)
        if code and (code not in found or found[code].confidence < confidence):
            box = scan.text.box(spot.segment, spot.amount.start, spot.amount.end) if spot else None
            quote = scan.text.lines[spot.line].text[:160] if spot else None
            found[code] = Candidate(code, confidence, why, box, quote)

    if total and total.amount.currency:
        add(total.amount.currency, 0.97, "stands beside the total", total)
    if total:
        line = scan.text.lines[total.line]
        for sign in money.currencies(" " + line.text + " "):
            add(sign, 0.92, "stands on the total's line", total)
        if total.column.text:
            for sign in money.currencies(total.column.text):
                add(sign, 0.86, "stands at the head of the total's column", total)
    for segment in scan.segments:
        match = _STATED.search(segment.text)
        if match:
            stated = money.currency_of(match.group(1))
            if stated:
                add(stated, 0.93, "stated in the document")
        elif len(segment.text) <= 14:
            for sign in money.currencies(segment.text):
                if not any(c.isdigit() for c in segment.text):
                    votes[sign] += 1
                    add(sign, 0.80, "stands at the head of a column or by itself")
        for head in re.findall(r"[(/\[]\s?([A-Z]{3}|RM|€|£|\$|₪|kr)\s?[)\]]?", segment.text):
            named = money.currency_of(head)
            if named and len(segment.text) < 40:
                votes[named] += 1
                add(named, 0.84, "stands at the head of a column")
    whole = sum(votes.values())
    for sign, count in votes.items():
        add(sign, round(0.55 + 0.35 * count / max(1, whole), 3), "stands beside other amounts", first.get(sign))
    return sorted(found.values(), key=lambda c: -c.confidence)


_EURO = frozenset(
    [
        "AT",
        "BE",
        "CY",
        "DE",
        "EE",
        "EL",
        "ES",
        "FI",
        "FR",
        "HR",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PT",
        "SI",
        "SK",
    ]
)
_OWN = {
    "GB": "GBP",
    "CHE": "CHF",
    "PL": "PLN",
    "CZ": "CZK",
    "SE": "SEK",
    "DK": "DKK",
    "NO": "NOK",
    "HU": "HUF",
    "RO": "RON",
}


def of_tax_id(ids: list[Candidate[str]]) -> list[Candidate[str]]:
    """The currency of the country whose tax number, with check digits that hold, the vendor states; no sign says it."""
    first = next((c for c in ids if c.confidence >= 0.85), None)
    if first is None:
        return []
    code = "ILS" if first.value.isdigit() else "EUR" if first.value[:2] in _EURO else ""
    code = code or next((own for prefix, own in _OWN.items() if first.value.startswith(prefix)), "")
    why = "the vendor's tax number is of a country with this currency; no sign stands on the document"
    return [Candidate(code, 0.79, why, first.box, first.quote)] if code else []


def _code(sign: str, scan: Scan) -> tuple[str | None, bool]:
    """ISO code of a sign, and whether the sign alone says so."""
    options = money.AMBIGUOUS.get(sign)
    if not options:
        return sign, True
    text = scan.text.text[:20_000]
    for code in options:
        if re.search(rf"(?<![A-Za-z]){code}(?![A-Za-z])", text):
            return code, True
    for expression, code in _HINTS:
        if code in options and expression.search(text):
            return code, True
    return options[0], sign == "$" and not re.search(r"\b(?:pty|abn|gst)\b", text, re.IGNORECASE)
