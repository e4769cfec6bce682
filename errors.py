"""Errors that a person can act upon: one sentence and one code, never a status."""

from __future__ import annotations


class Tellable(Exception):
    """An error to be told to a person as it is.

    Args:
        code: stable snake_case name; every code stands in docs/errors.md.
        sentence: what happened and what to do, without mail text, tokens or secrets.
        details: plain JSON values that an interface may show beside the sentence.
    """

    def __init__(self, code: str, sentence: str, **details: object) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.details = details


class Temporary(Tellable):
    """A tellable error that goes away by itself: the same step is worth another try.

    Args:
        code: as in Tellable.
        sentence: as in Tellable.
        retry_after_s: seconds to wait before the next try; None leaves it to the caller's back-off.
        details: as in Tellable.
    """

    def __init__(self, code: str, sentence: str, *, retry_after_s: float | None = None, **details: object) -> None:
        super().__init__(code, sentence, **details)
        self.retry_after_s = retry_after_s
