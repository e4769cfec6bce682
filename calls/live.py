"""The calls of this moment, for the sockets that record them and the browsers that watch them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calls.media import Session
    from calls.plan import Plan

FINAL = ("completed", "busy", "no-answer", "canceled", "failed")
_LONGEST_S = 4 * 3600  # a call that nothing was heard of for so long is over
_REMEMBERED_S = 600  # how long a call that is over still refuses to begin again
_LAGGING = 100  # frames of 20 ms that wait for one listener


@dataclass(slots=True)
class LiveCall:
    """A call that rings or runs.

    began and heard are a monotonic clock's. message: how its stream ended, `dropped` where its socket broke, empty
    while there was none. listeners: queues that get each frame.
    """

    sid: str
    business_id: int
    account_sid: str
    caller: str
    number: str
    plan: Plan
    status: str = "ringing"
    doing: str = ""  # menu | forward | message
    began: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)
    session: Session | None = None
    streams: int = 0
    message: str = ""
    choice: str = ""
    over: bool = False
    hangup_asked: bool = False
    listeners: set[Listener] = field(default_factory=set)

    def brief(self, now: float) -> dict[str, Any]:
        """What a browser is told of it."""
        return {
            "sid": self.sid,
            "from": self.caller,
            "to": self.number,
            "status": self.status,
            "doing": self.doing,
            "seconds": round(now - self.began),
            "level": self.session.level if self.session is not None else None,
        }


class Listener:
    """A browser's ear: frames wait in a short queue that drops the oldest."""

    __slots__ = ("frames",)

    def __init__(self) -> None:
        self.frames: deque[bytes] = deque(maxlen=_LAGGING)

    def take(self) -> bytes:
        """What has come since the last time."""
        taken = bytearray()
        while self.frames:
            taken += self.frames.popleft()
        return bytes(taken)


class Hub:
    """All calls of the process; safe from any thread."""

    def __init__(self) -> None:
        self._calls: dict[str, LiveCall] = {}
        self._lock = threading.Lock()
        self._swept = time.monotonic()

    def get(self, sid: str) -> LiveCall | None:
        """The call of that sid, one that ended a moment ago too."""
        return self._calls.get(sid)

    def meet(self, sid: str, account_sid: str, caller: str, number: str, plan: Plan) -> LiveCall:
        """The call of that sid, made where it is new."""
        with self._lock:
            self._sweep()
            call = self._calls.get(sid)
            if call is None:
                call = LiveCall(sid, plan.business_id, account_sid, caller, number, plan)
                self._calls[sid] = call
            call.heard = time.monotonic()
            return call

    def end(self, sid: str) -> None:
        """The call is over."""
        call = self._calls.get(sid)
        if call is not None:
            call.over, call.heard = True, time.monotonic()

    def of(self, business_id: int) -> list[LiveCall]:
        """What rings or runs in a business, the oldest first."""
        found = [call for call in tuple(self._calls.values()) if call.business_id == business_id and not call.over]
        return sorted(found, key=lambda call: call.began)

    def running(self) -> Iterator[LiveCall]:
        """Every call that is not over."""
        return (call for call in tuple(self._calls.values()) if not call.over)

    def _sweep(self) -> None:
        now = time.monotonic()
        if now - self._swept < 10:
            return
        self._swept = now
        for sid, call in tuple(self._calls.items()):
            if now - call.heard > (_REMEMBERED_S if call.over else _LONGEST_S):
                del self._calls[sid]
