"""Sums over the receipts that count, kept by triggers in the writer's own transaction."""

from __future__ import annotations

from typing import Any

import peewee

_TABLE = """
create table receipt_sum (
    business_id integer not null references business (id) on delete cascade,
    kind varchar(1) not null,
    grp text not null,
    currency varchar(3) not null,
    count integer not null,
    known integer not null,
    total bigint not null,
    tax bigint not null,
    primary key (business_id, kind, grp, currency)
)
"""
_FROM_ALL = """
insert into receipt_sum (business_id, kind, grp, currency, count, known, total, tax)
select business_id, '{kind}', {group}, coalesce(currency, ''), count(*), count(total_minor),
    coalesce(sum(total_minor), 0), coalesce(sum(tax_minor), 0)
from receipt r where {counted} group by 1, 3, 4
"""
_RATES_FROM_ALL = """
insert into receipt_sum (business_id, kind, grp, currency, count, known, total, tax)
select business_id, 't', {rate}, coalesce(currency, ''), count(*), 0, coalesce(sum({base}), 0),
    coalesce(sum({amount}), 0)
from receipt r, {lines} where {counted} group by 1, 3, 4
"""
_COUNTED = "r.status in ('to_review', 'ready', 'approved') and r.deleted_at is null and r.duplicate_of_id is null"
_WATCHED = (
    "business_id", "status", "deleted_at", "duplicate_of_id", "currency", "date", "category", "vendor", "total_minor",
    "tax_minor", "tax",
)  # fmt: skip
# Month, day, category and vendor; t is the tax rate, whose total is the base.
_GROUPS = {
    "m": "coalesce(substr({date}, 1, 7), '')",
    "d": "coalesce({date}, '')",
    "c": "coalesce(r.category, '')",
    "v": "coalesce(r.vendor, '')",
}
_ADD = """
    insert into receipt_sum (business_id, kind, grp, currency, count, known, total, tax)
        select r.business_id, k.kind, k.grp, coalesce(r.currency, ''), 1,
            case when r.total_minor is null then 0 else 1 end, coalesce(r.total_minor, 0), coalesce(r.tax_minor, 0)
        from receipt r, ({groups}) k where r.id = new.id and {counted}
        on conflict (business_id, kind, grp, currency) do update set count = receipt_sum.count + 1,
            known = receipt_sum.known + excluded.known, total = receipt_sum.total + excluded.total,
            tax = receipt_sum.tax + excluded.tax;
    insert into receipt_sum (business_id, kind, grp, currency, count, known, total, tax)
        select r.business_id, 't', {rate}, coalesce(r.currency, ''), count(*), 0, coalesce(sum({base}), 0),
            coalesce(sum({amount}), 0)
        from receipt r, {lines} where r.id = new.id and {counted} group by 1, 3, 4
        on conflict (business_id, kind, grp, currency) do update set count = receipt_sum.count + excluded.count,
            total = receipt_sum.total + excluded.total, tax = receipt_sum.tax + excluded.tax;
"""
# Taking away changes what is there and makes nothing: of a business that is erased whole, the sums may be gone already.
_TAKE = """
    update receipt_sum set count = count - 1, known = known - (case when old.total_minor is null then 0 else 1 end),
        total = total - coalesce(old.total_minor, 0), tax = tax - coalesce(old.tax_minor, 0)
        where business_id = old.business_id and kind = '{kind}' and grp = {group}
        and currency = coalesce(old.currency, '') and {counted};
    delete from receipt_sum where business_id = old.business_id and kind = '{kind}' and grp = {group}
        and currency = coalesce(old.currency, '') and count <= 0;
"""
_TAKE_RATES = """
    update receipt_sum set count = count - one.lines, total = total - one.base, tax = tax - one.amount
        from (select {rate} as grp, count(*) as lines, coalesce(sum({base}), 0) as base,
            coalesce(sum({amount}), 0) as amount from {lines} group by 1) as one
        where business_id = old.business_id and kind = 't' and receipt_sum.grp = one.grp
        and currency = coalesce(old.currency, '') and {counted};
    delete from receipt_sum where business_id = old.business_id and kind = 't'
        and currency = coalesce(old.currency, '') and count <= 0;
"""


def up(_migrator: Any, db: peewee.Database) -> None:
    """Make the table, fill it from what is there, and the triggers that keep it."""
    lite = isinstance(db, peewee.SqliteDatabase)
    words, groups = _words(lite=lite), _groups(lite=lite)
    db.execute_sql(_TABLE + (" without rowid" if lite else ""))
    for statement in whole(lite=lite):
        db.execute_sql(statement)
    one = "select '{kind}' as kind, {group} as grp from receipt r where r.id = new.id"
    listed = " union all ".join(one.format(kind=kind, group=group) for kind, group in groups.items())
    add = _ADD.format(groups=listed, **words)
    ours = {name: text.replace("r.", "old.") for name, text in words.items()}
    take = "".join(
        _TAKE.format(kind=kind, group=group.replace("r.", "old."), counted=ours["counted"])
        for kind, group in groups.items()
    ) + _TAKE_RATES.format(**ours)
    if lite:
        changed = " or ".join(f"old.{name} is not new.{name}" for name in _WATCHED)
        db.execute_sql(f"create trigger receipt_sum_insert after insert on receipt begin {add} end")
        db.execute_sql(f"create trigger receipt_sum_delete after delete on receipt begin {take} end")
        db.execute_sql(
            f"create trigger receipt_sum_update after update on receipt when {changed} begin {take}{add} end"
        )
        return
    columns = ["old", "new"]
    before, after = (", ".join(f"{row}.{name}" for name in _WATCHED) for row in columns)
    body = f"""
        create function receipt_sum_changed() returns trigger language plpgsql as $$
        begin
            if tg_op = 'UPDATE' then
                if ({before}) is not distinct from ({after}) then
                    return null;
                end if;
            end if;
            if tg_op <> 'INSERT' then {take} end if;
            if tg_op <> 'DELETE' then {add} end if;
            return null;
        end $$
    """
    db.execute_sql(body.replace("%", "%%"))
    db.execute_sql(
        "create trigger receipt_sum_kept after insert or delete or update on receipt "
        "for each row execute function receipt_sum_changed()"
    )


def whole(*, lite: bool) -> list[str]:
    """The statements that fill the table from the receipts that are there."""
    filled = [_FROM_ALL.format(kind=kind, group=group, counted=_COUNTED) for kind, group in _groups(lite=lite).items()]
    return [*filled, _RATES_FROM_ALL.format(**_words(lite=lite))]


def _words(*, lite: bool) -> dict[str, str]:
    return {
        "counted": _COUNTED,
        "rate": "coalesce(cast(json_extract(l.value, '$.rate') as text), '')" if lite else "coalesce(l ->> 'rate', '')",
        "base": _number("base_minor", lite=lite),
        "amount": _number("amount_minor", lite=lite),
        "lines": "json_each(r.tax) l" if lite else "jsonb_array_elements(r.tax) l",
    }


def _groups(*, lite: bool) -> dict[str, str]:
    date = "r.date" if lite else "r.date::text"
    return {kind: text.format(date=date) for kind, text in _GROUPS.items()}


def _number(name: str, *, lite: bool) -> str:
    return f"cast(json_extract(l.value, '$.{name}') as bigint)" if lite else f"cast(l ->> '{name}' as bigint)"
