"""Gmail's search language, the part of it that programs use: `q` read into a test of one message."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from demo.standin.parts import Words, spaced

PACIFIC = ZoneInfo("America/Los_Angeles")  # dates in `q` begin at midnight there
_TOKEN = re.compile(r'\s+|(-?)([A-Za-z_][A-Za-z_0-9]*):(?=\S)|(-?)"([^"]*)"?|(-?)([({])|([)}])|([^\s(){}"]+)')
_SIZES = {"": 1, "b": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2, "g": 1024**3, "gb": 1024**3}
_WORD_FIELDS = {"text", "from", "to", "cc", "bcc", "subject", "list", "deliveredto"}
_SPECIAL_LABELS = {"sent": "SENT", "drafts": "DRAFT", "draft": "DRAFT", "chats": "CHAT", "chat": "CHAT"}
_CATEGORIES = {"primary": "CATEGORY_PERSONAL"}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a test may ask of one message; `words` is read only when a term needs it."""

    received_ms: int
    labels: frozenset[str]
    size: int
    words: Callable[[], Words]


@dataclass(frozen=True, slots=True)
class World:
    """What a query needs to know beside the message: the time, and label ids by lower-case name."""

    now_s: float
    label_ids: dict[str, str]


Test = Callable[[Subject], bool]


@dataclass(frozen=True, slots=True)
class Query:
    """A query read: the test, and whether it names spam or trash itself."""

    test: Test
    anywhere: bool


def parse(text: str, world: World) -> Query:
    """Read a query; as in Gmail nothing is an error, an unknown operator is a word to look for."""
    reader = _Reader(text, world)
    test = reader.group("")
    while reader.at < len(reader.tokens):  # a stray closing bracket
        reader.at += 1
        test = _all([test, reader.group("")])
    return Query(test, reader.anywhere)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "field", "text", "open", "close", "or"
    value: str
    negative: bool = False


class _Reader:
    def __init__(self, text: str, world: World) -> None:
        self.world = world
        self.anywhere = False
        self.at = 0
        self.tokens = [token for match in _TOKEN.finditer(text) if (token := _token(match))]

    def group(self, field: str, *, either: bool = False) -> Test:
        """Terms up to the closing bracket; OR binds its two neighbours, braces bind all."""
        terms: list[list[Test]] = []
        joined = False
        while self.at < len(self.tokens) and self.tokens[self.at].kind != "close":
            token = self.tokens[self.at]
            if token.kind == "or":
                joined = bool(terms)
                self.at += 1
                continue
            test = self.term(field)
            if joined:
                terms[-1].append(test)
            else:
                terms.append([test])
            joined = False
        if either:
            return _any([test for alternatives in terms for test in alternatives])
        return _all([_any(alternatives) for alternatives in terms])

    def term(self, field: str) -> Test:
        token = self.tokens[self.at]
        self.at += 1
        negative = token.negative
        if token.kind == "field":
            test = self.term(token.value) if self.at < len(self.tokens) else _never
        elif token.kind == "open":
            test = self.group(field, either=token.value == "{")
            self.at += 1
        else:
            test = self.leaf(field, token.value)
        if not negative:
            return test
        return lambda subject: not test(subject)

    def leaf(self, field: str, value: str) -> Test:
        if field == "":
            field = "text"
        if field in _WORD_FIELDS:
            name = {"list": "list-id", "deliveredto": "delivered-to"}.get(field, field)
            wanted = spaced(value)
            return lambda subject: wanted in subject.words().fields[name]
        return self.special(field, value.lower())

    def special(self, field: str, value: str) -> Test:
        if field == "filename":
            return lambda subject: any(_names(name, value) for name in subject.words().filenames)
        if field == "rfc822msgid":
            return lambda subject: subject.words().message_id.lower() == value.strip("<>")
        if field in {"larger", "smaller", "size", "larger_than", "smaller_than"}:
            return _size(field, value)
        if field in {"after", "newer", "before", "older"}:
            return _moment(value, later=field in {"after", "newer"})
        if field in {"newer_than", "older_than"}:
            return self.age(value, newer=field == "newer_than")
        if field == "has":
            return _has(value)
        if field in {"in", "is", "label", "category", "l"}:
            return self.label(field, value)
        wanted = spaced(f"{field} {value}")
        return lambda subject: wanted in subject.words().fields["text"]

    def age(self, value: str, *, newer: bool) -> Test:
        match = re.fullmatch(r"(\d+)([dmyh])", value)
        if not match:
            return _never
        days = {"h": 1 / 24, "d": 1, "m": 30, "y": 365}[match[2]] * int(match[1])
        edge = (self.world.now_s - timedelta(days=days).total_seconds()) * 1000
        return lambda subject: (subject.received_ms >= edge) == newer

    def label(self, field: str, value: str) -> Test:
        if field == "in" and value == "anywhere":
            self.anywhere = True
            return _always
        if value in {"spam", "trash"} and field != "category":
            self.anywhere = True
        if field == "is" and value == "read":
            return lambda subject: "UNREAD" not in subject.labels
        if field == "category":
            if value == "purchases":
                return lambda subject: subject.words().purchase
            wanted = _CATEGORIES.get(value, f"CATEGORY_{value.upper()}")
        else:
            wanted = _SPECIAL_LABELS.get(value) or self.world.label_ids.get(value.replace("-", " "), value.upper())
            wanted = self.world.label_ids.get(value, wanted)
        return lambda subject: wanted in subject.labels


def _token(match: re.Match[str]) -> _Token | None:
    _, field, quote_minus, quoted, open_minus, opening, closing, word = match.groups()
    if field:
        return _Token("field", field.lower(), match[1] == "-")
    if quoted is not None:
        return _Token("text", quoted, quote_minus == "-")
    if opening:
        return _Token("open", opening, open_minus == "-")
    if closing:
        return _Token("close", closing)
    if word == "OR":
        return _Token("or", word)
    if word and word not in {"AND", "-"}:
        negative = word.startswith("-")
        return _Token("text", word[1:] if negative else word, negative)
    return None


def _all(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda subject: all(test(subject) for test in tests)


def _any(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda subject: any(test(subject) for test in tests)


def _always(_: Subject) -> bool:
    return True


def _never(_: Subject) -> bool:
    return False


def _names(name: str, wanted: str) -> bool:
    name = name.lower()
    return name == wanted or name.endswith("." + wanted) or spaced(wanted) in spaced(name.replace("_", " "))


def _size(field: str, value: str) -> Test:
    match = re.fullmatch(r"(\d+)([a-z]*)", value)
    if not match or match[2] not in _SIZES:
        return _never
    edge = int(match[1]) * _SIZES[match[2]]
    if field.startswith("smaller"):
        return lambda subject: subject.size < edge
    return lambda subject: subject.size > edge


def _moment(value: str, *, later: bool) -> Test:
    """Whole seconds are exclusive on both sides; a day begins at midnight Pacific time."""
    if value.isdigit() and len(value) > 4:
        edge = int(value)
        if later:
            return lambda subject: subject.received_ms // 1000 > edge
        return lambda subject: subject.received_ms // 1000 < edge
    try:
        year, month, day = (int(piece) for piece in re.split(r"[/.\-]", value))
        start = datetime(year, month, day, tzinfo=PACIFIC).timestamp() * 1000
    except ValueError:
        return _never
    return lambda subject: (subject.received_ms >= start) == later


def _has(value: str) -> Test:
    if value == "attachment":
        return lambda subject: bool(subject.words().filenames)
    if value == "userlabels":
        return lambda subject: any(label.startswith("Label_") for label in subject.labels)
    if value == "nouserlabels":
        return lambda subject: not any(label.startswith("Label_") for label in subject.labels)
    return _never
