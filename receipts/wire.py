"""A MessageReading as plain JSON values and bytes, and back: what goes over a child's pipe."""

from __future__ import annotations

import dataclasses
import types as pytypes
import typing
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from receipts import types


def dump(reading: types.MessageReading) -> tuple[dict[str, Any], list[bytes]]:
    """Plain values, and the documents' bytes in order."""
    blobs: list[bytes] = []
    return _dump(reading, blobs), blobs


def load(plain: dict[str, Any], blobs: list[bytes]) -> types.MessageReading:
    """The reading that `dump` took apart."""
    loaded: types.MessageReading = _load(types.MessageReading, plain, blobs)
    return loaded


def _dump(value: Any, blobs: list[bytes]) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _dump(getattr(value, name), blobs) for name in _names(type(value))}
    if isinstance(value, tuple):
        return [_dump(v, blobs) for v in value]
    if isinstance(value, bytes):
        blobs.append(value)
        return len(blobs) - 1
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, vars(types))


def _load(hint: Any, value: Any, blobs: list[bytes], inner: Any = None) -> Any:
    if value is None:
        return None
    origin = typing.get_origin(hint)
    if origin in (typing.Union, pytypes.UnionType):
        return _load(next(a for a in typing.get_args(hint) if a is not type(None)), value, blobs, inner)
    if origin is tuple:
        element = typing.get_args(hint)[0]
        return tuple(_load(element, v, blobs, inner) for v in value)
    if origin is not None:  # Field[date], Candidate[T]
        argument = typing.get_args(hint)[0]
        return _load(origin, value, blobs, inner if isinstance(argument, typing.TypeVar) else argument)
    if isinstance(hint, typing.TypeVar):
        return _load(inner, value, blobs) if inner is not None else value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        return hint(**{name: _load(hints[name], value[name], blobs, inner) for name in _names(hint)})
    if hint is bytes:
        return blobs[value]
    if hint is Decimal:
        return Decimal(value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is date:
        return date.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    return value
