"""Batch requests: multipart/mixed taken apart and put together again."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from email import message_from_bytes
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from demo.standin.call import Answer, Request
from demo.standin.refusals import Refusal, bad_request

MOST_PARTS = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a batch; `request` is None when it is no request of this API."""

    content_id: str
    request: Request | None


def take_apart(request: Request) -> list[Piece]:
    """The parts in their order; Refusal when the whole is no batch or has too many."""
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/mixed") or "boundary=" not in kind:
        raise bad_request("Failed to parse batch request, error: no boundary found.")
    whole = message_from_bytes(b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + request.body)
    parts = whole.get_payload()
    if not isinstance(parts, list) or not parts:
        raise bad_request("Failed to parse batch request, error: 0 items. Received batch body: (empty).")
    if len(parts) > MOST_PARTS:
        raise too_many(len(parts))
    pieces = []
    for part in parts:
        body = part.get_payload() if not isinstance(part, str) else part
        text = body if isinstance(body, str) else ""
        good = not isinstance(part, str) and part.get_content_type() == "application/http"
        content_id = "" if isinstance(part, str) else re.sub(r"\s+", " ", part.get("Content-ID", ""))
        pieces.append(Piece(content_id, _request(text, request) if good else None))
    return pieces


def too_many(count: int) -> Refusal:
    """The refusal of a batch with too many parts."""
    return bad_request(f"Inner request count exceeds the limit. Received: {count}, Limit: {MOST_PARTS}")


def put_together(answers: list[tuple[str, Answer]]) -> Answer:
    """One answer out of many, each named after its request."""
    boundary = f"batch_{secrets.token_urlsafe(24)}"
    lines: list[bytes] = []
    for content_id, answer in answers:
        head = f"--{boundary}\r\nContent-Type: application/http\r\n"
        if content_id:
            inner = content_id.strip("<>")
            head += (
                f"Content-ID: <response-{inner}>\r\n"
                if content_id.startswith("<")
                else f"Content-ID: response-{inner}\r\n"
            )
        status = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
        headers = {**answer.headers, "Content-Length": str(len(answer.body))}
        lines.append((head + "\r\n" + status + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n").encode())
        lines.append(answer.body + b"\r\n")
    lines.append(f"--{boundary}--\r\n".encode())
    return Answer(200, b"".join(lines), {"Content-Type": f"multipart/mixed; boundary={boundary}"})


def _request(text: str, outer: Request) -> Request | None:
    """The inner request; the outer one's credentials go for it unless it has its own."""
    head, _, body = text.replace("\r\n", "\n").lstrip("\n").partition("\n\n")
    first, *rest = head.split("\n")
    words = first.split(" ")
    if len(words) < 2:
        return None
    headers = {}
    for line in rest:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if "authorization" in outer.headers:
        headers.setdefault("authorization", outer.headers["authorization"])
    parts = urlsplit(words[1])
    if parts.netloc:
        return None  # a path only
    query = parse_qs(parts.query, keep_blank_values=True)
    return Request(words[0].upper(), parts.path, query, headers, body.encode("utf-8", "surrogateescape"), in_batch=True)
