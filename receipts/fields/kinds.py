"""What a document is: its heading, then what it holds."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from receipts.fields import labels
from receipts.fields.scan import Scan
from receipts.layout import Segment
from receipts.types import Candidate, Kind

_KINDS = {
    "k.invoice": Kind.INVOICE,
    "k.tax_invoice": Kind.TAX_INVOICE,
    "k.receipt": Kind.RECEIPT,
    "k.invoice_receipt": Kind.INVOICE_RECEIPT,
    "k.credit": Kind.CREDIT_NOTE,
    "k.order": Kind.ORDER,
    "k.statement": Kind.STATEMENT,
    "k.quote": Kind.OTHER,
    "k.proforma": Kind.OTHER,
    "k.delivery_note": Kind.OTHER,
    "k.reminder": Kind.OTHER,
}


# What says more wins over what says less: an "invoice" that is called "tax invoice" somewhere is one.
_NARROWER = (
    ("k.invoice_receipt", "k.tax_invoice"),
    ("k.invoice_receipt", "k.receipt"),
    ("k.invoice_receipt", "k.invoice"),
    ("k.tax_invoice", "k.invoice"),
)


def _labels_another(text: str, hits: tuple[labels.Hit, ...], number: int, scan: Scan) -> bool:
    """Whether "order" only labels an order's number or date on another document."""
    after = text[hits[number].end :]
    following = hits[number + 1].classes(scan.languages) if number + 1 < len(hits) else frozenset()
    return after.strip() == ":" or bool(
        following & {"n.nr", "d.date"} and hits[number + 1].start - hits[number].end < 4
    )


@cache
def _named(label: str) -> list[str]:
    """The kind that a number's label names: "Rechnungsnummer" -> invoice."""
    key = labels.squeeze(label)
    best, length = "", 3
    for phrase, meanings in labels.vocabulary().phrases.items():
        if len(phrase) > length and phrase != key and key.startswith(phrase):
            name = next((c for c, _ in meanings if c in _KINDS), "")
            if name:
                best, length = name, len(phrase)
    return [best] if best else []


def read(scan: Scan, hints: tuple[str, ...] = ()) -> list[Candidate[Kind]]:
    """Possible kinds of a document; `hints` are its subject, title and file name."""
    score: dict[str, float] = defaultdict(float)
    place: dict[str, tuple[float, Segment | None]] = {}
    sizes = sorted(s.height for s in scan.segments if s.text)
    usual = sizes[len(sizes) // 2] if sizes else 1.0
    for segment in scan.segments[:1500]:
        hits = scan.hits(segment.text)
        for number, hit in enumerate(hits):
            classes = hit.classes(scan.languages)
            own = [c for c in classes if c in _KINDS]
            words = len(segment.text.split())
            if not own:
                if "n.document" in classes and words <= 8:
                    own = _named(segment.text[hit.start : hit.end])
                if not own:
                    continue
            if (
                any(
                    "x.not" in h.classes(scan.languages) or "x.negation" in h.classes(scan.languages)
                    for h in hits[:number]
                    if hit.start - h.end < 30
                )
                and words > 3
            ):
                continue  # "this is no tax invoice"
            points = 1.0 if words <= 3 else 0.5 if words <= 8 else 0.15
            if hit.start > 12:
                points *= 0.5
            if own == ["k.order"] and _labels_another(segment.text, hits, number, scan):
                points *= 0.3
            if segment.line <= 12:
                points *= 1.6
            if segment.height > 1.25 * usual and scan.text.sizes:
                points *= 2.0
            for name in own:
                score[name] += points / len(own)
                if points > place.get(name, (0.0, None))[0]:
                    place[name] = (points, segment)
    for hint in hints:
        points = 1.2
        for hit in labels.find(hint):
            own = [c for c in hit.classes(scan.languages) if c in _KINDS]
            if not own and "x.bought" in hit.classes(scan.languages):  # "thank you for your order"
                inner = [h for word in hint[hit.start : hit.end].split() for h in labels.find(word)]
                own = [c for h in inner for c in h.classes(scan.languages) if c in _KINDS][:1]
            for name in own:
                score[name] += points / len(own)
            points = 0.4 if own else points  # "receipt for order 7": what is named first
    roles = {s.role for s in scan.spots}
    if "change" in roles or ("tender" in roles and "tax" in roles and not score):
        score["k.receipt"] += 0.8
    score = {name: points for name, points in score.items() if points >= 0.4}  # a word within a sentence names nothing
    if not score:
        return []
    for narrow, wide in _NARROWER:
        if score.get(narrow, 0.0) >= 0.45 and wide in score:
            score[narrow] += score.pop(wide)
    total = sum(score.values())
    out = []
    for name, points in score.items():
        found = place.get(name, (0.0, None))[1]
        box = scan.text.box(found) if found is not None else None
        quote = found.text[:160] if found is not None else None
        out.append(
            Candidate(
                _KINDS[name],
                round(min(0.97, 0.4 + 0.55 * points / total), 3),
                f"the document calls itself so ({name[2:].replace('_', ' ')})",
                box,
                quote,
            )
        )
    return sorted(out, key=lambda c: -c.confidence)
