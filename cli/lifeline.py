"""A child's end when its parent ends, however the parent ended."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

PARENT = "PROSAAS_PARENT"  # the supervisor's process id, set for its children

_PR_SET_PDEATHSIG = 1
_LOOK_S = 1.0


def hold() -> None:
    """Stop with SIGTERM when the supervisor named in the environment is gone; nothing without one.

    Linux's kernel sends the signal, and keeps doing so after an exec; elsewhere a thread looks.
    """
    # Taken out: our own children have us for a parent, not the supervisor.
    parent = os.environ.pop(PARENT, "")
    if not parent.isdigit():
        return
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(int(parent),), daemon=True).start()
    if os.getppid() != int(parent):  # it died before we asked
        os.kill(os.getpid(), signal.SIGTERM)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)
