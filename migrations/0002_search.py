"""Full-text search over receipts and mails, kept by triggers in the writer's own transaction; a trash index."""

from __future__ import annotations

from typing import Any

import peewee

# A trigger cannot be forgotten by a writer, and a mail's subject may come after its receipts.
# `search_words` splits them and marks each with its business (words.py, registered by database.py): looking for the
# beginning of a word reads the tenant's own entries and no others. The tokenizer cuts at the blanks between them.
_SQLITE = """
create index receipt_trash on receipt (business_id, id) where deleted_at is not null;
create index receipt_newest on receipt (business_id, id) where deleted_at is null;
create index receipt_amount on receipt (business_id, ({amount}), id) where deleted_at is null;
create index mail_when on mail (business_id, (coalesce(received_at, first_seen_at)), id);
create index mail_outcome_when on mail (business_id, outcome, (coalesce(received_at, first_seen_at)), id);

create virtual table receipt_search using fts5 (vendor, words, tokenize = 'ascii');
create virtual table mail_search using fts5 (words, tokenize = 'ascii');

create view receipt_words as
select r.id as id, search_words(r.business_id, r.vendor) as vendor, search_words(r.business_id,
    coalesce(r.vendor_tax_id, '') || ' ' || coalesce(r.number, '') || ' ' || r.note || ' ' || coalesce(r.category, '')
    || ' ' || coalesce(d.filename, '') || ' ' || coalesce(m.subject, '') || ' ' || coalesce(m.from_name, '')
    || ' ' || coalesce(m.from_address, '')
    || ' ' || case when r.total_minor is null then ''
        when r.currency in ({none}) then cast(r.total_minor as text)
        when r.currency in ({three}) then printf('%d.%03d', r.total_minor / 1000, abs(r.total_minor) % 1000)
        else printf('%d.%02d', r.total_minor / 100, abs(r.total_minor) % 100) end
    || ' ' || coalesce((select group_concat(json_extract(i.value, '$.description'), ' ') from json_each(r.items) i), '')
    ) as words
from receipt r left join document d on d.id = r.document_id left join mail m on m.id = r.mail_id;

create trigger receipt_search_insert after insert on receipt begin
    insert into receipt_search (rowid, vendor, words) select id, vendor, words from receipt_words where id = new.id;
end;
create trigger receipt_search_delete after delete on receipt begin
    delete from receipt_search where rowid = old.id;
end;
create trigger receipt_search_update after update on receipt
when old.vendor is not new.vendor or old.vendor_tax_id is not new.vendor_tax_id or old.number is not new.number
    or old.note is not new.note or old.category is not new.category or old.total_minor is not new.total_minor
    or old.currency is not new.currency or old.items is not new.items or old.document_id is not new.document_id
begin
    delete from receipt_search where rowid = new.id;
    insert into receipt_search (rowid, vendor, words) select id, vendor, words from receipt_words where id = new.id;
end;

create trigger mail_search_insert after insert on mail when new.subject <> '' or new.from_address <> '' begin
    insert into mail_search (rowid, words) values (new.id,
        search_words(new.business_id, new.subject || ' ' || new.from_name || ' ' || new.from_address));
end;
create trigger mail_search_delete after delete on mail begin
    delete from mail_search where rowid = old.id;
end;
create trigger mail_search_update after update on mail
when old.subject is not new.subject or old.from_name is not new.from_name or old.from_address is not new.from_address
begin
    delete from mail_search where rowid = new.id;
    insert into mail_search (rowid, words) values (new.id,
        search_words(new.business_id, new.subject || ' ' || new.from_name || ' ' || new.from_address));
    delete from receipt_search where rowid in (select id from receipt where mail_id = new.id);
    insert into receipt_search (rowid, vendor, words)
        select id, vendor, words from receipt_words where id in (select id from receipt where mail_id = new.id);
end;
"""
# PostgreSQL: every word is a lexeme that begins with its business's number, so that looking for the beginning of a
# word reads the tenant's own entries and no others. A word of the vendor's name has a second entry, marked v.
_POSTGRES = r"""
create index receipt_trash on receipt (business_id, id) where deleted_at is not null;
create index receipt_newest on receipt (business_id, id) where deleted_at is null;
create index receipt_amount on receipt (business_id, ({amount}), id) where deleted_at is null;
create index mail_when on mail (business_id, (coalesce(received_at, first_seen_at)), id);
create index mail_outcome_when on mail (business_id, outcome, (coalesce(received_at, first_seen_at)), id);

create function search_words(mark text, words text) returns text[] language sql immutable parallel safe as $$
    select coalesce(array_agg(distinct mark || left(word, 60)), '{{}}')
    from regexp_split_to_table(lower(regexp_replace(normalize(words, NFKD), '[\u0300-\u036f\u0591-\u05bd]', '', 'g')),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u05be-\u05c7\u05f3\u05f4\u060c\u061b\u061f\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u3000-\u303f]+')
        as word where word <> ''
$$;

create table receipt_search (rowid bigint primary key, words tsvector not null);
create table mail_search (rowid bigint primary key, words tsvector not null);
create index receipt_search_words on receipt_search using gin (words) with (fastupdate = off);
create index mail_search_words on mail_search using gin (words) with (fastupdate = off);

create view receipt_words as
select r.id as id, r.business_id as business_id, coalesce(r.vendor, '') as vendor, concat_ws(' ', r.vendor_tax_id,
    r.number, r.note, r.category, d.filename, m.subject, m.from_name, m.from_address,
    case when r.total_minor is null then ''
        when r.currency in ({none}) then r.total_minor::text
        when r.currency in ({three})
            then r.total_minor / 1000 || '.' || lpad((abs(r.total_minor) %% 1000)::text, 3, '0')
        else r.total_minor / 100 || '.' || lpad((abs(r.total_minor) %% 100)::text, 2, '0') end,
    (select string_agg(i.value ->> 'description', ' ') from jsonb_array_elements(r.items) i)) as words
from receipt r left join document d on d.id = r.document_id left join mail m on m.id = r.mail_id;

create function receipt_search_keep(which bigint) returns void language sql as $$
    insert into receipt_search (rowid, words)
        select id, array_to_tsvector(search_words(business_id || '|', vendor || ' ' || words)
            || search_words(business_id || 'v|', vendor)) from receipt_words where id = which
        on conflict (rowid) do update set words = excluded.words
$$;
create function receipt_search_changed() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        delete from receipt_search where rowid = old.id;
    elsif tg_op = 'INSERT' or (old.vendor, old.vendor_tax_id, old.number, old.note, old.category, old.total_minor,
            old.currency, old.items, old.document_id) is distinct from (new.vendor, new.vendor_tax_id, new.number,
            new.note, new.category, new.total_minor, new.currency, new.items, new.document_id) then
        perform receipt_search_keep(new.id);
    end if;
    return null;
end $$;
create trigger receipt_search_kept after insert or delete or update on receipt
    for each row execute function receipt_search_changed();

create function mail_search_changed() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        delete from mail_search where rowid = old.id;
    elsif (tg_op = 'INSERT' and (new.subject <> '' or new.from_address <> '')) or (tg_op = 'UPDATE'
            and (old.subject, old.from_name, old.from_address) is distinct from
                (new.subject, new.from_name, new.from_address)) then
        insert into mail_search (rowid, words) values (new.id, array_to_tsvector(
            search_words(new.business_id || '|', concat_ws(' ', new.subject, new.from_name, new.from_address))))
            on conflict (rowid) do update set words = excluded.words;
        if tg_op = 'UPDATE' then
            perform receipt_search_keep(id) from receipt where mail_id = new.id;
        end if;
    end if;
    return null;
end $$;
create trigger mail_search_kept after insert or delete or update on mail
    for each row execute function mail_search_changed();
"""
_NO_DECIMALS = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
)  # fmt: skip
_THREE_DECIMALS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_FOUR_DECIMALS = ("CLF", "UYW")


def up(_migrator: Any, db: peewee.Database) -> None:
    """Make the search tables and the triggers that keep them."""
    script = _SQLITE if isinstance(db, peewee.SqliteDatabase) else _POSTGRES
    none, three, four = _listed(_NO_DECIMALS), _listed(_THREE_DECIMALS), _listed(_FOUR_DECIMALS)
    # Totals of all currencies on one scale, word for word as store.receipts sorts by them.
    amount = (
        f"total_minor * case when currency in ({none}) then 10000 when currency in ({three}) then 10 "
        f"when currency in ({four}) then 1 else 100 end"
    )
    for statement in _statements(script.format(none=none, three=three, amount=amount)):
        db.execute_sql(statement)


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


def _statements(script: str) -> list[str]:
    """The script's statements; the body of a trigger or function holds semicolons of its own."""
    statements: list[str] = []
    lines: list[str] = []
    for line in script.splitlines():
        lines.append(line)
        text = "\n".join(lines).strip()
        body = text.startswith("create trigger") and "execute function" not in text
        whole = line.strip() == "end;" if body else text.count("$$") != 1
        if text.endswith(";") and whole:
            statements.append(text if body else text.removesuffix(";"))
            lines = []
    return statements
