"""From candidates to a field: the best one chosen, its rivals kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from receipts.types import Candidate, Field

T = TypeVar("T")
RIVALS = 5


def best(candidates: Iterable[Candidate[T]], why_none: str, *, least: float = 0.0) -> Field[T]:
    """The most confident candidate; equal values count once, the more confident place wins.

    Args:
        candidates: in any order; of equal confidence the earlier one wins.
        why_none: the reason given where nothing was found.
        least: a candidate below this confidence is kept as a rival but not chosen.
    """
    by_value: dict[object, Candidate[T]] = {}
    for one in candidates:
        known = by_value.get(one.value)
        if known is None or one.confidence > known.confidence:
            by_value[one.value] = one
    ranked = sorted(by_value.values(), key=lambda c: -c.confidence)
    if not ranked or ranked[0].confidence < least:
        return Field(None, 0.0, why_none, candidates=tuple(ranked[:RIVALS]))
    first = ranked[0]
    return Field(first.value, first.confidence, first.why, first.box, first.quote, tuple(ranked[:RIVALS]))


def none(why: str) -> Field[T]:
    """A field without a value."""
    return Field(None, 0.0, why)
