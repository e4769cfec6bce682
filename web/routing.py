"""Routes, each declared once: from the declaration come Bottle's route, the permission check, OpenAPI and the walk."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from web.values import Schema, Value

# Who may call a route. `public`: anybody. `person`: any signed-in person, whatever the business. accountant, member,
# owner: that role in the business or a higher one. `operator`: who looks after the installation.
PUBLIC, PERSON, OPERATOR = "public", "person", "operator"
ROLES = ("accountant", "member", "owner")
ACCESS = (PUBLIC, PERSON, *ROLES, OPERATOR)

Handler = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    """One method of one address.

    path: in Bottle's notation. role: one of ACCESS. query, body: the values it takes. answers: JSON schemas by status;
    None stands for an answer without one. raw: reads the request's body itself, up to `body_limit` bytes.
    """

    method: str
    path: str
    role: str
    summary: str
    handler: Handler
    query: Mapping[str, Value] = field(default_factory=dict)
    body: Mapping[str, Value] | None = None
    answers: Mapping[int, Schema | None] = field(default_factory=dict)
    raw: bool = False
    body_limit: int = 1_000_000
    media: str | None = None  # of the answer, where it is not JSON
    example: Mapping[str, Any] | None = None  # of the body
    tag: str = ""
    quiet: bool = False  # changes nothing of the business: no line in its audit trail

    @property
    def template(self) -> str:
        """The path as OpenAPI writes it: `/api/receipts/{id}`."""
        return re.sub(r"<(\w+)(?::[^>]+)?>", r"{\1}", self.path)

    @property
    def parameters(self) -> list[str]:
        """Names of what stands in the path."""
        return re.findall(r"<(\w+)(?::[^>]+)?>", self.path)


ROUTES: list[Route] = []


def route(method: str, path: str, *, role: str, summary: str, **more: Any) -> Callable[[Handler], Handler]:
    """Declare a handler `(call, **path values)`; see Route for what else may be said."""
    if role not in ACCESS:
        raise ValueError(f"{path}: no such role: {role}")

    def declare(handler: Handler) -> Handler:
        tag = more.pop("tag", None) or handler.__module__.rpartition(".")[2]
        ROUTES.append(Route(method, path, role, summary, handler, tag=tag, **more))
        return handler

    return declare


def allows(needed: str, role: str) -> bool:
    """Whether a role in a business is enough for what a route needs."""
    return ROLES.index(role) >= ROLES.index(needed)
