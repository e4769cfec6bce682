"""Right-to-left text given as it is seen, put into the order in which it is read."""

from __future__ import annotations

import re
from collections.abc import Sequence

_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_IS_RTL = re.compile(f"[{_RTL}]")
# Digits and other letters keep their order, with the signs between them.
_KEPT = re.compile(rf"[^\W_{_RTL}](?:[^\s{_RTL}]*[^\W_{_RTL}])?[%₪$€£]?|[%₪$€£]\d[\d.,]*")
_EDGES = re.compile(r"^([^\w%₪$€£#@]*)(.*?)([^\w%₪$€£#@]*)$", re.DOTALL)
MIRROR = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")


def word(seen: str) -> str:
    """One right-to-left word, its signs from left to right, as it is read."""
    out, at = [], 0
    back = seen[::-1]
    for match in _KEPT.finditer(back):
        out.append(back[at : match.start()].translate(MIRROR))
        out.append(match.group()[::-1])
        at = match.end()
    out.append(back[at:].translate(MIRROR))
    return "".join(out)


def order(words: Sequence[str]) -> list[int]:
    """In which order the words of a right-to-left line, given from left to right, are read.

    Words of other letters keep their order among themselves, with the numbers that follow them; a number by itself
    stands where a right-to-left word would.
    """
    out: list[int] = []
    run: list[int] = []
    for index in range(len(words) - 1, -1, -1):
        text = words[index]
        foreign = bool(_LATIN.search(text)) and not _IS_RTL.search(text)
        number = not foreign and not _IS_RTL.search(text) and any(c.isdigit() for c in text)
        before = words[index - 1] if index else ""
        if foreign or (number and _LATIN.search(before) and not _IS_RTL.search(before)):
            run.append(index)
            continue
        out += reversed(run)
        run = []
        out.append(index)
    return out + run[::-1]


def foreign(seen: str) -> str:
    """A number or a word of other letters within a right-to-left line: its edge signs belong to the line."""
    match = _EDGES.match(seen)
    if not match or not match.group(2):
        return seen.translate(MIRROR)
    left, core, right = match.groups()
    if right and right[-1] in "-−–" and core[:1].isdigit() and not left:
        return "-" + core
    return right[::-1].translate(MIRROR) + core + left[::-1].translate(MIRROR)


def line(seen: Sequence[str]) -> list[tuple[int, str]]:
    """Words of a right-to-left line, given from left to right: (index, as read) in reading order."""
    return [(i, word(seen[i]) if _IS_RTL.search(seen[i]) else foreign(seen[i])) for i in order(seen)]
