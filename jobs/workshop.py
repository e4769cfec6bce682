"""What a job works with, given to it as values by tasks.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from config import Config
from store import locks

if TYPE_CHECKING:
    from blobs import BlobStore
    from models import Mailbox
    from receipts.child import Reader
    from sources.ports import MailSource


@dataclass(frozen=True)
class Workshop:
    """The tools of a worker process.

    ring: puts a run's id on the queue, False when Redis does not answer. together: the queue's own expiring lock of a
    name, True when taken. stopping: whether the process was asked to end. open_source: the adapter of a mailbox.
    """

    config: Config
    blobs: BlobStore
    reader: Reader
    ring: Callable[[int], bool]
    together: Callable[[str], AbstractContextManager[bool]]
    stopping: Callable[[], bool]
    open_source: Callable[[Mailbox], MailSource]
    step_seconds: float = field(default=4.0)


@contextmanager
def kernel_lock(folder: Path, business_id: int) -> Iterator[bool]:
    """The business's lock, of this host or, with PostgreSQL, of all hosts: True when taken.

    It ends with its holder, so it is never stale, and a paused holder keeps it, so it is never stolen.
    """
    with locks.held(folder, locks.BUSINESS, business_id) as taken:
        yield taken
