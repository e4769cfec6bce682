"""Vendor rules: made from what a person corrects, shown with what they did, applied to earlier receipts, taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import clock
import money
from errors import Tellable
from models import Receipt, RuleUse, VendorRule, write
from store import rule_effects, sql, vendor_keys
from store.rule_effects import VALUES, label_of
from store.vendor_keys import Keys, as_read, fold

Trace = list[list[Any]]  # what an undo needs of rules: [[id, {column: raw value before} or None when it was new]]
_STATES = ("trial", "confirmed")
MOST = 10_000


def active(business_id: int) -> list[VendorRule]:
    """The business's rules that were not taken back."""
    return list(
        VendorRule.select().where(VendorRule.business == business_id, VendorRule.retired_at.is_null()).order_by(
            VendorRule.id.desc()
        )
    )  # fmt: skip


def for_receipt(row: Receipt, address: str | None) -> list[VendorRule]:
    """The rules that speak for a receipt, one a field."""
    # In plain SQL first: most businesses have none yet, and this is asked at each receipt that is read.
    if sql.one("select 1 from vendor_rule where business_id = ? and retired_at is null", [row.business_id]) is None:
        return []
    return rule_effects.speaking(active(row.business_id), vendor_keys.of(row, address))


# -- learning


def learn(
    row: Receipt, before: Mapping[str, Any], values: Mapping[str, Any], by: str
) -> tuple[list[VendorRule], Trace]:
    """Take a person's correction of one receipt to heart, in the transaction of the edit.

    The first correction is on trial: later receipts of the vendor get it with a flag that says so. It is confirmed by a
    person's yes, by approving a receipt that it changed, or by the same correction of another receipt; one slip of the
    hand never spreads in silence. Setting a field back to what was read takes a rule on trial away.

    Args:
        row: the receipt after the edit.
        before: the columns that the edit changed, as they were.
        values: what the person set, by field.
        by: who.
    """
    learnt: list[VendorRule] = []
    trace: Trace = []
    if row.status in {"not_receipt", "rejected"}:
        return learnt, trace
    keys = vendor_keys.of(row, vendor_keys.sender(row))
    for name in (*VALUES, "total"):
        if name not in values or (name if name != "total" else "total_minor") not in before:
            continue
        said = _said(row, name)
        if said:
            _take(row, name, said, keys, by, learnt, trace)
    return learnt, trace


def _said(row: Receipt, name: str) -> str | None:
    """The value that a rule would give, or None where there is nothing to be learnt."""
    if name != "total":
        value: str | None = getattr(row, name)
        return value
    evidence = (row.fields or {}).get("total") or {}
    minor = row.total_minor
    for line in (evidence, *evidence.get("candidates", ())):
        if minor is not None and line.get("value") and _minor(line["value"], row) == minor:
            return label_of(line.get("quote")) or None
    return None


def _minor(text: str, row: Receipt) -> int | None:
    try:
        return money.to_minor(Decimal(text), row.currency)
    except (InvalidOperation, ValueError):
        return None


def _take(
    row: Receipt, name: str, said: str, keys: Keys, by: str, learnt: list[VendorRule], trace: Trace
) -> None:  # fmt: skip
    known = [rule for rule in rule_effects.speaking(active(row.business_id), keys) if rule.field == name]
    rule = known[0] if known else None
    if name == "total":
        evidence = (row.fields or {}).get("total") or {}
        plain = label_of(evidence.get("quote")) == said and "rule" not in evidence
    else:
        plain = str(as_read(row, name)) == said
    if rule is not None and rule.value == said:
        if rule.state == "trial" and rule.receipt_id != row.id:
            _alter(rule, trace, state="confirmed")
        learnt.append(rule)
    elif plain:
        if rule is not None and rule.state == "trial":
            _alter(rule, trace, retired_at=clock.now())
    elif rule is not None and rule.state == "trial":
        _alter(rule, trace, value=said, receipt=row.id, vendor=row.vendor or rule.vendor)
        learnt.append(rule)
    else:
        signs = vendor_keys.telling(row, keys, name)
        if signs.tax_id or signs.domain or signs.name:
            made = _new(row, signs, name, said, "trial", by)
            trace.append([made.id, None])
            learnt.append(made)


def _new(row: Receipt, signs: Keys, name: str, value: str, state: str, by: str) -> VendorRule:
    return VendorRule.create(
        business=row.business_id, vendor=row.vendor or "", tax_id=signs.tax_id, domain=signs.domain, name=signs.name,
        field=name, value=value, state=state, receipt=row.id, created_by=by,
    )  # fmt: skip


def _alter(rule: VendorRule, trace: Trace, **changes: Any) -> None:
    trace.append([rule.id, {name: _raw(rule, name) for name in changes}])
    for name, value in changes.items():
        setattr(rule, name, value)
    rule.save(only=[VendorRule._meta.fields[name] for name in changes])


def _raw(rule: VendorRule, name: str) -> Any:
    return VendorRule._meta.fields[name].db_value(rule.__data__[name])


def take_back(business_id: int, trace: Trace) -> None:
    """Undo what was done to rules, the newest first; inside a write transaction."""
    for id_, before in reversed(trace):
        rule = VendorRule.get_or_none(VendorRule.business == business_id, VendorRule.id == id_)
        if rule is None:
            continue
        if before is None:
            rule.delete_instance()
            continue
        for name, value in before.items():
            setattr(rule, name, VendorRule._meta.fields[name].python_value(value))
        rule.save()


def approved(business_id: int, receipt_ids: Sequence[int]) -> Trace:
    """A person approved these receipts: what rules on trial made of them is confirmed; what an undo needs."""
    trace: Trace = []
    if not receipt_ids:
        return trace
    rules = (
        VendorRule.select()
        .join(RuleUse, on=(RuleUse.rule == VendorRule.id))
        .where(
            VendorRule.business == business_id, VendorRule.state == "trial", VendorRule.retired_at.is_null(),
            RuleUse.receipt << list(receipt_ids),
        )
        .distinct()
    )  # fmt: skip
    for rule in list(rules):
        uses = RuleUse.select(RuleUse.receipt).where(RuleUse.rule == rule, RuleUse.receipt << list(receipt_ids))
        rows = Receipt.select().where(Receipt.id << [use.receipt_id for use in uses])
        if any(_stands(rule, row) for row in rows):
            _alter(rule, trace, state="confirmed")
    return trace


def _stands(rule: VendorRule, row: Receipt) -> bool:
    """Whether what the rule made of the receipt is still there, and not by a person's own hand."""
    evidence = (row.fields or {}).get(rule.field) or {}
    return evidence.get("rule") == rule.id and rule.field not in row.hand_set


def record(row: Receipt, uses: Sequence[tuple[VendorRule, dict[str, Any]]]) -> None:
    """Remember which rules changed a receipt just read; what was remembered of it before goes."""
    RuleUse.delete().where(RuleUse.receipt == row.id).execute()
    for rule, was in uses:
        RuleUse.create(business=row.business_id, rule=rule, receipt=row.id, was=was)


# -- by a person's own word


def say(business_id: int, receipt_id: object, name: str, value: str | None, by: str) -> VendorRule:
    """Make a rule for the vendor of a receipt at once; confirmed, for a person asked for it.

    Tellable `not_found`, `bad_rule` (nothing tells this vendor from others, or there is nothing to say).
    """
    row = Receipt.find(business_id, receipt_id)
    if name not in rule_effects.FIELDS:
        raise Tellable("bad_rule", f"A rule is about one of {', '.join(rule_effects.FIELDS)}.")
    said = "" if name == "approve" else value or _said(row, name)
    if said is None or (name != "approve" and not said):
        raise Tellable("bad_rule", "There is nothing on this receipt that such a rule could say.")
    keys = vendor_keys.of(row, vendor_keys.sender(row))
    signs = vendor_keys.telling(row, keys, name)
    if not (signs.tax_id or signs.domain or signs.name):
        raise Tellable("bad_rule", "Nothing on this receipt tells its vendor from others: no tax id, sender or name.")
    with write():
        old = [rule for rule in rule_effects.speaking(active(business_id), keys) if rule.field == name]
        if old and old[0].value == said:
            VendorRule.update(state="confirmed").where(VendorRule.id == old[0].id).execute()
            return VendorRule.get_by_id(old[0].id)
        return _new(row, signs, name, said, "confirmed", by)


def confirm(business_id: int, id_: object) -> VendorRule:
    """Yes, always; the flags that asked for it go. Tellable `not_found`."""
    with write():
        rule = _found(business_id, id_)
        rule.state = "confirmed"
        rule.save(only=[VendorRule.state])
    return rule


def made_sure(rule: VendorRule) -> Trace:
    """Confirm a rule that was on trial; what an undo needs."""
    trace: Trace = []
    if rule.state == "trial":
        with write():
            _alter(rule, trace, state="confirmed")
    return trace


def _found(business_id: int, id_: object) -> VendorRule:
    rule = VendorRule.find(business_id, id_)
    if rule.retired_at is not None:
        raise Tellable("not_found", "There is no such thing here.")
    return rule


def by_name(business_id: int, name: str, value: str, by: str) -> Trace:
    """Receipts that print this name are that vendor's (a rename, a merge); inside a write transaction."""
    trace: Trace = []
    for rule in active(business_id):
        if rule.field == "vendor" and fold(rule.value) == fold(name):
            _alter(rule, trace, value=value)
        if fold(rule.vendor) == fold(name):
            _alter(rule, trace, vendor=value)
    folded = fold(name)
    if folded and folded != fold(value):
        made = VendorRule.create(
            business=business_id, vendor=value, name=folded, field="vendor", value=value, state="confirmed",
            created_by=by,
        )  # fmt: skip
        trace.append([made.id, None])
    return trace


# -- seeing them


def listing(business_id: int, vendor: str | None = None) -> list[tuple[VendorRule, int]]:
    """All rules, newest first, each with how many receipts bear its mark; those of one vendor where it is named."""
    counts = dict(
        sql.fetch(
            "select rule_id, count(*) from rule_use where business_id = ? group by rule_id",
            [business_id],
        )
    )
    found = active(business_id)
    if vendor is not None:
        wanted = fold(vendor)
        found = [rule for rule in found if wanted in {fold(rule.vendor), rule.name} or rule.value == vendor]
    return [(rule, counts.get(rule.id, 0)) for rule in found]


def one(business_id: int, id_: object) -> VendorRule:
    """A rule that was not taken back; Tellable `not_found`."""
    return _found(business_id, id_)


def uses(rule: VendorRule) -> list[Receipt]:
    """Receipts that still bear what the rule made of them, newest first."""
    rows = Receipt.select().join(RuleUse, on=(RuleUse.receipt == Receipt.id)).where(RuleUse.rule == rule)
    return [row for row in rows.order_by(Receipt.id.desc()).limit(MOST) if _stands(rule, row)]


def earlier(rule: VendorRule) -> list[int]:
    """Ids of receipts that the rule would change now, newest first; not those handed over or in the trash."""
    names = [
        name
        for (name,) in sql.fetch("select distinct vendor from receipt where business_id = ?", [rule.business_id])
        if fold(name) in {rule.name, fold(rule.vendor), fold(rule.value) if rule.field == "vendor" else rule.name}
    ]
    terms, params = ["1 = 0"], []
    if rule.tax_id:
        terms.append("r.vendor_tax_id is not null")
    if rule.domain:
        terms.append("lower(m.from_address) like ? escape '!'")
        params.append(sql.like(rule.domain))
    if names:
        terms.append(f"r.vendor in ({sql.marks(names)})")
        params += names
    rows = sql.fetch(
        "select r.id, m.from_address from receipt r left join mail m on m.id = r.mail_id where r.business_id = ? "
        f"and r.deleted_at is null and r.exported_at is null and ({' or '.join(terms)}) order by r.id desc limit ?",
        [rule.business_id, *params, MOST],
    )
    address = dict(rows)
    rules = active(rule.business_id)
    found = []
    for start in range(0, len(rows), 500):
        ids = [id_ for id_, _ in rows[start : start + 500]]
        for row in Receipt.select().where(Receipt.id << ids).order_by(Receipt.id.desc()):
            mine = rule_effects.speaking(rules, vendor_keys.of(row, address[row.id]))
            if rule.id in {one_.id for one_ in mine} and changes(rule, row).changed:
                found.append(row.id)
    return found


def changes(rule: VendorRule, row: Receipt) -> rule_effects.Effect:
    """What the rule alone would change in a receipt; a figure that a person approved stays."""
    if rule.field in {"approve"} or (rule.field in {"total", "currency"} and row.status == "approved"):
        return rule_effects.Effect()
    if getattr(row, rule.field if rule.field != "total" else "total_minor") == rule.value:
        return rule_effects.Effect()
    return rule_effects.of(row, [rule])


def restored(rule: VendorRule, row: Receipt, was: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that take what a rule did back out of a receipt; empty where it does not stand there any more."""
    if not _stands(rule, row):
        return {}
    changed = {name: value for name, value in was.items() if name != "flags"}
    fields = dict(row.fields)
    evidence = fields.pop(rule.field)
    rivals = list(evidence.get("candidates", ()))
    own = next((one_ for one_ in rivals if one_["value"] == evidence.get("read")), None)
    if own is not None:
        fields[rule.field] = {**own, "candidates": rivals}
    elif evidence.get("read") is not None:
        plain = {name: value for name, value in evidence.items() if name not in {"rule", "read"}}
        fields[rule.field] = {**plain, "value": evidence["read"], "confidence": 0.5, "why": "Read on the document."}
    changed["fields"] = fields
    rest = [flag for flag in row.flags if flag["field"] != rule.field]
    changed["flags"] = [*rest, *was.get("flags", ())]
    return changed


def retire(business_id: int, id_: object, at: datetime) -> tuple[VendorRule, Trace]:
    """The rule speaks no more from now on; what an undo needs. Inside a write transaction; Tellable `not_found`."""
    rule = _found(business_id, id_)
    trace: Trace = []
    _alter(rule, trace, retired_at=at)
    return rule, trace
