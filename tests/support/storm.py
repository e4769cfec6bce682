"""Random life in a stand-in's mailbox: mail comes, moves and goes, and passing faults strike."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from demo.standin import Client
from tests.support.standin import mail

# Faults that pass by themselves: whoever tries again gets through.
PASSING: tuple[dict[str, Any], ...] = (
    {"kind": "concurrent_429"},
    {"kind": "burst_429"},
    {"kind": "quota_403"},
    {"kind": "user_rate_403"},
    {"kind": "error_500"},
    {"kind": "error_502"},
    {"kind": "error_503"},
    {"kind": "unauthorized"},
    {"kind": "reset"},
    {"kind": "reset", "after_bytes": 300},
    {"kind": "cut", "framing": "content-length"},
    {"kind": "cut", "framing": "chunked"},
    {"kind": "cut", "framing": "gzip"},
    {"kind": "cut", "framing": "close"},
    {"kind": "empty"},
    {"kind": "garbage"},
    {"kind": "empty_raw"},
    {"kind": "token_503"},
    {"kind": "history_empty_page"},
    {"kind": "history_404"},
    {"kind": "list_duplicate"},
    {"kind": "list_overlap"},
    {"kind": "list_missing"},
    {"kind": "list_empty_page"},
    {"kind": "page_token_rejected"},
    {"kind": "vanish"},
    {"kind": "label_change"},
    {"kind": "batch_shuffle"},
    {"kind": "batch_drop_part"},
    {"kind": "batch_fail_parts"},
)


class Storm:
    """What one seed does to a mailbox; `document(n)` makes the n-th mail (its default: a short text)."""

    def __init__(self, client: Client, seed: int, document: Callable[[int], bytes] | None = None) -> None:
        self.client = client
        self.random = Random(seed)
        self.document = document or (lambda n: mail(f"Mail {n}", message_id=f"<{n}@storm.example>"))
        self.made = 0
        self.drafts: list[str] = []
        self._doings: list[tuple[Callable[[], None], int]] = [
            (self.deliver, 10),
            (self.deliver_elsewhere, 2),
            (self.delete, 2),
            (self.trash, 2),
            (self.untrash, 1),
            (self.spam, 1),
            (self.unspam, 1),
            (self.relabel, 3),
            (self.draft, 1),
        ]

    def blow(self, steps: int = 1) -> None:
        """So many random changes."""
        doings, weights = zip(*self._doings, strict=True)
        for doing in self.random.choices(doings, weights, k=steps):
            doing()

    def strike(self, count: int = 1) -> None:
        """So many passing faults, each to fire once or twice at one of the next calls it fits."""
        for _ in range(count):
            rule = dict(self.random.choice(PASSING))
            self.client.fault(**rule, times=self.random.randint(1, 2), probability=0.5)

    def deliver(self) -> None:
        """A mail into the inbox."""
        self._deliver(["INBOX", "UNREAD"])

    def deliver_elsewhere(self) -> None:
        """A mail that is no incoming one, or none that is wanted."""
        self._deliver([self.random.choice(["SPAM", "SENT", "TRASH", "CHAT"])])

    def delete(self) -> None:
        """A mail is gone for good."""
        self._with(self.client.delete)

    def trash(self) -> None:
        """A mail goes to the trash."""
        self._with(self.client.trash)

    def untrash(self) -> None:
        """A mail comes back."""
        self._with(self.client.untrash, "TRASH")

    def spam(self) -> None:
        """A mail is called spam."""
        self._with(self.client.spam)

    def unspam(self) -> None:
        """A mail is none after all."""
        self._with(lambda one: self.client.spam(one, spam=False), "SPAM")

    def relabel(self) -> None:
        """Labels that do not matter change."""
        label = self.random.choice(["STARRED", "UNREAD", "IMPORTANT", "Bills"])
        if self.random.random() < 0.5:
            self._with(lambda one: self.client.set_labels(one, add=[label]))
        else:
            self._with(lambda one: self.client.set_labels(one, remove=[label]))

    def draft(self) -> None:
        """A draft is begun, or saved again under a new id."""
        again = self.random.choice(self.drafts) if self.drafts and self.random.random() < 0.7 else None
        self.made += 1
        draft, _ = self.client.save_draft(self.document(self.made), again)
        if again is None:
            self.drafts.append(draft)

    def _deliver(self, labels: list[str]) -> None:
        self.made += 1
        self.client.deliver(self.document(self.made), labels=labels)

    def _with(self, doing: Callable[[str], object], label: str = "") -> None:
        """Do it to a random message that is no draft, holding the label if one is named."""
        found = [
            told["id"]
            for told in self.client.messages()
            if "DRAFT" not in told["labels"] and (not label or label in told["labels"])
        ]
        if found:
            doing(self.random.choice(sorted(found)))
