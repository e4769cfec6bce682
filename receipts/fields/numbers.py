"""A document's own number: labelled values that look like one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from receipts.fields import amounts as money
from receipts.fields import dates, labels
from receipts.fields.scan import Scan, overlaps
from receipts.layout import Segment
from receipts.types import Candidate

_TOKEN = re.compile(r"[^\W_](?:[\w./\\\-+]*[^\W_])?|[0-9]")
_WORDY = re.compile(r"(?<![^\W\d_])[^\W\d_][a-z]{2,}")  # "165487-Evening": a row's text, no number
_PREFIX = re.compile(r"[A-Z]{2,4}-\d{2,}")
_FOR = re.compile(r"^\W*(?:for|zu|zur|für|pour|per|para|voor|sur|auf|עבור|בגין|לחשבונית|בהמשך)\b", re.IGNORECASE)
_SKIP = re.compile(r"^(?:[\s:.#№=\-–—|,'’׳״]|\([^)]{0,12}\)|(?:is|lautet|est|es|è|é|n[.°º]?)\b)*", re.IGNORECASE)
_WHY = {
    "document": "labelled as the document's number",
    "contract": "labelled as the order's number",
    "transaction": "labelled as the transaction's number",
    "kind": "stands right behind the document's name",
    "nr": "stands behind a word for number",
    "bare": "stands beside the document's name",
    "ref": "stands behind a word for reference",
}


def read(scan: Scan, *, order: bool = False, hints: Iterable[str] = ()) -> list[Candidate[str]]:
    """Possible numbers of a document.

    Args:
        scan: the text.
        order: the document is an order, whose number is its own.
        hints: subject, title, file name: a number that stands there too is worth more.
    """
    weight = {
        "document": 0.86,
        "contract": 0.78 if order else 0.6,
        "transaction": 0.62 if order else 0.6,
        "kind": 0.6,
        "nr": 0.5,
        "ref": 0.42,
        "bare": 0.58,
    }
    hinted = " ".join(hints)
    out: list[Candidate[str]] = []
    seen: Counter[str] = Counter()
    for segment in scan.segments:
        for sort, end in _labels(scan, segment):
            value = _behind(scan, segment, end)
            if value is None:
                continue
            text, place, start, stop, steps = value
            confidence = weight[sort] - 0.04 * min(steps, 4) - (0.12 if len(re.sub(r"\D", "", text)) < 2 else 0.0)
            if sort in {"kind", "bare"} and len(re.sub(r"\D", "", text)) < 3:
                continue
            if sort in {"kind", "document"} and _for_another(segment.text):
                confidence -= 0.15  # "for invoice 4418": another document's
            if sort == "nr" and _heads(scan, segment):
                confidence += 0.26
            if len(segment.text.split()) > 7:
                confidence -= 0.08  # within a sentence
            confidence += 0.06 if len(text) > 2 and text in hinted else 0.0
            confidence += 0.02 if segment.line < 30 else 0.0
            seen[text] += 1
            out.append(
                Candidate(
                    text,
                    round(min(0.97, confidence), 3),
                    _WHY[sort],
                    scan.text.box(place, start, stop),
                    scan.text.lines[place.line].text[:160],
                )
            )
    for hint in hints:
        for sort, text in _in_hint(hint, scan):
            out.append(Candidate(text, weight[sort] - 0.14, _WHY[sort] + ", in the subject or title", None, hint[:160]))
    return [
        c
        if seen[c.value] < 2
        else Candidate(c.value, round(min(0.98, c.confidence + 0.03), 3), c.why + ", more than once", c.box, c.quote)
        for c in out
    ]


def _in_hint(hint: str, scan: Scan) -> list[tuple[str, str]]:
    """Numbers that the subject announces: (sort, number)."""
    line = Segment(hint, 0, 0.0, 0.0, 1.0, 1.0)
    out = []
    for sort, end in _labels(scan, line):
        taken = _take(hint, end)
        if taken and sort in {"document", "contract", "transaction"} and len(re.sub(r"\D", "", taken[0])) > 2:
            out.append((sort, taken[0]))
    return out


def announced(scan: Scan) -> list[tuple[str, str, int]]:
    """Every number that a label announces: (sort, number, line of the label)."""
    out = []
    for segment in scan.segments:
        for sort, end in _labels(scan, segment):
            value = _behind(scan, segment, end)
            if value is not None:
                out.append((sort, value[0], segment.line))
    return out


def _labels(scan: Scan, segment: Segment) -> list[tuple[str, int]]:
    """What number each known phrase of the segment announces, and where the phrase ends."""
    hits = scan.hits(segment.text)
    out: list[tuple[str, int]] = []
    i = 0
    while i < len(hits):
        own = hits[i].classes(scan.languages)
        end = hits[i].end
        following = hits[i + 1] if i + 1 < len(hits) else None
        gap = segment.text[end : following.start] if following else ""
        next_is_nr = (
            following is not None
            and "n.nr" in following.classes(scan.languages)
            and not re.sub(r"\([^)]*\)|[\W_]", "", gap)
        )
        kinds = {c for c in own if c.startswith("k.") and c not in {"k.delivery_note", "k.quote", "k.reminder"}}
        if hits[i].end - hits[i].start <= 4 and _PREFIX.match(segment.text, hits[i].start):
            i += 1
            continue  # "INV-2031" is the number itself
        blocked = (
            i > 0
            and _joined(segment.text, hits[i - 1].end, hits[i].start)
            and "n.other" in hits[i - 1].classes(scan.languages)
        )
        other = "n.other" in own or (any(c.startswith("p.") for c in own) and not own & {"n.document", "n.contract"})
        if not other and not blocked:
            if "n.document" in own and (next_is_nr or not kinds):
                out.append(("document", following.end if next_is_nr and following else end))
            elif "n.contract" in own:
                out.append(("contract", following.end if next_is_nr and following else end))
            elif "n.transaction" in own:
                out.append(("transaction", following.end if next_is_nr and following else end))
            elif kinds and _nr_later(hits, i, segment.text, scan) and not next_is_nr:
                out.append(("contract" if kinds <= {"k.order"} else "document", _nr_later(hits, i, segment.text, scan)))
            elif kinds and next_is_nr and following:
                out.append(("contract" if kinds <= {"k.order"} else "document", following.end))
            elif kinds and _id_follows(segment.text, end) and hits[i].start <= 14:
                out.append(("contract" if kinds <= {"k.order"} else "kind", end))
            elif kinds and i == 0 and hits[i].start <= 2 and not segment.text[end:].strip(" :#"):
                out.append(("bare", end))
            elif "n.nr" in own and i == 0 and hits[i].start <= 2:
                out.append(("nr", end))
            elif "n.ref" in own and hits[i].start <= 2:
                out.append(("ref", following.end if next_is_nr and following else end))
        i += 2 if next_is_nr else 1
    return out


def _nr_later(hits: tuple[labels.Hit, ...], i: int, text: str, scan: Scan) -> int:
    """Where a word for number ends that follows within a few words ("Rechnung des Versicherers Nr."); 0 without."""
    if hits[i].start <= 2:
        for after in hits[i + 1 : i + 4]:
            gap = re.sub(r"\([^)]*\)", "", text[hits[i].end : after.start])
            if "n.nr" in after.classes(scan.languages) and len(gap) < 26 and not any(c.isdigit() for c in gap):
                return after.end
            if any(c[:2] in {"k.", "n."} for c in after.classes(scan.languages)):
                break  # the number is that of something else
    return 0


def _for_another(text: str) -> bool:
    """Whether the label stands behind a word like "for": it names another document."""
    return bool(_FOR.match(text))


def _heads(scan: Scan, segment: Segment) -> bool:
    """Whether the document's name stands beside or right above a bare "No."."""
    for number in range(segment.line, max(-1, segment.line - 4), -1):
        for other in scan.text.lines[number].segments:
            beside = number == segment.line and other is not segment
            above = other.page == segment.page and overlaps(other.x0, other.x1, segment.x0, segment.x1)
            if (beside or above) and other is not segment:
                own = scan.classes(other.text)
                if (
                    any(c.startswith("k.") for c in own)
                    and len(other.text.split()) <= 5
                    and not any(c.isdigit() for c in other.text)
                ):
                    return True
    return False


def _joined(text: str, start: int, end: int) -> bool:
    return not re.sub(r"[\W_]", "", text[start:end])


def _id_follows(text: str, end: int) -> bool:
    match = _TOKEN.match(text, end + (_SKIP.match(text[end:]) or re.match("", "")).end())  # type: ignore[union-attr]
    return bool(match and _good(match.group()) and sum(c.isdigit() for c in match.group()) >= 2)


def _good(token: str, *, after_sign: bool = False) -> bool:
    if after_sign and 4 <= len(token) <= 24 and any(c.isdigit() for c in token) and token.isalnum():
        return True  # "#B7kT"
    digits = sum(c.isdigit() for c in token)
    if (
        not digits
        or len(token) > 40
        or (
            digits * 3 < len(token) and digits < 4 and not (4 <= len(token) <= 12 and (token.isupper() or "-" in token))
        )
    ):
        return False
    found = dates.find(token)
    if found and found[0].has_year and found[0].end - found[0].start >= len(token) - 1 and not token.isdigit():
        return False
    spotted = money.find(token)
    return not (
        spotted and spotted[0].decimals == 2 and spotted[0].end - spotted[0].start == len(token) and not token.isdigit()
    )


def _take(text: str, start: int) -> tuple[str, int, int] | None:
    skipped = _SKIP.match(text[start:])
    at = start + (skipped.end() if skipped else 0)
    match = _TOKEN.match(text, at)
    if not match:
        return None
    token, stop = match.group(), match.end()
    if text[stop : stop + 1] == "%":
        return None
    if not any(c.isdigit() for c in token) and len(token) <= 5 and token.isupper():
        more = re.match(r"[\s\-/]{0,2}(\d[\w/\-]*)", text[stop:])
        if more and not dates.find(more.group(1)):
            return (
                f"{token} {more.group(1)}" if more.group().startswith(" ") else text[at : stop + more.end()],
                at,
                stop + more.end(),
            )
    if not _good(token, after_sign=text[:at].rstrip().endswith("#")):
        return None
    if any(d.start <= at < d.end and d.has_year for d in dates.find(text)):
        return None
    return token.rstrip("./-"), at, stop


def _behind(scan: Scan, segment: Segment, end: int) -> tuple[str, Segment, int, int, int] | None:
    """The value that a label announces: behind it, to its right, or below it."""
    taken = _take(segment.text, end)
    if taken:
        return taken[0], segment, taken[1], taken[2], 0
    rest = re.sub(r"\([^)]*\)", "", segment.text[end:])
    if sum(c.isalpha() for c in rest) > 14 or len(re.findall(r"[^\W\d_]{4,}", rest)) > 1:
        return None
    line = scan.text.lines[segment.line].segments
    if segment.index + 1 < len(line):
        right = line[segment.index + 1]
        taken = _take(right.text, 0)
        if taken and taken[1] <= 3 and not labels.find(right.text[: taken[1]]):
            return taken[0], right, taken[1], taken[2], 1
    for number in range(segment.line + 1, min(segment.line + 4, len(scan.text.lines))):
        for below in scan.text.lines[number].segments:
            if below.page == segment.page and overlaps(below.x0, below.x1, segment.x0, segment.x1):
                taken = _take(below.text, 0)
                if taken and taken[1] <= 2 and not _WORDY.search(taken[0]):
                    return taken[0], below, taken[1], taken[2], number - segment.line
                if any(c.isalpha() for c in below.text) and not _TOKEN.search(below.text):
                    return None
    return None
