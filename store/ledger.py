"""The ledger's write side: what a page of discovery found, what was fetched, and what became of each mail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import peewee

import clock
from models import Mail, Mailbox, SyncRun, write
from sources.ports import SET_ASIDE, Change, Found
from store import rows, runs, sql

# Mail that is listed but not read, and why, in the words that the ledger shows.
LEFT_ALONE = {
    "SPAM": ("in_spam", "It lies in Gmail's spam folder, so it was not read."),
    "TRASH": ("in_trash", "It lies in Gmail's trash, so it was not read."),
    "DRAFT": ("draft", "It is a draft, not a mail that arrived."),
    "CHAT": ("chat", "It is a chat message, not a mail."),
    "SENT": ("sent", "It was sent from this mailbox, not received."),
}
KNOWN_ELSEWHERE = ("known_elsewhere", "The same mail came from another source before.")
_GMAIL_ID = re.compile(r"[0-9a-f]{15,16}")
_WAITING = ("not_read_yet", "Not read yet.")
FRESH = 5  # priority of mail that has just come, above the back-fill
LIKELY = 1  # priority within the back-fill of what looks like a receipt from outside
_FETCHED = (
    *("raw_sha256", "size", "thread_id", "labels", "received_at", "tries", "next_try_at"),
    *("state", "outcome", "reason_code", "reason_text", "reasons"),
)
_SETTLED = ("outcome", "state", "reason_code", "reason_text", "reasons", "next_try_at", "deleted_at_source")
_PAGE = 200  # rows in one INSERT: well under SQLite's limit of 32,766 variables


@dataclass(frozen=True, slots=True)
class Tally:
    """What a page changed in the ledger: new rows, and how many of them are left alone."""

    new: int = 0
    skipped: int = 0
    reopened: int = 0


def record(
    lease: runs.Lease,
    mailbox: Mailbox,
    found: Sequence[Found],
    *,
    priority: int = 0,
    listing: bool = False,
    **mailbox_changes: object,
) -> Tally:
    """One transaction: the ids of a page into the ledger and the mailbox's mark moved; raises runs.LostLease.

    The mark moves forwards only, but for the end of a full pass (which clears `full_mark`) and where it is forgotten.
    `listing`: the page is of a full pass, whose labels are only those of SET_ASIDE.
    """
    with write():
        runs.hold(lease)
        tally = _insert(
            mailbox, [item for item in found if item.change is not Change.DELETED], priority, listing=listing
        )
        gone = sum(_deleted(mailbox, item.id) for item in found if item.change is Change.DELETED)
        if _behind(mailbox.id, mailbox_changes):
            del mailbox_changes["cursor"], mailbox_changes["marks"]
        if mailbox_changes:
            Mailbox.update(**mailbox_changes).where(Mailbox.id == mailbox.id).execute()
        runs.hold(
            lease,
            found=SyncRun.found + tally.new + tally.reopened,
            skipped=SyncRun.skipped + tally.skipped + gone,
            left=SyncRun.left + tally.new + tally.reopened - tally.skipped - gone,
        )
    return tally


def _behind(mailbox_id: int, changes: dict[str, object]) -> bool:
    """Whether these changes would set a mailbox's mark back: marks are numbers (Gmail) or have no order (IMAP)."""
    new = changes.get("cursor")
    if "full_mark" in changes or not _is_number(new):
        return False
    old = Mailbox.select(Mailbox.cursor).where(Mailbox.id == mailbox_id).scalar()
    return _is_number(old) and int(old) > int(str(new))


def _is_number(mark: object) -> bool:
    return isinstance(mark, str) and mark.isascii() and mark.isdigit()


def _insert(mailbox: Mailbox, found: Sequence[Found], priority: int, *, listing: bool) -> Tally:
    merged: dict[str, Found] = {}
    for item in found:  # a page may name a message twice; labels, once known, stay
        old = merged.get(item.id)
        merged[item.id] = item if old is None or item.labels is not None else old
    ids = list(merged)
    known: dict[str, Mail] = {}
    for start in range(0, len(ids), _PAGE):
        chunk = ids[start : start + _PAGE]
        known.update(
            (row.source_id, row) for row in Mail.select().where(Mail.mailbox == mailbox, Mail.source_id << chunk)
        )
    elsewhere = _elsewhere(mailbox, [id_ for id_ in ids if id_ not in known])
    fresh: list[dict[str, object]] = []
    skipped = reopened = 0
    for item in merged.values():
        row = known.get(item.id)
        if row is None:
            alone = _alone(item.labels)
            outcome = "skipped" if alone else "waiting"
            code, text = alone or _WAITING
            if alone is None and item.id in elsewhere:
                outcome, (code, text) = "duplicate", KNOWN_ELSEWHERE
            skipped += outcome != "waiting"
            fresh.append(
                {
                    "business": mailbox.business_id,
                    "mailbox": mailbox.id,
                    "source_id": item.id,
                    "thread_id": item.thread_id,
                    "labels": sorted(item.labels or ()),
                    "priority": priority,
                    "outcome": outcome,
                    "state": "discovered" if outcome == "waiting" else "done",
                    "reason_code": code,
                    "reason_text": text,
                }
            )
        elif item.labels is not None:
            labels = (set(row.labels) - SET_ASIDE) | item.labels if listing else item.labels
            if sorted(labels) != row.labels:
                moved = _relabel(row, frozenset(labels))
                skipped += moved < 0
                reopened += moved > 0
    for start in range(0, len(fresh), _PAGE):
        rows.insert_new(Mail, fresh[start : start + _PAGE])
    return Tally(len(fresh), skipped, reopened)


def _elsewhere(mailbox: Mailbox, ids: Sequence[str]) -> set[str]:
    """Which of these ids another source of the business has already.

    Gmail's ids are the same over its API, over IMAP and in Takeout's files.
    """
    found: set[str] = set()
    others = Mailbox.select().where(Mailbox.business == mailbox.business_id, Mailbox.kind != mailbox.kind)
    if not ids or not others.exists():
        return found
    gmail = [id_ for id_ in ids if _GMAIL_ID.fullmatch(id_)]
    for start in range(0, len(gmail), _PAGE):
        query = (
            Mail.select(Mail.source_id)
            .join(Mailbox, on=(Mail.mailbox == Mailbox.id))
            .where(
                Mail.business == mailbox.business_id,
                Mail.source_id << gmail[start : start + _PAGE],
                Mail.mailbox != mailbox,
                Mailbox.kind != mailbox.kind,
                Mail.outcome.not_in(["skipped", "gone", "failed"]),
            )
        )
        found.update(row.source_id for row in query)
    return found


def _same_mail(business_id: int, mail_id: int, sha256: str) -> bool:
    """Whether another place, or another source, gave us a mail of the same bytes before."""
    return bool(
        sql.one(
            "SELECT id FROM mail WHERE business_id = ? AND raw_sha256 = ? AND id <> ?"
            " AND outcome NOT IN ('duplicate', 'skipped', 'gone', 'failed') LIMIT 1",
            [business_id, sha256, mail_id],
        )
    )


def take_file(
    mailbox: Mailbox, *, source_id: str, sha256: str, size: int, labels: Iterable[str], received_at: datetime
) -> str:
    """A mail from a file, its bytes in the blob store: "new", "known" (in any source of the business) or "skipped"."""
    with write():
        known = Mail.get_or_none(Mail.mailbox == mailbox, Mail.source_id == source_id)
        if known is not None and known.outcome != "failed":
            return "known"
        mail = known or Mail(business=mailbox.business_id, mailbox=mailbox, source_id=source_id)
        alone = _alone(labels)
        mail.labels, mail.raw_sha256, mail.size, mail.received_at = sorted(labels), sha256, size, received_at
        if alone is not None:
            mail.outcome, mail.state, (mail.reason_code, mail.reason_text) = "skipped", "done", alone
        elif _same_mail(mailbox.business_id, mail.id or 0, sha256) or _elsewhere(mailbox, [source_id]):
            mail.outcome, mail.state, (mail.reason_code, mail.reason_text) = "duplicate", "done", KNOWN_ELSEWHERE
        else:
            mail.outcome, mail.state, (mail.reason_code, mail.reason_text) = "waiting", "fetched", _WAITING
        mail.save()
    return {"waiting": "new", "duplicate": "known"}.get(mail.outcome, "skipped")


def _alone(labels: Iterable[str] | None) -> tuple[str, str] | None:
    present = set(labels or ())
    return next((why for label, why in LEFT_ALONE.items() if label in present), None)


def _relabel(row: Mail, labels: frozenset[str]) -> int:
    """New labels of a known mail: +1 where it is open again, -1 where it is left alone from now on, else 0."""
    alone = left_alone(row, labels)
    row.labels = sorted(labels)
    moved = 0
    if alone is None and row.outcome == "skipped":
        row.outcome, row.state = "waiting", "fetched" if row.raw_sha256 else "discovered"
        row.reason_code, row.reason_text = _WAITING
        moved = 1
    elif alone is not None and row.outcome == "waiting":
        row.outcome, row.state = "skipped", "done"
        row.reason_code, row.reason_text = alone
        moved = -1
    row.save()
    return moved


def _deleted(mailbox: Mailbox, source_id: str) -> int:
    """Deleted at the source: what we have of it stays; what was never fetched is gone (1 when it is)."""
    now = clock.now()
    Mail.update(deleted_at_source=now).where(Mail.mailbox == mailbox, Mail.source_id == source_id).execute()
    return int(
        Mail.update(
            outcome="gone",
            state="done",
            reason_code="deleted_before_read",
            reason_text="It was deleted from the mailbox before it could be read.",
        )
        .where(
            Mail.mailbox == mailbox,
            Mail.source_id == source_id,
            Mail.outcome == "waiting",
            Mail.raw_sha256.is_null(),
        )
        .execute()
    )


def likely(mailbox: Mailbox, ids: Sequence[str]) -> None:
    """Mails that a search says may be receipts are read before the others; the others are read all the same."""
    with write():
        for start in range(0, len(ids), _PAGE):
            Mail.update(priority=LIKELY).where(
                Mail.mailbox == mailbox,
                Mail.source_id << list(ids[start : start + _PAGE]),
                Mail.outcome == "waiting",
                Mail.priority < LIKELY,
            ).execute()


def audit(lease: runs.Lease, mailbox: Mailbox, listed: set[str], missing: int) -> dict[str, int]:
    """Compare a whole listing with the ledger: what it no longer names was deleted; the difference is kept.

    `missing` is how many mails the listing had that the ledger had not. Mail first seen within the last hour is left
    out: a listing may lag behind history (see doubtful).
    """
    unlisted = [row.source_id for row in _present(mailbox) if row.source_id not in listed and not _young(row)]
    result = {"listed": len(listed), "missing": missing, "gone": len(unlisted)}
    with write():
        gone = sum(_deleted(mailbox, source_id) for source_id in unlisted)
        runs.hold(lease, skipped=SyncRun.skipped + gone, left=SyncRun.left - gone)
        Mailbox.update(audited_at=clock.now(), audit=result).where(Mailbox.id == mailbox.id).execute()
    return result


def doubtful(mailbox: Mailbox, listed: set[str]) -> list[str]:
    """Mails that are young and settled, but not in the listing: deleted since, or the listing lags."""
    return [
        row.source_id
        for row in _present(mailbox)
        if row.outcome != "waiting" and row.source_id not in listed and _young(row)
    ]


def _present(mailbox: Mailbox) -> Iterator[Mail]:
    query = Mail.select(Mail.source_id, Mail.first_seen_at, Mail.outcome).where(
        Mail.mailbox == mailbox, Mail.deleted_at_source.is_null()
    )
    return iter(query.iterator())


def _young(row: Mail) -> bool:
    return bool(row.first_seen_at >= clock.now() - timedelta(hours=1))


def to_read(mailbox_ids: Sequence[int], limit: int) -> list[Mail]:
    """Mails whose bytes are here and that are to be read, the urgent ones and the newest first."""
    return _next(mailbox_ids, "fetched", limit)


def to_fetch(mailbox_ids: Sequence[int], limit: int) -> list[Mail]:
    """Mails to be fetched now, the urgent ones and the newest first."""
    return _next(mailbox_ids, "discovered", limit)


def _next(mailbox_ids: Sequence[int], state: str, limit: int) -> list[Mail]:
    """Mailbox by mailbox, for only so does the index give the order: a back-fill may have a hundred thousand left."""
    due = (Mail.next_try_at.is_null()) | (Mail.next_try_at <= clock.now())
    found: list[Mail] = []
    for mailbox_id in mailbox_ids:
        found.extend(
            Mail.select()
            .where(Mail.mailbox == mailbox_id, Mail.outcome == "waiting", peewee.SQL(f"state = '{state}'"), due)
            .order_by(Mail.priority.desc(), Mail.source_id.desc())
            .limit(limit)
        )
    found.sort(key=lambda row: (row.priority, row.source_id), reverse=True)
    return found[:limit]


def left(mailbox_ids: Sequence[int]) -> int:
    """How many mails of these mailboxes are still without an outcome."""
    return Mail.select().where(Mail.mailbox << list(mailbox_ids), Mail.outcome == "waiting").count()


def next_due(mailbox_ids: Sequence[int]) -> datetime | None:
    """When the first of the mails that wait for another try is due."""
    row = (
        Mail.select(Mail.next_try_at)
        .where(Mail.mailbox << list(mailbox_ids), Mail.outcome == "waiting", ~Mail.next_try_at.is_null())
        .order_by(Mail.next_try_at)
        .first()
    )
    return row.next_try_at if row else None


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail's bytes in the blob store (None: of one that is left alone), and what the source told with them."""

    sha256: str | None
    size: int
    thread_id: str
    labels: frozenset[str]
    received_at: datetime


def fetched(lease: runs.Lease, kept: Sequence[tuple[Mail, Kept]]) -> list[Mail]:
    """These mails' bytes are safe in the blob store: say so; raises runs.LostLease.

    Gives those that are to be read. The others are the same, byte for byte, as a mail that is known, or have a label
    by now that sets them aside; that label stays in the row, so that its going opens the mail again.
    """
    fresh = []
    with write():
        for mail, one in kept:
            mail.raw_sha256, mail.size = one.sha256, one.size
            mail.thread_id = one.thread_id or mail.thread_id
            mail.labels, mail.received_at = sorted(one.labels), one.received_at
            mail.tries, mail.next_try_at = 0, None
            if one.sha256 is None:
                _end(mail, "skipped", *(left_alone(mail, one.labels) or _WAITING))
            elif _same_mail(mail.business_id, mail.id, one.sha256):
                _end(mail, "duplicate", *KNOWN_ELSEWHERE)
            else:
                mail.state = "fetched"
                fresh.append(mail)
            rows.update(mail, *_FETCHED)
        others = len(kept) - len(fresh)
        runs.count(lease, fetched=len(fresh), left=-others, skipped=others)
    return fresh


def left_alone(mail: Mail, labels: Iterable[str] | None) -> tuple[str, str] | None:
    """Why a mail with these labels is not read (code and sentence); None where it is, or a person asked for it."""
    return None if mail.forced else _alone(labels)


def _end(mail: Mail, outcome: str, code: str, text: str) -> None:
    mail.outcome, mail.state = outcome, "done"
    mail.reason_code, mail.reason_text = code, text
    mail.reasons = [{"code": code, "text": text}]
    mail.next_try_at = None


def try_again(lease: runs.Lease, mail: Mail, after: timedelta) -> None:
    """Leave the mail waiting for another try."""
    with write():
        runs.hold(lease)
        mail.tries += 1
        mail.next_try_at = clock.now() + after
        rows.update(mail, "tries", "next_try_at")


def reading(lease: runs.Lease, mails: Sequence[Mail]) -> None:
    """Count a try of reading before it begins, so that a mail that kills its worker is not read for ever."""
    with write():
        runs.count(lease)
        sql.run(f"UPDATE mail SET tries = tries + 1 WHERE id IN ({sql.ids(mail.id for mail in mails)})")


def not_read(lease: runs.Lease, mails: Sequence[Mail]) -> None:
    """Take the tries back of mails whose turn did not come."""
    if not mails:
        return
    with write():
        runs.count(lease)
        sql.run(f"UPDATE mail SET tries = tries - 1 WHERE id IN ({sql.ids(mail.id for mail in mails)})")


def settle(lease: runs.Lease, mail: Mail, outcome: str, code: str, text: str) -> None:
    """End a mail without documents: skipped, gone or failed, with the reason in words."""
    with write():
        counter = "failed" if outcome == "failed" else "skipped"
        runs.hold(lease, left=SyncRun.left - 1, **{counter: getattr(SyncRun, counter) + 1})
        _end(mail, outcome, code, text)
        if outcome == "gone":
            mail.deleted_at_source = clock.now()
        rows.update(mail, *_SETTLED)


def retry_failed(business_id: int) -> int:
    """Put all failed mails of a business back among the waiting ones; how many."""
    with write():
        changed = (
            Mail.update(
                outcome="waiting",
                state=peewee.Case(None, [(Mail.raw_sha256.is_null(), "discovered")], "fetched"),
                reason_code=_WAITING[0],
                reason_text=_WAITING[1],
                tries=0,
                next_try_at=None,
                priority=10,
            )
            .where(Mail.business == business_id, Mail.outcome == "failed")
            .execute()
        )
    return int(changed)


def retry(mail: Mail) -> None:
    """Put the mail back among the waiting ones."""
    with write():
        Mail.update(
            outcome="waiting",
            state="fetched" if mail.raw_sha256 else "discovered",
            reason_code=_WAITING[0],
            reason_text=_WAITING[1],
            tries=0,
            next_try_at=None,
            priority=10,
        ).where(Mail.id == mail.id).execute()
