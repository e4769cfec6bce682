"""Amounts of money in text: every spelling of a number, its sign and its currency."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path


def _table() -> tuple[dict[str, str], dict[str, tuple[str, ...]], frozenset[str]]:
    data = tomllib.loads((Path(__file__).parent / "currencies.toml").read_text(encoding="utf-8"))
    signs = {word.lower(): code for code, words in data["signs"].items() for word in words}
    return signs, {sign: tuple(codes) for sign, codes in data["ambiguous"].items()}, frozenset(data["codes"])


SIGNS, AMBIGUOUS, CODES = _table()
_WORDS = sorted([*SIGNS, *AMBIGUOUS, *(c.lower() for c in CODES)], key=len, reverse=True)
_CURRENCY = (
    "(?:"
    + "|".join(re.escape(w) if not w[0].isalpha() else r"(?<![^\W\d_])" + re.escape(w) for w in _WORDS)
    + ")(?![^\\W\\d_])"
)
_MINUS = "-−–‐‑﹣－"
_SPACE = "  \u202f\u2009"
_NUMBER = (
    rf"(?:\d{{1,3}}(?:[{_SPACE}]\d{{3}})+(?:[.,]\d{{1,2}})?(?!\d)"  # 1 234,56
    r"|\d{1,3}(?:(?:'|’|´)\d{3})+(?:[.,]\d{1,2})?"  # 1'234.56
    r"|\d{1,3}(?:\.\d{3})+(?:,\d{1,4})?(?![\d.])"  # 1.234,56
    r"|\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d{1,4})?(?![\d,])"  # 1,234.56 and 1,23,456.00
    r"|\d+(?:[.,]\d{1,4})?"
    r"|[.,]\d{2}(?!\d))"
)
_AMOUNT = re.compile(
    rf"(?<![\w.,/:#*])(?<!\d[{_MINUS}])(?P<open>\()?(?P<s1>[{_MINUS}+]\s?)?(?P<c1>{_CURRENCY}\s?\.?)?\s?(?P<s2>[{_MINUS}+]\s?)?"
    rf"(?P<n>{_NUMBER})(?P<dash>,?[.,][{_MINUS}]{{1,2}})?"
    rf"(?P<tail>(?P<c2>\s?{_CURRENCY})?(?P<close>\))?(?P<s3>\s?-(?![\w-])|\s?(?:CR|cr)\b)?)"
    r"(?P<pct>\s?%)?(?![\w/]|[.,:]\d|-\d)",
    re.IGNORECASE,
)
# After a currency sign nothing but a number follows, whatever letters stand before: "TotalRM12.50".
# A sign of money that was read as a letter: "N184.00".
_LOOSE_SIGN = re.compile(r"(?<![\w.,-])[A-Za-z]{1,2}(?=\d{1,3}(?:,\d{3})*\.\d{2}(?!\d))")
_LOOSE_GLUE = re.compile(r"(?<=[A-Za-z])(?=(?:RM|EUR|USD|GBP|€|£|\$|₪)\s?-?\d)")
_TOKEN = re.compile(r"[^\W\d_]+(?:[\"'״”]{1,2}[^\W\d_]+)?\$?|[€£$¥￥\u20a0-\u20cf]")
_SPOKEN = frozenset({"eur", "usd", "gbp", "chf", "ils"})
_OCR_POINT = re.compile(r"(?<=\d)\s?([.,])\s?(?=\d{2}(?!\d))")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as money: its value, currency (ISO code, or the sign where it stands for several) and place."""

    value: Decimal
    start: int
    end: int
    currency: str | None = None
    decimals: int = 0
    ambiguous: bool = False  # "1.234" may be either
    percent: bool = False
    raw: str = ""

    @property
    def money_like(self) -> bool:
        """Whether it looks like money rather than a count."""
        return self.decimals == 2 or self.currency is not None


def currency_of(word: str) -> str | None:
    """ISO code of a sign or word; the sign itself where it stands for several; None where it is none."""
    key = word.strip().lower()
    if key.upper() in CODES:
        return key.upper() if word.strip().isupper() or key in _SPOKEN else None  # "try" and "all" are words
    if "\u05d0" <= key[:1] <= "\u05ea" and key[0] in "בהול" and key[1:] in SIGNS:
        return SIGNS[key[1:]]  # "in shekels" is one word in Hebrew
    return SIGNS.get(key) or SIGNS.get(key.rstrip(".")) or (key if key in AMBIGUOUS else None)


def currencies(text: str) -> list[str]:
    """Every currency word of a text, in order (see `currency_of`)."""
    return [c for word in _TOKEN.findall(text) if (c := currency_of(word))]


@lru_cache(maxsize=20_000)
def letters(text: str) -> int:
    """How many letters stand in a text beside those of currencies."""
    return sum(sum(c.isalpha() for c in word) for word in _TOKEN.findall(text) if not currency_of(word))


def style(texts: Iterable[str]) -> str:
    """Which sign parts the decimals in these texts: "," or "." ("" where nothing tells)."""
    votes: Counter[str] = Counter()
    for text in texts:
        for match in re.finditer(r"(?<![\d.,])\d{1,3}(?:([.,' ])\d{3})*([.,])(\d{2})(?![\d.,])", text):
            grouped = match.group(1)
            if grouped and grouped == match.group(2):
                continue
            votes[match.group(2)] += 3 if grouped else 1
    if not votes:
        return ""
    (first, count), *rest = votes.most_common()
    return first if not rest or count > 2 * rest[0][1] else ""


@lru_cache(maxsize=20_000)
def parse(number: str, decimal_sign: str = "") -> tuple[Decimal, int, bool] | None:
    """Value of a bare number, how many decimals it shows, and whether it could be read two ways.

    Args:
        number: digits with separators, as "1.234,56".
        decimal_sign: the document's own decimal sign where known.
    """
    text = re.sub(rf"[{_SPACE}'’´]", "", number)
    points, commas = text.count("."), text.count(",")
    ambiguous = False
    if points and commas:
        point = max(text.rfind("."), text.rfind(","))
    elif points + commas == 1:
        point = max(text.rfind("."), text.rfind(","))
        if len(text) - point - 1 == 3 and 0 < point <= 3 and text[:point] != "0":
            if decimal_sign != text[point]:
                ambiguous = decimal_sign == ""
                point = -1
            else:
                ambiguous = True
    else:
        point = -1
    whole = re.sub(r"[.,]", "", text if point < 0 else text[:point])
    fraction = "" if point < 0 else re.sub(r"[.,]", "", text[point + 1 :])
    if not (whole + fraction).isdigit() or len(whole) > 13 or not (whole + fraction).isascii():
        return None
    return Decimal(f"{whole or 0}.{fraction or 0}" if fraction else whole), len(fraction), ambiguous


@lru_cache(maxsize=20_000)
def find(text: str, decimal_sign: str = "", *, loose: bool = False) -> tuple[Amount, ...]:
    """Every amount and percentage of a text.

    Args:
        text: one segment.
        decimal_sign: the document's decimal sign where known.
        loose: the text was read by OCR: blanks around the decimal sign and signs run together are allowed.
    """
    if not any(c.isdigit() for c in text):
        return ()
    shift: list[int] = []
    source = text
    if loose:
        source, shift = _tidy(text)
    out = []
    for match in _AMOUNT.finditer(source):
        parsed = parse(match["n"], decimal_sign)
        if parsed is None:
            continue
        value, decimals, ambiguous = parsed
        if match["dash"]:
            decimals = 2
        minus = bool(
            match["open"] and match["close"] and match.end() - match.start() >= len(source.strip()) - 1
        ) or any(
            s and s.strip() and (s.strip()[0] in _MINUS or s.strip().lower() == "cr")
            for s in (match["s1"], match["s2"], match["s3"])
        )
        words = [c for w in (match["c1"], match["c2"]) if w and (c := currency_of(w))]
        currency = next((c for c in words if c not in AMBIGUOUS), words[0] if words else None)
        start, end = match.start(), match.end()
        if shift:
            start, end = shift[start], shift[end - 1] + 1
        out.append(
            Amount(
                -value if minus else value,
                start,
                end,
                currency,
                decimals,
                ambiguous,
                bool(match["pct"]),
                match.group().strip(),
            )
        )
    return tuple(out)


def _tidy(text: str) -> tuple[str, list[int]]:
    """OCR's blanks within numbers taken out, a blank put before a currency that sticks to a word; with places."""
    signs = list(text)
    places = list(range(len(text)))
    drop: set[int] = set()
    for match in _OCR_POINT.finditer(text):
        drop.update(i for i in range(match.start(), match.end()) if text[i] == " ")
    insert = {m.start() for m in _LOOSE_GLUE.finditer(text)}
    insert |= {m.end() for m in _LOOSE_SIGN.finditer(text) if not currency_of(m.group())}
    out, shift = [], []
    for i, sign in enumerate(signs):
        if i in insert:
            out.append(" ")
            shift.append(places[i])
        if i not in drop:
            out.append(sign)
            shift.append(places[i])
    return "".join(out), shift
