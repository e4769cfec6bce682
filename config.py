"""The environment, read once into a frozen dataclass; nobody else reads os.environ."""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from errors import Tellable

VERSION = "0.1.0"  # as in pyproject.toml
GOOGLE_AUTH_URL = "https://accounts.google.com/o/oauth2/v2/auth"
GOOGLE_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address, not a secret
GOOGLE_REVOKE_URL = "https://oauth2.googleapis.com/revoke"
GOOGLE_CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"
GMAIL_API_URL = "https://gmail.googleapis.com"
ECB_URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
S3_ENDPOINT = "https://s3.amazonaws.com"
TWILIO_API_URL = "https://api.twilio.com"
KEY_FILE = "encryption.key"
_UNIX_SOCKET_LIMIT = 107  # bytes that a unix socket's path may have


@dataclass(frozen=True)
class Config:
    """Every setting of an installation, checked; see docs/settings.md for what each means."""

    home: Path  # the project's folder, which relative paths are meant from
    data_dir: Path
    database_url: str
    blob_url: str
    s3_endpoint: str
    s3_region: str
    s3_access_key: str
    s3_secret_key: str = field(repr=False)
    backup_url: str
    backup_keep: int
    redis_url: str  # always set: the embedded server's unix socket when REDIS_URL is not
    redis_embedded: bool
    encryption_keys: tuple[str, ...] = field(repr=False)  # first one encrypts; empty until one is made
    public_url: str
    port: int
    calls_port: int
    bind: str
    workers: int
    google_client_id: str
    google_client_secret: str = field(repr=False)
    google_auth_url: str
    google_token_url: str
    google_revoke_url: str
    google_certs_url: str
    gmail_api_url: str
    gmail_quota: str  # "standard" | "legacy" | "off" (the stand-in only)
    twilio_account_sid: str
    twilio_auth_token: str = field(repr=False)
    twilio_api_url: str
    llm_url: str
    llm_model: str
    llm_api_key: str = field(repr=False)
    transcribe_url: str
    ocr: str
    ocr_languages: str
    smtp_url: str = field(repr=False)
    n8n_url: str
    ecb_url: str  # the European Central Bank's table of rates; empty: never fetched
    api_rate: int  # requests a minute that one bearer token may make; 0: any number
    private_hosts: tuple[str, ...]  # hosts of private networks that people may name (an IMAP server, a webhook)
    disk_low_mb: int  # megabytes of free disk below which operators are alerted
    sentry_dsn: str = field(repr=False)
    production: bool
    log_format: str  # "text" | "json"
    log_level: str

    @property
    def secure_cookies(self) -> bool:
        """Whether the browser reaches us over TLS."""
        return self.public_url.startswith("https://")


def load(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Config:
    """Read the environment and `.env` of `folder` (default: here); Tellable `bad_setting` names what is wrong."""
    folder = folder or Path.cwd()
    env = {**_dotenv(folder / ".env"), **(os.environ if environ is None else environ)}

    def text(name: str, default: str = "") -> str:
        return env.get(name, "").strip() or default

    data_dir = Path(text("DATA_DIR", "data")).expanduser()
    data_dir = data_dir if data_dir.is_absolute() else folder / data_dir
    port = _port("PORT", text("PORT", "5000"))
    calls_port = _port("CALLS_PORT", text("CALLS_PORT", "5050"))
    bind = text("BIND", "127.0.0.1")
    production = _switch("PRODUCTION", text("PRODUCTION", "0"))
    redis_url = text("REDIS_URL")
    if redis_url and not _is_redis(redis_url):
        raise _bad("REDIS_URL", "must be an address that starts with redis://, rediss:// or unix:// (docs/settings.md)")
    database_url = text("DATABASE_URL", f"sqlite:///{data_dir / 'prosaas.db'}")
    if not database_url.startswith(("sqlite:///", "postgresql://")):
        raise _bad("DATABASE_URL", "must start with sqlite:/// or postgresql://")
    blob_url = text("BLOB_URL", f"file://{data_dir / 'blobs'}")
    if not blob_url.startswith(("file://", "s3://")):
        raise _bad("BLOB_URL", "must start with file:// or s3://")
    backup_url = text("BACKUP_URL")
    if backup_url and not backup_url.startswith(("file://", "s3://")):
        raise _bad("BACKUP_URL", "must start with file:// or s3://")
    return Config(
        home=folder,
        data_dir=data_dir,
        database_url=database_url,
        blob_url=blob_url,
        s3_endpoint=_url("S3_ENDPOINT", text("S3_ENDPOINT", S3_ENDPOINT)).rstrip("/"),
        s3_region=text("S3_REGION"),
        s3_access_key=text("S3_ACCESS_KEY"),
        s3_secret_key=text("S3_SECRET_KEY"),
        backup_url=backup_url,
        backup_keep=_number("BACKUP_KEEP", text("BACKUP_KEEP", "14"), 1, 1000),
        redis_url=redis_url or f"unix://{socket_path(data_dir)}",
        redis_embedded=not redis_url,
        encryption_keys=_keys(text("ENCRYPTION_KEY"), data_dir, production=production),
        public_url=_url("PUBLIC_URL", text("PUBLIC_URL", f"http://localhost:{port}")).rstrip("/"),
        port=port,
        calls_port=calls_port,
        bind=bind,
        workers=_number("WORKERS", text("WORKERS", "4"), 1, 64),
        google_client_id=text("GOOGLE_CLIENT_ID"),
        google_client_secret=text("GOOGLE_CLIENT_SECRET"),
        google_auth_url=_url("GOOGLE_AUTH_URL", text("GOOGLE_AUTH_URL", GOOGLE_AUTH_URL)),
        google_token_url=_url("GOOGLE_TOKEN_URL", text("GOOGLE_TOKEN_URL", GOOGLE_TOKEN_URL)),
        google_revoke_url=_url("GOOGLE_REVOKE_URL", text("GOOGLE_REVOKE_URL", GOOGLE_REVOKE_URL)),
        google_certs_url=_url("GOOGLE_CERTS_URL", text("GOOGLE_CERTS_URL", GOOGLE_CERTS_URL)),
        gmail_api_url=_url("GMAIL_API_URL", text("GMAIL_API_URL", GMAIL_API_URL)).rstrip("/"),
        gmail_quota=_choice("GMAIL_QUOTA", text("GMAIL_QUOTA", "standard"), {"standard", "legacy", "off"}),
        twilio_account_sid=text("TWILIO_ACCOUNT_SID"),
        twilio_auth_token=text("TWILIO_AUTH_TOKEN"),
        twilio_api_url=_url("TWILIO_API_URL", text("TWILIO_API_URL", TWILIO_API_URL)).rstrip("/"),
        llm_url=_url("LLM_URL", text("LLM_URL")),
        llm_model=text("LLM_MODEL"),
        llm_api_key=text("LLM_API_KEY"),
        transcribe_url=_url("TRANSCRIBE_URL", text("TRANSCRIBE_URL")),
        ocr=text("OCR", "auto"),
        ocr_languages=text("OCR_LANGUAGES", "eng+heb"),
        smtp_url=text("SMTP_URL"),
        n8n_url=_url("N8N_URL", text("N8N_URL")),
        ecb_url="" if text("ECB_URL") == "off" else _url("ECB_URL", text("ECB_URL", ECB_URL)),
        api_rate=_number("API_RATE", text("API_RATE", "6000"), 0, 1_000_000),
        private_hosts=tuple(host for host in text("PRIVATE_HOSTS").replace(",", " ").split() if host),
        disk_low_mb=_number("DISK_LOW_MB", text("DISK_LOW_MB", "1000"), 0, 1_000_000_000),
        sentry_dsn=_url("SENTRY_DSN", text("SENTRY_DSN")),
        production=production,
        log_format=_choice("LOG_FORMAT", text("LOG_FORMAT", "text"), {"text", "json"}),
        log_level=_choice(
            "LOG_LEVEL", text("LOG_LEVEL", "info").lower(), {"debug", "info", "warning", "error"}
        ).upper(),
    )


def make_key(data_dir: Path) -> str:
    """Create the installation's encryption key in DATA_DIR with mode 600, or give the one that is there."""
    path = data_dir / KEY_FILE
    key = urlsafe_b64encode(secrets.token_bytes(32)).decode()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    except OSError as error:
        raise Tellable(
            "data_dir_not_writable",
            f"The data folder {data_dir} cannot be written ({error.strerror}). Mend its rights or set DATA_DIR.",
        ) from error
    with os.fdopen(handle, "w") as file:
        file.write(key + "\n")
    return key


def socket_path(data_dir: Path) -> Path:
    """Where the embedded Redis listens; in the temporary folder when DATA_DIR is too deep for a unix socket."""
    path = data_dir.absolute() / "redis" / "redis.sock"
    if len(os.fsencode(path)) <= _UNIX_SOCKET_LIMIT:
        return path
    import hashlib
    import tempfile

    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"prosaas-{os.getuid()}-{digest}" / "redis.sock"


def _keys(setting: str, data_dir: Path, *, production: bool) -> tuple[str, ...]:
    if not setting:
        if production:
            raise _bad("ENCRYPTION_KEY", "must be set when PRODUCTION=1 (32 bytes, url-safe base64)")
        path = data_dir / KEY_FILE
        try:
            setting = path.read_text().strip()
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise _bad("ENCRYPTION_KEY", f"is not set and {path} cannot be read ({error.strerror})") from error
    keys = tuple(key.strip() for key in setting.split(",") if key.strip())
    for key in keys:
        try:
            good = len(urlsafe_b64decode(key.encode())) == 32
        except ValueError:
            good = False
        if not good:
            raise _bad("ENCRYPTION_KEY", "must be 32 bytes in url-safe base64 (several: separated by commas)")
    return keys


def _dotenv(path: Path) -> dict[str, str]:
    """KEY=value lines; quotes around a value are taken off, # begins a comment line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise Tellable("bad_setting", f"The file {path.name} cannot be read: {error}.") from error
    values = {}
    for line in lines:
        name, mark, value = line.strip().removeprefix("export ").partition("=")
        if mark and not name.startswith("#"):
            value = value.strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            values[name.strip()] = value
    return values


def _bad(name: str, what: str) -> Tellable:
    return Tellable("bad_setting", f"{name} {what}.", setting=name)


def _number(name: str, value: str, low: int, high: int) -> int:
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise _bad(name, f"must be a whole number from {low} to {high}, not “{value[:40]}”")
    return int(value)


def _port(name: str, value: str) -> int:
    return _number(name, value, 1, 65535)


def _switch(name: str, value: str) -> bool:
    return _choice(name, value.lower(), {"0", "1", "true", "false", "yes", "no"}) in {"1", "true", "yes"}


def _choice(name: str, value: str, allowed: set[str]) -> str:
    if value not in allowed:
        raise _bad(name, f"must be one of {', '.join(sorted(allowed))}, not “{value[:40]}”")
    return value


# What an address of Redis may say behind its question mark; another word would only fail at the first connection.
_REDIS_OPTIONS = {
    "db",
    "ssl_ca_certs",
    "ssl_ca_path",
    "ssl_cert_reqs",
    "ssl_certfile",
    "ssl_check_hostname",
    "ssl_keyfile",
    "sentinel_username",
    "sentinel_password",
}


def _is_redis(value: str) -> bool:
    try:
        parts = urlsplit(value)
        if not parse_qs(parts.query, keep_blank_values=True).keys() <= _REDIS_OPTIONS:
            return False
        if parts.scheme in {"redis+sentinel", "rediss+sentinel"}:
            hosts = [urlsplit(f"//{one}") for one in parts.netloc.rpartition("@")[2].split(",")]
            service = parts.path.strip("/").partition("/")[0]
            return bool(service) and all(host.hostname and (host.port or 1) > 0 for host in hosts)
        return parts.scheme in {"redis", "rediss", "unix"} and (parts.port or 1) > 0
    except ValueError:  # the port is no number
        return False


def _url(name: str, value: str) -> str:
    if value:
        try:
            parts = urlsplit(value)
            good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            good = False
        if not good:
            raise _bad(name, "must be an address that starts with http:// or https://")
    return value
