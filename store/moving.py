"""A SQLite installation's rows into an empty PostgreSQL database: every table, counted and hashed on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import peewee

import postgres
from errors import Tellable
from models import TABLES, Table

_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Moved:
    """A table's rows, and the sum over all of their values in the order of their ids."""

    table: str
    rows: int
    sha256: str


def copy(source: Any, target: Any, told: Callable[[Moved], None]) -> list[Moved]:
    """Copy every table; `target` has the schema already and no rows. Tellable `not_empty` or `move_failed`."""
    for table in TABLES:
        if target.execute_sql(f'select 1 from "{_name(table)}" limit 1').fetchone():
            raise Tellable("not_empty", f"The database has rows already (in {_name(table)}); give an empty one.")
    done: list[Moved] = []
    try:
        _copy(source, target, told, done)
    except postgres.ERRORS as error:
        raise Tellable("move_failed", f"PostgreSQL refused a row ({error}); nothing was changed.") from error
    target.execute_sql("analyze")
    return done


def _copy(source: Any, target: Any, told: Callable[[Moved], None], done: list[Moved]) -> None:
    with target.atomic():
        for table in TABLES:
            there, here = _Sum(), _Sum()
            _fill(source, target, table, here)
            for row in _rows(target, table):
                there.add(row)
            if (here.rows, here.text) != (there.rows, there.text):
                raise Tellable("move_failed", f"Table {_name(table)} did not arrive as it was; nothing was changed.")
            _next_id(target, table)
            done.append(Moved(_name(table), here.rows, here.text))
            told(done[-1])
        _check_search(target)


class _Sum:
    """A hash over rows, whichever database they come from."""

    def __init__(self) -> None:
        self.rows, self._digest = 0, hashlib.sha256()

    def add(self, row: tuple[Any, ...]) -> None:
        self.rows += 1
        self._digest.update(orjson.dumps(row, default=str, option=orjson.OPT_SORT_KEYS) + b"\n")

    @property
    def text(self) -> str:
        return self._digest.hexdigest()


def _fill(source: Any, target: Any, table: type[Table], here: _Sum) -> None:
    """In one statement: a row may point at one of its own table that comes after it."""
    fields = table._meta.sorted_fields
    names = ", ".join(f'"{field.column_name}"' for field in fields)
    jsons = {number for number, field in enumerate(fields) if isinstance(field, peewee.JSONField)}
    with target.cursor().copy(f'copy "{_name(table)}" ({names}) from stdin') as out:
        for row in _rows(source, table):
            here.add(row)
            out.write_row([_json(value) if number in jsons else value for number, value in enumerate(row)])


def _rows(database: Any, table: type[Table]) -> Iterator[tuple[Any, ...]]:
    """Every row in the order of its id, each value as either database would give it."""
    fields = table._meta.sorted_fields
    names = ", ".join(f'"{field.column_name}"' for field in fields)
    read = [_reader(field) for field in fields]
    last = 0
    while True:
        sql = f'select {names} from "{_name(table)}" where id > {int(last)} order by id limit {_BATCH}'
        rows = database.execute_sql(sql).fetchall()
        for row in rows:
            yield tuple(None if value is None else take(value) for take, value in zip(read, row, strict=True))
        if len(rows) < _BATCH:
            return
        last = rows[-1][0]


def _reader(field: peewee.Field) -> Callable[[Any], Any]:
    if isinstance(field, peewee.JSONField):
        return lambda value: orjson.loads(postgres.clean(value)) if isinstance(value, str) else value
    if isinstance(field, peewee.BooleanField):
        return bool
    if isinstance(field, peewee.CharField | peewee.TextField):
        return lambda value: str(value).replace("\x00", "")
    return lambda value: value


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _next_id(target: Any, table: type[Table]) -> None:
    name = _name(table)
    sql = f"select setval(pg_get_serial_sequence('{name}', 'id'), coalesce(max(id), 0) + 1, false) from \"{name}\""
    target.execute_sql(sql)


def _check_search(target: Any) -> None:
    """Triggers filled the index: every receipt is in it."""
    (missing,) = target.execute_sql(
        "select count(*) from receipt r left join receipt_search s on s.rowid = r.id where s.rowid is null"
    ).fetchone()
    if missing:
        raise Tellable("move_failed", f"{missing} receipts are missing in the search index; nothing was changed.")


def _name(table: type[Table]) -> str:
    return str(table._meta.table_name)
