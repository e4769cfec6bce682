"""A business's rows as plain JSON and back: what an archive holds of each table, and how ids find each other."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import peewee

import models
from errors import Tellable
from models import (
    ArchivedRow,
    AuditEntry,
    Business,
    ClosedMonth,
    Contact,
    ContactKey,
    ContactNote,
    ContactReceipt,
    Document,
    Export,
    ExportedReceipt,
    ExportPlan,
    KeptApart,
    Mail,
    Mailbox,
    PhoneCall,
    PhoneNumber,
    PhonePerson,
    PhoneSettings,
    Receipt,
    Recording,
    RuleUse,
    SenderRule,
    Setting,
    Table,
    Task,
    TextMessage,
    VendorNote,
    VendorRule,
    write,
)

FORMAT, VERSION = "prosaas-archive", 1
# In this order each table's rows find those that they speak of. What is not here is of the installation alone: people,
# tokens and secrets, webhooks, runs, alerts, undo.
TABLES: Sequence[type[Table]] = (
    Mailbox, SenderRule, Mail, Document, Receipt, VendorRule, RuleUse, KeptApart, VendorNote, Contact, ContactKey,
    ContactReceipt, ContactNote, ClosedMonth, ExportPlan, Export, ExportedReceipt, PhoneSettings, PhoneNumber,
    PhonePerson, PhoneCall, Recording, TextMessage, Task, AuditEntry,
)  # fmt: skip
_BY_NAME = {table._meta.table_name: table for table in TABLES}
_PLAIN_IDS: Mapping[str, Mapping[str, str]] = {  # columns that hold an id without being a foreign key
    "exported_receipt": {"receipt_id": "receipt"},
    "phone_call": {"contact_id": "contact"},
    "text_message": {"receipt_id": "receipt"},
    "task": {"call_id": "phone_call"},
}
_LEFT: Mapping[str, Mapping[str, Any]] = {  # what belongs to the old installation, and what stands there instead
    "mailbox": {"cursor": None, "marks": [], "full_mark": None, "access_expires_at": None, "token_expires_at": None},
    "export": {"work_id": None},
    "export_plan": {"active": False},  # no mail goes out before somebody has looked
    "text_message": {"mails": []},
}
_CHUNK = 300
_BUSINESS = ("name", "country", "time_zone", "base_currency", "language")


def names() -> list[str]:
    """The tables of an archive, in order."""
    return list(_BY_NAME)


def origin(business_id: int) -> str:
    """What an archive calls this business, for good; made at the first one."""
    name = f"archive_origin:{business_id}"
    with write():
        Setting.insert(name=name, value=secrets.token_hex(16)).on_conflict_ignore().execute()
    return str(Setting.get(Setting.name == name).value)


def business_facts(business_id: int) -> dict[str, Any]:
    """The business's own values."""
    row = Business.get_by_id(business_id)
    return {"slug": row.slug, **{name: getattr(row, name) for name in _BUSINESS}}


def rows(name: str, business_id: int) -> Iterator[dict[str, Any]]:
    """A table's rows of the business, oldest first, as plain JSON values; secrets are left out."""
    table = _BY_NAME[name]
    after = 0
    while True:
        query = table.select().where(table.id > after).order_by(table.id).limit(_CHUNK)
        if table is ExportedReceipt:
            query = query.where(
                ExportedReceipt.export << Export.select(Export.id).where(Export.business == business_id)
            )
        else:
            query = query.where(table._meta.fields["business"] == business_id)
        found = list(query)
        for row in found:
            yield _written(name, row)
        if len(found) < _CHUNK:
            return
        after = found[-1].id


def _written(name: str, row: Table) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for column, field in row._meta.fields.items():
        if isinstance(field, models.SecretField) or column == "business":
            continue
        value = _LEFT.get(name, {}).get(column, row.__data__.get(column))
        if isinstance(value, datetime):
            value = value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        elif isinstance(value, date):
            value = value.isoformat()
        out[column] = value
    if name == "mailbox" and row.kind in {"gmail", "imap"}:  # type: ignore[attr-defined]
        out["status"] = "disconnected"
    return out


def keys(row: Mapping[str, Any]) -> Iterator[str]:
    """The keys of the blobs that a row speaks of."""
    for column, value in row.items():
        if column.endswith("sha256") and isinstance(value, str) and value:
            yield value
        elif column == "files" and isinstance(value, list):
            yield from (file["sha256"] for file in value if isinstance(file, dict) and file.get("sha256"))


# -- back in


def business_for(manifest: Mapping[str, Any], slug: str | None = None) -> Business:
    """The business that an archive goes into: made at the first time, the same one afterwards.

    Tellable `archive_own` for one that lives here already, `slug_taken`, `archive_unreadable`.
    """
    try:
        named, facts = str(manifest["origin"]), dict(manifest["business"])
        values = {name: str(facts[name]) for name in _BUSINESS}
        wanted = slug or str(facts["slug"])
        good = manifest["format"] == FORMAT and int(manifest["version"]) <= VERSION
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable() from error
    if not good:
        raise Tellable("archive_newer", "This archive was written by a newer ProSaaS; upgrade this one first.")
    if slug is None and Setting.get_or_none(Setting.name.startswith("archive_origin:"), Setting.value == named):
        raise Tellable("archive_own", "This business lives here already. Say --as NAME to make a copy of it.")
    mark = f"archive_of:{named}:{wanted}"
    with write():
        known = Setting.get_or_none(Setting.name == mark)
        if known is not None:
            return _known(int(known.value))
        if Business.get_or_none(Business.slug == wanted) is not None:
            raise Tellable("slug_taken", f"A business “{wanted}” exists already; say --as NAME.")
        business: Business = Business.create(slug=wanted, **values)
        Setting.create(name=mark, value=str(business.id))
    return business


def _known(business_id: int) -> Business:
    business = Business.get_or_none(Business.id == business_id)
    if business is None:
        raise Tellable("not_found", "The business that this archive once became was erased; say --as NAME.")
    return business


def _unreadable() -> Tellable:
    return Tellable("archive_unreadable", "This is not an archive of ProSaaS, or it is damaged.")


def take(business: Business, name: str, lines: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Take some rows of a table in, in one transaction: how many were new, and how many had to be left out.

    A row that was taken in before is left as it is, whatever became of it here. One that speaks of a row that is not
    there loses the mention, or is left out where it cannot be without.
    """
    table = _BY_NAME.get(name)
    if table is None:
        return 0, len(lines)  # a table that this version does not know
    new = lost = 0
    with write():
        known = _became(business.id, name, [int(line["id"]) for line in lines])
        fresh = [line for line in lines if int(line["id"]) not in known]
        found = _Found(business.id, name, fresh)
        later: list[tuple[int, str, int]] = []
        for line in fresh:
            values = found.values(table, line, later)
            if values is None:
                lost += 1
                continue
            try:
                with models.db.atomic():
                    made = table.insert(**values).execute()
            except peewee.IntegrityError:  # a number or a key that another business here has
                lost += 1
                continue
            ArchivedRow.insert(business=business.id, name=name, was=int(line["id"]), became=made).execute()
            new += 1
        _point(business.id, table, name, later)
    return new, lost


def _point(business_id: int, table: type[Table], name: str, later: Sequence[tuple[int, str, int]]) -> None:
    """Rows of a table that speak of each other, once both are there."""
    if not later:
        return
    known = _became(business_id, name, [id_ for one in later for id_ in (one[0], one[2])])
    for was, column, target in later:
        if was in known and target in known:
            table.update({column: known[target]}).where(table.id == known[was]).execute()


def _became(business_id: int, name: str, ids: Sequence[int]) -> dict[int, int]:
    out: dict[int, int] = {}
    for start in range(0, len(ids), 500):
        query = ArchivedRow.select(ArchivedRow.was, ArchivedRow.became).where(
            ArchivedRow.business == business_id,
            ArchivedRow.name == name,
            ArchivedRow.was << list(ids[start : start + 500]),
        )
        out.update((row.was, row.became) for row in query)
    return out


class _Found:
    """The new ids of everything that some rows speak of, looked up at once."""

    def __init__(self, business_id: int, name: str, lines: Sequence[Mapping[str, Any]]) -> None:
        self._business_id, self._name = business_id, name
        self._links = _links(_BY_NAME[name], name)
        self._became = {
            other: _became(business_id, other, [int(line[column]) for line in lines if line.get(column)])
            for column, other in self._links.items()
            if other in _BY_NAME and other != name
        }
        if name == "audit_entry":
            self._became = {
                other: _became(business_id, other, [int(one["object_id"]) for one in lines if one.get("object_id")])
                for other in ("receipt", "contact", "mail", "mailbox", "task", "export")
            }

    def values(
        self, table: type[Table], line: Mapping[str, Any], later: list[tuple[int, str, int]]
    ) -> dict[str, Any] | None:
        """The row's columns here; None where it cannot be without what is not there."""
        out: dict[str, Any] = {"business": self._business_id} if "business" in table._meta.fields else {}
        for column, field in table._meta.fields.items():
            if column in {"id", "business"} or isinstance(field, models.SecretField) or column not in line:
                continue
            value = line[column]
            if value is not None and column in self._links:
                other = self._links[column]
                if other == self._name:
                    later.append((int(line["id"]), column, int(value)))
                    value = None
                else:
                    value = self._became.get(other, {}).get(int(value))
                if value is None and not field.null:
                    return None
            elif isinstance(field, models.UtcField) and isinstance(value, str):
                value = datetime.fromisoformat(value)
            out[column] = value
        if self._name == "audit_entry" and out.get("object_id") is not None:
            out["object_id"] = self._became.get(str(out["object_type"]), {}).get(int(out["object_id"]))
        return out


def _links(table: type[Table], name: str) -> dict[str, str]:
    """Columns that hold ids, and the tables that they are of."""
    links = {
        column: field.rel_model._meta.table_name
        for column, field in table._meta.fields.items()
        if isinstance(field, peewee.ForeignKeyField) and column != "business"
    }
    return {**links, **_PLAIN_IDS.get(name, {})}
