"""The stand-in's whole state: accounts with their mailboxes, grants, limits, faults and the journal."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from demo.standin.call import Habits
from demo.standin.clock import Clock
from demo.standin.faults import Faults
from demo.standin.journal import Journal
from demo.standin.mailbox import Mailbox
from demo.standin.messages import FileRaw, Raw
from demo.standin.oauth import OAuth, Terms
from demo.standin.opaque import Sealer
from demo.standin.quota import Limits, Quota
from demo.standin.synthetic import synthetic_mail
from errors import Tellable

DEFAULT_ACCOUNT = "me@example.com"
INBOX = frozenset({"INBOX"})
_LABELS_FILE = "labels.json"


@dataclass
class Options:
    """What a stand-in starts with."""

    accounts: dict[str, Path | None] = field(default_factory=lambda: {DEFAULT_ACCOUNT: None})  # address -> folder
    quota: str = "standard"
    seed: int = 1
    shuffle_s: float = 6 * 3600.0
    synthetic: int = 0
    synthetic_kind: str = "text"
    state: Path | None = None
    terms: Terms = field(default_factory=Terms)
    habits: Habits = field(default_factory=Habits)


class World:
    """Everything a request may touch."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock = Clock()
        self.random = Random(options.seed)
        self.faults = Faults(options.seed)
        self.quota = Quota(Limits.of(options.quota))
        self.oauth = OAuth(self.clock, options.terms)
        self.journal = Journal()
        self.habits = options.habits
        self.seal = Sealer(secrets.token_bytes(32))
        self.mailboxes: dict[str, Mailbox] = {}
        self.saved_version: tuple[object, ...] | None = None

    def fill(self) -> None:
        """Seed every account from its folder and the made-up mail."""
        for address, folder in self.options.accounts.items():
            self.add_account(address, folder)

    def add_account(self, address: str, folder: Path | None) -> Mailbox:
        """An account with the mail of a folder; Tellable when the folder is none."""
        random = Random(f"{self.options.seed}:{address}")
        mailbox = Mailbox(address, self.clock, random, shuffle_s=self.options.shuffle_s)
        mailbox.seed(mail_of(mailbox, folder))
        if self.options.synthetic:
            mailbox.seed(synthetic_mail(self.options.synthetic, self.options.synthetic_kind, self.clock.now_ms()))
        self.mailboxes[address] = mailbox
        self.settle()
        return mailbox

    def settle(self) -> None:
        """Hand the habits on to the mailboxes."""
        for mailbox in self.mailboxes.values():
            mailbox.index_lag_s = self.habits.index_lag_s
            mailbox.history_lag_s = self.habits.history_lag_s
            mailbox.retention_s = self.habits.history_retention_s

    def delay(self) -> None:
        """The way to Google and back takes its time."""
        wait = self.habits.latency_s + self.habits.latency_jitter_s * self.random.random()
        if wait > 0:
            time.sleep(wait)


def mail_of(mailbox: Mailbox, folder: Path | None) -> Iterator[tuple[Raw, int | None, frozenset[str]]]:
    """The .eml files of a folder, sorted by name, with what its labels.json says of them."""
    if folder is None:
        return
    if not folder.is_dir():
        raise Tellable("standin_no_folder", f"{folder} is not a folder; give one with .eml files.")
    known = _labels_file(folder)
    for path in sorted(folder.glob("*.eml")):
        if not path.stat().st_size:
            continue  # Gmail holds no message without a byte
        said = known.get(path.name, {})
        labels = said.get("labels")
        names = INBOX if labels is None else frozenset(mailbox.label_id(str(label)) for label in labels)
        moment = said.get("internal_date_ms", said.get("internalDate"))
        yield FileRaw(path), None if moment is None else int(moment), names


def _labels_file(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / _LABELS_FILE
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise Tellable("standin_bad_labels", f"{path} is not JSON: {error}.") from error
    if not isinstance(known, dict) or not all(isinstance(value, dict) for value in known.values()):
        raise Tellable("standin_bad_labels", f"{path} must map each file's name to an object.")
    return known
