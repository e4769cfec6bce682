"""What the doctor and the status page look at: one check a thing, with a verdict and a remedy for each fault."""

from __future__ import annotations

import os
import shutil
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import redis

import clock
import config as settings
import tasks
from config import VERSION, Config
from errors import Tellable

OK, WARN, FAIL = "ok", "warn", "fail"
_LITTLE_DISK_MB = 500
_DEEP = 10_000  # waiting jobs
_OLD_S = 300  # a job that waits as long waits for somebody
_STALE = timedelta(days=2)  # a nightly backup that is older did not happen
_SOON = timedelta(days=21)  # a certificate that ends before was not renewed in time
_QUEUES = {"high", "default", "low"}


@dataclass(frozen=True)
class Check:
    """A verdict (ok, warn, fail) on one thing, in a sentence, and what to do about it."""

    name: str
    verdict: str
    text: str
    remedy: str = ""


def run(config: Config, root: Path) -> Iterator[Check]:
    """Every check of an installation that needs no other process, in the order in which one needs another."""
    steps: list[Callable[[], Check]] = [
        lambda: public_url(config),
        lambda: google(config),
        lambda: twilio(config),
        lambda: ocr(config),
        lambda: model(config),
        lambda: data_folder(config),
        lambda: database(config),
        lambda: mailboxes(config),
        lambda: documents(config),
        lambda: queue_server(config),
        lambda: worker(config),
        lambda: jobs(config),
        lambda: time_of_day(config),
        lambda: backup(config),
        lambda: certificate(root),
    ]
    for step in steps:
        try:
            yield step()
        except Tellable as error:
            yield Check(_CODES.get(error.code, "database"), FAIL, error.sentence, _REMEDIES.get(error.code, ""))


# An error of opening the database, and what it is told under.
_CODES = {"wrong_key": "keys", "key_missing": "keys", "data_dir_not_writable": "data folder", "bad_setting": "settings"}
_REMEDIES = {
    "wrong_key": "Set the ENCRYPTION_KEY of this installation again; if it is lost: ./prosaas rotate-key --lost.",
    "key_missing": "Restore encryption.key, or set ENCRYPTION_KEY; if it is lost: ./prosaas rotate-key --lost.",
    "schema_old": "Run ./prosaas migrate.",
    "schema_newer": "Start the newer release again, or restore the backup made before the upgrade.",
    "restore_unfinished": "Run ./prosaas restore again.",
    "data_dir_not_writable": "Give it to the user that ProSaaS runs as, or set DATA_DIR.",
    "bad_setting": "Mend the setting in the environment or in .env.",
    "database_unreachable": "Start the database server, or mend DATABASE_URL.",
}


def public_url(config: Config) -> Check:
    """Whether people reach it over TLS."""
    name = "public url"
    if config.production and not config.secure_cookies:
        told = f"PUBLIC_URL is {config.public_url}: cookies and sign-in links would travel in the clear."
        return Check(
            name, WARN, told, "Put nginx with a certificate in front and set PUBLIC_URL to the https:// address."
        )
    if config.production and any(host in config.public_url for host in ("localhost", "127.0.0.1")):
        told = f"PUBLIC_URL is {config.public_url}, which nobody else can reach."
        return Check(name, WARN, told, "Set PUBLIC_URL to the address that people type.")
    return Check(name, OK, f"People reach it at {config.public_url}.")


def google(config: Config) -> Check:
    """Whether a Gmail mailbox can be connected."""
    if not (config.google_client_id and config.google_client_secret):
        remedy = "Make a client (docs/gmail.md) and set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET."
        return Check("google", WARN, "No Google client is set: no Gmail mailbox can be connected.", remedy)
    own = {config.google_auth_url, config.google_token_url} <= {settings.GOOGLE_AUTH_URL, settings.GOOGLE_TOKEN_URL}
    if own and not config.google_client_id.endswith(".apps.googleusercontent.com"):
        remedy = "Copy it from the Google Cloud console again; it ends with .apps.googleusercontent.com."
        return Check("google", FAIL, "GOOGLE_CLIENT_ID is not a Google client's id.", remedy)
    return Check("google", OK, "A Google client is set.")


def twilio(config: Config) -> Check:
    """Whether the installation's telephone account is whole."""
    if bool(config.twilio_account_sid) != bool(config.twilio_auth_token):
        missing = "TWILIO_AUTH_TOKEN" if config.twilio_account_sid else "TWILIO_ACCOUNT_SID"
        return Check("twilio", FAIL, f"{missing} is missing beside the other.", f"Set {missing}, or take both out.")
    if not config.twilio_account_sid:
        return Check("twilio", OK, "No telephone account for all businesses; each may have its own.")
    if not config.twilio_account_sid.startswith("AC"):
        return Check(
            "twilio", FAIL, "TWILIO_ACCOUNT_SID does not begin with AC.", "Copy it from Twilio's console again."
        )
    if not config.secure_cookies:
        remedy = "Set PUBLIC_URL to the https:// address that Twilio calls; its signatures are made over it."
        return Check("twilio", WARN, "Twilio cannot reach an address without https.", remedy)
    return Check("twilio", OK, "A telephone account is set.")


def ocr(config: Config) -> Check:
    """Whether pictures can be read."""
    if config.ocr == "off":
        return Check("ocr", WARN, "OCR=off: pictures and scans are kept, but not read.", "Set OCR=auto to read them.")
    from receipts import engines

    if config.ocr not in engines.NAMES:
        return Check("ocr", FAIL, f"OCR={config.ocr} is no engine.", f"Set it to {', '.join(engines.NAMES)}.")
    tesseract = engines.Tesseract(config.ocr_languages)
    if config.ocr == "tesseract" and not tesseract.installed:
        remedy = "Install tesseract-ocr with the languages of OCR_LANGUAGES, or set OCR=auto."
        return Check("ocr", FAIL, "OCR=tesseract, but it is not installed.", remedy)
    unread = [code for code in config.ocr_languages.split("+") if code != "eng" and not tesseract.has(code)]
    if unread:
        remedy = f"Install tesseract-ocr-{unread[0]} (Debian), or take it out of OCR_LANGUAGES."
        return Check("ocr", WARN, f"Pictures in {', '.join(unread)} cannot be read.", remedy)
    return Check("ocr", OK, f"Pictures in {config.ocr_languages} can be read.")


def model(config: Config) -> Check:
    """Whether the attached language model answers, where there is one."""
    if not config.llm_url:
        return Check("language model", OK, "None is attached: what is read stays on this machine.")
    if not config.llm_model:
        return Check(
            "language model", FAIL, "LLM_URL is set, but LLM_MODEL is not.", "Set it to the model's name there."
        )
    from sources import llm

    try:
        llm.check(config.llm_url, key=config.llm_api_key)
    except Tellable as error:
        remedy = (
            "Start it, or mend LLM_URL and LLM_API_KEY; until then nothing is asked, and what is doubtful is flagged."
        )
        return Check("language model", WARN, error.sentence, remedy)
    return Check("language model", OK, f"{config.llm_model} is asked about doubtful readings.")


def data_folder(config: Config) -> Check:
    """Whether there is room, and nobody else may read the key."""
    folder, name = config.data_dir, "data folder"
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not (existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)):
        return Check(name, FAIL, f"{existing} cannot be written.", "Mend its rights or set DATA_DIR.")
    free = shutil.disk_usage(existing).free // 1_000_000
    if free < _LITTLE_DISK_MB:
        return Check(name, FAIL, f"Only {free} MB are free at {folder}.", "Free some space.")
    key = folder / settings.KEY_FILE
    if key.exists() and key.stat().st_mode & 0o077:
        return Check("keys", FAIL, "Others may read the encryption key.", f"chmod 600 {key}")
    return Check(name, OK, f"{folder} can be written; {free:,} MB are free.")


def database(config: Config) -> Check:
    """Whether it opens with this release's schema and our key, and can be written."""
    path = Path(config.database_url.removeprefix("sqlite:///"))
    on_sqlite = config.database_url.startswith("sqlite:///")
    if on_sqlite and not path.exists() and not (config.data_dir / ".restoring").exists():
        return Check("database", FAIL, "There is no database yet.", "Start ./prosaas up, or run ./prosaas migrate.")
    from store import schema

    schema.look(config)
    if on_sqlite and not os.access(path, os.W_OK):
        return Check("database", FAIL, f"{path} may only be read.", f"Give it back to the user ProSaaS runs as: {path}")
    if not on_sqlite and schema.encoding() != "UTF8":
        remedy = "Make a new database with encoding UTF8 and move into it."
        return Check("database", FAIL, f"The database's encoding is {schema.encoding()}.", remedy)
    kind = "SQLite" if on_sqlite else "PostgreSQL"
    return Check("database", OK, f"{kind} opens, its schema is current and the encryption key is the right one.")


def mailboxes(config: Config) -> Check:
    """Whether every mailbox can be read, and whose permission ends soon."""
    from store import census

    _opened(config)
    state = census.mailboxes()
    broken, ending = state["needs_reconnect"], state["ending"]
    if broken:
        told = f"{broken} of {state['all']} mailboxes have to be connected again (ids {_some(state['broken_ids'])})."
        return Check(
            "mailboxes", FAIL, told, "Their owners reconnect them in Settings; docs/gmail.md says why it ended."
        )
    if ending:
        told = f"Google ends the permission of {ending} mailboxes within two days (ids {_some(state['ending_ids'])})."
        return Check("mailboxes", WARN, told, "Publish the consent screen (docs/gmail.md), and reconnect them.")
    if state["stale"]:
        told = f"{state['stale']} mailboxes were not read for a day (ids {_some(state['stale_ids'])})."
        return Check("mailboxes", WARN, told, "Is a worker running? Look at their runs.")
    return Check(
        "mailboxes", OK, f"{state['all']} connected; the oldest permission is {state['oldest_days']} days old."
    )


def documents(config: Config) -> Check:
    """Whether a document can be kept and read again."""
    from jobs.adapters import blob_store

    store = blob_store(config)
    try:
        key = store.put(b"a check of the doctor's\n")
        if store.get(key) != b"a check of the doctor's\n":
            return Check("documents", FAIL, "A document came back with other bytes.", "Mend the disk or the bucket.")
    except Tellable as error:
        remedy = (
            "Mend BLOB_URL and S3_…" if config.blob_url.startswith("s3:") else "Free some space or mend its rights."
        )
        return Check("documents", FAIL, error.sentence, remedy)
    return Check("documents", OK, f"Documents are kept at {config.blob_url}.")


def queue_server(config: Config) -> Check:
    """Whether Redis answers, keeps what it is told, and throws nothing away."""
    client = tasks.redis_client(config)
    try:
        client.ping()
    except redis.RedisError as error:
        if config.redis_embedded:
            return Check("redis", FAIL, "The embedded Redis does not run.", "Start ./prosaas up, or set REDIS_URL.")
        remedy = "Start Redis, or mend REDIS_URL. Web and worker find it again by themselves."
        return Check("redis", FAIL, f"Redis does not answer ({type(error).__name__}).", remedy)
    try:
        found: Any = client.config_get("maxmemory-policy", "appendonly", "save")
    except redis.RedisError:
        told = "Redis answers, but does not tell its settings."
        return Check("redis", WARN, told, "See to maxmemory-policy noeviction.")
    values = {_text(key): _text(value) for key, value in found.items()}
    policy = values.get("maxmemory-policy", "")
    if policy != "noeviction":
        remedy = "Set maxmemory-policy noeviction: else it drops queued jobs when its memory is full."
        return Check("redis", FAIL, f"Redis may throw keys away (maxmemory-policy {policy}).", remedy)
    if values.get("appendonly") != "yes":
        remedy = "Set appendonly yes. Nothing is lost without it (runs are rows), but they wait for the sweeper."
        return Check("redis", WARN, "Redis forgets the queue when it is restarted.", remedy)
    return Check("redis", OK, "It answers, evicts nothing and keeps its queue on disk.")


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def worker(config: Config) -> Check:
    """Whether a worker of this release listens to all priorities."""
    client = tasks.redis_client(config)
    try:
        tasks.configure(config)
        workers, depths = tasks.workers_seen(client), tasks.queue_depths(client)
    except redis.RedisError:
        return Check("worker", FAIL, "Not to be seen while Redis does not answer.", "See to Redis first.")
    waiting = sum(depths.values())
    if not workers:
        text = "No worker was seen in the last 30 s" + (f", and {waiting} jobs wait." if waiting else ".")
        return Check("worker", FAIL, text, "Start ./prosaas up or ./prosaas worker, and look at its log.")
    deaf = [one for one in workers if set(one.get("queues", [])) != _QUEUES]
    if deaf:
        told = "A worker does not listen to high, default and low."
        return Check("worker", FAIL, told, "Restart it: it is an older one.")
    others = sorted({str(one.get("version")) for one in workers} - {VERSION})
    if others:
        told = f"Workers of another version run: {', '.join(others)}; this one is {VERSION}."
        return Check("worker", WARN, told, "Restart them; two versions are only meant to meet during an upgrade.")
    return Check("worker", OK, f"{len(workers)} listening to high, default and low; {waiting} jobs wait.")


def jobs(config: Config) -> Check:
    """How much waits, and for how long."""
    from store import census

    _opened(config)
    state = census.runs()
    other = census.work()
    oldest = max(state["oldest_queued_s"] or 0, other["oldest_queued_s"] or 0)
    waiting = state["queued"] + other["queued"]
    if oldest > _OLD_S:
        told = f"{waiting} jobs wait, the oldest for {oldest // 60} minutes."
        return Check("jobs", FAIL, told, "Is a worker running? Its log says what it does.")
    if waiting > _DEEP:
        return Check("jobs", WARN, f"{waiting} jobs wait.", "Start another worker, or set WORKERS higher.")
    if other["failed_today"]:
        told = f"{other['failed_today']} background jobs failed in the last day."
        return Check("jobs", WARN, told, "The worker's log has their reasons; look for work=.")
    return Check("jobs", OK, f"{state['running'] + other['running']} run, {waiting} wait.")


def time_of_day(config: Config) -> Check:
    """Whether our clock is Redis's: tokens, leases and schedules depend on it."""
    try:
        seconds, micro = tasks.redis_client(config).time()
    except redis.RedisError:
        return Check(
            "clock", WARN, "The clock has nothing to be compared with while Redis is away.", "See to Redis first."
        )
    apart = abs(time.time() - (seconds + micro / 1e6))
    if apart > 5:
        told = f"This host's clock and Redis's are {apart:.0f} s apart."
        return Check("clock", FAIL, told, "Let both take their time from NTP (systemd-timesyncd or chrony).")
    return Check("clock", OK, "The clocks agree.")


def backup(config: Config) -> Check:
    """When the last one was made."""
    from jobs import backups

    _opened(config)
    told = backups.last()
    remedy = "Set BACKUP_URL for one every night, or run ./prosaas backup FILE."
    if told is None:
        verdict = FAIL if config.backup_url else WARN
        return Check("backup", verdict, "No backup was ever made here.", remedy)
    hours = backups.age_hours(told)
    text = f"The last one was made {_ago(hours)}, with {told['blobs']} documents."
    if config.backup_url and hours > _STALE.total_seconds() / 3600:
        return Check("backup", FAIL, text, "The nightly one fails; look for kind=backup in the worker's log.")
    if hours > 24 * 7:
        return Check("backup", WARN, text, remedy)
    return Check("backup", OK, text)


def certificate(root: Path) -> Check:
    """When nginx's certificate ends."""
    path = root / "certs" / "fullchain.pem"
    if not path.exists():
        return Check("certificate", OK, "No certificate in certs/; nginx does not stand in front from here.")
    try:
        from cryptography import x509

        end: datetime = x509.load_pem_x509_certificates(path.read_bytes())[0].not_valid_after_utc
    except (OSError, ValueError, ssl.SSLError, IndexError):
        return Check(
            "certificate", FAIL, "certs/fullchain.pem cannot be read.", "Link the certificate again (running.md)."
        )
    left = end - clock.now()
    if left < timedelta():
        return Check("certificate", FAIL, f"The certificate ended on {end:%Y-%m-%d}.", "Renew it and reload nginx.")
    if left < _SOON:
        return Check(
            "certificate", WARN, f"The certificate ends on {end:%Y-%m-%d}.", "Its renewal does not work; see to it."
        )
    return Check("certificate", OK, f"The certificate is good until {end:%Y-%m-%d}.")


def _opened(config: Config) -> None:
    from store import schema

    schema.look(config)


def _some(ids: list[int]) -> str:
    return ", ".join(map(str, ids[:5])) + (" …" if len(ids) > 5 else "")


def _ago(hours: float) -> str:
    return f"{hours:.0f} hours ago" if hours < 48 else f"{hours / 24:.0f} days ago"
