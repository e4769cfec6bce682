"""Search over contacts and tasks, kept by triggers, and an audit trail that the database itself keeps as it is."""

from __future__ import annotations

from typing import Any

import peewee

_SQLITE = (
    "create virtual table contact_search using fts5 (words, tokenize = 'ascii')",
    "create virtual table task_search using fts5 (words, tokenize = 'ascii')",
    """create view contact_words as
select id, search_words(business_id, name || ' ' || company || ' ' || coalesce(tax_id, '') || ' ' || phones
    || ' ' || emails || ' ' || address || ' ' || notes || ' ' || tags) as words
from contact where deleted_at is null""",
    """create trigger contact_search_insert after insert on contact begin
    insert into contact_search (rowid, words) select id, words from contact_words where id = new.id;
end""",
    """create trigger contact_search_update after update on contact
when old.version is not new.version or old.name is not new.name or old.deleted_at is not new.deleted_at
    or old.tax_id is not new.tax_id or old.phones is not new.phones or old.emails is not new.emails
begin
    delete from contact_search where rowid = new.id;
    insert into contact_search (rowid, words) select id, words from contact_words where id = new.id;
end""",
    """create trigger contact_search_delete after delete on contact begin
    delete from contact_search where rowid = old.id;
end""",
    """create trigger task_search_insert after insert on task begin
    insert into task_search (rowid, words)
        values (new.id, search_words(new.business_id, new.title || ' ' || new.notes));
end""",
    """create trigger task_search_update after update on task
when old.title is not new.title or old.notes is not new.notes
begin
    delete from task_search where rowid = new.id;
    insert into task_search (rowid, words)
        values (new.id, search_words(new.business_id, new.title || ' ' || new.notes));
end""",
    """create trigger task_search_delete after delete on task begin
    delete from task_search where rowid = old.id;
end""",
    """create trigger audit_stays_as_it_is before update on audit_entry begin
    select raise(abort, 'the audit trail is never altered');
end""",
    # With its whole business it may go: by then the business's own row is gone.
    """create trigger audit_stays before delete on audit_entry
when old.business_id is null or exists (select 1 from business where id = old.business_id)
begin
    select raise(abort, 'the audit trail is never altered');
end""",
)
# PostgreSQL: lexemes that begin with the business's number, by the function of migration 0002.
_POSTGRES = (
    "create table contact_search (rowid bigint primary key, words tsvector not null)",
    "create table task_search (rowid bigint primary key, words tsvector not null)",
    "create index contact_search_words on contact_search using gin (words) with (fastupdate = off)",
    "create index task_search_words on task_search using gin (words) with (fastupdate = off)",
    """create function contact_search_changed() returns trigger language plpgsql as $$
begin
    delete from contact_search where rowid = old.id;
    if tg_op <> 'DELETE' and new.deleted_at is null then
        insert into contact_search (rowid, words) values (new.id, array_to_tsvector(search_words(
            new.business_id || '|', concat_ws(' ', new.name, new.company, new.tax_id, new.phones, new.emails,
                new.address, new.notes, new.tags))));
    end if;
    return null;
end $$""",
    """create trigger contact_search_kept after insert or delete or update on contact
for each row execute function contact_search_changed()""",
    """create function task_search_changed() returns trigger language plpgsql as $$
begin
    delete from task_search where rowid = old.id;
    if tg_op <> 'DELETE' then
        insert into task_search (rowid, words) values (new.id, array_to_tsvector(search_words(
            new.business_id || '|', concat_ws(' ', new.title, new.notes))));
    end if;
    return null;
end $$""",
    """create trigger task_search_kept after insert or delete or update on task
for each row execute function task_search_changed()""",
    """create function audit_refuses() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.business_id is not null
        and not exists (select 1 from business where id = old.business_id) then
        return old;
    end if;
    raise exception 'the audit trail is never altered';
end $$""",
    """create trigger audit_stays before update or delete on audit_entry
for each row execute function audit_refuses()""",
)


def up(_migrator: Any, db: peewee.Database) -> None:
    """Make search tables and triggers."""
    for statement in _SQLITE if isinstance(db, peewee.SqliteDatabase) else _POSTGRES:
        db.execute_sql(statement)
