"""Attack: text that makes a regular expression think for ever; every pattern that meets mail or a request is tried."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator

import pytest

from tests.support.processes import ROOT

ROOMS = ("receipts", "sources", "web", "store", "calls")
LENGTH = 20_000  # as a long line of a mail
MOST_S = 2.0  # of one core; a pattern that backtracks takes minutes or years
# What expressions stumble over: runs of one sign or of one group, and an end that does not fit.
SEEDS = (
    "a",
    "A",
    "1",
    " ",
    "\t",
    "\n",
    "-",
    ".",
    ",",
    "'",
    "₪",
    "א",
    "1 ",
    "1,",
    "1.",
    "1,234",
    "a ",
    "Aa ",
    "a.",
    "a-",
    "a@",
    "<",
    "<a ",
    "&",
    "=\r\n",
    "\r\n ",
    "(",
    "((",
    "[",
    "http://a.",
    "total ",
    "12/",
    "2026-",
    "%20",
    "\\",
)


def _modules() -> Iterator[str]:
    for room in ROOMS:
        for found in pkgutil.walk_packages([str(ROOT / room)], f"{room}."):
            if not found.name.endswith("__main__"):
                yield found.name


def _patterns() -> dict[re.Pattern[str], set[str]]:
    """Compiled patterns at the top of a module, or in its tables, with the ways in which they are used."""
    source = "\n".join(path.read_text(encoding="utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    found: dict[re.Pattern[str], set[str]] = {}

    def walk(name: str, value: object, depth: int) -> None:
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            ways = set(re.findall(rf"\b{re.escape(name)}\.(\w+)\(", source)) or {"search"}
            found.setdefault(value, set()).update(ways if ways <= {"match", "fullmatch"} else {"search", "fullmatch"})
        elif depth and isinstance(value, dict):
            for item in value.values():
                walk(name, item, depth - 1)
        elif depth and isinstance(value, tuple | list | set | frozenset):
            for item in value:
                walk(name, item, depth - 1)

    for name in _modules():
        for key, value in vars(importlib.import_module(name)).items():
            walk(key, value, 3)
    return found


PATTERNS = _patterns()


def test_there_are_patterns_to_try() -> None:
    assert len(PATTERNS) > 50


@pytest.mark.parametrize("seed", SEEDS, ids=ascii)
def test_regular_expression_blow_up_a_long_run_of_one_thing_is_soon_refused(seed: str) -> None:
    texts = [(seed * LENGTH)[:LENGTH] + "\x00!", "x" + (seed * LENGTH)[:LENGTH]]
    slow = []
    for pattern, ways in PATTERNS.items():
        began = time.thread_time()
        for way in ways:
            for text in texts:
                getattr(pattern, way)(text)
        if (took := time.thread_time() - began) > MOST_S:
            slow.append(f"{took:.1f} s: {pattern.pattern[:200]}")
    assert not slow, "\n" + "\n".join(slow)
