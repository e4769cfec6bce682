"""What people said of senders, and of single mails: take it, always take, never take."""

from __future__ import annotations

from errors import Tellable
from models import Business, Mail, SenderRule, write
from store import ledger

VERDICTS = ("take", "leave")


def verdict(business: Business | int, address: str) -> SenderRule | None:
    """The rule for an address: its own first, then its domain's, then those of the domains above."""
    names = _names(address)
    if not names:
        return None
    rules = {
        rule.sender: rule
        for rule in SenderRule.select().where(SenderRule.business == business, SenderRule.sender << names)
    }
    return next((rules[name] for name in names if name in rules), None)


def _names(address: str) -> list[str]:
    address = address.strip().casefold()
    _, mark, domain = address.rpartition("@")
    if not mark or not domain:
        return []
    labels = domain.split(".")
    # A rule for a top-level domain would speak for half the world.
    return [address, *(".".join(labels[start:]) for start in range(len(labels) - 1))]


def set_rule(business: Business | int, sender: str, verdict_: str, by: str) -> SenderRule:
    """Make or change the rule of an address or a domain.

    Tellable `bad_sender` or `bad_verdict`.
    """
    sender = sender.strip().casefold()
    if not sender or sender.startswith("@") or "." not in sender.rpartition("@")[2] or any(c.isspace() for c in sender):
        raise Tellable("bad_sender", "That is neither an address nor a domain.")
    if verdict_ not in VERDICTS:
        raise Tellable("bad_verdict", "The verdict must be take or leave.")
    with write():
        rule = SenderRule.get_or_none(SenderRule.business == business, SenderRule.sender == sender)
        rule = rule or SenderRule(business=business, sender=sender)
        rule.verdict, rule.created_by = verdict_, by
        rule.save()
    return rule


def listing(business: Business | int) -> list[SenderRule]:
    """All rules, newest first."""
    return list(SenderRule.select().where(SenderRule.business == business).order_by(SenderRule.id.desc()))


def forget(rule: SenderRule) -> None:
    """Take the rule back; mails that it decided keep their outcome until they are read again."""
    with write():
        SenderRule.delete().where(SenderRule.id == rule.id).execute()


def take(mail: Mail) -> None:
    """A person says that this mail is a receipt: it is read again, and becomes one whatever the reader thinks."""
    with write():
        Mail.update(forced=True).where(Mail.id == mail.id).execute()
    ledger.retry(mail)


def again(business: Business | int, rule: SenderRule) -> int:
    """Mails of the rule's sender that its verdict changes are put back to be read; how many."""
    outcomes = ("not_receipt", "skipped", "failed") if rule.verdict == "take" else ("waiting",)
    query = Mail.select().where(
        Mail.business == business, Mail.outcome << outcomes, Mail.from_address.contains(rule.sender)
    )
    count = 0
    for mail in query:
        mine = verdict(business, mail.from_address)
        if mine is not None and mine.id == rule.id:
            ledger.retry(mail)
            count += 1
    return count
