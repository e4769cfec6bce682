"""The log: one line a record, fields behind the message, secrets and addresses masked, outages folded."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cli import logs

_KEY = "c2VjcmV0LWtleS1vZi0zMi1ieXRlcy0wMTIzNDU2Nzg="


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(capture=False)


def _log(form: str = "text", level: str = "INFO", secrets: tuple[str, ...] = ()) -> io.StringIO:
    stream = io.StringIO()
    logs.setup("web", level, form, secrets=secrets, stream=stream)
    return stream


def test_a_record_is_time_level_process_message_and_fields() -> None:
    stream = _log()
    logging.getLogger("web").info("🔔 JOB ENQUEUED run=%s", 7, extra={"business": 3, "reason": "two words"})
    line = stream.getvalue()
    assert re.fullmatch(
        r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO web 🔔 JOB ENQUEUED run=7 business=3 reason="two words"\n', line
    )


def test_json_has_the_same_as_one_object() -> None:
    stream = _log("json")
    logging.getLogger("web").warning("✗ Redis\nnot available", extra={"run": 7})
    (line,) = stream.getvalue().splitlines()
    told = json.loads(line)
    assert {name: told[name] for name in ("level", "process", "message", "run")} == {
        "level": "WARNING",
        "process": "web",
        "message": "✗ Redis\nnot available",
        "run": 7,
    }


def test_a_message_stays_on_its_line() -> None:
    stream = _log()
    logging.getLogger("web").info("a\n2026-01-01T00:00:00.000Z ERROR web forged")
    assert stream.getvalue().count("\n") == 1


def _crash(log: logging.Logger, text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("A request crashed")


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer prosaas_abcdefgh12345678",
        "refresh_token=1//0gAbCdEfGhIjKl",
        'access {"access_token": "ya29.a0AfHsecretsecret"}',
        "GET /app/sign-in#token=verysecretvalue",
        "callback?state=verysecretstate&code=4/verysecretcode",
        "redis://:verysecret@redis.example:6379/0",
        "smtp://user:verysecret@mail.example:587",
        "password=verysecret",
        f"key {_KEY} in a sentence",
        "gAAAAABnverysecretverysecretverysecret",
        "mail of someone.secret@vendor.example",
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_and_addresses_are_masked_in_messages_fields_and_tracebacks(text: str, form: str) -> None:
    stream = _log(form, secrets=(_KEY,))
    log = logging.getLogger("web")
    log.info(text)
    log.info("fields", extra={"detail": text})
    _crash(log, text)
    printed = stream.getvalue()
    assert "ValueError" in printed
    assert not re.search(r"secret|abcdefgh|AbCdEf|vendor\.example|c2Vj", printed.replace("A request", ""))


def test_ordinary_words_are_left_alone() -> None:
    stream = _log()
    said = "✓ Redis connection verified run=12 tokens=3 url=unix:///data/redis/redis.sock listening to http://localhost:5000"
    logging.getLogger("web").info(said)
    assert stream.getvalue().rstrip("\n").endswith(said)


def test_an_outage_of_redis_is_one_line_and_not_said_again_at_once() -> None:
    stream = _log()
    log = logging.getLogger("huey.consumer")
    for _ in range(500):
        try:
            redis.Redis(unix_socket_path="/nowhere/redis.sock", retry=Retry(NoBackoff(), 0)).ping()
        except redis.ConnectionError:
            log.exception("Error reading from queue")
    (line,) = stream.getvalue().splitlines()
    assert "Error reading from queue" in line
    assert "Traceback" not in line


def test_another_error_keeps_its_traceback() -> None:
    stream = _log()
    try:
        raise LookupError("nothing")
    except LookupError:
        logging.getLogger("huey.consumer").exception("A task crashed")
    assert "Traceback" in stream.getvalue()
    assert "LookupError: nothing" in stream.getvalue()
