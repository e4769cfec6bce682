"""What a Gmail mailbox answers, as shapes without content: to hold a real account beside the stand-in.

Run `python -m demo.standin.probe TOKEN_FILE` with a file that holds an access token of gmail.readonly. It asks for less
than 300 units, prints where Gmail and the stand-in differ, and never writes mail text, addresses or ids anywhere.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from demo.standin.server import StandIn

GMAIL = "https://gmail.googleapis.com"
_TIMEOUT_S = 60
_SAMPLE = (
    b"From: Shop <shop@example.com>\r\nTo: me@example.com\r\nSubject: Receipt\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
    b"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nTotal 1\r\n"
    b'--x\r\nContent-Type: application/pdf; name="a.pdf"\r\nContent-Disposition: attachment; filename="a.pdf"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--x--\r\n"
)


def shape(value: Any) -> Any:
    """A value's shape: names and kinds, of a list the union of its items; no content."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        union: dict[str, Any] = {}
        kinds = set()
        for item in value:
            told = shape(item)
            if isinstance(told, dict):
                union = _joined(union, told)
            else:
                kinds.add(told)
        return [union] if union else sorted(kinds)
    if isinstance(value, bool) or value is None:
        return "boolean" if value is not None else "null"
    if isinstance(value, int | float):
        return "number"
    if value == "":
        return "empty string"
    for name, pattern in (("digits", r"\d+"), ("hex", r"[0-9a-f]{14,16}"), ("base64url", r"[\w\-]{24,}={0,2}")):
        if re.fullmatch(pattern, value):
            return name
    return "string"


def probe(api_url: str, token: str) -> dict[str, Any]:
    """The shapes of a mailbox's answers, by the name of the question; it needs one mail with a file attached."""
    ask = _asker(api_url, token)
    profile = ask("profile")
    listed = ask("messages", q="has:attachment", maxResults="2")
    first = listed[1].get("messages", [{"id": "0"}])[0]["id"]
    whole = ask(f"messages/{first}", format="full")
    key = next((part["body"]["attachmentId"] for part in _parts(whole[1].get("payload", {})) if _held(part)), "none")
    start = str(profile[1].get("historyId", "1"))
    answers = {
        "profile": profile,
        "list": listed,
        "list of nothing": ask("messages", q="subject:6f1c2e7ab09d4c55"),
        "list with a bad page token": ask("messages", pageToken="nonsense"),
        "list with an unknown parameter": ask("messages", colour="red"),
        "labels": ask("labels"),
        "full": whole,
        "metadata": ask(f"messages/{first}", format="metadata"),
        "raw": ask(f"messages/{first}", format="raw"),
        "raw, masked": ask(f"messages/{first}", format="raw", fields="id,threadId,labelIds,historyId,internalDate,raw"),
        "attachment": ask(f"messages/{first}/attachments/{quote(key)}"),
        "no such message": ask("messages/19a0000000000000"),
        "not an id": ask("messages/zz"),
        "history now": ask("history", startHistoryId=start),
        "history too old": ask("history", startHistoryId="1"),
        "no token": _asker(api_url, "")("profile"),
        "a wrong token": _asker(api_url, "nonsense")("profile"),
    }
    return {name: {"status": status, "body": shape(body)} for name, (status, body) in answers.items()}


def differences(real: Any, ours: Any, where: str = "") -> list[str]:
    """Where two shapes differ, as sentences."""
    if isinstance(real, dict) and isinstance(ours, dict):
        found = []
        for name in sorted(real.keys() | ours.keys()):
            if name not in ours:
                found.append(f"{where}.{name}: only Gmail has it")
            elif name not in real:
                found.append(f"{where}.{name}: only the stand-in has it")
            else:
                found += differences(real[name], ours[name], f"{where}.{name}" if where else name)
        return found
    if isinstance(real, list) and isinstance(ours, list) and real and ours:
        return differences(real[0], ours[0], f"{where}[]")
    return [] if real == ours else [f"{where}: Gmail {json.dumps(real)}, the stand-in {json.dumps(ours)}"]


def main(argv: list[str]) -> int:
    """Print where a real account and the stand-in differ."""
    if len(argv) != 1:
        print("usage: python -m demo.standin.probe TOKEN_FILE", file=sys.stderr)
        return 2
    token = Path(argv[0]).read_text(encoding="utf-8").strip()
    with StandIn() as standin:
        for number in range(3):
            standin.client.deliver(_SAMPLE.replace(b"Receipt", b"Receipt %d" % number))
        ours = probe(standin.url, standin.client.grant()["access_token"])
    found = differences(probe(GMAIL, token), ours)
    print("\n".join(found) or "No difference.")
    return 1 if found else 0


def _asker(api_url: str, token: str) -> Callable[..., tuple[int, Any]]:
    host = urlsplit(api_url)
    make = HTTPSConnection if host.scheme == "https" else HTTPConnection

    def ask(path: str, **query: str) -> tuple[int, Any]:
        connection = make(host.hostname or "", host.port, timeout=_TIMEOUT_S)
        try:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            connection.request("GET", f"/gmail/v1/users/me/{path}?{urlencode(query)}", headers=headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    return ask


def _parts(part: Any) -> list[Any]:
    return [part, *(found for inner in part.get("parts", ()) for found in _parts(inner))]


def _held(part: Any) -> bool:
    return "attachmentId" in part.get("body", {})


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    joined = dict(one)
    for name, told in other.items():
        known = joined.get(name)
        joined[name] = _joined(known, told) if isinstance(known, dict) and isinstance(told, dict) else known or told
    return joined


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
