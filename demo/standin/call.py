"""One call of the API on its way: who asks, what for, and which fault it meets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.standin.faults import Rule
from demo.standin.fields import Mask
from demo.standin.mailbox import Mailbox
from demo.standin.methods import METADATA, Method
from demo.standin.opaque import Sealer

Json = dict[str, Any]


@dataclass(slots=True)
class Request:
    """An HTTP request as it came in, or one part of a batch; header names in lower case."""

    verb: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""
    in_batch: bool = False

    def wants_gzip(self) -> bool:
        """Google compresses only for those who ask for it twice: Accept-Encoding and User-Agent."""
        accepts = "gzip" in self.headers.get("accept-encoding", "")
        return accepts and "gzip" in self.headers.get("user-agent", "")


@dataclass(slots=True)
class Answer:
    """What goes back; `fault` is what happens to it on the way, `framing` how its end is told."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: Rule | None = None
    framing: str = "content-length"
    delay_s: float = 0.0


@dataclass(slots=True)
class Habits:
    """How the stand-in behaves beside its limits; control calls change it."""

    latency_s: float = 0.0
    latency_jitter_s: float = 0.0
    attachment_s: float = 3600.0
    unpadded: float = 0.5  # how often base64url comes without its padding
    index_lag_s: float = 0.0
    history_lag_s: float = 0.0
    history_retention_s: float = 7 * 86400.0


@dataclass(slots=True)
class Call:
    """What a method's code needs to know."""

    method: Method
    args: dict[str, Any]
    request: Request
    mailbox: Mailbox
    scopes: frozenset[str]
    seal: Sealer
    habits: Habits
    mask: Mask | None = None
    fault: Rule | None = None
    upload: bool = False

    def struck(self, kind: str) -> Rule | None:
        """The fault this call meets, when it is of that kind."""
        return self.fault if self.fault is not None and self.fault.kind == kind else None

    @property
    def metadata_only(self) -> bool:
        """Whether the token holds nothing better than gmail.metadata."""
        return METADATA in self.scopes and not (self.scopes - {METADATA}) & self.method.scopes
