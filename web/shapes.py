"""The JSON schemas of what the API answers, as /api/openapi.json shows them."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def obj(**properties: Schema) -> Schema:
    """An object whose named properties are always there."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def either(schema: Schema) -> Schema:
    """The schema, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def many(schema: Schema) -> Schema:
    """A plain list."""
    return {"type": "array", "items": schema}


def ref(name: str) -> Schema:
    """A named schema of COMPONENTS."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(schema: Schema) -> Schema:
    """One page of a list."""
    return obj(items=many(schema), next_cursor=either(TEXT))


TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
BOOL: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
FREE: Schema = {"type": "object"}
OPT_TEXT, OPT_WHOLE, OPT_TIME, OPT_DAY = either(TEXT), either(WHOLE), either(TIME), either(DAY)

ERROR = {
    **obj(success={"const": False}, error=TEXT, code=TEXT),
    "example": {"success": False, "error": "There is no such thing here.", "code": "not_found"},
}
MONEY = {
    **obj(minor=WHOLE, currency=OPT_TEXT, text=TEXT),
    "example": {"minor": 18400, "currency": "ILS", "text": "184.00"},
}
OPT_MONEY = either(ref("Money"))
NOTE = obj(code=TEXT, text=TEXT)
FLAG = obj(field=TEXT, code=TEXT, text=TEXT)
DOCUMENT = obj(id=WHOLE, filename=TEXT, media_type=TEXT, pages=OPT_WHOLE, size=WHOLE)
BRIEF = obj(
    id=WHOLE, version=WHOLE, status=TEXT, kind=TEXT, vendor=OPT_TEXT, date=OPT_DAY, due_date=OPT_DAY, number=OPT_TEXT,
    currency=OPT_TEXT, total=OPT_MONEY, payable=OPT_MONEY, net=OPT_MONEY, tax_total=OPT_MONEY, base_total=OPT_MONEY,
    base_rate=either(obj(rate=TEXT, day=DAY)),
    category=OPT_TEXT, note=TEXT, source=TEXT, mailbox_id=OPT_WHOLE, received_at=OPT_TIME, created_at=TIME,
    updated_at=TIME, approved_at=OPT_TIME, exported_at=OPT_TIME, deleted_at=OPT_TIME, flags=many(FLAG),
    hand_set=many(TEXT), waiting_for_document=BOOL, duplicate_of=OPT_WHOLE, document=either(ref("Document")),
)  # fmt: skip
_BOX = obj(page=WHOLE, x0={"type": "number"}, y0={"type": "number"}, x1={"type": "number"}, y1={"type": "number"})
_CANDIDATE = {"type": "object", "properties": {"value": OPT_TEXT, "text": OPT_TEXT, "why": TEXT, "box": either(_BOX)}}
_FIELD = {
    "type": "object",
    "properties": {
        "value": OPT_TEXT,
        "confidence": {"type": "number"},
        "why": TEXT,
        "quote": OPT_TEXT,
        "box": either(_BOX),
        "candidates": many(_CANDIDATE),
    },
}
_DETAIL_ONLY = obj(
    vendor_tax_id=OPT_TEXT,
    tip=OPT_MONEY,
    discount=OPT_MONEY,
    payment_method=OPT_TEXT,
    card_last4=OPT_TEXT,
    billed_to=OPT_TEXT,
    allocation_number=OPT_TEXT,
    tax=many(obj(rate=OPT_TEXT, base=OPT_MONEY, amount=OPT_MONEY)),
    items=many(obj(description=TEXT, quantity=OPT_TEXT, amount=OPT_MONEY)),
    fields={"type": "object", "additionalProperties": _FIELD},
    documents=many(ref("Document")),
    mail=either(FREE),
    kin=many(obj(id=WHOLE, merged=BOOL)),
)
DETAIL = {"allOf": [ref("Receipt"), _DETAIL_ONLY]}
RUN = obj(
    id=WHOLE, mode=TEXT, status=TEXT, from_date=OPT_DAY, to_date=OPT_DAY, requested_by=TEXT, created_at=TIME,
    started_at=OPT_TIME, finished_at=OPT_TIME, heartbeat_at=OPT_TIME, error=either(NOTE),
    counters=obj(found=WHOLE, fetched=WHOLE, receipts=WHOLE, skipped=WHOLE, failed=WHOLE, left=WHOLE),
    progress_percentage=WHOLE, eta_s=OPT_WHOLE, seq=WHOLE, new=many(ref("Receipt")),
)  # fmt: skip
RUN_ANSWER = obj(success={"const": True}, sync_run=either(ref("SyncRun")))
QUEUED = {
    **obj(success={"const": True}, message=TEXT, job_id=TEXT, run_id=WHOLE, status=TEXT, worker=TEXT),
    "example": {
        "success": True,
        "message": "The sync was queued.",
        "job_id": "run-12",
        "run_id": 12,
        "status": "queued",
        "worker": "alive",
    },
}
RUNNING = {"allOf": [ref("Error"), obj(run_id=WHOLE, status=TEXT, progress_percentage=WHOLE, eta_s=OPT_WHOLE)]}
MAIL = {
    "type": "object",
    "properties": {
        "id": WHOLE, "mailbox_id": WHOLE, "from": TEXT, "subject": TEXT, "received_at": OPT_TIME, "outcome": TEXT,
        "reason": NOTE, "reasons": many(NOTE), "receipts": many(WHOLE), "documents": many(ref("Document")),
        "tries": WHOLE, "next_try_at": OPT_TIME,
    },
    "required": ["id", "mailbox_id", "from", "subject", "outcome", "reason", "receipts", "documents"],
}  # fmt: skip
MAILBOX = obj(
    id=WHOLE, kind=TEXT, address=TEXT, status=TEXT, error=either(NOTE), connected_at=OPT_TIME, last_sync_at=OPT_TIME,
    token_expires_at=OPT_TIME, warning=either(NOTE),
)  # fmt: skip
BUSINESS = obj(
    slug=TEXT, name=TEXT, country=TEXT, time_zone=TEXT, base_currency=TEXT, language=TEXT, keep_mail_days=OPT_WHOLE,
    created_at=TIME,
)  # fmt: skip
ME = obj(
    user=obj(
        id=WHOLE,
        email=TEXT,
        name=TEXT,
        language=TEXT,
        operator=BOOL,
        prefs=FREE,
        has_password=BOOL,
        has_factor=BOOL,
        has_google=BOOL,
    ),
    csrf=TEXT,
    businesses=many(obj(slug=TEXT, name=TEXT, role=TEXT)),
    release=TEXT,
    version=TEXT,
)
HEALTH = obj(
    status=TEXT, redis=TEXT, database=TEXT, worker=obj(alive=BOOL, last_seen_s=OPT_WHOLE),
    queue={"type": "object", "additionalProperties": WHOLE}, version=TEXT,
)  # fmt: skip
CHANGED = obj(changed=WHOLE, undo=TEXT)
TOKEN = obj(id=WHOLE, name=TEXT, role=TEXT, operator=BOOL, created_at=TIME, last_used_at=OPT_TIME)
VIEW = obj(id=WHOLE, name=TEXT, query=TEXT, shared=BOOL, mine=BOOL, count=WHOLE)
MEMBER = obj(id=WHOLE, email=TEXT, name=TEXT, role=TEXT, created_at=TIME)

COMPONENTS: dict[str, Schema] = {
    "Error": ERROR,
    "Money": MONEY,
    "Document": DOCUMENT,
    "Receipt": BRIEF,
    "ReceiptDetail": DETAIL,
    "SyncRun": RUN,
    "Mail": MAIL,
    "Mailbox": MAILBOX,
    "Business": BUSINESS,
    "Me": ME,
    "Health": HEALTH,
}
