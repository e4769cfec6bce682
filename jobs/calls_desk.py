"""What the calls process stands on: numbers and plans in memory and on disk, and events taken into the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

import models
from blobs import BlobStore
from calls import audio, plan
from calls.plan import Plan
from calls.ports import Account
from calls.spool import Spool
from config import Config
from errors import Tellable, Temporary
from store import calls, contacts, messages, phone, sql, work

log = logging.getLogger("calls")
EVERY_S = 2.0  # between two looks at who has which number
_AWAY: tuple[type[Exception], ...] = (Tellable, *calls.AWAY)
_SNAPSHOT = "plans"
_SOUNDS = 64  # greetings kept in memory


def folder(config: Config) -> Path:
    """Where the calls processes write."""
    return config.data_dir / "calls"


def default_account(config: Config) -> tuple[str, str]:
    """The installation's own Twilio account."""
    return config.twilio_account_sid, config.twilio_auth_token


class Directory:
    """Who has which number, read anew every two seconds and kept on disk for a start without a database."""

    def __init__(self, config: Config, blobs: BlobStore) -> None:
        self._config, self._blobs = config, blobs
        self._default = default_account(config)
        self._path = folder(config) / _SNAPSHOT
        self._plans: dict[str, Plan] = {}
        self._accounts: tuple[Account, ...] = self._accounts_of({})
        self._rows: list[dict[str, Any]] = []
        self._known = False
        self._sounds: dict[str, bytes] = {}
        self._stop = threading.Event()

    @property
    def known(self) -> bool:
        """See ports.Directory."""
        return self._known

    def plan(self, number: str) -> Plan | None:
        """See ports.Directory."""
        return self._plans.get(number)

    def accounts(self) -> Sequence[Account]:
        """See ports.Directory."""
        return self._accounts

    def sound(self, key: str) -> bytes | None:
        """See ports.Directory."""
        found = self._sounds.get(key)
        if found is None:
            try:
                found = self._blobs.get(key)
            except (Tellable, OSError):
                return None
            if len(self._sounds) >= _SOUNDS:
                self._sounds.pop(next(iter(self._sounds)), None)
            self._sounds[key] = found
        return found

    def start(self) -> None:
        """Take what is on disk, then the database's word where it answers, and go on looking."""
        self._from_disk()
        self.look()
        threading.Thread(target=self._run, name="directory", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def look(self) -> bool:
        """Read the numbers and plans from the database; False while it does not answer."""
        try:
            models.ready()
            rows = phone.plans(self._default)
        except _AWAY as error:
            if not sql.is_outage(error):
                models.db.close()
            return False
        if rows != self._rows or not self._known:
            self._take(rows)
            self._to_disk(rows)
        return True

    def _run(self) -> None:
        away = False
        while not self._stop.wait(EVERY_S):
            answered = self.look()
            if answered == away:
                away = not answered
                log.warning("The database does not answer; calls go on" if away else "The database answers again")

    def _take(self, rows: list[dict[str, Any]]) -> None:
        plans = {row["number"]: plan.from_json(row) for row in rows}
        self._rows, self._plans, self._accounts, self._known = rows, plans, self._accounts_of(plans), True

    def _accounts_of(self, plans: Mapping[str, Plan]) -> tuple[Account, ...]:
        own = {self._default[1]: self._default[0]} if self._default[1] else {}
        found = {**own, **{one.auth_token: one.account_sid for one in plans.values() if one.auth_token}}
        return tuple(Account(sid, token) for token, sid in found.items())

    def _to_disk(self, rows: list[dict[str, Any]]) -> None:
        """Encrypted, for it holds the accounts' tokens."""
        part = self._path.with_suffix(".part")
        try:
            part.write_text(models.encrypt(orjson.dumps(rows).decode()))
            part.chmod(0o600)
            part.replace(self._path)
        except (OSError, Tellable) as error:
            log.warning("The numbers could not be kept on disk error=%s", type(error).__name__)

    def _from_disk(self) -> None:
        try:
            self._take(orjson.loads(models.decrypt(self._path.read_text())))
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, Tellable) as error:
            log.warning("The numbers kept on disk cannot be used error=%s", type(error).__name__)


class Clerk:
    """Takes events into the database, each as often as it likes to come."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    def apply(self, event: Mapping[str, Any]) -> None:
        """One event; raises what calls.AWAY names while the database does not answer."""
        models.ready()
        try:
            {"call": self._call, "take": self._take, "recording": self._recording, "message": self._message}[
                event["kind"]
            ](event)
        except calls.AWAY as error:
            if not isinstance(error, Temporary):
                models.db.close()
            raise

    def _call(self, event: Mapping[str, Any]) -> None:
        row = calls.note(event)
        if row is None:
            log.warning("An event of another account than its call was left aside call=%s", event["call_sid"])
            return
        self._match(row)

    def _match(self, row: models.PhoneCall) -> None:
        if row.business_id is not None and row.contact_id is None and row.caller and row.parent_sid is None:
            contact_id = contacts.match_phone(row.business_id, row.caller)
            if contact_id is not None:
                calls.set_contact(row.id, contact_id)

    def _take(self, event: Mapping[str, Any]) -> None:
        path = Path(event["file"])
        try:
            wav = path.read_bytes()
        except FileNotFoundError:
            return  # it was taken before
        mulaw = wav[audio.HEADER : audio.HEADER + int.from_bytes(wav[audio.HEADER - 4 : audio.HEADER], "little")]
        kept = calls.keep_take(
            event,
            sha256=self._blobs.put(wav),
            seconds=len(mulaw) / audio.RATE,
            waveform=audio.waveform(mulaw),
        )
        if kept is not None:
            call, recording = kept
            self._match(call)
            if recording.state in {"whole", "interrupted"}:
                work.ask(calls.COPY, call.business_id, {"recording": recording.id}, unique=str(recording.id))
        path.unlink(missing_ok=True)

    def _recording(self, event: Mapping[str, Any]) -> None:
        found = calls.expect(event)
        if found is not None and found[1]:
            row = found[0]
            args = {"recording": row.id, "account": event.get("account_sid", "")}
            work.ask(calls.FETCH, row.business_id, args, unique=row.sid)

    def _message(self, event: Mapping[str, Any]) -> None:
        row, new = messages.keep(event)
        if row is not None and new:
            work.ask(calls.ANSWER, row.business_id, {"message": row.id}, unique=row.sid, priority="high")


def told(what: str, error: Exception) -> None:
    """What went wrong with an event, for the log; never what it holds."""
    if what == "away":
        log.warning("✗ Database not reachable, an event waits error=%s", type(error).__name__)
    elif what == "not_written":
        log.error("The journal could not be written; the event is kept in memory error=%s", type(error).__name__)
    else:
        log.error("An event could not be taken in", exc_info=error)


def look_after(config: Config, blobs: BlobStore) -> None:
    """Once a minute: what dead processes left, calls whose end nobody told, calls that have found their business."""
    recover(config, blobs)
    calls.end_silent()
    calls.adopt()


def recover(config: Config, blobs: BlobStore) -> int:
    """Take in what calls processes that are gone left behind: how many events."""
    clerk = Clerk(blobs)
    taken = 0
    for spool in Spool.abandoned(folder(config)):
        try:
            taken += spool.drain(clerk.apply, away=calls.AWAY, told=told)
        except calls.AWAY as error:
            told("away", error)
            break
    return taken
