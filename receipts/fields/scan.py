"""One walk over a text: every amount and date with the words that say what it is."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from receipts.fields import amounts as money
from receipts.fields import dates, labels
from receipts.layout import Segment, Text

MAX_SEGMENTS = 6000
_UP = 45  # how many lines above an amount its column's head may stand
_TAIL = 48  # of a long sentence only the words this near to the value are its label
_AMOUNT_CLASSES = frozenset(
    [
        "part",
        "total",
        "grand",
        "payable",
        "paid",
        "net",
        "subtotal",
        "tax",
        "incl",
        "excl",
        "discount",
        "shipping",
        "tip",
        "rounding",
        "tender",
        "change",
        "prepaid",
        "previous",
        "count",
        "points",
        "unit",
        "amount",
        "refund",
        "fee",
    ]
)
_SUMS = frozenset({"total", "grand", "payable", "net", "subtotal", "tax", "paid", "discount", "shipping"})
_SUMMED = frozenset({"total", "grand", "payable", "paid"})
_AFTER_DISCOUNT = re.compile(
    r"\W*(?:grand |net )?(?:total|summe|gesamt\w*|montant|importe|totale|totaal|סה\"כ)\b.*"
    r"\b(?:price|after|nach|abzüglich|preis|prix|après|precio|después|prezzo|dopo|prijs|na|preço|após|אחרי|לאחר)\b",
    re.IGNORECASE,
)
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Label:
    """The words beside a value: what they mean, the text itself, and where they stand."""

    classes: frozenset[str]
    text: str
    where: str  # "same", "left", "above", "after", ""
    distance: int = 0
    first: str = ""  # class of the first known word
    sums: bool = False  # the head of a row of sums: every column beside it is a sum or a tax as well

    def __bool__(self) -> bool:
        """Whether any known word was found."""
        return bool(self.classes)


NO_LABEL = Label(NONE, "", "")


@dataclass(slots=True)
class Spot:
    """An amount in its place, with its row's and its column's label."""

    amount: money.Amount
    segment: Segment
    row: Label
    column: Label
    role: str = ""
    item: bool = False  # a row of goods: text beside it that is no label
    many: bool = False  # other amounts of money stand on its line
    prose: bool = False  # it stands within a sentence

    @property
    def line(self) -> int:
        """Index of its line."""
        return self.segment.line


@dataclass(slots=True)
class Day:
    """A date in its place with its label."""

    found: dates.Found
    segment: Segment
    label: Label


@dataclass
class Scan:
    """A text with everything found in it."""

    text: Text
    anchor: date | None = None  # a day that the document lies close to, when known
    segments: list[Segment] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Bound the work."""
        self.segments = self.text.segments[:MAX_SEGMENTS]
        self._heads: dict[int, list[tuple[Segment, frozenset[str], str]]] = {}
        self._worded: dict[int, list[Segment]] = {}
        self._amounts: dict[int, tuple[money.Amount, ...]] = {}

    @cached_property
    def languages(self) -> frozenset[str]:
        """Languages of the text."""
        return labels.languages(s.text for s in self.segments)

    @cached_property
    def decimal_sign(self) -> str:
        """The sign before the decimals, "" where the text does not tell."""
        return money.style(s.text for s in self.segments)

    def hits(self, text: str) -> tuple[labels.Hit, ...]:
        """Known phrases of a text."""
        return labels.find(text, loose=self.text.loose)

    def classes(self, text: str) -> frozenset[str]:
        """What the words of a text may mean, in the document's languages."""
        out: set[str] = set()
        for hit in labels.find(text, loose=self.text.loose):
            out |= hit.classes(self.languages)
        return frozenset(out)

    def amounts_of(self, segment: Segment) -> tuple[money.Amount, ...]:
        """Amounts and percentages of a segment, dates left out."""
        known = self._amounts.get(id(segment))
        if known is None:
            known = money.find(segment.text, self.decimal_sign, loose=self.text.loose)
            if known:
                days = [d for d in dates.find(segment.text, loose=self.text.loose) if d.has_year]
                known = tuple(a for a in known if not any(d.start < a.end and a.start < d.end for d in days))
            self._amounts[id(segment)] = known
        return known

    @cached_property
    def spots(self) -> list[Spot]:
        """Every amount with its labels, from top to bottom."""
        out = []
        for segment in self.segments:
            last = 0
            for amount in self.amounts_of(segment):
                if not amount.percent:
                    row = self._row_label(segment, amount.start, last, amount.end)
                    spot = Spot(amount, segment, row, self._column_label(segment, amount))
                    spot.prose = len(segment.text.split()) > 9
                    spot.item = not meaning(row) and self._row_has_text(segment, amount.start)
                    out.append(spot)
                    last = amount.end
        count = Counter(s.line for s in out if s.amount.money_like)
        for spot in out:
            spot.many = count[spot.line] > 1
            spot.role = resolve(spot)
        if self.text.loose and not _SUMMED & {spot.role for spot in out}:
            for spot in out:
                if label := self._stacked(spot):
                    spot.row, spot.item = label, False
                    spot.role = resolve(spot)
        _tax_rows(out)
        return out

    @cached_property
    def days(self) -> list[Day]:
        """Every date with its label."""
        out = []
        for segment in self.segments:
            last = 0
            for found in dates.find(segment.text, loose=self.text.loose):
                label = self._row_label(segment, found.start, last, found.end, amounts_only=False)
                if not any(c.startswith("d.") for c in label.classes):
                    above = self._above(segment, "d.")
                    label = above or label
                out.append(Day(found, segment, label))
                last = found.end
        return out

    # -- labels ----------------------------------------------------------------------------------

    def _label(self, text: str, where: str, distance: int = 0, tail: bool = True) -> Label:
        if len(text) > 60 and tail:
            text = text[-_TAIL:]
            text = text[text.find(" ") + 1 :]
        found = labels.find(text, loose=self.text.loose)
        if not found:
            return Label(NONE, text, where, distance)
        classes: set[str] = set()
        first = ""
        for hit in found:
            own = hit.classes(self.languages)
            if own == {"count"} and re.search(r"\d\s*$", text[: hit.start]):
                continue  # "(3 items)" tells how many were counted, not what the value is
            if own == {"count"} and re.match(r"\W*\d", text[hit.end :]) and hit.end < len(text):
                continue
            classes |= own
            first = first or min(own, default="")
        return Label(frozenset(classes), text, where, distance, first)

    def _row_label(self, segment: Segment, start: int, last: int, end: int, *, amounts_only: bool = True) -> Label:
        before = segment.text[last:start]
        if has_words(before):
            label = self._label(before, "same")
            if label or not amounts_only:
                return label
            return self._after(segment, end) or label
        if last == 0 and segment.index == 0 and amounts_only:
            broken = self._broken_line(segment)
            if broken:
                return broken
        if last == 0:
            line = self.text.lines[segment.line].segments
            for step, other in enumerate(reversed(line[: segment.index]), 1):
                if not has_words(other.text):
                    continue
                label = self._label(other.text, "left", step)
                if label:
                    return label
                break
        return self._after(segment, end)

    def _broken_line(self, segment: Segment) -> Label | None:
        """The label on the line above, when it ends there with a colon and the value had to go below."""
        if segment.line == 0 or len(self.text.lines[segment.line].segments) > 1:
            return None
        above = self.text.lines[segment.line - 1]
        last = above.segments[-1]
        if above.page != segment.page or not last.text.rstrip().endswith(":") or self.amounts_of(last):
            return None
        return self._label(last.text, "left", 1) or None

    def _stacked(self, spot: Spot) -> Label | None:
        """The label that stands by itself above a lone amount, on a slip too narrow for both."""
        number = spot.line
        if not number or spot.row or not self._lone_amount(number) or self._lone_amount(number + 1):
            return None  # where amounts stand one below the other, their labels do too
        above = self.text.lines[number - 1].segments
        known = sum(hit.end - hit.start for hit in self.hits(above[0].text))
        if len(above) > 1 or self.amounts_of(above[0]) or known * 4 < 3 * len(above[0].text.strip()):
            return None
        return self._label(above[0].text, "left", 1) or None

    def _lone_amount(self, number: int) -> bool:
        """Whether an amount is all that a line holds."""
        if number >= len(self.text.lines):
            return False
        segments = self.text.lines[number].segments
        return sum(len(self.amounts_of(s)) for s in segments) == 1 and not any(has_words(s.text, 3) for s in segments)

    def _after(self, segment: Segment, end: int) -> Label:
        """Words right behind the value, as in "29.99 € TTC"."""
        after = segment.text[end : end + 24]
        found = labels.find(after, loose=self.text.loose)
        if found and found[0].start <= 2:
            classes = found[0].classes(self.languages) & _AMOUNT_CLASSES
            if classes:
                return Label(classes, after, "after", 0, sorted(classes)[0])
        return NO_LABEL

    def _row_has_text(self, segment: Segment, start: int) -> bool:
        if has_words(segment.text[:start], 3):
            return True
        line = self.text.lines[segment.line].segments
        return any(has_words(other.text, 3) for other in line[: segment.index])

    def heads(self, number: int) -> list[tuple[Segment, frozenset[str], str]]:
        """Segments of a line that can be the head of a column: known words and no amounts."""
        known = self._heads.get(number)
        if known is None:
            known = []
            for segment in self.text.lines[number].segments:
                if any(not a.percent for a in self.amounts_of(segment)):
                    continue
                classes = self.classes(segment.text)
                if classes:
                    known.append((segment, classes, segment.text))
            self._heads[number] = known
        return known

    def _column_label(self, segment: Segment, amount: money.Amount) -> Label:
        x0, x1 = span(segment, amount.start, amount.end)
        between = False  # other words stand between: only the head of a table reaches over them
        for number in range(segment.line - 1, max(-1, segment.line - _UP), -1):
            if self.text.lines[number].page != segment.page:
                break
            heads = self.heads(number)
            for head, classes, text in heads:
                if len(text) > 50 or (between and len(self.text.lines[number].segments) < 2):
                    continue
                if overlaps(head.x0, head.x1, x0, x1) and classes & _AMOUNT_CLASSES:
                    distance = segment.line - number
                    first = self._label(text, "above").first
                    far = max(distance, 4) if between else distance
                    return Label(classes, text, "above", far, first, self._sums_head(number))
            between = between or any(overlaps(s.x0, s.x1, x0, x1) for s in self._words_of(number))
        return NO_LABEL

    def _words_of(self, number: int) -> list[Segment]:
        known = self._worded.get(number)
        if known is None:
            known = self._worded[number] = [s for s in self.text.lines[number].segments if has_words(s.text, 3)]
        return known

    def _sums_head(self, number: int) -> bool:
        heads = self.heads(number)
        if len(heads) < 2 or len(heads) < len(self.text.lines[number].segments):
            return False
        return all(meaning(self._label(text, "above")) in _SUMS for _, _, text in heads)

    def _above(self, segment: Segment, prefix: str) -> Label | None:
        for number in range(segment.line - 1, max(-1, segment.line - 4), -1):
            if self.text.lines[number].page != segment.page:
                break
            for head, classes, text in self.heads(number):
                known = sum(hit.end - hit.start for hit in self.hits(text))
                if known * 2 < len(text.strip(" :")):
                    continue  # a sentence, no head
                if prefix == "d." and "d.date" not in classes and any(c.startswith("k.") for c in classes):
                    continue  # "Receipt & renewal notice": the document's own name
                if overlaps(head.x0, head.x1, segment.x0, segment.x1) and any(c.startswith(prefix) for c in classes):
                    return Label(classes, text, "above", segment.line - number)
        return None


def has_words(text: str, letters: int = 2) -> bool:
    """Whether a text holds words beside currencies and single letters."""
    return money.letters(text) >= letters


def span(segment: Segment, start: int, end: int) -> tuple[float, float]:
    """Where characters of a segment stand from left to right."""
    if segment.words and (start, end) != (0, len(segment.text)):
        at, hit = 0, []
        for word in segment.words:
            if at < end and at + len(word.text) > start:
                hit.append(word)
            at += len(word.text) + 1
        if hit:
            return min(w.x0 for w in hit), max(w.x1 for w in hit)
    share = (segment.x1 - segment.x0) / max(1, len(segment.text))
    return segment.x0 + share * start, segment.x0 + share * end


def overlaps(a0: float, a1: float, b0: float, b1: float) -> bool:
    """Whether two stretches share a third of the shorter one."""
    return min(a1, b1) - max(a0, b0) > 0.33 * max(0.1, min(a1 - a0, b1 - b0))


# In this order: the first that fits decides what a label with several known words means.
def meaning(label: Label) -> str:
    """The role of an amount with this label: one of the amount classes, or ""."""
    has = label.classes
    if not has & _AMOUNT_CLASSES:
        return ""
    sums = bool(has & {"total", "grand", "payable"})
    role = ""
    if "n.nr" in has and "tax" in has and not sums:
        role = ""  # "GST No": the number of a register
    elif "n.other" in has and not has & {"total", "grand", "payable", "net", "tax", "subtotal"}:
        role = ""
    elif "part" in has and "tax" in has:
        role = "tax"  # "of which VAT"
    elif has & {"points", "previous", "fee"}:
        role = next(iter(sorted(has & {"points", "previous", "fee"})))
    elif "count" in has:
        role = "count"
    elif "rounding" in has and "tender" in has and not sums:
        role = "rounding"  # "cash rounding"
    elif "discount" in has and _AFTER_DISCOUNT.match(label.text):
        role = "total"  # "total after discount"
    elif "discount" in has and "subtotal" not in has:
        role = "discount"
    elif "change" in has and "grand" not in has:
        role = "change"
    elif "prepaid" in has:
        role = "prepaid"
    elif ("excl" in has and (sums or has & {"amount", "net", "subtotal"})) or (
        "net" in has and not (has & {"incl", "grand"})
    ):
        role = "net"
    elif "grand" in has or ("tax" in has and "incl" in has and (sums or has & {"paid", "amount", "subtotal"})):
        role = "grand"
    elif "tax" in has and "subtotal" not in has and "payable" not in has:
        role = "tax"
    else:
        role = next(
            (
                c
                for c in (
                    "subtotal",
                    "payable",
                    "refund",
                    "tender",
                    "paid",
                    "total",
                    "rounding",
                    "shipping",
                    "tip",
                    "unit",
                    "amount",
                    "net",
                    "incl",
                    "excl",
                )
                if c in has
            ),
            "",
        )
        if role == "tender" and "total" in has and "paid" not in has and label.first == "total":
            role = "total"
    return role


def _tax_rows(spots: list[Spot]) -> None:
    """In a row that names its tax in a column, the amount before it is the net, unless it is their sum."""
    rows: dict[int, list[Spot]] = {}
    for spot in spots:
        if spot.many and spot.amount.money_like:
            rows.setdefault(spot.line, []).append(spot)
    for row in rows.values():
        tax = [s for s in row if s.role in {"tax", "item_tax", "column_tax"} and s.column]
        for spot in row:
            if len(tax) == 1 and spot.role in {"total", "grand", "amount", "subtotal"} and spot is not tax[0]:
                others = [s.amount.value for s in row if s is not spot and s is not tax[0]]
                small = abs(tax[0].amount.value) < abs(spot.amount.value) * 2 / 5
                if small and not any(
                    abs(o + tax[0].amount.value - spot.amount.value) < Decimal("0.03") for o in others
                ):
                    spot.role = "net"


def resolve(spot: Spot) -> str:
    """What an amount is, by its row and its column."""
    row, column = meaning(spot.row), meaning(spot.column)
    if row == "count" and spot.amount.decimals == 2 and spot.segment.index > 1:
        row = ""  # "QTY 8 25.15": the count is the number before it
    if row == "rounding" and abs(spot.amount.value) >= 1:
        row = "grand"  # nobody rounds by that much: it is the rounded total
    sums = {"total", "grand", "payable", "amount", "subtotal", "net", "refund", "paid"}
    if row:
        if (
            row in sums
            and column in {"net", "tax", "count", "unit", "discount"}
            and spot.row.where in {"left", "same"}
            and spot.many
        ):
            if column in {"net", "tax"}:
                return column
            if column in {"count", "unit"} and not spot.amount.money_like:
                return column
        return row
    if spot.item and spot.column.sums and spot.column.distance <= 3:
        return column
    if spot.item:
        return "item" if column not in {"count", "unit", "tax", "discount", "points"} else "item_" + column
    if column and spot.column.distance <= 3:
        return column
    if column:
        return "column_" + column
    return ""
