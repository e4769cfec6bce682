"""The JSON schemas of contacts, tasks, the audit trail and what else people have to do with."""

from __future__ import annotations

from web import shapes
from web.shapes import OPT_DAY, OPT_TEXT, OPT_TIME, OPT_WHOLE, TEXT, TIME, WHOLE, Schema, either, many, obj

_CONTACT = obj(
    id=WHOLE, version=WHOLE, name=TEXT, form=TEXT, kind=TEXT, company=TEXT, tax_id=OPT_TEXT, phones=many(TEXT),
    emails=many(TEXT), address=TEXT, notes=TEXT, tags=many(TEXT), source=TEXT, created_at=TIME, updated_at=TIME,
    deleted_at=OPT_TIME,
)  # fmt: skip
CONTACT: Schema = {"allOf": [shapes.ref("Contact"), obj(merged_into=OPT_WHOLE, merge=OPT_WHOLE)]}
MERGED = obj(merge=WHOLE, contact=shapes.ref("Contact"))
NOTE = obj(id=WHOLE, text=TEXT, actor=TEXT, created_at=TIME)
TIMELINE = obj(type=TEXT, id=WHOLE, at=TIME)
_NAMED = either(obj(id=WHOLE, name=TEXT))
_TASK = obj(
    id=WHOLE, version=WHOLE, title=TEXT, notes=TEXT, due_on=OPT_DAY, remind_at=OPT_TIME, done_at=OPT_TIME,
    contact=_NAMED, assignee=_NAMED, receipt_id=OPT_WHOLE, call_id=OPT_WHOLE, created_at=TIME, updated_at=TIME,
)  # fmt: skip
AUDIT = obj(
    id=WHOLE, at=TIME, actor=TEXT, actor_name=TEXT, action=TEXT, object_type=TEXT, object_id=OPT_WHOLE, label=TEXT,
    changes=shapes.FREE,
)  # fmt: skip
HIT = obj(type=TEXT, id=WHOLE, title=TEXT, text=TEXT, at=OPT_TIME)

shapes.COMPONENTS.update({"Contact": _CONTACT, "Task": _TASK, "AuditEntry": AUDIT})
