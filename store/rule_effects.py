"""What vendor rules make of a receipt: which of them speak for it, and the columns that they change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import money
from models import Receipt, VendorRule
from store.vendor_keys import Keys, as_read

VALUES = ("vendor", "vendor_tax_id", "category", "currency", "kind")  # fields whose value a rule gives
FIELDS = (*VALUES, "total", "approve")
SURE = 0.9  # a currency that the document states this surely stands, whatever the rule says
_DOUBTS = ("rule_on_trial", "total_by_rule")
_NEEDED = ("vendor", "date", "currency", "total_minor", "document_id")


@dataclass
class Effect:
    """The columns that change, and for each rule that changed something the columns as they were before it."""

    changed: dict[str, Any] = field(default_factory=dict)
    uses: list[tuple[VendorRule, dict[str, Any]]] = field(default_factory=list)


def strength(rule: VendorRule, keys: Keys) -> int:
    """How surely a rule speaks of this vendor: by tax id 3, by domain 2, by name 1, not at all 0.

    Another tax id is another vendor, whatever the name says.
    """
    if rule.tax_id and keys.tax_id:
        return 3 if rule.tax_id == keys.tax_id else 0
    if rule.domain and rule.domain == keys.domain:
        return 2
    return 1 if rule.name and rule.name == keys.name else 0


def speaking(rules: Iterable[VendorRule], keys: Keys) -> list[VendorRule]:
    """One rule a field: the one that knows the vendor best, the newest of those that know it as well."""
    best: dict[str, tuple[int, int, VendorRule]] = {}
    for rule in rules:
        known = strength(rule, keys)
        if known and (known, rule.id) > best.get(rule.field, (0, 0, rule))[:2]:
            best[rule.field] = known, rule.id, rule
    return sorted((rule for _, _, rule in best.values()), key=lambda rule: FIELDS.index(rule.field))


def of(row: Receipt, rules: Sequence[VendorRule]) -> Effect:
    """What these rules change in a receipt whose own columns are as they were read; set by hand stays as it is."""
    effect = Effect()
    now: dict[str, Any] = {"fields": dict(row.fields or {}), "flags": list(row.flags or ())}
    for rule in rules:
        if rule.field in row.hand_set or rule.field == "approve":
            continue
        if rule.field == "total":
            _total(row, rule, now, effect)
        else:
            _value(row, rule, now, effect)
    if effect.uses or any(now[name] != getattr(row, name) for name in ("flags", "fields")):
        effect.changed.update({name: now[name] for name in ("fields", "flags") if now[name] != getattr(row, name)})
    return effect


def may_approve(row: Receipt, rules: Sequence[VendorRule]) -> VendorRule | None:
    """The confirmed rule by which a receipt approves itself: nothing is flagged, nothing needed is missing."""
    rule = next((one for one in rules if one.field == "approve" and one.state == "confirmed"), None)
    whole = all(row.__data__[name.removesuffix("_id")] is not None for name in _NEEDED)
    good = whole and not row.flags and not row.waiting_for_document and row.duplicate_of_id is None
    return rule if good and row.status == "ready" else None


def _value(row: Receipt, rule: VendorRule, now: dict[str, Any], effect: Effect) -> None:
    name, present = rule.field, getattr(row, rule.field)
    if name == "currency" and present is not None and present != rule.value:
        evidence = now["fields"].get("currency") or {}
        if evidence.get("confidence", 1.0) >= SURE:
            return
    flags = [flag for flag in now["flags"] if flag["field"] == name]
    if present == rule.value and not flags:
        return
    was: dict[str, Any] = {name: present, "flags": flags}
    if name == "currency":
        was |= _rescale(row, present, rule.value, effect)
    effect.changed[name] = rule.value
    effect.uses.append((rule, was))
    now["fields"][name] = evidence_of(rule, now["fields"].get(name), as_read(row, name), rule.value)
    now["flags"] = [flag for flag in now["flags"] if flag["field"] != name]
    if rule.state == "trial" and name != "category" and present != rule.value:
        text = f"You corrected this once to “{rule.value}”. Approve it, and it is done without asking from then on."
        now["flags"].append({"field": name, "code": _DOUBTS[0], "text": text})


def _rescale(row: Receipt, before: str | None, after: str, effect: Effect) -> dict[str, Any]:
    """The same figures in the minor units of another currency; what they were."""
    if money.exponent(before) == money.exponent(after):
        return {}
    changed = rescaled(row, after)
    effect.changed.update(changed)
    return {name: row.__data__[name] for name in changed}


def rescaled(row: Receipt, currency: str | None) -> dict[str, Any]:
    """A receipt's figures in the minor units of another currency (12.34 stays 12.34)."""
    if money.exponent(row.currency) == money.exponent(currency):
        return {}

    def again(minor: int | None) -> int | None:
        return None if minor is None else money.to_minor(money.to_decimal(minor, row.currency), currency)

    names = ("total_minor", "payable_minor", "net_minor", "tax_minor", "tip_minor", "discount_minor")
    changed: dict[str, Any] = {name: again(getattr(row, name)) for name in names}
    changed["tax"] = [
        {**line, "base_minor": again(line["base_minor"]), "amount_minor": again(line["amount_minor"])}
        for line in row.tax
    ]
    changed["items"] = [{**line, "amount_minor": again(line["amount_minor"])} for line in row.items]
    return changed


def evidence_of(rule: VendorRule, read: Mapping[str, Any] | None, value: Any, now: str) -> dict[str, Any]:
    """A field's evidence once a rule has spoken: it says so, and what was read stays there to be chosen."""
    old = dict(read or {"value": None, "confidence": 0.0, "why": "", "quote": None, "box": None, "candidates": []})
    rivals = list(old.get("candidates", ()))
    if value is not None and str(value) != now and all(one["value"] != value for one in rivals):
        own = {name: old.get(name) for name in ("confidence", "why", "quote", "box")}
        rivals.insert(0, {"value": value, **own})
    same = value is not None and str(value) == now
    return {
        "value": now,
        "confidence": 1.0 if rule.state == "confirmed" else 0.6,
        "why": f"Your rule for {rule.vendor or 'this vendor'} says so; the document was read as “{value or '—'}”.",
        "quote": old.get("quote") if same else None,
        "box": old.get("box") if same else None,
        "candidates": rivals,
        "rule": rule.id,
        "read": value,
    }


# -- which line the total stands on


def label_of(quote: str | None) -> str:
    """The words of a line without its figures: what names an amount there."""
    words = re.sub(r"[^\W\d_]{3}(?=\s*[\d])|[\d.,'’\-−+%₪$€£¥]+", " ", quote or "")
    words = re.sub(r"[\W_]+", " ", words.casefold())
    return " ".join(word for word in words.split() if word not in _CURRENCY_WORDS)[:200]


_CURRENCY_WORDS = {"nis", "ils", "usd", "eur", "gbp", "chf", "ש", "שח", "us"}


def _total(row: Receipt, rule: VendorRule, now: dict[str, Any], effect: Effect) -> None:
    evidence = now["fields"].get("total") or {}
    lines = [evidence, *evidence.get("candidates", ())]
    found = {str(one["value"]): one for one in lines if one.get("value") and label_of(one.get("quote")) == rule.value}
    if len(found) != 1:
        return
    ((text, line),) = found.items()
    try:
        minor = money.to_minor(Decimal(text), row.currency)
    except (InvalidOperation, ValueError):
        return
    if minor == row.total_minor:
        return
    flags = [flag for flag in now["flags"] if flag["field"] == "total"]
    effect.changed["total_minor"] = minor
    effect.uses.append((rule, {"total_minor": row.total_minor, "flags": flags}))
    now["fields"]["total"] = {
        **evidence_of(rule, evidence, evidence.get("value"), text), "quote": line.get("quote"), "box": line.get("box"),
    }  # fmt: skip
    now["flags"] = [flag for flag in now["flags"] if flag["field"] != "total"]
    proved = row.net_minor is not None and row.tax_minor is not None and row.net_minor + row.tax_minor == minor
    if not proved:
        text = "It was taken from the line that you chose for this vendor, and nothing else on the document proves it."
        now["flags"].append({"field": "total", "code": _DOUBTS[1], "text": text})
