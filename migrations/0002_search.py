"""Full-text search over receipts and mails, kept by triggers in the writer's own transaction; a trash index."""

from __future__ import annotations

from typing import Any

import peewee

# A trigger cannot be forgotten by a writer, and a mail's subject may come after its receipts.
_SQLITE = """
create index receipt_trash on receipt (business_id, id) where deleted_at is not null;
create index mail_when on mail (business_id, (coalesce(received_at, first_seen_at)), id);
create index mail_outcome_when on mail (business_id, outcome, (coalesce(received_at, first_seen_at)), id);

create virtual table receipt_search using fts5
    (b, vendor, words, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
create virtual table mail_search using fts5
    (b, words, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');

create view receipt_words as
select r.id as id, 'b' || r.business_id as b, coalesce(r.vendor, '') as vendor,
    coalesce(r.vendor_tax_id, '') || ' ' || coalesce(r.number, '') || ' ' || r.note || ' ' || coalesce(r.category, '')
    || ' ' || coalesce(d.filename, '') || ' ' || coalesce(m.subject, '') || ' ' || coalesce(m.from_name, '')
    || ' ' || coalesce(m.from_address, '')
    || ' ' || case when r.total_minor is null then ''
        when r.currency in ({none}) then cast(r.total_minor as text)
        when r.currency in ({three}) then printf('%d.%03d', r.total_minor / 1000, abs(r.total_minor) % 1000)
        else printf('%d.%02d', r.total_minor / 100, abs(r.total_minor) % 100) end
    || ' ' || coalesce((select group_concat(json_extract(i.value, '$.description'), ' ') from json_each(r.items) i), '')
    as words
from receipt r left join document d on d.id = r.document_id left join mail m on m.id = r.mail_id;

create trigger receipt_search_insert after insert on receipt begin
    insert into receipt_search (rowid, b, vendor, words)
        select id, b, vendor, words from receipt_words where id = new.id;
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
    insert into receipt_search (rowid, b, vendor, words)
        select id, b, vendor, words from receipt_words where id = new.id;
end;

create trigger mail_search_insert after insert on mail when new.subject <> '' or new.from_address <> '' begin
    insert into mail_search (rowid, b, words)
        values (new.id, 'b' || new.business_id, new.subject || ' ' || new.from_name || ' ' || new.from_address);
end;
create trigger mail_search_delete after delete on mail begin
    delete from mail_search where rowid = old.id;
end;
create trigger mail_search_update after update on mail
when old.subject is not new.subject or old.from_name is not new.from_name or old.from_address is not new.from_address
begin
    delete from mail_search where rowid = new.id;
    insert into mail_search (rowid, b, words)
        values (new.id, 'b' || new.business_id, new.subject || ' ' || new.from_name || ' ' || new.from_address);
    delete from receipt_search where rowid in (select id from receipt where mail_id = new.id);
    insert into receipt_search (rowid, b, vendor, words)
        select id, b, vendor, words from receipt_words where id in (select id from receipt where mail_id = new.id);
end;
"""
_NO_DECIMALS = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
)  # fmt: skip
_THREE_DECIMALS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")


def up(_migrator: Any, db: peewee.Database) -> None:
    """Make the search tables and the triggers that keep them."""
    if not isinstance(db, peewee.SqliteDatabase):
        db.execute_sql("create index receipt_trash on receipt (business_id, id) where deleted_at is not null")
        when = "(coalesce(received_at, first_seen_at)), id"
        db.execute_sql(f"create index mail_when on mail (business_id, {when})")
        db.execute_sql(f"create index mail_outcome_when on mail (business_id, outcome, {when})")
        return
    script = _SQLITE.format(none=_listed(_NO_DECIMALS), three=_listed(_THREE_DECIMALS))
    for statement in _statements(script):
        db.execute_sql(statement)


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


def _statements(script: str) -> list[str]:
    """The script's statements; a trigger's body holds semicolons of its own."""
    statements, lines = [], []
    for line in script.splitlines():
        lines.append(line)
        text = "\n".join(lines).strip()
        if text.endswith(";") and (not text.startswith("create trigger") or line.strip() == "end;"):
            statements.append(text.removesuffix(";") if not text.startswith("create trigger") else text)
            lines = []
    return statements
