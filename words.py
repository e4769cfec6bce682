"""Words as the search index keeps them: small, without accents, each marked with the business that it belongs to."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 60  # characters of a word that count
_MARKS = re.compile(r"[\u0300-\u036f\u0591-\u05bd]")  # accents and vowel points: words are kept without them
_BETWEEN = re.compile(  # as in migration 0002
    r"[\u0000-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf"
    r"\u00d7\u00f7\u05be-\u05c7\u05f3\u05f4\u060c\u061b\u061f\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff"
    r"\u3000-\u303f]+"
)


def split(text: str) -> list[str]:
    """The words of a text, in its order."""
    plain = text.lower() if text.isascii() else _MARKS.sub("", unicodedata.normalize("NFKD", text)).lower()
    return [word[:LONGEST] for word in _BETWEEN.split(plain) if word]


def mark(business_id: int) -> str:
    """What stands before every word of a business in SQLite's index.

    A search for the beginning of a word so reads the tenant's own entries and no others. Digits and one letter: never
    the beginning of another business's mark.
    """
    return f"{business_id}x"


def marked(business_id: int, text: str | None) -> str:
    """The words of a text with their mark, a blank before each; SQLite's triggers call it as `search_words`."""
    before = f" {mark(business_id)}"
    return "".join([before + word for word in split(text or "")])
