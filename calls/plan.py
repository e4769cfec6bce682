"""What a caller meets: the plan of a number, as plain values that survive in a file, and what it says for a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import clock

ACTIONS = ("voicemail", "forward", "say", "echo")  # of a menu's digit


@dataclass(frozen=True, slots=True)
class Choice:
    """A digit of the menu: what it does, and the number (forward) or the words (say) for it."""

    digit: str
    action: str
    value: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What callers of one number meet.

    hours: weekday (Monday is 0) to spans of minutes since midnight, half-open, in `time_zone`; empty means always open.
    holidays: days YYYY-MM-DD on which nobody is there. greeting and closed are texts for Twilio's voice, sound the
    blob of a greeting that was uploaded (μ-law). people: numbers whose messages are filed.
    """

    business_id: int
    number: str
    account_sid: str
    auth_token: str = field(repr=False)
    language: str = "en"
    time_zone: str = "UTC"
    name: str = ""
    greeting: str = ""
    closed: str = ""
    sound: str = ""
    consent: str = ""
    hours: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    holidays: tuple[str, ...] = ()
    menu: tuple[Choice, ...] = ()
    menu_text: str = ""
    forward: tuple[str, ...] = ()
    ring_s: int = 20
    voicemail: bool = True
    stream: bool = True
    longest_s: int = 120
    silence_s: int = 4
    record_calls: bool = False
    anonymous: str = "accept"  # accept | voicemail | reject
    blocked: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    country: str = "IL"

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody is there at this moment."""
        local = moment.astimezone(clock.zone(self.time_zone))
        if local.date().isoformat() in self.holidays:
            return False
        if not self.hours:
            return True
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.hours.get(str(local.weekday()), ()))

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        names = [name for name in self.__dataclass_fields__ if name != "menu"]
        menu = [[one.digit, one.action, one.value, one.label] for one in self.menu]
        return {**{name: getattr(self, name) for name in names}, "menu": menu}


def from_json(values: Mapping[str, Any]) -> Plan:
    """The plan of plain values; those of another version that are not known here are left aside."""
    known = {name: value for name, value in values.items() if name in Plan.__dataclass_fields__}
    for name in ("holidays", "forward", "blocked", "people"):
        known[name] = tuple(known.get(name, ()))
    hours = known.get("hours") or {}
    known["hours"] = {day: tuple((int(start), int(end)) for start, end in spans) for day, spans in hours.items()}
    known["menu"] = tuple(Choice(*entry) for entry in known.get("menu", ()))
    return Plan(**known)
