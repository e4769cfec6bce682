"""Calendar days in text, with every way in which they can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from receipts.fields.labels import plain, vocabulary

_SEP = r"\s?[./\-–]\s?"
_NUMERIC = re.compile(
    rf"(?<![\d./,])(?<!\d-)(?:(?P<iso>(?:19|20)\d\d)(?P<q>[./\-–年])\s?(?P<im>\d{{1,2}})(?:(?P=q)|月)\s?(?P<id>\d{{1,2}})日?"
    rf"|(?P<a>\d{{1,2}})(?P<p>{_SEP})(?P<b>\d{{1,2}})(?P<r>{_SEP})(?P<y>(?:19|20)\d\d|\d\d))(?![\d]|[./-]\d)"
    r"|(?<![\d./,-])(?P<compact>(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)"
    r"|(?<![\d./,-])(?P<short>\d{1,2}[./-]\d{1,2}\.?)(?![\d]|[./,-]\d)"
)
_WORD = r"[^\W\d_]{3,12}"
_NAMED = re.compile(
    rf"(?<![\d.,/])(?P<d1>\d{{1,2}})(?:st|nd|rd|th|er|º|\.)?(?:\s|[-./'’]|\bof\b|\bde\b|\bdi\b|ב-?)*(?P<m1>{_WORD})\.?"
    r"(?:\s|[-./,'’]|\bof\b|\bde[l]?\b|,)*(?P<y1>(?:19|20)\d\d(?!\d)|(?<=[\s\-/'’])\d\d(?![\d:.,/]))?"
    rf"|(?P<m2>{_WORD})\.?\s?[-/]?\s?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:.])(?:[\s,/\-'’]+(?P<y2>(?:19|20)\d\d(?!\d)|\d\d(?![\d:.,/])))?",
    re.IGNORECASE,
)
_SOLID = re.compile(r"(?<!\d)(?P<d>0[1-9]|[12]\d|3[01])(?P<m>0[1-9]|1[0-2])(?P<y>20\d\d)(?!\d)")
_GLUED = re.compile(r"((?:19|20)\d\d|(?:19|20)\d\d-\d\d-\d\d|/\d\d)(?=\d{1,2}:\d\d)")  # the time stuck to the day
_ZERO = re.compile(r"(?<![^\W_])0(?=[A-Za-z]{2})")  # "0ct"
_FIRST, _LAST = 1990, 2100


@dataclass(frozen=True, slots=True)
class Found:
    """A date in a text: its readings by order ("dmy", "mdy", "ymd"); without a year the year is 0."""

    readings: tuple[tuple[str, int, int, int], ...]  # (order, year, month, day)
    start: int
    end: int
    named: bool = False  # the month stands as a word
    raw: str = ""

    @property
    def has_year(self) -> bool:
        """Whether the year is written."""
        return self.readings[0][1] > 0

    def day(self, order: str, anchor: date | None = None) -> date | None:
        """The calendar day in this order; without a written year the one nearest to `anchor`, not after its month."""
        reading = next((r for r in self.readings if r[0] == order), self.readings[0])
        _, year, month, number = reading
        if year:
            return _safe(year, month, number)
        if anchor is None:
            return None
        days = [d for y in (anchor.year, anchor.year - 1, anchor.year + 1) if (d := _safe(y, month, number))]
        return (
            min(days, key=lambda d: abs((d - anchor).days) + (200 if (d - anchor).days > 40 else 0)) if days else None
        )


def _safe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _year(text: str) -> int:
    number = int(text)
    return number if number > 99 else (2000 + number if number < 70 else 1900 + number)


def _readings(options: Iterable[tuple[str, int, int, int]]) -> tuple[tuple[str, int, int, int], ...]:
    return tuple(o for o in options if _FIRST <= (o[1] or 2000) <= _LAST and _safe(o[1] or 2000, o[2], o[3]))


def _month(word: str) -> int:
    key = plain(word)
    months = vocabulary().months
    return months.get(key) or (months.get(key[1:], 0) if "\u05d0" <= key[:1] <= "\u05ea" else 0)


def _named(text: str) -> Iterator[re.Match[str]]:
    """Days beside words; where the word before a number is no month, the word behind it may be ("Date 8 April")."""
    at = 0
    while match := _NAMED.search(text, at):
        yield match
        known = _month(match["m1"] or match["m2"])
        at = match.end() if known else match.end("d1") if match["m1"] else match.start("d2")


@lru_cache(maxsize=20_000)
def find(text: str, *, loose: bool = False) -> tuple[Found, ...]:
    """Every date of a text from left to right; `loose` also takes eight digits run together (OCR)."""
    if not any(c.isdigit() for c in text):
        return ()
    text = text[:2000]
    if loose:
        text = _ZERO.sub("O", _GLUED.sub(r"\1 ", text))
    out: list[Found] = []
    for match in _NUMERIC.finditer(text):
        if match["iso"]:
            readings = _readings([("ymd", int(match["iso"]), int(match["im"]), int(match["id"]))])
        elif match["compact"]:
            c = match["compact"]
            readings = _readings([("ymd", int(c[:4]), int(c[4:6]), int(c[6:]))])
        elif match["short"]:
            if match["short"].rstrip(".").replace("/", ".").replace("-", ".").count(".") != 1 or "-" in match["short"]:
                continue
            a, b = (int(n) for n in re.split(r"[./-]", match["short"].rstrip(".")))
            readings = _readings([("dmy", 0, b, a), ("mdy", 0, a, b)])
        else:
            if match["p"].strip() != match["r"].strip():
                continue
            a, b, y = int(match["a"]), int(match["b"]), match["y"]
            options = [("dmy", _year(y), b, a), ("mdy", _year(y), a, b)]
            if "." in match["p"]:
                options = options[:1]  # with points nobody writes the month first
            if len(y) == 2 and len(match["a"]) == 2 and not _readings(options):
                options.append(("ymd", 2000 + a, b, int(y)))
            readings = _readings(options)
        if readings:
            out.append(Found(readings, match.start(), match.end(), raw=match.group()))
    for match in _named(text):
        word, day, year = (
            (match["m1"], match["d1"], match["y1"]) if match["m1"] else (match["m2"], match["d2"], match["y2"])
        )
        month = _month(word)
        if month:
            readings = _readings([("dmy", _year(year) if year else 0, month, int(day))])
            if readings and not any(f.start < match.end() and match.start() < f.end for f in out):
                start = match.start() if match["m1"] else match.start("m2")
                out.append(
                    Found(
                        readings,
                        start,
                        match.end("y1" if match["y1"] else "y2")
                        if year
                        else (match.end("m1") if match["m1"] else match.end("d2")),
                        named=True,
                        raw=match.group(),
                    )
                )
    if loose and not out:
        for match in _SOLID.finditer(text):
            readings = _readings([("dmy", int(match["y"]), int(match["m"]), int(match["d"]))])
            if readings:
                out.append(Found(readings, match.start(), match.end(), raw=match.group()))
    return tuple(sorted(out, key=lambda f: f.start))


def order(found: Iterable[Found], *, likely: str = "dmy", anchor: date | None = None) -> tuple[str, bool]:
    """In which order the document writes its days: the order and whether that is proved.

    Args:
        found: every date of the document.
        likely: what its language and country make likely.
        anchor: a day that the document's own date lies close to (the mail's).
    """
    votes = {"dmy": 0.0, "mdy": 0.0}
    clear = False
    near: dict[str, int] = {}
    for one in found:
        orders = {r[0] for r in one.readings}
        if one.named or not one.has_year or ("ymd" in orders and len(orders) == 1):
            continue
        if "dmy" in orders and "mdy" not in orders:
            votes["dmy"] += 1
        elif "mdy" in orders and "dmy" not in orders:
            votes["mdy"] += 1
        elif anchor:
            for name in ("dmy", "mdy"):
                day = one.day(name, anchor)
                if day:
                    gap = abs((day - anchor).days)
                    near[name] = min(near.get(name, 9999), gap)
    if votes["dmy"] != votes["mdy"] and (not votes["dmy"] or not votes["mdy"]):
        return max(votes, key=lambda k: votes[k]), True
    if anchor and len(near) == 2 and near["dmy"] != near["mdy"] and min(near.values()) <= 5 < max(near.values()):
        return min(near, key=lambda k: near[k]), True
    clear = False
    return likely, clear
