"""Tasks: what is to be done, by when, for whom; reminders."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import orjson

import clock
from errors import Tellable
from models import Contact, Membership, Receipt, Task, write
from store import audit, search, sql

COLUMNS = (
    "id", "version", "title", "notes", "due_on", "remind_at", "done_at", "contact_id", "receipt_id", "call_id",
    "assignee_id", "created_at", "updated_at",
)  # fmt: skip
STATES = ("open", "overdue", "done", "all")
_LINKS = {"contact_id": Contact, "receipt_id": Receipt}


def add(business_id: int, values: Mapping[str, Any], *, call_id: int | None = None) -> Task:
    """A new task; Tellable `not_found` where it names a contact, receipt or person that is not the business's."""
    with write():
        clean = _cleaned(business_id, values)
        row: Task = Task.create(business=business_id, actor=audit.actor(), call_id=call_id, **clean)
        changes = audit.difference({}, {name: clean[name] for name in ("due_on", "assignee_id") if name in clean})
        audit.note(business_id, "task.added", "task", row.id, label=row.title, changes=changes)
    return row


def change(business_id: int, id_: object, version: int | None, values: Mapping[str, Any]) -> Task:
    """Set values (`done`: true or false) of the version that the caller saw (None: whichever there is).

    Tellable `not_found` or `version_conflict`.
    """
    with write():
        row = Task.find(business_id, id_)
        if version is not None and row.version != version:
            raise Tellable("version_conflict", "Somebody else changed this task meanwhile.")
        clean = _cleaned(business_id, values)
        if "done" in values:
            clean["done_at"] = (row.done_at or clock.now()) if values["done"] else None
        names = {"contact_id": "contact", "receipt_id": "receipt", "assignee_id": "assignee"}
        before = {name: row.__data__[names.get(name, name)] for name in clean}
        before = {name: value for name, value in before.items() if value != clean[name]}
        if not before:
            return row
        for name in before:
            setattr(row, name, clean[name])
        if "remind_at" in before:
            row.reminded_at = None
        row.version, row.updated_at = row.version + 1, clock.now()
        row.save()
        changes = {name: [value, clean[name]] for name, value in before.items()}
        action = "task.changed"
        if set(before) == {"done_at"}:
            action = "task.done" if row.done_at is not None else "task.reopened"
        audit.note(business_id, action, "task", row.id, label=row.title, changes=changes)
    return row


def remove(business_id: int, id_: object) -> None:
    """Gone for good; Tellable `not_found`."""
    with write():
        row = Task.find(business_id, id_)
        Task.delete().where(Task.id == row.id).execute()
        audit.note(business_id, "task.deleted", "task", row.id, label=row.title)


def _cleaned(business_id: int, values: Mapping[str, Any]) -> dict[str, Any]:
    clean = {name: values[name] for name in ("due_on", "remind_at", "notes") if name in values}
    if "title" in values:
        clean["title"] = " ".join(values["title"].split())
        if not clean["title"]:
            raise Tellable("bad_value", "A task needs a title.", field="title")
    for name, table in _LINKS.items():
        if name in values:
            clean[name] = None if values[name] is None else table.find(business_id, values[name]).id
    if "assignee_id" in values:
        member = (Membership.business == business_id, Membership.user == values["assignee_id"])
        if values["assignee_id"] is not None and not Membership.select().where(*member).exists():
            raise Tellable("not_found", "There is no such thing here.")
        clean["assignee_id"] = values["assignee_id"]
    return clean


def page(
    business_id: int,
    *,
    state: str = "open",
    q: str | None = None,
    contact: int | None = None,
    assignee: int | None = None,
    today: date | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Tasks and the next cursor: by day, those without one last; done ones by when they were done, newest first.

    `overdue` counts from `today`. Tellable `bad_cursor`.
    """
    terms, params = ["t.business_id = ?"], [business_id]  # type: tuple[list[str], list[object]]
    if state != "all":
        terms.append(f"t.done_at is {'not ' if state == 'done' else ''}null")
    if state == "overdue":
        terms.append("t.due_on < ?")
        params.append((today or clock.now().date()).isoformat())
    for column, value in (("contact_id", contact), ("assignee_id", assignee)):
        if value is not None:
            terms.append(f"t.{column} = ?")
            params.append(value)
    if q:
        found = search.tasks(business_id, q)
        terms.append(found.term)
        params.extend(found.params)
    order, sign, key = ("desc", "<", "t.done_at") if state == "done" else ("asc", ">", _DUE)
    if state == "all":
        order, sign, key = "desc", "<", "t.created_at"
    if cursor is not None:
        terms.append(f"({key}, t.id) {sign} (?, ?)")
        params.extend(_decoded(cursor, state))
    rows = sql.fetch(
        f"select {', '.join(f't.{name}' for name in COLUMNS)}, c.name, u.name, u.email, {key} from task t "
        'left join contact c on c.id = t.contact_id left join "user" u on u.id = t.assignee_id '
        f"where {' and '.join(terms)} order by {key} {order}, t.id {order} limit ?",
        [*params, limit + 1],
    )
    following = _encoded(state, rows[limit - 1]) if len(rows) > limit else None
    return [_row(row) for row in rows[:limit]], following


_DUE = "coalesce(t.due_on, '9999-12-31')"


def _row(row: Sequence[Any]) -> dict[str, Any]:
    found = dict(zip(COLUMNS, row, strict=False))
    contact, name, email = row[len(COLUMNS) : len(COLUMNS) + 3]
    found["contact"] = None if contact is None else {"id": found["contact_id"], "name": contact}
    found["assignee"] = None if email is None else {"id": found["assignee_id"], "name": name or email}
    return found


def one(business_id: int, id_: object) -> dict[str, Any]:
    """One task as lists have it; Tellable `not_found`."""
    row = Task.find(business_id, id_)
    found = sql.fetch(
        f"select {', '.join(f't.{name}' for name in COLUMNS)}, c.name, u.name, u.email from task t "
        'left join contact c on c.id = t.contact_id left join "user" u on u.id = t.assignee_id where t.id = ?',
        [row.id],
    )
    return _row(found[0])


def _encoded(state: str, row: Sequence[Any]) -> str:
    value = row[-1] if isinstance(row[-1], int) else str(row[-1])
    return urlsafe_b64encode(orjson.dumps([state, value, row[0]])).decode().rstrip("=")


def _decoded(cursor: str, state: str) -> tuple[Any, int]:
    try:
        told, value, id_ = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moments = state in {"done", "all"}
        good = told == state and isinstance(id_, int) and 0 <= id_ < 2**63
        good = good and (isinstance(value, int) and 0 <= value < 2**63 if moments else isinstance(value, str))
        if good and not moments:
            date.fromisoformat(value)
    except (ValueError, TypeError):
        good = False
    if not good:
        raise Tellable("bad_cursor", "This cursor does not belong to this list; begin without one.")
    return value, id_


def counts(business_id: int, today: date) -> dict[str, int]:
    """How many are open, and how many of these are due by now."""
    row = sql.one(
        "select count(*), count(case when due_on <= ? then 1 end) from task where business_id = ? and done_at is null",
        [today.isoformat(), business_id],
    )
    return {"open": row[0], "due": row[1]} if row else {"open": 0, "due": 0}


def to_remind(limit: int = 100) -> list[Task]:
    """Tasks whose reminder is due and was not given yet; `reminded` settles who gives it."""
    due = (Task.remind_at <= clock.now(), Task.reminded_at.is_null(), Task.done_at.is_null())
    return list(Task.select().where(*due).order_by(Task.remind_at).limit(limit))


def reminded(task: Task) -> bool:
    """Inside a write transaction: True for the one who may give the reminder."""
    untold = (Task.id == task.id, Task.reminded_at.is_null())
    return bool(Task.update(reminded_at=clock.now()).where(*untold).execute())
