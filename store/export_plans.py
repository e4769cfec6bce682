"""How a business hands over: the plan of its monthly pack, and the accounts of its bookkeeping program."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import clock
from errors import Tellable
from models import Business, ExportPlan, write
from store.exports import FORMATS
from store.people import LANGUAGES

_BOOKS: Mapping[str, Mapping[str, type]] = {
    "quickbooks": {"accounts": dict, "account": str, "tax_codes": dict, "day_format": str},
    "xero": {"accounts": dict, "account": str, "tax_types": dict, "no_tax": str},
    "datev": {
        "adviser": int, "client": int, "accounts": dict, "account": str, "creditor": str, "account_length": int,
        "tax_keys": dict, "year_starts": int,
    },
    "beancount": {"accounts": dict, "expenses": str, "tax": str, "payable": str},
    "hledger": {"accounts": dict, "expenses": str, "tax": str, "payable": str},
}  # fmt: skip
DEFAULT_FORMATS = ("pdf", "xlsx")


def of(business_id: int) -> ExportPlan:
    """The business's plan; one that does nothing where it never made one."""
    found: ExportPlan | None = ExportPlan.get_or_none(ExportPlan.business == business_id)
    if found is not None:
        return found
    language = Business.select(Business.language).where(Business.id == business_id).scalar()
    return ExportPlan(
        business=business_id, formats=list(DEFAULT_FORMATS), language=language if language in LANGUAGES else "en"
    )


def change(business_id: int, values: Mapping[str, Any]) -> ExportPlan:
    """Set some of the plan's values; Tellable `bad_plan` where it could not be kept to."""
    with write():
        plan = of(business_id)
        for name, value in values.items():
            setattr(plan, name, _checked(name, value))
        if plan.active and not plan.formats:
            raise Tellable("bad_plan", "Say in which formats the pack is made.")
        if plan.active and plan.since is None:
            zone = Business.select(Business.time_zone).where(Business.id == business_id).scalar()
            today = clock.now().astimezone(clock.zone(zone)).date()
            plan.since = (today.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
        plan.updated_at = clock.now()
        plan.save()
    return plan


def _checked(name: str, value: Any) -> Any:
    if name == "mails":
        wrong = next((one for one in value if not _is_mail(one)), None)
        if wrong is not None:
            raise Tellable("bad_email", f"“{wrong[:60]}” is not an e-mail address.")
    if name == "formats":
        wrong = next((one for one in value if one not in FORMATS), None)
        if wrong is not None:
            raise Tellable("bad_format", f"The format must be one of {', '.join(FORMATS)}.")
    if name == "books":
        check_books(value)
    return list(value) if isinstance(value, tuple) else value


def _is_mail(text: str) -> bool:
    name, mark, host = text.partition("@")
    return bool(name and mark and "." in host) and not any(c.isspace() or c in "<>,;\"'" for c in text)


def check_books(value: Mapping[str, Any]) -> None:
    """Tellable `bad_books` for what no format knows."""
    for format_, kept in value.items():
        known = _BOOKS.get(format_)
        if known is None or not isinstance(kept, dict):
            raise Tellable("bad_books", f"There are accounts for {', '.join(_BOOKS)} only.")
        for name, one in kept.items():
            if name not in known or not isinstance(one, known[name]):
                raise Tellable("bad_books", f"“{name[:40]}” of {format_} is not known or has the wrong kind of value.")
            if isinstance(one, dict) and not all(isinstance(code, str) for code in one.values()):
                raise Tellable("bad_books", f"“{name}” of {format_} names an account that is no text.")
            if name in {"tax_codes", "tax_types", "tax_keys"}:
                _rates(format_, value[format_][name])


def _rates(format_: str, table: Mapping[Any, Any]) -> None:
    for rate in table:
        if not rate.replace(".", "", 1).isdigit():
            raise Tellable("bad_books", f"“{rate[:20]}” of {format_} is not a tax rate like 18.")


def books(business_id: int) -> Mapping[str, Any]:
    """The accounts by format."""
    plan = ExportPlan.get_or_none(ExportPlan.business == business_id)
    return plan.books if plan is not None else {}


def active() -> list[ExportPlan]:
    """Plans that make packs."""
    return list(ExportPlan.select().where(ExportPlan.active))


def facts(plan: ExportPlan) -> dict[str, Any]:
    """A plan in the API's shape."""
    names = ("active", "day", "hour", "formats", "language", "mails", "close_month", "books")
    return {**{name: getattr(plan, name) for name in names}, "since": None if plan.since is None else str(plan.since)}
