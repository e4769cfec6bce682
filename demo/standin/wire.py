"""How an answer goes out on the socket: whole, slowly, cut, or not at all."""

from __future__ import annotations

import gzip
import socket
import struct
import time
from http import HTTPStatus

from demo.standin.call import Answer

_DRIP_S = 0.05
_LINGER_OFF = struct.pack("ii", 1, 0)  # closing sends RST instead of FIN


def send(sock: socket.socket, answer: Answer) -> bool:
    """Send an answer; False when the connection is not to be used again."""
    fault = answer.fault
    if fault is None:
        sock.sendall(_whole(answer))
        return True
    if fault.kind == "slow_first_byte":
        time.sleep(float(fault.param("delay_s", 5)))
        sock.sendall(_whole(answer))
        return True
    if fault.kind == "drip":
        return _drip(sock, _whole(answer), float(fault.param("bytes_per_s", 2000)))
    if fault.kind == "reset":
        if "after_bytes" in fault.params:
            sock.sendall(_whole(answer)[: int(fault.params["after_bytes"])])
            time.sleep(_DRIP_S)  # or the RST would overtake what was sent
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
        sock.close()  # at once: a shutdown before it would end the connection politely
        return False
    if fault.kind == "empty":
        sock.sendall(_head(answer, {"Content-Length": "0"}))
        return True
    if fault.kind == "garbage":
        body = b"<html><title>Sorry...</title>" if answer.body else b""
        sock.sendall(_head(answer, {"Content-Length": str(len(body))}) + body)
        return True
    return _cut(sock, answer, str(fault.param("framing", "content-length")))


def _whole(answer: Answer) -> bytes:
    if answer.status == 204:
        return _head(answer, {})
    if answer.framing == "chunked":
        head = _head(answer, {"Transfer-Encoding": "chunked"})
        return head + _chunk(answer.body) + b"0\r\n\r\n"
    return _head(answer, {"Content-Length": str(len(answer.body))}) + answer.body


def _drip(sock: socket.socket, data: bytes, bytes_per_s: float) -> bool:
    step = max(1, int(bytes_per_s * _DRIP_S))
    for start in range(0, len(data), step):
        sock.sendall(data[start : start + step])
        time.sleep(_DRIP_S)
    return True


def _cut(sock: socket.socket, answer: Answer, framing: str) -> bool:
    """Half of the body, then the end of the connection; `close` and `gzip` look like a whole answer to some."""
    if framing == "gzip":
        if answer.headers.get("Content-Encoding") != "gzip":
            answer.body = gzip.compress(answer.body, 1, mtime=0)
            answer.headers["Content-Encoding"] = "gzip"
        half = answer.body[: len(answer.body) // 2]
        sock.sendall(_head(answer, {"Transfer-Encoding": "chunked"}) + _chunk(half) + b"0\r\n\r\n")
        return True  # to HTTP the body is whole; only the gzip stream in it is not
    half = answer.body[: len(answer.body) // 2]
    if framing == "chunked":
        sock.sendall(_head(answer, {"Transfer-Encoding": "chunked"}) + _chunk(half))
    elif framing == "close":
        sock.sendall(_head(answer, {"Connection": "close"}) + half)
    else:
        sock.sendall(_head(answer, {"Content-Length": str(len(answer.body))}) + half)
    return False


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n" if data else b""


def _head(answer: Answer, more: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in {**answer.headers, **more, "Server": "ESF"}.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
