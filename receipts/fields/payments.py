"""How a purchase was paid: the means, and the last four digits of the card."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from receipts.fields import labels
from receipts.fields.scan import Scan
from receipts.layout import Line, Segment
from receipts.types import Box, Candidate

LEAST = 0.6  # what is less sure than this stays a candidate
_LINES = 1500
_TOKENS = re.compile(r"[^\W\d_]+|\d+")
_SIGNS = r"*xX\u2022\u00b7\u25cf\u2217\uff0a#"
_MASK = rf"[{_SIGNS}]"
# What is left of a card's number: "**** 1234", "XXXX-XXXX-XXXX-1234", "4580 12** **** 1234", "x1234".
_MASKED = re.compile(rf"{_MASK}{{2}}[{_SIGNS} -]{{0,24}}(\d{{4}})(?![\d,.]\d|\w)")
# The same as Hebrew slips print it: "1234****".
_MIRRORED = re.compile(rf"(?<![\d.,*])(\d{{4}})[ -]?{_MASK}{{4}}[{_SIGNS} -]{{0,16}}(?!\s?[-*]?\d)")
_ENDING = re.compile(
    r"(?:ending(?: in| with)?|ends (?:in|with)|last (?:4|four)(?: digits)?|endet auf|endend auf|endziffern?|"
    r"se terminant par|finissant par|terminada? en|terminado en|che termina con|terminante con|terminad[oa] em|"
    r"eindigend op|eindigt op|(?:ה?מסתיי(?:ם|מת)(?: ב(?:-|ספרות)?)?)|4 ספרות(?: אחרונות)?|ספרות אחרונות)"
    rf"\s*[:#-]?\s*(?:{_MASK}+\s?)?(\d{{4}})(?!\d|[.,]\d)",
    re.IGNORECASE,
)
# Only beside the name of a card: dots also lead to prices.
_DOTS = re.compile(r"(?:(?<!\.)\.{3,}|\u2026)\s?(\d{4})(?![\d.,])")
# Masked as well, but no card that pays: accounts, telephones, a shop's own cards for points.
_NO_CARD = re.compile(
    r"payback|loyalty|member|clubcard|nectar|points|bonus|rabatt|discount|coupon|הנחה|kundenkarte|kunden-?nr|fid[eé]li|fedelt|klantenkaart|מועדון|"
    r"\b(?:iban|konto|account|acct|a/c|compte|cuenta|conto|rekening|phone|tel|חשבון)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Words:
    """The words of payments, each a sequence of plain tokens."""

    methods: dict[tuple[str, ...], str]
    said: frozenset[tuple[str, ...]]
    offer: frozenset[tuple[str, ...]]
    strict: frozenset[tuple[str, ...]]
    longest: int
    first: frozenset[str]  # with which any of them begins


@cache
def words() -> Words:
    """The word file, read once."""
    data = tomllib.loads((Path(__file__).parent / "payments.toml").read_text(encoding="utf-8"))
    methods = {_tokens(word): code for code, named in data["methods"].items() for word in named}
    said, offer, strict = (frozenset(map(_tokens, data[name])) for name in ("said", "offer", "strict"))
    every = (*methods, *said, *offer)
    return Words(methods, said, offer, strict, max(map(len, every)), frozenset(one[0] for one in every if one))


def codes() -> tuple[str, ...]:
    """Every means that is told apart."""
    return tuple(dict.fromkeys(words().methods.values()))


def names_means(text: str) -> bool:
    """Whether a text names a means of payment."""
    return bool(_told(text).methods)


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(labels.plain(m.group()) for m in _TOKENS.finditer(text))


@dataclass(frozen=True)
class _Told:
    """What a line says of payment: the means in it, which of them count by themselves, and how much else it says."""

    methods: tuple[tuple[str, bool], ...]  # (code, whether the word means only that)
    said: bool
    named: bool  # the means stands right behind those words
    offer: bool
    share: float  # of its letters that are words of payment
    count: int  # its words


def _told(text: str) -> _Told:
    book = words()
    tokens = _tokens(text[:400])
    methods: list[tuple[str, bool]] = []
    said = offer = named = False
    end = -9
    letters = sum(len(t) for t in tokens if t.isalpha())
    known = 0
    at = 0
    while at < len(tokens):
        step = 1
        if tokens[at] not in book.first:
            at += 1
            continue
        for size in range(min(book.longest, len(tokens) - at), 0, -1):
            some = tokens[at : at + size]
            if some in book.offer or some in book.said or some in book.methods:
                offer = offer or some in book.offer
                if some in book.said:
                    said, end = True, at + size
                if some in book.methods:
                    named = named or at - end <= 2
                    methods.append((book.methods[some], some not in book.strict))
                known += sum(map(len, some))
                step = size
                break
        at += step
    share = known / letters if letters else 0.0
    return _Told(tuple(dict.fromkeys(methods)), said, named, offer, share, len(tokens))


def read(scan: Scan, total: Decimal | None) -> tuple[list[Candidate[str]], list[Candidate[str]]]:
    """Possible means of payment, and possible last four digits of a card, each best first."""
    amounts: dict[int, list[tuple[Decimal, str]]] = {}
    for spot in scan.spots:
        amounts.setdefault(spot.line, []).append((spot.amount.value, spot.role))
    methods: list[Candidate[str]] = []
    cards: list[Candidate[str]] = []
    before: _Told | None = None
    near = -9  # the last line that names a card
    for line in scan.text.lines[:_LINES]:
        text = line.text
        told = _told(text)
        near = line.index if any(code == "card" for code, _ in told.methods) else near
        for digits, segment, sure in _digits(line, named=near == line.index, near=line.index - near < 6):
            place = scan.text.box(segment)
            cards.append(Candidate(digits, sure, "the last four digits of a card", place, text[:160]))
            if not told.methods:
                methods.append(Candidate("card", 0.8, "the last digits of a card stand there", place, text[:160]))
        here = amounts.get(line.index, [])
        if told.methods and not told.offer:
            confidence, why = _weighed(told, before, here, total, masked=bool(cards and cards[-1].quote == text[:160]))
            if confidence:
                box = _place(scan, line)
                size = max((abs(v) for v, _ in here), default=Decimal(0))
                for code, _ in told.methods[:1]:
                    # Of two means on one document the one that paid more is named.
                    tilt = Decimal("0.01") * min(Decimal(1), size / abs(total)) if total else Decimal(0)
                    methods.append(Candidate(code, confidence + float(tilt), why, box, text[:160]))
        before = told if told.count else before
    return sorted(methods, key=lambda c: -c.confidence), sorted(cards, key=lambda c: -c.confidence)


def _weighed(
    told: _Told, before: _Told | None, here: Sequence[tuple[Decimal, str]], total: Decimal | None, *, masked: bool
) -> tuple[float, str]:
    """How sure it is that the line's means was used, and why; 0.0 where it only names it."""
    if here and all(not value for value, _ in here):
        return 0.0, ""  # "Cash 0.00": one of the means that a till knows
    if masked:
        return 0.92, "it stands with the last digits of a card"
    if told.named and told.count < 24:
        return 0.9, "named as the means of payment"
    if before is not None and before.said and not before.methods and before.count < 6 and told.count < 8:
        return 0.85, "it stands below the words for the means of payment"
    own = any(sure for _, sure in told.methods)
    money = [v for v, role in here if role in {"tender", "paid"} or (total is not None and abs(v) == abs(total) != 0)]
    if money and told.share >= 0.5 and (own or told.share >= 0.9):
        return 0.8, "an amount was paid by it"
    return (0.4, "it is named") if own and told.share >= 0.9 and told.count < 5 else (0.0, "")


def _digits(line: Line, *, named: bool, near: bool) -> Iterator[tuple[str, Segment, float]]:
    """Last digits of cards on a line, where they stand and how sure that is."""
    whole = line.text
    if _NO_CARD.search(whole):
        return
    for segment in line.segments:
        text = segment.text
        found = (_MASKED.search(text) if near else None) or _ENDING.search(text)
        if found:
            yield found.group(1), segment, 0.92 if named else 0.75
        elif (turned := _MIRRORED.search(text)) and named:
            yield turned.group(1), segment, 0.85
        elif named and (dots := _DOTS.search(text)):
            yield dots.group(1), segment, 0.75


def _place(scan: Scan, line: Line) -> Box | None:
    first = next((s for s in line.segments if _told(s.text).methods), line.segments[0])
    return scan.text.box(first)
