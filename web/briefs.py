"""Rows as the API writes them: receipts short and whole, runs, mails, mailboxes."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import clock
import money
from models import Business, Mailbox, SyncRun
from store import mailboxes, rates, runs
from store.receipts import NAMES
from store.sql import loaded

_DETAILS = ("vendor_tax_id", "payment_method", "card_last4", "billed_to", "allocation_number")
_EPOCH = date(1970, 1, 1)
_MINUTES = [f"T{minute // 60:02d}:{minute % 60:02d}:" for minute in range(24 * 60)]


def amount(minor: int | None, currency: str | None) -> dict[str, object] | None:
    """Minor units as the API's money; None stays None."""
    if minor is None:
        return None
    decimals = money.exponent(currency)
    if decimals == 2 and minor >= 0:
        return {"minor": minor, "currency": currency, "text": f"{minor // 100}.{minor % 100:02d}"}
    if decimals == 0:
        return {"minor": minor, "currency": currency, "text": str(minor)}
    # By whole numbers, for a list has hundreds of them: a Decimal costs five times as much.
    major, rest = divmod(abs(minor), 10**decimals)
    return {"minor": minor, "currency": currency, "text": f"{'-' if minor < 0 else ''}{major}.{rest:0{decimals}d}"}


def when(value: int | None) -> str | None:
    """A raw column of time (milliseconds since 1970) as ISO 8601, as clock.iso writes it."""
    if value is None:
        return None
    days, rest = divmod(value, 86_400_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{_day(days)}{_MINUTES[minutes]}{rest // 1000:02d}.{rest % 1000:03d}Z"


@functools.lru_cache(maxsize=4096)
def _day(days: int) -> str:
    return (_EPOCH + timedelta(days=days)).isoformat()


def _list(value: Any) -> Any:
    """A JSON column that is an empty list more often than not."""
    return [] if value == "[]" else loaded(value)


def receipt(row: dict[str, Any], base_currency: str) -> dict[str, Any]:
    """A row of store.receipts as a list shows it."""
    return plain_receipt([row[name] for name in NAMES], base_currency)


def plain_receipt(values: Sequence[Any], base_currency: str) -> dict[str, Any]:
    """The same from the row's values alone, in the order of store.receipts.NAMES.

    Name by name: a list has hundreds of them, and loops over the names cost half as much again.
    """
    (
        id_, version, status, kind, vendor, _tax_id, number, day, due, currency, total_minor, payable, net, tax,
        category, note, source, mailbox_id, received, created, updated, approved, exported, deleted, flags, hand_set,
        waiting, duplicate_of, document, filename, media_type, pages, size, *_rest,
    ) = values  # fmt: skip
    total, made = amount(total_minor, currency), when(created)
    # No rate, no guess: without one, only what is in the base currency already has a value there.
    base_total, base_rate = _in_base(total_minor, currency, day, base_currency, total)
    return {
        "id": id_,
        "version": version,
        "status": status,
        "kind": kind,
        "vendor": vendor,
        "number": number,
        "currency": currency,
        "category": category,
        "note": note,
        "source": source,
        "mailbox_id": mailbox_id,
        "total": total,
        "payable": amount(payable, currency),
        "net": amount(net, currency),
        "tax_total": amount(tax, currency),
        "base_total": base_total,
        "base_rate": base_rate,
        "date": None if day is None else str(day),
        "due_date": None if due is None else str(due),
        "received_at": when(received),
        "created_at": made,
        "updated_at": made if updated == created else when(updated),
        "approved_at": when(approved),
        "exported_at": when(exported),
        "deleted_at": when(deleted),
        "flags": _list(flags),
        "hand_set": _list(hand_set),
        "waiting_for_document": bool(waiting),
        "duplicate_of": duplicate_of,
        "document": None
        if document is None
        else {"id": document, "filename": filename, "media_type": media_type, "pages": pages, "size": size},
    }


def whole_receipt(row: dict[str, Any], base_currency: str) -> dict[str, Any]:
    """A row of store.receipts.detail with its evidence, lines, documents and mail."""
    detail = receipt(row, base_currency)
    currency = row["currency"]
    detail |= {name: row[name] for name in _DETAILS}
    for name in ("tip", "discount"):
        detail[name] = amount(row[f"{name}_minor"], currency)
    detail["tax"] = [
        {
            "rate": line["rate"],
            "base": amount(line["base_minor"], currency),
            "amount": amount(line["amount_minor"], currency),
        }
        for line in row["tax"]
    ]
    detail["items"] = [
        {
            "description": line["description"],
            "quantity": line["quantity"],
            "amount": amount(line["amount_minor"], currency),
        }
        for line in row["items"]
    ]
    detail["fields"] = {name: _field(evidence) for name, evidence in row["fields"].items()}
    detail["documents"] = [
        {name: document[name] for name in ("id", "filename", "media_type", "pages", "size", "part")}
        for document in row["documents"]
    ]
    detail["kin"] = [{"id": id_, "merged": deleted_at is not None} for id_, deleted_at in row["kin"]]
    found = row["mail"]
    detail["mail"] = found and {
        "id": found["id"],
        "subject": found["subject"],
        "from": sender(found["from_name"], found["from_address"]),
        "received_at": when(found["received_at"]),
        "outcome": found["outcome"],
        "reasons": loaded(found["reasons"]),
    }
    return detail


def _in_base(
    minor: int | None, currency: str | None, day: date | str | None, base: str, total: dict[str, object] | None
) -> tuple[dict[str, object] | None, dict[str, str] | None]:
    """The total in the base currency at the rate of the document's day, and that rate with its day."""
    if minor is None or currency is None or currency == base:
        return (total if currency == base else None), None
    found = rates.convert(minor, currency, base, date.fromisoformat(day) if isinstance(day, str) else day)
    if found is None:
        return None, None
    return amount(found.minor, base), {"rate": f"{found.rate:f}", "day": found.day.isoformat()}


def _field(evidence: dict[str, Any]) -> dict[str, Any]:
    """A field's evidence; each candidate's `text` is the line that says so."""
    candidates = [{**one, "text": one.get("quote") or one.get("why")} for one in evidence.get("candidates", ())]
    return {**evidence, "candidates": candidates}


def sender(name: str, address: str) -> str:
    """Who a mail is from, as a mail program shows it."""
    return f"{name} <{address}>" if name and address else name or address


def run(row: SyncRun, *, new: list[dict[str, Any]], seq: int) -> dict[str, Any]:
    """A sync run with its progress, and the briefs of receipts it made beyond the asker's `after`."""
    return {
        "id": row.id,
        "mode": row.mode,
        "status": row.status,
        "from_date": None if row.from_date is None else str(row.from_date),
        "to_date": None if row.to_date is None else str(row.to_date),
        "requested_by": row.requested_by,
        "created_at": clock.iso(row.created_at),
        "started_at": clock.iso(row.started_at),
        "finished_at": clock.iso(row.finished_at),
        "heartbeat_at": clock.iso(row.heartbeat_at),
        "error": _note(row.error_code, row.error_text),
        "counters": {
            name: getattr(row, name) for name in ("found", "fetched", "receipts", "skipped", "failed", "left")
        },
        **runs.progress(row),
        "seq": seq,
        "new": new,
    }


def _note(code: str | None, text: str | None) -> dict[str, str | None] | None:
    return None if code is None else {"code": code, "text": text}


def mail(row: dict[str, Any]) -> dict[str, Any]:
    """A row of store.mail."""
    return {
        "id": row["id"],
        "mailbox_id": row["mailbox_id"],
        "from": sender(row["from_name"], row["from_address"]),
        "subject": row["subject"],
        "received_at": when(row["received_at"]),
        "first_seen_at": when(row["first_seen_at"]),
        "read_at": when(row["read_at"]),
        "deleted_at_source": when(row["deleted_at_source"]),
        "outcome": row["outcome"],
        "reason": {"code": row["reason_code"], "text": row["reason_text"]},
        "reasons": loaded(row["reasons"]),
        "labels": loaded(row["labels"]),
        "receipts": row["receipts"],
        "documents": row["documents"],
        "size": row["size"],
        "tries": row["tries"],
        "next_try_at": when(row["next_try_at"]),
    }


def mailbox(row: Mailbox) -> dict[str, Any]:
    """A mailbox with what is wrong with it, if anything."""
    return {
        "id": row.id,
        "kind": row.kind,
        "address": row.address,
        "status": row.status,
        "error": _note(row.error_code, row.error_text),
        "connected_at": clock.iso(row.connected_at),
        "last_sync_at": clock.iso(row.last_sync_at),
        "token_expires_at": clock.iso(row.token_expires_at),
        "warning": _warning(row),
    }


def _warning(row: Mailbox) -> dict[str, str | None] | None:
    """What will soon be wrong with a mailbox."""
    left = mailboxes.ends_soon(row)
    if left is None:
        return None
    hours = int(left.total_seconds() // 3600)
    when_ = f"in {hours} hours" if hours > 1 else "within the hour" if hours < 1 else "in an hour"
    return _note(
        "token_ends_soon",
        f"Google ends this permission by itself {when_}, as it does while the Google client is in Testing. Publish the "
        "client, then connect the mailbox once more.",
    )


def business(row: Business) -> dict[str, Any]:
    """A business's own settings."""
    names = ("slug", "name", "country", "time_zone", "base_currency", "language", "keep_mail_days")
    return {**{name: getattr(row, name) for name in names}, "created_at": clock.iso(row.created_at)}
