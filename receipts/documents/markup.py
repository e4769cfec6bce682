"""What a page states of a sale for machines: schema.org orders, invoices and bookings, as JSON-LD or microdata."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from receipts.fields import amounts as money
from receipts.layout import clean
from receipts.types import Item, Kind

_BYTES = 400_000  # of JSON in one page
_SALES = 20
_THINGS = 2000
_DEPTH = 12
_OFF = re.compile(r"OrderCancelled|OrderReturned|OrderProblem|ReservationCancelled", re.IGNORECASE)
_SELLERS = ("seller", "merchant", "vendor", "provider", "broker", "bookingAgent")
_NUMBERS = ("orderNumber", "invoiceNumber", "confirmationNumber", "reservationNumber", "reservationId", "identifier")
_VALUES = ("price", "value", "totalPrice")

Thing = dict[str, Any]


@dataclass(frozen=True)
class Sale:
    """One order, invoice or booking as stated; what is not stated is None."""

    type: str
    kind: Kind
    vendor: str | None
    number: str | None
    date: dt.date | None
    due_date: dt.date | None
    currency: str | None
    total: Decimal | None
    items: tuple[Item, ...] = ()


def read(parser: LexborHTMLParser) -> tuple[Sale, ...]:
    """Every sale that a page states, each once; what is malformed is passed over."""
    out: dict[tuple[object, ...], Sale] = {}
    for thing in (*_json(parser), *_microdata(parser)):
        sale = _sale(thing)
        if sale and len(out) < _SALES:
            out.setdefault((sale.number, sale.total) if sale.number else (sale.total, sale.vendor), sale)
    return tuple(out.values())


def _sale(thing: Thing) -> Sale | None:
    name = _type(thing)
    booking = name.endswith("Reservation")
    if not (name in {"Order", "Invoice"} or booking) or _OFF.search(
        f"{_text(thing.get('orderStatus'))} {_text(thing.get('reservationStatus'))}"
    ):
        return None
    total, currency = _total(thing)
    number = next((n for key in _NUMBERS if (n := _text(thing.get(key)))), None)
    if total is None and number is None:
        return None
    return Sale(
        name,
        Kind.INVOICE if name == "Invoice" else Kind.ORDER,
        _vendor(thing),
        number,
        _day(thing.get("orderDate") or thing.get("bookingTime") or thing.get("dateCreated")),
        _day(thing.get("paymentDueDate") or thing.get("paymentDue")),
        currency,
        total,
        tuple(_items(thing)),
    )


def _vendor(thing: Thing) -> str | None:
    what = _first(thing.get("reservationFor"))
    for holder in (thing, what if isinstance(what, dict) else {}):
        for key in _SELLERS:
            one = _first(holder.get(key))
            name = _text(one.get("name") if isinstance(one, dict) else one)
            if name and "://" not in name:
                return name
    return None


def _total(thing: Thing) -> tuple[Decimal | None, str | None]:
    due = _first(thing.get("totalPaymentDue"))
    for holder in (thing, due if isinstance(due, dict) else {}):
        for key in _VALUES:
            value = _amount(holder.get(key))
            if value is not None:
                coin = _text(holder.get("priceCurrency") or holder.get("currency") or thing.get("priceCurrency"))
                known = coin.upper() if coin and coin.upper() in money.CODES else None
                return value, known or _coin(holder.get(key))
    value = _amount(due)
    return value, _coin(due)


def _items(thing: Thing) -> Iterator[Item]:
    offers = thing.get("acceptedOffer") or thing.get("orderedItem") or []
    for offer in offers[:200] if isinstance(offers, list) else [offers]:
        if not isinstance(offer, dict):
            continue
        goods = _first(offer.get("itemOffered") or offer.get("orderedItem"))
        name = _text(goods.get("name") if isinstance(goods, dict) else goods) or _text(offer.get("name"))
        count = _first(offer.get("eligibleQuantity") or offer.get("orderQuantity"))
        quantity = _amount(count.get("value") if isinstance(count, dict) else count)
        if name:
            yield Item(name, quantity, _amount(offer.get("price")))


# -- values ----------------------------------------------------------------------------------------


def _type(thing: Thing) -> str:
    return _text(_first(thing.get("@type"))).rstrip("/").rsplit("/", 1)[-1]


def _first(value: object) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _text(value: object) -> str:
    value = _first(value)
    if isinstance(value, dict):
        value = value.get("value") or value.get("name")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return " ".join(clean(str(value)).split())[:200]


def _amount(value: object) -> Decimal | None:
    value = _first(value)
    if isinstance(value, str):
        found = [a for a in money.find(clean(value)[:60]) if not a.percent]
        return found[0].value if len(found) == 1 else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    try:
        exact = Decimal(value)
        return exact if exact.is_finite() and abs(exact) < 10**13 else None
    except InvalidOperation:
        return None


def _coin(value: object) -> str | None:
    value = _first(value)
    coins = set(money.currencies(clean(value)[:60])) if isinstance(value, str) else set()
    coin = coins.pop() if len(coins) == 1 else ""
    return coin if coin in money.CODES else None


def _day(value: object) -> dt.date | None:
    text = _text(value)
    match = re.match(r"\d{4}-\d{2}-\d{2}", text)
    try:
        return dt.date.fromisoformat(match[0]) if match else None
    except ValueError:
        return None


# -- where it stands -------------------------------------------------------------------------------


def _json(parser: LexborHTMLParser) -> Iterator[Thing]:
    left = _BYTES
    for script in parser.css('script[type="application/ld+json"]')[:_SALES]:
        source = script.text(deep=True).strip()
        source = re.sub(r"^(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|(?://\s*)?\]\]>)$", "", source).strip()
        left -= len(source)
        if left < 0:
            return
        try:
            yield from _things(json.loads(source, parse_float=Decimal), 0)
        except (ValueError, RecursionError):  # what machines cannot read, people's text still tells
            continue


def _things(value: object, depth: int) -> Iterator[Thing]:
    if depth > 3:
        return
    if isinstance(value, list):
        for one in value[:_THINGS]:
            yield from _things(one, depth + 1)
    elif isinstance(value, dict):
        yield value
        yield from _things(value.get("@graph"), depth + 1)


def _microdata(parser: LexborHTMLParser) -> Iterator[Thing]:
    for node in parser.css("[itemscope][itemtype]")[:_THINGS]:
        attributes = node.attributes
        if "itemprop" not in attributes and "schema.org" in (attributes.get("itemtype") or ""):
            yield _scope(node, 0)


def _scope(node: LexborNode, depth: int) -> Thing:
    thing: Thing = {"@type": (node.attributes.get("itemtype") or "").split(" ")[0]}
    if depth < _DEPTH:
        _properties(node, thing, depth)
    return thing


def _properties(node: LexborNode, thing: Thing, depth: int) -> None:
    waiting = [node.child]
    for _ in range(_THINGS):
        if not waiting:
            return
        child = waiting.pop()
        if child is None:
            continue
        waiting.append(child.next)
        attributes = child.attributes if not (child.tag or "-").startswith("-") else {}
        name, scope = attributes.get("itemprop"), "itemscope" in attributes
        if name:
            value = _scope(child, depth + 1) if scope else _stated(child, attributes)
            for one in name.split():
                known = thing.get(one)
                thing[one] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
        if not scope:
            waiting.append(child.child)


def _stated(node: LexborNode, attributes: dict[str, str | None]) -> str:
    for key in ("content", "datetime", "href", "src"):
        if attributes.get(key):
            return str(attributes[key])
    return node.text(deep=True)
