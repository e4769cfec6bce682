"""Rows written without building the SQL anew each time: peewee's save, for what a sync does to every mail."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson
import peewee

from models import Table, db
from store import sql


def insert(row: Table) -> None:
    """Insert a row that was made in memory, its defaults in it; its id is set."""
    values = {name: value for name, value in row.__data__.items() if name != "id"}
    names = tuple(values)
    statement = _insert(type(row), names, db.obj.param)
    (row.id,) = sql.fetch(statement, [_bound(type(row), name, values[name]) for name in names])[0]


def insert_new(model: type[Table], values: Sequence[dict[str, Any]]) -> None:
    """Insert rows given as fields and values, the same fields in each; what a unique index knows is left as it is."""
    told = model._meta.get_default_dict()  # type: ignore[no-untyped-call]
    defaults = {name: value for name, value in told.items() if name not in values[0]}
    names = (*values[0], *defaults)
    tail = [_bound(model, name, value) for name, value in defaults.items()]
    params: list[Any] = []
    for each in values:
        params += [_bound(model, name, value) for name, value in each.items()]
        params += tail
    sql.run(_insert_new(model, names, len(values), db.obj.param), params)


def update(row: Table, *names: str) -> None:
    """Write these fields of the row."""
    statement = _update(type(row), names, db.obj.param)
    sql.run(statement, [*(_bound(type(row), name, row.__data__[name]) for name in names), row.id])


@lru_cache(maxsize=64)
def _insert(model: type[Table], names: Sequence[str], _database: str) -> str:
    columns = ", ".join(_column(model, name) for name in names)
    marks = ", ".join(_mark(model, name) for name in names)
    return f'INSERT INTO "{model._meta.table_name}" ({columns}) VALUES ({marks}) RETURNING "id"'


@lru_cache(maxsize=8)
def _insert_new(model: type[Table], names: Sequence[str], count: int, _database: str) -> str:
    columns = ", ".join(_column(model, name) for name in names)
    marks = ", ".join(_mark(model, name) for name in names)
    lines = ", ".join([f"({marks})"] * count)
    return f'INSERT INTO "{model._meta.table_name}" ({columns}) VALUES {lines} ON CONFLICT DO NOTHING'


@lru_cache(maxsize=64)
def _update(model: type[Table], names: Sequence[str], _database: str) -> str:
    changes = ", ".join(f"{_column(model, name)} = {_mark(model, name)}" for name in names)
    return f'UPDATE "{model._meta.table_name}" SET {changes} WHERE "id" = ?'


def _column(model: type[Table], name: str) -> str:
    return f'"{model._meta.fields[name].column_name}"'


def _mark(model: type[Table], name: str) -> str:
    if not isinstance(model._meta.fields[name], peewee.JSONField):
        return "?"
    return "json(?)" if isinstance(db.obj, peewee.SqliteDatabase) else "CAST(? AS jsonb)"


def _bound(model: type[Table], name: str, value: Any) -> Any:
    field = model._meta.fields[name]
    if isinstance(field, peewee.JSONField):
        return None if value is None else orjson.dumps(value).decode()
    return field.db_value(value)
