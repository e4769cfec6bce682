"""The oracle's word on one mail: what the stand-in knows of it, against what its row in the ledger says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from demo.standin.client import Client
from models import Mail
from sources.ports import SET_ASIDE
from store import ledger

REASONS = {code for code, _ in ledger.LEFT_ALONE.values()}


class Account:
    """The stand-in's control client for one account, as a Storm wants it."""

    def __init__(self, client: Client, address: str) -> None:
        self._client, self.address = client, address

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._client, name)
        if name == "fault":
            return method
        return lambda *args, **named: method(*args, account=self.address, **named)


def fault_of(row: Mail, truth: dict[str, Any] | None) -> str:
    """What is wrong with a mail's row, in words; empty where all is well."""
    if not (row.reason_code and row.reason_text):
        return "no reason"
    if row.outcome in {"waiting", "failed"}:
        return f"{row.outcome}: {row.reason_code}"
    if truth is None:
        return "" if row.deleted_at_source else "deleted at the source, and the ledger does not say so"
    if row.deleted_at_source:
        return "called deleted, but it is there"
    aside = SET_ASIDE & set(truth["labels"])
    if aside != SET_ASIDE & set(row.labels):
        return f"labels {row.labels} for {truth['labels']}"
    if row.raw_sha256 is not None:
        if row.raw_sha256 != truth["sha256"]:
            return "other bytes"
        return "" if row.outcome in {"receipt", "not_receipt", "duplicate"} or aside else f"read, yet {row.outcome}"
    if not aside:
        return f"never fetched: {row.outcome} {row.reason_code}"
    return "" if row.outcome == "skipped" and row.reason_code in REASONS else f"{row.outcome} {row.reason_code}"
