"""The words of receipts in every language we know: found in a text as labels with a meaning."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "languages"
_PREFIX = {"amounts": "", "kinds": "k.", "numbers": "n.", "dates": "d.", "parties": "p.", "detect": "x."}
_TOKEN = re.compile(r"[^\W\d_]+|\d+|[#№°%@]")
_DIGIT_IN_WORD = re.compile(r"(?<=[A-Za-z])[01](?=[A-Za-z])")
_MARKS = dict.fromkeys(i for i in range(0x300, 0x370))
_HEBREW_PREFIX = "והלבמשכ"  # letters that Hebrew writes together with the next word


@dataclass(frozen=True, slots=True)
class Hit:
    """A known phrase in a text: what it may mean, per language, and from where to where it stands."""

    meanings: tuple[tuple[str, str], ...]  # (class, language)
    start: int
    end: int

    def classes(self, languages: frozenset[str]) -> frozenset[str]:
        """Its classes in these languages; in all of its languages where none of them is asked for."""
        some = frozenset(c for c, language in self.meanings if language in languages)
        if some or self.end - self.start < 4:
            return some  # a short word of another language is mostly something else
        return frozenset(c for c, _ in self.meanings)


@dataclass(frozen=True)
class Vocabulary:
    """All phrases, squeezed, with what they mean; months and everyday words beside them."""

    phrases: dict[str, tuple[tuple[str, str], ...]]
    prefixes: frozenset[str]
    months: dict[str, int]
    common: dict[str, tuple[str, ...]]
    names: dict[str, str]
    endings: dict[str, tuple[tuple[str, str], ...]]  # what a compound word ends with, and so is ("Jahresrechnung")


def plain(word: str) -> str:
    """A word without case, accents and marks: what is compared."""
    if word.isascii():
        return word.lower()
    return unicodedata.normalize("NFKD", word).translate(_MARKS).casefold()


def squeeze(phrase: str) -> str:
    """A phrase as letters, digits and a few signs only."""
    return "".join(plain(t) for t in _TOKEN.findall(phrase))


@cache
def vocabulary() -> Vocabulary:
    """Every language file, read once."""
    phrases: dict[str, set[tuple[str, str]]] = {}
    prefixes: set[str] = set()
    months: dict[str, int] = {}
    common: dict[str, set[str]] = {}
    names = {}
    endings: dict[str, set[tuple[str, str]]] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        language = path.stem
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        names[language] = data["name"]
        for section, prefix in _PREFIX.items():
            for name, words in data.get(section, {}).items():
                for phrase in words:
                    tokens = [plain(t) for t in _TOKEN.findall(phrase)]
                    if len("".join(tokens)) < 2 and tokens[0].isalpha():
                        continue  # a single letter means too much
                    phrases.setdefault("".join(tokens), set()).add((prefix + name, language))
                    prefixes.update("".join(tokens[:k]) for k in range(1, len(tokens) + 1))
        taxes = {squeeze(w) for w in data.get("amounts", {}).get("tax", ())}
        for phrase in data.get("amounts", {}).get("part", ()):  # "of which VAT" says both
            if any(len(tax) > 2 and tax in squeeze(phrase) for tax in taxes):
                phrases[squeeze(phrase)].add(("tax", language))
        for number, spellings in enumerate(data["months"], 1):
            months.update((plain(word), number) for word in spellings.split())
        for meaning, words in data.get("endings", {}).items():
            for word in words:
                endings.setdefault(plain(word), set()).add((meaning, language))
        for word in data["common"]:
            common.setdefault(plain(word), set()).add(language)
    return Vocabulary(
        {k: tuple(sorted(v)) for k, v in phrases.items()},
        frozenset(prefixes),
        months,
        {k: tuple(sorted(v)) for k, v in common.items()},
        names,
        {k: tuple(sorted(v)) for k, v in sorted(endings.items(), key=lambda e: -len(e[0]))},
    )


@lru_cache(maxsize=20_000)
def find(text: str, *, loose: bool = False) -> tuple[Hit, ...]:
    """Known phrases of a text from left to right, the longest at each place, without overlap.

    Args:
        text: one segment.
        loose: letters may be misread (OCR): a word one sign away from a known one counts as it.
    """
    book = vocabulary()
    if loose:
        text = _DIGIT_IN_WORD.sub(lambda m: "o" if m.group() == "0" else "l", text)
    tokens = [(plain(m.group()), m.start(), m.end()) for m in _TOKEN.finditer(text[:2000])]
    if loose:
        tokens = [(_mended(token), start, end) for token, start, end in tokens]
    out = []
    i = 0
    while i < len(tokens):
        best, step = None, 1
        key = ""
        for k in range(i, min(i + 9, len(tokens))):
            key += tokens[k][0]
            if key not in book.prefixes:
                break
            found = book.phrases.get(key)
            if found and not _cut_bracket(text, tokens[i][1], tokens[k][2]):
                best, step = Hit(found, tokens[i][1], tokens[k][2]), k - i + 1
        if best is None:
            word, start, end = tokens[i]
            found = _inflected(word, book)
            best = Hit(found, start, end) if found else None
        if best:
            out.append(best)
        i += step
    return tuple(out)


def _cut_bracket(text: str, start: int, end: int) -> bool:
    """Whether a phrase would end within a bracket that it opens: "Total (GST incl)" is no "total GST"."""
    opened = text.count("(", start, end) > text.count(")", start, end)
    return opened and ")" in text[end:] and text[end:].lstrip()[:1] != ")"


@cache
def _near() -> dict[str, str]:
    """Known words by what is left of them when one sign is lost; what fits two words is left out."""
    words = {
        t for phrase in vocabulary().phrases for t in (phrase,) if 5 <= len(t) <= 14 and t.isascii() and t.isalpha()
    }
    out: dict[str, str] = {}
    for word in sorted(words):
        for i in range(len(word)):
            key = word[:i] + word[i + 1 :]
            out[key] = "" if out.get(key, word) != word else word
    return out


@lru_cache(maxsize=20_000)
def _mended(token: str) -> str:
    """A misread word as the known one that it is one sign away from."""
    book = vocabulary()
    if len(token) < 4 or not token.isalpha() or token in book.prefixes or token in book.common:
        return token
    near = _near()
    if near.get(token):
        return near[token]
    if len(token) > 4:
        for i in range(len(token)):
            known = near.get(token[:i] + token[i + 1 :])
            if known and len(known) == len(token):
                return known
    return token


def _inflected(word: str, book: Vocabulary) -> tuple[tuple[str, str], ...]:
    """A Hebrew word with its article or preposition taken off; a compound word by its last part."""
    if len(word) > 3 and word[0] in _HEBREW_PREFIX:
        return book.phrases.get(word[1:], ())
    if len(word) > 9 and word.isascii():
        for ending, meanings in book.endings.items():
            if word.endswith(ending) and len(word) - len(ending) > 3:
                return tuple((meaning, language) for meaning, language in meanings if meaning != "nothing")
    return ()


def languages(texts: Iterable[str]) -> frozenset[str]:
    """The languages that the texts are written in, judged by their words; never empty."""
    book = vocabulary()
    votes: defaultdict[str, float] = defaultdict(float)
    for text in texts:
        for hit in find(text):
            spoken = {language for _, language in hit.meanings}
            if len(spoken) == 1 and hit.end - hit.start > 2:
                votes[spoken.pop()] += 2
            else:
                for language in spoken:
                    votes[language] += 1 / len(spoken)
        for match in _TOKEN.finditer(text[:500]):
            for language in book.common.get(plain(match.group()), ()):
                votes[language] += 1 / len(book.common[plain(match.group())])
    if not votes:
        return frozenset({"en"})
    top = max(votes.values())
    return frozenset(language for language, count in votes.items() if count >= 0.3 * top)
