"""The document's date and the day it is due: dates weighed by their labels and places."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from receipts.fields import dates, labels
from receipts.fields.scan import Day, Scan
from receipts.types import Candidate

_TIME = re.compile(r"\d{1,2}:\d{2}|\d{1,2}\.\d{2}(?:\.\d{2})?\s?(?:Uhr|h)\b")
_CARD_SLIP = re.compile(
    r"terminal|\btrace\b|\bta-?nr|\bvu-?nr|kartenzahlung|contactless|kontaktlos|genehmig|\baid\b|\bemv\b|girocard|"
    r"\bauth(?:\.|or)|approval|merchant\s?id|sans contact|מסוף|אישור עסקה",
    re.IGNORECASE,
)
_RANGE = re.compile(r"^\s*(?:-|–|—|to\b|bis\b|au\b|al\b|a\b|tot\b|t/m\b|עד\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Days:
    """Candidates for the date and the due date; whether day and month could be taken for one another."""

    date: list[Candidate[dt.date]]
    due: list[Candidate[dt.date]]
    order: str
    proved: bool


def read(scan: Scan, *, month_first: bool, is_order: bool) -> Days:
    """Weigh every date of a text.

    Args:
        scan: the text; its anchor is the mail's day.
        month_first: the country writes the month before the day (used where the dates themselves do not tell).
        is_order: the document is an order.
    """
    order, proved = dates.order(
        (d.found for d in scan.days), likely="mdy" if month_first else "dmy", anchor=scan.anchor
    )
    chosen: list[Candidate[date]] = []
    due: list[Candidate[date]] = []
    lines = max(1, len(scan.text.lines))
    columns = Counter((d.label.text, round(d.segment.x0)) for d in scan.days if d.label.where == "above")
    alone = {d.found.day(order, scan.anchor) for d in scan.days if d.found.has_year}
    slips = {id(d) for d in scan.days if _on_card_slip(scan, d)}
    own = {d.found.day(order, scan.anchor) for d in scan.days if d.found.has_year and id(d) not in slips}
    for number, one in enumerate(scan.days):
        day = one.found.day(order, scan.anchor)
        if day is None:
            continue
        place = scan.text.box(one.segment, one.found.start, one.found.end)
        quote = scan.text.lines[one.segment.line].text[:160]
        sort = _sort(one)
        if not one.found.has_year and not one.found.named and (sort not in {"date", "due"} or "." in one.found.raw):
            continue  # "3.20" is an amount unless a label says otherwise
        if sort == "due":
            due.append(Candidate(day, 0.85, "labelled as the day it is due", place, quote))
        confidence, why = _weight(one, sort, scan, day, number, lines, is_order=is_order)
        if columns[one.label.text, round(one.segment.x0)] > 1:
            confidence -= 0.35  # one of the rows of a table
        if id(one) in slips and own and day not in own:
            confidence -= 0.40  # the card terminal's clock, not the till's
        if len(alone) == 1 and sort in {"", "of", "kind"}:
            confidence += 0.16  # no other day stands on it
        chosen.append(Candidate(day, round(max(0.02, min(0.98, confidence)), 3), why, place, quote))
    return Days(chosen, due, order, proved or all(d.found.named or len(d.found.readings) == 1 for d in scan.days))


def _on_card_slip(scan: Scan, one: Day) -> bool:
    """Whether a date stands among the lines that a card's terminal prints on a till slip."""
    line = one.segment.line
    near = scan.text.lines[max(0, line - 4) : line + 9]
    return sum(bool(_CARD_SLIP.search(other.text)) for other in near) > 2


def _sort(one: Day) -> str:
    """What the words beside a date say of it."""
    has = {c[2:] for c in one.label.classes if c.startswith("d.")}
    for name in ("due", "printed"):
        if name in has and "date" not in has:
            return name
    if "date" in has and "due" in has:
        return (
            "due"
            if labels.find(one.label.text) and "d.due" in {c for c, _ in labels.find(one.label.text)[-1].meanings}
            else "date"
        )
    if "date" in has:
        return "date"
    if "of" in has:
        return "kind" if any(c[:2] == "k." or c == "n.document" for c in one.label.classes) else "of"
    if "service" in has:
        return "service"
    if has:
        return sorted(has)[0]
    return "kind" if any(c.startswith("k.") for c in one.label.classes) else ""


def _weight(
    one: Day, sort: str, scan: Scan, day: date, number: int, lines: int, *, is_order: bool
) -> tuple[float, str]:
    text = one.segment.text
    confidence, why = {
        "date": (0.86, "labelled as the date"),
        "of": (0.56, "stands behind a word like “of”"),
        "kind": (0.84, "stands beside the document's name"),
        "printed": (0.36, "labelled as the day of printing"),
        "service": (0.26, "labelled as a day of delivery or service"),
        "due": (0.10, "labelled as the day it is due"),
    }.get(sort, (0.52, "a date without a label"))
    if _RANGE.match(text[one.found.end :]) or _RANGE.match(text[: one.found.start][-4:].strip() or "x"):
        confidence -= 0.22
    if "n.other" in one.label.classes:
        confidence -= 0.25  # "version", "register": not the document's own date
    elif sort == "date" and one.label.where == "same" and any(c.startswith("k.") for c in one.label.classes):
        confidence += 0.06
    if sort == "kind" and not is_order and "k.order" in hit_classes(scan, one):
        confidence -= 0.25  # "invoice for your order of": the order's day
    if sort == "date" and any("k.order" in hit_classes(scan, one) for _ in (0,)) and not is_order:
        confidence -= 0.10
    line = scan.text.lines[one.segment.line].segments
    behind = "  ".join([text[one.found.end :], *(s.text for s in line[one.segment.index + 1 :])])
    if sort == "" and _TIME.search(behind[:14]):
        confidence += 0.10
        if "n.document" in scan.classes(behind):
            confidence += 0.14  # day, hour and the document's number: the till's own line
    if sort == "":
        confidence += 0.10 if number == 0 else 0.0
        confidence -= 0.10 * one.segment.line / lines
    if one.label.where == "above":
        confidence -= 0.02 * one.label.distance
    if not one.found.has_year:
        confidence -= 0.30
    if scan.anchor:
        gap = (scan.anchor - day).days
        if -1 <= gap <= 7:
            confidence += 0.08
        elif gap < -2:
            confidence -= 0.25
        elif gap > 400:
            confidence -= 0.15
    return confidence, why


def hit_classes(scan: Scan, one: Day) -> frozenset[str]:
    """Classes of the words within a date's label, parts of words included ("Bestelldatum")."""
    squeezed = labels.squeeze(one.label.text[-30:])
    book = labels.vocabulary()
    for name in ("order", "bestell", "auftrag", "commande", "pedido", "ordine", "encomenda", "הזמנה"):
        if name in squeezed:
            return frozenset({"k.order"})
    del book
    return scan.classes(one.label.text)


def after(day: date, limit: date | None) -> bool:
    """Whether a day lies in the future of `limit` by more than two days."""
    return limit is not None and day > limit + timedelta(days=2)
