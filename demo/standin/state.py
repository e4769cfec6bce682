"""The stand-in's memory across restarts: one JSON file, written whole and swapped in."""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from demo.standin.mailbox import Mailbox, Record
from demo.standin.messages import BytesRaw, FileRaw, Message, Raw, place
from demo.standin.oauth import Access, Grant, ServiceAccount
from demo.standin.opaque import Sealer
from demo.standin.synthetic import SyntheticRaw
from demo.standin.world import INBOX, World, mail_of
from errors import Tellable

_FORMAT = 1


def save(world: World, path: Path) -> None:
    """Write the state."""
    world.saved_version = _version(world)
    grants = world.oauth.grants
    whole = {
        "format": _FORMAT,
        "offset_s": world.clock.offset_s,
        "key": base64.b64encode(world.seal.key).decode(),
        "grants": [asdict(grant) for grant in grants],
        "access": {
            token: {"grant": grants.index(access.grant), "expires_at": access.expires_at, "scopes": access.scopes}
            for token, access in world.oauth.access.items()
            if access.grant in grants
        },
        "service_accounts": [asdict(account) for account in world.oauth.service_accounts.values()],
        "mailboxes": {address: _box_json(box) for address, box in world.mailboxes.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(whole), encoding="utf-8")
    fresh.replace(path)


def save_if_changed(world: World, path: Path) -> None:
    """Write the state when something changed since it was last written."""
    if _version(world) != world.saved_version:
        save(world, path)


def load(world: World, path: Path) -> bool:
    """Read the state; False when there is none yet. Files that are new in the folders arrive as new mail."""
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        known = whole["format"] == _FORMAT
    except FileNotFoundError:
        return False
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise Tellable("standin_bad_state", f"{path} is not a state of this stand-in; move it away.")
    world.clock.advance(whole["offset_s"])
    world.seal = Sealer(base64.b64decode(whole["key"]))
    world.oauth.grants = [Grant(**{**grant, "scopes": tuple(grant["scopes"])}) for grant in whole["grants"]]
    for token, access in whole["access"].items():
        grant = world.oauth.grants[access["grant"]]
        world.oauth.access[token] = Access(grant, access["expires_at"], tuple(access["scopes"]))
    for account in whole["service_accounts"]:
        made = ServiceAccount(account["email"], account["public_key"], tuple(account["scopes"]))
        world.oauth.service_accounts[made.email] = made
    for address, folder in world.options.accounts.items():
        box = world.add_account(address, None if address in whole["mailboxes"] else folder)
        if address in whole["mailboxes"]:
            _fill(box, whole["mailboxes"][address], folder)
    for address in whole["mailboxes"].keys() - world.options.accounts.keys():
        _fill(world.add_account(address, None), whole["mailboxes"][address], None)
    world.settle()
    return True


def _version(world: World) -> tuple[Any, ...]:
    boxes = tuple((address, box.version) for address, box in world.mailboxes.items())
    dead = sum(bool(grant.dead) for grant in world.oauth.grants)
    return (boxes, len(world.oauth.grants), dead, tuple(world.oauth.access), world.clock.offset_s)


def _box_json(box: Mailbox) -> dict[str, Any]:
    with box.lock:
        return {
            "history_id": box.history_id,
            "history_floor": box.history_floor,
            "labels": box.labels,
            "drafts": box.drafts,
            "records": [asdict(record) for record in box.records],
            "messages": [
                [
                    message.id,
                    message.thread,
                    message.received_ms,
                    sorted(message.labels),
                    message.history,
                    message.born,
                    message.listed_from,
                    _raw_json(message.raw),
                ]
                for message in box.messages.values()
            ],
        }


def _fill(box: Mailbox, saved: dict[str, Any], folder: Path | None) -> None:
    box.messages.clear()
    box.history_id, box.history_floor = saved["history_id"], saved["history_floor"]
    box.labels, box.drafts = dict(saved["labels"]), dict(saved["drafts"])
    box.records = [
        Record(**{**record, "labels": tuple(record["labels"]), "changed": tuple(record["changed"])})
        for record in saved["records"]
    ]
    known = set()
    for ident, thread, received, labels, history, born, listed_from, what in saved["messages"]:
        raw = _raw(what, folder)
        if raw is None:
            continue  # its file is gone
        known.add(raw.name)
        order = place(ident, received, box.shuffle_ms)
        box.messages[ident] = Message(
            ident, thread, received, frozenset(labels), history, raw.size(), raw, born, listed_from, order
        )
    box.order = sorted(box.messages.values(), key=lambda message: message.order)
    box.threads = Counter(message.thread for message in box.messages.values())
    known |= set(saved.get("files", ()))
    for raw, moment, labels in mail_of(box, folder):
        if raw.name not in known:
            box.deliver(raw, labels or INBOX, moment)


def _raw_json(raw: Raw) -> dict[str, Any]:
    if isinstance(raw, FileRaw):
        return {"file": raw.name}
    if isinstance(raw, SyntheticRaw):
        return {"index": raw.index, "kind": raw.kind, "received_ms": raw.received_ms}
    return {"bytes": base64.b64encode(raw.read()).decode()}


def _raw(what: dict[str, Any], folder: Path | None) -> Raw | None:
    if "index" in what:
        return SyntheticRaw(what["index"], what["kind"], what["received_ms"])
    if "bytes" in what:
        return BytesRaw(base64.b64decode(what["bytes"]))
    path = (folder or Path()) / what["file"]
    return FileRaw(path) if folder is not None and path.is_file() else None
