"""A person's word on rules: yes to one, applied to earlier receipts, taken back; each can be undone."""

from __future__ import annotations

from typing import Any

import clock
from models import Receipt, RuleUse, VendorRule, write
from store import receipt_writes, rules


def confirm(business_id: int, id_: object) -> VendorRule:
    """Yes, always: the rule is on trial no more, and the flags that asked go. Tellable `not_found`."""
    rule = rules.confirm(business_id, id_)
    ids = [row.id for row in rules.uses(rule)]
    receipt_writes.each(business_id, ids, lambda row: _asked_no_more(rule, row))
    return rule


def _asked_no_more(rule: VendorRule, row: Receipt) -> dict[str, Any]:
    flags = [flag for flag in row.flags if (flag["field"], flag["code"]) != (rule.field, "rule_on_trial")]
    return _with_status(row, {"flags": flags})


def apply(business_id: int, id_: object) -> tuple[int, str]:
    """Apply a rule to earlier receipts: how many changed, and the token that undoes it. Tellable `not_found`.

    Whoever asks for that is sure of it: a rule on trial is confirmed.
    """
    rule = rules.one(business_id, id_)
    trace = rules.made_sure(rule)

    def change(row: Receipt) -> dict[str, Any]:
        effect = rules.changes(rule, row)
        for used, was in effect.uses:
            plain = {name: receipt_writes.raw(row, name) if name in effect.changed else was[name] for name in was}
            RuleUse.delete().where(RuleUse.rule == used, RuleUse.receipt == row.id).execute()
            RuleUse.create(business=business_id, rule=used, receipt=row.id, was={**plain, "flags": was["flags"]})
        return _with_status(row, dict(effect.changed))

    return receipt_writes.each(business_id, rules.earlier(rule), change, {"uses": [rule.id], "rules": trace})


def retire(business_id: int, id_: object, *, back: bool) -> tuple[int, str]:
    """Take a rule back: how many receipts went back to what was read, and the token that undoes it.

    Args:
        business_id: whose.
        id_: the rule; Tellable `not_found`.
        back: whether receipts that it changed, and nobody has changed since, go back too.
    """
    with write():
        rule, trace = rules.retire(business_id, id_, clock.now())
    was = {use.receipt_id: use.was for use in RuleUse.select().where(RuleUse.rule == rule)} if back else {}

    def change(row: Receipt) -> dict[str, Any]:
        return _with_status(row, rules.restored(rule, row, was[row.id]))

    return receipt_writes.each(business_id, list(was), change, {"rules": trace})


def _with_status(row: Receipt, changed: dict[str, Any]) -> dict[str, Any]:
    """The columns, and the status that the flags ask for while nobody decided."""
    if "flags" in changed and row.status in {"to_review", "ready"}:
        changed["status"] = "to_review" if changed["flags"] else "ready"
    return changed
