"""Values that a request may carry: each knows its JSON schema and how it is read from a query or a body."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import clock
from errors import Tellable

Schema = dict[str, Any]
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,6})?")
_TRUE, _FALSE = {"1", "true", "yes"}, {"0", "false", "no"}


@dataclass(frozen=True, slots=True)
class Value:
    """One named value: `read` turns what came (text in a query, JSON in a body) into ours or raises Tellable."""

    read: Callable[[Any, str], Any]
    schema: Schema
    required: bool = False
    about: str = ""
    default: Any = field(default=None)

    def needed(self) -> Value:
        """The same, but it must be there."""
        return replace(self, required=True)


def fault(name: str, what: str, code: str = "bad_value") -> Tellable:
    """Tellable that names the value and what is wrong with it."""
    return Tellable(code, f"“{name}” {what}.", field=name)


def text(longest: int = 1000, *, about: str = "", shortest: int = 0, nullable: bool = False) -> Value:
    """Text without control characters."""

    def read(raw: Any, name: str) -> str | None:
        if raw is None and nullable:
            return None
        if not isinstance(raw, str):
            raise fault(name, "must be text")
        if not shortest <= len(raw) <= longest:
            raise fault(name, f"must have {shortest} to {longest} characters")
        if any(ord(char) < 32 and char not in "\t\n\r" for char in raw) or "\x7f" in raw or _lone(raw):
            raise fault(name, "holds characters that no text has")
        return raw

    schema: Schema = {"type": ["string", "null"] if nullable else "string", "maxLength": longest}
    if shortest:
        schema["minLength"] = shortest
    return Value(read, schema, about=about)


def _lone(raw: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in raw)


def whole(low: int, high: int, *, default: int | None = None, about: str = "") -> Value:
    """A whole number."""

    def read(raw: Any, name: str) -> int:
        number = int(raw) if isinstance(raw, str) and re.fullmatch(r"-?[0-9]{1,18}", raw) else raw
        if not isinstance(number, int) or isinstance(number, bool) or not low <= number <= high:
            raise fault(name, f"must be a whole number from {low} to {high}")
        return number

    return Value(read, {"type": "integer", "minimum": low, "maximum": high}, about=about, default=default)


def row_id(about: str = "", *, nullable: bool = False) -> Value:
    """The id of a row."""
    return optional(whole(1, 2**53, about=about)) if nullable else whole(1, 2**53, about=about)


def optional(value: Value) -> Value:
    """The same value, or null."""

    def read(raw: Any, name: str) -> Any:
        return None if raw is None else value.read(raw, name)

    return replace(value, read=read, schema={"anyOf": [value.schema, {"type": "null"}]})


def texts(most: int, longest: int, *, about: str = "") -> Value:
    """A list of short texts."""
    one = text(longest)

    def read(raw: Any, name: str) -> list[str]:
        if not isinstance(raw, list) or len(raw) > most:
            raise fault(name, f"must be a list of at most {most} texts")
        return [one.read(part, name) for part in raw]

    return Value(read, {"type": "array", "items": one.schema, "maxItems": most}, about=about)


def moment(*, nullable: bool = False, about: str = "") -> Value:
    """A moment in ISO 8601 with its zone."""

    def read(raw: Any, name: str) -> datetime | None:
        if nullable and raw in (None, ""):
            return None
        try:
            found = datetime.fromisoformat(raw if isinstance(raw, str) else "")
            if found.tzinfo is not None and 1970 < found.year < 9999:
                return found.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise fault(name, "must be a moment like 2026-11-24T09:00:00Z")

    schema: Schema = {"type": ["string", "null"] if nullable else "string", "format": "date-time"}
    return Value(read, schema, about=about)


def day(*, nullable: bool = False, about: str = "") -> Value:
    """A calendar day, YYYY-MM-DD."""

    def read(raw: Any, _name: str) -> date | None:
        if nullable and raw in (None, ""):
            return None
        return clock.parse_day(raw if isinstance(raw, str) else str(raw))

    return Value(
        read, {"type": ["string", "null"] if nullable else "string", "format": "date"}, about=about or "YYYY-MM-DD"
    )


def amount(*, nullable: bool = False, about: str = "") -> Value:
    """An amount in major units, a plain decimal with a point."""

    def read(raw: Any, name: str) -> Decimal | None:
        if nullable and raw in (None, ""):
            return None
        written = str(raw) if isinstance(raw, str | int | float) and not isinstance(raw, bool) else ""
        try:
            if _DECIMAL.fullmatch(written):
                return Decimal(written)
        except InvalidOperation:
            pass
        raise fault(name, "must be an amount like 123.45", "bad_amount")

    pattern = "^[+-]?[0-9]{1,15}(\\.[0-9]{1,6})?$"
    return Value(read, {"type": ["string", "null"] if nullable else "string", "pattern": pattern}, about=about)


def choice(*names: str, code: str = "bad_value", about: str = "", default: str | None = None) -> Value:
    """One of a few words."""

    def read(raw: Any, name: str) -> str:
        if not isinstance(raw, str) or raw not in names:
            raise fault(name, f"must be one of {', '.join(names)}", code)
        return raw

    return Value(read, {"type": "string", "enum": list(names)}, about=about, default=default)


def several(*names: str, about: str = "") -> Value:
    """Some of a few words, separated by commas."""

    def read(raw: Any, name: str) -> tuple[str, ...]:
        parts = tuple(part.strip() for part in raw.split(",") if part.strip()) if isinstance(raw, str) else ()
        if not parts or any(part not in names for part in parts):
            raise fault(name, f"must be one or several of {', '.join(names)}, separated by commas")
        return tuple(dict.fromkeys(parts))

    one = "|".join(names)
    schema = {"type": "string", "pattern": f"^({one})(,({one}))*$"}
    return Value(read, schema, about=about or "one or several, separated by commas", default=())


def words(*names: str, about: str = "") -> Value:
    """A list of some of a few words."""

    def read(raw: Any, name: str) -> tuple[str, ...]:
        if not isinstance(raw, list) or not raw or any(one not in names for one in raw):
            raise fault(name, f"must be a list of one or several of {', '.join(names)}")
        return tuple(dict.fromkeys(raw))

    schema = {"type": "array", "items": {"type": "string", "enum": list(names)}, "minItems": 1, "maxItems": 100}
    return Value(read, schema, about=about)


def yes_no(*, about: str = "", default: bool | None = None) -> Value:
    """True or false; 1 or 0 in a query."""

    def read(raw: Any, name: str) -> bool:
        if isinstance(raw, bool):
            return raw
        word = raw.lower() if isinstance(raw, str) else ""
        if word not in _TRUE | _FALSE:
            raise fault(name, "must be 1 or 0")
        return word in _TRUE

    return Value(read, {"type": "boolean"}, about=about, default=default)


def id_list(most: int, *, about: str = "") -> Value:
    """Ids of rows: a list in a body, separated by commas in a query."""
    one = row_id()

    def read(raw: Any, name: str) -> tuple[int, ...]:
        parts = raw.split(",") if isinstance(raw, str) else raw
        if not isinstance(parts, list) or not 0 < len(parts) <= most:
            raise fault(name, f"must be 1 to {most} ids")
        return tuple(one.read(part, name) for part in parts)

    schema = {"type": "array", "items": one.schema, "minItems": 1, "maxItems": most}
    return Value(read, schema, about=about)


def nested(fields: Mapping[str, Value], *, about: str = "") -> Value:
    """An object of named values."""

    def read(raw: Any, name: str) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise fault(name, "must be an object")
        return read_all(raw, fields)

    return Value(read, object_schema(fields), about=about)


def free(*, most_bytes: int = 16_384, about: str = "") -> Value:
    """Any JSON object up to a size."""

    def read(raw: Any, name: str) -> dict[str, Any]:
        import orjson

        if not isinstance(raw, dict) or len(orjson.dumps(raw)) > most_bytes:
            raise fault(name, f"must be an object of at most {most_bytes} bytes")
        return raw

    return Value(read, {"type": "object"}, about=about)


def read_all(raw: Mapping[str, Any], fields: Mapping[str, Value]) -> dict[str, Any]:
    """The named values of a JSON object, and defaults for those that are not there.

    Tellable `unknown_field`, `field_missing`, or what a value itself says.
    """
    unknown = next((name for name in raw if name not in fields), None)
    if unknown is not None:
        raise fault(unknown[:60], f"is not known here; known are {', '.join(fields) or 'none'}", "unknown_field")
    for name, value in fields.items():
        if value.required and name not in raw:
            raise fault(name, "is missing", "field_missing")
    defaults = {name: value.default for name, value in fields.items() if value.default is not None}
    return {**defaults, **{name: fields[name].read(given, name) for name, given in raw.items()}}


def object_schema(fields: Mapping[str, Value]) -> Schema:
    """The JSON schema of an object of named values."""
    properties = {
        name: {**value.schema, **({"description": value.about} if value.about else {})}
        for name, value in fields.items()
    }
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [name for name, value in fields.items() if value.required]
    return {**schema, "required": required} if required else schema
