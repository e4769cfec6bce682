"""Every kind of background work by its name, which is kept in rows and never changes, and every plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from jobs.work import Kind
from models import Work

KINDS: Mapping[str, Kind] = {}

# Asked once a minute by every worker; each asks for its work by a slot, so that it is done once.
PLANS: Sequence[Callable[[], Iterable[tuple[Work, bool]]]] = ()
