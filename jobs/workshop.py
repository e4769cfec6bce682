"""What a job works with, given to it as values by tasks.py."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from config import Config

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
    """The business's lock on this host: True when taken.

    The kernel frees it when its holder dies, so it is never stale, and a paused holder keeps it, so it is never stolen.
    """
    folder = folder / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"business-{business_id}").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
