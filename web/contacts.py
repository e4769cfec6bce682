"""Contacts: listed, searched, made, changed, merged, written about; out and in as CSV and vCard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bottle

import clock
from errors import Tellable
from models import Contact
from store import contact_files, contact_import, contact_merges, contacts, timeline
from web import answers, briefs, shapes, values
from web.people_shapes import CONTACT, MERGED, NOTE, TIMELINE
from web.routing import route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web.call import Call

_FILE_LIMIT = 5_000_000
_TIMES = ("created_at", "updated_at", "deleted_at")
_FIELDS = {
    "name": values.text(500, shortest=1),
    "form": values.choice(*contacts.FORMS),
    "kind": values.choice(*contacts.KINDS),
    "company": values.text(500, about="whom a person works for"),
    "tax_id": values.text(60, nullable=True),
    "phones": values.texts(50, 60, about="as written in the business's country, or +…; kept as E.164"),
    "emails": values.texts(50, 254),
    "address": values.text(1000),
    "notes": values.text(10_000),
    "tags": values.texts(50, 60),
}
_FILTER = {
    "q": values.text(200, about="words that stand anywhere in it, or the beginning of a phone number"),
    "kind": values.choice(*contacts.KINDS),
    "tag": values.text(60),
    "deleted": values.yes_no(default=False, about="1: those that were put away"),
}
EXAMPLE = {"name": "Café Alma", "kind": "vendor", "phones": ["03-123-4567"], "emails": ["office@alma.example"]}


def brief(row: dict[str, Any]) -> dict[str, Any]:
    """A contact as the API writes it."""
    return {**row, **{name: briefs.when(row[name]) for name in _TIMES}}


def whole(call: Call, id_: object) -> dict[str, Any]:
    """A contact with what can be undone about it; Tellable `not_found`."""
    row = contacts.one(call.business_id, id_)
    return {**brief(row), "merge": contact_merges.latest(call.business_id, row["id"])}


@route(
    "GET",
    "/api/contacts",
    role="accountant",
    summary="Contacts, page by page",
    query={
        **_FILTER,
        "sort": values.choice(*contacts.SORTS, default="name"),
        "limit": values.whole(1, 200, default=50),
        "cursor": values.text(2000),
    },
    answers={200: shapes.listed(shapes.ref("Contact"))},
)
def listing(call: Call) -> dict[str, Any]:
    """By name, or the newest first."""
    query = call.query
    rows, cursor = contacts.page(
        call.business_id,
        q=query["q"],
        kind=query["kind"],
        tag=query["tag"],
        deleted=query["deleted"],
        sort=query["sort"],
        limit=query["limit"],
        cursor=query["cursor"],
    )
    return answers.listing([brief(row) for row in rows], cursor)


@route(
    "POST",
    "/api/contacts",
    role="member",
    summary="Make a contact",
    body={**_FIELDS, "name": _FIELDS["name"].needed()},
    answers={201: shapes.ref("Contact")},
    example=EXAMPLE,
)
def add(call: Call) -> bytes:
    """A lead and a company unless said otherwise."""
    return answers.json(whole(call, contacts.add(call.business_id, call.body).id), 201)


@route("GET", "/api/contacts/<id:int>", role="accountant", summary="One contact", answers={200: CONTACT})
def detail(call: Call, id: int) -> dict[str, Any]:  # noqa: A002 - the name in the address
    """Put away or not; `merged_into` says where it lives on."""
    return whole(call, id)


@route(
    "PATCH",
    "/api/contacts/<id:int>",
    role="member",
    summary="Change a contact",
    body=_FIELDS,
    answers={200: CONTACT, 409: shapes.ref("Error")},
    example={"kind": "customer", "tags": ["retainer"]},
)
def change(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """With `If-Match: "<version>"` only that version is changed; another one since is a 409 with theirs."""
    try:
        contacts.change(call.business_id, id, version_of(call), call.body)
    except Tellable as error:
        if error.code == "version_conflict":
            error.details["theirs"] = whole(call, id)
        raise
    return whole(call, id)


def version_of(call: Call) -> int | None:
    """The version that If-Match names, if any."""
    given = call.request.environ.get("HTTP_IF_MATCH", "").removeprefix("W/").strip('" ')
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None


@route("DELETE", "/api/contacts/<id:int>", role="member", summary="Put a contact away", answers={204: None})
def delete(call: Call, id: int) -> None:  # noqa: A002
    """Its receipts, calls and tasks stay."""
    contacts.remove(call.business_id, id)


@route(
    "POST",
    "/api/contacts/<id:int>/restore",
    role="member",
    summary="Take a contact back",
    body={},
    answers={200: CONTACT},
)
def restore(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """As it was."""
    contacts.restore(call.business_id, id)
    return whole(call, id)


@route(
    "POST",
    "/api/contacts/<id:int>/merge",
    role="member",
    summary="Another contact is the same one",
    body={"other": values.row_id("lives on in this one").needed()},
    answers={200: MERGED},
    example={"other": 12},
)
def merge(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """What the other one has goes to this one; `merge` is the id that takes it back."""
    row = contact_merges.merge(call.business_id, id, call.body["other"])
    return {"merge": row.id, "contact": whole(call, id)}


@route(
    "POST",
    "/api/contacts/<id:int>/unmerge",
    role="member",
    summary="Take a merge back",
    body={"merge": values.row_id().needed()},
    answers={200: shapes.obj(contact=shapes.ref("Contact"), other=shapes.ref("Contact"))},
    example={"merge": 3},
)
def unmerge(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """Both are as before; what was changed in the kept one since stays."""
    Contact.find(call.business_id, id)
    kept, gone = contact_merges.undo(call.business_id, call.body["merge"], id)
    return {"contact": whole(call, kept.id), "other": whole(call, gone.id)}


@route(
    "GET",
    "/api/contacts/<id:int>/timeline",
    role="accountant",
    summary="What happened with a contact",
    query={"limit": values.whole(1, 200, default=50), "cursor": values.text(300)},
    answers={200: shapes.listed(TIMELINE)},
)
def events(call: Call, id: int) -> dict[str, Any]:  # noqa: A002
    """Receipts, calls, tasks and notes, newest first."""
    rows, cursor = timeline.page(call.business_id, id, call.query["limit"], call.query["cursor"])
    return answers.listing([_entry(row) for row in rows], cursor)


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    told = {**row, "at": briefs.when(row["at"])}
    if row["type"] == "receipt":
        told["total"] = briefs.amount(told.pop("total_minor"), row["currency"])
        told["date"] = None if row["date"] is None else str(row["date"])
    if row["type"] == "task":
        told["due_on"] = None if row["due_on"] is None else str(row["due_on"])
        told["done_at"] = briefs.when(row["done_at"])
    return told


@route(
    "POST",
    "/api/contacts/<id:int>/notes",
    role="member",
    summary="Write something down about a contact",
    body={"text": values.text(10_000, shortest=1).needed()},
    answers={201: NOTE},
    example={"text": "Prefers to be called before noon."},
)
def add_note(call: Call, id: int) -> bytes:  # noqa: A002
    """It stands in the timeline with who wrote it."""
    row = contacts.note(call.business_id, id, call.body["text"], call.actor)
    told = {"id": row.id, "text": row.text, "actor": row.actor, "created_at": clock.iso(row.created_at)}
    return answers.json(told, 201)


@route(
    "DELETE",
    "/api/contacts/<id:int>/notes/<note:int>",
    role="member",
    summary="Take a note away",
    answers={204: None},
)
def delete_note(call: Call, id: int, note: int) -> None:  # noqa: A002
    """For good."""
    contacts.remove_note(call.business_id, id, note)


@route(
    "GET",
    "/api/contacts/file",
    role="accountant",
    summary="Contacts as a file",
    query={**_FILTER, "format": values.choice("csv", "vcf", default="csv")},
    answers={200: {"type": "string"}},
    media="text/csv",
)
def download(call: Call) -> bytes:
    """Those that the filter names: CSV for spreadsheets, vCard for address books."""
    found = list(_all(call))
    vcard = call.query["format"] == "vcf"
    text = contact_files.to_vcards(found) if vcard else contact_files.to_csv(found)
    response = bottle.response
    response.content_type = "text/vcard; charset=utf-8" if vcard else "text/csv; charset=utf-8"
    response.set_header("Content-Disposition", f'attachment; filename="contacts.{call.query["format"]}"')
    response.set_header("Content-Security-Policy", answers.SANDBOX)
    return text.encode()


def _all(call: Call) -> Iterator[dict[str, Any]]:
    query, cursor = call.query, None
    while True:
        rows, cursor = contacts.page(
            call.business_id,
            q=query["q"],
            kind=query["kind"],
            tag=query["tag"],
            deleted=query["deleted"],
            limit=1000,
            cursor=cursor,
        )
        yield from rows
        if cursor is None:
            return


@route(
    "POST",
    "/api/contacts/file",
    role="member",
    summary="Take contacts out of a CSV or vCard file",
    raw=True,
    body_limit=_FILE_LIMIT,
    answers={
        200: shapes.obj(
            added=shapes.WHOLE, updated=shapes.WHOLE, unchanged=shapes.WHOLE, faults=shapes.many(shapes.FREE)
        )
    },
)
def upload(call: Call) -> dict[str, Any]:
    """Known ones (by tax id, address, phone, or name) are filled up, never overwritten; at most 5,000 at once."""
    files = call.request.files.getall("file") if call.request.content_type.startswith("multipart/") else []
    if len(files) != 1:
        raise Tellable("no_files", "Send one file, as the field “file” of a form.")
    raw = files[0].file.read(_FILE_LIMIT + 1)
    text = _text(raw)
    vcard = "BEGIN:VCARD" in text[:2000].upper()
    found = contact_files.from_vcards(text) if vcard else contact_files.from_csv(text)
    if not found:
        raise Tellable("bad_contacts", "There is no contact in this file.")
    outcome = contact_import.load(call.business_id, found)
    contact_import.noted(call.business_id, "vcf" if vcard else "csv", outcome)
    return {
        "added": outcome.added,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "faults": outcome.faults[:200],
    }


def _text(raw: bytes) -> str:
    """The file's text: UTF-8 or UTF-16 with their marks, else Windows' Hebrew or Western letters."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    for charset in ("utf-8-sig", "cp1255", "cp1252"):
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")
