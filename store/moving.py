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
from store import schema

_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Moved:
    """A table's rows, and the sum over all of their values in the order of their ids."""

    table: str
    rows: int
    sha256: str


def opened(url: str) -> Any:
    """The database at an address with this release's tables in it; Tellable `database_unreachable`."""
    target = postgres.make(url)
    try:
        target.connect()
        schema.make(target)
    except postgres.ERRORS as error:
        raise Tellable("database_unreachable", f"The database does not open ({error}).") from error
    return target


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
        # Row by row the triggers would take ten times as long; what they keep is filled in one go below.
        for name in ("receipt", "mail"):
            target.execute_sql(f'alter table "{name}" disable trigger user')
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
        done.append(_sums(source, target))
        told(done[-1])
        _search(target)
        for name in ("receipt", "mail"):
            target.execute_sql(f'alter table "{name}" enable trigger user')
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


def _sums(source: Any, target: Any) -> Moved:
    """The kept sums as they are, counted and hashed like a table."""
    names = "business_id, kind, grp, currency, count, known, total, tax"
    here, there = _Sum(), _Sum()
    with target.cursor().copy(f"copy receipt_sum ({names}) from stdin") as out:
        for row in source.execute_sql(f"select {names} from receipt_sum"):
            out.write_row(_without_nul(row))
    # Sorted here: the databases sort letters differently.
    for side, database in ((here, source), (there, target)):
        for row in sorted(map(_without_nul, database.execute_sql(f"select {names} from receipt_sum").fetchall())):
            side.add(row)
    if (here.rows, here.text) != (there.rows, there.text):
        raise Tellable("move_failed", "The kept sums did not arrive as they were; nothing was changed.")
    return Moved("receipt_sum", here.rows, here.text)


def _without_nul(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value.replace("\x00", "") if isinstance(value, str) else value for value in row)


def _search(target: Any) -> None:
    """The index of words, built whole."""
    for name in ("receipt_search", "mail_search"):
        target.execute_sql(f"drop index {name}_words")
    target.execute_sql(
        "insert into receipt_search (rowid, words) select id, array_to_tsvector(search_words(business_id || '|', "
        "vendor || ' ' || words) || search_words(business_id || 'v|', vendor)) from receipt_words"
    )
    target.execute_sql(
        "insert into mail_search (rowid, words) select id, array_to_tsvector(search_words(business_id || '|', "
        "concat_ws(' ', subject, from_name, from_address))) from mail where subject <> '' or from_address <> ''"
    )
    for name in ("receipt_search", "mail_search"):
        target.execute_sql(f"create index {name}_words on {name} using gin (words) with (fastupdate = off)")


def _check_search(target: Any) -> None:
    """Every receipt is in the index."""
    (missing,) = target.execute_sql(
        "select count(*) from receipt r left join receipt_search s on s.rowid = r.id where s.rowid is null"
    ).fetchone()
    if missing:
        raise Tellable("move_failed", f"{missing} receipts are missing in the search index; nothing was changed.")


def _name(table: type[Table]) -> str:
    return str(table._meta.table_name)
