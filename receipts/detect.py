"""Is this a receipt? Independent signals, each with a reason and a weight."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from receipts.fields import labels
from receipts.fields.extract import Extract
from receipts.fields.sums import Sum
from receipts.types import Headers, Kind, Reading, Reason

NEEDED = 1.7  # sum of the weights
_PAPERS = {
    Kind.INVOICE: 1.0,
    Kind.TAX_INVOICE: 1.1,
    Kind.RECEIPT: 1.0,
    Kind.INVOICE_RECEIPT: 1.1,
    Kind.CREDIT_NOTE: 0.9,
    Kind.ORDER: 0.6,
}
# Signals that rest on the same evidence count as one.
_GROUP = {
    "subject": "words",
    "kind": "words",
    "file_name": "words",
    "subject_bought": "bought",
    "total_proved": "total",
    "subtotal": "total",
    "tax_adds_up": "tax",
}
_CARD = re.compile(
    # A run of marks is tried from its beginning alone: from each of its signs, a long one would take for ever.
    r"(?:(?<![*•·xX.])[*•·xX.]{2,}|ending(?: in| with)?|endend auf|se terminant par|terminada en|המסתיים ב-?|כרטיס)"
    r"\s?-?\d{4}\b"
)
_STRONG_ROLES = frozenset({"grand", "total", "payable", "paid", "refund"})


@dataclass
class Verdict:
    """The signals for one document or body."""

    reasons: list[Reason] = field(default_factory=list)
    has_total: bool = False
    needed: float = NEEDED
    groups: int = 2  # how many independent kinds of evidence are wanted
    chosen: bool = False  # a file that somebody picked: a labelled total in a currency is enough

    def add(self, code: str, text: str, weight: float) -> None:
        """One signal, counted once."""
        if all(r.code != code for r in self.reasons):
            self.reasons.append(Reason(code, text, round(weight, 2)))

    @property
    def score(self) -> float:
        """Sum of the weights."""
        return sum(r.weight for r in self.reasons)

    @property
    def receipt(self) -> bool:
        """Whether two independent signals and the weight suffice."""
        groups = {_GROUP.get(r.code, r.code) for r in self.reasons if r.weight > 0}
        if self.chosen and self.score >= 0.9 and any(r.code == "total" and r.weight >= 0.9 for r in self.reasons):
            return True
        return self.has_total and self.score >= self.needed and len(groups) >= self.groups


def words(text: str) -> frozenset[str]:
    """Classes of the known phrases of a line, in any language."""
    out: set[str] = set()
    for hit in labels.find(text):
        out |= {c for c, _ in hit.meanings}
    return frozenset(out)


def judge(
    extract: Extract, headers: Headers, *, body: bool, bulk: bool, filename: str = "", in_mail: bool = True
) -> Verdict:
    """Weigh one document.

    Args:
        extract: what was read of it.
        headers: of the mail.
        body: it is the mail's own text, which also holds talk and advertising.
        bulk: the mail says that it goes to many.
        filename: the document's name.
        in_mail: whether it came by mail rather than as a loose file.
    """
    out = Verdict(groups=2, needed=NEEDED)
    if body:
        out.groups = 3 if in_mail else 2
    if not in_mail:  # somebody chose this very file
        out.needed = NEEDED - 0.5
        out.chosen = not body
    reading, scan, sums = extract.reading, extract.scan, extract.sums
    first = sums.candidates[0] if sums.candidates else None
    title = " ".join(x for x in (headers.subject, scan.text.title) if x)
    said = words(title)
    text_classes: set[str] = set()
    for segment in scan.segments[:800]:
        own = {c for c in scan.classes(segment.text) if c[:2] == "x."}
        if "x.negation" in own:
            own.discard("x.bought")
        text_classes |= own
    if first is not None and reading.total.value is not None:
        _sum(out, first, reading, body=body, bulk=bulk)
        if sums.tax_confirmed and sums.taxes:
            out.add("tax_adds_up", "Net and tax give the total.", 0.6)
        elif sums.taxes:
            out.add("tax", "It states a tax.", 0.3)
        if {"subtotal + extras", "items add up", "a sum and what is added give it", "total − deductions"} & set(
            first.confirmed
        ):
            out.add("sums", "What it lists adds up to the total.", 0.5)
    if scan.text.sales:
        out.add("schema_org", "Its mark-up for machines states an order, an invoice or a booking.", 1.2)
        out.has_total = out.has_total or any(s.total is not None for s in scan.text.sales)
    if any(code.fiscal for code in scan.text.codes):
        out.add("fiscal_code", "It carries the QR code that a tax authority wants on receipts.", 1.2)
        out.has_total = out.has_total or reading.total.value is not None
    elif any(code.payable for code in scan.text.codes):
        out.add("payment_code", "It carries the QR code of a payment.", 0.6)
    kind = reading.kind.value
    if kind in _PAPERS and reading.kind.confidence >= 0.5:
        out.add("kind", "It calls itself an invoice, a receipt or an order.", _PAPERS[kind] * (0.7 if body else 1.0))
    if reading.number.value and reading.number.confidence >= 0.55:
        out.add("number", "It carries a document or order number.", 0.6)
    if reading.vendor_tax_id.value and reading.vendor_tax_id.confidence >= 0.85:
        out.add("tax_id", "It carries a tax number whose check digits hold.", 0.4)
    if any(
        c.startswith("k.") and c not in {"k.quote", "k.reminder", "k.statement", "k.delivery_note", "k.proforma"}
        for c in said
    ):
        out.add("subject", "The subject speaks of an invoice, a receipt or an order.", 0.6)
    if "x.bought" in said and "x.shipping" not in said:
        out.add("subject_bought", "The subject speaks of a purchase or payment.", 0.7)
    elif "x.bought" in text_classes:
        out.add("bought", "The text speaks of a purchase or payment.", 0.5)
    if not body:
        name = words(filename.replace("_", " ").replace("-", " "))
        if any(c in {"k.invoice", "k.receipt", "k.tax_invoice", "k.invoice_receipt", "k.credit"} for c in name):
            out.add("file_name", "The file's name speaks of an invoice or receipt.", 0.4)
    roles = {s.role for s in scan.spots}
    if (roles & {"tender", "change"} and not body) or _CARD.search(scan.text.text[:20_000]):
        out.add("payment", "It tells how it was paid.", 0.4)
    if body and any(
        c in {"k.receipt", "k.invoice"}
        for c in words(
            f"{headers.from_name} {headers.from_address.partition('@')[0].replace('-', ' ').replace('+', ' ')}"
        )
    ):
        out.add("sender", "The sender's name speaks of receipts or invoices.", 0.4)
    _against(out, reading, said, text_classes, body=body, bulk=bulk)
    return out


def _sum(out: Verdict, first: Sum, reading: Reading, *, body: bool, bulk: bool) -> None:
    """What the total says for a receipt."""
    spot = first.best
    coin = reading.currency.value is not None
    money = spot.amount.money_like or (coin and not spot.prose and abs(spot.amount.value) >= 1)
    if first.roles & _STRONG_ROLES and money:
        out.has_total = True
        if spot.prose and body and spot.role not in {"paid", "refund"}:
            out.add("total_in_prose", "A sentence speaks of a total.", 0.1 if bulk else 0.4)
        else:
            out.add("total", "An amount of money is labelled as the total or as paid.", 0.9 if coin else 0.6)
    elif first.confirmed and money and first.score >= 0.6:
        out.has_total = True
        out.add("total_proved", "The sums on it give a total.", 0.7)
    elif money and coin and first.roles & {"subtotal", "amount"}:
        out.has_total = True
        out.add("subtotal", "A sum of money is labelled, though not as the total.", 0.5)


def _against(
    out: Verdict, reading: Reading, said: frozenset[str], text_classes: set[str], *, body: bool, bulk: bool
) -> None:
    kind = reading.kind.value
    if "x.failed" in said or ("x.failed" in text_classes and body):
        out.add("payment_failed", "It says that a payment failed.", -2.5)
    if "x.incoming" in said or ("x.incoming" in text_classes and body):
        out.add("money_in", "It tells of money received, not spent.", -3.0)
    slip = any(r.code == "payment" for r in out.reasons)
    if (
        (kind is Kind.STATEMENT and reading.kind.confidence > 0.6 and not slip)
        or "k.statement" in said
        or "x.statement" in said
    ):
        out.add("statement", "It is a statement of account.", -1.6)
    if "k.quote" in said or "k.proforma" in said or (kind is Kind.OTHER and reading.kind.confidence > 0.6 and not slip):
        out.add("quote", "It is an offer, a reminder or a delivery note.", -1.2)
    if "k.reminder" in said:
        out.add("reminder", "It reminds of an earlier invoice.", -0.8)
    if not body:
        return
    if "x.shipping" in said:
        out.add("shipping", "The subject speaks of a delivery.", -1.2)
    elif "x.shipping" in text_classes and not {"x.bought"} & (said | text_classes):
        out.add("shipping", "It speaks of a delivery.", -0.5)
    if bulk:
        out.add("bulk", "It was sent to many at once.", -0.3)
    if "x.newsletter" in said:
        out.add("newsletter", "The subject advertises.", -1.0)
    elif "x.newsletter" in text_classes:
        out.add("newsletter", "It reads like a newsletter.", -0.4)


def waiting(extract: Extract, headers: Headers, verdict: Verdict) -> str:
    """The link behind which a mail says that an invoice lies; "" where it says no such thing."""
    if any(r.code in {"payment_failed", "money_in", "quote", "reminder", "shipping"} for r in verdict.reasons):
        return ""
    scan = extract.scan
    said = words(headers.subject)
    spoken = [s for s in scan.segments[:300] if "x.link" in scan.classes(s.text)]
    links = scan.text.links
    named = [href for text, href in links if "x.link" in words(text)]
    if not spoken and not named:
        return ""
    papers = {c for c in said if c in {"k.invoice", "k.tax_invoice", "k.receipt", "k.invoice_receipt"}}
    papers |= {
        c for s in scan.segments[:300] for c in scan.classes(s.text) if c in {"k.invoice", "k.tax_invoice", "k.receipt"}
    }
    if not (papers or {"x.bought", "x.link"} & said) or "x.newsletter" in said:
        return ""
    if named:
        return named[0]
    return next((href for _, href in links), "")
