"""What only some documents say: tip, discount, means of payment, who is billed, the Israeli allocation number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from receipts.countries import israel
from receipts.fields import labels, parties, payments
from receipts.fields.choice import RIVALS, best
from receipts.fields.names import NAME_LABEL, core, legal_name
from receipts.fields.scan import Scan, Spot, overlaps
from receipts.fields.totals import Totals, quote
from receipts.layout import Segment
from receipts.types import Candidate, Reading

_CENT = Decimal("0.011")
_LEAST = 0.55
_SHIP = re.compile(
    r"ship|deliver|sen[dt] to|נשלח|dispatch|liefer|versand|livr|env[ií]o|entreg|enviar|spedi|destinazione|verzend|"
    r"bezorg|aflever|משלוח",
    re.IGNORECASE,
)
_BILL = re.compile(r"bill|invoice|factur|fattur|fatur|rechnung|factuur|לכבוד|מאת|חיוב", re.IGNORECASE)
# Words of address: whom a letter greets is not always whom it bills.
_GREETING = re.compile(
    r"^(?:dear|hello|hi|hallo|guten tag|sehr geehrte|bonjour|cher|chère|hola|estimad|ciao|gentile|olá|caro|beste|"
    r"geachte|שלום|היי|attn|attention|z\. hd|à l'attention|t\.a\.v|guest|passenger|agency|advertiser|aan\b)",
    re.IGNORECASE,
)
_TIP = re.compile(r"\btips?\b|gratuity|trinkgeld|pourboire|propina|mancia|gorjeta|fooi|טיפ|תשר", re.IGNORECASE)
_TITLE = re.compile(r"(?:herrn?|frau|firma|mr\.?|mrs\.?|ms\.?|m\.|mme|sr\.?|sra\.?|sig\.?|לכבוד)", re.IGNORECASE)
_NO_NAME = re.compile(r"@|https?:|www\.|\d{5,}|^\W*$")


def complete(reading: Reading, scan: Scan, sums: Totals) -> Reading:
    """The reading with what the document says of payment, tip, discount, buyer and allocation."""
    methods, cards = payments.read(scan, reading.total.value)
    return replace(
        reading,
        tip=best(_tips(scan, reading, sums), "no tip stands there", least=_LEAST),
        discount=best(_discounts(scan, reading), "no discount stands there", least=_LEAST),
        payment_method=best(methods, "it does not say how it was paid", least=payments.LEAST),
        card_last4=best(cards, "no card's last digits stand there", least=payments.LEAST),
        billed_to=best(list(_buyers(scan, reading))[:RIVALS], "nobody is named as billed", least=_LEAST),
        allocation_number=best(israel.allocations(scan), "no allocation number stands there"),
    )


def _tips(scan: Scan, reading: Reading, sums: Totals) -> list[Candidate[Decimal]]:
    """Tips: sure where they lead from a sum of the document to its total."""
    spots = [s for s in _named(scan, "tip") if _TIP.search(s.row.text) or (not s.many and _only_label(s))]
    total = abs(reading.total.value or Decimal(0))
    known = {abs(s.amount.value) for s in scan.spots if s.role in {"subtotal", "total", "grand", "net", "payable"}}
    known |= {abs(one.value) for one in sums.candidates[:6]}
    others = [abs(s.amount.value) for s in scan.spots if s.role in {"tax", "shipping"} and s.amount.money_like][:4]
    others += [-abs(s.amount.value) for s in _named(scan, "discount")][:3]
    out = []
    for spot in spots:
        size = abs(spot.amount.value)
        gaps = {total - size, *(total - size - other for other in others)}
        holds = bool(total) and size < total and any(abs(g - k) < _CENT for g in gaps for k in known if k != total)
        alone = len({abs(s.amount.value) for s in spots}) == 1
        # Suggested tips ("15 %: 12.00, 18 %: 14.40") are several, and none of them leads to the total.
        why = "labelled as a tip" + ("; with it the sums give the total" if holds else "")
        sure = 0.92 if holds else 0.6 if alone and size < total and _TIP.search(spot.row.text) else 0.3
        out.append(_candidate(scan, spot, size, sure, why))
    return out


def _only_label(spot: Spot) -> bool:
    """Whether a row says nothing but its label: "Service  9.00" is added to the bill, "Yearly service" is sold."""
    text = spot.row.text
    known = sum(sum(c.isalpha() for c in text[h.start : h.end]) for h in labels.find(text))
    return known >= 0.8 * sum(c.isalpha() for c in text)


def _discounts(scan: Scan, reading: Reading) -> list[Candidate[Decimal]]:
    """Discounts: sure where they lead from a sum of the document to its total or net."""
    named = [s for s in _named(scan, "discount") if "commission" not in s.row.text.casefold()]
    named = [s for s in named if not s.segment.text[s.amount.end :].lstrip(" €$₪").startswith("/")]  # each piece's
    # "Special discount  137.30  10 %  -13.73": of several amounts of a row the negative one is taken off, or the last.
    minus = {s.line: s for s in scan.spots if s.amount.value < 0 and s.amount.money_like}
    spots = list({s.line: minus.get(s.line, s) for s in named}.values())
    if not spots:
        return []
    total, net = abs(reading.total.value or Decimal(0)), abs(reading.net.value or Decimal(0))
    ends = [end for end in (total, net) if end]
    shown = [s for s in scan.spots if s.amount.money_like]
    added = [Decimal(0), *(abs(s.amount.value) for s in shown if s.role in {"tax", "shipping", "tip"})][:5]
    starts = {abs(s.amount.value) for s in shown if s.role in {"subtotal", "total", "net"}}
    bought = sum((i.amount for i in reading.items if i.amount is not None and i.amount > 0), Decimal(0))
    starts |= {bought} if bought else set()
    sizes = list(dict.fromkeys(abs(s.amount.value) for s in spots))[:12]

    def holds(size: Decimal) -> bool:
        return any(abs(start - size + more - end) < _CENT for start in starts for end in ends for more in added)

    out = []
    for spot in spots:
        size = abs(spot.amount.value)
        proved = holds(size)
        why = "labelled as a discount" + ("; with it the sums give the total" if proved else "")
        alone = len(sizes) == 1 and not spot.many
        out.append(_candidate(scan, spot, size, 0.92 if proved else 0.6 if alone else 0.4, why))
    summed = sum(sizes, Decimal(0))
    if len(sizes) > 1 and not any(c.confidence > 0.9 for c in out) and holds(summed):
        why = "the discounts add up to it; with it the sums give the total"
        out.append(_candidate(scan, spots[-1], summed, 0.9, why))
    return out


def _named(scan: Scan, role: str) -> list[Spot]:
    return [s for s in scan.spots if s.role == role and s.amount.money_like and s.amount.value][:40]


def _candidate(scan: Scan, spot: Spot, value: Decimal, sure: float, why: str) -> Candidate[Decimal]:
    box = scan.text.box(spot.segment, spot.amount.start, spot.amount.end)
    return Candidate(value, sure, why, box, quote(scan, spot.line))


def _buyers(scan: Scan, reading: Reading) -> Iterator[Candidate[str]]:
    """Names behind or below words like "Bill to", best first; then the address under a letter's sender."""
    vendor = core(reading.vendor.value or "")
    found: list[Candidate[str]] = []

    def take(segment: Segment, text: str, sure: float, why: str) -> bool:
        name = _name(text)
        own = core(name)
        if not name or (
            vendor and own and (own == vendor or (min(len(own), len(vendor)) > 3 and own.startswith(vendor)))
        ):
            return False  # "Statica OÜ" below its own word for customers is who sells
        found.append(Candidate(name, sure, why, scan.text.box(segment), segment.text[:160]))
        return True

    for segment in scan.segments[:1500]:
        for hit in labels.find(segment.text):
            own = hit.classes(scan.languages)
            word = segment.text[hit.start : hit.end]
            if "p.buyer" not in own or "p.vendor" in own or hit.start > 3 or _GREETING.match(word):
                continue
            sure = 0.5 if _SHIP.search(word) else 0.88 if _BILL.search(word) else 0.82
            why = f"labelled “{word}”"
            for target, text in _beside(scan, segment, hit.end):
                if take(target, text, sure, why):
                    break
            break
    under: dict[int, Segment] = {}
    for _ in parties.sender_lines(scan, under):
        for segment in under.values():
            if not _TITLE.fullmatch(segment.text.strip()) and take(
                segment, segment.text, 0.6, "it stands below the sender's line"
            ):
                break
        break
    yield from sorted(found, key=lambda c: -c.confidence)


def _beside(scan: Scan, label: Segment, end: int) -> Iterator[tuple[Segment, str]]:
    """What may be the name that a label means: behind it, in the next cell, then below."""
    rest = label.text[end:]
    if sum(c.isalpha() for c in rest) > 1:
        # "Customer no. 123" and "Kunde seit 2019" go on with words, a name comes after a colon or in a cell.
        if rest.lstrip().startswith(":") or legal_name(rest.strip(" :")):
            yield label, rest.strip(" :.-–")
        return
    row = scan.text.lines[label.line].segments
    if label.index + 1 < len(row) and (rest.lstrip().startswith(":") or len(row) == 2):
        yield row[label.index + 1], row[label.index + 1].text
    for number in range(label.line + 1, min(label.line + (4 if scan.text.sizes else 2), len(scan.text.lines))):
        for below in scan.text.lines[number].segments:
            near = overlaps(below.x0, below.x1, label.x0, label.x1)
            if below.page == label.page and near and not _TITLE.fullmatch(below.text.strip()):
                yield below, below.text
                break


def _name(text: str) -> str:
    """A name as it may stand in an address; "" where the text is something else."""
    text = NAME_LABEL.sub("", text).strip(" ·-–|").removeprefix(":").strip()
    if text.endswith(":"):
        return ""  # another label
    text = text.rstrip(" ,;")
    text = re.split(r"\s{2,}|\s[|·•]\s", text)[0]
    legal = legal_name(text)
    if not legal and any(c.isdigit() for c in text):
        return ""  # a street, a town with its code, a day
    text = legal or re.split(r",\s", text)[0]
    if _NO_NAME.search(text) or not 2 <= len(text) <= 80 or not parties.name_value(text):
        return ""
    # Without a legal form it may be any heading: a person's or a firm's name is two to five words, each of them a name.
    parts = text.split()
    written = all(p[0].isupper() or "\u0590" <= p[0] <= "\u05ff" or len(p) < 4 for p in parts)
    return text if legal or (1 < len(parts) < 6 and written and not payments.names_means(text)) else ""
