"""Who stands on a document as seller and as buyer: labels, addresses, the sender of the mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from receipts.fields import labels
from receipts.fields.names import ADDRESS, FREE, NAME_LABEL, OFFICE, core, domain_core, legal_name
from receipts.fields.scan import Scan, overlaps
from receipts.layout import Segment


class Add(Protocol):
    """Takes one piece of evidence for a vendor's name."""

    def __call__(self, text: str, points: float, why: str, segment: Segment | None = None) -> None:
        """Add the points to the name."""
        ...


def sender_lines(scan: Scan, buyers: dict[int, Segment]) -> Iterator[tuple[Segment, str]]:
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


def labelled(scan: Scan, add: Add) -> dict[int, str]:
    """Names behind or below words like "Seller"; gives the second line of each that has two, with the whole name."""
    second: dict[int, str] = {}
    for segment in scan.segments[:1500]:
        for hit in labels.find(segment.text):
            own = hit.classes(scan.languages)
            if "p.vendor" not in own or "p.buyer" in own or hit.start > 3:
                continue
            weak = bool(own & {"d.service"})  # "from" and "to" also stand before days
            rest = segment.text[hit.end :].strip(" :.-")
            if rest and (segment.text[hit.end : hit.end + 2].strip(" ").startswith(":") or not weak):
                if name_value(rest):
                    add(
                        legal_name(rest) or re.split(r"\s{2,}|\(|,\s", rest)[0],
                        _points(own, weak=weak),
                        f"labelled “{segment.text[hit.start : hit.end]}”",
                        segment,
                    )
                continue
            if rest or weak:
                continue
            line = scan.text.lines[segment.line].segments
            if segment.index + 1 < len(line) and name_value(line[segment.index + 1].text):
                target = line[segment.index + 1]
                add(
                    legal_name(target.text) or target.text,
                    _points(own),
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
                named = NAME_LABEL.match(text)
                if named and not text[named.end() :].strip() and below.index + 1 < len(row):
                    add(
                        row[below.index + 1].text,
                        2.4,
                        f"labelled “{segment.text[hit.start : hit.end]}”",
                        row[below.index + 1],
                    )
                    break
                if named or name_value(text):
                    name = NAME_LABEL.sub("", text)
                    add(
                        legal_name(name) or _two_lines(scan, below, name, second) or name,
                        _points(own),
                        f"labelled “{segment.text[hit.start : hit.end]}”",
                        below,
                    )
                    break
    return second


def _two_lines(scan: Scan, first: Segment, name: str, second: dict[int, str]) -> str | None:
    """A name that runs over two lines, of which the second one ends with the company's legal form."""
    if first.line + 1 >= len(scan.text.lines):
        return None
    for below in scan.text.lines[first.line + 1].segments:
        if below.page == first.page and overlaps(below.x0, below.x1, first.x0, first.x1):
            legal = legal_name(below.text)
            if legal and legal == below.text.strip() and not any(c.isdigit() for c in legal):
                second[id(below)] = f"{name} {legal}"
                return second[id(below)]
    return None


def _points(own: frozenset[str], *, weak: bool = False) -> float:
    """What a label is worth: who is paid says more than who wrote."""
    return 0.8 if weak else 3.4 if "p.merchant" in own else 2.0


def name_value(text: str) -> bool:
    """Whether a text beside a label can be a name."""
    if legal_name(text):
        return True
    if ADDRESS.search(text) or any(c[:2] == "p." for h in labels.find(text) for c, _ in h.meanings):
        return False
    letters = sum(c.isalpha() for c in text)
    if letters < 2 or len(text) > 70 or ":" in text[:25]:
        return False
    found = labels.find(text)
    return not (found and sum(h.end - h.start for h in found) * 2 >= len(text))


def buyers(scan: Scan) -> dict[int, Segment]:
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
                if "p.vendor" not in scan.classes(right.text):
                    out[id(right)] = right
            told = sum(c.isalpha() for c in segment.text[hit.end :]) > 2
            if told and not scan.text.sizes:
                break  # without places only the line itself is surely his
            for number in range(segment.line + 1, min(segment.line + 7, len(scan.text.lines))):
                row = scan.text.lines[number].segments
                if not scan.text.sizes and len(scan.text.lines[number].text) > 45:
                    break
                for below in row:
                    if below.page == segment.page and overlaps(below.x0, below.x1, segment.x0, segment.x1):
                        if any(c in {"p.vendor", "total", "grand"} for c in scan.classes(below.text)):
                            break
                        out[id(below)] = below
                        named = NAME_LABEL.match(below.text + ":" if below.text.lower() == "name" else below.text)
                        if named and below.index + 1 < len(row):
                            out[id(row[below.index + 1])] = row[below.index + 1]
            break
    return out


def sender(from_name: str, from_address: str, add: Add) -> None:
    """The mail's sender, without what his name says of his office."""
    name = re.sub(r"\s+(?:via|through|durch|par)\s.*$", "", from_name, flags=re.IGNORECASE).strip(" \"'")
    name = re.sub(
        r"^(?:the\s+)?(.*?)\s+(?:team|billing|receipts?|invoices?|support|orders?|payments?|noreply|no-reply|"
        r"(?:customer )?service|kundenservice)$",
        r"\1",
        name,
        flags=re.IGNORECASE,
    )
    if OFFICE.fullmatch(name):
        name = ""
    own = domain_core(from_address.rsplit("@", 1)[1]) if "@" in from_address else ""
    if name and "@" not in name and len(core(name)) > 1 and not all(labels.find(w) for w in name.split()):
        add(name, 2.4 if own not in FREE else 0.6, "the mail's sender")
    elif own and own not in FREE:
        add(own.capitalize(), 1.2, "the domain of the mail's sender")
