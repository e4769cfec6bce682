"""Vendors as receipts name them: sums per currency, what they are known by, renamed and merged with undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from errors import Tellable
from models import write
from store import receipt_edits, receipt_writes, rules, sql
from store.receipt_filter import Filter, where

MOST = 10_000


@dataclass
class Vendor:
    """One vendor: how many receipts, since when and until when, and (currency, count, total) of each currency."""

    name: str
    count: int = 0
    first: str | None = None
    last: str | None = None
    category: str | None = None
    sums: list[tuple[str | None, int, int]] = field(default_factory=list)


def listing(business_id: int, text: str, limit: int) -> list[Vendor]:
    """Vendors seen in receipts, the most used first; duplicates, rejected ones and no receipts are not counted."""
    condition, params = where(business_id, Filter(vendor=text or None, statuses=("to_review", "ready", "approved")))
    return _vendors(condition, params, limit)


def one(business_id: int, name: str) -> Vendor:
    """The vendor of exactly this name; without a receipt where there is none."""
    condition, params = where(business_id, Filter(statuses=("to_review", "ready", "approved")))
    return next(iter(_vendors(f"{condition} and r.vendor = ?", [*params, name], 1)), Vendor(name))


def _vendors(condition: str, params: Sequence[object], limit: int) -> list[Vendor]:
    condition += " and r.vendor is not null and r.duplicate_of_id is null"
    names = sql.fetch(
        "select r.vendor, count(*), min(r.date), max(r.date), max(r.id) from receipt r "
        f"where {condition} group by r.vendor order by count(*) desc, r.vendor limit ?",
        [*params, limit],
    )
    found = {
        name: Vendor(name, count, _text(first), _text(last)) for name, count, first, last, _ in names
    }  # fmt: skip
    if not found:
        return []
    sums = sql.fetch(
        "select r.vendor, r.currency, count(*), coalesce(sum(r.total_minor), 0) from receipt r "
        f"where {condition} and r.vendor in ({sql.marks(list(found))}) group by r.vendor, r.currency order by 3 desc",
        [*params, *found],
    )
    for name, currency, count, total in sums:
        found[name].sums.append((currency, count, int(total)))
    newest = dict(sql.fetch(f"select id, category from receipt where id in ({sql.ids(row[4] for row in names)})"))
    for name, *_, id_ in names:
        found[name].category = newest.get(id_)
    return list(found.values())


def _text(day: Any) -> str | None:
    return None if day is None else str(day)


def newest(business_id: int, name: str) -> int | None:
    """The id of a vendor's newest receipt, None where it has none."""
    row = sql.one(
        "select max(id) from receipt where business_id = ? and vendor = ? and deleted_at is null", [business_id, name]
    )
    return row[0] if row else None


def known_by(business_id: int, name: str) -> dict[str, list[str]]:
    """The tax ids and sender domains that stand on a vendor's receipts, the most frequent first."""
    numbers = sql.fetch(
        "select vendor_tax_id from receipt where business_id = ? and vendor = ? and vendor_tax_id is not null "
        "and deleted_at is null group by 1 order by count(*) desc limit 5",
        [business_id, name],
    )
    senders = sql.fetch(
        "select m.from_address from receipt r join mail m on m.id = r.mail_id where r.business_id = ? and r.vendor = ? "
        "and m.from_address <> '' and r.deleted_at is null group by 1 order by count(*) desc limit 5",
        [business_id, name],
    )
    return {"tax_ids": [number for (number,) in numbers], "senders": [address for (address,) in senders]}


def rename(business_id: int, names: Sequence[str], to: str, by: str) -> tuple[int, str]:
    """Give the receipts of these vendors one name, and later ones that print the old names too.

    How many receipts changed, and the token that undoes it, the rules with it. Tellable `bad_name`, `too_many`.
    """
    to = " ".join(to.split())
    old = [name for name in dict.fromkeys(names) if name != to]
    if not to or not old:
        raise Tellable("bad_name", "Say which vendors, and the name that they are to have from now on.")
    found = sql.fetch(
        f"select id from receipt where business_id = ? and vendor in ({sql.marks(old)}) limit ?",
        [business_id, *old, MOST + 1],
    )
    if len(found) > MOST:
        raise Tellable("too_many", f"More than {MOST} receipts at once.")
    with write():
        trace = [step for name in old for step in rules.by_name(business_id, name, to, by)]
    return receipt_writes.each(
        business_id,
        [id_ for (id_,) in found],
        lambda row: receipt_edits.changes(row, {"vendor": to}),
        {"rules": trace},
    )
