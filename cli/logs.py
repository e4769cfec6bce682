"""One line a record, `2026-11-23T10:00:00.000Z INFO web message key=value`, or JSON; secrets masked."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from config import Config

_PLAIN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_REPEAT_S = 10.0

_MASKS = (
    # Credentials inside an address: redis://:secret@host, smtp://user:secret@host.
    (re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://)[^\s/@]*@"), r"\g<keep>***@"),
    (re.compile(r"(?P<keep>\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}", re.IGNORECASE), r"\g<keep>***"),
    (
        re.compile(
            r"(?P<keep>\b\w*(?:token|secret|password|passwd|api_?key|encryption_key|authorization|cookie|verifier)\w*"
            r"[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&)}\]]{4,}",
            re.IGNORECASE,
        ),
        r"\g<keep>***",
    ),
    (re.compile(r"(?P<keep>[?&#](?:code|state|token|key|ticket)=)[^\s&\"']+"), r"\g<keep>***"),
    # Google's access and refresh tokens, Fernet's, JSON web tokens.
    (re.compile(r"\bya29\.[\w.-]+|\b1//[\w-]{10,}|\bgAAAA[\w=-]{20,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "***"),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "<address>"),
)


def setup(
    process: str,
    level: str = "INFO",
    form: str = "text",
    *,
    secrets: tuple[str, ...] = (),
    stream: TextIO | None = None,
) -> None:
    """Send every log record of this process to one stream.

    Args:
        process: its name in the line: web, calls, worker ...
        level: DEBUG, INFO, WARNING or ERROR.
        form: "text" or "json".
        secrets: values of this installation that never show, whatever they look like.
        stream: standard output unless given.
    """
    stream = stream or sys.stdout
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    handler = logging.StreamHandler(stream)
    handler.setFormatter((JsonLines if form == "json" else TextLines)(process, secrets))
    handler.addFilter(FoldOutages())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)
    logging.captureWarnings(capture=True)
    # A full queue of eight threads is what a busy second looks like, not a warning.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    if level != "DEBUG":
        for chatty in ("uvicorn", "huey", "urllib3", "google", "fontTools", "PIL", "websockets"):
            logging.getLogger(chatty).setLevel(logging.WARNING)


class FoldOutages(logging.Filter):
    """An unreachable Redis is one line without its traceback, and the same line once in ten seconds.

    Huey's consumer tries again every second in every worker, each time with a full traceback.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written; takes the traceback off an outage."""
        kind = record.exc_info and record.exc_info[0]
        if not kind or not issubclass(kind, _outages()):
            return True
        key, now = (record.name, kind.__name__), time.monotonic()
        written, folded = self._seen.get(key, (0.0, 0))
        if written and now - written < _REPEAT_S:
            self._seen[key] = written, folded + 1
            return False
        self._seen[key] = now, 0
        record.msg, record.args = (
            f"{record.getMessage()}: {record.exc_info[1] if record.exc_info else ''}",
            (),
        )
        record.exc_info = record.exc_text = None
        if folded:
            record.folded = folded
        return True


def _outages() -> tuple[type[BaseException], ...]:
    redis = sys.modules.get("redis.exceptions")
    kinds = (redis.ConnectionError, redis.TimeoutError) if redis else ()
    return (*kinds, ConnectionError)


class TextLines(logging.Formatter):
    """Time, level, process, message, then the record's own fields as key=value."""

    def __init__(self, process: str, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._process = process
        self._secrets = tuple(sorted((s for s in secrets if len(s) >= 8), key=len, reverse=True))

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback follows on lines of its own."""
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        fields = "".join(f" {name}={_quoted(value)}" for name, value in _fields(record).items())
        line = f"{_when(record)} {record.levelname} {self._process} {message}{fields}"
        return self.mask("\n".join([line, *self._trace(record)]))

    def mask(self, text: str) -> str:
        """The text without secrets and mail addresses."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        for pattern, instead in _MASKS:
            text = pattern.sub(instead, text)
        return text

    def _trace(self, record: logging.LogRecord) -> list[str]:
        parts = []
        if record.exc_info and record.exc_info[0]:
            parts.append(self.formatException(record.exc_info))
        if record.stack_info:
            parts.append(self.formatStack(record.stack_info))
        return parts


class JsonLines(TextLines):
    """The same record as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One object: at, level, process, message, the record's own fields, trace."""
        trace = "\n".join(self._trace(record))
        data = {
            "at": _when(record),
            "level": record.levelname,
            "process": self._process,
            "message": self.mask(record.getMessage()),
            **{name: self._plain(value) for name, value in _fields(record).items()},
            **({"trace": self.mask(trace)} if trace else {}),
        }
        return json.dumps(data, ensure_ascii=False)

    def _plain(self, value: object) -> object:
        return value if isinstance(value, (int, float, bool)) or value is None else self.mask(str(value))


def _when(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """What the caller gave as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _PLAIN and not name.startswith("_")}


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if re.search(r"[\s\"=]", text) or not text else text


def secrets_of(config: Config) -> tuple[str, ...]:
    """The values of an installation's settings that no log may show."""

    def password(address: str) -> str:
        return unquote(urlsplit(address).password or "")

    return tuple(
        secret
        for secret in (
            *config.encryption_keys,
            config.google_client_secret,
            config.twilio_auth_token,
            config.llm_api_key,
            config.s3_secret_key,
            config.sentry_dsn,
            password(config.redis_url),
            *parse_qs(urlsplit(config.redis_url).query).get("sentinel_password", ()),
            password(config.database_url),
            password(config.smtp_url),
        )
        if secret
    )
