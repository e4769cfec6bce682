"""Many receipts at once, as a year of a business has them: the same ones for the same number."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import peewee
from playhouse.migrations import Migration

import models
from tests.support.processes import ROOT

VENDORS = ("Harbour Coffee", "בזק", "Hetzner Online", "Café Alma", "Wolt", "Amazon Web Services", "דלק מוטורס")
PLACES = ("Nord", "Sued", "Center", "חיפה", "Online", "Labs", "Studio", "Bros", "& Sons", "Trading", "Tech", "Foods")
_BATCH = 2000
_COLUMNS = (
    "business_id", "part", "ordinal", "source", "version", "status", "kind", "vendor", "number", "date", "currency",
    "total_minor", "net_minor", "tax_minor", "tax", "items", "category", "note", "fields", "flags", "hand_set",
    "waiting_for_document", "created_at", "updated_at",
)  # fmt: skip


def rows(owners: Sequence[int], count: int, seed: int = 1, first: int = 0) -> Iterator[tuple[Any, ...]]:
    """Values in the order of the columns."""
    chance = random.Random(seed)
    start = date(2022, 1, 1)
    for number in range(first, first + count):
        vendor = f"{chance.choice(VENDORS)} {chance.choice(PLACES)} {chance.randrange(40)}"
        total = chance.randrange(500, 900_000)
        tax = total * 18 // 118
        lines = json.dumps([{"rate": "18", "base_minor": total - tax, "amount_minor": tax}])
        items = json.dumps([{"description": f"Item {chance.randrange(5000)}", "quantity": "1", "amount_minor": total}])
        status = chance.choices(("approved", "ready", "to_review", "rejected"), (70, 15, 12, 3))[0]
        flags = [{"field": "total", "code": "two_totals", "text": "Two."}] if status == "to_review" else []
        day = (start + timedelta(days=chance.randrange(1700))).isoformat()
        made = 1_700_000_000_000 + number * 1000
        yield (
            owners[number % len(owners)], "", number, "upload", 1, status, "receipt", vendor, f"INV-{number:07d}", day,
            chance.choices(("ILS", "EUR", "USD"), (80, 12, 8))[0], total, total - tax, tax, lines, items,
            chance.choice(("meals", "travel", "software", "office", None)), "", "{}", json.dumps(flags), "[]", False,
            made, made,
        )  # fmt: skip


_SEARCH = {
    "sqlite": "insert into receipt_search (rowid, vendor, words) select id, vendor, words from receipt_words",
    "postgresql": "insert into receipt_search (rowid, words) select id, array_to_tsvector(search_words(business_id || "
    "'|', vendor || ' ' || words) || search_words(business_id || 'v|', vendor)) from receipt_words",
}


def fill(owners: Sequence[int], count: int, seed: int = 1) -> None:
    """Put them into the database that is open and has none, on either kind; the indexes are built whole."""
    database: Any = models.db.obj
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    if isinstance(models.db.obj, peewee.SqliteDatabase):
        made = database.execute_sql(
            "select type, name, sql from sqlite_master where tbl_name = 'receipt' and sql is not null "
            "and type in ('index', 'trigger')"
        ).fetchall()
        with database.atomic():
            for type_, name, _ in made:
                database.execute_sql(f"drop {type_} {name}")
            marks = ", ".join("?" * len(_COLUMNS))
            database.connection().executemany(
                f"insert into receipt ({names}) values ({marks})", rows(owners, count, seed)
            )
            # Fewer and larger pieces at once; then as it is by itself.
            hash_size = "insert into receipt_search (receipt_search, rank) values ('hashsize', ?)"
            database.execute_sql(hash_size, [64 * 1024 * 1024])
            database.execute_sql(_SEARCH["sqlite"])
            database.execute_sql(hash_size, [1024 * 1024])
            _sums(database, lite=True)
            for _, _, sql in made:
                database.execute_sql(sql)
        return
    made = database.execute_sql(
        "select indexname, indexdef from pg_indexes where schemaname = current_schema() and "
        "(tablename = 'receipt' and indexdef like 'CREATE INDEX%%' or indexname = 'receipt_search_words')"
    ).fetchall()
    with database.atomic():
        database.execute_sql("alter table receipt disable trigger user")
        for name, _ in made:
            database.execute_sql(f"drop index {name}")
        with database.cursor().copy(f"copy receipt ({names}) from stdin") as out:
            for row in rows(owners, count, seed):
                out.write_row(row)
        database.execute_sql(_SEARCH["postgresql"])
        _sums(database, lite=False)
        database.execute_sql("set local maintenance_work_mem = '512MB'")
        for _, sql in made:
            database.execute_sql(sql)
        database.execute_sql("alter table receipt enable trigger user")


def fill_contacts(owners: Sequence[int], count: int, seed: int = 1) -> None:
    """So many contacts beside them, written as a person's are, triggers and all."""
    chance = random.Random(seed)
    with models.write():
        for start in range(0, count, _BATCH):
            models.Contact.insert_many(
                {
                    "business": owners[number % len(owners)],
                    "name": f"{chance.choice(VENDORS)} {chance.choice(PLACES)} {number}",
                    "sort_name": str(number),
                    "phones": [f"+97250{number:07d}"],
                    "emails": [f"c{number}@{chance.choice(('kedem', 'alma', 'nord'))}.example"],
                }
                for number in range(start, min(start + _BATCH, count))
            ).execute()


def _sums(database: Any, *, lite: bool) -> None:
    """What migration 0009 makes of receipts that are there already."""
    module = Migration(9, "0009_sums", str(ROOT / "migrations" / "0009_sums.py"), None).load()
    for statement in module.whole(lite=lite):
        database.execute_sql(statement)
