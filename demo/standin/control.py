"""The control API under /_sim: what a test does to the mailbox, to permissions, limits and faults."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.standin.api import rendered
from demo.standin.call import Answer, Json, Request
from demo.standin.faults import KINDS
from demo.standin.mailbox import Mailbox
from demo.standin.messages import BytesRaw, Message
from demo.standin.oauth import REASONS, ServiceAccount
from demo.standin.refusals import Refusal
from errors import Tellable

if TYPE_CHECKING:
    from demo.standin.world import World

_ARRIVES_WITH = ("INBOX", "UNREAD")


class Control:
    """Answers what comes in under /_sim; bodies and answers are JSON objects."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._routes: dict[tuple[str, str], Callable[[Json], Json]] = {
            ("GET", ""): self.overview,
            ("GET", "messages"): self.messages,
            ("POST", "deliver"): self.deliver,
            ("POST", "delete"): self.delete,
            ("POST", "trash"): self.trash,
            ("POST", "untrash"): self.untrash,
            ("POST", "spam"): self.spam,
            ("POST", "labels"): self.labels,
            ("POST", "draft"): self.draft,
            ("POST", "accounts"): self.accounts,
            ("POST", "revoke"): self.revoke,
            ("POST", "expire-access"): self.expire_access,
            ("POST", "expire-history"): self.expire_history,
            ("POST", "history-back"): self.history_back,
            ("POST", "service-account"): self.service_account,
            ("POST", "client"): self.client,
            ("GET", "quota"): self.quota,
            ("POST", "quota"): self.set_quota,
            ("POST", "eat"): self.eat,
            ("GET", "faults"): self.faults,
            ("POST", "faults"): self.add_fault,
            ("DELETE", "faults"): self.clear_faults,
            ("GET", "habits"): self.habits,
            ("POST", "habits"): self.set_habits,
            ("GET", "journal"): self.journal,
            ("DELETE", "journal"): self.clear_journal,
            ("GET", "stats"): self.stats,
            ("POST", "reset-stats"): self.reset_stats,
            ("GET", "clock"): self.clock,
            ("POST", "clock"): self.set_clock,
        }

    def answer(self, request: Request) -> Answer:
        """One control request."""
        name = request.path.removeprefix("/_sim").strip("/")
        route = self._routes.get((request.verb, name))
        if route is None:
            return _plain(404, {"error": f"There is no {request.verb} /_sim/{name}."})
        try:
            values: Json = {key: value[-1] for key, value in request.query.items()}
            if request.headers.get("content-type", "").startswith("message/rfc822"):
                values["raw"] = request.body
            elif request.body:
                values |= json.loads(request.body)
            return _plain(200, route(values))
        except (KeyError, ValueError, TypeError, Tellable) as error:
            said = f"{error.args[0]} is missing." if isinstance(error, KeyError) else str(error)
            return _plain(400, {"error": said})
        except Refusal as refused:
            return _plain(refused.status, {"error": str(refused.body)})

    # -- mail

    def overview(self, _: Json) -> Json:
        """Accounts, clock, limits."""
        return {
            "accounts": {
                address: {"messages": len(box.messages), "history_id": str(box.history_id)}
                for address, box in self.world.mailboxes.items()
            },
            "clock": self.world.clock.now(),
            "limits": asdict(self.world.quota.limits),
        }

    def messages(self, values: Json) -> Json:
        """What the mailbox truly holds; with `hash=1` each message's SHA-256."""
        box = self._box(values)
        with box.lock:
            held = list(box.messages.values())
        hashed = str(values.get("hash", "")) in {"1", "true", "True"}
        return {"messages": [_told(message) | (_hash(message) if hashed else {}) for message in held]}

    def deliver(self, values: Json) -> Json:
        """A mail arrives: `raw` (base64, or the body as message/rfc822), `labels`, `internal_date_ms`, `thread_id`."""
        box = self._box(values)
        raw = values["raw"] if isinstance(values["raw"], bytes) else base64.b64decode(values["raw"])
        labels = values.get("labels", _ARRIVES_WITH)
        names = labels.split(",") if isinstance(labels, str) else labels
        moment, thread = values.get("internal_date_ms"), values.get("thread_id")
        message = box.deliver(
            BytesRaw(raw),
            [box.label_id(str(name)) for name in names if name],
            None if moment is None else int(moment),
            None if thread is None else int(thread, 16),
        )
        return _told(message) | {"history_id": str(box.history_id)}

    def delete(self, values: Json) -> Json:
        """A mail is gone for good."""
        box, message = self._message(values)
        box.delete(message)
        return {"history_id": str(box.history_id)}

    def trash(self, values: Json) -> Json:
        """A mail goes to the trash."""
        box, message = self._message(values)
        box.trash(message)
        return _told(message)

    def untrash(self, values: Json) -> Json:
        """A mail comes out of the trash, into the inbox."""
        box, message = self._message(values)
        box.untrash(message)
        box.relabel(message, add={"INBOX"})
        return _told(message)

    def spam(self, values: Json) -> Json:
        """A mail is marked as spam, or with `spam: false` as none."""
        box, message = self._message(values)
        if values.get("spam", True):
            box.spam(message)
        else:
            box.relabel(message, add={"INBOX"}, remove={"SPAM"})
        return _told(message)

    def labels(self, values: Json) -> Json:
        """Labels change: `add`, `remove`, or `set` for the whole list; names of user labels are made as needed."""
        box, message = self._message(values)
        if "set" in values:
            wanted = {box.label_id(name) for name in values["set"]}
            box.relabel(message, wanted - message.labels, message.labels - wanted)
        else:
            add, remove = values.get("add", ()), values.get("remove", ())
            box.relabel(message, map(box.label_id, add), map(box.label_id, remove))
        return _told(message)

    def draft(self, values: Json) -> Json:
        """A draft is saved; with `draft_id` again, which gives its message a new id."""
        box = self._box(values)
        draft_id, message = box.save_draft(BytesRaw(base64.b64decode(values["raw"])), values.get("draft_id"))
        return _told(message) | {"draft_id": draft_id}

    def accounts(self, values: Json) -> Json:
        """Another account, with the mail of a folder on this machine if `folder` is given."""
        folder = values.get("folder")
        box = self.world.add_account(str(values["email"]), Path(folder) if folder else None)
        return {"email": box.address, "messages": len(box.messages)}

    # -- permissions

    def revoke(self, values: Json) -> Json:
        """Permission ends: `reason` is revoked, expired (seven days), password or admin; `account` or everybody's."""
        reason = values.get("reason", "revoked")
        if reason not in REASONS:
            raise ValueError(f"reason must be one of {', '.join(REASONS)}.")
        return {"ended": self.world.oauth.kill(values.get("account"), reason)}

    def expire_access(self, values: Json) -> Json:
        """Access tokens are over at once; refresh tokens go on."""
        return {"ended": self.world.oauth.expire_access(values.get("account"))}

    def expire_history(self, values: Json) -> Json:
        """Every history id known up to now is too old."""
        box = self._box(values)
        box.forget_history()
        return {"history_id": str(box.history_id)}

    def history_back(self, values: Json) -> Json:
        """The mailbox's history counter goes back by `by`."""
        box = self._box(values)
        box.turn_history_back(int(values.get("by", 1000)))
        return {"history_id": str(box.history_id)}

    def service_account(self, values: Json) -> Json:
        """A service account with domain-wide delegation: `email`, `public_key` (PEM), `scopes`."""
        made = ServiceAccount(values["email"], values["public_key"], tuple(values["scopes"]))
        self.world.oauth.service_accounts[made.email] = made
        return {"email": made.email}

    def client(self, values: Json) -> Json:
        """The Google client: `clients`, `redirect_uris`, `access_s`, `refresh_token_expires_in`."""
        terms = self.world.oauth.terms
        for name, value in values.items():
            if not hasattr(terms, name):
                raise ValueError(f"A client has no setting called {name}.")
            setattr(terms, name, tuple(value) if name == "redirect_uris" else value)
        return asdict(terms)

    # -- limits and faults

    def quota(self, _: Json) -> Json:
        """The limits in force."""
        return asdict(self.world.quota.limits)

    def set_quota(self, values: Json) -> Json:
        """Change limits: `mode`, `units`, `project_units`, `window_s`, `concurrency`, `bytes_per_day`."""
        unknown = set(values) - set(asdict(self.world.quota.limits))
        if unknown or values.get("mode", "off") not in {"standard", "legacy", "off"}:
            raise ValueError(f"Not a limit: {', '.join(sorted(unknown)) or values['mode']}.")
        self.world.quota.limits = self.world.quota.limits.changed(**values)
        return asdict(self.world.quota.limits)

    def eat(self, values: Json) -> Json:
        """Another program on the same mailbox spends `units` now."""
        box = self._box(values)
        self.world.quota.eat(box.address, int(values["units"]), self.world.clock.now())
        return {}

    def faults(self, _: Json) -> Json:
        """The rules in force and the kinds there are."""
        return {"faults": [asdict(rule) for rule in self.world.faults.rules], "kinds": KINDS}

    def add_fault(self, values: Json) -> Json:
        """A new rule."""
        return asdict(self.world.faults.add(values, self.world.clock.now()))

    def clear_faults(self, values: Json) -> Json:
        """Take away one rule (`id`) or all."""
        self.world.faults.clear(int(values["id"]) if "id" in values else None)
        return {}

    def habits(self, _: Json) -> Json:
        """How the stand-in behaves."""
        return asdict(self.world.habits)

    def set_habits(self, values: Json) -> Json:
        """Change habits, such as `latency_s`, `index_lag_s`, `history_lag_s`."""
        for name, value in values.items():
            if not hasattr(self.world.habits, name):
                raise ValueError(f"There is no habit called {name}.")
            setattr(self.world.habits, name, float(value))
        self.world.settle()
        return asdict(self.world.habits)

    # -- what happened

    def journal(self, values: Json) -> Json:
        """The calls: `since` (number), `method`, `limit`."""
        limit = int(values["limit"]) if "limit" in values else None
        return {"entries": self.world.journal.entries(int(values.get("since", 0)), values.get("method", ""), limit)}

    def clear_journal(self, _: Json) -> Json:
        """Forget the calls."""
        self.world.journal.clear()
        return {}

    def stats(self, values: Json) -> Json:
        """Calls per method and status, units, the fullest window, refusals, calls after invalid_grant."""
        world, now = self.world, self.world.clock.now()
        account = values.get("account") or next(iter(world.mailboxes))
        return {
            "calls": dict(world.journal.calls),
            "statuses": {str(status): count for status, count in world.journal.statuses.items()},
            **world.quota.figures(account, now),
            "users": {user: world.quota.figures(user, now) for user in list(world.quota.ours)},
            "limit": world.quota.limits.units,
            "refused": dict(world.quota.refused),
            "calls_after_invalid_grant": world.oauth.calls_after_invalid_grant(),
        }

    def reset_stats(self, _: Json) -> Json:
        """Start counting afresh: journal, units, windows."""
        self.world.journal.clear()
        self.world.quota.reset()
        return {}

    def clock(self, _: Json) -> Json:
        """The stand-in's time in seconds."""
        return {"now": self.world.clock.now(), "offset_s": self.world.clock.offset_s}

    def set_clock(self, values: Json) -> Json:
        """Move the clock: `advance_s`, or `now` in seconds."""
        step = float(values["advance_s"]) if "advance_s" in values else float(values["now"]) - self.world.clock.now()
        self.world.clock.advance(step)
        return {"now": self.world.clock.now(), "offset_s": self.world.clock.offset_s}

    # -- inside

    def _box(self, values: Json) -> Mailbox:
        address = values.get("account") or next(iter(self.world.mailboxes))
        if address not in self.world.mailboxes:
            raise ValueError(f"There is no account {address}.")
        return self.world.mailboxes[address]

    def _message(self, values: Json) -> tuple[Mailbox, Message]:
        box = self._box(values)
        message = box.messages.get(int(str(values["id"]), 16))
        if message is None:
            raise ValueError(f"There is no message {values['id']}.")
        return box, message


def _told(message: Message) -> Json:
    return {
        "id": message.hex,
        "thread_id": message.thread_hex,
        "labels": sorted(message.labels),
        "internal_date_ms": message.received_ms,
        "file": message.raw.name,
    }


def _hash(message: Message) -> Json:
    return {"sha256": hashlib.sha256(message.raw.read()).hexdigest()}


def _plain(status: int, value: Any) -> Answer:
    return Answer(status, rendered(value), {"Content-Type": "application/json"})
