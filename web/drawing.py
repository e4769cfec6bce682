"""The process's one page renderer, and how many requests may wait for it at once."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from errors import Temporary
from receipts.render import Renderer

# Of the web's threads: a list of pictures that were never drawn must not keep everybody else waiting.
_SMALL, _LARGE = threading.BoundedSemaphore(6), threading.BoundedSemaphore(5)
_PATIENCE_S = 1.0


@functools.cache
def renderer() -> Renderer:
    """Its children start with the first page that is asked for."""
    return Renderer(seconds=20, children=2)


@contextmanager
def turn(*, small: bool = False) -> Iterator[Renderer]:
    """The renderer, while this request is one of the few that wait for it; Temporary `drawing_busy` where it is not."""
    waiting = _SMALL if small else _LARGE
    if not waiting.acquire(timeout=_PATIENCE_S):
        raise Temporary("drawing_busy", "Many pages are being drawn; please try again in a moment.", retry_after_s=1)
    try:
        yield renderer()
    finally:
        waiting.release()
