"""Every kind of background work by its name, which is kept in rows and never changes, and every plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from jobs.work import Again, Done, Job, Kind
from models import Work


def _export(job: Job) -> Again | Done:
    from jobs import exporting  # here, for it brings what makes PDFs and workbooks

    return exporting.step(job)


KINDS: Mapping[str, Kind] = {
    "export": Kind(_export),
}

# Asked once a minute by every worker; each asks for its work by a slot, so that it is done once.
PLANS: Sequence[Callable[[], Iterable[tuple[Work, bool]]]] = ()
