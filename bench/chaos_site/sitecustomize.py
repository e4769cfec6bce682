"""In the processes of `bench chaos`: libfaketime breaks the kernel call of time.sleep, waiting for a lock it leaves."""

from __future__ import annotations

import threading
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex, /) -> None:
    threading.Event().wait(float(seconds))


time.sleep = _sleep
