"""Faults on demand: rules that say which call meets which fault, by count, by chance or by time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from threading import Lock
from typing import Any

from demo.standin import refusals
from demo.standin.refusals import Refusal

# Refused in place of an answer, and nothing is charged.
REFUSED: dict[str, Callable[[], Refusal]] = {
    "concurrent_429": refusals.too_many_concurrent,
    "burst_429": refusals.resource_exhausted,
    "quota_403": refusals.quota_exceeded,
    "user_rate_403": refusals.user_rate_403,
    "daily_403": refusals.daily_403,
    "domain_policy": refusals.domain_policy,
    "not_configured": refusals.not_configured,
    "insufficient_scopes": lambda: refusals.insufficient_scopes("Unknown"),
    "precondition": refusals.precondition_failed,
    "error_500": refusals.backend_error,
    "error_502": refusals.bad_gateway,
    "error_503": refusals.unavailable,
    "error_504": refusals.gateway_timeout,
    "unauthorized": refusals.bad_credentials,
    "not_found": refusals.not_found,
}
# How a good answer is spoilt on its way. Params: delay_s; bytes_per_s; framing.
WIRE = {"slow_first_byte", "drip", "reset", "cut", "empty", "garbage"}
# What only some methods can do wrong: kind -> methods that know it.
OWN: dict[str, tuple[str, ...]] = {
    "user_rate_429": ("*",),  # Params: retry_s
    "eat_quota": ("*",),  # Params: units
    "token_503": ("token",),
    "invalid_grant": ("token",),  # Params: reason
    "history_404": ("history.list",),
    "history_empty_page": ("history.list",),
    "history_backwards": ("history.list", "getProfile"),  # Params: by
    "list_duplicate": ("messages.list",),
    "list_overlap": ("messages.list",),
    "list_missing": ("messages.list",),  # Params: count
    "list_empty_page": ("messages.list",),
    "page_token_rejected": ("messages.list", "history.list", "threads.list", "drafts.list"),
    "vanish": ("messages.get",),
    "late_404": ("messages.get",),  # Params: age_s
    "label_change": ("messages.get",),  # Params: add, remove
    "empty_raw": ("messages.get",),
    "batch_shuffle": ("batch",),
    "batch_drop_part": ("batch",),  # Params: count
    "batch_fail_parts": ("batch",),  # Params: count, part_kind
}
KINDS = sorted({*REFUSED, *WIRE, *OWN})
_PARAMS = {
    *("delay_s", "bytes_per_s", "framing", "after_bytes", "retry_s", "units", "reason"),
    *("by", "count", "part_kind", "age_s", "add", "remove"),
}
_BY_NAME = {"token", "revoke", "batch"}
_FRAMINGS = {"content-length", "chunked", "gzip", "close"}


@dataclass(slots=True)
class Rule:
    """One fault: for which calls, when, how often."""

    id: int
    kind: str
    method: str = "*"  # a method's name; * and ? stand for letters
    nth: tuple[int, ...] = ()  # which of the matching calls, from 1
    every: int = 0  # each so many matching calls
    probability: float = 1.0
    times: int | None = None  # fires at most so often
    from_s: float = 0.0  # window, in seconds after the rule was made
    until_s: float | None = None
    account: str = ""
    in_batch: bool | None = None
    params: dict[str, Any] = field(default_factory=dict)
    made_at: float = 0.0
    seen: int = 0
    fired: int = 0

    def param(self, name: str, default: Any) -> Any:
        """A parameter of the fault."""
        return self.params.get(name, default)

    def spoils(self) -> bool:
        """Whether the fault spoils an answer on its way rather than changing what it says."""
        return self.kind in WIRE


class Faults:
    """The rules in force, in the order in which they were made; the first that fires wins."""

    def __init__(self, seed: int) -> None:
        self.rules: list[Rule] = []
        self._seed = seed
        self._made = 0
        self._randoms: dict[int, Random] = {}
        self._lock = Lock()

    def add(self, values: dict[str, Any], now: float) -> Rule:
        """A new rule; ValueError with a sentence when it makes no sense."""
        kind = values.get("kind")
        if kind not in KINDS:
            raise ValueError(f"No fault is called {kind!r}; there are: {', '.join(KINDS)}.")
        known = {"kind", "method", "nth", "every", "probability", "times", "from_s", "until_s", "account", "in_batch"}
        unknown = set(values) - known - _PARAMS
        if unknown:
            raise ValueError(f"A fault has no setting called {', '.join(sorted(unknown))}.")
        if values.get("framing", "content-length") not in _FRAMINGS:
            raise ValueError(f"framing must be one of {', '.join(sorted(_FRAMINGS))}.")
        if values.get("kind") == "batch_fail_parts" and values.get("part_kind", "error_503") not in REFUSED:
            raise ValueError("part_kind must be a fault that refuses.")
        plain = {name: value for name, value in values.items() if name in known and name != "nth"}
        nth = values.get("nth", ())
        with self._lock:
            self._made += 1
            rule = Rule(
                self._made,
                **plain,
                nth=(nth,) if isinstance(nth, int) else tuple(nth),
                params={name: value for name, value in values.items() if name in _PARAMS},
                made_at=now,
            )
            self._randoms[rule.id] = Random(f"{self._seed}:{rule.id}")
            self.rules.append(rule)
            return rule

    def clear(self, rule_id: int | None = None) -> None:
        """Take away one rule or all."""
        with self._lock:
            self.rules = [rule for rule in self.rules if rule_id not in (None, rule.id)]

    def strike(self, method: str, account: str, *, in_batch: bool, now: float) -> Rule | None:
        """The rule that this call meets, if any; counting happens here."""
        if not self.rules:
            return None
        with self._lock:
            struck = None
            for rule in self.rules:
                if not _fits(rule, method, account, in_batch=in_batch, now=now):
                    continue
                rule.seen += 1
                if struck is None and self._fires(rule):
                    rule.fired += 1
                    struck = rule
            return struck

    def _fires(self, rule: Rule) -> bool:
        if rule.times is not None and rule.fired >= rule.times:
            return False
        if rule.nth and rule.seen not in rule.nth:
            return False
        if rule.every and rule.seen % rule.every:
            return False
        return rule.probability >= 1 or self._randoms[rule.id].random() < rule.probability


def _fits(rule: Rule, method: str, account: str, *, in_batch: bool, now: float) -> bool:
    own = OWN.get(rule.kind)
    if method in _BY_NAME and method != rule.method and method not in (own or ()):
        return False  # a pattern means the API's methods
    if not fnmatchcase(method, rule.method) or rule.account not in ("", account):
        return False
    if rule.in_batch is not None and rule.in_batch != in_batch:
        return False
    if rule.spoils() and in_batch:
        return False
    if own is not None and not any(fnmatchcase(method, known) for known in own):
        return False
    age = now - rule.made_at
    return age >= rule.from_s and (rule.until_s is None or age < rule.until_s)
