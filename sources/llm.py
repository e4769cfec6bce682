"""A language model behind a server that speaks OpenAI's chat API: one question, one answer, within a time."""

from __future__ import annotations

import time
from typing import Any

import orjson
import requests

from errors import Tellable, Temporary

_CONNECT_S = 5.0
_MOST = 1_000_000  # bytes of an answer


def endpoint(url: str, name: str) -> str:
    """The address of an endpoint, wherever the configured one ends: at the host, at /v1, or at the chat itself."""
    base = url.rstrip("/").removesuffix("/chat/completions")
    return f"{base}/{name}" if base.endswith("/v1") else f"{base}/v1/{name}"


def ask(url: str, model: str, messages: list[dict[str, Any]], *, key: str = "", seconds: float = 60.0) -> str:
    """The text of the answer.

    Args:
        url: of the server, as its operator set it; nowhere else is gone, a redirection is not followed.
        model: its name there.
        messages: in OpenAI's chat format.
        key: for the Authorization header, where the server wants one.
        seconds: after which the answer is given up.

    Temporary `llm_unreachable` (busy, slow, away), Tellable `llm_refused`.
    """
    question: dict[str, Any] = {"model": model, "messages": messages, "temperature": 0, "max_tokens": 1000}
    deadline = time.monotonic() + seconds
    status, body = _post(url, {**question, "response_format": {"type": "json_object"}}, key, deadline)
    if status in {400, 422}:  # not every server knows how to be held to JSON
        status, body = _post(url, question, key, deadline)
    if status == 429 or status >= 500:
        raise Temporary("llm_unreachable", "The language model's server is busy; it will be tried again.")
    if status != 200:
        raise Tellable("llm_refused", f"The language model's server answered with {status}.")
    try:
        text = orjson.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise _odd() from error
    if not isinstance(text, str):
        raise _odd()
    return text


def check(url: str, *, key: str = "", seconds: float = 3.0) -> None:
    """Whether the server answers and takes the key; Tellable `llm_refused` or Temporary `llm_unreachable`."""
    try:
        answer = requests.get(
            endpoint(url, "models"), headers=_headers(key), timeout=seconds, allow_redirects=False, stream=True
        )
        answer.close()
    except requests.RequestException as error:
        raise _away() from error
    if answer.status_code in {401, 403}:
        raise Tellable("llm_refused", f"The language model's server answered with {answer.status_code}.")


def _post(url: str, question: dict[str, Any], key: str, deadline: float) -> tuple[int, bytes]:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _away()
    try:
        with requests.post(
            endpoint(url, "chat/completions"),
            data=orjson.dumps(question),
            headers=_headers(key) | {"Content-Type": "application/json"},
            timeout=(_CONNECT_S, left),
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = bytearray()
            for piece in answer.iter_content(16_384):
                body += piece
                if len(body) > _MOST:
                    raise _odd()
                if time.monotonic() > deadline:
                    raise _away()
            return answer.status_code, bytes(body)
    except requests.RequestException as error:
        raise _away() from error


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def _away() -> Temporary:
    return Temporary("llm_unreachable", "The language model's server cannot be reached now, or takes too long.")


def _odd() -> Tellable:
    return Tellable("llm_refused", "The language model's answer is not what it should be.")
