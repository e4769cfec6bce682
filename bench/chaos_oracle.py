"""The judge of `bench chaos`: when all is quiet, is everything there, once, and was nothing written out of turn."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import requests

from bench.chaos_database import Database
from bench.chaos_load import Load, Tenant
from models import Mail, Mailbox, Receipt
from tests.support.oracle import fault_of

# What still waits or runs.
_UNFINISHED = {
    "runs": "select count(*) from sync_run where status in ('queued', 'running')",
    "mails": "select count(*) from mail where outcome = 'waiting'",
    "deliveries": "select count(*) from delivery where state = 'waiting'",
    "work": "select count(*) from work where status in ('queued', 'running')",
}


@dataclass
class Verdict:
    """What was found; empty and zero is what is promised."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    stale_writes: int = 0
    two_at_once: int = 0

    @property
    def clean(self) -> bool:
        """Whether the promise held."""
        return not (self.lost or self.doubled or self.stale_writes or self.two_at_once)


def judge(load: Load, db: Database, unlocked: Sequence[tuple[int, int]], patience_s: float) -> Verdict:
    """Sync every mailbox once more under a clear sky, wait until nothing is left to do, and compare.

    unlocked: see chaos_faults.Site.
    """
    missing = any(rule["fired"] for rule in load.client.faults() if rule["kind"] == "list_missing")
    load.client.clear_faults()
    verdict = Verdict()
    # A listing that left a mail out in all its passes is what the whole comparison is for.
    waiting = _sync(load, "full" if missing else "incremental", patience_s)
    verdict.lost += [f"business {tenant.id}: no last sync is taken" for tenant in waiting]
    if not _in_time(lambda: not _unfinished(db), patience_s):
        verdict.lost += [f"{count} {name} not over after {patience_s:g} s" for name, count in _unfinished(db).items()]
    for tenant in load.tenants:
        _mails(tenant, verdict)
        _uploads(tenant, verdict)
        _exports(load, tenant, verdict)
    _events(load, db, verdict)
    _turns(db, verdict, unlocked)
    return verdict


def _sync(load: Load, mode: str, patience_s: float) -> list[Tenant]:
    """Have every business synced, and wait until that is over; those for whom none was taken."""
    waiting = list(load.tenants)

    def all_taken() -> bool:
        waiting[:] = [tenant for tenant in waiting if not _asked(load, tenant, mode)]
        return not waiting

    _in_time(all_taken, patience_s, every_s=0.2)
    return waiting


def _asked(load: Load, tenant: Tenant, mode: str) -> bool:
    headers = {"Authorization": f"Bearer {tenant.token}"}
    answer = requests.post(f"{load.url}/api/receipts/sync", json={"mode": mode}, headers=headers, timeout=30)
    return answer.status_code == 202


def _in_time(ready: Callable[[], bool], seconds: float, every_s: float = 0.05) -> bool:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


def _unfinished(db: Database) -> dict[str, int]:
    return {name: count for name, sql in _UNFINISHED.items() if (count := db.fetch(sql)[0][0])}


def _mails(tenant: Tenant, verdict: Verdict) -> None:
    truth = {told["id"]: told for told in tenant.account.messages(hashed=True)}
    rows = {row.source_id: row for row in Mail.select().where(Mail.mailbox == tenant.mailbox_id)}
    verdict.lost += [f"business {tenant.id}: mail {each} is not in the ledger" for each in set(truth) - set(rows)]
    for each, row in rows.items():
        if fault := fault_of(row, truth.get(each)):
            verdict.lost.append(f"business {tenant.id}: mail {each}: {fault}")
    receipts = list(Receipt.select(Receipt.number, Receipt.mail).where(Receipt.business == tenant.id))
    read = {row.id for row in Mail.select(Mail.id).where(Mail.business == tenant.id, Mail.outcome == "receipt")}
    verdict.lost += [f"business {tenant.id}: no receipt of mail {id_}" for id_ in read - {r.mail_id for r in receipts}]
    for number, times in Counter(receipt.number for receipt in receipts).items():
        if times > 1:
            verdict.doubled.append(f"business {tenant.id}: {number} is there {times} times")


def _uploads(tenant: Tenant, verdict: Verdict) -> None:
    rows = Counter(
        row.source_id
        for row in Mail.select(Mail.source_id)
        .join(Mailbox)
        .where(Mail.business == tenant.id, Mailbox.kind == "upload", Mail.outcome == "receipt")
    )
    verdict.lost += [
        f"business {tenant.id}: upload {name}: {'gone' if not rows[key] else rows[key]}"
        for key, name in tenant.taken.items()
        if rows[key] != 1
    ]
    verdict.doubled += [f"business {tenant.id}: upload {key[:8]}" for key, times in rows.items() if times > 1]


def _exports(load: Load, tenant: Tenant, verdict: Verdict) -> None:
    headers = {"Authorization": f"Bearer {tenant.token}"}
    for export_id in tenant.exports:
        told = requests.get(f"{load.url}/api/exports/{export_id}", headers=headers, timeout=30).json()
        state = told.get("status")
        if state == "ready":
            file = requests.get(f"{load.url}/api/exports/{export_id}/file", headers=headers, timeout=60)
            if not (file.ok and file.content):
                verdict.lost.append(f"business {tenant.id}: export {export_id} is ready and has no file")
        elif state != "failed" or not told.get("error"):
            verdict.lost.append(f"business {tenant.id}: export {export_id} is {state}")


def _events(load: Load, db: Database, verdict: Verdict) -> None:
    got = {one.event["id"] for one in list(load.outside.got)}
    verdict.lost += [f"event {uid}" for (uid,) in db.fetch("select uid from event") if uid not in got]
    told = Counter(uid for (uid,) in db.fetch("select uid from event"))
    verdict.doubled += [f"event {uid}" for uid, times in told.items() if times > 1]


def _turns(db: Database, verdict: Verdict, unlocked: Sequence[tuple[int, int]]) -> None:
    """No write under an older fence or for an older run than the one before, no two workers at a business at once."""
    fences: dict[int, int] = defaultdict(int)
    newest: dict[int, int] = defaultdict(int)
    writes = (
        "select w.run_id, w.fence, r.business_id from chaos_write w join sync_run r on r.id = w.run_id order by w.id"
    )
    for run_id, fence, business_id in db.fetch(writes):
        verdict.stale_writes += fence < fences[run_id]
        verdict.two_at_once += run_id < newest[business_id]
        fences[run_id] = max(fences[run_id], fence)
        newest[business_id] = max(newest[business_id], run_id)
    verdict.two_at_once += _overlaps(db.fetch("select * from chaos_turn order by id"), unlocked)


def _overlaps(notes: Sequence[tuple[int, ...]], unlocked: Sequence[tuple[int, int]]) -> int:
    """How many turns went on after another had begun at the same business; one that was killed never ends."""
    open_: dict[int, tuple[int, ...]] = {}  # business: whose turn it is
    began: dict[tuple[int, ...], int] = {}
    overtaken = set()
    found = 0
    for note, business_id, *turn, ended in notes:
        who = (business_id, *turn)
        if not ended:
            if business_id in open_:
                overtaken.add(open_[business_id])
            open_[business_id], began[who] = who, note
        elif who in overtaken:
            found += not any(began[who] <= last and note > first for first, last in unlocked)
        elif open_.get(business_id) == who:
            del open_[business_id]
    return found
