"""Examples for /api/openapi.json, made from the schemas themselves, so that each of them fits."""

from __future__ import annotations

import re
from typing import Any

from web.shapes import COMPONENTS, Schema

_TEXTS = {
    "email": "noa@kedem.example", "address": "receipts@kedem.example", "name": "Noa Levi", "business": "kedem",
    "business_name": "Kedem Books", "slug": "kedem", "password": "a long password", "token": "prosaas_4f…",
    "code": "not_found", "error": "There is no such thing here.", "vendor": "Café Alma", "number": "20418",
    "currency": "ILS", "base_currency": "ILS", "category": "meals", "note": "Lunch with the printer", "country": "IL",
    "time_zone": "Asia/Jerusalem", "language": "en", "status": "ready", "kind": "invoice", "source": "gmail",
    "filename": "invoice.pdf", "media_type": "application/pdf", "role": "member", "mode": "incremental",
    "month": "2026-11", "text": "184.00", "rate": "18.00", "value": "184.00", "subject": "Your receipt",
    "from": "billing@cafe-alma.example", "sender": "cafe-alma.example", "verdict": "take", "outcome": "receipt",
    "url": "https://n8n.example.com/webhook/receipts", "auth_url": "https://accounts.google.com/o/oauth2/v2/auth?…",
    "phone": "+97231234567", "to": "+97235550100", "title": "Call them back", "q": "alma", "query": "status=to_review",
    "cursor": "eyJpZCI6MTJ9", "next_cursor": "eyJpZCI6MTJ9", "after": "1795600000000-12", "undo": "8d1f4c…",
    "message": "The sync was queued.", "version": "0.1.0", "vendor_tax_id": "514567893", "tax_id": "514567893",
    "redis": "ok", "database": "ok", "worker": "alive", "summary": "Changed the total", "action": "receipt.changed",
}  # fmt: skip
_WHOLES = {"minor": 18400, "size": 48213, "pages": 1, "count": 12, "progress_percentage": 40, "limit": 50, "version": 3}
_ALTERNATIVES = re.compile(r"\^\(([^)]*)\)")


def of(schema: Schema, name: str = "") -> Any:
    """A value that fits the schema, as such a value looks in a small business; `name` is its property's."""
    if "example" in schema:
        return schema["example"]
    if "$ref" in schema:
        return of(COMPONENTS[schema["$ref"].rpartition("/")[2]], name)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "allOf" in schema:
        return {key: value for part in schema["allOf"] for key, value in of(part, name).items()}
    if "anyOf" in schema:
        return of(next(part for part in schema["anyOf"] if part.get("type") != "null"), name)
    kind = schema.get("type", "object")
    return _plain(schema, kind if isinstance(kind, str) else kind[0], name)


def _plain(schema: Schema, kind: str, name: str) -> Any:
    if kind == "object":
        return _object(schema)
    if kind == "array":
        return [of(schema.get("items", {"type": "string"}), name.removesuffix("s"))]
    if kind == "string":
        return _text(schema, name)
    if kind == "integer":
        whole = _WHOLES.get(name, 12)
        return max(schema.get("minimum", whole), min(whole, schema.get("maximum", whole)))
    return {"number": 0.5, "boolean": True}.get(kind)


def _object(schema: Schema) -> dict[str, Any]:
    found = {name: of(part, name) for name, part in schema.get("properties", {}).items()}
    more = schema.get("additionalProperties")
    if not found and isinstance(more, dict):
        found = {"total": of(more, "total")}
    return found


def _text(schema: Schema, name: str) -> str:
    if "format" in schema:
        return {"date": "2026-11-23", "date-time": "2026-11-24T07:30:00.000Z"}.get(schema["format"], "file")
    if "pattern" in schema:
        words = _ALTERNATIVES.match(schema["pattern"])
        return words[1].split("|")[0] if words else "184.00"
    told = _TEXTS.get(name, "text")
    return told[: schema["maxLength"]] if "maxLength" in schema else told
