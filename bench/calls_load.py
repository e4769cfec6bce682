"""Many media streams at once over raw sockets: each frame is sent at its own moment, and its echo timed from there."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import sys
import time
from base64 import b64encode
from collections import deque
from dataclasses import dataclass, field
from typing import Any

EVERY_S = 0.02  # Twilio's frames
_PAYLOAD = b64encode(bytes(range(96, 256)) * 1).decode()
_NAP_S = 0.0003
_SETTLE_S = 1.0  # after the last frame, for echoes that are late


@dataclass
class Stream:
    """One socket: its frame as bytes, how long an echo is, and the moments at which frames were due."""

    line: socket.socket
    frame: bytes
    length: int = 0
    rest: int = 0
    due: deque[float] = field(default_factory=deque)


def text_frame(text: str) -> bytes:
    """A client's WebSocket frame; a mask of zeros costs the server what any other does."""
    data = text.encode()
    head = b"\x81" + (bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack("!H", len(data)))
    return head + b"\0\0\0\0" + data


def media_frame(stream_sid: str) -> str:
    """What Twilio sends fifty times a second."""
    media = {"track": "inbound", "chunk": "7", "timestamp": "140", "payload": _PAYLOAD}
    return json.dumps({"event": "media", "sequenceNumber": "9", "media": media, "streamSid": stream_sid})


def open_stream(port: int, path: str, headers: dict[str, str], start: str, *, raw: bool) -> Stream:
    """A socket that is upgraded, started, and has echoed its first frame."""
    line = socket.create_connection(("127.0.0.1", port), timeout=20)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    frame = text_frame(media_frame("MZ" + "0" * 32))
    if raw:
        return Stream(_ready(line), frame, len(frame))
    key = b64encode(os.urandom(16)).decode()
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]  # fmt: skip
    lines += [f"{name}: {value}" for name, value in headers.items()]
    line.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        got = line.recv(4096)
        if not got:
            raise ConnectionError(answer[:200].decode("latin-1"))
        answer += got
    if not answer.startswith(b"HTTP/1.1 101"):
        raise ConnectionError(answer[:200].decode("latin-1"))
    line.sendall(text_frame(start) + frame)
    first = line.recv(4096)
    size = first[1] if first[1] < 126 else struct.unpack("!H", first[2:4])[0]
    head = 2 if first[1] < 126 else 4
    return Stream(_ready(line), frame, head + size)


def _ready(line: socket.socket) -> socket.socket:
    line.setblocking(False)
    return line


def measure(streams: list[Stream], seconds: float) -> dict[str, float]:
    """Milliseconds from when each frame was due to its echo; frames that never came back count as lost."""
    poll = select.epoll()
    by_handle = {}
    for one in streams:
        by_handle[one.line.fileno()] = one
        poll.register(one.line.fileno(), select.EPOLLIN)
    step = EVERY_S / len(streams)
    begun = time.perf_counter() + 0.1
    total = round(seconds / EVERY_S) * len(streams)
    times: list[float] = []
    late: list[float] = []
    sent, clock = 0, time.perf_counter
    end = begun + seconds + _SETTLE_S
    while True:
        now = clock()
        while sent < total and (due := begun + sent * step) <= now:
            one = streams[sent % len(streams)]
            one.due.append(due)
            late.append(now - due)
            try:
                one.line.send(one.frame)
            except BlockingIOError:
                one.due.pop()
                one.due.append(-1.0)
            sent += 1
        ready = poll.poll(0)
        if not ready:
            # Asleep now and then: the kernel stops who runs in real time without a pause for 50 ms of each second.
            wait = begun + sent * step - clock() if sent < total else _NAP_S
            time.sleep(min(_NAP_S, max(0.0, wait)))
        for handle, _ in ready:
            one = by_handle[handle]
            one.rest += len(one.line.recv(65536))
            now = clock()
            while one.rest >= one.length and one.due:
                one.rest -= one.length
                times.append(now - one.due.popleft())
        if sent == total and (now > end or not any(one.due for one in streams)):
            break
    lost = sum(len(one.due) for one in streams)
    return {
        "sent": sent,
        "lost": lost,
        "p50_ms": _at(times, 0.5),
        "p99_ms": _at([*times, *[9.999] * lost], 0.99),
        "late_p99_ms": _at(late, 0.99),
    }


def _at(values: list[float], share: float) -> float:
    ranked = sorted(values)
    return round(ranked[min(len(ranked) - 1, int(len(ranked) * share))] * 1000, 3) if ranked else 9999.0


def main() -> None:
    """Read one JSON line {port, path, headers, starts, raw, seconds}, then one command a line: go, or end of input."""
    asked: dict[str, Any] = json.loads(sys.stdin.readline())
    streams = [
        open_stream(asked["port"], asked["path"], asked["headers"], start, raw=asked["raw"])
        for start in asked["starts"]
    ]
    print("open", flush=True)
    for _ in sys.stdin:
        print(json.dumps(measure(streams, asked["seconds"])), flush=True)


if __name__ == "__main__":
    main()
