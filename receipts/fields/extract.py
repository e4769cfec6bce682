"""A text with positions as one reading: every field chosen, checked and, where in doubt, flagged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from receipts.countries import israel
from receipts.fields import (
    asked,
    coded,
    currency,
    days,
    doubts,
    extras,
    items,
    kinds,
    numbers,
    stated,
    taxids,
    totals,
    vendor,
)
from receipts.fields.choice import RIVALS, best, none
from receipts.fields.scan import Scan
from receipts.layout import Text
from receipts.llm import Told
from receipts.types import Candidate, Field, Headers, Kind, Reading

_MONTH_FIRST = {"USD"}  # whose users write the month before the day


@dataclass
class Extract:
    """A reading with what it rests on, for detection and further checks."""

    reading: Reading
    scan: Scan
    sums: totals.Totals


def read(
    text: Text,
    part: str,
    headers: Headers,
    *,
    filename: str = "",
    today: date | None = None,
    hints: Sequence[str] = (),
    told: Told | None = None,
) -> Extract:
    """Read one document.

    Args:
        text: the document.
        part: the MIME path that the reading is to carry.
        headers: of the mail that brought it; empty ones for a loose file.
        filename: its name.
        today: no document is younger.
        hints: further lines that speak of the document.
        told: a language model's answer about it.
    """
    anchor = headers.date.date() if headers.date else None
    scan = Scan(text, anchor)
    speaking = tuple(h for h in (headers.subject, text.title, filename, *hints) if h)
    kind_list = kinds.read(scan, speaking)
    sums = totals.read(scan)
    if not kind_list and {s.role for s in scan.spots} & {"tender", "change", "paid"}:
        kind_list = [Candidate(Kind.RECEIPT, 0.5, "it tells of a payment")]
    if sums.candidates and sums.candidates[0].best.role == "refund":
        kind_list = [Candidate(Kind.CREDIT_NOTE, 0.96, "it tells of money given back"), *kind_list]
    kind: Field[Kind] = best(kind_list, "the document does not say what it is")
    first = sums.candidates[0] if sums.candidates else None
    spot = first.best if first else None
    ids = taxids.read(scan)
    money = currency.read(scan, spot) or currency.of_tax_id(ids)
    coin = best(money, "no currency stands on the document")
    is_order = kind.value is Kind.ORDER
    day_list = days.read(
        scan,
        month_first=coin.value in _MONTH_FIRST or (coin.value is None and scan.languages == {"en"} and _american(text)),
        is_order=is_order,
    )
    names = vendor.read(
        scan, from_name=headers.from_name, from_address=headers.from_address, to=headers.to, title=text.title
    )
    total: Field[Decimal] = best(
        [totals.candidate(scan, s) for s in sums.candidates[:RIVALS]], "no amount is labelled as a total", least=0.2
    )
    payable: Field[Decimal] = none("no amount is labelled as still to be paid")
    if sums.payable:
        payable = best([totals.candidate(scan, sums.payable)], "")
    net: Field[Decimal] = none("no amount is labelled as net")
    if sums.net:
        net = best([totals.candidate(scan, sums.net)], "")
        net = replace(
            net,
            confidence=0.9 if sums.tax_confirmed else 0.6,
            why="net + tax gives the total" if sums.tax_confirmed else net.why,
        )
    reading = Reading(
        part=part,
        kind=kind,
        vendor=best(names, "no name of a vendor was found"),
        vendor_tax_id=best(ids, "no tax number was found", least=0.4),
        number=best(
            numbers.read(scan, order=is_order or not kind_list, hints=speaking),
            "no number of the document was found",
            least=0.25,
        ),
        date=best(day_list.date, "no date was found", least=0.12),
        due_date=best(day_list.due, "no day is named until which to pay"),
        currency=coin,
        total=total,
        payable=payable,
        net=net,
        tax=sums.taxes,
        items=items.read(scan, spot.line if spot else None),
        source=text.source,
    )
    reading = extras.complete(reading, scan, sums)
    reading = negative(reading)
    flags = doubts.find(reading, scan, sums, day_list, today)
    reading = replace(reading, flags=(*flags, *israel.doubts(reading, text.text)))
    if text.codes:
        reading = coded.with_codes(reading, text.codes)
    if len(text.sales) == 1:
        reading = stated.with_sale(reading, text.sales[0])
    if told is not None:
        reading = asked.with_answer(reading, told, scan, sums)
    return Extract(reading, scan, sums)


def negative(reading: Reading) -> Reading:
    """A credit note's or refund's sums with a minus, remembered as turned."""
    if reading.kind.value is not Kind.CREDIT_NOTE or reading.total.value is None or reading.total.value <= 0:
        return reading

    def turn(field: Field[Decimal]) -> Field[Decimal]:
        flipped = tuple(Candidate(-c.value, c.confidence, c.why, c.box, c.quote) for c in field.candidates)
        return replace(field, value=None if field.value is None else -field.value, candidates=flipped)

    lines = tuple(
        replace(t, base=None if t.base is None else -t.base, amount=None if t.amount is None else -t.amount)
        for t in reading.tax
    )
    goods = tuple(replace(i, amount=None if i.amount is None else -i.amount) for i in reading.items)
    return replace(
        reading,
        total=turn(reading.total),
        payable=turn(reading.payable),
        net=turn(reading.net),
        tax=lines,
        items=goods,
        turned=True,
    )


def _american(text: Text) -> bool:
    whole = text.text[:8000]
    return "$" in whole
